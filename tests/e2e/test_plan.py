"""`scraper plan`: what a run will do is what it then does."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.conftest import Crawl
from tests.site import Handler, Visit, computed, html, raw, status, text

CONFIG = """
seeds: {file: seeds.txt}
politeness: {delay: 30ms}
run: {refresh: 1d}
"""


def plan(crawl: Crawl, *args: object, stdin: str | None = None) -> dict[str, Any]:
    ended = crawl("plan", "crawl.yaml", "--json", *args, stdin=stdin)
    assert ended.status == 0, ended
    told: dict[str, Any] = json.loads(ended.out)
    return told


def test_a_run_does_what_was_planned(crawl: Crawl):
    crawl.site.route("/robots.txt", html("User-agent: *\nDisallow: /no"))
    crawl.site.route("/p/*", html("<h1>x"))
    pages = [crawl.site.url(path) for path in [f"/p/{n}" for n in range(60)] + ["/no/1", "/no/2"]]
    (crawl.folder / "seeds.txt").write_text("\n".join([*pages, pages[0], "no url"]))
    crawl.config(CONFIG)
    told = plan(crawl)
    assert crawl.site.paths() == ["/robots.txt"]
    assert not crawl.db.exists()
    assert told["seeds"] == {
        "read": 63, "bad": 1, "known": 62, "denied": 0, "disallowed": 2,
        "sitemaps": 0, "listed": 0, "resting": 0, "missed": 0, "troubles": [],
    }  # fmt: skip
    assert (told["run"]["begins"], told["pages"]["fetched"]) == ("new", 60)
    assert told["bound"]["bound_s"] == 1.8
    assert plan(crawl, "--limit", 11)["bound"]["bound_s"] == 0.33

    report = crawl.run(None, "--limit", 20, status=4) and crawl.report()
    assert report["run"]["wall_s"] >= 0.6
    told = plan(crawl)
    assert (told["run"]["begins"], told["pages"]["fetched"]) == ("continue", 40)
    assert told["robots"]["kept"] == 1
    ended = crawl.run(None)
    report = crawl.report()
    assert report["fetches"]["attempts"] == 40
    assert report["plan"] == told["bound"]
    assert told["bound"]["bound_s"] <= report["run"]["wall_s"]
    assert report["plan"]["text"] in ended.err
    assert f"foretold  {report['plan']['text']}" in ended.out
    told = plan(crawl)
    assert (told["run"]["begins"], told["pages"]["fetched"]) == ("nothing_due", 0)
    assert "disallows it (Disallow: /no)" in crawl("why", "crawl.db", pages[-1]).out
    told = plan(crawl, "--fresh")
    assert (told["run"]["begins"], told["pages"]["fetched"]) == ("refresh", 60)
    assert told["expected"]["expected_s"] >= told["bound"]["bound_s"] > 1.7
    assert crawl.one("SELECT count(*) FROM run") == 2


def test_pages_that_can_be_asked_are_expected_not_to_have_changed(crawl: Crawl):
    """... until a run has told; the first run tells what parsing costs."""

    def shown(visit: Visit) -> Handler:
        tag = f'"{visit.path}"'
        same = visit.headers.get("if-none-match") == tag
        return status(304) if same else html("<h1>x", headers={"ETag": tag})

    site = crawl.site
    site.route("/p/*", computed(shown))
    (crawl.folder / "seeds.txt").write_text("\n".join(site.url(f"/p/{n}") for n in range(9)))
    crawl.config(CONFIG.replace("1d", "1ms"))
    crawl.run(None)
    told = plan(crawl)["expected"]
    assert (told["asked_again"], told["not_modified"]) == (9, 9)
    assert told["expected_s"] == told["if_not_modified_s"] <= told["if_read_anew_s"]
    crawl.run(None)
    told = plan(crawl)["expected"]
    assert (told["not_modified"], told["if_not_modified_s"], told["if_read_anew_s"]) == (
        9,
        None,
        None,
    )
    site.route("/p/*", html("<h1>y", headers={"ETag": '"new"'}))
    crawl.run(None)
    assert plan(crawl)["expected"]["not_modified"] == 0


def test_what_cannot_be_planned(crawl: Crawl):
    crawl.config(CONFIG)
    ended = crawl("plan", "crawl.yaml")
    assert (ended.status, "seeds.txt" in ended.err) == (2, True)
    (crawl.folder / "crawl.db").write_text("something else" * 99)
    ended = crawl("plan", "crawl.yaml", "--seeds", "-", stdin=crawl.site.url("/p/1\n"))
    assert (ended.status, "is not a database of scraper" in ended.err) == (2, True)
    crawl.db.unlink()
    assert plan(crawl, "--seeds", "-", stdin=crawl.site.url("/p/1\n"))["pages"]["fetched"] == 1
    ended = crawl("plan", "crawl.yaml", "--set", "politeness.delay=fast")
    assert (ended.status, "politeness.delay" in ended.err) == (2, True)


def test_what_sitemaps_name_is_planned(crawl: Crawl):
    """An index; a sitemap below it that is disallowed, and one that is not there."""
    site, url = crawl.site, crawl.site.url
    site.route("/robots.txt", text(f"User-agent: *\nDisallow: /no\nSitemap: {url('/index.xml')}"))
    below = "".join(f"<sitemap><loc>{url(path)}</loc></sitemap>" for path in ("/m", "/no/m", "/x"))
    site.route("/index.xml", raw(f"<sitemapindex>{below}</sitemapindex>", "text/xml"))
    pages = "".join(f"<url><loc>{url(f'/p/{n}')}</loc></url>" for n in range(40))
    site.route("/m", raw(f"<urlset>{pages}</urlset>", "text/xml"))
    site.route("/p/*", html("<h1>x"))
    crawl.config("""
        seeds: {urls: ["$SITE/p/0"], sitemaps: robots}
        politeness: {delay: 50ms}
    """)
    told = plan(crawl)
    seeds = told["seeds"]
    assert (seeds["known"], seeds["listed"], seeds["sitemaps"], seeds["missed"]) == (40, 40, 2, 2)
    assert ["robots.txt disallows it" in seeds["troubles"][0], "404" in seeds["troubles"][1]] == [
        True,
        True,
    ]
    assert (told["pages"]["fetched"], told["bound"]["bound_s"]) == (40, 2.0)
    assert told["unknown"] == ["sitemaps", "latency"]
    assert not crawl.db.exists()
    assert site.paths().count("/robots.txt") == 1
    crawl.run(None)
    assert crawl.report()["fetches"]["attempts"] == 40
