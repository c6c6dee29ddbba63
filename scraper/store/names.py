"""A set of names that may grow to millions, in memory that does not.

A thousand are kept in memory: at first those that are in, later what was looked at of late, in or
not. The others stand in a table of a file beside the database, which has no name any more once it
is open: whatever becomes of the process, nothing is left of it. What is not in memory costs a look
of some 5 us, a new name some 10 us: a hundred are written at a time.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator, MutableSet
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from scraper.core.errors import StoreError
from scraper.store.connection import store_error

NEAR = 1_000  # names in memory
AT_ONCE = 100  # written
_SETTINGS = ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1024")  # KiB
_TABLE = "CREATE TABLE name (name TEXT PRIMARY KEY) WITHOUT ROWID"


class Names(MutableSet[str]):
    """A set of names.

    Args:
        folder: where the file may be.
    """

    __slots__ = ("_db", "_folder", "_near", "_size")

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._near: dict[str, bool] = {}  # whether it is in
        self._db: sqlite3.Connection | None = None  # of more than were ever in memory
        self._size = 0

    def __repr__(self) -> str:
        return f"<Names {len(self)}>"

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[str]:
        with self._opened() as db:
            self._move_out(db)
            for (name,) in db.execute("SELECT name FROM name"):
                yield name

    def __contains__(self, name: object) -> bool:
        known = self._near.get(name)  # type: ignore[call-overload]  # any object may be asked for
        if known is None:
            if self._db is None:
                return False
            with self._opened() as db:
                found = db.execute("SELECT 1 FROM name WHERE name = ?", (name,)).fetchone()
            known = found is not None
            self._keep(str(name), is_in=known)
        return bool(known)

    def add(self, value: str) -> None:
        """Put a name in.

        Raises:
            StoreError: the file cannot be written.
        """
        if value not in self:
            self._size += 1
            self._keep(value, is_in=True)

    def discard(self, value: str) -> None:
        """Take a name out, if it is there."""
        if value not in self:
            return
        self._size -= 1
        self._near[value] = False
        if self._db is not None:
            with self._opened() as db:
                db.execute("DELETE FROM name WHERE name = ?", (value,))

    def _keep(self, name: str, *, is_in: bool) -> None:
        if len(self._near) >= NEAR and name not in self._near:
            with self._opened() as db:
                self._move_out(db, most=AT_ONCE)
        self._near[name] = is_in

    def _move_out(self, db: sqlite3.Connection, *, most: int = NEAR) -> None:
        """Make room: write those that are in, of the first that were kept."""
        first = list(islice(self._near, most))
        rows = [(name,) for name in first if self._near.pop(name)]
        db.executemany("INSERT OR IGNORE INTO name VALUES (?)", sorted(rows))

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """The file, made when it is needed."""
        try:
            if self._db is None:
                with tempfile.NamedTemporaryFile(dir=self._folder, prefix=".names-") as file:
                    self._db = sqlite3.connect(file.name, isolation_level=None)
                for setting in _SETTINGS:
                    self._db.execute(f"PRAGMA {setting}")
                self._db.execute(_TABLE)
                self._db.execute("BEGIN")  # it never ends: nothing is kept
            yield self._db
        except OSError as error:
            raise StoreError(f"{self._folder}: no file can be made here ({error})") from error
        except sqlite3.Error as error:
            raise store_error(self._folder, error) from error
