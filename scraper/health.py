"""Whether a crawl below a folder is stuck: `python -m scraper.health [FOLDER]`, exit status 0 or 1.

A run holds the lock of its database, and its event loop renews the lock file's time every few
seconds. A lock that is held and whose time is old belongs to a loop that turns no more. Without a
run there is nothing to be stuck. A check is started every half minute, so this imports little.
"""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from scraper.clock import Clock, SystemClock

STUCK_S = 60.0


def stuck(folder: Path, *, clock: Clock) -> Iterator[tuple[Path, float]]:
    """The databases below `folder` whose run is stuck, and for how many seconds.

    The time is looked at first: a lock that is tried is taken for a moment, which a run that
    starts in that moment would meet.
    """
    for lock in sorted(folder.rglob("*.lock")):
        database = lock.with_suffix("")
        try:
            silent_s = clock.now() - lock.stat().st_mtime
            if silent_s > STUCK_S and database.is_file() and _is_held(lock):
                yield database, silent_s
        except OSError:  # gone meanwhile, or not ours to look at
            continue


def _is_held(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def main(words: Sequence[str], *, clock: Clock) -> int:
    """Say which runs are stuck; returns the exit status: only 0 and 1 mean something to Docker."""
    folder = Path(words[0] if words else ".")
    if not folder.is_dir():
        sys.stdout.write(f"{folder}: is no folder: name the one that holds the databases\n")
        return 1
    found = list(stuck(folder, clock=clock))
    for database, silent_s in found:
        sys.stdout.write(
            f"{database}: stuck: its run has given no sign of life for {silent_s:.0f} s\n"
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], clock=SystemClock()))
