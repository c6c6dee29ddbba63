"""Where a crawl goes: rules, scope, depth, redirects, identity, robots.txt."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from tests.e2e.conftest import Crawl, yaml
from tests.site import Visit, computed, html, redirect, sequence, status, text


def links(*hrefs: str) -> str:
    return "".join(f'<a href="{href}">x</a>' for href in hrefs)


def pages(crawl: Crawl, graph: dict[str, str]) -> None:
    for path, body in graph.items():
        crawl.site.route(path, html(f"<h1>{path}</h1>{body}"))


FOLLOW_ALL = """
pages:
  any:
    items: {hit: {fields: {title: h1}}}
    follow: [{css: a}]
"""


def test_first_rule_that_fits_wins_and_a_page_named_wins_over_it(crawl: Crawl):
    crawl.site.route("/*", html(lambda visit: f"<h1>{visit.path}</h1>"))
    crawl.site.route(
        "/start", html(links("/a/b/c", "/special/x") + '<b><a href="/named">n</a></b>')
    )
    crawl.run("""
        seeds: {urls: ["$SITE/start", "$SITE/p-1.html", "$SITE/p-1/2.html", "$SITE/k?id=7"]}
        pages:
          start: {match: /start, follow: [{css: "b a", page: late}, {css: a}]}
          query: {match: "re:[?]id=\\\\d+$", items: {query: {fields: {title: h1}}}}
          one: {match: ["/p-*.html", "/special/*"], items: {one: {fields: {title: h1}}}}
          deep: {match: "/a/**", items: {deep: {fields: {title: h1}}}}
          shadowed: {match: "/special/x", items: {shadowed: {fields: {title: h1}}}}
          late: {match: "/nothing", items: {late: {fields: {title: h1}}}}
    """)
    found = {(kind, title) for kind, title in crawl.rows("SELECT type, data ->> 'title' FROM item")}
    assert found == {
        ("query", "/k?id=7"), ("one", "/p-1.html"), ("one", "/special/x"), ("deep", "/a/b/c"),
        ("late", "/named"),
    }  # fmt: skip
    rules = dict(crawl.rows("SELECT url, rule FROM visit JOIN request ON id = request_id"))
    assert rules[crawl.site.url("/p-1/2.html")] is None  # `*` stays within a segment
    assert crawl.report()["parse"]["unmatched"] == 1
    assert crawl.states()["/p-1/2.html"] == "done"


def test_pagination_is_a_page_that_follows_itself_and_adds_no_depth(crawl: Crawl):
    for n in range(1, 6):
        more = f'<a class=next href="/list/{n + 1}">next</a>' if n < 5 else ""
        crawl.site.route(f"/list/{n}", html(f'<p><a href="/item/{n}">{n}</a></p>{more}'))
        crawl.site.route(f"/item/{n}", html(f"<h1>{n}</h1>" + links("/deeper")))
    crawl.run("""
        seeds: {urls: ["$SITE/list/1"]}
        scope: {max_depth: 1}
        pages:
          list: {match: "/list/*", follow: [{css: a.next, page: list}, {css: p a, page: item}]}
          item: {items: {thing: {fields: {title: h1}}}, follow: [{css: a}]}
    """)
    assert [item["title"] for item in crawl.items()] == list("12345")
    depths = dict(crawl.rows("SELECT url, depth FROM request"))
    assert {depths[crawl.site.url(f"/list/{n}")] for n in range(1, 6)} == {0}
    assert "/deeper" not in crawl.asked()
    counted = crawl.report()["links"]
    assert counted == {
        "found": 14,
        "new": 9,
        "known": 0,
        "out_of_scope": 5,
        "out_of_scope_by": {"max_depth": 5},
        "trap": 0,
    }


def test_scope_allow_deny_and_hosts(crawl: Crawl):
    other = crawl.site.url("/other", host="127.0.0.2")
    pages(crawl, {
        "/": links("/ok/1", "/ok/print/1", "/no", "mailto:a@b", other, "/ok/2?x=print", "#top"),
        "/ok/1": links("/", "/ok/2?x=print"), "/ok/2": "", "/no": "", "/other": "",
    })  # fmt: skip
    crawl.run(yaml("""
        seeds: {urls: ["$SITE/"]}
        scope: {allow: ["/ok/**"], deny: ["**/print/**"]}
    """, FOLLOW_ALL))  # fmt: skip
    assert Counter(crawl.asked()) == Counter(["/", "/ok/1", "/ok/2?x=print"])
    assert crawl.report()["links"] == {
        "found": 8,
        "new": 2,
        "known": 1,
        "out_of_scope": 5,
        "out_of_scope_by": {"allow": 3, "deny": 1, "hosts": 1},
        "trap": 0,
    }
    crawl.run(yaml("""
        seeds: {urls: ["$SITE/", "$SITE/no"]}
        scope: {deny: [/no], hosts: any}
    """, FOLLOW_ALL), "--db", "any.db")  # fmt: skip
    assert "/no" not in crawl.asked()  # deny holds for seeds too
    assert "/other" in crawl.asked()


def test_scope_hosts_may_be_listed_with_wildcards(crawl: Crawl):
    names = ["shop.example", "a.shop.example", "127.0.0.2"]
    pages(crawl, {"/": links(*(crawl.site.url("/x", host=name) for name in names)), "/x": ""})
    crawl.run(yaml("""
        seeds: {urls: ["$SITE/"]}
        scope: {hosts: ["*.shop.example", "127.0.0.2"]}
    """, FOLLOW_ALL))  # fmt: skip
    hosts = {row[0] for row in crawl.rows("SELECT host FROM request WHERE seed = 0")}
    assert f"127.0.0.2:{crawl.port}" in hosts
    assert f"a.shop.example:{crawl.port}" in hosts
    assert crawl.report()["failures"] == {"dns": len(hosts) - 1}


def test_smaller_depth_counts(crawl: Crawl):
    pages(crawl, {
        "/": links("/long", "/short"), "/long": links("/long2"), "/long2": links("/goal"),
        "/goal": links("/end"), "/end": "", "/short": links("/goal"),
    })  # fmt: skip
    crawl.run(
        'seeds: {urls: ["$SITE/"]}\nscope: {max_depth: 3}\npoliteness: {per_host: 1}' + FOLLOW_ALL
    )
    depths = {url.rpartition("/")[2]: d for url, d in crawl.rows("SELECT url, depth FROM request")}
    assert depths == {"": 0, "long": 1, "short": 1, "long2": 2, "goal": 2, "end": 3}
    assert crawl.states()["/end"] == "done"


def test_max_pages_skips_the_rest_and_is_no_failure(crawl: Crawl):
    pages(crawl, {"/": links(*(f"/{n}" for n in range(9))), **{f"/{n}": "" for n in range(9)}})
    crawl.run('seeds: {urls: ["$SITE/"]}\nscope: {max_pages: 4}' + FOLLOW_ALL)
    report = crawl.report()
    assert len(crawl.asked()) == 4
    assert report["requests"]["skipped"] == {"max_pages": 6}
    assert report["requests"]["balanced"] is True
    assert Counter(crawl.states().values()) == {"done": 4, "skipped: max_pages": 6}


def test_robots_are_obeyed_or_ignored(crawl: Crawl):
    pages(crawl, {"/": links("/private/a", "/public"), "/public": "", "/private/a": ""})
    crawl.site.route("/robots.txt", text("User-agent: *\nDisallow: /private/\n"))
    crawl.run('seeds: {urls: ["$SITE/"]}' + FOLLOW_ALL)
    assert sorted(crawl.asked()) == ["/", "/public"]
    assert crawl.site.paths().count("/robots.txt") == 1
    assert crawl.states()["/private/a"] == "skipped: robots_disallowed"
    assert crawl.report()["requests"]["skipped"] == {"robots_disallowed": 1}
    crawl.run(None, "--set", "politeness.robots=ignore", "--db", "ignored.db")
    assert "/private/a" in crawl.asked()
    assert crawl.site.paths().count("/robots.txt") == 1


def test_robots_group_of_our_own_name_is_the_one_that_counts(crawl: Crawl):
    pages(crawl, {"/": "", "/mine": ""})
    crawl.site.route(
        "/robots.txt", text("User-agent: *\nDisallow: /\n\nUser-agent: my-bot\nDisallow: /mine\n")
    )
    crawl.run(yaml("""
        seeds: {urls: ["$SITE/", "$SITE/mine"]}
        fetch: {private_addresses: true, user_agent: "my-bot/2.0 (+https://my.site)"}
    """, FOLLOW_ALL))  # fmt: skip
    assert crawl.asked() == ["/"]


def test_crawl_delay_lies_between_all_starts(crawl: Crawl):
    pages(crawl, {f"/{n}": "" for n in range(4)})
    crawl.site.route("/robots.txt", text("User-agent: *\nCrawl-delay: 0.3\n"))
    crawl.run('seeds: {urls: ["$SITE/{0..3}"]}' + FOLLOW_ALL)
    starts = [visit.at for visit in crawl.site.visits]
    assert len(starts) == 5
    assert all(b - a >= 0.25 for a, b in pairwise(starts)), starts


def test_robots_that_fail_keep_pages_waiting_and_then_fail_them(crawl: Crawl):
    pages(crawl, {"/a": ""})
    crawl.site.route("/robots.txt", status(503))
    config = 'seeds: {urls: ["$SITE/a"]}' + FOLLOW_ALL
    crawl.run(config, "--max-time", "300ms", "--set", "fetch.retry.attempts=9", status=4)
    assert crawl.states() == {"/a": "waiting: http_503"}
    crawl.run(None, "--fresh", "--set", "fetch.retry.attempts=1", status=1)
    assert crawl.states() == {"/a": "failed: host_unreachable"}
    assert set(crawl.site.paths()) == {"/robots.txt"}


def test_redirect_items_belong_to_the_requested_page(crawl: Crawl):
    pages(crawl, {"/b": "", "/c": ""})
    crawl.site.route("/a", redirect("/b#part", status=301))
    crawl.site.route("/r", [redirect("/r2", status=307)])
    crawl.site.route("/r2", [redirect("/c", status=308)])
    crawl.run("""
        seeds: {urls: ["$SITE/a", "$SITE/r"]}
        pages:
          any:
            match: ["/a", "/r"]
            items: {hit: {fields: {title: h1, asked: {from: url}, at: {from: final_url}}}}
    """)
    url = crawl.site.url
    assert crawl.items() == [
        {"title": "/b", "asked": url("/a"), "at": url("/b")},
        {"title": "/c", "asked": url("/r"), "at": url("/c")},
    ]
    assert dict(crawl.rows("SELECT url, final_url FROM visit JOIN request ON id = request_id")) == {
        url("/a"): url("/b"), url("/r"): url("/c"),
    }  # fmt: skip


def test_where_a_redirect_leads_counts_as_visited(crawl: Crawl):
    pages(crawl, {"/": links("/a"), "/b": links("/c"), "/c": links("/b", "/a")})
    crawl.site.route("/a", redirect("/b"))
    crawl.run('seeds: {urls: ["$SITE/"]}' + FOLLOW_ALL)
    assert crawl.asked() == ["/", "/a", "/b", "/c"]
    assert crawl.states() == dict.fromkeys(("/", "/a", "/b", "/c"), "done")
    assert crawl.report()["requests"]["balanced"] is True


def test_host_that_a_seed_redirects_to_joins_the_scope(crawl: Crawl):
    crawl.site.route("/go", redirect(crawl.site.url("/home", host="127.0.0.2")))
    pages(crawl, {"/home": links("/more"), "/more": ""})
    crawl.run('seeds: {urls: ["$SITE/go"]}' + FOLLOW_ALL)
    assert "/more" in crawl.asked()


def test_link_that_redirects_out_of_scope_is_skipped(crawl: Crawl):
    pages(crawl, {"/": links("/out"), "/secret": ""})
    crawl.site.route("/out", redirect(crawl.site.url("/secret", host="127.0.0.2")))
    crawl.run('seeds: {urls: ["$SITE/"]}' + FOLLOW_ALL)
    assert "/secret" not in crawl.asked()
    assert crawl.states()["/out"] == "skipped: scope"
    told = crawl("why", "crawl.db", crawl.site.url("/out")).out
    assert "it was asked for, and redirects led to http" in told


def test_redirect_loops_and_long_chains_fail(crawl: Crawl):
    crawl.site.route("/loop", redirect("/pool"))
    crawl.site.route("/pool", redirect("/loop"))
    crawl.site.route("/self", redirect("/self"))
    crawl.site.route("/file", redirect("file:///etc/passwd"))

    def onwards(visit: Visit):
        return redirect(f"/chain/{int(visit.path.rpartition('/')[2]) + 1}")

    crawl.site.route("/chain/*", computed(onwards))
    pages(crawl, {"/": ""})
    crawl.run(yaml("""
        seeds: {urls: ["$SITE/", "$SITE/loop", "$SITE/self", "$SITE/chain/0", "$SITE/file"]}
        fetch: {private_addresses: true, max_redirects: 3, retry: {attempts: 1}}
    """, FOLLOW_ALL))  # fmt: skip
    assert crawl.states() == {
        "/": "done", "/loop": "failed: redirects", "/self": "failed: redirects",
        "/chain/0": "failed: redirects", "/file": "failed: redirects",
    }  # fmt: skip
    assert "/chain/3" in crawl.asked()
    assert "/chain/4" not in crawl.asked()


def test_one_page_in_many_spellings_is_one_row(crawl: Crawl):
    crawl.site.route("/p", html("<h1>p</h1>"))
    crawl.site.route(
        "/", html(links("/p?b=2&a=1", "/p?a=1&b=2", "/./p?b=2&a=1#x", "/x/../p?a=1&b=2"))
    )
    crawl.run(yaml("""
        seeds:
          urls:
            - "$SITE/"
            - "HTTP://127.0.0.1:$PORT"
            - "http://127.1:$PORT/#frag"
            - "http://user@127.0.0.1:$PORT/p?b=2&a=1"
    """, FOLLOW_ALL))  # fmt: skip
    asked = Counter(crawl.asked())
    assert asked["/p?b=2&a=1"] + asked["/p?a=1&b=2"] == crawl.one(
        "SELECT count(*) FROM request WHERE url LIKE '%/p?%'"
    )
    assert crawl.one("SELECT count(DISTINCT key) = count(*) FROM request") == 1
    assert crawl.one("SELECT count(*) FROM request WHERE url LIKE '%/p?%' AND seed = 0") == 1
    assert asked["/"] == 1


def test_redirect_that_needs_its_cookie_ends_with_cookies_on(crawl: Crawl):
    def door(visit: Visit):
        if "seen=1" in visit.headers.get("cookie", ""):
            return html("<h1>inside</h1>")
        return html("", status=302, headers={"Location": "/door", "Set-Cookie": "seen=1"})

    crawl.site.route("/door", computed(door))
    crawl.run(yaml("""
        seeds: {urls: ["$SITE/door"]}
        fetch: {private_addresses: true, cookies: true}
    """, FOLLOW_ALL))  # fmt: skip
    assert crawl.items() == [{"title": "inside"}]


def test_page_met_again_in_a_new_cycle_is_asked_once(crawl: Crawl):
    pages(crawl, {"/": links("/a"), "/a": links("/b"), "/b": ""})
    crawl.site.route("/c", sequence([html(""), status(404)]))
    config = 'seeds: {urls: ["$SITE/"]}' + FOLLOW_ALL
    crawl.run(config)
    crawl.site.route("/a", html("<h1>a</h1>"))  # /b is linked no more, and still visited
    crawl.run(None, "--fresh")
    assert Counter(crawl.asked()) == {"/": 2, "/a": 2, "/b": 2}
