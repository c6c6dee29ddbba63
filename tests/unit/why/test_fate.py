from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scraper.core.errors import UsageError
from scraper.core.model import (
    Hop,
    Item,
    Page,
    PageResult,
    Reading,
    Reason,
    Rejected,
    Response,
    State,
)
from scraper.core.schedule.auto import DAY_S, Auto, Survey
from scraper.core.schedule.change import seen
from scraper.store.surveying import write_schedules
from scraper.why.fate import why
from scraper.why.text import ITEMS_SHOWN, as_text
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


def told(shelf: Tables, url: str = URL, *, now: float = 1000.0) -> dict[str, Any]:
    return why(shelf.db, url, now=now)


def text(shelf: Tables, url: str = URL) -> list[str]:
    return as_text(told(shelf, url)).splitlines()


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
    shelf.db.execute("DELETE FROM request WHERE url = 'https://shop.example/b'")
    assert text(shelf, "https://shop.example/b") == [
        "https://shop.example/b: read as the page that others redirect to",
        "  https://shop.example/a redirects to it",
    ]


def test_any_spelling_finds_the_row(shelf: Shelf):
    found = told(shelf, "HTTPS://SHOP.EXAMPLE:443/%61#part")
    assert (found["known"], found["url"]) == (True, "https://shop.example/%61")
    assert [each["url"] for each in found["requests"]] == [URL]
    with pytest.raises(UsageError, match="not a URL: 'nonsense'"):
        told(shelf, "nonsense")


def test_a_url_that_was_never_seen(shelf: Shelf):
    assert text(shelf, "https://shop.example/zzz") == [
        "https://shop.example/zzz: never seen: no seed and no followed link led to it so far",
        "  links     that are out of scope, too deep or passed over are not kept",
        "  try it    `scraper try CONFIG URL` reads it, and says where its links lead",
    ]
    assert told(shelf, "https://shop.example/zzz")["requests"] == []


LATER = "in a cycle that begins after `refresh`, or with --fresh"
NOT_ASKED = "judged    1970-01-01T00:18:22Z in run 1: it was not asked for"
IN_A_CYCLE, SCOPED = (
    "in the next cycle",
    "not unless the config lets it in and a link or seed leads",
)
BECAME = [  # reason, status, because, the last visit, the next one
    (
        Reason.ROBOTS_DISALLOWED,
        None,
        "the robots.txt of its host disallows",
        NOT_ASKED,
        f"judged anew {LATER}",
    ),
    (Reason.SCOPE, None, "it is not in scope: hosts, allow and deny", NOT_ASKED, SCOPED),
    (Reason.DEPTH, None, "it is deeper than scope.max_depth", NOT_ASKED, SCOPED),
    (Reason.MAX_PAGES, None, "scope.max_pages of its cycle", NOT_ASKED, f"{LATER}, if scope"),
    (Reason.TRAP, None, "it looks like a trap", NOT_ASKED, "not unless a seed or a link"),
    ("http_404", 404, "the server answered 404", "status 404, 0 bytes", LATER),
    ("http_503", 503, "the server answered 503", "status 503, 0 bytes", IN_A_CYCLE),
    (Reason.INVALID_PAGE, 200, "it has not what `valid`", "status 200, 0 bytes", LATER),
    (Reason.CONTENT_TYPE, None, "its type is not in scope.types", "that was not read", LATER),
    (Reason.CONTENT_TYPE, 200, "its type is not in scope.types", "status 200, 0 bytes", LATER),
    (Reason.TOO_LARGE, None, "its body is larger", "an answer that was not read to", LATER),
    (Reason.REDIRECTS, None, "it redirects too often", "a redirect that was not followed", LATER),
    (Reason.TLS, None, "there was no safe connection", "in run 1: no connection", IN_A_CYCLE),
    (Reason.TIMEOUT, None, "it was not answered in time", "in run 1: no answer", IN_A_CYCLE),
    (Reason.HOST_UNREACHABLE, None, "its host could not", "it was not asked for", IN_A_CYCLE),
    (Reason.PRIVATE_ADDRESS, None, "its host has a private", "it was not asked for", LATER),
    (Reason.UNANSWERED, None, "it was sent by a run that died", "no answer", LATER),
]


def test_a_redirect_that_led_where_nobody_answers_is_told(shelf: Shelf):
    led_to = "https://elsewhere.example/"
    visit(shelf, "a", State.FAILED, reason="dns", final_url=led_to)
    assert f"  led to    {led_to}" in text(shelf)


@pytest.mark.parametrize(("reason", "status", "because", "last", "then"), BECAME)
def test_what_became_of_a_page_without_items(shelf: Shelf, reason, status, because, last, then):  # type: ignore[no-untyped-def]  # as the table has them
    state = State.SKIPPED if last == NOT_ASKED else State.FAILED
    visit(shelf, "a", state, reason=str(reason), status=status)
    said = text(shelf)
    assert said[0] == f"{URL}: {state}: {reason}"
    assert said[1].startswith(f"  because   {because}")
    assert last in said[2]
    assert any(line.startswith(f"  next      {then}") for line in said)
    assert said[-1] == "  kept      no raw page"


def test_every_reason_is_said_in_words(shelf: Shelf):
    for reason in Reason:
        visit(shelf, "a", State.FAILED, reason=str(reason), detail="the detail")
        because = text(shelf)[1]
        assert f"({reason})" not in because
        assert because.endswith("(the detail)")


@pytest.mark.parametrize(
    ("due_at", "now", "then"),
    [(5000.0, 1000.0, "not before 1970-01-01T01:23:20Z"), (5000.0, 5000.0, "as soon as a run")],
)
def test_a_page_that_is_tried_again_says_when(shelf: Shelf, due_at, now, then):  # type: ignore[no-untyped-def]  # as above
    visit(shelf, "a", State.WAITING, reason="http_503", status=503, retry_at=due_at)
    said = as_text(told(shelf, now=now)).splitlines()
    assert said[1] == "  because   the server answered 503; it is tried again"
    assert any(line.startswith(f"  next      {then}") for line in said)


def test_a_hop_that_waits_for_its_host_is_told(shelf: Shelf):
    request = shelf.request("a")
    hop = Hop("https://other.example/b", "GET", (URL, "https://shop.example/c"))
    shelf.visit(PageResult(request, again=replace(request, hop=hop, host="other.example:443")))
    said = text(shelf)
    assert said[0] == f"{URL}: waiting"
    assert (
        "  hop       2 redirects led to https://other.example/b, where it is asked for next" in said
    )


def test_a_form_that_was_sent_says_so(shelf: Shelf):
    shelf.db.execute("UPDATE request SET sent_at = 2000.0")
    assert any(line.startswith("  sent      1970-01-01T00:33:20Z; without") for line in text(shelf))


def test_a_304_that_was_not_asked_for_says_nothing_of_the_page(shelf: Shelf):
    visit(shelf, "a", State.FAILED, reason=str(Reason.PROTOCOL), status=304)
    assert "  visited   1970-01-01T00:18:22Z in run 1: status 304, 0 bytes" in text(shelf)


def test_a_waiting_page_tells_of_its_host_and_its_origin(shelf: Shelf):
    with shelf.change() as change:
        shelf.links.record_seeds(change, [])
        shelf.visits.record(change, [], monotonic=0.0)
    visit(shelf, "b", links=(link("new", depth=2, page="book"),))
    shelf.db.execute("INSERT INTO host VALUES ('shop.example:443', 0, 2000.0, 4.5)")
    assert text(shelf, "https://shop.example/new")[1:5] == [
        "  known as  a link, 2 deep, for the page rule book; attempts 0, cycle 1",
        "  next      as soon as a run comes to it",
        "  host      shop.example:443 rests until 1970-01-01T00:33:20Z",
        "  host      shop.example:443 was in trouble: a run begins with one start each 4.5 s",
    ]


def test_other_methods_of_the_url_are_told_too(shelf: Shelf):
    with shelf.change() as change:
        form = link("a", seed=True, method="POST", body=b"x")
        shelf.links.record_seeds(change, [form])
    assert [each["method"] for each in told(shelf)["requests"]] == ["GET", "POST"]
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
    (request,) = told(shelf)["requests"]
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
    shelf.db.execute("DROP INDEX request_hop")
    shelf.db.execute("ALTER TABLE request DROP COLUMN hop")
    shelf.db.execute("ALTER TABLE host DROP COLUMN slow_s")
    shelf.db.execute("ALTER TABLE page_reading DROP COLUMN etag")
    assert text(shelf)[-1] == "  kept      no raw page"


def test_a_page_whose_changes_are_learnt_says_how_often_it_changes_and_when_it_is_due(shelf: Shelf):
    visit(shelf, "a", status=200, rule="book", reading=Reading(b"1", b""))
    survey = Survey(None, Auto())
    survey.add("book", seen(0, 0.0, 9 * DAY_S), 9)
    write_schedules(shelf.db, 1, {None: survey.schedule()})
    assert next(line for line in text(shelf) if line.startswith("  next")) == (
        "  next      in a cycle that begins after 1970-01-01T21:54:20Z, or with --fresh: "
        "how often it changes is not known yet"
    )
    shelf.db.execute("UPDATE page_reading SET changes = 9, moved_s = ?", (9 * DAY_S,))
    assert next(line for line in text(shelf) if line.startswith("  next")).endswith(
        ": it changes every 1 d 9 h or so, and is due 1 h after a visit"
    )
    shelf.db.execute("INSERT INTO cycle (began_at) VALUES (0)")  # `refresh` is fixed again
    assert "  next      in a cycle that begins after `refresh`, or with --fresh" in text(shelf)
