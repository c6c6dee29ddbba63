"""An empty database in memory, and changes of it without a writer."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from scraper.core.model import Request
from scraper.core.request import make_request
from scraper.core.schedule.refresh import up_to
from scraper.core.url import parse
from scraper.store.books import Change, Tenure
from scraper.store.rows import COLUMNS, request_of
from tests.empty import empty_database


class Tables:
    """A database in memory, its ledger, and who writes."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.deserialize(empty_database())
        self.counts = Counter[str]()
        self.admitted = 0
        self.now = 1000.0
        self.hosts: set[str] = set()
        self.tenure = Tenure(0, 0, 0, up_to(0), ())

    def __enter__(self) -> Tables:
        return self

    def __exit__(self, *_: object) -> None:
        self.db.close()

    def run(self, *, cycle: int, due_cycle: int = 0, transient: tuple[str, ...] = ()) -> None:
        """Begin a run."""
        self.now += 100
        self.db.execute(
            "INSERT INTO run (name, cycle, state, started_at, version) "
            "VALUES ('x', ?, 'running', ?, '')",
            (cycle, self.now),
        )
        self.db.execute(
            "INSERT OR IGNORE INTO cycle (id, began_at, due_id) VALUES (?, ?, 0)", (cycle, self.now)
        )
        (run_id,) = self.db.execute("SELECT max(id) FROM run").fetchone()
        if cycle != self.tenure.cycle:
            self.admitted = 0
        self.tenure = Tenure(run_id, cycle, 0, up_to(due_cycle), transient)

    @contextmanager
    def change(self) -> Iterator[Change]:
        self.now += 1
        change = Change(self.db, self.tenure, self.now, self.admitted)
        yield change
        self.counts.update(change.moved)
        self.admitted = change.admitted
        self.hosts = change.hosts

    def rows(self, sql: str, *parameters: object) -> list[tuple[object, ...]]:
        return self.db.execute(sql, parameters).fetchall()

    def request(self, path: str) -> Request:
        """The stored request of a path."""
        row = self.db.execute(
            f"SELECT {COLUMNS} FROM request WHERE key = ?", (link(path).key,)
        ).fetchone()
        return request_of(row)

    def state(self, path: str) -> tuple[object, ...]:
        (row,) = self.rows("SELECT state, reason FROM request WHERE key = ?", link(path).key)
        return row


def link(path: str, *, depth: int = 0, seed: bool = False, **more: object) -> Request:
    url = parse(f"https://shop.example/{path}")
    return make_request(url, depth=depth, seed=seed, **more)  # type: ignore[arg-type]
