"""Whether a run continues, begins a new cycle, or finds nothing due: decided from counts alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from scraper.core.model import Reason, State
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
class Decision:
    """How the run goes on."""

    new_cycle: bool
    due: Due  # pages that are visited again
    nothing_due_before: float | None = None  # None: there is something to do


def decide(
    groups: Sequence[Group], cycles: Mapping[int, Cycle], wish: Wish, aged: Iterable[Aged] = ()
) -> Decision:
    """Decide between continuing, a new cycle and nothing due.

    A cycle that `--fresh` began and that has not ended is continued by the same command; any
    other is left for a new one.

    Args:
        aged: the rows that may be visited again, where page rules have a `refresh` of their own.
    """
    last = cycles[max(cycles)] if cycles else None
    if last is None:
        return Decision(new_cycle=True, due=up_to(0))
    waiting = any(group.state == State.WAITING for group in groups)
    is_fresh = last.fresh and last.ended_at is None  # new seeds may wait in one that has
    if (waiting or last.ended_at is None) and (is_fresh or not wish.fresh):
        before = {id_: cycle for id_, cycle in cycles.items() if id_ != last.id}
        again = up_to(last.id - 1) if last.fresh else _due(before, wish, last.began_at)
        return Decision(new_cycle=False, due=again)
    if wish.fresh:
        return Decision(new_cycle=True, due=up_to(last.id))
    return _refresh(groups if wish.refresh.router is None else None, cycles, wish, aged)


def _refresh(
    groups: Sequence[Group] | None, cycles: Mapping[int, Cycle], wish: Wish, aged: Iterable[Aged]
) -> Decision:
    """A new cycle if any page is due, or none was ever visited."""
    if groups is not None:
        again = (group for group in groups if group.is_visited_again)
        default_s = wish.refresh.default_s
        aged = (Aged(one.state, one.reason, one.oldest_cycle, default_s) for one in again)
    soonest = inf
    for one in aged:
        is_passing = one.state == State.FAILED and one.reason in wish.transient
        at = wish.now if is_passing else due_at(cycles[one.cycle].began_at, one.refresh_s)
        soonest = min(soonest, at)
        if soonest <= wish.now:
            break
    if wish.now < soonest < inf:
        return Decision(new_cycle=False, due=up_to(0), nothing_due_before=soonest)
    return Decision(new_cycle=True, due=_due(cycles, wish, wish.now))


def _due(cycles: Mapping[int, Cycle], wish: Wish, now: float) -> Due:
    """What is due in a cycle that begins at `now`."""
    return due(wish.refresh, {id_: cycle.began_at for id_, cycle in cycles.items()}, now)
