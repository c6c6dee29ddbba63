"""A SQLite connection on a thread of its own, and what its errors mean.

One call runs one whole transaction on that thread: nothing of another task can come between its
statements, and a batch costs one trip between threads instead of one for each statement.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar, cast

import aiosqlite

from scraper.core.errors import StoreError

T = TypeVar("T")

BUSY_TIMEOUT_S = 30.0
CACHED_STATEMENTS = 256

ADVICE = {
    "SQLITE_FULL": "disk is full: free some space and run the same command again",
    "SQLITE_IOERR_WRITE": "cannot be written ({error}): the disk is full or faulty, or a limit on "
    "file sizes is reached: free some space and run the same command again",
    "SQLITE_IOERR": "cannot be written or read ({error}): check the disk, its free space and "
    "limits on file sizes, then run the same command again",
    "SQLITE_READONLY": "cannot be written ({error}): check its permissions, "
    "or give --db another path",
    "SQLITE_CANTOPEN": "cannot be opened ({error}): check the folder and its permissions, "
    "or give --db another path",
    "SQLITE_NOTADB": "is not a SQLite database: give --db another path",
    "SQLITE_CORRUPT": "is damaged ({error}): restore a copy, or give --db another path",
    "SQLITE_BUSY": "is in use by another program: close it and run the same command again",
}


def store_error(path: Path, error: sqlite3.Error) -> StoreError:
    """What went wrong with the file, where, and what to do."""
    name = getattr(error, "sqlite_errorname", "") or ""
    for start, advice in ADVICE.items():
        if name.startswith(start):
            return StoreError(f"{path}: {advice.format(error=error)}")
    return StoreError(f"{path}: {error}: run the same command again; if it stays, report it")


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Commit what happens inside, or nothing of it; no other process writes meanwhile."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # a full disk may have rolled back already
            db.execute("ROLLBACK")
        raise


class Connection(aiosqlite.Connection):
    """An aiosqlite connection that runs a whole function on its thread."""

    def __init__(self, path: Path, *, mode: str) -> None:
        def connector() -> sqlite3.Connection:
            return sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}",
                uri=True,
                isolation_level=None,
                timeout=BUSY_TIMEOUT_S,
                cached_statements=CACHED_STATEMENTS,
            )

        super().__init__(connector, 64)
        self.path = path
        self._stopped: asyncio.Future[object] | None = None

    def stop(self) -> asyncio.Future[object] | None:
        """End the thread; see aiosqlite."""
        self._stopped = super().stop()
        return self._stopped

    async def stopped(self) -> None:
        """Return when the thread has ended its work: it must not outlive the loop."""
        if self._stopped is not None:
            await self._stopped

    async def call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` on the connection's thread; its errors come as StoreError."""
        try:
            db = self._conn
        except ValueError as error:  # aiosqlite's word for it
            raise StoreError(f"{self.path}: the database is closed") from error
        try:
            # what every method of aiosqlite is made of; there is no public name for it
            return cast("T", await self._execute(work, db))  # type: ignore[no-untyped-call]  # its
        except sqlite3.Error as error:
            raise store_error(self.path, error) from error


async def connect(path: Path, *, read_only: bool = False) -> Connection:
    """Open the file; it is made when missing, unless read only."""
    connection = Connection(path, mode="ro" if read_only else "rwc")
    try:
        return cast("Connection", await connection)
    except sqlite3.Error as error:
        await connection.stopped()  # aiosqlite ends the thread then, and does not wait for it
        raise store_error(path, error) from error
