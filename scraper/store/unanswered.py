"""What a run that has ended left half done.

A request that must not be sent twice is given up when nobody knows whether it was answered. Where
redirects have led a request is gone on from, unless cookies may have told the way: they are in
memory alone, so without them a GET begins anew, and what must not is given up as well.
"""

from __future__ import annotations

import sqlite3

from scraper.core.outcome import is_safe

SENT = "SELECT id FROM request WHERE sent_at IS NOT NULL"
ON_THE_WAY = "SELECT id, method FROM request WHERE hop IS NOT NULL"
FORGET = "UPDATE request SET hop = NULL WHERE hop IS NOT NULL"
GIVE_UP = (
    "UPDATE request SET state = 'failed', reason = 'unanswered', sent_at = NULL, hop = NULL, "
    "due_at = NULL, attempts = attempts + 1 WHERE id = ?"
)
VISIT = (
    "INSERT INTO visit (run_id, request_id, state, reason, detail, attempts, at) "
    "SELECT ?, id, 'failed', 'unanswered', 'sent by a run that died', attempts, ? "
    "FROM request WHERE id = ?"
)


def give_up(db: sqlite3.Connection, *, cookies: bool) -> list[int]:
    """Give up what must not be sent twice; returns the rows.

    Args:
        cookies: whether an answer may depend on cookies, which are gone.
    """
    rows = {id_ for (id_,) in db.execute(SENT)}
    if cookies:
        rows |= {id_ for id_, method in db.execute(ON_THE_WAY) if not is_safe(method)}
        db.execute(FORGET)
    db.executemany(GIVE_UP, [(id_,) for id_ in sorted(rows)])
    return sorted(rows)


def write_visits(db: sqlite3.Connection, run_id: int, rows: list[int], now: float) -> None:
    """Say in the run that begins what became of them."""
    db.executemany(VISIT, [(run_id, now, id_) for id_ in rows])
