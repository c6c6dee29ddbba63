"""Whether a run continues, begins a new cycle, or finds nothing due: decided from counts alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from scraper.core.model import Reason, State
from scraper.core.schedule.auto import Schedule
from scraper.core.schedule.refresh import Due, Refresh, due, due_at, up_to

# skipped by a judgement that a new cycle makes anew; the others were judged by the config
JUDGED_ANEW = frozenset({Reason.ROBOTS_DISALLOWED, Reason.MAX_PAGES})


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one state and reason."""

    state: str
    reason: str | None
    rows: int
    oldest_cycle: int
    of_last_cycle: int  # rows last touched in the last cycle
    gone: int = 0  # 1: pages that are visited again only if a link leads to them

    @property
    def is_visited_again(self) -> bool:
        """Whether a new cycle may make these rows due."""
        if self.state == State.SKIPPED:
            return self.reason in JUDGED_ANEW
        return self.state in {State.DONE, State.FAILED} and not self.gone


@dataclass(frozen=True, slots=True)
class Cycle:
    """One pass over the crawl, as its row has it."""

    id: int
    began_at: float
    ended_at: float | None
    fresh: bool
    seeded: bool
    schedules: Mapping[str | None, Schedule] = field(default_factory=dict)  # of the last one


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command asks for."""

    now: float
    fresh: bool
    refresh: Refresh
    transient: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Aged:
    """Rows that may be visited again: of one state, reason, cycle and `refresh`."""

    state: str
    reason: str | None
    cycle: int
    refresh_s: float


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What a look at all rows has told, where `refresh` is learnt."""

    schedules: Mapping[str | None, Schedule] = field(default_factory=dict)
    aged: Sequence[Aged] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """How the run goes on."""

    new_cycle: bool
    due: Due  # pages that are visited again
    nothing_due_before: float | None = None  # None: there is something to do


def decide(
    groups: Sequence[Group],
    cycles: Mapping[int, Cycle],
    wish: Wish,
    aged: Iterable[Aged] = (),
    survey: Callable[[], Surveyed] = Surveyed,
) -> Decision:
    """Decide between continuing, a new cycle and nothing due.

    A cycle that `--fresh` began and that has not ended is continued by the same command; any
    other is left for a new one.

    Args:
        aged: the rows that may be visited again, where page rules have a `refresh` of their own.
        survey: looks at all rows, where `refresh` is learnt.
    """
    last = cycles[max(cycles)] if cycles else None
    if last is None:
        return Decision(new_cycle=True, due=up_to(0))
    waiting = any(group.state == State.WAITING for group in groups)
    is_fresh = last.fresh and last.ended_at is None  # new seeds may wait in one that has
    if (waiting or last.ended_at is None) and (is_fresh or not wish.fresh):
        before = {id_: cycle for id_, cycle in cycles.items() if id_ != last.id}
        if last.fresh:
            return Decision(new_cycle=False, due=up_to(last.id - 1))
        knows = last.schedules.keys() >= wish.refresh.autos().keys()
        schedules = last.schedules if knows else survey().schedules
        return Decision(new_cycle=False, due=_due(before, wish, last.began_at, schedules))
    if wish.fresh:
        return Decision(new_cycle=True, due=up_to(last.id))
    if wish.refresh.learns:
        found = survey()
        return _refresh(cycles, wish, found.aged, found.schedules)
    if wish.refresh.router is None:
        aged = _aged(groups, wish.refresh.default_s)
    return _refresh(cycles, wish, aged, {})


def _aged(groups: Sequence[Group], default_s: float) -> Iterator[Aged]:
    """The rows that may be visited again, where all have one `refresh`."""
    again = (group for group in groups if group.is_visited_again)
    return (Aged(one.state, one.reason, one.oldest_cycle, default_s) for one in again)


def _refresh(
    cycles: Mapping[int, Cycle],
    wish: Wish,
    aged: Iterable[Aged],
    schedules: Mapping[str | None, Schedule],
) -> Decision:
    """A new cycle if any page is due, or none was ever visited."""
    soonest = inf
    for one in aged:
        is_passing = one.state == State.FAILED and one.reason in wish.transient
        at = (
            wish.now
            if is_passing
            else due_at(cycles[one.cycle].began_at, one.refresh_s, now=wish.now)
        )
        soonest = min(soonest, at)
        if soonest <= wish.now:
            break
    if wish.now < soonest < inf:
        return Decision(new_cycle=False, due=up_to(0), nothing_due_before=soonest)
    return Decision(new_cycle=True, due=_due(cycles, wish, wish.now, schedules))


def _due(
    cycles: Mapping[int, Cycle],
    wish: Wish,
    now: float,
    schedules: Mapping[str | None, Schedule],
) -> Due:
    """What is due in a cycle that begins at `now`."""
    began_at = {id_: cycle.began_at for id_, cycle in cycles.items()}
    return due(wish.refresh, began_at, now, schedules)
