"""Items: stored exactly once, with what they were before.

Several pages of one cycle may yield the same item. The one from the smallest (request key,
position, carry) wins, whatever arrived first, and the table, `before_hash` and the history look as
if only the winner had been written: whether an item is new or changed is judged against its version
before this cycle, never against a loser.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from operator import attrgetter
from typing import NamedTuple

from scraper.core.model import Item, Rejected, Request
from scraper.store.books import Change
from scraper.store.many import read_many, update_sql, write_many
from scraper.store.readings import ALWAYS, drop_validators
from scraper.store.rows import Row, storable

COLUMNS = (
    "id, type, key, data, hash, before_hash, request_id, request_key, position, carry, first_run, "
    "last_run, changed_run, changed_at, first_cycle, last_cycle, fetched_at, gone_run"
)
BY_KEY = (
    f"SELECT {COLUMNS} FROM (VALUES (?, ...)) AS wanted CROSS JOIN item "  # noqa: S608  # constant
    "WHERE type = wanted.column1 AND key = wanted.column2"
)
INSERT = f"INSERT INTO item ({COLUMNS}) VALUES (?, ...)"  # noqa: S608  # constant text
CHANGEABLE = (
    "id, data, hash, before_hash, request_id, request_key, position, carry, first_run, last_run, "
    "changed_run, changed_at, first_cycle, last_cycle, fetched_at, gone_run"
)
UPDATE = update_sql("item", CHANGEABLE)
REMEMBER = "INSERT INTO item_history (type, key, run, at, data, hash, gone_run) VALUES (?, ...)"
REJECTED = (
    "INSERT INTO rejected (run_id, request_id, type, field, reason, position, data, carry) "
    "VALUES (?, ...)"
)
REJECTED_BEFORE = (
    "SELECT request_id FROM (VALUES (?, ...)) AS wanted CROSS JOIN rejected "
    "WHERE request_id = wanted.column1 AND run_id IN (SELECT id FROM run WHERE cycle = ?)"
)


PAIRS_BEFORE = (
    "SELECT rejected.id FROM (VALUES (?, ...)) AS wanted CROSS JOIN rejected "
    "WHERE request_id = wanted.column1 AND carry = wanted.column2 "
    "AND run_id IN (SELECT id FROM run WHERE cycle = ?)"
)


class Pair(NamedTuple):
    """What came of a page and what was carried to it."""

    id: int  # of the page's request
    key: bytes
    carry: str  # the hash of what was read of it; empty when nothing was carried
    outcome: Item | Rejected
    via: str = ""  # the hash of all that a link carried; empty when no link did


@dataclass(slots=True, eq=False)
class Stored:
    """An item as its row has it, or will have it."""

    id: int
    type: str
    key: str
    data: str
    hash: bytes
    before_hash: bytes | None
    request_id: int
    request_key: bytes
    position: int
    carry: str
    first_run: int
    last_run: int
    changed_run: int
    changed_at: float
    first_cycle: int
    last_cycle: int
    fetched_at: float
    gone_run: int | None = None  # that judged it gone


inserted = attrgetter(*COLUMNS.split(", "))
updated = attrgetter(*CHANGEABLE.split(", "))


def record_items(
    change: Change,
    pages: Sequence[tuple[Request, tuple[Item, ...]]],
    pairs: Sequence[Pair] = (),
) -> list[int]:
    """Store the items of pages and pairs, as if one came after the other; returns their rows."""
    found = [
        (_Place(request.id, request.key, item.position), item, storable(item.key), item.data)
        for request, items in pages
        for item in items
    ]
    found += [
        (_Place(*pair[:2], item.position, pair.carry), item, storable(item.key), item.data)
        for pair in pairs
        if isinstance(item := pair.outcome, Item)
    ]
    stored = _Items(change, {(item.type, key) for _, item, key, _ in found})
    ids = [stored.record(place, item.type, key, storable(data)) for place, item, key, data in found]
    stored.write()
    return ids


class _Place(NamedTuple):
    """Where an item was found."""

    request_id: int
    request_key: bytes
    position: int
    carry: str = ""


class _Items:
    """The items that a transaction meets: read together, written together."""

    def __init__(self, change: Change, keys: set[tuple[str, str]]) -> None:
        self._change = change
        rows = (Stored(*row) for row in read_many(change.db, BY_KEY, list(keys)))
        self._stored = {(row.type, row.key): row for row in rows}
        self._last_id = 0  # the largest in use; 0: not known yet
        self._new: dict[int, Stored] = {}
        self._changed: dict[int, Stored] = {}
        self._history: list[Row] = []
        self._lost: set[tuple[int, int]] = set()  # pages that show items otherwise than stored

    def record(self, place: _Place, type_: str, key: str, data: str) -> int:
        """Store an item of a page; returns its row."""
        digest = blake2b(data.encode(), digest_size=16).digest()
        stored = self._stored.get((type_, key))
        if stored is None:
            return self._add(place, type_, key, data, digest)
        if stored.last_cycle != self._change.tenure.cycle:
            self._takes(place, stored, spared=self._change.tenure.cycle)
            self._first_in_cycle(stored, digest)
            self._update(stored, place, data, digest)
        elif _wins(place, digest, stored):
            self._takes(place, stored)
            self._replace(stored, digest)
            self._update(stored, place, data, digest)
        elif stored.request_id != place.request_id:
            self._lost.add((place.request_id, ALWAYS))
        return stored.id

    def write(self) -> None:
        """Write what is new and what has changed."""
        db = self._change.db
        write_many(db, INSERT, [inserted(row) for row in self._new.values()])
        write_many(db, UPDATE, [updated(row) for row in self._changed.values()])
        self._write_history()
        drop_validators(self._change, self._lost)

    def _takes(self, place: _Place, stored: Stored, *, spared: int = ALWAYS) -> None:
        """A page's version takes the place of another page's, unless that was read without it."""
        if stored.request_id != place.request_id:
            self._lost.add((stored.request_id, spared))

    def _add(self, place: _Place, type_: str, key: str, data: str, digest: bytes) -> int:
        run, cycle, now = self._change.tenure.run_id, self._change.tenure.cycle, self._change.now
        new = Stored(
            *(self._next_id(), type_, key, data, digest, None, *place),
            *(run, run, run, now),
            *(cycle, cycle, now),
        )
        self._stored[type_, key] = new
        self._new[new.id] = new
        return new.id

    def _next_id(self) -> int:
        if not self._last_id:
            (last,) = self._change.db.execute("SELECT coalesce(max(id), 0) FROM item").fetchone()
            self._last_id = last
        self._last_id += 1
        return self._last_id

    def _first_in_cycle(self, stored: Stored, digest: bytes) -> None:
        """The item was known; judge this version against the one before this cycle."""
        if stored.gone_run is not None:
            self._back_again(stored)
            return
        if digest != stored.hash:
            self._remember(stored)
            self._appears(stored)
        stored.before_hash = stored.hash

    def _back_again(self, stored: Stored) -> None:
        """The item was gone: it is as new, and its history tells what it was."""
        self._remember(stored)
        self._appears(stored)
        stored.before_hash = stored.gone_run = None
        stored.first_run = self._change.tenure.run_id
        stored.first_cycle = self._change.tenure.cycle

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

    def _update(self, stored: Stored, place: _Place, data: str, digest: bytes) -> None:
        stored.data, stored.hash = data, digest
        stored.request_id, stored.request_key, stored.position, stored.carry = place
        stored.last_run, stored.last_cycle = self._change.tenure.run_id, self._change.tenure.cycle
        stored.fetched_at = self._change.now
        if stored.id not in self._new:
            self._changed[stored.id] = stored

    def _remember(self, stored: Stored) -> None:
        """Keep the version that is about to be written over."""
        run, at = stored.changed_run, stored.changed_at
        version = (stored.type, stored.key, run, at, stored.data, stored.hash)
        self._history.append((*version, stored.gone_run))

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
            rows.append((run, request.id, *place, storable(r.data), None))
    write_many(change.db, REJECTED, rows)


def record_pairs_rejected(change: Change, items: Sequence[Pair], rejected: Sequence[Pair]) -> None:
    """Store which pairs were no items; it replaces what was said of the same in this cycle."""
    run, cycle = change.tenure.run_id, change.tenure.cycle
    places = [(pair.id, pair.carry) for pair in (*items, *rejected)]
    before = {id_ for (id_,) in read_many(change.db, PAIRS_BEFORE, places, (cycle,))}
    change.db.executemany("DELETE FROM rejected WHERE id = ?", [(id_,) for id_ in sorted(before)])
    rows: list[Row] = []
    for pair in rejected:
        if isinstance(r := pair.outcome, Rejected):
            place = (r.type, r.field, r.reason, r.position)
            rows.append((run, pair.id, *place, storable(r.data), pair.carry))
    write_many(change.db, REJECTED, rows)


def _drop_rejected(change: Change, request: Request) -> None:
    change.db.execute(
        "DELETE FROM rejected WHERE request_id = ? "
        "AND run_id IN (SELECT id FROM run WHERE cycle = ?)",
        (request.id, change.tenure.cycle),
    )


def _wins(place: _Place, digest: bytes, stored: Stored) -> bool:
    """Whether a version takes the place of one of this cycle, or of its own earlier one."""
    before = (stored.request_key, stored.position, stored.carry)
    here = place[1:]
    return here < before or (here == before and digest != stored.hash)
