"""A reparse of pages whose links carry: as a crawl would have joined them, and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from scraper.store.books import Books
from scraper.store.kept import KeptPage
from scraper.store.runs import RunStart
from scraper.store.staged import Staged
from scraper.store.staging import Staging, Swapped
from tests.unit.store.webs import Table, Web, live, orders, play, rules, webs

KEYS = st.sampled_from([(), ("c",), ("own",), ("own", "c")])
CYCLES = st.lists(st.tuples(webs, st.integers(1, 2)), min_size=1, max_size=3)
TABLES = ("item", "item_history", "rejected", "item_half", "item_carry", "item_invalid", "visit")


class Hands:
    """A connection without a thread."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db

    async def call(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        return work(self.db)


class Clock:
    def now(self) -> float:
        return 9000.0

    def monotonic(self) -> float:
        return 0.0


class Shelf(Table):
    """A table whose pages are kept, and a reparse of them."""

    def __init__(self, key: tuple[str, ...] = ()) -> None:
        self.pages = rules(key)
        super().__init__(self.pages)
        self.bodies.is_on = True

    def end(self) -> None:
        self.db.execute("UPDATE cycle SET ended_at = 1")

    async def reparse(self, gives: Callable[[KeptPage], Staged]) -> Swapped:
        hands: Any = Hands(self.db)
        staging = Staging(hands, hands, Books(hands, path=Path("x.db"), clock=Clock()))
        await staging.begin(1)
        kept: list[KeptPage] = []
        while more := await staging.batch(kept[-1].request.id if kept else 0):
            kept += more
        for each in reversed(kept):
            await staging.put([gives(each)])
        return await staging.swap(RunStart("x"), self.pages, exit_status=0, stats={})

    def of(self, cycles: list[tuple[Web, int]]) -> Callable[[KeptPage], Staged]:
        """What each kept page gives: as in the cycle that read it."""

        def gives(kept: KeptPage) -> Staged:
            web, _ = cycles[kept.cycle - 1]
            result = web.visit(self, kept.request.url.rpartition("/")[2])
            carrying = tuple(link for link in result.links if link.carry)
            return Staged(kept, result.rule, result.page, links=carrying)

        return gives

    def everything(self) -> list[Any]:
        return [self.rows(f"SELECT * FROM {name} ORDER BY 1, 2, 3") for name in TABLES]


def otherwise(web: Web) -> Web:
    """What the same pages give by other selectors."""
    shows = {name: [(target, c + 10) for target, c in one] for name, one in web.shows.items()}
    return replace(web, shows=shows, own={name: own + 10 for name, own in web.own.items()})


def plain(cycles: list[tuple[Web, int]]) -> list[tuple[Web, int]]:
    return [(replace(web, leads=False), due) for web, due in cycles]


@settings(max_examples=80, deadline=None)
@given(CYCLES, orders, KEYS)
async def test_the_same_config_changes_nothing(cycles, order, key) -> None:
    cycles = cycles if len(cycles) == 1 else plain(cycles)
    with Shelf(key) as shelf:
        play(shelf, cycles, order, size=2, twice=False)
        shelf.end()
        before = shelf.everything()
        swapped = await shelf.reparse(shelf.of(cycles))
        assert shelf.everything() == before
        assert (swapped.new, swapped.changed, swapped.removed) == (0, 0, 0)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(webs, st.integers(1, 2)), min_size=2, max_size=3), orders, KEYS)
async def test_another_config_gives_what_a_crawl_by_it_would_have_given(cycles, order, key) -> None:
    *cycles, (web, due) = [(otherwise(web), due) for web, due in plain(cycles)]
    with Shelf(key) as shelf, Shelf(key) as fresh:
        play(shelf, [(otherwise(web), due) for web, due in cycles], order, size=2, twice=False)
        play(fresh, cycles, order, size=2, twice=False)
        shelf.end()
        await shelf.reparse(shelf.of(cycles))
        assert shelf.found() == fresh.found()
        for table in (shelf, fresh):  # and the next crawl goes on as it would have
            live(table, len(cycles) + 1, web, due, order, size=2, twice=False)
        assert shelf.found() == fresh.found()


@settings(max_examples=80, deadline=None)
@given(webs, orders, KEYS)
async def test_what_is_carried_on_follows_too(web, order, key) -> None:
    with Shelf(key) as shelf, Shelf(key) as fresh:
        play(shelf, [(web, 1)], order, size=2, twice=False)
        play(fresh, [(otherwise(web), 1)], order, size=2, twice=False)
        shelf.end()
        await shelf.reparse(shelf.of([(otherwise(web), 1)]))
        assert shelf.found() == fresh.found()
