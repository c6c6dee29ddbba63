"""A commit of many results gives what the same results give one by one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.model import Item, Page, PageResult, Reason, Rejected, Request, State
from scraper.store.visits import Entry
from tests.unit.store.tables import link
from tests.unit.store.test_visits import Table

PATHS = "abcdef"
TABLES = (
    "request",
    "visit",
    "item",
    "item_history",
    "item_page",
    "item_doubt",
    "rejected",
    "host",
    "cycle",
)

paths = st.sampled_from(PATHS)
links = st.builds(
    lambda path, depth, page: link(path, depth=depth, page=page),
    paths,
    st.integers(0, 3),
    st.sampled_from(["old", "new"]),
)
seeds = st.builds(
    lambda path, n: link(path, seed=True, carry={"n": n}, headers=(("X-N", n),) if n else ()),
    paths,
    st.sampled_from(["", "1", "2"]),
)
items = st.builds(
    Item,
    st.sampled_from(["book", "shop"]),
    st.sampled_from("KL"),
    st.sampled_from(["{}", '{"v": 1}', '{"v": 2}']),
    st.integers(0, 1),
)
rejected = st.builds(
    lambda field_, position: Rejected("book", field_, "missing", position, "{}"),
    st.sampled_from("pq"),
    st.integers(0, 1),
)


@dataclass(frozen=True)
class Outcome:
    """A result that has not got its request yet."""

    id: int
    kind: str
    links: tuple[Request, ...] = ()
    items: tuple[Item, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    final: str | None = None
    pause_until: float | None = None

    def of(self, request: Request) -> PageResult:
        base = PageResult(request, pause_until=self.pause_until)
        to = None if self.final is None else link(self.final).url
        match self.kind:
            case "failed":
                return replace(base, state=State.FAILED, reason="http_404", final_url=to)
            case "scope" | "robots_disallowed":
                return replace(base, state=State.SKIPPED, reason=Reason(self.kind))
            case "retry" | "retry now":
                at = 5.0 if self.kind == "retry" else None
                return replace(base, state=State.WAITING, reason="timeout", retry_at=at)
            case "again":
                return replace(base, again=request)
        page = Page(self.items, rejected=self.rejected)
        return replace(
            base, rule="page", page=page, links=self.links, final_url=to, finished_at=1.0
        )


outcomes = st.builds(
    Outcome,
    st.integers(1, 5),
    st.sampled_from(["done"] * 9 + ["failed", "scope", "robots_disallowed", "again"])
    | st.sampled_from(["retry", "retry now"]),
    st.lists(links, max_size=3).map(tuple),
    st.lists(items, max_size=2).map(tuple),
    st.lists(rejected, max_size=2).map(tuple),
    st.none() | paths,
    st.none() | st.integers(1, 3).map(float),
)
visits = st.tuples(st.just("visits"), st.lists(outcomes, min_size=2, max_size=6))
steps = st.lists(
    visits
    | visits
    | st.tuples(st.just("seeds"), st.lists(seeds, max_size=4))
    | st.tuples(st.just("cycle"), st.booleans())
    | st.tuples(st.sampled_from(["run", "forget"]), st.none())
    | st.tuples(st.just("due"), st.integers(1, 9))
    | st.tuples(st.just("sent"), st.integers(1, 5)),
    min_size=1,
    max_size=6,
)


@dataclass
class Play:
    """Plays steps into tables, a number of results or seeds in each commit."""

    table: Table
    size: int
    told: list[int] = field(default_factory=list)
    hosts: list[set[str]] = field(default_factory=list)
    figures: Counter[str] = field(default_factory=Counter)
    new: list[int] = field(default_factory=list)

    def step(self, op: str, value: Any) -> None:
        table = self.table
        match op:
            case "visits":
                self._commits([self._result(outcome) for outcome in value], self._visit)
            case "seeds":
                self.new.append(0)
                self._commits(value, self._seed)
            case "cycle" | "run":
                cycle = table.tenure.cycle
                due = cycle if value else table.tenure.due.cycles[0.0]
                table.run(cycle=cycle + (op == "cycle"), due_cycle=due, transient=("timeout",))
                table.links._depths.clear()
            case "follow":
                table.links._limits.followed = value
            case "forget":
                table.links._depths.clear()
            case "due":
                self._commits([value], lambda c, batch: table.links.make_due(c, *batch))
            case "sent":
                table.db.execute("UPDATE request SET sent_at = 1 WHERE id = ?", (value,))

    def _result(self, outcome: Outcome) -> PageResult:
        """The result of a row as it is before the whole step; of an unknown one too."""
        found = self.table.rows("SELECT url FROM request WHERE id = ?", outcome.id)
        path = str(found[0][0]).rpartition("/")[2] if found else "unknown"
        request = self.table.request(path) if found else replace(link(path), id=outcome.id)
        return outcome.of(request)

    def _commits(self, all_: list[Any], work: Any) -> None:
        hosts: set[str] = set()
        now = self.table.now
        for at in range(0, len(all_), self.size):
            self.table.now = now  # whatever the number of commits
            with self.table.change() as change:
                work(change, all_[at : at + self.size])
            self.told += change.visited
            hosts |= change.hosts
        self.hosts.append(hosts)

    def _visit(self, change: Any, results: list[PageResult]) -> None:
        entries = [Entry(result, None) for result in results]
        self.figures.update(self.table.visits.record(change, entries, monotonic=2.0))

    def _seed(self, change: Any, batch: list[Request]) -> None:
        self.new[-1] += self.table.links.record_seeds(change, batch)

    def outcome(self) -> dict[str, Any]:
        table = self.table
        return {
            **{name: table.rows(f"SELECT * FROM {name} ORDER BY 1") for name in TABLES},
            "ledger": {state: n for state, n in table.counts.items() if n},
            "admitted": table.admitted,
            "told": self.told,
            "hosts": self.hosts,
            "figures": self.figures,
            "new": self.new,
        }


FIRST = [
    ("seeds", [link("a", seed=True), link("b", seed=True)]),
    ("visits", [Outcome(1, "done", tuple(link(path, depth=3, page="old") for path in "cd"))]),
    ("forget", None),
]


def check(steps: list[tuple[str, Any]], size: int = 100, **limits: int | None) -> None:
    """Play steps with commits of one result and with larger ones, and compare."""
    found = []
    for batch in (1, size):
        with Table(**limits) as table:
            play = Play(table, batch)
            for op, value in [*FIRST, *steps]:
                play.step(op, value)
            found.append(play.outcome())
    for name, rows in found[0].items():
        assert found[1][name] == rows, name


@given(
    steps=steps,
    size=st.integers(2, 6),
    max_pages=st.none() | st.integers(3, 6),
    max_depth=st.none() | st.integers(1, 2),
    renamed=st.booleans(),
)
def test_a_batch_gives_what_its_results_give_one_by_one(
    steps: list[tuple[str, Any]],
    size: int,
    max_pages: int | None,
    max_depth: int | None,
    renamed: bool,
) -> None:
    renames = [("follow", frozenset({"new", None}))] if renamed else []
    check([*renames, *steps], size, max_pages=max_pages, max_depth=max_depth)


REJECTED = Rejected("book", "p", "missing", 0, "{}")


def done(id_: int, *links: Request, **more: Any) -> Outcome:
    return Outcome(id_, "done", links, **more)


def book(data: str, position: int = 0) -> Item:
    return Item("book", "K", data, position)


LAWS = {
    "a link to where an earlier result was redirected": [
        ("visits", [done(1, final="x"), done(2, link("x"))]),
    ],
    "a redirect to what an earlier result has found": [
        ("visits", [done(1, link("x")), done(2, final="x")]),
    ],
    "a link to what an earlier result was redirected to in an older cycle": [
        ("visits", [done(3, final="x")]),
        ("cycle", True),
        ("visits", [done(1, link("c", depth=1)), done(2, link("x"))]),
    ],
    "a smaller depth of what is visited before and after": [
        ("visits", [done(3), done(1, link("c", depth=1), link("d", depth=1)), done(4)]),
    ],
    "links to the same new page, nearer and nearer": [
        ("visits", [done(1, link("x", depth=3)), done(2, link("x", depth=1))]),
    ],
    "new links of a page that is visited twice": [
        ("visits", [done(1, link("x")), done(1, link("y"), link("z"))]),
    ],
    "a retry of a row that a redirect has settled, and of one that none has": [
        ("visits", [done(1, final="c"), Outcome(3, "retry"), Outcome(4, "retry")]),
    ],
    "an item that is taken back after it had changed": [
        ("visits", [done(n, items=(book("[]"),)) for n in (1, 2)]),
        ("cycle", True),
        ("visits", [done(n, items=(book("{}"),)) for n in (1, 2)]),
        ("cycle", True),
        ("visits", [done(n, items=(book("[]" if n == 1 else "{}"),)) for n in (1, 2, 1)]),
        ("visits", [done(n, items=(book("[]" if n == 2 else "{}"),)) for n in (1, 2, 1)]),
        ("visits", [done(n, items=(book("[]" if n == 3 else "{}"),)) for n in (4, 3, 1, 2)]),
    ],
    "what was rejected, by the same page and by others": [
        ("visits", [done(n, rejected=(REJECTED,)) for n in (1, 2, 1, 3)]),
        ("run", None),
        ("visits", [done(n, rejected=(REJECTED,) * (n % 3)) for n in (4, 3, 1, 2)]),
    ],
    "two seed lines with one URL, known and new": [
        ("cycle", True),
        ("seeds", [link(path, seed=True, carry={"n": n}) for n in "12" for path in "ax"]),
    ],
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("max_depth", [None, 2])
def test_a_result_sees_what_those_before_it_in_its_batch_have_done(
    law: str, max_depth: int | None
) -> None:
    check(LAWS[law], max_depth=max_depth)
