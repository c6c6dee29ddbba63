"""The time, passed in: the only file that asks the operating system for it."""

import time
from typing import Protocol


class Clock(Protocol):
    """Two readings of one clock."""

    def now(self) -> float:
        """Seconds since the epoch, UTC: for what is stored."""

    def monotonic(self) -> float:
        """Seconds that never go back: for differences and for the loop."""


class SystemClock:
    """The machine's clock; `monotonic` agrees with the event loop's `time()`."""

    def now(self) -> float:
        """See `Clock.now`."""
        return time.time()

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return time.monotonic()
