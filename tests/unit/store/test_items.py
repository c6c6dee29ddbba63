from __future__ import annotations

from dataclasses import replace
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from scraper.core.model import Item, Rejected, Request
from scraper.store.items import record_items, record_rejected
from tests.unit.store.tables import Tables, link

PAGES = [replace(link(f"p{n}"), id=n) for n in range(1, 4)]
SMALLEST = min(PAGES, key=lambda page: page.key)
LAW = (
    "SELECT key, data, hash, before_hash, request_id, request_key, position, first_run, last_run, "
    "changed_run, first_cycle, last_cycle FROM item ORDER BY key"
)
HISTORY = "SELECT key, run, data, hash FROM item_history ORDER BY key, run"

arrivals = st.lists(
    st.tuples(
        st.integers(0, 2),  # page
        st.integers(0, 1),  # position
        st.sampled_from("KL"),
        st.sampled_from(["{}", '{"v": 1}', '{"v": 2}']),
    ),
    max_size=5,
    unique_by=lambda arrival: arrival[:2],  # one page has one item at one place
)


def item(key: str, data: str, position: int = 0) -> Item:
    return Item("book", key, data, position)


def put(tables: Tables, page: Request, *items: Item) -> None:
    with tables.change() as change:
        record_items(change, [(page, items)])


def play(tables: Tables, cycle: int, arrived: list[tuple[int, int, str, str]]) -> None:
    tables.run(cycle=cycle, due_cycle=cycle - 1)
    for page, position, key, data in arrived:
        put(tables, PAGES[page], item(key, data, position))


def winners(arrived: list[tuple[int, int, str, str]]) -> list[tuple[int, int, str, str]]:
    return [
        a
        for a in arrived
        if not any(
            (PAGES[b[0]].key, b[1]) < (PAGES[a[0]].key, a[1]) and a[2] == b[2] for b in arrived
        )
    ]


@given(st.lists(arrivals, min_size=1, max_size=4))
def test_the_table_looks_as_if_only_winners_had_been_written(
    cycles: list[list[tuple[int, int, str, str]]],
) -> None:
    with Tables() as one, Tables() as other:
        for number, arrived in enumerate(cycles, 1):
            play(one, number, arrived)
            play(other, number, winners(arrived))
        assert one.rows(LAW) == other.rows(LAW)
        assert one.rows(HISTORY) == other.rows(HISTORY)


@given(arrivals, arrivals, st.randoms(use_true_random=False))
def test_the_order_of_arrival_never_matters(
    before: list[tuple[int, int, str, str]],
    arrived: list[tuple[int, int, str, str]],
    chance: object,
) -> None:
    tables = []
    for order in list(permutations(arrived))[:: max(len(arrived), 1) * 3 + 1]:
        with Tables() as one:
            play(one, 1, before)
            play(one, 2, list(order))
            tables.append((one.rows(LAW), one.rows(HISTORY)))
    assert all(table == tables[0] for table in tables)


@given(arrivals, arrivals)
def test_recording_twice_changes_nothing(
    before: list[tuple[int, int, str, str]], arrived: list[tuple[int, int, str, str]]
) -> None:
    with Tables() as tables:
        play(tables, 1, before)
        play(tables, 2, arrived)
        once = tables.rows("SELECT * FROM item"), tables.rows(HISTORY)
        for page, position, key, data in arrived:
            put(tables, PAGES[page], item(key, data, position))
        assert (tables.rows("SELECT * FROM item"), tables.rows(HISTORY)) == once


def test_history_keeps_each_older_version_with_the_run_it_appeared_in() -> None:
    with Tables() as tables:
        for cycle, data in enumerate(['"a"', '"a"', '"b"', '"b"', '"c"'], 1):
            tables.run(cycle=cycle)
            put(tables, SMALLEST, item("K", data))
        assert tables.rows("SELECT run, data FROM item_history ORDER BY id") == [
            (1, '"a"'),
            (3, '"b"'),
        ]
        assert tables.rows("SELECT first_run, last_run, changed_run, data FROM item") == [
            (1, 5, 5, '"c"')
        ]


def test_new_changed_and_unchanged_can_be_told_from_the_row() -> None:
    with Tables() as tables:
        tables.run(cycle=1)
        put(tables, SMALLEST, item("same", "1"), item("other", "1"))
        tables.run(cycle=2)
        put(tables, SMALLEST, item("same", "1"), item("other", "2"), item("new", "1"))
        rows = tables.rows(
            "SELECT key, first_cycle = 2, hash IS before_hash FROM item ORDER BY key"
        )
        assert rows == [("new", 1, 0), ("other", 0, 0), ("same", 0, 1)]


def test_an_item_that_a_page_no_longer_yields_stays() -> None:
    with Tables() as tables:
        tables.run(cycle=1)
        put(tables, SMALLEST, item("K", "1"))
        tables.run(cycle=2)
        put(tables, SMALLEST)
        assert tables.rows("SELECT key, last_cycle FROM item") == [("K", 1)]


def test_text_that_sqlite_cannot_hold_is_replaced_never_fatal() -> None:
    with Tables() as tables:
        tables.run(cycle=1)
        put(tables, SMALLEST, item("K\ud800", '"\udfff\x00"'))
        assert tables.rows("SELECT key, data FROM item") == [("K?", '"?\x00"')]


def test_rejected_of_a_page_are_replaced_within_a_cycle_and_kept_across() -> None:
    def reject(tables: Tables, *fields: str) -> None:
        with tables.change() as change:
            lacking = tuple(Rejected("book", f, "missing", n, "{}") for n, f in enumerate(fields))
            record_rejected(change, [(SMALLEST, lacking)])

    with Tables() as tables:
        tables.run(cycle=1)
        reject(tables, "a", "b")
        tables.run(cycle=1)
        reject(tables, "c")
        tables.run(cycle=2)
        reject(tables, "d")
        assert tables.rows("SELECT run_id, field FROM rejected ORDER BY id") == [(2, "c"), (3, "d")]
