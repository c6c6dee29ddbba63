"""Sitemaps as seeds, through the real command."""

from __future__ import annotations

import gzip

from tests.e2e.conftest import Crawl, yaml
from tests.site import computed, html, raw, retry_after, sequence, slow, status

PAGES = """
pages:
  hit: {match: "/p/*", items: {hit: {fields: {title: h1}}}}
  named: {items: {other: {fields: {title: h1}}}}
"""
NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def xml(root: str, *entries: str) -> str:
    one = {"urlset": "url", "sitemapindex": "sitemap"}[root]
    inside = "".join(f"<{one}><loc>{entry}</loc></{one}>" for entry in entries)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} {NS}>{inside}</{root}>'


def serve(crawl: Crawl) -> None:
    crawl.site.route("/p/*", html(lambda visit: f"<h1>{visit.path}</h1>"))
    crawl.site.route("/robots.txt", html("", status=404))


def test_index_gzip_text_and_feed_are_read_and_every_page_is_visited(crawl: Crawl):
    serve(crawl)
    url, site = crawl.site.url, crawl.site
    robots = (
        f"User-agent: *\nDisallow: /maps/no\nDisallow: /maps/index.xml\nSitemap: {url('/r.txt')}\n"
    )
    site.route("/robots.txt", raw(robots, "text/plain"))
    names = ("index2.xml", "a.xml", "list", "gone.xml", "no.xml", "feed", "bomb.xml")
    index = xml("sitemapindex", *(url(f"/maps/{name}") for name in names), "/relative.xml")
    site.route("/maps/index.xml", raw(index, "text/xml"))
    below = xml("sitemapindex", url("/maps/deep.xml.gz"), url("/maps/index.xml"))
    site.route("/maps/index2.xml", raw(below, "text/xml"))
    packed = gzip.compress(xml("urlset", *(url(f"/p/{n}") for n in range(2000))).encode("utf-16"))
    site.route("/maps/deep.xml.gz", raw(packed, "application/octet-stream"))
    bad = xml("urlset", url("/p/a?x=1&amp;y=2"), "/p/relative", "mailto:x@y.example")
    site.route("/maps/a.xml", sequence([retry_after("0"), raw("\n" + bad, "text/xml")]))
    plain = gzip.compress(f"\ufeff{url('/p/t1')}\r\n\r\n{url('/p/t2')}".encode())
    site.route("/maps/list", raw(plain, "text/plain"))
    item = f"<item><link>{url('/p/rss')}</link></item>"
    site.route("/maps/feed", raw(f"<rss><channel>{item}</channel></rss>", "text/xml"))
    declares = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    site.route("/maps/bomb.xml", raw(declares + xml("urlset", "&b;")[38:], "text/xml"))
    site.route("/r.txt", raw(url("/p/by-robots"), "text/plain"))
    crawl.config(
        'seeds: {urls: ["$SITE/p/first"], sitemaps: ["$SITE/maps/index.xml", robots, '
        '{url: "$SITE/maps/list", page: named}]}' + PAGES
    )
    told = crawl("check", "crawl.yaml").out
    assert f"the sitemap {url('/maps/index.xml')}, the sitemaps that robots.txt names" in told
    ended = crawl.run()
    pages = [f"/p/{name}" for name in ("first", "a?x=1&y=2", "t1", "t2", "rss", "by-robots")]
    assert crawl.states() == dict.fromkeys([*pages, *(f"/p/{n}" for n in range(2000))], "done")
    assert [item["title"] for item in crawl.items("other")] == ["/p/t1", "/p/t2"]
    assert len(crawl.items("hit")) == 2004
    assert not {"/maps/no.xml", "/relative.xml"} & set(crawl.asked())
    assert crawl.asked().count("/maps/a.xml") == 2
    report = crawl.report()
    seeds = report["seeds"]
    assert (seeds["sitemaps"], seeds["listed"], seeds["missed"]) == (7, 2005, 4)
    troubles = "\n".join(seeds["troubles"])
    for trouble in (
        "/maps/index.xml:2: not a URL: '/relative.xml'",
        "/maps/gone.xml: http_404: the server answered 404",
        "/maps/no.xml: robots_disallowed: robots.txt disallows it",
        "/maps/bomb.xml: its XML declares entities: these are not read",
    ):
        assert trouble in troubles
        assert trouble in ended.err
        assert trouble in ended.out
    assert "/maps/a.xml:3: not a URL: '/p/relative': skipped" in ended.err
    assert report["requests"]["balanced"]


def test_a_page_that_is_as_old_as_lastmod_says_rests(crawl: Crawl):
    serve(crawl)
    times = {"old": "2001-01-01", "new": "2999-01-01T00:00:00Z", "none": None}

    def sitemap(_: object) -> str:
        entries = (
            f"<url><loc>{crawl.site.url(f'/p/{name}')}</loc>"
            + (f"<lastmod>{time}</lastmod></url>" if time else "</url>")
            for name, time in times.items()
        )
        return "<urlset>" + "".join(entries) + "</urlset>"

    crawl.site.route("/s.xml", computed(lambda visit: raw(sitemap(visit), "text/xml")))
    crawl.run('seeds: {sitemaps: "$SITE/s.xml"}\nrun: {refresh: 0}' + PAGES)
    planned = crawl("plan", "crawl.yaml").out
    assert "named by 1 sitemap, 1 not changed since, as lastmod says" in planned
    assert "2 to fetch" in planned
    crawl.site.visits.clear()
    ended = crawl.run()
    assert sorted(crawl.asked()) == ["/p/new", "/p/none", "/s.xml"]
    assert "1 read: 3 pages, 1 not changed since" in ended.out
    crawl.site.visits.clear()
    crawl.run(None, "--set", "seeds.sitemaps={url: $SITE/s.xml, lastmod: ignore}".replace(
        "$SITE", crawl.site.url("")
    ))  # fmt: skip
    assert "/p/old" in crawl.asked()
    crawl.site.visits.clear()
    crawl.run(None, "--fresh")
    assert "/p/old" in crawl.asked()
    assert len(crawl.items("hit")) == 3


def test_when_no_sitemap_can_be_had_a_crawl_of_nothing_else_has_missed_its_promise(crawl: Crawl):
    crawl.site.route("/s.xml", status(404))
    ended = crawl.run('seeds: {sitemaps: "$SITE/s.xml"}' + PAGES, status=1)
    why = f"sitemap {crawl.site.url('/s.xml')}: http_404: the server answered 404"
    assert f"no seed gave a URL; {why}; look at `seeds`" in ended.err


def test_what_a_sitemap_named_is_a_seed_while_it_cannot_be_had(crawl: Crawl):
    """Its pages are visited all the same, and what they lead to."""
    serve(crawl)
    crawl.site.route("/q/*", html("<h1>q</h1>"))
    crawl.site.route("/p/0", html("<h1>0</h1><a href='/q/below'>x</a>"))
    listed = raw(xml("urlset", *(crawl.site.url(f"/p/{n}") for n in range(3))), "text/xml")
    broken = raw("<urlset><url><loc>http://x", "text/xml")
    crawl.site.route("/s.xml", sequence([listed, status(404), broken, listed]))
    crawl.run("""
        seeds: {sitemaps: "$SITE/s.xml"}
        scope: {allow: "/q/**"}
        run: {refresh: 0s}
        pages: {any: {items: {hit: {fields: {title: h1}}}, follow: [{css: a}]}}
    """)
    for _ in range(3):
        crawl.run()
        assert crawl.states() == dict.fromkeys(["/p/0", "/p/1", "/p/2", "/q/below"], "done")
    assert crawl.asked().count("/p/2") == crawl.asked().count("/q/below") == 4


def test_a_host_that_only_a_sitemap_names_hears_no_secret(crawl: Crawl):
    serve(crawl)
    here, there = crawl.site.url("/p/1"), crawl.site.url("/p/2", host="127.0.0.2")
    named = raw(xml("urlset", here, there), "text/xml")
    crawl.site.route("/map.xml", [named, slow(1, named)])
    config = yaml("""
        seeds: {sitemaps: ["$SITE/map.xml"]}
        fetch:
          user_agent: bot (+https://my.site)
          private_addresses: true
          headers: {X-Api-Key: sesame}
    """, PAGES)  # fmt: skip
    crawl.run(config)
    crawl.run(config, "--fresh")  # the page is visited before the sitemap is read again
    hears = {(visit.path, visit.headers.get("x-api-key")) for visit in crawl.site.visits}
    secret = {"/p/1": "sesame", "/p/2": None, "/map.xml": "sesame"}
    assert hears == {*secret.items(), ("/robots.txt", None)}
    assert crawl.site.paths().count("/p/2") == 2
