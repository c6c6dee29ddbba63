"""How long a run takes at least that does not wait for everything (`run.max_wait`).

A run ends when all that is left waits longer than it may. A host that rests for longer, or whose
last retry is due later, may be left to the next run, so it counts as nothing, unless other work
lasts until its wait is short enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from math import inf

from scraper.core.insight.estimate import Bound, Load, host_bound

_LOOKS = 3  # at all hosts: each finds some more that are waited for


def waited_for(loads: Iterable[Load], longest_s: float) -> Iterator[Load]:
    """Of each host what is surely done by a run that waits so long from now on."""
    for load in loads:
        if not load.pages or load.rest_s > longest_s:
            continue
        if load.last_due_s <= longest_s:
            yield load
        elif host_bound(others := replace(load, last_due_s=0.0)).seconds >= load.last_due_s:
            yield others  # while they are fetched it falls due


def patient(
    least: Callable[[Iterable[Load]], Bound],
    loads: Callable[[], Iterable[Load]],
    max_wait_s: float | None,
) -> Bound:
    """The least time of a run.

    Args:
        least: the bound of a run that waits for everything.
        loads: each host once, again with each call.
        max_wait_s: `run.max_wait`; None: it waits for everything.
    """
    found = least(waited_for(loads(), inf if max_wait_s is None else max_wait_s))
    if max_wait_s is None:
        return found
    for _ in range(_LOOKS - 1):
        before = found
        found = least(waited_for(loads(), before.seconds + max_wait_s))
        if found.seconds <= before.seconds:
            return before
    return found


def left_waiting(loads: Iterable[Load], until_s: float, max_wait_s: float | None) -> Load | None:
    """The host that keeps a run waiting longest, if it does so for longer than it may.

    Args:
        until_s: when all else is done, in seconds from now.
    """
    if max_wait_s is None:
        return None
    longest = max((load for load in loads if load.pages), key=waits_s, default=None)
    if longest is None or waits_s(longest) - until_s <= max_wait_s:
        return None
    return longest


def waits_s(load: Load) -> float:
    """How long the last page of a host waits before it may be asked for."""
    return max(load.rest_s, load.last_due_s)
