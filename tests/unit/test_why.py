from __future__ import annotations

from typing import Any

import pytest

from scraper.core.errors import UsageError
from scraper.core.model import Item, Page, PageResult, Reason, Rejected, Response, State
from scraper.why import ITEMS_SHOWN, as_text, why
from tests.unit.store.tables import Tables, link
from tests.unit.store.test_bodies import Shelf

URL = "https://shop.example/a"
BOOK = Item("book", "k\x1b[31m", "{}", 0)
MISSING = Rejected("book", "title", "missing", 1, "{}")


@pytest.fixture
def shelf():
    with Shelf() as shelf:
        yield shelf


def visit(shelf: Shelf, path: str, state: State = State.DONE, **more: Any) -> None:
    shelf.visit(PageResult(shelf.request(path), state, **more))


def text(shelf: Tables, url: str = URL) -> list[str]:
    return as_text(why(shelf.db, url)).splitlines()


def test_a_page_that_is_done_says_what_it_gave(shelf: Shelf):
    answer = Response("https://shop.example/b", 200, {}, b"body")
    page = Page((BOOK,), rejected=(MISSING,))
    visit(shelf, "a", status=200, rule="book", page=page, links_found=5, links_out_of_scope=2,
          final_url=answer.url, body_bytes=4, answer=answer)  # fmt: skip
    assert text(shelf) == [
        "https://shop.example/a: done",
        "  visited   1970-01-01T00:18:22Z in run 1: status 200, 4 bytes",
        "  answered  by https://shop.example/b",
        "  page rule book",
        "  links     5 found, 2 of them not in scope",
        "  known as  a seed; attempts 1, cycle 1",
        "  next      in a cycle that begins after `refresh`, or with --fresh",
        r'  item      book "k\u001b[31m": new in run 1',
        "  rejected  book: title is missing",
        "  kept      the raw page of 1970-01-01T00:18:22Z, status 200: 4 bytes, 13 packed",
    ]
    assert text(shelf, "https://shop.example/b")[-1] == "  https://shop.example/a redirects to it"


def test_any_spelling_finds_the_row(shelf: Shelf):
    found = why(shelf.db, "HTTPS://SHOP.EXAMPLE:443/%61#part")
    assert (found["known"], found["url"]) == (True, "https://shop.example/%61")
    assert [each["url"] for each in found["requests"]] == [URL]
    with pytest.raises(UsageError, match="not a URL: 'nonsense'"):
        why(shelf.db, "nonsense")


def test_a_url_that_was_never_seen(shelf: Shelf):
    assert text(shelf, "https://shop.example/zzz") == [
        (
            "https://shop.example/zzz: never seen: no seed and no followed link led to it so far; "
            "`scraper try CONFIG URL` reads it as a crawl would"
        )
    ]
    assert why(shelf.db, "https://shop.example/zzz")["requests"] == []


@pytest.mark.parametrize(
    ("state", "reason", "detail", "lines"),
    [
        (
            State.SKIPPED,
            Reason.ROBOTS_DISALLOWED,
            "",
            ["  because   the robots.txt of its host disallows it",
             "  next      in a cycle that begins after `refresh`, or with --fresh"],
        ),
        (
            State.SKIPPED,
            Reason.SCOPE,
            "",
            ["  because   it is not in scope: hosts, allow and deny of the config decide",
             "  next      not unless the config lets it in and a link or seed leads to it again"],
        ),
        (
            State.FAILED,
            "http_404",
            "the server answered 404",
            ["  because   the server answered 404",
             "  next      in a cycle that begins after `refresh`, or with --fresh"],
        ),
        (
            State.FAILED,
            Reason.TLS,
            "certificate has expired",
            ["  because   the exchange failed (tls) (certificate has expired)",
             "  next      in a cycle that begins after `refresh`, or with --fresh"],
        ),
        (
            State.WAITING,
            "http_503",
            "",
            ["  because   the server answered 503; it is tried again",
             "  next      not before 1970-01-01T01:23:20Z"],
        ),
    ],
)  # fmt: skip
def test_why_a_page_has_no_items(shelf: Shelf, state: State, reason: str, detail: str, lines: Any):
    retry_at = 5000.0 if state is State.WAITING else None
    visit(shelf, "a", state, reason=str(reason), detail=detail, retry_at=retry_at)
    said = text(shelf)
    assert said[0] == f"{URL}: {state}: {reason}"
    assert set(lines) <= set(said)
    assert said[-1] == "  kept      no raw page"


def test_a_304_that_was_not_asked_for_says_nothing_of_the_page(shelf: Shelf):
    visit(shelf, "a", State.FAILED, reason=str(Reason.PROTOCOL), status=304)
    assert "  visited   1970-01-01T00:18:22Z in run 1: status 304, 0 bytes" in text(shelf)


def test_a_waiting_page_tells_of_its_host_and_its_origin(shelf: Shelf):
    with shelf.change() as change:
        shelf.links.record_seeds(change, [])
        shelf.visits.record(change, [], monotonic=0.0)
    visit(shelf, "b", links=(link("new", depth=2, page="book"),))
    shelf.db.execute("INSERT INTO host VALUES ('shop.example:443', 0, 2000.0, NULL)")
    assert text(shelf, "https://shop.example/new")[1:4] == [
        "  known as  a link, 2 deep, for the page rule book; attempts 0, cycle 1",
        "  next      as soon as a run comes to it",
        "  host      shop.example:443 rests until 1970-01-01T00:33:20Z",
    ]


def test_other_methods_of_the_url_are_told_too(shelf: Shelf):
    with shelf.change() as change:
        form = link("a", seed=True, method="POST", body=b"x")
        shelf.links.record_seeds(change, [form])
    assert [each["method"] for each in why(shelf.db, URL)["requests"]] == ["GET", "POST"]
    assert f"POST {URL}: waiting" in text(shelf)


def test_many_items_are_counted(shelf: Shelf):
    many = tuple(Item("book", str(n), "{}", n) for n in range(ITEMS_SHOWN + 3))
    visit(shelf, "a", status=200, rule="book", page=Page(many))
    said = text(shelf)
    assert sum("  item      book" in line for line in said) == ITEMS_SHOWN
    assert "  item      and 3 more" in said


def test_what_an_earlier_visit_rejected_is_not_told(shelf: Shelf):
    visit(shelf, "a", status=200, rule="book", page=Page(rejected=(MISSING,)))
    shelf.run(cycle=2)
    visit(shelf, "a", status=200, rule="book", page=Page((BOOK,)))
    shelf.run(cycle=3)
    changed = Item("book", BOOK.key, '{"a": 1}', 0)
    visit(shelf, "a", status=200, rule="book", page=Page((changed,)))
    (request,) = why(shelf.db, URL)["requests"]
    assert request["rejected"] == []
    assert request["items"] == [
        {
            "type": "book",
            "key": BOOK.key,
            "first_run": 2,
            "changed_run": 3,
            "last_run": 3,
            "gone_run": None,
        }
    ]
    assert r'  item      book "k\u001b[31m": new in run 2, changed in run 3' in text(shelf)


def test_a_database_of_an_earlier_version_keeps_no_page(shelf: Shelf):
    shelf.db.execute("DROP TABLE kept_body")
    shelf.db.execute("DROP TABLE kept_page")
    assert text(shelf)[-1] == "  kept      no raw page"
