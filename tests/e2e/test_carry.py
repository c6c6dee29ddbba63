"""Fields that go with links into the items of the pages they lead to."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.command import Running, rows, until
from tests.e2e.conftest import Crawl
from tests.site import Visit, html, slow, text

AUTHORS = ("Einstein", "Rowling", "Austen")
LISTS, ON_LIST = 6, 10
CONFIG = """
seeds: {urls: ["$SITE/page/1", "$SITE/author/Lonely"]}
run: {gone: {at_most: 100%}}
parse: {processes: 1, offload: $OFFLOAD}
pages:
  listing:
    match: "/page/*"
    items:
      quote: {each: div.quote, key: text, fields: {text: span, author: a.author}}
    follow:
      - {css: a.next, page: listing}
      - {css: a.author, page: author, carry: text}
  author:
    match: "/author/*"
    items:
      author:
        fields:
          number: {from: text, regex: "q(\\\\d+)-", type: int}
          name: {css: h3, required: true}
          text: {from: text}
          born: {any: [{css: i}, {from: text}]}
    follow: [{css: a.books, page: books, carry: [text, name]}]
  books:
    items: {book: {key: [text, title], fields: {title: h1, text: {from: text}, by: {from: name}}}}
"""


class Quotes:
    """A listing whose quotes share a few authors."""

    def __init__(self) -> None:
        self.word = "q"

    def quotes(self) -> list[tuple[str, str]]:
        return [
            (f"{self.word}{page}-{n}", AUTHORS[(page + n) % len(AUTHORS)])
            for page in range(1, LISTS + 1)
            for n in range(ON_LIST)
        ]

    def answer(self, visit: Visit) -> str:
        _, kind, name = visit.path.split("/")
        if kind == "author":
            return f"<h3>{name}</h3><a class=books href='/books/{name}'>books</a>"
        if kind == "books":
            return f"<h1>Books of {name}</h1>"
        page = int(name)
        shown = self.quotes()[(page - 1) * ON_LIST : page * ON_LIST]
        body = "".join(
            f"<div class=quote><span>{quote}</span><p><a class=author href='/author/{by}'>{by}</a>"
            "</p></div>"
            for quote, by in shown
        )
        return body + (f"<a class=next href='/page/{page + 1}'>next</a>" if page < LISTS else "")

    def truth(self) -> list[tuple[Any, ...]]:
        """The authors and books that there are to find."""
        found = [(by, quote, int(quote[len(self.word)]), quote) for quote, by in self.quotes()]
        return sorted([*found, ("Lonely", None, None, None)], key=str)


def authors(crawl: Crawl, *, cycle: int) -> list[tuple[Any, ...]]:
    found = rows(crawl.db, "SELECT data FROM item WHERE type = 'author' AND last_cycle = ?", cycle)
    data = [json.loads(one) for (one,) in found]
    assert all(list(one) == ["number", "name", "text", "born"] for one in data)
    return sorted([(d["name"], d["text"], d["number"], d["born"]) for d in data], key=str)


def books(crawl: Crawl, *, cycle: int) -> list[tuple[Any, ...]]:
    found = rows(crawl.db, "SELECT data FROM item WHERE type = 'book' AND last_cycle = ?", cycle)
    data = [json.loads(one) for (one,) in found]
    return sorted((d["by"], d["text"], d["title"]) for d in data)


@pytest.fixture(params=["never", "always"])
def quotes(crawl: Crawl, request: pytest.FixtureRequest) -> Quotes:
    quotes = Quotes()
    crawl.site.route("/*", html(quotes.answer))
    crawl.site.route("/robots.txt", text(""))
    crawl.config(CONFIG.replace("$OFFLOAD", request.param))
    return quotes


def wanted_books(quotes: Quotes) -> list[tuple[str, str, str]]:
    return sorted((by, quote, f"Books of {by}") for quote, by in quotes.quotes())


def test_each_quote_gives_a_row_with_its_author_whose_page_is_read_once(
    crawl: Crawl, quotes: Quotes
):
    crawl.run()
    assert authors(crawl, cycle=1) == quotes.truth()
    assert books(crawl, cycle=1) == wanted_books(quotes)
    assert set(Counter(crawl.asked()).values()) == {1}
    report = crawl.report()
    assert report["requests"]["balanced"]
    assert report["items"]["author"]["seen"] == LISTS * ON_LIST + 1
    view = crawl.rows("SELECT text, number FROM author WHERE name = 'Rowling' ORDER BY text")
    assert view == sorted((q, int(q[1])) for q, by in quotes.quotes() if by == "Rowling")

    quotes.word = "Q"  # what the listing showed yesterday is no more; the authors are the same
    before = crawl.rows("SELECT key, data FROM item WHERE type = 'author' ORDER BY key")
    crawl.run(None, "--fresh")
    truth = [(by, q, None, q) for by, q, _, _ in quotes.truth()]  # `regex` wants a small letter
    assert authors(crawl, cycle=2) == truth
    assert books(crawl, cycle=2) == wanted_books(quotes)
    lonely = 1  # whose name goes on to the books, though no text came
    assert crawl.one("SELECT count(*) FROM item_carry") == 2 * LISTS * ON_LIST + lonely
    old = "SELECT key, data FROM item WHERE type = 'author' AND first_cycle = 1 ORDER BY key"
    assert crawl.rows(old) == before  # kept, and gone but for the one that was seen again
    live = crawl.rows("SELECT first_cycle FROM item WHERE type = 'author' AND gone_run IS NULL")
    assert Counter(cycle for (cycle,) in live) == {1: 1, 2: LISTS * ON_LIST}

    listing = crawl("try", "crawl.yaml", crawl.site.url("/page/1")).out
    assert 'carries text: "Q1-0"' in listing
    author = crawl("try", "crawl.yaml", crawl.site.url("/author/Austen")).out
    assert "text: null" in author
    assert "carried author: null here, as the links to a page bring it: text" in author


def test_killed_in_the_middle_the_same_command_finds_the_same_rows(crawl: Crawl):
    quotes = Quotes()
    crawl.site.route("/*", slow(0.03, html(quotes.answer)))
    crawl.site.route("/robots.txt", text(""))
    crawl.config(CONFIG.replace("$OFFLOAD", "never"))
    for pages in (3, 8):
        with Running("run", "crawl.yaml", cwd=crawl.folder) as run:
            until(lambda: len(crawl.asked()) >= pages or run.process.poll() is not None)  # noqa: B023  # at once
            run.process.kill()
            run.wait()
    crawl.run()
    assert authors(crawl, cycle=1) == quotes.truth()
    assert books(crawl, cycle=1) == wanted_books(quotes)
    assert crawl.one("SELECT count(*) FROM item") == len(quotes.truth()) + 2 * len(quotes.quotes())


def test_links_of_json_carry_the_fields_of_their_value(crawl: Crawl):
    entries = [{"title": f"t{n}", "author": {"url": f"/a/{n % 2}"}} for n in range(5)]
    crawl.site.route("/api", text(json.dumps({"entries": entries})))
    crawl.site.route("/a/*", html(lambda visit: f"<h1>{visit.path}</h1>"))
    crawl.run("""
        seeds: {urls: ["$SITE/api"]}
        pages:
          api:
            match: /api
            items: {entry: {each: {json: "entries[]"}, key: title, fields: {title: {json: title}}}}
            follow: [{json: author.url, page: author, carry: title}]
          author:
            items:
              author:
                fields: {path: h1, title: {from: title}, n: {from: title, type: int}}
    """)
    found = {(item["path"], item["title"]) for item in crawl.items("author")}
    assert found == {(f"/a/{n % 2}", f"t{n}") for n in range(5)}
    assert crawl.report()["items"]["author"]["invalid"] == {"n": 5}


def pairs(crawl: Crawl) -> list[list[tuple[Any, ...]]]:
    tables = ("item", "item_history", "item_half", "item_carry", "item_invalid", "rejected")
    return [crawl.rows(f"SELECT * FROM {name} ORDER BY 1, 2, 3") for name in tables]


def test_a_reparse_joins_kept_pages_anew_as_a_crawl_does(crawl: Crawl):
    quotes = Quotes()
    crawl.site.route("/*", html(quotes.answer))
    crawl.site.route("/robots.txt", text(""))
    config = CONFIG.replace("$OFFLOAD", "never") + "store: {path: crawl.db, bodies: zstd}\n"
    crawl.run(config)
    before, asked = pairs(crawl), len(crawl.asked())
    same = crawl("reparse", "crawl.yaml")
    assert (same.status, same.err) == (0, "")
    assert "181 unchanged, 0 changed, 0 new, 0 removed" in same.out
    assert pairs(crawl) == before

    # what is carried, what is joined and what is carried on: all by other selectors
    changed = config.replace("text: span", "text: {css: span, regex: '-(.*)'}")
    crawl.config(changed.replace("css: h3, required", "css: h3, replace: {'^': 'by '}, required"))
    other = crawl("reparse", "crawl.yaml")
    assert other.status == 0, other
    assert len(crawl.asked()) == asked
    found = {(by, quote[quote.index("-") + 1 :]) for quote, by in quotes.quotes()}
    assert {(name, text) for name, text, *_ in authors(crawl, cycle=1)} == {
        *((f"by {by}", text) for by, text in found),
        ("by Lonely", None),
    }
    assert books(crawl, cycle=1) == sorted(
        (f"by {by}", text, f"Books of {by}") for by, text in found
    )
    counts = crawl.report()["items"]["author"]
    assert (counts["new"], counts["removed"], counts["changed"]) == (len(found), 60, 1)
    crawl.run(None, "--fresh")  # and a crawl by this config finds the same
    counts = crawl.report()["items"]["author"]
    assert (counts["unchanged"], counts["new"]) == (len(found) + 1, 0)


def test_try_says_which_link_carries_nothing(crawl: Crawl):
    crawl.site.route("/", text("<div><b>x</b><a href=/in>in</a></div><a href=/out>out</a>"))
    crawl.config("""
seeds: {urls: "$SITE/"}
pages:
  list:
    match: /
    items: {word: {each: div, fields: {word: b}}}
    follow: [{css: a, page: other, carry: word}]
  other: {items: {it: {fields: {word: {from: word}}}}}
""")
    out = crawl("try", "crawl.yaml", crawl.site.url("/")).out
    assert f"carry: {crawl.site.url('/out')} carries nothing, since it stands in no word" in out
    assert f"{crawl.site.url('/in')} carries nothing" not in out
