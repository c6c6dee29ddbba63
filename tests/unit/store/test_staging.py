from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.errors import StoreError
from scraper.core.extract.plan import FieldPlan, ItemPlan, PageRule
from scraper.core.model import Item, Page, PageResult, Reason, Rejected, Response, State
from scraper.store.bodies import Bodies
from scraper.store.books import Books
from scraper.store.evidence import Evidence
from scraper.store.kept import BATCH_BYTES, BATCH_PAGES, batch, find
from scraper.store.links import Limits, Links
from scraper.store.pairs import Pairs
from scraper.store.runs import RunStart
from scraper.store.staging import Staged, Staging, StopError
from scraper.store.visits import Entry, Visits
from tests.unit.store.tables import Tables, link

RULES = (PageRule("book", items=(ItemPlan("book", (FieldPlan("price"),)),)),)
ITEMS = (
    "SELECT key, data, hash, before_hash, request_key, position, first_cycle, last_cycle FROM item "
    "ORDER BY key"
)
TABLES = ("item", "item_history", "visit", "request", "item_page")
REJECTED = (
    "SELECT run_id, request_id, type, field, reason, position, data FROM rejected ORDER BY 2, 6"
)


class Hands:
    """A connection without a thread."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.interrupted = 0

    async def call(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        return work(self.db)

    async def interrupt(self) -> None:
        self.interrupted += 1


class Clock:
    def now(self) -> float:
        return 9000.0

    def monotonic(self) -> float:
        return 0.0


class Shelf(Tables):
    """Tables whose pages are kept, and a reparse of them."""

    def __init__(self, paths: str = "abc") -> None:
        super().__init__()
        self.bodies = Bodies()
        self.bodies.is_on = True
        self.links = Links(Limits())
        evidence = Evidence()
        evidence.knows(RULES)
        self.visits = Visits(self.links, Limits(), Pairs(), evidence, self.bodies)
        self.run(cycle=1)
        with self.change() as change:
            self.links.record_seeds(change, [link(path, seed=True) for path in paths])
        hands: Any = Hands(self.db)
        self.hands = hands
        self.staging = Staging(hands, hands, Books(hands, path=Path("x.db"), clock=Clock()))

    def visit(self, path: str, page: Page, *, reason: str | None = None, kept: bool = True) -> None:
        request = self.request(path)
        state = State.DONE if reason is None else State.FAILED
        answer = Response(request.url, 200, {}, path.encode()) if kept else None
        result = PageResult(
            request, state, reason, status=200, rule="book", page=page, answer=answer
        )
        with self.change() as change:
            self.visits.record(change, [Entry(result, None)], monotonic=0.0)

    async def reparse(self, pages: dict[str, Page | Reason]) -> Any:
        assert await self.staging.begin(1) == len(pages)
        kept = []
        while more := await self.staging.batch(kept[-1].request.id if kept else 0):
            kept += more
        for each in reversed(kept):  # in whatever order workers answer
            given_ = pages[each.request.url[-1]]
            reason = None if isinstance(given_, Page) else given_
            page = given_ if isinstance(given_, Page) else Page()
            await self.staging.put([Staged(each, "book", page, reason)])
        return await self.staging.swap(RunStart("x"), RULES, exit_status=0, stats={})

    def everything(self) -> list[list[tuple[object, ...]]]:
        whole = [self.rows(f"SELECT * FROM {name} ORDER BY 1, 2") for name in TABLES]
        return [*whole, self.rows(REJECTED)]


def books(found: dict[str, int]) -> Page:
    return Page(
        tuple(
            Item("book", key, f'{{"price": {price}}}', n)
            for n, (key, price) in enumerate(found.items())
        )
    )


def with_rejected(found: dict[str, int]) -> Page:
    """The same, but a price of 2 is none."""
    rejected = tuple(
        Rejected("book", "price", "invalid", n, f'{{"price": null, "t": "{key}"}}')
        for n, (key, price) in enumerate(found.items())
        if price == 2
    )
    return replace(books({k: price for k, price in found.items() if price < 2}), rejected=rejected)


found = st.dictionaries(st.sampled_from("xyz"), st.integers(0, 2), max_size=3)
crawls = st.lists(st.fixed_dictionaries(dict.fromkeys("abc", found)), min_size=1, max_size=3)


@given(crawls)
async def test_the_same_rules_change_nothing(cycles):
    with Shelf() as shelf:
        for number, pages in enumerate(cycles, 1):
            shelf.run(cycle=number)
            for path, page in pages.items():
                shelf.visit(path, with_rejected(page))
        before = shelf.everything()
        last = {path: with_rejected(page) for path, page in cycles[-1].items()}
        swapped = await shelf.reparse(last)
        assert shelf.everything() == before
        assert (swapped.new, swapped.changed, swapped.removed) == (0, 0, 0)


Rows = dict[Any, tuple[Any, ...]]
KEYS = {path: link(path).key for path in "abc"}


def winners(today: dict[str, dict[str, int]], cycle: int) -> Rows:
    """What pages give: (data, request key, position, cycle) by key, the smallest place winning."""
    rows: Rows = {}
    for path, page in today.items():
        for position, (key, price) in enumerate(page.items()):
            place = (KEYS[path], position)
            if key not in rows or place < rows[key][1:3]:
                rows[key] = (f'{{"price": {price}}}', *place, cycle)
    return rows


def after_swap(before: Rows, staged: Rows, read: set[bytes], last: int) -> Rows:
    """The items that there must be: those of pages that were not read anew compete."""
    rows = {
        key: (row[1], row[4], row[5], row[7])
        for key, row in before.items()
        if row[4] not in read or row[7] != last
    }
    for key, new in staged.items():
        old = before.get(key)
        if old is None or old[4] in read or (-old[7], *old[4:6]) > (-last, *new[1:3]):
            rows[key] = new
    return rows


def judged(row: tuple[Any, ...]) -> str | bytes:
    """What the site has done to an item in its cycle."""
    if row[3] is None:
        return "new"
    return "unchanged" if row[3] == row[2] else row[3]


@given(crawls, st.fixed_dictionaries(dict.fromkeys("abc", found)), st.sets(st.sampled_from("abc")))
async def test_the_newest_page_wins_and_nothing_gets_lost(cycles, today, unkept):
    kept = [path for path in "abc" if path not in unkept]
    last = len(cycles)
    with Shelf() as shelf:
        for number, pages in enumerate(cycles, 1):
            shelf.run(cycle=number)
            for path, page in pages.items():
                shelf.visit(path, books(page), kept=path in kept)
        before = {row[0]: row for row in shelf.rows(ITEMS)}
        swapped = await shelf.reparse({path: books(today[path]) for path in kept})
        after = {row[0]: row for row in shelf.rows(ITEMS)}
        staged = winners({path: today[path] for path in kept}, last)
        wanted = after_swap(before, staged, {KEYS[path] for path in kept}, last)
        assert {key: (r[1], r[4], r[5], r[7]) for key, r in after.items()} == wanted
        assert swapped.removed == len(before.keys() - after.keys())
        assert swapped.new == len(after.keys() - before.keys())
        current = {(key, row[2]) for key, row in after.items()}
        known = current | set(shelf.rows("SELECT key, hash FROM item_history"))
        assert {(key, row[2]) for key, row in before.items()} <= known
        for key in before.keys() & after.keys():
            went_back = after[key][2] == before[key][3]
            if before[key][7] == after[key][7] and not went_back:
                assert judged(after[key]) == judged(before[key])


async def test_a_swap_is_a_run_of_its_own_in_the_newest_cycle():
    with Shelf("a") as shelf:
        shelf.visit("a", books({"x": 1}))
        shelf.run(cycle=2)
        swapped = await shelf.reparse({"a": books({"x": 2, "y": 1})})
        assert (swapped.run_id, swapped.new, swapped.changed) == (3, 1, 1)
        sql = "SELECT kind, cycle, state, started_at, ended_at, cycle_ended FROM run WHERE id = 3"
        assert shelf.rows(sql) == [("reparse", 2, "done", 9000.0, 9000.0, 0)]
        assert shelf.rows("SELECT key, first_run, changed_run, last_cycle FROM item") == [
            ("x", 1, 3, 1),
            ("y", 3, 3, 1),
        ]
        assert shelf.rows("SELECT key, run FROM item_history") == [("x", 1)]


async def test_what_a_page_is_follows_and_a_later_failure_stays():
    invalid = Page((), (), (Rejected("book", "price", "missing", 0, "{}"),), {"book": {"price": 2}})
    with Shelf("abcd") as shelf:
        shelf.visit("a", Page(), reason=Reason.INVALID_PAGE)
        shelf.visit("b", books({"x": 1}))
        shelf.visit("c", books({"y": 1}))
        shelf.visit("d", books({"z": 1}))
        shelf.run(cycle=2)
        shelf.visit("c", Page(), reason=Reason.TIMEOUT, kept=False)
        shelf.db.execute("UPDATE request SET state = 'waiting', cycle = 2 WHERE url LIKE '%/d'")
        shelf.db.execute("INSERT INTO kept_page SELECT 3, 1, 1, 5, url, 200, '{}', 0, 0, x'' "
                         "FROM request WHERE url LIKE '%/c'")  # fmt: skip
        shelf.db.execute("INSERT INTO kept_body VALUES (3, x'')")
        await shelf.reparse(
            {"a": books({"w": 1}), "b": Reason.INVALID_PAGE, "c": books({"y": 2}), "d": invalid}
        )
        assert [shelf.state(path) for path in "abcd"] == [
            ("done", None),
            ("failed", "invalid_page"),
            ("failed", "timeout"),
            ("waiting", None),
        ]
        assert shelf.rows("SELECT key FROM item ORDER BY 1") == [("w",), ("y",)]
        assert shelf.rows("SELECT run_id, field FROM rejected") == [(1, "price")]
        assert shelf.rows("SELECT invalid FROM visit WHERE rejected") == [
            ('{"book": {"price": 2}}',)
        ]


async def test_another_run_that_takes_over_is_not_written_over():
    with Shelf("a") as shelf:
        shelf.visit("a", books({"x": 1}))
        before = shelf.everything()
        await shelf.staging.begin(1)
        shelf.db.execute("UPDATE lock SET token = token + 1")
        with pytest.raises(StoreError, match="another run has taken over: nothing was changed"):
            await shelf.staging.swap(RunStart("x"), RULES, exit_status=0, stats={})
        assert shelf.everything() == before


async def test_a_swap_that_was_stopped_has_changed_nothing():
    with Shelf("a") as shelf:
        shelf.visit("a", books({"x": 1}))
        before = [*shelf.everything(), shelf.rows("SELECT * FROM run")]
        await shelf.staging.stop()
        with pytest.raises(StopError, match="nothing was changed"):
            await shelf.reparse({"a": books({"x": 2})})
        assert shelf.hands.interrupted == 1
        assert [*shelf.everything(), shelf.rows("SELECT * FROM run")] == before


def test_pages_come_in_batches_of_bounded_size():
    with Shelf("") as shelf:
        names = [f"p{n}" for n in range(2 * BATCH_PAGES)]
        with shelf.change() as change:
            shelf.links.record_seeds(change, [link(name, seed=True) for name in names])
        for name in names:
            shelf.visit(name, Page())
        big = "UPDATE kept_page SET bytes = ? WHERE request_id IN (2, 3)"
        shelf.db.execute(big, (BATCH_BYTES,))
        sizes, last = [], 0
        while pages := batch(shelf.db, last):
            sizes.append(len(pages))
            assert all(page.request.id > last for page in pages)
            last = pages[-1].request.id
        assert sizes == [1, 1, 1, BATCH_PAGES, BATCH_PAGES - 3]


def test_a_kept_page_is_found_by_any_spelling_of_its_url():
    with Shelf("a") as shelf:
        shelf.visit("a", Page())
        for url in ("https://shop.example/a", "HTTPS://SHOP.example:443/%61#part"):
            page = find(shelf.db, url)
            assert page is not None
            assert page.whole() == Response("https://shop.example/a", 200, {}, b"a")
        assert find(shelf.db, "https://shop.example/b") is None
        with pytest.raises(ValueError, match="not a URL"):
            find(shelf.db, "nonsense")
