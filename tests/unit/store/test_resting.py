"""Laws of pages that rest: only those visited since their last change, and not for ever."""

from hypothesis import given, settings
from hypothesis import strategies as st

from scraper.core.model import PageResult, State
from scraper.store.resting import Resting
from tests.unit.store.tables import link
from tests.unit.store.test_visits import Table

PATHS = "abcdefghijkl"


def named(table: Table, changed_by: dict[str, float]) -> int:
    """What a sitemap names, as the writer records it."""
    seeds = [link(path, seed=True) for path in PATHS]
    with table.change() as change:
        keys = {link(path).key: at for path, at in changed_by.items()}
        resting = table.links.rest(change, seeds, keys)
        table.links.record_seeds(change, seeds)
    return resting


def visited() -> Table:
    """A cycle in which all pages were visited but two; it began at 1100."""
    table = Table()
    table.seed(*(link(path, seed=True) for path in PATHS))
    for path in PATHS[:-2]:
        table.done(path)
    table.put(PageResult(table.request(PATHS[-2]), State.FAILED, "http_404"))
    return table


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(PATHS), st.sampled_from([1050.0, 1099.9, 1100.0, 9999.0])))
def test_only_a_page_done_after_its_last_change_rests(changed_by):
    with visited() as table:
        table.run(cycle=2, due_cycle=1)
        resting = {path for path, at in changed_by.items() if at < 1100 and path in PATHS[:-2]}
        assert named(table, changed_by) == len(resting)
        while table.due(limit=5):
            pass
        states = {path: table.state(path)[0] for path in PATHS}
        assert {path for path in PATHS if states[path] == "done"} == resting
        assert table.counts["done"] == len(resting)
        assert table.counts.total() == len(PATHS)


def test_a_page_that_rests_is_compared_with_its_last_visit_again_in_the_next_cycle():
    with visited() as table:
        table.run(cycle=2, due_cycle=1)
        assert named(table, {"a": 1050.0}) == 1
        assert named(table, {"a": 1050.0}) == 0, "counted once"
        table.links._resting = Resting()  # a new process
        table.run(cycle=3, due_cycle=2)
        assert named(table, {"a": 1150.0}) == 0, "changed since, though the last cycle is younger"
        assert table.state("a")[0] == "waiting"


def test_a_cycle_that_is_to_visit_all_lets_nothing_rest():
    with visited() as table:
        table.run(cycle=2, due_cycle=1)
        table.db.execute("UPDATE cycle SET fresh = 1 WHERE id = 2")
        assert named(table, dict.fromkeys(PATHS, 1.0)) == 0
        assert table.state("a")[0] == "waiting"


def test_what_another_seed_has_made_due_stays_due():
    with visited() as table:
        table.run(cycle=2, due_cycle=1)
        table.seed(link("a", seed=True))
        assert named(table, {"a": 1.0}) == 0
        assert table.state("a")[0] == "waiting"


@given(st.sets(st.integers(1, 5000), max_size=30), st.integers(1, 5000))
def test_a_bit_is_one_row(rows, other):
    resting = Resting()
    for row in rows:
        resting._add(row)
    assert all(row in resting for row in rows)
    assert (other in resting) == (other in rows)


def test_what_was_visited_in_this_cycle_does_not_rest():
    with visited() as table:
        assert named(table, {"a": 1.0}) == 0
