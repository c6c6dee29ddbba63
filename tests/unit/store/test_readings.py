"""What pages said, and since when."""

from dataclasses import replace

from scraper.core.model import Reading
from tests.unit.store.test_visits import Table, seeded

ONE = Reading(b"1", b"basis")
TWO = replace(ONE, content=b"2")
AS_IT_WAS = Reading(None, b"x", "e")


def read(table: Table, reading: Reading | None) -> dict[str, int]:
    """Visit the page in a new cycle; returns what the report is told."""
    cycle = table.tenure.cycle + 1
    table.run(cycle=cycle, due_cycle=cycle - 1)
    while table.due():
        pass
    figures = table.done("a", reading=reading, status=200)
    return {name: count for name, count in figures.items() if name.startswith("pages_")}


def told(table: Table) -> tuple[object, ...]:
    (row,) = table.rows("SELECT content, at, since, changes FROM page_reading")
    return row


def test_a_page_has_changed_when_it_says_something_else():
    table = seeded("a")
    assert read(table, ONE) == {"pages_new": 1}
    content, at, since, changes = told(table)
    assert (content, since, changes) == (b"1", at, 0)
    assert read(table, ONE) == {"pages_unchanged": 1}
    assert told(table) == (b"1", table.now, since, 0)
    assert read(table, TWO) == {"pages_changed": 1}
    assert told(table) == (b"2", table.now, table.now, 1)


def test_what_is_read_on_another_basis_is_no_change():
    table = seeded("a")
    read(table, ONE)
    assert read(table, replace(TWO, basis=b"other")) == {"pages_read_otherwise": 1}
    assert told(table)[-1] == 0
    assert read(table, replace(TWO, basis=b"third")) == {"pages_unchanged": 1}


def test_the_time_between_visits_counts_for_what_the_second_has_found():
    """Since the last visit that could be compared; a 304 is one, another basis none."""
    table = seeded("a")
    other = replace(TWO, basis=b"x", etag="e")
    waits = ((TWO, 50), (TWO, 70), (ONE, 90), (other, 110), (AS_IT_WAS, 130))
    read(table, ONE)
    for reading, waited in waits:
        table.now += waited
        before = table.now
        read(table, reading)
        took = table.now - before  # of the table's own clock
    found = table.rows("SELECT changes, moved_s, still_s FROM page_reading")
    assert found == [(2, 50 + 90 + 2 * took, 70 + 130 + 2 * took)]


def test_a_page_that_was_not_read_says_what_it_said():
    table = seeded("a")
    read(table, ONE)
    before = told(table)
    assert read(table, None) == {}
    assert told(table) == before
