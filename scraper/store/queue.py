"""The waiting rows: what the frontier's window is filled from.

A read connection of its own, so that a refill never waits behind a commit. Every read is a walk
along one of the partial indexes and stops at its limit, so that ten million waiting rows cost a
refill nothing; the index is named, since the planner would take another one. Rows handed out are
still waiting in the table until their outcome is committed: the caller names them in `exclude`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from heapq import nsmallest
from math import inf
from typing import Any, TypeVar

from scraper.core.model import Request, State
from scraper.store.books import Books
from scraper.store.connection import Connection
from scraper.store.rows import COLUMNS, VALIDATORS, Row, known_of, request_of

T = TypeVar("T")

_READING = "LEFT JOIN page_reading ON request_id = request.id"
OF_HOST = (
    f"SELECT {COLUMNS}, {VALIDATORS} FROM request "  # noqa: S608  # constant text
    f"INDEXED BY request_fresh {_READING} "
    "WHERE state = 'waiting' AND due_at IS NULL AND host = ? ORDER BY depth, id"
)
OF_HOST_DEEPEST = OF_HOST.replace("ORDER BY depth, id", "ORDER BY depth DESC, id DESC")
NEXT_HOST = (
    "SELECT host FROM request INDEXED BY request_fresh "
    "WHERE state = 'waiting' AND due_at IS NULL AND host > ? ORDER BY host LIMIT 1"
)
FULLEST = (
    "SELECT host, count(*) AS rows FROM request INDEXED BY request_fresh "
    "WHERE state = 'waiting' AND due_at IS NULL GROUP BY host ORDER BY rows DESC, host LIMIT ?"
)
DUE = (
    f"SELECT {COLUMNS}, {VALIDATORS} FROM request "  # noqa: S608  # constant text
    f"INDEXED BY request_retry {_READING} "
    "WHERE state = 'waiting' AND due_at IS NOT NULL AND due_at <= ? ORDER BY due_at"
)
NEXT_DUE = (
    "SELECT due_at FROM request INDEXED BY request_retry "
    "WHERE state = 'waiting' AND due_at IS NOT NULL AND due_at > ? ORDER BY due_at LIMIT 1"
)
WAITS = (
    "SELECT host, count(*), min(coalesce(due_at, 0)) FROM request WHERE state = 'waiting' "
    "GROUP BY host"
)
PAUSED = "SELECT host, paused_until FROM host WHERE paused_until > ?"
SEED_HOSTS = "SELECT DISTINCT host FROM request WHERE seed = 1"
SCOPE_HOSTS = "SELECT host FROM host WHERE in_scope = 1 AND host > ? ORDER BY host LIMIT ?"


class Queue:
    """Reads of the waiting rows.

    Attributes:
        deepest_first: which rows of a host come first.
        revalidates: whether requests have their validators; else pages are read whole.
    """

    def __init__(self, db: Connection, books: Books) -> None:
        self._db = db
        self._books = books
        self.deepest_first = False
        self.revalidates = False

    async def of_hosts(self, shares: Mapping[str, int], exclude: Collection[int]) -> list[Request]:
        """Rows that wait for no time, smallest depth first, or `deepest_first`.

        Args:
            shares: of which hosts, and how many of each at the most.
            exclude: rows that are left out; looked at by another thread.
        """
        sql = OF_HOST_DEEPEST if self.deepest_first else OF_HOST

        def read(db: sqlite3.Connection) -> list[Row]:
            reads = ((db.execute(sql, (host,)), limit) for host, limit in shares.items())
            return [row for cursor, limit in reads for row in _some(cursor, limit, exclude)]

        return self._requests(await self._db.call(read))

    async def due(self, now: float, limit: int, exclude: Collection[int]) -> list[Request]:
        """Retries whose time has come, the longest due first; `exclude` as in `of_hosts`."""
        rows = await self._db.call(lambda db: _some(db.execute(DUE, (now,)), limit, exclude))
        return self._requests(rows)

    async def next_hosts(self, after: str, limit: int) -> list[str]:
        """Hosts that have rows for `of_hosts`, in order, behind `after`."""

        def read(db: sqlite3.Connection) -> list[str]:
            hosts: list[str] = []
            host = after
            while len(hosts) < limit:  # one step down the index for each host
                row = db.execute(NEXT_HOST, (host,)).fetchone()
                if row is None:
                    break
                host = row[0]
                hosts.append(host)
            return hosts

        return await self._db.call(read)

    async def fullest(self, limit: int) -> dict[str, int]:
        """How many rows wait for no time on each of the hosts with most: a walk along the index."""
        return await self._db.call(lambda db: dict(db.execute(FULLEST, (limit,)).fetchall()))

    async def next_due(self, after: float = 0.0) -> float | None:
        """When the first retry is due that is due after `after`; None: there is none."""

        def read(db: sqlite3.Connection) -> float | None:
            row = db.execute(NEXT_DUE, (after,)).fetchone()
            return None if row is None else float(row[0])

        return await self._db.call(read)

    async def paused(self) -> dict[str, float]:
        """Hosts that rest, and until when (seconds since the epoch)."""
        now = self._books.clock.now()
        return await self._db.call(lambda db: dict(db.execute(PAUSED, (now,)).fetchall()))

    async def waits(
        self, rests_until: Callable[[str], float], *, otherwise: float, most: int
    ) -> dict[str, Any]:
        """For whom all that is left waits: how many hosts and pages, and the first hosts.

        Looks at every row that waits: for the end of a run.

        Args:
            rests_until: when a host's rest ends (seconds since the epoch); minus infinity: nobody
                knows of one. Asked by another thread.
            otherwise: what the other hosts wait for.
            most: hosts that are named.
        """

        def read(db: sqlite3.Connection) -> dict[str, Any]:
            found = {"hosts": 0, "pages": 0}

            def each() -> Iterator[tuple[float, str, int]]:
                for host, pages, due_at in db.execute(WAITS):
                    found["hosts"] += 1
                    found["pages"] += pages
                    rests = rests_until(host)
                    known = 0.0 if due_at else otherwise
                    yield max(due_at, known if rests == -inf else rests), host, pages

            first = nsmallest(most, each())
            names = ("until", "host", "pages")
            return {**found, "first": [dict(zip(names, one, strict=True)) for one in first]}

        return await self._db.call(read)

    async def scope_hosts(self, after: str, limit: int) -> list[str]:
        """Host names that have joined the scope, in order, behind `after`."""
        rows = await self._db.call(lambda db: db.execute(SCOPE_HOSTS, (after, limit)).fetchall())
        return [hostname for (hostname,) in rows]

    async def seed_hosts(self) -> set[str]:
        """Host names of the pages that are seeds, or were when last due; reads the whole table."""
        rows = await self._db.call(lambda db: db.execute(SEED_HOSTS).fetchall())
        return {host.rpartition(":")[0] for (host,) in rows}

    async def waiting(self) -> int:
        """Rows that wait, after the last commit."""
        return self._books.counts[State.WAITING]

    def counts(self) -> dict[str, int]:
        """Rows by state and `known`, after the last commit: a look into the ledger, no read."""
        counts = self._books.counts
        by_state = {state.value: counts[state] for state in State}
        return {**by_state, "known": counts.total()}

    def _requests(self, rows: list[Row]) -> list[Request]:
        of = known_of if self.revalidates else request_of
        return [of(row) for row in rows]


def _some(cursor: sqlite3.Cursor, limit: int, exclude: Collection[int]) -> list[Row]:
    """So many rows of a read that begins."""
    found: list[Row] = []
    try:
        while missing := max(limit - len(found), 0):
            rows = cursor.fetchmany(missing)
            found += [row for row in rows if row[0] not in exclude]
            if len(rows) < missing:
                break
    finally:
        cursor.close()  # an open read would keep the WAL from being reset
    return found
