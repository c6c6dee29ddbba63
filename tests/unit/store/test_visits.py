from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.extract.plan import ItemPlan, PageRule
from scraper.core.model import Hop, PageResult, Reason, Request, State
from scraper.core.route import Router
from scraper.store.evidence import Evidence
from scraper.store.links import Limits, Links
from scraper.store.pairs import Pairs
from scraper.store.rows import COLUMNS, request_of
from scraper.store.visits import Entry, Visits
from tests.unit.store.tables import Tables, link

PATHS = "abcdef"


class Table(Tables):
    """Tables with the writer's hands."""

    def __init__(self, *, max_pages: int | None = None, max_depth: int | None = None) -> None:
        super().__init__()
        limits = Limits(max_pages, max_depth)
        self.limits = limits
        self.links = Links(limits)
        self.visits = Visits(self.links, limits, Pairs(), evidence := Evidence())
        evidence.knows([PageRule("page", items=(ItemPlan("book", ()), ItemPlan("shop", ())))])
        self.run(cycle=1)

    def seed(self, *seeds: Request) -> int:
        with self.change() as change:
            return self.links.record_seeds(change, seeds)

    def put(self, result: PageResult) -> Counter[str]:
        with self.change() as change:
            return self.visits.record(change, [Entry(result, None)], monotonic=0.0)

    def due(self, limit: int = 100) -> bool:
        with self.change() as change:
            return self.links.make_due(change, limit)

    def redirected(self, path: str, *, to: str = "away") -> Request:
        """The request, one hop further."""
        request = self.request(path)
        again = replace(request, hop=Hop(link(to).url, "GET", (request.url,)))
        self.put(PageResult(request, again=again))
        assert self.request(path) == again
        return again

    def sent(self, path: str) -> None:
        self.db.execute("UPDATE request SET sent_at = 1 WHERE key = ?", (link(path).key,))

    def done(self, path: str, *links: Request, **more: object) -> Counter[str]:
        return self.put(PageResult(self.request(path), links=links, **more))  # type: ignore[arg-type]


def seeded(*paths: str, **limits: int | None) -> Table:
    table = Table(**limits)
    table.seed(*(link(path, seed=True) for path in paths))
    return table


ops = st.one_of(
    st.tuples(st.just("seed"), st.sampled_from(PATHS)),
    st.tuples(
        st.just("visit"),
        st.integers(0, 5),
        st.sampled_from(["done", "failed", "skipped", "retry", "again"]),
        st.lists(st.tuples(st.sampled_from(PATHS), st.integers(0, 3)), max_size=3),
        st.none() | st.sampled_from(PATHS),
    ),
    st.tuples(st.just("cycle"), st.booleans()),
    st.tuples(st.just("due"), st.integers(1, 4)),
)


def results(
    request: Request, outcome: str, links: tuple[Request, ...], final: str | None
) -> PageResult:
    to = None if final is None else link(final).url
    return {
        "done": PageResult(request, links=links, final_url=to),
        "failed": PageResult(request, State.FAILED, "http_404", final_url=to),
        "skipped": PageResult(request, State.SKIPPED, Reason.DEPTH),
        "retry": PageResult(request, State.WAITING, "timeout", retry_at=5.0),
        "again": PageResult(request, again=request),
    }[outcome]


def step(table: Table, op: tuple[object, ...], held: list[Request]) -> None:
    match op:
        case ("seed", str(path)):
            table.seed(link(path, seed=True))
        case ("visit", int(at), str(outcome), list(found), final) if held:
            request = held[at % len(held)]
            links = tuple(link(path, depth=depth) for path, depth in found)
            table.put(results(request, outcome, links, final))  # type: ignore[arg-type]
        case ("cycle", bool(again)):
            table.run(cycle=table.tenure.cycle + 1, due_cycle=table.tenure.cycle * again)
        case ("due", int(limit)):
            table.due(limit)


@given(st.lists(ops, max_size=12), st.none() | st.integers(1, 4), st.none() | st.integers(1, 2))
def test_every_request_is_in_exactly_one_state_whatever_happens(
    steps: list[tuple[object, ...]], max_pages: int | None, max_depth: int | None
) -> None:
    """The ledger moves with the rows, and so does the count for max_pages."""
    with Table(max_pages=max_pages, max_depth=max_depth) as table:
        for op in steps:
            held = [
                table.request(path)
                for path in PATHS
                if table.rows("SELECT 1 FROM request WHERE key = ?", link(path).key)
            ]
            step(table, op, held)
            rows = dict(table.rows("SELECT state, count(*) FROM request GROUP BY state"))
            assert rows == {state: n for state, n in table.counts.items() if n}
            (counted,) = table.rows(
                "SELECT count(*) FROM request WHERE cycle = ? AND reason IS NOT 'max_pages'",
                table.tenure.cycle,
            )[0]
            assert table.admitted == counted


def test_max_pages_bounds_what_counts_as_visited_too() -> None:
    with seeded("a", max_pages=1) as table:
        table.done("a", link("b", depth=1))
        table.run(cycle=2, due_cycle=1)
        table.seed(link("a", seed=True))
        table.done("a", final_url=link("b").url)
        table.due()
        assert table.rows("SELECT reason FROM request ORDER BY id") == [(None,), ("max_pages",)]


def test_a_link_met_again_changes_nothing() -> None:
    with seeded("a") as table:
        table.done("a", link("b", depth=1), link("b", depth=1), link("a", depth=1))
        assert table.rows("SELECT depth FROM request ORDER BY id") == [(0,), (1,)]
        assert table.rows("SELECT links_new FROM visit") == [(1,)]


def test_of_two_paths_the_smaller_depth_counts() -> None:
    with seeded("a") as table:
        table.done("a", link("b", depth=3))
        table.done("b", link("c", depth=4))
        table.done("a", link("c", depth=1), link("b", depth=1))
        assert table.request("c").depth == 1
        assert table.request("b").depth == 1
        assert table.state("b") == ("done", None)


def test_with_a_limit_a_page_is_visited_again_from_a_smaller_depth() -> None:
    with seeded("a", max_depth=3) as table:
        table.done("a", link("b", depth=3))
        table.done("b")
        table.done("a", link("b", depth=1))
        assert table.state("b") == ("waiting", None)
        assert table.hosts == {"shop.example:443"}
        assert table.request("b").depth == 1


def test_with_a_limit_a_page_whose_depth_fell_while_open_is_visited_again() -> None:
    with seeded("a", max_depth=3) as table:
        table.done("a", link("b", depth=3))
        open_ = table.request("b")
        table.done("a", link("b", depth=1))
        table.put(PageResult(open_))
        assert table.state("b") == ("waiting", None)
        table.done("b")
        assert table.state("b") == ("done", None)


def test_what_a_seed_names_is_in_scope_again() -> None:
    with seeded("a") as table:
        for reason in (Reason.SCOPE, Reason.DEPTH):
            table.put(PageResult(table.request("a"), State.SKIPPED, reason))
            table.seed(link("a", seed=True))
            assert table.state("a") == ("waiting", None)
        table.put(PageResult(table.request("a"), State.SKIPPED, Reason.ROBOTS_DISALLOWED))
        table.seed(link("a", seed=True))
        assert table.state("a") == ("skipped", "robots_disallowed")


@pytest.mark.parametrize("reason", [Reason.SCOPE, Reason.DEPTH])
def test_what_was_out_of_scope_is_judged_anew_when_a_later_cycle_links_to_it(
    reason: Reason,
) -> None:
    with seeded("a") as table:
        table.done("a", link("b", depth=1))
        table.put(PageResult(table.request("b"), State.SKIPPED, reason))
        table.done("a", link("b", depth=1))
        assert table.state("b") == ("skipped", reason)  # in this cycle it was judged
        table.run(cycle=2, due_cycle=1)
        table.links = Links(Limits())  # a new process
        table.visits = Visits(table.links, Limits(), Pairs(), Evidence())
        table.due()
        assert table.state("b") == ("skipped", reason)
        table.done("a", link("b", depth=1))
        assert table.state("b") == ("waiting", None)


def test_a_link_gives_its_page_to_a_row_whose_page_the_config_no_longer_gives() -> None:
    with seeded("a", "s") as table:
        table.links._limits.followed = frozenset({"old", "other"})
        table.done("a", link("b", depth=1, page="old"), link("c", depth=1, page="old"))
        table.done("b")
        table.done("c")
        table.run(cycle=2, due_cycle=1)
        table.links._depths.clear()  # a new process
        table.due()
        table.done("a", link("b", depth=1, page="other"))
        assert table.request("b").page == "old"  # of two that it gives the first stays
        table.links._limits.followed = frozenset({"new"})
        table.links._depths.clear()
        table.done("c")
        open_ = table.request("b")
        table.done("s", link("b", depth=1, page="new"), link("c", depth=1, page="new"))
        assert [table.request(path).page for path in "bc"] == ["new", "new"]
        assert table.state("c") == ("waiting", None)  # it was visited as the old page
        table.put(PageResult(open_))
        assert table.state("b") == ("waiting", None)  # so was this one
        table.done("b")
        table.done("c")
        assert table.counts == {"waiting": 0, "done": 4}


def test_a_seed_that_the_list_no_longer_has_is_a_page_like_others() -> None:
    with seeded("a", "b") as table:
        table.done("a")
        table.done("b")
        table.run(cycle=2, due_cycle=1)
        table.seed(link("a", seed=True))
        table.due()
        assert (table.request("a").seed, table.request("b").seed) == (True, False)
        assert table.state("b") == ("waiting", None)


def test_a_link_that_becomes_a_seed_takes_the_seeds_page_and_columns() -> None:
    with seeded("a") as table:
        table.done("a", link("b", depth=2))
        table.seed(link("b", seed=True, page="book", carry={"n": "1"}))
        row = table.request("b")
        assert (row.seed, row.depth, row.page, row.carry) == (True, 0, "book", {"n": "1"})


@pytest.mark.parametrize("cycle", [1, 2])
def test_of_two_seed_lines_with_one_url_the_first_counts_in_every_cycle(cycle: int) -> None:
    with seeded("a") as table:
        table.done("a")
        if cycle == 2:
            table.run(cycle=2, due_cycle=1)
        table.seed(link("b", seed=True, carry={"n": "1"}), link("b", seed=True, carry={"n": "2"}))
        table.seed(link("a", seed=True, carry={"n": "1"}), link("a", seed=True, carry={"n": "2"}))
        assert table.request("b").carry == {"n": "1"}
        assert table.request("a").carry == ({"n": "1"} if cycle == 2 else {})


def test_a_page_that_redirects_counts_its_target_as_visited() -> None:
    with seeded("a", "b") as table:
        table.done("a", final_url=link("b").url)
        assert table.state("b") == ("done", None)
        assert table.rows("SELECT request_id FROM visit") == [(table.request("a").id,)]


def test_a_target_settled_by_a_redirect_is_told() -> None:
    with seeded("a", "b") as table:
        with table.change() as change:
            result = PageResult(table.request("a"), final_url=link("b").url)
            table.visits.record(change, [Entry(result, None)], monotonic=0.0)
            assert change.visited == [table.request("b").id]
        table.run(cycle=2, due_cycle=1)
        table.due(1)
        table.done("a", final_url=link("b").url)
        with table.change() as change:
            table.links.make_due(change, 9)
            assert change.visited == [table.request("b").id]


def test_a_target_found_after_the_redirect_is_known_as_visited() -> None:
    with seeded("a") as table:
        table.done("a", link("b", depth=1), final_url=link("b").url)
        assert table.state("b") == ("done", None)
        assert table.hosts == set()


def test_with_a_limit_a_deeper_page_does_not_count_as_a_visit_of_its_target() -> None:
    """What the target leads to would be a step deeper than it is, and perhaps cut."""
    with seeded("a", max_depth=2) as table:
        table.done("a", link("b", depth=1), link("deep", depth=2))
        table.done("deep", final_url=link("b").url)
        assert table.state("b") == ("waiting", None)
        table.done("b")
        table.done("a", link("deep too", depth=2), link("same", depth=2))
        table.done("deep too", link("same", depth=2), final_url=link("same").url)
        assert table.state("same") == ("done", None)
        table.done("a", link("deeper", depth=2))
        table.done("deeper", final_url=link("new").url)
        table.done("a", link("new", depth=1))
        assert table.state("new") == ("waiting", None)


BOOK, GO = PageRule("book", match=("/b*",)), PageRule("go", match=("/a*",))


@pytest.mark.parametrize(
    ("named", "path", "state"),
    [
        (None, "b", "waiting"),  # its URL chooses another rule
        ("book", "other", "waiting"),  # its link names another one
        ("go", "other", "done"),
        (None, "other", "done"),  # there is none for it
    ],
)
def test_a_page_that_redirects_reads_its_target_by_its_own_rule_only(
    named: str | None, path: str, state: str
) -> None:
    """A target whose rule is another one is visited itself: else its items were lost."""
    with seeded("a", "c", "a2") as table:
        table.limits.router = Router((GO, BOOK))
        table.done("c", link(path, depth=1, page=named))
        table.done("a", final_url=link(path).url)
        assert table.state(path) == (state, None)
        table.done("a2", link(path + "2", depth=1, page=named), final_url=link(path + "2").url)
        assert table.state(path + "2") == (state, None)


def test_a_target_that_is_due_and_counts_as_visited_was_neither_asked_nor_redirected() -> None:
    """It was in the cycle before; where it had led then does not count as visited now."""
    with seeded("a", "b") as table:
        table.done("b", final_url=link("c").url)
        table.run(cycle=2, due_cycle=1)
        table.due(1)
        table.done("a", final_url=link("b").url)
        table.due()
        found = "SELECT state, attempts, final_key FROM request WHERE key = ?"
        assert table.rows(found, link("b").key) == [("done", 0, None)]


def test_a_redirect_of_an_older_cycle_says_nothing_about_this_one() -> None:
    with seeded("a", "c") as table:
        table.done("a", final_url=link("b").url)
        table.run(cycle=2)
        table.done("c", link("b", depth=1))
        assert table.state("b") == ("waiting", None)


def test_a_target_that_becomes_due_after_the_redirect_is_not_visited_again() -> None:
    with seeded("a", "b") as table:
        table.done("a", final_url=link("b").url)
        table.run(cycle=2, due_cycle=1)
        assert table.due(1)
        table.done("a", final_url=link("b").url)
        table.due()
        assert table.state("b") == ("done", None)


@pytest.mark.parametrize(
    "hold",
    [
        lambda table: table.put(
            PageResult(table.request("b"), State.WAITING, "timeout", retry_at=9.0)
        ),
        lambda table: table.put(PageResult(table.request("b"), State.WAITING, "timeout")),
        lambda table: table.sent("b"),
        lambda table: table.put(PageResult(table.request("b"), State.FAILED, "http_500")),
        lambda table: table.redirected("b"),
    ],
    ids=["retry", "retry at once", "sent", "failed", "on its way"],
)
def test_a_redirect_leaves_a_target_alone_that_was_tried(hold: Callable[[Table], None]) -> None:
    with seeded("a", "b") as table:
        hold(table)
        before = table.state("b")
        table.done("a", final_url=link("b").url)
        assert table.state("b") == before


def test_a_failed_page_takes_nobody_with_it() -> None:
    with seeded("a", "b") as table:
        table.put(PageResult(table.request("a"), State.FAILED, "http_404", final_url=link("b").url))
        assert table.state("b") == ("waiting", None)


def test_a_late_retry_does_not_undo_an_outcome() -> None:
    with seeded("a", "b") as table:
        open_ = table.request("b")
        table.done("a", final_url=link("b").url)
        table.put(PageResult(open_, State.WAITING, "timeout", retry_at=9.0))
        assert table.state("b") == ("done", None)


def test_a_request_that_was_sent_and_answered_is_no_longer_marked() -> None:
    with seeded("a") as table:
        table.sent("a")
        table.put(PageResult(table.request("a"), State.WAITING, "connect", retry_at=9.0))
        assert table.rows("SELECT sent_at, attempts FROM request") == [(None, 1)]


def test_a_next_hop_is_forgotten_when_the_request_has_its_outcome() -> None:
    with seeded("a") as table:
        table.put(PageResult(table.redirected("a")))
        assert table.rows("SELECT state, hop FROM request") == [("done", None)]


def test_a_next_hop_that_comes_late_changes_nothing() -> None:
    with seeded("a", "b") as table:
        late = table.request("a")
        table.done("b", final_url=link("a").url)
        table.put(PageResult(late, again=replace(late, hop=Hop(late.url, "GET", (late.url,)))))
        assert table.rows("SELECT state, hop FROM request WHERE id = 1") == [("done", None)]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_retry_begins_anew_but_behind_what_must_not_be_sent_again(method: str) -> None:
    with Table() as table:
        table.seed(link("a", method=method, seed=True))
        (request,) = (request_of(row) for row in table.rows(f"SELECT {COLUMNS} FROM request"))
        hop = Hop(link("thanks").url, "GET", (request.url,))
        hopped = replace(request, hop=hop)
        table.put(PageResult(request, again=hopped))
        table.put(PageResult(hopped, State.WAITING, "timeout", retry_at=9.0))
        (again,) = (request_of(row) for row in table.rows(f"SELECT {COLUMNS} FROM request"))
        assert (again.hop, again.attempt) == (hop if method == "POST" else None, 2)


def test_a_new_cycle_begins_at_the_first_url() -> None:
    with seeded("a") as table:
        table.redirected("a")
        table.run(cycle=2, due_cycle=1)
        table.due()
        assert table.request("a").hop is None


def test_a_new_cycle_makes_due_what_is_old_or_failed_for_a_while() -> None:
    with seeded(*"abcdef") as table:
        table.done("a")
        table.put(PageResult(table.request("b"), State.FAILED, "timeout"))
        table.put(PageResult(table.request("c"), State.FAILED, "http_404"))
        table.put(PageResult(table.request("d"), State.SKIPPED, Reason.SCOPE))
        table.put(PageResult(table.request("e"), State.SKIPPED, Reason.ROBOTS_DISALLOWED))
        table.run(cycle=2, due_cycle=0, transient=("timeout",))
        assert not table.due()
        waiting = [path for path in "abcdef" if table.state(path)[0] == "waiting"]
        assert waiting == ["b", "f"]
        table.run(cycle=3, due_cycle=1, transient=("timeout",))
        assert not table.due()
        waiting = [path for path in "abcdef" if table.state(path)[0] == "waiting"]
        assert waiting == ["a", "b", "c", "e", "f"]
        assert table.request("b").attempt == 1


def test_making_due_goes_on_where_it_stopped() -> None:
    with seeded(*"abcde") as table:
        for path in "abcde":
            table.done(path)
        table.run(cycle=2, due_cycle=1)
        assert table.due(2)
        table.done("a")
        table.run(cycle=2, due_cycle=1)  # a new process
        assert table.due(2)
        assert not table.due(2)
        assert table.state("a") == ("done", None)
        assert table.counts == {"waiting": 4, "done": 1}


def test_pages_beyond_max_pages_are_skipped_in_a_later_cycle_too() -> None:
    with seeded(*"abc", max_pages=2) as table:
        assert table.state("c") == ("skipped", "max_pages")
        table.run(cycle=2, due_cycle=1)
        table.due()
        assert [table.state(path)[0] for path in "abc"] == ["waiting", "waiting", "skipped"]


def test_hops_belong_to_the_request_they_began_with() -> None:
    with seeded("a") as table:
        hopped = replace(table.request("a"), host="other.example:443")
        table.put(PageResult(hopped, State.WAITING, "timeout", retry_at=None, pause_until=77.0))
        assert table.rows("SELECT host FROM request") == [("shop.example:443",)]
        assert table.hosts == {"shop.example:443"}
        assert table.rows("SELECT host, paused_until FROM host") == [("other.example:443", 77.0)]


def test_known_keys_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scraper.store.links.KNOWN_KEYS", 2)
    with seeded("a") as table:
        table.done("a", *(link(path, depth=1) for path in "bcdebc"))
        assert len(table.links._depths) == 2
        assert table.rows("SELECT links_new FROM visit") == [(4,)]


def test_a_request_that_is_not_in_the_table_settles_nothing() -> None:
    with seeded("a") as table:
        before = table.rows("SELECT * FROM request")
        table.put(PageResult(replace(link("x"), id=99)))
        assert table.rows("SELECT * FROM request") == before
        assert table.rows("SELECT * FROM visit") == []
