"""Items: stored exactly once, with what they were before.

Several pages of one cycle may yield the same item. The one from the smallest (request key,
position) wins, whatever arrived first, and the table, `before_hash` and the history look as if
only the winner had been written: whether an item is new or changed is judged against its version
before this cycle, never against a loser.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import blake2b

from scraper.core.model import Item, Rejected, Request
from scraper.store.books import Change
from scraper.store.rows import storable


@dataclass(frozen=True, slots=True)
class Stored:
    """An item as its row has it."""

    id: int
    data: str
    hash: bytes
    before_hash: bytes | None
    request_key: bytes
    position: int
    changed_run: int
    changed_at: float
    first_cycle: int
    last_cycle: int


def record_items(change: Change, request: Request, items: tuple[Item, ...]) -> None:
    """Store the items of one page."""
    for found in items:
        item = replace(found, key=storable(found.key), data=storable(found.data))
        digest = blake2b(item.data.encode(), digest_size=16).digest()
        stored = _find(change, item)
        if stored is None:
            _insert(change, request, item, digest)
        elif stored.last_cycle != change.tenure.cycle:
            _first_in_cycle(change, request, item, digest, stored)
        elif (stored.request_key, stored.position) >= (request.key, item.position):
            _replace(change, request, item, digest, stored)


def record_rejected(change: Change, request: Request, rejected: tuple[Rejected, ...]) -> None:
    """Store what was no item; it replaces what the same page gave earlier in this cycle."""
    change.db.execute(
        "DELETE FROM rejected WHERE request_id = ? "
        "AND run_id IN (SELECT id FROM run WHERE cycle = ?)",
        (request.id, change.tenure.cycle),
    )
    if rejected:
        change.db.executemany(
            "INSERT INTO rejected (run_id, request_id, type, field, reason, position, data) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    change.tenure.run_id,
                    request.id,
                    r.type,
                    r.field,
                    r.reason,
                    r.position,
                    storable(r.data),
                )
                for r in rejected
            ],
        )


def _find(change: Change, item: Item) -> Stored | None:
    row = change.db.execute(
        "SELECT id, data, hash, before_hash, request_key, position, changed_run, changed_at, "
        "first_cycle, last_cycle FROM item WHERE type = ? AND key = ?",
        (item.type, item.key),
    ).fetchone()
    return None if row is None else Stored(*row)


def _insert(change: Change, request: Request, item: Item, digest: bytes) -> None:
    run, cycle, now = change.tenure.run_id, change.tenure.cycle, change.now
    change.db.execute(
        "INSERT INTO item (type, key, data, hash, request_id, request_key, position, first_run, "
        "last_run, changed_run, changed_at, first_cycle, last_cycle, fetched_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            item.type,
            item.key,
            item.data,
            digest,
            request.id,
            request.key,
            item.position,
            run,
            run,
            run,
            now,
            cycle,
            cycle,
            now,
        ),
    )


def _first_in_cycle(
    change: Change,
    request: Request,
    item: Item,
    digest: bytes,
    stored: Stored,
) -> None:
    """The item was known; judge this version against the one before this cycle."""
    changed_run, changed_at = stored.changed_run, stored.changed_at
    if digest != stored.hash:
        _remember(change, item, stored)
        changed_run, changed_at = change.tenure.run_id, change.now
    _update(change, request, item, digest, stored.id, stored.hash, changed_run, changed_at)


def _replace(change: Change, request: Request, item: Item, digest: bytes, stored: Stored) -> None:
    """Write over a loser of this cycle, or over the same page's item of an earlier visit."""
    winner_again = (stored.request_key, stored.position) == (request.key, item.position)
    if winner_again and digest == stored.hash:
        return
    before = stored.before_hash
    changed_run, changed_at = change.tenure.run_id, change.now
    if before is None:
        change.db.execute(
            "UPDATE item SET first_run = ? WHERE id = ?",
            (change.tenure.run_id, stored.id),
        )
    elif digest == before and stored.hash == before:
        changed_run, changed_at = stored.changed_run, stored.changed_at
    elif digest == before:
        changed_run, changed_at = _forget(change, item)
    elif stored.hash == before:
        _remember(change, item, stored)
    _update(change, request, item, digest, stored.id, before, changed_run, changed_at)


def _update(  # one argument for each column that the callers decide
    change: Change,
    request: Request,
    item: Item,
    digest: bytes,
    id_: int,
    before: bytes | None,
    changed_run: int,
    changed_at: float,
) -> None:
    change.db.execute(
        "UPDATE item SET data = ?, hash = ?, before_hash = ?, request_id = ?, request_key = ?, "
        "position = ?, last_run = ?, changed_run = ?, changed_at = ?, last_cycle = ?, "
        "fetched_at = ? WHERE id = ?",
        (
            item.data,
            digest,
            before,
            request.id,
            request.key,
            item.position,
            change.tenure.run_id,
            changed_run,
            changed_at,
            change.tenure.cycle,
            change.now,
            id_,
        ),
    )


def _remember(change: Change, item: Item, stored: Stored) -> None:
    """Keep the version that is about to be written over."""
    change.db.execute(
        "INSERT INTO item_history (type, key, run, at, data, hash) VALUES (?, ?, ?, ?, ?, ?)",
        (item.type, item.key, stored.changed_run, stored.changed_at, stored.data, stored.hash),
    )


def _forget(change: Change, item: Item) -> tuple[int, float]:
    """Take back the newest kept version: it is current again. Returns when it had appeared."""
    row = change.db.execute(
        "SELECT id, run, at FROM item_history WHERE type = ? AND key = ? ORDER BY id DESC LIMIT 1",
        (item.type, item.key),
    ).fetchone()
    change.db.execute("DELETE FROM item_history WHERE id = ?", (row[0],))
    return row[1], row[2]
