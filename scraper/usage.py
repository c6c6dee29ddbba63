"""What this process has used: processor time, and the most memory."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_STATUS = Path("/proc/self/status")
LOOK_EVERY = 100  # pages, at the memory that was taken
_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024


def cpu_s() -> float:
    """Seconds of the processor, in the system too."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_bytes() -> int:
    """The most memory that was resident at a time.

    On Linux `ru_maxrss` will not do: a process begins with the peak of the one that started it.
    """
    with suppress(OSError):
        for line in _STATUS.read_bytes().splitlines():
            if line.startswith(b"VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT_BYTES


class Peak:
    """The most memory of this process, without a look at it for each page: that takes 30 us."""

    def __init__(self, look: Callable[[], int] = peak_bytes) -> None:
        self._look = look
        self.bytes = look()
        self._largest_bytes = 0
        self._pages = 0

    def look_after(self, body_bytes: int) -> None:
        """A page was read: one larger than any before may have taken more than ever."""
        self._pages += 1
        if body_bytes > self._largest_bytes or not self._pages % LOOK_EVERY:
            self._largest_bytes = max(self._largest_bytes, body_bytes)
            self.bytes = self._look()
