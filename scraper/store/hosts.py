"""What was learnt about hosts, kept for the next run."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Mapping
from contextlib import closing

from scraper.store.books import Books, Change
from scraper.store.connection import Connection
from scraper.store.writer import Writer

SLOW = "SELECT host, slow_s FROM host WHERE slow_s > 0"
ROBOTS = "SELECT origin, fetched_at, body FROM robots ORDER BY fetched_at DESC LIMIT ?"
ROBOTS_OF = "SELECT fetched_at, body FROM robots WHERE origin = ?"
KEEP = (
    "INSERT INTO robots (origin, fetched_at, body) VALUES (?, ?, ?) ON CONFLICT (origin) "
    "DO UPDATE SET fetched_at = excluded.fetched_at, body = excluded.body"
)
LEARN = (
    "INSERT INTO host (host, slow_s) VALUES (?, nullif(?, 0)) "
    "ON CONFLICT (host) DO UPDATE SET slow_s = excluded.slow_s"
)


class Hosts:
    """The tables `host` and `robots`."""

    def __init__(self, db: Connection, books: Books, writer: Writer) -> None:
        self._db = db
        self._books = books
        self._writer = writer
        self._texts: deque[tuple[str, bytes]] = deque()  # robots.txt to be written
        self._writes = False  # with the next commit

    async def slow(self) -> dict[str, float]:
        """Hosts that needed a pause between two starts, and how long (seconds)."""
        return await self._db.call(lambda db: dict(db.execute(SLOW).fetchall()))

    async def learn(self, slow: Mapping[str, float]) -> None:
        """Keep for the next run which pauses have changed; 0: there is none any more."""
        rows = list(slow.items())
        await self._books.change(lambda change: change.db.executemany(LEARN, rows))

    async def robots(self, limit: int, *, most_bytes: int) -> dict[str, tuple[float, bytes]]:
        """The robots.txt of each origin, when it was fetched (seconds since the epoch), its text.

        Args:
            limit: the latest are taken, and of these no more than `most_bytes`.
        """

        def read(db: sqlite3.Connection) -> dict[str, tuple[float, bytes]]:
            found, left = dict[str, tuple[float, bytes]](), most_bytes
            with closing(db.execute(ROBOTS, (limit,))) as rows:
                for origin, fetched_at, body in rows:
                    left -= len(body)
                    if left < 0:
                        break
                    found[origin] = fetched_at, body
            return found

        return await self._db.call(read)

    async def robots_of(self, origin: str) -> tuple[float, bytes] | None:
        """When the robots.txt of an origin was fetched, and its text; None: it was not."""
        return await self._db.call(lambda db: db.execute(ROBOTS_OF, (origin,)).fetchone())

    async def keep_robots(self, origin: str, body: bytes) -> None:
        """Keep a robots.txt that was fetched now; an empty one allows everything."""
        self._texts.append((origin, body))
        if not self._writes:
            self._writes = True
            await self._writer.add(self._write_robots)

    def _write_robots(self, change: Change) -> None:
        """Write all that have come until now: one by one they would take the visits apart."""
        self._writes = False  # first: who comes from now on is written, now or with the next
        while self._texts:
            origin, body = self._texts.popleft()
            change.db.execute(KEEP, (origin, change.now, body))
