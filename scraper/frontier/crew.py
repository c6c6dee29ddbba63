"""The workers of the pipeline that have nothing to do, and how many may have something."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TypeAlias

from scraper.core.schedule.host import Lease

Waiting: TypeAlias = "asyncio.Future[Lease | None]"


class Crew:
    """Gives leases to workers that wait for one.

    Attributes:
        slots: turns that may be open in all.
    """

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self._resting = 0  # workers that get nothing: there are more of them than slots
        self._idle: deque[Waiting] = deque()

    @property
    def idle(self) -> int:
        """Workers that wait, and may be given something."""
        return max(0, len(self._idle) - self._resting)

    def allow(self, slots: int, *, resting: int) -> None:
        """Change how many turns may be open, and how many workers rest meanwhile."""
        self.slots, self._resting = slots, resting

    def wait(self) -> Waiting:
        """Let a worker wait for a lease; None at the end."""
        worker: Waiting = asyncio.get_running_loop().create_future()
        self._idle.append(worker)
        return worker

    def may_take(self, open_: int) -> bool:
        """Whether a worker waits, and a slot is free.

        Args:
            open_: turns that are open.
        """
        while self._idle and self._idle[0].done():  # cancelled
            self._idle.popleft()
        return len(self._idle) > self._resting and open_ < self.slots

    def give(self, lease: Lease) -> None:
        """Send the worker that waits longest to work."""
        self._idle.popleft().set_result(lease)

    def dismiss(self) -> None:
        """Tell all who wait that it is over."""
        while self._idle:
            worker = self._idle.popleft()
            if not worker.done():
                worker.set_result(None)
