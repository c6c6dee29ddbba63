"""Settles a process that will take page after page; a library does not do this to its user's.

The C library's allocator is told to keep freed memory, since parsing frees and asks again: worth
600 ms of page faults per 1,000 pages. Python's collector is told that what is there stays: it took
a tenth of a reparse's time to look it through. It is told to look seldom too: a thirtieth.
"""

from __future__ import annotations

import ctypes
import gc
import os
from pathlib import Path

GENERATION = 10_000  # new objects that the collector looks through at a time; 700 by default
_M_TRIM_THRESHOLD = -1
_M_TOP_PAD = -2
_M_MMAP_THRESHOLD = -3
_KEPT_BYTES = 64 * 1024 * 1024
_SHARE = 16  # of a container's limit, at most a sixteenth is kept
_TOP_PAD_BYTES = 1024 * 1024
_MMAP_BYTES = 32 * 1024 * 1024  # the most that glibc takes
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def settle() -> None:
    """Do all that, when all is imported."""
    keep_memory()
    gc.freeze()
    gc.set_threshold(GENERATION)


def keep_memory() -> bool:
    """Keep up to 64 MiB of freed memory; False where the C library is not glibc."""
    if not _is_glibc():
        return False
    mallopt = ctypes.CDLL(None).mallopt
    kept = min(_KEPT_BYTES, _container_limit_bytes() // _SHARE)
    settings = (
        (_M_MMAP_THRESHOLD, min(_MMAP_BYTES, kept)),
        (_M_TRIM_THRESHOLD, kept),
        (_M_TOP_PAD, min(_TOP_PAD_BYTES, kept)),
    )
    return all(mallopt(option, value) == 1 for option, value in settings)


def _is_glibc() -> bool:
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except (AttributeError, ValueError, OSError):
        return False


def _container_limit_bytes() -> int:
    for path in _LIMITS:
        try:
            return int(path.read_text())
        except (OSError, ValueError):  # not there, or "max"
            continue
    return 1 << 62
