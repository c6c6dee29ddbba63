"""The books of one open database: the writing connection, who may write, and the counts.

The counts are a ledger of their own: taken once when a run begins, then moved by every change of
a row that is committed. At the end of a run they are compared with the rows (`Runs.balance`).
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from scraper.clock import Clock
from scraper.core.errors import StoreError
from scraper.core.schedule.refresh import Due
from scraper.store.connection import Connection, transaction

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tenure:
    """As what the running process writes."""

    run_id: int
    cycle: int
    token: int
    due: Due  # pages that are visited again in this cycle
    transient: tuple[str, ...]  # reasons of failures that are due again at once


@dataclass(slots=True)
class Change:
    """One transaction: where it writes, and what it will have moved once it is committed."""

    db: sqlite3.Connection
    tenure: Tenure
    now: float  # seconds since the epoch, the same for the whole transaction
    admitted: int = 0  # rows of this cycle that count for max_pages, this change included
    moved: Counter[str] = field(default_factory=Counter)  # state -> rows more or less
    hosts: set[str] = field(default_factory=set)  # with new waiting rows
    visited: list[int] = field(default_factory=list)  # rows that a redirect to them has settled

    def move(self, before: str | None, after: str) -> None:
        """Enter that a row went from one state to another; None: the row is new."""
        if before is not None:
            self.moved[before] -= 1
        self.moved[after] += 1


class Books:
    """What the parts of an open store share."""

    def __init__(self, db: Connection, *, path: Path, clock: Clock) -> None:
        self.db = db
        self.path = path
        self.clock = clock
        self.counts: Counter[str] = Counter()
        self.admitted = 0  # rows of this cycle that count for max_pages
        self._tenure: Tenure | None = None

    @property
    def tenure(self) -> Tenure:
        """As what we write; before `runs.begin` nothing may be written."""
        if self._tenure is None:
            raise StoreError(f"{self.path}: no run has begun")
        return self._tenure

    def open(self, tenure: Tenure, counts: Counter[str], admitted: int) -> None:
        """Begin the books of a run with what the table holds."""
        self._tenure = tenure
        self.counts = counts
        self.admitted = admitted

    async def change(self, work: Callable[[Change], T]) -> tuple[T, Change]:
        """Run `work` in one transaction that only the holder of the newest token can commit."""
        tenure = self.tenure
        now = self.clock.now()

        def whole(db: sqlite3.Connection) -> tuple[T, Change]:
            change = Change(db, tenure, now, self.admitted)
            with transaction(db):
                self._fence(db, tenure)
                result = work(change)
            # here, on the connection's thread: the next change must see it, whoever waits for us
            self.counts.update(change.moved)
            self.admitted = change.admitted
            return result, change

        return await self.db.call(whole)

    def _fence(self, db: sqlite3.Connection, tenure: Tenure) -> None:
        (token,) = db.execute("SELECT token FROM lock").fetchone()
        if token != tenure.token:
            raise StoreError(
                f"{self.path}: another run has taken over (token {token}, ours was "
                f"{tenure.token}): nothing more is written; run one command at a time",
            )
