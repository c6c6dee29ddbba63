"""A page that is as it was gives what it gave."""

from __future__ import annotations

from dataclasses import replace

from scraper.core.model import Item, Page, PageResult, Reading, Rejected, State, Validators
from scraper.store import rows
from scraper.store.prune import prune
from tests.unit.store.tables import link
from tests.unit.store.test_bodies import Shelf
from tests.unit.store.test_visits import Table, seeded

READ = Reading(b"1", b"basis", '"1"', "a date")
SAME = Reading(None, b"basis", '"2"', "a date")
ITEM = Item("book", "K", '{"title":"A"}', 1)
LACKING = Rejected("book", "title", "missing", 0, "{}")
PAGE = Page((ITEM,), rejected=(LACKING,), invalid={"book": {"price": 2}}, noindex=True)
ITEMS = "SELECT key, data, hash = before_hash, request_id, first_cycle, last_cycle FROM item"
HELD = "SELECT etag, last_modified, answered_by, at, cycle FROM page_reading WHERE request_id = ?"


def read(table: Table, path: str, page: Page = PAGE, **more: object) -> None:
    final_url = link(path).url
    table.done(path, page=page, reading=READ, **{"status": 200, "final_url": final_url, **more})


def same(table: Table, path: str = "a") -> PageResult:
    url = link(path).url
    return PageResult(table.request(path), status=304, final_url=url, reading=SAME)


def again(table: Table) -> None:
    cycle = table.tenure.cycle + 1
    table.run(cycle=cycle, due_cycle=cycle - 1)
    while table.due():
        pass


def test_it_counts_as_read_with_its_items_and_what_was_rejected():
    table = seeded("a")
    read(table, "a")
    again(table)
    figures = table.put(same(table))
    assert (figures["items"], figures["rejected"], figures["pages_unchanged"]) == (1, 1, 1)
    assert table.rows(ITEMS) == [("K", ITEM.data, 1, 1, 1, 2)]
    assert table.rows("SELECT run_id, field FROM rejected") == [(1, "title"), (2, "title")]
    visits = "SELECT run_id, status, items, rejected, invalid FROM visit"
    invalid = '{"book": {"price": 2}}'
    assert table.rows(visits) == [(1, 200, 1, 1, invalid), (2, 304, 1, 1, invalid)]
    assert table.rows(HELD, 1) == [('"2"', "a date", None, table.now, 2)]
    assert table.rows("SELECT * FROM item_history") == []
    again(table)
    table.put(same(table))  # and the next time, of the one before
    assert table.rows("SELECT max(run_id), invalid, noindex FROM visit") == [(3, invalid, 1)]


def test_it_counts_as_read_though_the_visits_of_that_run_are_dropped():
    """A page that is seldom due is not read for more runs than are kept."""
    table = seeded("a", "b", "c")
    read(table, "a")
    read(table, "c", Page((ITEM,)))
    for _ in range(3):
        table.run(cycle=table.tenure.cycle + 1)
        table.db.execute("UPDATE request SET state = 'waiting' WHERE id = 2")
        table.done("b", status=200)
        with table.change() as change:
            prune(change, 1)
    assert table.rows("SELECT run_id, request_id FROM visit") == [(1, 1), (4, 2)]
    again(table)
    assert table.put(same(table))["rejected"] == 1
    told = table.rows("SELECT max(run_id), invalid, noindex FROM visit WHERE request_id = 1")
    assert told == [(5, '{"book": {"price": 2}}', 1)]


def test_what_it_showed_before_it_was_read_last_is_not_shown_again():
    table = seeded("a")
    read(table, "a")
    again(table)
    read(table, "a", Page())
    again(table)
    assert table.put(same(table))["items"] == 0
    assert table.rows(ITEMS) == [("K", ITEM.data, None, 1, 1, 1)]


def test_a_page_whose_item_another_page_shows_now_is_read_after_all():
    table = seeded("a", "b")
    read(table, "a")
    read(table, "b", Page())
    again(table)
    asked = same(table)
    read(table, "b", Page((replace(ITEM, data='{"title":"B"}'),)))
    assert table.put(asked) == {}
    assert table.state("a") == ("waiting", None)
    assert table.rows("SELECT count(*) FROM visit WHERE run_id = 2") == [(1,)]
    assert table.hosts == {"shop.example:443"}


def test_of_two_pages_with_one_item_only_the_one_it_is_taken_of_keeps_validators():
    table = seeded("a", "b")
    read(table, "a")
    read(table, "b")
    (winner,) = table.rows("SELECT request_id FROM item")[0]
    assert table.rows(HELD, winner)[0][:2] == ('"1"', "a date")
    assert table.rows(HELD, 3 - int(str(winner)))[0][:2] == (None, None)


def test_a_page_that_fails_is_read_whole_the_next_time():
    table = seeded("a")
    read(table, "a")
    again(table)
    table.put(PageResult(table.request("a"), State.FAILED, "http_404", status=404))
    assert table.rows(HELD, 1)[0][:2] == (None, None)


def test_a_waiting_row_brings_its_validators_along():
    table = seeded("a", "b")
    read(table, "a", final_url="https://shop.example/to")
    again(table)
    sql = f"SELECT {rows.COLUMNS}, {rows.VALIDATORS} FROM request LEFT JOIN page_reading ON request_id = id"  # noqa: E501
    one, other = (rows.known_of(row) for row in table.rows(sql))
    assert one.validators == Validators('"1"', "a date", "https://shop.example/to", b"basis")
    assert other == table.request("b")


def test_a_kept_page_is_that_of_the_visit_that_confirmed_it():
    with Shelf() as shelf:
        shelf.visit(replace(shelf.result("a", "ok", b"body"), reading=READ))
        shelf.run(cycle=1)
        shelf.db.execute("UPDATE request SET state = 'waiting'")
        shelf.visit(replace(shelf.result("a", "304"), reading=SAME))
        assert shelf.rows("SELECT run_id, at, status FROM kept_page") == [(2, shelf.now, 200)]
        assert shelf.rows("SELECT count(*) FROM kept_body") == [(1,)]
