# ruff: noqa: E501  # configs as they are
"""Forms as requests, by the real command."""

import json

from tests.e2e.conftest import Crawl
from tests.site import computed, html
from tests.sites.filter import Filter

FILTER = """
seeds: {urls: ["$SITE/search.aspx"]}
pages:
  search:
    match: "/search.aspx"
    submit:
      - {form: "form[name=filter]", fill: {author: {each: "select#author option @value"}, tag: null},
         page: by_author}
  by_author:
    submit: [{form: "form[name=filter]", fill: {tag: {each: "select#tag option @value"}}, page: quotes}]
  quotes:
    items:
      quote: {each: .quote, key: text, fields: {text: q, author: .author, tag: .tag, at: {from: url}}}
"""


def test_view_state_goes_through_two_selects(crawl: Crawl):
    site = Filter()
    site.on(crawl.site)
    crawl.run(FILTER)
    found = [(item["author"], item["tag"], item["text"]) for item in crawl.items("quote")]
    assert set(found) == site.truth()
    assert len(found) == len(site.truth())
    assert len(site.posts) == len(set(site.posts)) == 3 + 6
    assert set(crawl.states().values()) == {"done"}
    crawl.run(None)  # nothing is due: no form is sent again
    assert len(site.posts) == 9


def test_try_shows_what_a_form_would_send(crawl: Crawl):
    Filter().on(crawl.site)
    crawl.config(FILTER)
    tried = json.loads(crawl("try", "crawl.yaml", crawl.site.url("/search.aspx"), "--json").out)
    assert [(link["method"], link["page"], link["fate"]) for link in tried["links"]] == [
        ("POST", "by_author", "followed")
    ] * 3
    assert tried["links"][0]["body"] == "author=Ada&__VIEWSTATE=%2FwEP+start%2B%3D%7E"
    text = crawl("try", "crawl.yaml", crawl.site.url("/search.aspx")).out
    assert f"link POST {crawl.site.url('/filter.aspx')}: followed as by_author" in text
    assert "  body author=Ada&__VIEW" in text
    gone = crawl("try", "crawl.yaml", crawl.site.url("/search.aspx"), "--page", "by_author").out
    assert "form form[name=filter]: nothing was found to fill in tag, so it is not sent" in gone


SEARCH = """
seeds: {urls: ["$SITE/"]}
pages:
  home: {match: /, submit: [{form: form.search, fill: {q: [tea], lang: {css: "html @lang"}, new: 1}, page: hits}]}
  hits: {items: {hit: {each: li, key: name, fields: {name: {css: b, required: true}, at: {from: url}}}}}
"""


def test_search_form_is_a_link(crawl: Crawl):
    home = (
        "<html lang=de><base href='/de/'><form class=search action='s?old=1'><input name=q>"
        "<input type=hidden name=lang><input name=n value=20 form=f><input type=submit name=go>"
        "</form><form id=f method=dialog></form>"
    )
    crawl.site.route("/", html(home))
    crawl.site.route("/de/s", computed(lambda visit: html(f"<li><b>{visit.method}</b></li>")))
    crawl.run(SEARCH)
    (item,) = crawl.items("hit")
    assert item == {"name": "GET", "at": crawl.site.url("/de/s?q=tea&lang=de&new=1")}
