"""When a page is visited again by `refresh: auto`, as the last cycle has reckoned; read only."""

from __future__ import annotations

import sqlite3
from typing import Any

from scraper.core.schedule.auto import Schedule
from scraper.core.schedule.change import NOTHING
from scraper.core.schedule.refresh import due_at
from scraper.store.surveying import LEARNT, learns, read_schedules, seen_of

CYCLE = (  # none if the last cycle that asked what is due had a fixed `refresh`
    "SELECT max(id) FROM cycle WHERE schedules IS NOT NULL "
    "AND id >= (SELECT max(id) FROM cycle WHERE NOT fresh)"
)
KNOWN = f"SELECT request.cycle, state, {LEARNT} WHERE request.id = ?"  # constant text


def expected(db: sqlite3.Connection, id_: int, rule: str | None) -> dict[str, Any] | None:
    """What is expected of a page; None: it is visited again after a fixed time, or not at all.

    Args:
        rule: that its last visit was made by.

    Returns:
        `every_s`, from one change to the next (None: nothing is known), `after_s`, from one visit
        to the next, `at` in seconds since the epoch, and whether the page itself `is_known`.
    """
    schedule = _schedule(db, rule)
    if schedule is None:
        return None
    cycle, state, *told = db.execute(KNOWN, (id_,)).fetchone()
    known = seen_of(state, *told)
    changes = schedule.rate(rule, known)
    after_s = schedule.interval_s(rule, known)
    (began_at,) = db.execute("SELECT began_at FROM cycle WHERE id = ?", (cycle,)).fetchone()
    return {
        "every_s": None if changes is None else 1 / changes,
        "after_s": after_s,
        "at": due_at(began_at, after_s),
        "is_known": known != NOTHING,
    }


def _schedule(db: sqlite3.Connection, rule: str | None) -> Schedule | None:
    (cycle,) = db.execute(CYCLE).fetchone() if learns(db) else (None,)
    if cycle is None:
        return None
    every = read_schedules(db, cycle).values()
    return next((schedule for schedule in every if rule in schedule.priors), None)
