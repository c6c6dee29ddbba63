"""Whether a run continues, begins a new cycle, or finds nothing due: decided from counts alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scraper.core.model import Reason, State

DUE_SHARE = 0.9  # of `refresh`: a nightly run that starts a little early is not refused
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
    refresh_s: float
    transient: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """How the run goes on."""

    new_cycle: bool
    due_cycle: int  # pages last visited in this cycle or an older one are due again
    nothing_due_before: float | None = None  # None: there is something to do


def decide(groups: Sequence[Group], cycles: Mapping[int, Cycle], wish: Wish) -> Decision:
    """Decide between continuing, a new cycle and nothing due.

    A cycle that `--fresh` began and that has not ended is continued by the same command; any
    other is left for a new one.
    """
    last = cycles[max(cycles)] if cycles else None
    if last is None:
        return Decision(new_cycle=True, due_cycle=0)
    waiting = any(group.state == State.WAITING for group in groups)
    is_fresh = last.fresh and last.ended_at is None  # new seeds may wait in one that has
    if (waiting or last.ended_at is None) and (is_fresh or not wish.fresh):
        return Decision(new_cycle=False, due_cycle=_due(cycles, wish, last, last.began_at))
    if wish.fresh:
        return Decision(new_cycle=True, due_cycle=last.id)
    due_cycle = _due(cycles, wish, None, wish.now)
    again = [group for group in groups if group.is_visited_again]
    if not again or any(_is_due(group, due_cycle, wish.transient) for group in again):
        return Decision(new_cycle=True, due_cycle=due_cycle)
    oldest = min(group.oldest_cycle for group in again)
    due_at = cycles[oldest].began_at + DUE_SHARE * wish.refresh_s
    return Decision(new_cycle=False, due_cycle=0, nothing_due_before=due_at)


def _due(cycles: Mapping[int, Cycle], wish: Wish, current: Cycle | None, now: float) -> int:
    """The newest cycle whose pages are due, seen from a cycle that begins at `now`."""
    if current is not None and current.fresh:
        return current.id - 1
    latest = now - DUE_SHARE * wish.refresh_s
    old = (cycle.id for cycle in cycles.values() if cycle.began_at <= latest)
    return max(old, default=0)


def _is_due(group: Group, due_cycle: int, transient: Sequence[str]) -> bool:
    if group.oldest_cycle <= due_cycle:
        return True
    return group.state == State.FAILED and group.reason in transient
