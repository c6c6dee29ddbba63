"""`scraper new`, and what a trial says of values and links."""

from __future__ import annotations

import json

from tests.e2e.conftest import Crawl
from tests.site import html, text
from tests.unit.core.extract import practice


def test_from_a_page_to_a_table(crawl: Crawl):
    crawl.site.route("/list/page-1.html", html(practice.books()))
    crawl.site.route("/robots.txt", text("User-agent: *\nDisallow: /no\n"))
    url = crawl.site.url("/list/page-1.html")
    assert crawl("new", url, "-o", "new.yaml").status == 0
    again = crawl("new", url, "-o", "new.yaml")
    assert (again.status, "--force" in again.err) == (2, True)
    assert crawl("check", "new.yaml").status == 0
    tried = json.loads(crawl("try", "new.yaml", url, "--json").out)
    assert (tried["rule"], len(tried["items"])) == ("listing", 20)
    assert "stands before it" in tried["why_not"]["detail"]
    assert crawl("run", "new.yaml", "--db", "crawl.db", "-q").status == 0
    assert len(crawl.items("product_pod")) == 20
    refused = crawl("new", crawl.site.url("/no"))
    assert (refused.status, refused.out, "robots.txt" in refused.err) == (1, "", True)


def test_template_and_standard_input(crawl: Crawl):
    (crawl.folder / "new.yaml").write_text(crawl("new").out)
    assert crawl("check", "new.yaml").status == 0
    assert "div.quote" in crawl("new", "-", stdin=practice.quotes()).out


def test_what_a_page_holds_does_not_reach_the_terminal(crawl: Crawl):
    crawl.config('seeds: {urls: ["$SITE/"]}\npages: {p: {items: {x: {fields: {t: h1}}}}}')
    for options in ((), ("--json",)):
        out = crawl("try", "crawl.yaml", "-", *options, stdin="<h1>a\x1b[31m\x9b b</h1>").out
        assert "\x1b" not in out
        assert "\x9b" not in out
        assert "31m" in out
