"""Sites without end end by themselves, through the real command with its defaults."""

from __future__ import annotations

from tests.e2e.conftest import Crawl
from tests.site import Visit, computed, html


def page(visit: Visit) -> str:
    """A shop with a calendar, a link that grows, sessions, and the same page in many orders."""
    path, _, query = visit.path.partition("?")
    session = f"PHPSESSID={len(visit.path)}{visit.connection}"
    links = [
        f"/p/1?{session}",
        "/p/2?b=2&utm_source=x&a=1",
        "/p/2?a=1&b=2&utm_id=7",
        f"{path.rstrip('/')}/deeper/and/" if path.startswith("/loop") else "/loop/",
        "/calendar?month=1",
    ]
    if path == "/calendar":
        month = int(query.removeprefix("month="))
        links = [f"/calendar?month={month + n}" for n in (1, 2, 3)]
    items = f"<h1>{path}</h1>" if path.startswith("/p/") else ""
    return items + "".join(f'<a href="{link.replace("&", "&amp;")}">x</a>' for link in links)


def test_calendars_loops_and_sessions_end_and_are_counted(crawl: Crawl):
    crawl.site.route("/*", computed(lambda visit: html(page(visit))))
    crawl.site.route("/robots.txt", html("", status=404))
    config = """
        seeds: {urls: ["$SITE/"]}
        url: {drop: ["utm_*"]}
        pages: {any: {follow: [{css: a}], items: {product: {fields: {name: h1}}}}}
        run: {max_time: 2m}
    """
    first = crawl.run(config, "--limit", "600", status=4)  # what it sees of the calendar counts
    assert "into traps" in first.out
    assert crawl.report()["links"]["trap"] > 0
    ended = crawl.run()
    assert (
        "/calendar?month: 1,000 pages of this kind in a row led nowhere: no more are" in ended.err
    )
    assert [item["name"] for item in crawl.items() if item["name"]] == [
        "/p/1", "/p/2",
    ]  # fmt: skip
    asked = crawl.asked()
    assert [path for path in asked if path.startswith("/p/2")] == ["/p/2?b=2&a=1"]
    assert 1000 <= sum(path.startswith("/calendar") for path in asked) < 1200
    assert sum(path.startswith("/loop") for path in asked) < 6
    report = crawl.report()
    assert report["requests"]["balanced"]
    assert 0 < report["requests"]["skipped"]["trap"] < 10
    counted = report["links"]
    assert counted["out_of_scope"] == sum(counted.pop("out_of_scope_by").values())
    assert counted["found"] == sum(counted.values()) - counted["found"]
    assert f"TRAP      {crawl.site.url('/calendar?month')}: 1,000 pages of this kind" in ended.out


def test_try_says_why_a_link_is_a_trap(crawl: Crawl):
    crawl.site.route(
        "/loop/*", html('<a href="/x/a1b/x/a1b/x/a1b">x</a><a href="/y?utm_a=1">y</a>')
    )
    crawl.config("""
        seeds: {urls: ["$SITE/loop/"]}
        url: {drop: ["utm_*"]}
        pages: {any: {follow: [{css: a}]}}
    """)
    told = crawl("try", "crawl.yaml", crawl.site.url("/loop/")).out
    assert "/x/a1b: trap: 'x/a1b' is 3 times in a row in its path" in told
    assert f"link {crawl.site.url('/y')}: followed" in told
