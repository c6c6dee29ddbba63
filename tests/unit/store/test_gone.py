"""Gone is what the evidence says, never what a failure or a page that was not read leaves open."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from scraper.core.extract.join import Joiners
from scraper.core.extract.plan import FieldPlan, FollowPlan, ItemPlan, PageRule
from scraper.core.gone import Going
from scraper.core.model import Half, Item, Page, PageResult, Reading, Rejected, Request, State
from scraper.core.plan import GonePlan
from scraper.store.counts import read_groups
from scraper.store.cycles import Group
from scraper.store.evidence import Evidence
from scraper.store.gone import count_missing, gather, mark, unsought
from scraper.store.links import Limits, Links
from scraper.store.pairs import Pairs
from scraper.store.settle import STEPS, drop_old, settle_some
from scraper.store.visits import Entry, Visits
from tests.unit.store.tables import Tables, link

PAGES = "abcd"
BOOK = ItemPlan("book", (FieldPlan("n"), FieldPlan("p", required=True)), key=("n",))
RULE = PageRule("page", items=(BOOK,))
ALL = GonePlan(2, 1.0)


class Table(Tables):
    """Tables with the writer's hands, and the end of a cycle."""

    def __init__(self, *rules: PageRule) -> None:
        super().__init__()
        self.links, self.pairs, self.evidence = Links(Limits()), Pairs(), Evidence()
        self.knows(*(rules or (RULE,)))
        self.visits = Visits(self.links, Limits(), self.pairs, self.evidence)
        self.run(cycle=1)

    def knows(self, *rules: PageRule) -> None:
        self.pairs.knows(Joiners(rules))
        self.evidence.knows(rules)

    def seed(self, *paths: str) -> None:
        with self.change() as change:
            self.links.record_seeds(change, [link(path, seed=True) for path in paths])

    def put(self, *results: PageResult) -> None:
        with self.change() as change:
            self.visits.record(change, [Entry(one, None) for one in results], monotonic=0.0)

    def shows(self, path: str, *keys: str, links: tuple[Request, ...] = (), **more: object) -> None:
        items = tuple(Item("book", key, f'{{"n": "{key}"}}', n) for n, key in enumerate(keys))
        page = Page(items, **more)  # type: ignore[arg-type]
        self.put(PageResult(self.request(path), status=200, rule="page", page=page, links=links))

    def fails(self, path: str, reason: str = "http_404") -> None:
        self.put(PageResult(self.request(path), State.FAILED, reason))

    def next_cycle(self, *paths: str) -> None:
        """Begin one in which all is due; or these alone."""
        cycle = self.tenure.cycle + 1
        self.links = Links(Limits())
        self.visits = Visits(self.links, Limits(), self.pairs, self.evidence)
        self.run(cycle=cycle, due_cycle=0 if paths else cycle - 1)
        for path in paths:
            self.db.execute(
                "UPDATE request SET state = 'waiting', reason = NULL, cycle = ? WHERE key = ?",
                (cycle, link(path).key),
            )
        with self.change() as change:
            self.links.make_due(change, 1000)

    def end(self, plan: GonePlan = ALL, *, mark_it: bool = True) -> list[Going]:
        """End the cycle; without the marks, as a process that dies before them."""
        with self.change() as change:
            count_missing(change, plan)
            if self.pairs.active:
                drop_old(change)
        for step in range(len(STEPS)):
            last: int | None = 0
            while last is not None:
                with self.change() as change:
                    last = settle_some(self.pairs, step, last, change)
        with self.change() as change:
            gather(change, plan)
        if not mark_it:
            return []
        with self.change() as change:
            return mark(change, plan, self.evidence)

    @property
    def live(self) -> list[str]:
        rows = self.rows("SELECT key FROM item WHERE gone_run IS NULL ORDER BY key")
        return [str(key) for (key,) in rows]

    @property
    def gone_pages(self) -> list[str]:
        rows = self.rows(
            "SELECT url FROM request_missing JOIN request ON id = request_id "
            "WHERE gone_run IS NOT NULL ORDER BY url"
        )
        return [str(url)[-1] for (url,) in rows]


ITEMS = st.frozensets(st.sampled_from("123456"), max_size=4)
OTHERS = st.lists(st.sampled_from("123456xxyz"), max_size=3)  # x, y and z: advertisements
FATES = st.one_of(
    st.tuples(st.just("read"), ITEMS, st.just([])),
    st.tuples(st.just("read"), ITEMS, OTHERS),
    st.tuples(st.sampled_from(["http_404", "http_410", "timeout", "http_500", "304", "rest"])),
)
CYCLES = st.lists(st.fixed_dictionaries(dict.fromkeys(PAGES, FATES)), min_size=1, max_size=6)


@dataclass
class Truth:
    """What the evidence says, from the pages' fates alone."""

    shown: dict[str, set[str]] = field(default_factory=lambda: {page: set() for page in PAGES})
    beside: dict[str, Counter[str]] = field(
        default_factory=lambda: {page: Counter() for page in PAGES}
    )
    missing: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PAGES, 0))
    ever: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)

    def cycle(self, fates: dict[str, tuple]) -> None:
        seen: set[str] = set()
        for page, (what, *found) in fates.items():
            if what == "read":
                self.read(page, *found)
                seen |= found[0]
            if what in {"read", "304"}:
                self.missing[page] = 0
            if what in {"http_404", "http_410"}:
                self.missing[page] += 1
            if self.missing[page] >= ALL.after:
                self.shown[page] = set()
        self.ever |= seen
        live = seen.union(*self.shown.values())
        self.gone = (self.gone | (self.ever - live)) - seen

    def read(self, page: str, items: frozenset[str], others: list[str]) -> None:
        """Even numbers are rejected with their key, all else without one."""
        new = Counter(others) - self.beside[page]
        absent = self.shown[page] - items
        nameless = {other for other in new if other not in "246"}
        held = absent if nameless else absent & set(new)
        self.shown[page] = items | held
        self.beside[page] = Counter(others) & self.beside[page] if held else Counter(others)


@given(CYCLES, st.booleans(), st.sampled_from(["abcd", "dcba", "cadb"]))
def test_an_item_is_gone_when_the_pages_that_showed_it_were_read_and_do_not(
    cycles: list[dict[str, tuple]], dies: bool, order: str
) -> None:
    truth = Truth()
    with Table() as table:
        table.seed(*PAGES)
        for number, fates in enumerate(cycles):
            if number:
                table.next_cycle(*(page for page in PAGES if fates[page][0] != "rest"))
            for page in order:
                _visit(table, page, *fates[page])
            if dies:
                table.end(mark_it=False)
            assert table.end() == []
            assert table.end() == []  # twice changes nothing
            truth.cycle(fates)
            gone = table.rows("SELECT key FROM item WHERE gone_run IS NOT NULL ORDER BY key")
            assert [key for (key,) in gone] == sorted(truth.gone)
            missing = {page for page, times in truth.missing.items() if times >= ALL.after}
            assert set(table.gone_pages) == missing


def _visit(
    table: Table, page: str, what: str, items: frozenset[str] = frozenset(), others: object = ()
) -> None:
    if what == "read":
        table.shows(page, *sorted(items), rejected=tuple(map(rejected, others)))  # type: ignore[call-overload]
    elif what == "304":
        table.put(PageResult(table.request(page), status=304))
    elif what != "rest":
        table.fails(page, what)


def rejected(name: str) -> Rejected:
    """An element that is no item: with its key, or with another value to know it by."""
    field, found = ("p", {"n": name}) if name in "246" else ("n", {"n": None, "t": name})
    return Rejected("book", field, "missing", 9, json.dumps(found))


def test_what_is_on_the_page_but_rejected_is_not_gone_whatever_stands_beside_it() -> None:
    with Table() as table:
        table.seed("a")
        table.shows("a", "1", "2", "3", rejected=(rejected("x"),))
        table.end()
        for others, live in (("x1", "123"), ("x1", "123"), ("x", "2")):
            table.next_cycle()
            table.shows("a", "2", rejected=tuple(map(rejected, others)))
            table.end()
            assert table.live == list(live)


def test_more_than_may_go_at_once_is_told_and_nothing_is_marked_until_it_may() -> None:
    keys = [f"{n:02}" for n in range(20)]
    with Table() as table:
        table.seed("a", "b")
        table.shows("a", *keys)
        table.fails("b")
        assert table.end(GonePlan()) == []
        table.next_cycle()
        table.shows("a", *keys[:17])
        table.fails("b")
        (going,) = table.end(GonePlan())
        assert (going.type, going.gone, going.live) == ("book", 3, 20)
        assert going.examples == (link("a").url,)
        assert table.live == keys
        assert table.gone_pages == []
        table.next_cycle("b")
        table.fails("b", "timeout")
        assert table.end(GonePlan(2, 0.15)) == []
        assert table.live == keys[:17]
        assert table.gone_pages == ["b"]


def test_an_item_without_a_key_may_change_and_only_what_is_not_replaced_is_lost() -> None:
    plan = GonePlan()
    rule = PageRule("page", items=(ItemPlan("book", (FieldPlan("n"),), each="li"),))
    with Table(rule) as table:
        table.seed("a")
        table.shows("a", *"123456")
        table.end(plan)
        table.next_cycle()
        table.shows("a", *"abcdef")
        assert table.end(plan) == []
        assert table.live == list("abcdef")
        table.next_cycle()
        table.shows("a", *"ghi")
        (going,) = table.end(plan)
        assert (going.gone, going.lost) == (6, 3)
        assert table.live == list("abcdefghi")


def test_what_is_gone_and_back_again_is_new_and_its_history_says_when_it_went() -> None:
    with Table() as table:
        table.seed("a")
        table.shows("a", "x", "y")
        table.end()
        table.next_cycle()
        table.shows("a", "y")
        table.end()
        assert table.live == ["y"]
        table.next_cycle()
        table.shows("a", "x", "y")
        table.end()
        assert table.live == ["x", "y"]
        (new,) = table.rows(
            "SELECT first_run, changed_run, first_cycle, before_hash FROM item WHERE key = 'x'"
        )
        assert new == (3, 3, 3, None)
        assert table.rows("SELECT key, run, gone_run FROM item_history") == [("x", 1, 2)]


def test_a_type_that_the_config_does_not_look_for_any_more_is_left_alone() -> None:
    other = PageRule("page", items=(ItemPlan("other", (FieldPlan("n"),)),))
    with Table() as table:
        table.seed("a")
        table.shows("a", "x")
        table.end()
        for rule in (other, PageRule("page"), other):
            table.knows(rule)
            table.next_cycle()
            table.shows("a")
            assert table.end(GonePlan()) == []
            assert unsought(table.db, table.evidence) == {"book": 1}
        assert table.live == ["x"]
        table.knows(RULE)
        table.next_cycle()
        table.shows("a")
        table.end()
        assert table.live == []


def test_a_page_that_is_gone_is_due_again_only_where_a_seed_or_a_link_leads_to_it() -> None:
    with Table() as table:
        table.seed("a", "s")
        table.shows("a", "1", links=(link("b", depth=1), link("c", depth=1)))
        table.shows("c", links=(link("b", depth=1),))
        for cycle in (1, 2):
            if cycle > 1:
                table.next_cycle()
                table.shows("a", "1")
                table.shows("c")
            table.fails("b")
            table.fails("s")
            table.end()
        assert table.gone_pages == ["b", "s"]
        table.run(cycle=3, due_cycle=2)
        table.seed("a", "s")
        with table.change() as change:
            table.links.make_due(change, 1000)
        assert table.state("s") == ("waiting", None)
        assert table.state("b") == ("failed", "http_404")
        table.links._depths.clear()
        table.shows("a", "1", links=(link("b", depth=1),))
        assert table.state("b") == ("waiting", None)
        table.shows("b", "2")
        table.end()
        assert table.gone_pages == ["s"]
        assert table.live == ["1", "2"]


def test_a_page_that_is_gone_makes_no_cycle_due_unless_it_is_a_seed() -> None:
    with Table() as table:
        table.seed("a", "s")
        for path in "as":
            table.fails(path)
        table.end(GonePlan(1, 1.0))
        table.db.execute("UPDATE request SET seed = 0 WHERE key = ?", (link("a").key,))
        assert read_groups(table.db, 1) == [
            Group("failed", "http_404", 1, 1, 1, 0),
            Group("failed", "http_404", 1, 1, 1, 1),
        ]
        assert [group.is_visited_again for group in read_groups(table.db, 1)] == [True, False]


def test_a_seed_of_old_that_is_gone_is_a_seed_no_more() -> None:
    """Else it would make a cycle due for ever, and never be visited."""
    with Table() as table:
        table.seed("a", "s")
        for path in "as":
            table.fails(path)
        table.end(GonePlan(1, 1.0))
        table.next_cycle()
        assert table.rows("SELECT seed FROM request") == [(0,), (0,)]


def test_what_the_page_showed_that_answers_now_is_judged_by_what_it_shows() -> None:
    with Table() as table:
        table.seed("a", "b")
        table.shows("a", "x")
        table.shows("b", "x", "y")
        table.end()
        table.next_cycle()
        items = (Item("book", "x", '{"n": "x"}', 0),)
        there = link("b").url
        moved = PageResult(table.request("a"), rule="page", page=Page(items), final_url=there)
        table.put(replace(moved, status=200))
        assert table.state("b") == ("done", None)
        table.end()
        assert table.live == ["x"]


PAIR = ItemPlan("t", (FieldPlan("c", source="c"),), reads=("c",))
LISTS = PageRule("list", follow=(FollowPlan("a", carry=("c",)),))
CARRYING = (LISTS, PageRule("detail", items=(PAIR,)))


class Carrying(Table):
    """Listings `p` and `q` that carry to the page `d`."""

    def __init__(self) -> None:
        super().__init__(*CARRYING)
        self.seed("p", "q", "d")

    def lists(self, path: str, *carried: str) -> None:
        links = tuple(replace(link("d", depth=1), carry={"c": one}) for one in carried)
        self.put(PageResult(self.request(path), status=200, rule="list", links=links))

    def detail(self) -> None:
        page = Page(halves=(Half("t", "d", "{}", 0),))
        self.put(PageResult(self.request("d"), status=200, rule="detail", page=page))

    @property
    def carried(self) -> list[str]:
        rows = self.rows("SELECT data FROM item WHERE gone_run IS NULL")
        return sorted(json.loads(str(data))["c"] for (data,) in rows)


def test_a_carry_of_a_listing_that_is_gone_counts_no_more() -> None:
    with Carrying() as table:
        table.lists("p", "1", "2")
        table.lists("q", "2", "3")
        table.detail()
        table.end()
        assert table.carried == ["1", "2", "3"]
        table.next_cycle("p", "d")
        table.fails("p")
        table.detail()
        table.end()
        assert table.carried == ["1", "2", "3"]
        table.next_cycle("p")
        table.fails("p", "timeout")
        table.end()
        assert table.carried == ["1", "2", "3"]
        table.next_cycle("p", "d")
        table.fails("p", "http_410")
        table.detail()
        table.end()
        assert table.carried == ["2", "3"]


def test_a_carry_that_its_listing_shows_no_more_counts_no_more_whether_the_page_is_due_or_not() -> (
    None
):
    for due in (("p",), ("p", "d")):
        with Carrying() as table:
            table.lists("p", "1", "2")
            table.lists("q", "2")
            table.detail()
            table.end()
            table.next_cycle(*due)
            table.lists("p")
            if "d" in due:
                table.detail()
            table.end()
            assert table.carried == ["2"]


def test_items_of_pairs_go_with_their_page() -> None:
    with Carrying() as table:
        table.lists("p", "1")
        table.lists("q", "2")
        table.detail()
        table.end()
        for _ in range(2):
            table.next_cycle("d")
            table.fails("d")
            table.end()
        assert table.carried == []
        table.next_cycle("d")
        table.detail()
        table.end()
        assert table.carried == ["1", "2"]


def test_where_pages_may_be_unchanged_a_page_that_is_gone_is_asked_for_ever_more_seldom() -> None:
    """Nothing is said of the links of a page that is not read."""
    with Table() as table:
        table.seed("a")
        read = Reading(b"", b"", '"1"')
        request = table.request("a")
        table.put(PageResult(request, status=200, links=(link("b", depth=1),), reading=read))
        table.shows("b")
        asked = []
        for cycle in range(2, 19):
            table.next_cycle()
            table.put(replace(PageResult(table.request("a")), reading=replace(read, content=None)))
            if table.state("b")[0] == "waiting":
                asked.append(cycle)
                table.fails("b")
            table.end(GonePlan(1, 1.0))
        assert asked[:4] == [2, 3, 4, 6]
        assert len(asked) == 5  # the clock of these tables is no exact one
