"""A reparse of pages whose links carry: as a crawl would have joined them, and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from scraper.core.plan import GonePlan
from scraper.store.books import Books
from scraper.store.gone import gather
from scraper.store.kept import KeptPage
from scraper.store.runs import RunStart
from scraper.store.staged import Staged
from scraper.store.staging import Staging, Swapped
from tests.unit.store.webs import Table, Web, live, orders, play, rules, webs

KEYS = st.sampled_from([(), ("c",), ("own",), ("own", "c")])
CYCLES = st.lists(st.tuples(webs, st.integers(1, 2)), min_size=1, max_size=3)
TABLES = (
    *("item", "item_history", "rejected", "item_half", "item_carry", "item_invalid", "visit"),
    *("item_page", "item_pair", "item_doubt"),
)
HELD = (
    "SELECT key, data FROM item WHERE last_cycle = ? "
    "OR id NOT IN (SELECT item_id FROM item_doubt) ORDER BY key"
)
SHOWN_BY = (
    "EXISTS (SELECT 1 FROM item_pair AS pair "
    "WHERE item_id = item.id AND pair.request_id {} item.request_id)"
)
NO_LINKS = Web({"p": [], "q": []}, dict.fromkeys("dfe", 1), frozenset(), leads=False)
TO_D = replace(NO_LINKS, shows={"p": [], "q": [("d", 1)]})


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
        with self.change() as change:
            gather(change, GonePlan())
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

    def moving(self) -> set[Any]:
        """The keys of items that other pages show, and not that one any more which won them."""
        return set(self.rows(f"SELECT key FROM item WHERE NOT {SHOWN_BY.format('=')}")) & set(
            self.rows(f"SELECT key FROM item WHERE {SHOWN_BY.format('<>')}")
        )

    def held(self) -> list[Any]:
        """What is not gone, with what was not seen in this cycle."""
        return self.rows(HELD, self.tenure.cycle)

    def everything(self, *, but: set[Any]) -> list[Any]:
        found = [self.rows(f"SELECT * FROM {name}") for name in TABLES]
        return [sorted((row for row in rows if row[2:3] not in but), key=repr) for rows in found]


def otherwise(web: Web) -> Web:
    """What the same pages give by other selectors."""
    shows = {name: [(target, c + 10) for target, c in one] for name, one in web.shows.items()}
    return replace(web, shows=shows, own={name: own + 10 for name, own in web.own.items()})


def plain(cycles: list[tuple[Web, int]]) -> list[tuple[Web, int]]:
    return [(replace(web, leads=False), due) for web, due in cycles]


@given(CYCLES, orders, KEYS)
@example(  # what the page had met is carried no more, and it has an older item of its own
    [(NO_LINKS, 1), (TO_D, 1), (replace(NO_LINKS, failed=frozenset("pd")), 1)], "pqdfe", ()
)
async def test_the_same_config_changes_nothing(cycles, order, key) -> None:
    cycles = cycles if len(cycles) == 1 else plain(cycles)
    with Shelf(key) as shelf:
        play(shelf, cycles, order, size=2, twice=False)
        shelf.end()
        moving = shelf.moving()
        before = shelf.everything(but=moving)
        swapped = await shelf.reparse(shelf.of(cycles))
        assert shelf.everything(but=moving) == before
        assert (swapped.new, swapped.changed and not moving, swapped.removed) == (0, 0, 0)


@given(st.lists(st.tuples(webs, st.integers(1, 2)), min_size=2, max_size=3), orders, KEYS)
async def test_another_config_gives_what_a_crawl_by_it_would_have_given(cycles, order, key) -> None:
    *cycles, (web, due) = [(otherwise(web), due) for web, due in plain(cycles)]
    whole = not any(web.failed for web, _ in cycles)  # else some is left to the crawl
    with Shelf(key) as shelf, Shelf(key) as fresh:
        play(shelf, [(otherwise(web), due) for web, due in cycles], order, size=2, twice=False)
        play(fresh, cycles, order, size=2, twice=False)
        shelf.end()
        fresh.end()
        await shelf.reparse(shelf.of(cycles))
        assert shelf.found() == fresh.found()
        if whole:
            assert shelf.held() == fresh.held()
        for table in (shelf, fresh):  # and the next crawl goes on as it would have
            live(table, len(cycles) + 1, web, due, order, size=2, twice=False)
            table.end()
        assert shelf.found() == fresh.found()
        if whole:
            assert shelf.held() == fresh.held()


@given(webs, orders, KEYS)
async def test_what_is_carried_on_follows_too(web, order, key) -> None:
    with Shelf(key) as shelf, Shelf(key) as fresh:
        play(shelf, [(web, 1)], order, size=2, twice=False)
        play(fresh, [(otherwise(web), 1)], order, size=2, twice=False)
        shelf.end()
        await shelf.reparse(shelf.of([(otherwise(web), 1)]))
        assert shelf.found() == fresh.found()
