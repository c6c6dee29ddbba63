"""A small web whose links carry, and the tables that a crawl of it fills."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from scraper.core.extract.join import Joiners
from scraper.core.extract.plan import FieldPlan, ItemPlan, PageRule
from scraper.core.model import Half, Page, PageResult, Request, Response, State
from scraper.store.bodies import Bodies
from scraper.store.evidence import Evidence
from scraper.store.links import Limits, Links
from scraper.store.pairs import Pairs
from scraper.store.settle import STEPS, drop_old, settle_some
from scraper.store.visits import Entry, Visits
from tests.unit.store.tables import Tables, link

ITEMS = (
    "SELECT key, data, hash, before_hash, request_key, position, carry, first_cycle, last_cycle "
    "FROM item ORDER BY key"
)
HISTORY = "SELECT key, data FROM item_history ORDER BY key, id"
PAIRS = "SELECT key, data FROM item WHERE last_cycle = ? ORDER BY key"
OWN = FieldPlan("own", css="b")
C = FieldPlan("c", source="c")
O = FieldPlan("o", source="own")  # noqa: E741
LISTS, DETAILS, PAGES = "pq", "dfe", "pqdfe"


def rules(key: tuple[str, ...] = (), fields: tuple[FieldPlan, ...] = (OWN, C, O)) -> Any:
    item = ItemPlan("t", fields, key=key, reads=("c", "own"))
    return tuple(PageRule(name, items=(item,) if name in DETAILS else ()) for name in PAGES)


class Table(Tables):
    """Tables with the writer's hands, and a config that carries."""

    def __init__(self, pages: Sequence[PageRule]) -> None:
        super().__init__()
        self.pairs = Pairs()
        self.pairs.knows(Joiners(pages))
        self.links = Links(Limits())
        self.bodies = Bodies()
        self.evidence = Evidence()
        self.evidence.knows(pages)
        self.visits = Visits(self.links, Limits(), self.pairs, self.evidence, self.bodies)
        self.run(cycle=1)

    def seed(self, *seeds: Request) -> None:
        with self.change() as change:
            self.links.record_seeds(change, seeds)

    def put(self, *results: PageResult) -> None:
        with self.change() as change:
            self.visits.record(change, [Entry(one, None) for one in results], monotonic=0.0)

    def settle(self) -> None:
        with self.change() as change:
            drop_old(change)
        for step in range(len(STEPS)):
            last: int | None = 0
            while last is not None:
                with self.change() as change:
                    last = settle_some(self.pairs, step, last, change)

    def make_due(self) -> None:
        with self.change() as change:
            self.links.make_due(change, 100)

    def page(self, name: str, *links: Request, halves: tuple[Half, ...] = ()) -> PageResult:
        request = self.request(name)
        answer = Response(request.url, 200, {}, b"")
        page = Page(halves=halves)
        return PageResult(request, status=200, rule=name, page=page, links=links, answer=answer)

    def half(self, name: str, own: object, position: int = 0, **more: Any) -> Half:
        return Half("t", link(name).url, json.dumps({"own": own}), position, **more)

    def found(self) -> list[tuple[Any, ...]]:
        return [
            (str(key).rpartition("/")[2].partition(" ")[0], *json.loads(data).values())  # type: ignore[call-overload]
            for key, data in self.rows(PAIRS, self.tenure.cycle)
        ]


def carried(target: str, half: int | None = None, **carry: object) -> Request:
    return replace(link(target, depth=1), carry=carry, half=half)


@dataclass(frozen=True)
class Web:
    """What the pages are in a cycle."""

    shows: dict[str, list[tuple[str, int]]]  # page -> (target, c)
    own: dict[str, int]
    failed: frozenset[str]
    leads: bool  # d leads to e, and carries on

    def visit(self, table: Table, name: str) -> PageResult:
        request = table.request(name)
        if name in self.failed:
            return PageResult(request, State.FAILED, "http_404")
        links = [carried(target, c=c) for target, c in self.shows.get(name, ())]
        halves: tuple[Half, ...] = ()
        if name in DETAILS:
            halves = (table.half(name, self.own[name]),)
        if name == "d" and self.leads:
            links.append(carried("e", half=0, c=None, own=None))
        return table.page(name, *links, halves=halves)


shown = st.lists(st.tuples(st.sampled_from(DETAILS), st.integers(1, 2)), max_size=3)
webs = st.builds(
    Web,
    st.fixed_dictionaries({"p": shown, "q": shown}),
    st.fixed_dictionaries({name: st.integers(1, 2) for name in DETAILS}),
    st.frozensets(st.sampled_from(PAGES), max_size=2),
    st.booleans(),
)
orders = st.permutations(PAGES)


def play(
    table: Table, cycles: list[tuple[Web, int]], order: Sequence[str], *, size: int, twice: bool
) -> list[Any]:
    """Visit what is due in each cycle in this order; what is found after each cycle."""
    told: list[Any] = []
    table.seed(*(link(name, seed=True, page=name) for name in PAGES))
    for number, (web, due) in enumerate(cycles, 1):
        waiting = live(table, number, web, due, order, size=size, twice=twice)
        told.append((table.rows(ITEMS), table.rows(HISTORY), waiting, table.found()))
    return told


def live(
    table: Table, number: int, web: Web, due: int, order: Sequence[str], *, size: int, twice: bool
) -> list[str]:
    """Visit what is due in a cycle in this order; what that was."""
    if number > 1:
        table.run(cycle=number, due_cycle=max(number - due, 0))
        table.make_due()
    waiting = [name for name in order if table.state(name)[0] == "waiting"]
    for at in range(0, len(waiting), size):
        batch = [web.visit(table, name) for name in waiting[at : at + size]]
        table.put(*batch)
        if twice:
            table.put(*batch)
    for _ in range(1 + twice):
        table.settle()
    return sorted(waiting)
