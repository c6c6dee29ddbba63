"""Reading a database while a run writes it: for export, report and everything that only looks."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Self

from scraper.core.errors import UsageError
from scraper.store.connection import BUSY_TIMEOUT_S, store_error
from scraper.store.migrate import check, migrations, version
from scraper.store.shape import has_column


class Reader:
    """A read-only connection; a context manager.

    Read in short steps: an open cursor keeps the WAL of a running crawl growing.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def __repr__(self) -> str:
        return f"<Reader {self.path}>"


def open_reader(path: str | Path) -> Reader:
    """Open a database of ours, read only.

    Raises:
        UsageError: there is no such file, or it is not a database of scraper.
        StoreError: it cannot be read, or is of a newer version.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"{path}: no such database: give the path of one that a run has made")
    db = _connect(path)
    try:
        _check_ours(db, path)
    except sqlite3.DatabaseError as error:
        db.close()
        if getattr(error, "sqlite_errorname", "") == "SQLITE_NOTADB":
            raise UsageError(f"{path}: is not a database of scraper: give another path") from error
        raise store_error(path, error) from error
    except BaseException:
        db.close()
        raise
    return Reader(path, db)


def live(connection: sqlite3.Connection) -> str:
    """The SQL condition of items that are not gone; an older version marks none."""
    return "item.gone_run IS NULL" if has_column(connection, "item", "gone_run") else "1"


def _check_ours(db: sqlite3.Connection, path: Path) -> None:
    found = version(db)
    if not found:
        raise UsageError(f"{path}: is not a database of scraper: give another path")
    check(db, path, migrations()[-1].id)


def _connect(path: Path) -> sqlite3.Connection:
    """Open read only; from a folder that cannot be written too, if no run left a WAL there."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    try:
        db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S)
    except sqlite3.Error as error:
        raise store_error(path, error) from error
    try:
        db.execute("PRAGMA query_only = 1")
        db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    except sqlite3.OperationalError as error:
        db.close()
        if path.with_name(path.name + "-wal").exists():
            raise store_error(path, error) from error
        return sqlite3.connect(f"{uri}&immutable=1", uri=True, isolation_level=None)
    except sqlite3.DatabaseError:  # not SQLite: the caller says so
        return db
    return db
