"""What this process has used: processor time, and the most memory."""

from __future__ import annotations

import resource
import sys
from contextlib import suppress
from pathlib import Path

_STATUS = Path("/proc/self/status")
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
