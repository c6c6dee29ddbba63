"""What a cycle has brought so far, by item type."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from scraper.store.shape import has_table

STEP_ROWS = 2000  # read at once: an open cursor would keep the WAL of a running crawl growing


@dataclass(slots=True)
class _Type:
    seen: int = 0
    new: int = 0
    changed: int = 0
    gone: int | None = 0  # None: this is judged when the cycle ends
    rejected: int = 0
    invalid: Counter[str] = field(default_factory=Counter)
    filled: Counter[str] = field(default_factory=Counter)  # field -> values found
    looked_at: int = 0  # items and rejected ones whose fields were counted

    def look_at(self, data: str) -> None:
        """Count which fields have a value: `null` is none, and a list of nothing is none."""
        self.looked_at += 1
        for name, value in json.loads(data).items():
            self.filled[name] += value is not None and value != []

    def as_json(self, *, is_last: bool) -> dict[str, Any]:
        return {
            "seen": self.seen if is_last else None,
            "new": self.new,
            "changed": self.changed if is_last else None,
            "unchanged": self.seen - self.new - self.changed if is_last else None,
            "gone": self.gone,
            "rejected": self.rejected,
            "invalid": dict(self.invalid),
            "filled": self._shares() if is_last else {},
        }

    def _shares(self) -> dict[str, float]:
        return {name: round(count / self.looked_at, 6) for name, count in self.filled.items()}


NO_ITEMS = _Type().as_json(is_last=True)


def items(connection: sqlite3.Connection, cycle: int) -> dict[str, Any]:
    """The section `items`, judged over the cycle so far.

    An item's row tells of the last cycle that saw it: of a cycle that is not the last, only what
    was new and what was rejected can still be told; the rest is None.
    """
    types: dict[str, _Type] = {name: _Type() for name in _views(connection)}
    is_last = not connection.execute("SELECT 1 FROM cycle WHERE id > ?", (cycle,)).fetchone()
    if is_last:
        _look_at_items(connection, cycle, types)
    else:
        _look_back(connection, cycle, types)
    _look_at_rejected(connection, cycle, types)
    for text in _column(
        connection,
        "SELECT invalid FROM visit JOIN run ON run.id = visit.run_id "
        "WHERE run.cycle = ? AND visit.invalid IS NOT NULL",
        cycle,
    ):
        for name, counts in json.loads(text).items():
            types.setdefault(name, _Type()).invalid.update(counts)
    _look_at_carried(connection, cycle, types)
    _look_at_gone(connection, cycle, types)
    return {name: each.as_json(is_last=is_last) for name, each in types.items()}


def _views(connection: sqlite3.Connection) -> Iterator[str]:
    """The item types that the config knows: each has a view."""
    return _column(connection, "SELECT name FROM sqlite_master WHERE type = 'view'")


def _look_at_items(connection: sqlite3.Connection, cycle: int, types: dict[str, _Type]) -> None:
    last = 0
    while rows := connection.execute(
        "SELECT id, type, data, first_cycle = last_cycle, hash IS before_hash FROM item "
        "WHERE id > ? AND last_cycle = ? ORDER BY id LIMIT ?",
        (last, cycle, STEP_ROWS),
    ).fetchall():
        last = rows[-1][0]
        for _, name, data, is_new, is_same in rows:
            each = types.setdefault(name, _Type())
            each.seen += 1
            each.new += is_new
            each.changed += not is_new and not is_same
            each.look_at(data)


def _look_back(connection: sqlite3.Connection, cycle: int, types: dict[str, _Type]) -> None:
    for name, count in connection.execute(
        "SELECT type, count(*) FROM item WHERE first_cycle = ? GROUP BY type", (cycle,)
    ):
        types.setdefault(name, _Type()).new = count


def _look_at_rejected(connection: sqlite3.Connection, cycle: int, types: dict[str, _Type]) -> None:
    last = 0
    while rows := connection.execute(
        "SELECT rejected.id, type, data FROM rejected JOIN run ON run.id = rejected.run_id "
        "WHERE rejected.id > ? AND run.cycle = ? ORDER BY rejected.id LIMIT ?",
        (last, cycle, STEP_ROWS),
    ).fetchall():
        last = rows[-1][0]
        for _, name, data in rows:
            each = types.setdefault(name, _Type())
            each.rejected += 1
            each.look_at(data)


def _look_at_carried(connection: sqlite3.Connection, cycle: int, types: dict[str, _Type]) -> None:
    """Carried values that do not convert; a database of an older version knows none."""
    if not has_table(connection, "item_invalid"):
        return
    for name, label, count in connection.execute(
        "SELECT type, field, sum(count) FROM item_invalid WHERE cycle = ? GROUP BY type, field",
        (cycle,),
    ).fetchall():
        types.setdefault(name, _Type()).invalid[label] += count


def _look_at_gone(connection: sqlite3.Connection, cycle: int, types: dict[str, _Type]) -> None:
    """Items that this cycle found gone, even if they have come back since."""
    ended = "SELECT 1 FROM cycle WHERE id = ? AND ended_at IS NOT NULL"
    if (
        not has_table(connection, "item_doubt")  # an older version judged none
        or connection.execute(ended, (cycle,)).fetchone() is None
    ):
        for each in types.values():
            each.gone = None
        return
    for table in ("item", "item_history"):
        for name, count in connection.execute(
            f"SELECT type, count(*) FROM {table} WHERE gone_run IN "  # noqa: S608  # ours
            "(SELECT id FROM run WHERE cycle = ?) GROUP BY type",
            (cycle,),
        ).fetchall():
            each = types.setdefault(name, _Type())
            each.gone = (each.gone or 0) + count


def _column(connection: sqlite3.Connection, sql: str, *values: object) -> Iterator[Any]:
    return (row[0] for row in connection.execute(sql, values).fetchall())
