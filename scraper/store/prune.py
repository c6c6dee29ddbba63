"""Dropping the visits of old runs, a bounded number of rows at a time.

What a 304 would have to repeat (`unmodified`) stays for as long as the page may be answered so: a
page that is seldom due may not be read for more runs than are kept.
"""

from __future__ import annotations

from scraper.store.books import Change

PRUNE_ROWS = 5000
_REPEATED = (
    "EXISTS (SELECT 1 FROM page_reading AS last WHERE last.request_id = {0}.request_id "
    "AND last.run_id = {0}.run_id AND (etag IS NOT NULL OR last_modified IS NOT NULL))"
)
VISITS = (  # constant text
    "DELETE FROM visit WHERE (run_id, request_id) IN "  # noqa: S608
    "(SELECT run_id, request_id FROM visit WHERE run_id <= ? "
    f"AND NOT ((invalid IS NOT NULL OR noindex) AND {_REPEATED.format('visit')}) LIMIT ?)"
)
REJECTED = (  # those of the cycle so far are still reported
    "DELETE FROM rejected WHERE id IN (SELECT rejected.id FROM rejected "  # noqa: S608
    "JOIN run ON run.id = run_id WHERE run_id <= ? AND cycle <> ? "
    f"AND NOT {_REPEATED.format('rejected')} LIMIT ?)"
)


def prune(change: Change, keep: int) -> int:
    """Drop some rows of old runs; a run that visited nothing takes nobody's place."""
    row = change.db.execute(
        "SELECT id FROM run WHERE EXISTS (SELECT 1 FROM visit WHERE run_id = run.id) "
        "ORDER BY id DESC LIMIT 1 OFFSET ?",
        (max(keep, 1),),
    ).fetchone()
    if row is None:
        return 0
    visits = change.db.execute(VISITS, (row[0], PRUNE_ROWS)).rowcount
    bounds = (row[0], change.tenure.cycle, PRUNE_ROWS)
    return visits + change.db.execute(REJECTED, bounds).rowcount
