"""Halves and carries: joined whichever comes first, once, and dropped when nobody shows them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.carry import carry_hash
from scraper.core.extract.plan import FieldPlan, PageRule
from scraper.core.model import PageResult, Reading, State
from scraper.store.settle import STEPS, settle_some
from tests.unit.store.tables import link
from tests.unit.store.webs import (
    LISTS,
    OWN,
    PAGES,
    Table,
    Web,
    carried,
    orders,
    play,
    rules,
    webs,
)


@given(
    st.lists(st.tuples(webs, st.integers(1, 2)), min_size=1, max_size=3),
    orders,
    orders,
    st.integers(1, 5),
    st.booleans(),
    st.sampled_from([(), ("c",), ("own",), ("own", "c")]),
)
def test_neither_the_order_of_pages_nor_of_commits_matters_and_twice_changes_nothing(
    cycles, one, other, size, twice, key
) -> None:
    with Table(rules(key)) as first, Table(rules(key)) as second:
        wanted = play(first, cycles, one, size=1, twice=False)
        assert play(second, cycles, other, size=size, twice=twice) == wanted


class Asking(Table):
    """Pages are asked whether they have changed."""

    def put(self, *results: PageResult) -> None:
        super().put(*map(self._asked, results))
        sql = "SELECT id FROM request WHERE state = 'waiting'"
        waiting = {row[0] for row in self.rows(sql)}
        super().put(*(read(one) for one in results if one.request.id in waiting))

    def _asked(self, result: PageResult) -> PageResult:
        whole = read(result)
        sql = "SELECT etag FROM page_reading WHERE request_id = ?"
        if whole.reading is None or self.rows(sql, result.request.id) != [(whole.reading.etag,)]:
            return whole
        same = replace(whole.reading, content=None)
        return whole if same.etag is None else PageResult(result.request, status=304, reading=same)


def read(result: PageResult) -> PageResult:
    """The result with what is kept of a page, validators too."""
    if result.state == State.FAILED:
        return result
    says = repr((result.page, [(link.key, link.carry) for link in result.links]))
    leads = any(link.half is not None for link in result.links)
    return replace(result, reading=Reading(says.encode(), b"", None if leads else says))


@given(
    st.lists(webs, min_size=2, max_size=2),
    st.lists(st.sampled_from([(0, 1), (0, 2), (1, 1)]), min_size=1, max_size=4),
    orders,
    st.integers(1, 5),
    st.sampled_from([(), ("c",), ("own",), ("own", "c")]),
)
def test_a_page_that_is_as_it_was_is_as_good_as_one_that_is_read(some, which, order, size, key):
    cycles = [(some[web], due) for web, due in which]
    with Table(rules(key)) as whole, Asking(rules(key)) as same:
        wanted = play(whole, cycles, order, size=size, twice=False)
        assert play(same, cycles, order, size=size, twice=False) == wanted


class Oracle:
    """What the items of a cycle should be, from pages as a whole."""

    def __init__(self) -> None:
        self.cycle = 0
        self.carries: dict[str, dict[tuple[str, str], tuple[dict[str, Any], int]]] = {
            name: {} for name in PAGES
        }
        self.pages: dict[str, tuple[int, Web | None]] = {}  # last done; None: failed since

    def live(self, web: Web, visited: list[str]) -> list[tuple[Any, ...]]:
        self.cycle += 1
        for name in visited:
            self.pages[name] = (self.cycle, None if name in web.failed else web)
        self._drop_old()
        found = set()
        for name in PAGES:
            at, known = self.pages[name]
            read = known is not None and at == self.cycle
            if read:
                self._show(name, ((t, {"c": c}) for t, c in web.shows.get(name, ())))
            if known is None or name in LISTS:
                continue
            found |= self._items(name, known, read=read)
        return sorted(found, key=str)

    def _items(self, name: str, web: Web, *, read: bool) -> set[tuple[Any, ...]]:
        incoming = self.carries[name]
        if read:
            incoming.update(
                {place: (values, self.cycle) for place, (values, _) in incoming.items()}
            )
        met = [values for values, cycle in incoming.values() if cycle == self.cycle]
        items, onward = set(), []
        for values in met or ([{}] if read else []):
            items.add((name, web.own[name], values.get("c"), values.get("own")))
            onward.append({"c": values["c"]} if "c" in values else {})
        if name == "d" and web.leads:
            self._show("d", (("e", {**one, "own": web.own["d"]}) for one in onward))
        return items

    def _drop_old(self) -> None:
        read = {n for n, (at, web) in self.pages.items() if web is not None and at == self.cycle}
        for incoming in self.carries.values():
            for place in [place for place in incoming if place[0] in read]:
                del incoming[place]

    def _show(self, parent: str, shown: Any) -> None:
        for target, values in shown:
            self.carries[target][parent, carry_hash(values)] = (values, self.cycle)


@given(st.lists(st.tuples(webs, st.integers(1, 2)), min_size=1, max_size=4), orders)
def test_a_cycle_has_one_item_for_each_page_and_distinct_carry(cycles, order) -> None:
    oracle = Oracle()
    with Table(rules()) as table:
        told = play(table, cycles, order, size=2, twice=False)
    for (web, _), (*_, visited, found) in zip(cycles, told, strict=True):
        assert sorted(found, key=str) == oracle.live(web, visited)


def test_a_page_that_is_done_meets_a_later_carry_without_another_visit() -> None:
    with Table(rules()) as table:
        table.seed(link("p", seed=True), link("d", seed=True))
        table.put(table.page("d", halves=(table.half("d", 1),)))
        assert table.found() == []
        table.put(table.page("p", carried("d", c=1), carried("d", c=2)))
        assert sorted(table.found()) == [("d", 1, 1, None), ("d", 1, 2, None)]
        assert table.state("d") == ("done", None)
        assert table.rows("SELECT carry FROM request WHERE carry IS NOT NULL") == []


def test_in_a_refresh_a_new_carry_meets_a_page_that_is_not_due() -> None:
    with Table(rules()) as table:
        table.seed(link("p", seed=True), link("d", seed=True))
        table.put(table.page("p", carried("d", c=1)), table.page("d", halves=(table.half("d", 1),)))
        table.settle()
        table.run(cycle=2)  # nothing is due but seeds that are given again
        table.db.execute("UPDATE request SET state = 'waiting', cycle = 2 WHERE url LIKE '%p'")
        table.put(table.page("p", carried("d", c=2)))
        table.settle()
        assert table.found() == [("d", 1, 2, None)]
        assert table.rows("SELECT count(*) FROM item") == [(2,)]


def test_what_a_page_gave_in_an_older_cycle_meets_nothing_when_it_is_due_again() -> None:
    """Rows are made due slice by slice, while the first pages are read already."""
    with Table(rules(("own", "c"))) as table:
        table.seed(link("p", seed=True), link("d", seed=True))
        table.put(table.page("p", carried("d", c=1)), table.page("d", halves=(table.half("d", 1),)))
        table.settle()
        table.run(cycle=2, due_cycle=1)
        table.seed(link("p", seed=True))
        assert (table.state("p")[0], table.state("d")[0]) == ("waiting", "done")
        table.put(table.page("p", carried("d", c=1)))
        table.make_due()
        table.put(table.page("d", halves=(table.half("d", 2),)))
        table.settle()
        assert [one[1:] for one in table.found()] == [(2, 1, None)]


def test_a_target_of_a_redirect_meets_its_carries_with_what_the_other_page_gave() -> None:
    for order in ("adp", "apd", "pad"):
        with Table(rules()) as table:
            table.seed(*(link(name, seed=True, page="d") for name in "apd"))
            moved = replace(
                table.page("a", halves=(table.half("a", 1),)), rule="d", final_url=link("d").url
            )
            for name in order:
                if name == "a":
                    table.put(moved)
                elif name == "p":
                    table.put(table.page("p", carried("d", c=2), carried("a", c=1)))
            table.settle()
            assert sorted(table.found()) == [("a", 1, 1, None), ("a", 1, 2, None)]


def test_columns_of_a_seed_are_a_carry_as_any_other() -> None:
    with Table(rules()) as table:
        table.seed(link("d", seed=True, carry={"c": 7, "x": 1}), link("p", seed=True))
        table.put(table.page("d", halves=(table.half("d", 1),)))
        assert table.found() == [("d", 1, 7, None)]
        table.put(table.page("p", carried("d", c=8)))
        table.settle()
        assert sorted(table.found()) == [("d", 1, 7, None), ("d", 1, 8, None)]


def test_what_is_rejected_or_invalid_is_told_once() -> None:
    fields = (
        OWN,
        FieldPlan("c", source="c", type="int"),
        FieldPlan("o", source="c", required=True),
    )
    with Table(rules(fields=fields)) as table:
        table.seed(link("p", seed=True), link("d", seed=True))
        lead = carried("e", half=1, c=None)
        halves = (table.half("d", 1), table.half("d", 2, 1, rejected=True))
        for _ in range(2):
            table.put(table.page("d", lead, halves=halves))
            table.put(table.page("p", carried("d", c="x"), carried("d", c=None)))
        table.settle()
        told = table.rows("SELECT field, reason, position, data FROM rejected")
        assert told == [("o", "missing", 0, '{"own":1,"c":null,"o":null}')]
        invalid = table.rows("SELECT field, position, count FROM item_invalid ORDER BY position")
        assert invalid == [("c", 0, 1), ("c", 1, 1)]
        assert [one[1:] for one in table.found()] == [(1, None, "x")]
        onward = table.rows("SELECT data FROM item_carry JOIN request ON id = request_id "
                            "WHERE url LIKE '%e'")  # fmt: skip
        assert onward == [('{"c": null}',)]  # of the rejected half too


def test_halves_that_a_page_no_longer_gives_meet_nothing_more() -> None:
    with Table(rules()) as table:
        table.seed(link("p", seed=True), link("d", seed=True))
        table.put(table.page("d", halves=(table.half("d", 1),)))
        table.put(table.page("d"))
        table.put(table.page("p", carried("d", c=1)))
        table.settle()
        assert table.rows("SELECT * FROM item_half") == table.rows("SELECT * FROM item") == []


def test_a_circle_ends_where_it_began() -> None:
    with Table(rules()) as table:
        table.seed(*(link(name, seed=True) for name in "dfp"))
        for name, other in ("df", "fd"):
            lead = carried(other, half=0, c=None)
            table.put(table.page(name, lead, halves=(table.half(name, 1),)))
        table.put(table.page("p", carried("d", c=1)))
        table.settle()
        assert sorted(table.found()) == [("d", 1, 1, None), ("f", 1, 1, None)]


def test_a_config_that_carries_nothing_keeps_nothing() -> None:
    with Table([PageRule("d")]) as table:
        assert not table.pairs.active
        table.seed(link("d", seed=True))
        table.put(table.page("d", carried("e", c=1), halves=(table.half("d", 1),)))
        table.settle()
        for name in ("item", "item_half", "item_carry"):
            assert table.rows(f"SELECT * FROM {name}") == []


@pytest.mark.parametrize("first", ["d", "p"])
def test_ten_thousand_carries_meet_one_page(first: str) -> None:
    with Table(rules()) as table:
        table.seed(link("p", seed=True), link("d", seed=True))
        listing = table.page("p", *(carried("d", c=f"text {n}") for n in range(10_000)))
        detail = table.page("d", halves=(table.half("d", 1),))
        table.put(*((detail, listing) if first == "d" else (listing, detail)))
        table.settle()
        assert table.rows("SELECT count(*), count(DISTINCT data) FROM item") == [(10_000, 10_000)]


def test_no_statement_of_the_pairs_scans_a_table_that_grows() -> None:
    with Table(rules()) as table:
        table.seed(link("p", seed=True), link("d", seed=True))
        seen: list[str] = []
        table.db.set_trace_callback(seen.append)
        table.put(table.page("d", halves=(table.half("d", 1),)))
        table.put(table.page("d", halves=(table.half("d", 1),)))
        table.put(table.page("p", carried("d", c=1)))
        with table.change() as change:
            settled = [partial(settle_some, table.pairs, step, 0) for step in range(len(STEPS))]
            assert [settle(change) for settle in settled] == [None, None, None]
        table.db.set_trace_callback(None)
        for statement in {s for s in seen if s.startswith(("SELECT", "UPDATE", "DELETE"))}:
            for *_, step in table.rows(f"EXPLAIN QUERY PLAN {statement}"):
                assert not str(step).startswith(("SCAN item", "SCAN request", "SCAN c")), statement
                assert "TEMP B-TREE" not in str(step), statement
