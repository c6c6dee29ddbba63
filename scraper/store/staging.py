"""New items, gathered beside the old ones and put in their place in one transaction.

What kept pages give is staged in temporary tables, slice by slice: they are no part of the
database, and a process that dies leaves nothing behind. `swap` then compares and replaces. Readers
see all of the old items or all of the new ones.

Of two pages with one item the page of the newer cycle wins, within a cycle the smaller (request
key, position), as in a crawl. What the site had changed stays what it had changed: an item that is
otherwise only because it is extracted otherwise is as new, changed or unchanged in its cycle as it
was; its old version goes into the history, and the reparse is the run that changed it.

An item goes away when its page's kept version is the one that had shown it and does not any more.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from scraper.core.errors import StoreError
from scraper.core.model import Page, Reason, State
from scraper.store.books import Books
from scraper.store.connection import Connection, transaction
from scraper.store.kept import KeptPage, batch, count
from scraper.store.rows import Row, storable
from scraper.store.runs import RunStart, take_token
from scraper.store.swapping import COUNTS, STEPS
from scraper.store.views import create_views

if TYPE_CHECKING:  # it would bring the HTML parser to those who only read
    from scraper.core.extract.plan import PageRule

TABLES = (
    """CREATE TEMP TABLE staged_page (request_id INTEGER PRIMARY KEY, run_id, cycle, state, reason,
    detail, rule, items, rejected, invalid)""",
    """CREATE TEMP TABLE staged_item (type, key, data, hash, request_id, request_key, position,
    run_id, cycle, at, UNIQUE (type, key))""",
    "CREATE TEMP TABLE staged_rejected (run_id, request_id, type, field, reason, position, data)",
)
PAGE = "INSERT INTO staged_page VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
ITEM = (
    "INSERT INTO staged_item VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (type, key) DO UPDATE SET data = excluded.data, hash = excluded.hash, "
    "request_id = excluded.request_id, request_key = excluded.request_key, "
    "position = excluded.position, run_id = excluded.run_id, cycle = excluded.cycle, "
    "at = excluded.at WHERE excluded.cycle > cycle OR (excluded.cycle = cycle "
    "AND (excluded.request_key, excluded.position) < (request_key, position))"
)
REJECTED = "INSERT INTO staged_rejected VALUES (?, ?, ?, ?, ?, ?, ?)"


NOTHING = Page()


@dataclass(frozen=True, slots=True)
class Staged:
    """What a kept page gives today."""

    kept: KeptPage
    rule: str | None
    page: Page = NOTHING
    reason: Reason | str | None = None  # why it gives nothing; None: it was read
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Swapped:
    """What a swap has changed."""

    run_id: int
    new: int
    changed: int
    unchanged: int
    removed: int


class StopError(StoreError):
    """The swap was stopped: everything is as it was."""


class Staging:
    """The kept pages of an open store, and what they give today."""

    def __init__(self, writing: Connection, reading: Connection, books: Books) -> None:
        self._writing = writing
        self._reading = reading
        self._books = books
        self._token = 0
        self._stopped = False
        self._began_at = 0.0

    async def begin(self, pid: int) -> int:
        """Take over from any other run; returns how many kept pages there are."""
        now = self._began_at = self._books.clock.now()

        def work(db: sqlite3.Connection) -> int:
            db.execute("PRAGMA temp_store = FILE")
            for sql in TABLES:
                db.execute(sql)
            with transaction(db):
                return take_token(db, pid, now)[0]

        self._token = await self._writing.call(work)
        return await self._reading.call(count)

    async def batch(self, after: int) -> list[KeptPage]:
        """The next kept pages, of requests with a greater id; empty at the end."""
        return await self._reading.call(lambda db: batch(db, after))

    async def put(self, staged: Sequence[Staged]) -> None:
        """Stage what pages give."""
        pages = [_page(each) for each in staged]
        items = [row for each in staged for row in _items(each)]
        rejected = [row for each in staged for row in _rejected(each)]

        def work(db: sqlite3.Connection) -> None:
            db.execute("BEGIN")  # of the temporary tables alone: nobody is kept from writing
            db.executemany(PAGE, pages)
            db.executemany(ITEM, items)
            db.executemany(REJECTED, rejected)
            db.execute("COMMIT")

        await self._writing.call(work)

    async def swap(
        self, start: RunStart, rules: tuple[PageRule, ...], *, exit_status: int, stats: object
    ) -> Swapped:
        """Put what is staged in the place of what was, as a run of its own; all or nothing.

        Raises:
            StopError: `stop` was called before it was committed.
        """
        now = self._books.clock.now()
        text = json.dumps(stats)

        def work(db: sqlite3.Connection) -> Swapped:
            with transaction(db):
                self._fence(db)
                run_id = _new_run(db, start, (self._began_at, now), exit_status, text)
                counts = self._steps(db, {"run": run_id, "now": now})
                create_views(db, rules)
                return Swapped(run_id, **counts)

        try:
            return await self._writing.call(work)
        except StoreError as error:
            if self._stopped:
                raise StopError(f"{self._books.path}: stopped: nothing was changed") from error
            raise

    async def stop(self) -> None:
        """Let a swap that is under way end without a change."""
        self._stopped = True
        await self._writing.interrupt()

    def _steps(self, db: sqlite3.Connection, values: dict[str, float]) -> dict[str, int]:
        counts = dict.fromkeys(("new", "changed", "removed"), 0)
        for name, sql in STEPS:
            if self._stopped:
                raise StopError(f"{self._books.path}: stopped")
            rows = db.execute(sql, values).rowcount
            if name in counts:
                counts[name] = rows
        (staged,) = db.execute(COUNTS).fetchone()
        return {**counts, "unchanged": staged - counts["new"] - counts["changed"]}

    def _fence(self, db: sqlite3.Connection) -> None:
        (token,) = db.execute("SELECT token FROM lock").fetchone()
        if token != self._token:
            raise StoreError(f"{self._books.path}: another run has taken over: nothing was changed")


def _new_run(
    db: sqlite3.Connection,
    start: RunStart,
    times: tuple[float, float],
    exit_status: int,
    stats: str,
) -> int:
    """The run of a reparse, in the newest cycle, which it neither begins nor ends."""
    cursor = db.execute(
        "INSERT INTO run (name, kind, cycle, state, started_at, ended_at, exit_status, "
        "cycle_ended, version, config_hash, pid, stats) "
        "SELECT ?, 'reparse', id, 'done', ?, ?, ?, ended_at IS NOT NULL, ?, ?, ?, ? "
        "FROM cycle ORDER BY id DESC LIMIT 1",
        (start.name, *times, exit_status, start.version, start.config_hash, start.pid, stats),
    )
    return int(cursor.lastrowid or 0)


def _page(staged: Staged) -> Row:
    invalid = {kind: dict(fields) for kind, fields in staged.page.invalid.items()}
    return (
        staged.kept.request.id,
        staged.kept.run_id,
        staged.kept.cycle,
        str(State.DONE if staged.reason is None else State.FAILED),
        staged.reason and str(staged.reason),
        storable(staged.detail) or None,
        staged.rule,
        len(staged.page.items),
        len(staged.page.rejected),
        json.dumps(invalid) if invalid else None,
    )


def _items(staged: Staged) -> Iterator[Row]:
    kept = staged.kept
    for item in staged.page.items:
        data = storable(item.data)
        digest = blake2b(data.encode(), digest_size=16).digest()
        request = kept.request
        place = (request.id, request.key, item.position)
        visit = (kept.run_id, kept.cycle, kept.at)
        yield (item.type, storable(item.key), data, digest, *place, *visit)


def _rejected(staged: Staged) -> Iterator[Row]:
    for each in staged.page.rejected:
        what = (each.type, each.field, each.reason, each.position, storable(each.data))
        yield (staged.kept.run_id, staged.kept.request.id, *what)
