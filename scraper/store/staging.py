"""New items, gathered beside the old ones and put in their place in one transaction.

What kept pages give is staged in temporary tables, slice by slice: they are no part of the
database, and a process that dies leaves nothing behind. `swap` then compares and replaces. Readers
see all of the old items or all of the new ones.

Of two pages with one item the page of the newer cycle wins, within a cycle the smaller (request
key, position), as in a crawl. What the site had changed stays what it had changed: an item that is
otherwise only because it is extracted otherwise is as new, changed or unchanged in its cycle as it
was; its old version goes into the history, and the reparse is the run that changed it.

An item goes away when its page's kept version is the one that had shown it and does not any more.
What links carry is staged and joined like all else: see `rejoining`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scraper.core.errors import StoreError
from scraper.store.books import Books
from scraper.store.connection import Connection, transaction
from scraper.store.kept import KeptPage, batch, count
from scraper.store.rejoining import has_pairs, rejoin
from scraper.store.runs import RunStart, take_token
from scraper.store.staged import TABLES, Staged, put
from scraper.store.swapping import BY_TYPE, FIRST, REMOVED, STEPS
from scraper.store.views import create_views

if TYPE_CHECKING:  # it would bring the HTML parser to those who only read
    from scraper.core.extract.plan import PageRule


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

        def work(db: sqlite3.Connection) -> None:
            with aside(db):
                put(db, staged)

        await self._writing.call(work)

    async def swap(
        self,
        start: RunStart,
        rules: tuple[PageRule, ...],
        *,
        exit_status: int,
        stats: Mapping[str, object],
    ) -> Swapped:
        """Put what is staged in the place of what was, as a run of its own; all or nothing.

        Args:
            stats: of the reparse; what it has changed is added.

        Raises:
            StopError: `stop` was called before it was committed.
        """

        def work(db: sqlite3.Connection) -> Swapped:
            now = self._books.clock.now()
            with transaction(db):
                self._fence(db)
                run_id = _new_run(db, start, (self._began_at, now), exit_status)
                by_type = self._steps(db, {"run": run_id, "now": now})
                text = json.dumps({"reparse": {**stats, "items": by_type}})
                db.execute("UPDATE run SET stats = ? WHERE id = ?", (text, run_id))
                create_views(db, rules)
                return Swapped(run_id, **_summed(by_type))

        try:
            await self._join(rules)
            return await self._writing.call(work)
        except StoreError as error:
            if self._stopped:
                raise StopError(f"{self._books.path}: stopped: nothing was changed") from error
            raise

    async def stop(self) -> None:
        """Let a swap that is under way end without a change."""
        self._stopped = True
        await self._writing.interrupt()

    async def _join(self, rules: tuple[PageRule, ...]) -> None:
        """Join what links carry, step by step."""
        from scraper.core.extract.join import Joiners  # not for those who only read

        joiners = Joiners(rules)
        if not joiners.needed and not await self._writing.call(has_pairs):
            return
        steps: list[Iterator[None]] = []

        def work(db: sqlite3.Connection) -> bool:
            self._go_on()
            steps[:] = steps or [rejoin(db, joiners)]
            with aside(db):
                return next(steps[0], True) is None

        while await self._writing.call(work):
            pass

    def _steps(self, db: sqlite3.Connection, values: dict[str, float]) -> dict[str, dict[str, int]]:
        """Replace; returns by item type what has changed."""
        for sql in FIRST:
            db.execute(sql)
        removed = dict(db.execute(REMOVED).fetchall())
        for sql in STEPS:
            self._go_on()
            db.execute(sql, values)
        found = {type_: tuple(counts) for type_, *counts in db.execute(BY_TYPE, values)}
        by_type: dict[str, dict[str, int]] = {}
        for type_ in sorted(found.keys() | removed.keys()):
            staged, new, changed = found.get(type_, (0, 0, 0))
            by_type[type_] = {
                "new": new,
                "changed": changed,
                "unchanged": staged - new - changed,
                "removed": removed.get(type_, 0),
            }
        return by_type

    def _go_on(self) -> None:
        if self._stopped:
            raise StopError(f"{self._books.path}: stopped")

    def _fence(self, db: sqlite3.Connection) -> None:
        (token,) = db.execute("SELECT token FROM lock").fetchone()
        if token != self._token:
            raise StoreError(f"{self._books.path}: another run has taken over: nothing was changed")


def _new_run(
    db: sqlite3.Connection, start: RunStart, times: tuple[float, float], exit_status: int
) -> int:
    """The run of a reparse, in the newest cycle, which it neither begins nor ends."""
    cursor = db.execute(
        "INSERT INTO run (name, kind, cycle, state, started_at, ended_at, exit_status, "
        "cycle_ended, version, config_hash, pid) "
        "SELECT ?, 'reparse', id, 'done', ?, ?, ?, ended_at IS NOT NULL, ?, ?, ? "
        "FROM cycle ORDER BY id DESC LIMIT 1",
        (start.name, *times, exit_status, start.version, start.config_hash, start.pid),
    )
    return int(cursor.lastrowid or 0)


def _summed(by_type: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    names = ("new", "changed", "unchanged", "removed")
    return {name: sum(counts[name] for counts in by_type.values()) for name in names}


@contextmanager
def aside(db: sqlite3.Connection) -> Iterator[None]:
    """A transaction of the temporary tables alone: nobody is kept from writing the others."""
    db.execute("BEGIN")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        raise
