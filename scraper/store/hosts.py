"""What was learnt about hosts, kept for the next run."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from scraper.store.books import Books, Change
from scraper.store.connection import Connection
from scraper.store.writer import Writer

SLOW = "SELECT host, slow_s FROM host WHERE slow_s > 0"
ROBOTS = "SELECT origin, fetched_at, body FROM robots ORDER BY fetched_at DESC LIMIT ?"
KEEP = (
    "INSERT INTO robots (origin, fetched_at, body) VALUES (?, ?, ?) ON CONFLICT (origin) "
    "DO UPDATE SET fetched_at = excluded.fetched_at, body = excluded.body"
)
LEARN = (
    "INSERT INTO host (host, slow_s) VALUES (?, ?) "
    "ON CONFLICT (host) DO UPDATE SET slow_s = excluded.slow_s"
)


class Hosts:
    """The tables `host` and `robots`."""

    def __init__(self, db: Connection, books: Books, writer: Writer) -> None:
        self._db = db
        self._books = books
        self._writer = writer

    async def slow(self) -> dict[str, float]:
        """Hosts that needed a pause between two starts, and how long (seconds)."""
        return await self._db.call(lambda db: dict(db.execute(SLOW).fetchall()))

    async def learn(self, slow: Mapping[str, float]) -> None:
        """Keep what `slow` gives to the next run, instead of what was kept before."""

        def work(change: Change) -> None:
            change.db.execute("UPDATE host SET slow_s = NULL WHERE slow_s IS NOT NULL")
            change.db.executemany(LEARN, list(slow.items()))

        await self._books.change(work)

    async def robots(self, limit: int) -> dict[str, tuple[float, bytes]]:
        """The robots.txt of each origin, when it was fetched (seconds since the epoch), its text.

        Args:
            limit: the latest are taken.
        """

        def read(db: sqlite3.Connection) -> dict[str, tuple[float, bytes]]:
            rows = db.execute(ROBOTS, (limit,)).fetchall()
            return {origin: (at, body) for origin, at, body in rows}

        return await self._db.call(read)

    async def keep_robots(self, origin: str, body: bytes) -> None:
        """Keep a robots.txt that was fetched now; an empty one allows everything."""

        def work(change: Change) -> None:
            change.db.execute(KEEP, (origin, change.now, body))

        await self._writer.add(work)
