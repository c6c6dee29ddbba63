from __future__ import annotations

from dataclasses import replace

import pytest

from scraper.core.extract.plan import PageRule
from scraper.core.route import Router
from scraper.core.schedule.auto import Auto, Survey
from scraper.core.schedule.refresh import Due, Refresh, due, up_to
from scraper.store.cycles import Aged, Cycle, Decision, Group, Surveyed, Wish, decide

DAY_S = 86_400.0
NOW = 100 * DAY_S


def group(state: str, reason: str | None = None, *, oldest: int = 1) -> Group:
    return Group(state, reason, rows=1, oldest_cycle=oldest, of_last_cycle=0)


def ended(id_: int, *, days_ago: float) -> Cycle:
    began_at = NOW - days_ago * DAY_S
    return Cycle(id_, began_at, ended_at=began_at + 60, fresh=False, seeded=True)


def opened(id_: int, *, days_ago: float, fresh: bool = False) -> Cycle:
    return Cycle(id_, NOW - days_ago * DAY_S, ended_at=None, fresh=fresh, seeded=False)


def ask(*groups: Group, cycles: tuple[Cycle, ...], fresh: bool = False) -> Decision:
    wish = Wish(NOW, fresh, Refresh(DAY_S), ("timeout",))
    return decide(groups, {cycle.id: cycle for cycle in cycles}, wish)


def test_the_first_run_begins_a_cycle() -> None:
    assert ask(cycles=()).new_cycle


@pytest.mark.parametrize(
    "groups", [(), (group("waiting"),), (group("done"), group("waiting", "timeout"))]
)
def test_an_open_cycle_is_continued(groups: tuple[Group, ...]) -> None:
    decision = ask(*groups, cycles=(opened(1, days_ago=5),))
    assert decision == Decision(new_cycle=False, due=due(Refresh(DAY_S), {}, 0.0))


def test_waiting_rows_continue_an_ended_cycle() -> None:
    decision = ask(group("done"), group("waiting"), cycles=(ended(1, days_ago=5),))
    assert not decision.new_cycle
    assert decision.nothing_due_before is None


def test_a_continued_cycle_goes_on_with_what_was_due_when_it_began() -> None:
    cycles = (ended(1, days_ago=9), ended(2, days_ago=1.5), opened(3, days_ago=1))
    due = ask(group("waiting"), cycles=cycles).due
    assert [due.holds(None, "", cycle) for cycle in (1, 2)] == [True, False]


def test_nothing_is_due_before_nine_tenths_of_refresh() -> None:
    decision = ask(group("done"), cycles=(ended(1, days_ago=0.5),))
    assert not decision.new_cycle
    assert decision.nothing_due_before == pytest.approx(NOW + 0.4 * DAY_S)
    assert ask(group("done"), cycles=(ended(1, days_ago=0.91),)).new_cycle


def test_the_oldest_page_decides_when_something_is_due() -> None:
    cycles = (ended(1, days_ago=0.8), ended(2, days_ago=0.1))
    decision = ask(group("done", oldest=2), group("failed", "http_404"), cycles=cycles)
    assert decision.nothing_due_before == pytest.approx(NOW + 0.1 * DAY_S)


def test_a_transient_failure_is_due_at_once_a_permanent_one_is_not() -> None:
    cycles = (ended(1, days_ago=0.1),)
    assert ask(group("done"), group("failed", "timeout"), cycles=cycles).new_cycle
    assert not ask(group("done"), group("failed", "http_404"), cycles=cycles).new_cycle


@pytest.mark.parametrize("reason", ["scope", "depth", "trap"])
def test_what_the_config_skipped_is_never_due(reason: str) -> None:
    cycles = (ended(1, days_ago=9), ended(2, days_ago=0.1))
    assert not ask(group("skipped", reason), group("done", oldest=2), cycles=cycles).new_cycle


@pytest.mark.parametrize("reason", ["robots_disallowed", "max_pages"])
def test_what_may_be_judged_otherwise_today_is_due_by_age(reason: str) -> None:
    assert ask(group("skipped", reason), cycles=(ended(1, days_ago=1),)).new_cycle
    assert not ask(group("skipped", reason), cycles=(ended(1, days_ago=0.1),)).new_cycle


def test_nothing_known_begins_a_cycle() -> None:
    assert ask(cycles=(ended(1, days_ago=0.1),)).new_cycle


def test_fresh_makes_everything_due_whatever_its_age() -> None:
    cycles = (ended(1, days_ago=0.2), ended(2, days_ago=0.1))
    assert ask(group("done"), cycles=cycles, fresh=True) == Decision(new_cycle=True, due=up_to(2))


def test_fresh_continues_its_own_cycle_and_no_other() -> None:
    mine = (ended(1, days_ago=0.2), opened(2, days_ago=0.1, fresh=True))
    decision = ask(group("waiting"), group("done"), cycles=mine, fresh=True)
    assert decision == Decision(new_cycle=False, due=up_to(1))
    assert ask(group("waiting"), cycles=(opened(1, days_ago=0.1),), fresh=True).new_cycle


def test_fresh_begins_a_new_cycle_while_new_seeds_wait_in_a_fresh_one_that_had_ended() -> None:
    mine = (Cycle(1, NOW - DAY_S, ended_at=NOW - 60, fresh=True, seeded=True),)
    assert ask(group("waiting"), group("done"), cycles=mine, fresh=True).new_cycle
    assert not ask(group("waiting"), group("done"), cycles=mine).new_cycle


OFTEN = Refresh(DAY_S, Router((PageRule("often", refresh_s=DAY_S / 4),)))


def ask_each(*aged: Aged, cycles: tuple[Cycle, ...]) -> Decision:
    wish = Wish(NOW, False, OFTEN, ("timeout",))
    groups = tuple({group(one.state, one.reason) for one in aged})
    return decide(groups, {cycle.id: cycle for cycle in cycles}, wish, aged)


def test_where_page_rules_have_their_own_refresh_each_row_is_asked() -> None:
    cycles = (ended(1, days_ago=0.5), ended(2, days_ago=0.1))
    slow, quick = Aged("done", None, 1, DAY_S), Aged("done", None, 2, DAY_S / 4)
    decision = ask_each(slow, quick, cycles=cycles)
    assert not decision.new_cycle
    assert decision.nothing_due_before == pytest.approx(NOW + (0.9 / 4 - 0.1) * DAY_S)
    decision = ask_each(slow, Aged("done", None, 1, DAY_S / 4), cycles=cycles)
    assert decision == Decision(True, Due(OFTEN, {DAY_S: 0, DAY_S / 4: 1}))
    assert ask_each(slow, Aged("failed", "timeout", 2, DAY_S), cycles=cycles).new_cycle
    assert ask_each(cycles=cycles).new_cycle


LEARNS = Refresh(DAY_S, auto=Auto())
MADE = {None: Survey(None, Auto()).schedule()}
OLDER = {None: Survey(None, Auto(like_s=7 * DAY_S)).schedule()}


def ask_learnt(*cycles: Cycle, aged: tuple[Aged, ...] = ()) -> Decision:
    wish = Wish(NOW, False, LEARNS, ("timeout",))
    known = {cycle.id: cycle for cycle in cycles}
    return decide((group("done"),), known, wish, survey=lambda: Surveyed(MADE, aged))


def test_where_refresh_is_learnt_a_look_at_all_rows_tells_when_something_is_due() -> None:
    slow, quick = Aged("done", None, 1, 3 * DAY_S), Aged("done", None, 1, DAY_S)
    decision = ask_learnt(ended(1, days_ago=2), aged=(slow, quick))
    assert decision.new_cycle
    assert (decision.due.schedules, decision.due.now) == (MADE, NOW)
    decision = ask_learnt(ended(1, days_ago=2), aged=(slow,))
    assert decision.nothing_due_before == pytest.approx(NOW + 0.7 * DAY_S)


def test_a_continued_cycle_keeps_to_what_was_reckoned_when_it_began() -> None:
    kept = replace(opened(2, days_ago=1), schedules=OLDER)
    assert ask_learnt(ended(1, days_ago=9), kept).due.schedules == OLDER
    began = ask_learnt(ended(1, days_ago=9), opened(2, days_ago=1)).due  # `auto` since then
    assert (began.schedules, began.now) == (MADE, NOW - DAY_S)
