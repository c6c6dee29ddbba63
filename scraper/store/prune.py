"""Dropping the visits of old runs, a bounded number of rows at a time."""

from __future__ import annotations

from scraper.store.books import Change

PRUNE_ROWS = 5000


def prune(change: Change, keep: int) -> int:
    """Drop some rows of old runs; a run that visited nothing takes nobody's place."""
    row = change.db.execute(
        "SELECT id FROM run WHERE EXISTS (SELECT 1 FROM visit WHERE run_id = run.id) "
        "ORDER BY id DESC LIMIT 1 OFFSET ?",
        (max(keep, 1),),
    ).fetchone()
    if row is None:
        return 0
    visits = change.db.execute(
        "DELETE FROM visit WHERE (run_id, request_id) IN "
        "(SELECT run_id, request_id FROM visit WHERE run_id <= ? LIMIT ?)",
        (row[0], PRUNE_ROWS),
    ).rowcount
    rejected = change.db.execute(  # those of the cycle so far are still reported
        "DELETE FROM rejected WHERE id IN (SELECT rejected.id FROM rejected "
        "JOIN run ON run.id = run_id WHERE run_id <= ? AND cycle <> ? LIMIT ?)",
        (row[0], change.tenure.cycle, PRUNE_ROWS),
    ).rowcount
    return visits + rejected
