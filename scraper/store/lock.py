"""One run at a time: a lock that the kernel drops when its holder dies.

The lock file stays: removing it would let two runs hold "the" lock on two files of one name.
Where locks do not reach (two machines on one share) the fencing token of `runs.begin` decides.
"""

from __future__ import annotations

import fcntl
import os
import socket
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from scraper.clock import Clock
from scraper.core.errors import LockedError, StoreError, UsageError

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

BEAT_S = 2.0  # signs of life; see `health`
SQLITE_START = b"SQLite format 3\0"


class Lock:
    """The held lock; leaving the `with` block, `release()` or death gives it back."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor: int | None = descriptor

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def beat(self) -> None:
        """Renew the file's time: a sign of life for `scraper.health`."""
        if self._descriptor is not None:
            with suppress(OSError):  # a sign less; the crawl goes on
                os.utime(self._descriptor)

    def beat_in(self, loop: AbstractEventLoop) -> None:
        """Renew it now, and for as long as the loop turns."""
        self.beat()
        loop.call_later(BEAT_S, self.beat_in, loop)

    def release(self) -> None:
        """Give the lock back; twice is no harm."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __repr__(self) -> str:
        held = "free" if self._descriptor is None else "held"
        return f"<Lock {self.path} {held}>"


def hold(path: str | Path, *, clock: Clock) -> Lock:
    """Take the lock of database `path`.

    Raises:
        LockedError: another run has it.
        UsageError: there is something else than a database; nothing was touched.
        StoreError: the lock file cannot be made.
    """
    database = Path(path)
    _refuse_others(database)
    file = database.with_name(database.name + ".lock")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StoreError(
            f"{file}: cannot be opened ({error.strerror}): check the folder and its permissions, "
            "or give --db another path",
        ) from error
    try:
        _take(descriptor, database)
        _sign(descriptor, clock)
    except BaseException:
        os.close(descriptor)
        raise
    return Lock(file, descriptor)


def _refuse_others(path: Path) -> None:
    """Refuse a folder, and a file that holds something else."""
    if path.is_dir():
        raise UsageError(f"{path}: is a folder: give --db the path of a file")
    if not path.is_file():
        return
    try:
        with path.open("rb") as file:
            start = file.read(len(SQLITE_START))
    except OSError:  # SQLite will say what is wrong
        return
    if start and start != SQLITE_START:
        raise UsageError(f"{path}: is not a SQLite database: give --db another path")


def _take(descriptor: int, database: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 200, 0).decode("utf-8", "replace").split()
        pid = holder[0] if holder else "unknown"
        raise LockedError(
            f"{database} is locked by another run (pid {pid}): "
            "wait for it, or give --db another path",
        ) from error
    except OSError as error:
        raise StoreError(
            f"{database}: the file system cannot lock files ({error.strerror}): "
            "give --db a path on a local disk",
        ) from error


def _sign(descriptor: int, clock: Clock) -> None:
    """Say who holds it: for people and for the message of the next run."""
    text = f"{os.getpid()} {socket.gethostname()} {clock.now():.3f}\n".encode()
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text, 0)
    except OSError:  # a full disk: the lock holds all the same, nobody knows whose it is
        return
