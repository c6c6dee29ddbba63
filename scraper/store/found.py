"""What earlier runs have found out and kept among their figures, for the next one."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

CONCURRENCY = (
    "SELECT coalesce(json_extract(stats, '$.concurrency.next_start'), "
    "json_extract(stats, '$.concurrency.reached')) FROM "
    "(SELECT id, stats FROM run WHERE kind = 'crawl' ORDER BY id DESC LIMIT 20) "
    "WHERE json_extract(stats, '$.concurrency.auto') ORDER BY id DESC LIMIT 1"
)
TRAPS = (
    "SELECT json_extract(old.stats, '$.traps') FROM run AS now JOIN run AS old ON "
    "old.cycle = now.cycle AND old.config_hash = now.config_hash AND old.id < now.id "
    "WHERE now.id = ? AND json_extract(old.stats, '$.traps') IS NOT NULL "
    "ORDER BY old.id DESC LIMIT 1"
)


def concurrency(db: sqlite3.Connection) -> int | None:
    """How many open requests `concurrency: auto` came to; None: no run looked for it."""
    row = db.execute(CONCURRENCY).fetchone()
    return int(row[0]) if row and row[0] else None


def traps(db: sqlite3.Connection, run_id: int) -> dict[str, Any] | None:
    """What was counted of traps in the cycle of a run by its config; see `core.schedule.kinds`."""
    row = db.execute(TRAPS, (run_id,)).fetchone()
    return json.loads(row[0]) if row else None
