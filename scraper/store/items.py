"""Items: stored exactly once, with what they were before.

Several pages of one cycle may yield the same item. The one from the smallest (request key,
position) wins, whatever arrived first, and the table, `before_hash` and the history look as if
only the winner had been written: whether an item is new or changed is judged against its version
before this cycle, never against a loser.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from operator import attrgetter

from scraper.core.model import Item, Rejected, Request
from scraper.store.books import Change
from scraper.store.many import read_many, update_sql, write_many
from scraper.store.rows import Row, storable

COLUMNS = (
    "id, type, key, data, hash, before_hash, request_id, request_key, position, first_run, "
    "last_run, changed_run, changed_at, first_cycle, last_cycle, fetched_at"
)
BY_KEY = (
    f"SELECT {COLUMNS} FROM (VALUES (?, ...)) AS wanted CROSS JOIN item "  # noqa: S608  # constant
    "WHERE type = wanted.column1 AND key = wanted.column2"
)
INSERT = f"INSERT INTO item ({COLUMNS}) VALUES (?, ...)"  # noqa: S608  # constant text
CHANGEABLE = (
    "id, data, hash, before_hash, request_id, request_key, position, first_run, last_run, "
    "changed_run, changed_at, last_cycle, fetched_at"
)
UPDATE = update_sql("item", CHANGEABLE)
REMEMBER = "INSERT INTO item_history (type, key, run, at, data, hash) VALUES (?, ...)"
REJECTED = (
    "INSERT INTO rejected (run_id, request_id, type, field, reason, position, data) VALUES (?, ...)"
)
REJECTED_BEFORE = (
    "SELECT request_id FROM (VALUES (?, ...)) AS wanted CROSS JOIN rejected "
    "WHERE request_id = wanted.column1 AND run_id IN (SELECT id FROM run WHERE cycle = ?)"
)


@dataclass(slots=True, eq=False)
class Stored:
    """An item as its row has it, or will have it."""

    id: int | None  # None: it gets one when it is written
    type: str
    key: str
    data: str
    hash: bytes
    before_hash: bytes | None
    request_id: int
    request_key: bytes
    position: int
    first_run: int
    last_run: int
    changed_run: int
    changed_at: float
    first_cycle: int
    last_cycle: int
    fetched_at: float


inserted = attrgetter(*COLUMNS.split(", "))
updated = attrgetter(*CHANGEABLE.split(", "))


def record_items(change: Change, pages: Sequence[tuple[Request, tuple[Item, ...]]]) -> None:
    """Store the items of pages, as if one page came after the other."""
    found = [
        (request, item, storable(item.key), storable(item.data))
        for request, items in pages
        for item in items
    ]
    stored = _Items(change, {(item.type, key) for _, item, key, _ in found})
    for request, item, key, data in found:
        stored.record(request, item, key, data)
    stored.write()


class _Items:
    """The items that a transaction meets: read together, written together."""

    def __init__(self, change: Change, keys: set[tuple[str, str]]) -> None:
        self._change = change
        rows = (Stored(*row) for row in read_many(change.db, BY_KEY, list(keys)))
        self._stored = {(row.type, row.key): row for row in rows}
        self._new: list[Stored] = []
        self._changed: dict[int, Stored] = {}
        self._history: list[Row] = []

    def record(self, request: Request, item: Item, key: str, data: str) -> None:
        """Store an item of a page."""
        digest = blake2b(data.encode(), digest_size=16).digest()
        stored = self._stored.get((item.type, key))
        if stored is None:
            self._add(request, item, key, data, digest)
        elif stored.last_cycle != self._change.tenure.cycle:
            self._first_in_cycle(stored, digest)
            self._update(stored, request, item.position, data, digest)
        elif _wins((request.key, item.position), digest, stored):
            self._replace(stored, digest)
            self._update(stored, request, item.position, data, digest)

    def write(self) -> None:
        """Write what is new and what has changed."""
        db = self._change.db
        write_many(db, INSERT, [inserted(row) for row in self._new])
        write_many(db, UPDATE, [updated(row) for row in self._changed.values()])
        self._write_history()

    def _add(self, request: Request, item: Item, key: str, data: str, digest: bytes) -> None:
        run, cycle, now = self._change.tenure.run_id, self._change.tenure.cycle, self._change.now
        new = Stored(
            *(None, item.type, key, data, digest, None, request.id, request.key, item.position),
            *(run, run, run, now),
            *(cycle, cycle, now),
        )
        self._stored[item.type, key] = new
        self._new.append(new)

    def _first_in_cycle(self, stored: Stored, digest: bytes) -> None:
        """The item was known; judge this version against the one before this cycle."""
        if digest != stored.hash:
            self._remember(stored)
            self._appears(stored)
        stored.before_hash = stored.hash

    def _replace(self, stored: Stored, digest: bytes) -> None:
        """Judge a version that takes the place of a loser of this cycle."""
        before = stored.before_hash
        if before is None:
            stored.first_run = self._change.tenure.run_id
            self._appears(stored)
        elif digest == before != stored.hash:
            self._forget(stored)
        elif digest != before:
            if stored.hash == before:
                self._remember(stored)
            self._appears(stored)

    def _appears(self, stored: Stored) -> None:
        stored.changed_run, stored.changed_at = self._change.tenure.run_id, self._change.now

    def _update(
        self, stored: Stored, request: Request, position: int, data: str, digest: bytes
    ) -> None:
        stored.data, stored.hash = data, digest
        stored.request_id, stored.request_key = request.id, request.key
        stored.position = position
        stored.last_run, stored.last_cycle = self._change.tenure.run_id, self._change.tenure.cycle
        stored.fetched_at = self._change.now
        if stored.id is not None:
            self._changed[stored.id] = stored

    def _remember(self, stored: Stored) -> None:
        """Keep the version that is about to be written over."""
        run, at = stored.changed_run, stored.changed_at
        self._history.append((stored.type, stored.key, run, at, stored.data, stored.hash))

    def _forget(self, stored: Stored) -> None:
        """Take back the newest kept version: it is current again, as of when it had appeared."""
        self._write_history()
        row = self._change.db.execute(
            "SELECT id, run, at FROM item_history WHERE type = ? AND key = ? "
            "ORDER BY id DESC LIMIT 1",
            (stored.type, stored.key),
        ).fetchone()
        self._change.db.execute("DELETE FROM item_history WHERE id = ?", (row[0],))
        stored.changed_run, stored.changed_at = row[1], row[2]

    def _write_history(self) -> None:
        write_many(self._change.db, REMEMBER, self._history)
        self._history = []


def record_rejected(change: Change, pages: Sequence[tuple[Request, tuple[Rejected, ...]]]) -> None:
    """Store what was no item; it replaces what the same page gave earlier in this cycle."""
    run, cycle = change.tenure.run_id, change.tenure.cycle
    ids = [(request.id,) for request, _ in pages]
    before = {id_ for (id_,) in read_many(change.db, REJECTED_BEFORE, ids, (cycle,))}
    rows: list[Row] = []
    for request, rejected in pages:
        if request.id in before:
            write_many(change.db, REJECTED, rows)
            rows = []
            _drop_rejected(change, request)
        for r in rejected:
            before.add(request.id)
            place = (r.type, r.field, r.reason, r.position)
            rows.append((run, request.id, *place, storable(r.data)))
    write_many(change.db, REJECTED, rows)


def _drop_rejected(change: Change, request: Request) -> None:
    change.db.execute(
        "DELETE FROM rejected WHERE request_id = ? "
        "AND run_id IN (SELECT id FROM run WHERE cycle = ?)",
        (request.id, change.tenure.cycle),
    )


def _wins(place: tuple[bytes, int], digest: bytes, stored: Stored) -> bool:
    """Whether a version takes the place of one of this cycle, or of its own earlier one."""
    before = (stored.request_key, stored.position)
    return place < before or (place == before and digest != stored.hash)
