"""Opening the store: the file, its mount, its schema, and the parts that work on it."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from scraper.clock import Clock
from scraper.core.errors import StoreError
from scraper.core.keeping import NONE
from scraper.store.books import Books
from scraper.store.connection import Connection, connect, transaction
from scraper.store.evidence import Evidence
from scraper.store.hosts import Hosts
from scraper.store.migrate import check, migrate, migrations
from scraper.store.mount import shared
from scraper.store.pairs import Pairs
from scraper.store.queue import Queue
from scraper.store.runs import Runs
from scraper.store.staging import Staging
from scraper.store.views import create_views
from scraper.store.writer import Writer

if TYPE_CHECKING:  # it would bring the HTML parser to those who only read
    from scraper.core.extract.plan import PageRule

log = logging.getLogger(__name__)

JOURNAL_LIMIT_BYTES = 64 * 1024 * 1024


class Store:
    """An open database: `runs`, `writer`, `queue` and `hosts` work on it; a context manager."""

    def __init__(self, writing: Connection, reading: Connection, *, clock: Clock) -> None:
        self.path = writing.path
        self._writing = writing
        self._reading = reading
        books = self._books = Books(writing, path=writing.path, clock=clock)
        self._pairs = Pairs()
        self._evidence = Evidence()
        self.runs = Runs(books, self._pairs, self._evidence)
        self.writer = Writer(books, self._pairs, self._evidence)
        self.queue = Queue(reading, books)
        self.hosts = Hosts(reading, books, self.writer)

    async def create_views(self, pages: tuple[PageRule, ...]) -> None:
        """Make or renew the views of all item types; know what links may lead to and carry.

        Raises:
            UsageError: a name cannot be that of a view or column.
        """
        from scraper.core.extract.join import Joiners  # not for those who only read
        from scraper.core.route import Router

        self.writer.reads_by(Router(pages))
        self._pairs.knows(Joiners(pages))
        self._evidence.knows(pages)

        def work(db: sqlite3.Connection) -> None:
            with transaction(db):
                create_views(db, pages)

        await self._writing.call(work)

    def keep_bodies(self, mode: str, *, has_some: bool = False) -> None:
        """Keep raw pages as `store.bodies` says.

        Args:
            has_some: an earlier run has kept some, which a visit may outdate.
        """
        self.writer.bodies.is_on = mode != NONE or has_some

    def staging(self) -> Staging:
        """The kept pages, to be extracted anew."""
        return Staging(self._writing, self._reading, self._books)

    async def close(self) -> None:
        """Close both connections, even when cancelled meanwhile."""
        try:
            await self._reading.close()
        finally:
            await self._writing.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<Store {self.path}>"


async def open_store(path: str | Path, *, clock: Clock) -> Store:
    """Open the database of a crawl; it is made when missing.

    Raises:
        StoreError: the file cannot be used; nothing in it was touched.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)  # once, at the start
    except OSError as error:
        raise StoreError(
            f"{path.parent}: the folder cannot be made ({error.strerror}): give --db another path",
        ) from error
    now = clock.now()
    writing = await connect(path)
    try:
        await writing.call(lambda db: _prepare(db, path, now))
        reading = await connect(path, read_only=True)
    except BaseException:
        await writing.close()
        raise
    try:
        await reading.call(lambda db: db.execute("PRAGMA temp_store = MEMORY").close())
    except BaseException:
        await reading.close()
        await writing.close()
        raise
    return Store(writing, reading, clock=clock)


def _prepare(db: sqlite3.Connection, path: Path, now: float) -> None:
    """Look before touching: a foreign or newer file stays as it is."""
    check(db, path, migrations()[-1].id)
    _set_journal(db, path)
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA foreign_keys = ON")
    db.execute(f"PRAGMA journal_size_limit = {JOURNAL_LIMIT_BYTES}")
    db.execute("PRAGMA temp_store = MEMORY")
    migrate(db, path, now=now)


def _set_journal(db: sqlite3.Connection, path: Path) -> None:
    mount = shared(path)
    wanted = "wal" if mount is None else "delete"
    (found,) = db.execute(f"PRAGMA journal_mode = {wanted}").fetchone()
    if mount is not None:
        log.warning(
            "%s lies on a shared mount (%s): the journal is %s, which is slower and safe there; "
            "let no other machine write it",
            path,
            mount,
            found,
        )
    elif found != wanted:
        log.warning("%s: the file system cannot carry WAL, the journal is %s", path, found)
