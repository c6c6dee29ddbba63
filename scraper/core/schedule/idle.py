"""Hosts that have nothing left to do are forgotten, and found without a look at all the others.

A host is noted when its last turn ends, for the time from which it may be forgotten: while its
delay or its pause runs it is kept, so that no law is broken when it returns. One that is in trouble
is kept too, unless there are too many hosts: then a host that returns counts as new.
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count

from scraper.core.schedule.host import Host

MOST = 20_000  # hosts: beyond that those in trouble are forgotten too
LOOK_S = 60.0  # from one look at a host that is in trouble to the next


class Idle:
    """Hosts by the time from which they may be forgotten."""

    def __init__(self) -> None:
        self._noted: list[tuple[float, int, Host]] = []  # a heap
        self._numbers = count()

    def __repr__(self) -> str:
        return f"<Idle {len(self._noted)} hosts>"

    def note(self, host: Host, at: float) -> None:
        """A host may have nothing left to do."""
        if not host.is_noted:
            host.is_noted = True
            heappush(self._noted, (at, next(self._numbers), host))

    def pop(self, now: float, *, hosts: int) -> list[Host]:
        """Take out the hosts that are to be forgotten.

        Args:
            hosts: how many are known.
        """
        found, noted = [], self._noted
        again: list[tuple[Host, float]] = []
        while noted and noted[0][0] <= now:
            _, _, host = heappop(noted)
            host.is_noted = False
            if host.is_busy:  # it is noted again at the end of its last turn
                continue
            if host.next_at > now:
                again.append((host, host.next_at))
            elif host.idle or (hosts > MOST and not host.pace.slow_s):
                found.append(host)
            else:
                again.append((host, now + LOOK_S))
        for host, at in again:
            self.note(host, at)
        return found
