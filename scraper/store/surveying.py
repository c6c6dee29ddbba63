"""What is known of all pages, for `refresh: auto`: one look at each row before a cycle begins."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping

from scraper.core.model import State
from scraper.core.schedule.auto import Schedule, Survey
from scraper.core.schedule.change import NOTHING, Seen, seen
from scraper.core.schedule.refresh import Refresh, Terms
from scraper.store.counts import AGED, GONE, judges_gone
from scraper.store.cycles import Aged, Surveyed
from scraper.store.shape import has_column

LEARNT = "changes, moved_s, still_s FROM request LEFT JOIN page_reading ON request_id = request.id"
Kind = tuple[str, str | None, Terms, Seen]


def learns(db: sqlite3.Connection) -> bool:
    """Whether readings tell how often pages change: a database of an older version does not."""
    return has_column(db, "page_reading", "still_s")


def survey(db: sqlite3.Connection, refresh: Refresh) -> Surveyed:
    """When pages are due, and which rows may be visited again."""
    oldest: dict[Kind, int] = {}
    surveys = {owner: Survey(owner, auto) for owner, auto in refresh.autos().items()}
    for kind, cycle in _rows(db, refresh):
        state, _, terms, known = kind
        oldest[kind] = min(cycle, oldest.get(kind, cycle))
        if terms.auto is not None and state != State.SKIPPED:
            surveys[terms.owner].add(terms.rule, known)
    schedules = {owner: each.schedule() for owner, each in surveys.items()}
    return Surveyed(schedules, list(_aged(oldest, schedules)))


def _rows(db: sqlite3.Connection, refresh: Refresh) -> Iterable[tuple[Kind, int]]:
    """Each row that may be visited again, and the cycle of its last visit."""
    told = LEARNT if learns(db) else "NULL, NULL, NULL FROM request"
    sql = AGED.replace("FROM request", f", {told}", 1)
    sql = f"{sql} AND NOT {GONE}" if judges_gone(db) else sql
    for state, reason, cycle, page, url, *told_of_it in db.execute(sql):
        terms = refresh.terms(page, url)
        known = NOTHING if terms.auto is None else seen_of(state, *told_of_it)
        yield (state, reason, terms, known), cycle


def seen_of(state: str, changes: int | None, moved_s: float | None, still_s: float | None) -> Seen:
    """What visits have told of a page that is done, by columns of LEARNT."""
    if state != State.DONE or changes is None or moved_s is None or still_s is None:
        return NOTHING
    return seen(changes, moved_s, still_s)


def _aged(oldest: Mapping[Kind, int], schedules: Mapping[str | None, Schedule]) -> Iterable[Aged]:
    for (state, reason, terms, known), cycle in oldest.items():
        each_s = terms.refresh_s
        if terms.auto is not None:
            each_s = schedules[terms.owner].interval_s(terms.rule, known)
        yield Aged(state, reason, cycle, each_s)


def write_schedules(
    db: sqlite3.Connection, cycle: int, schedules: Mapping[str | None, Schedule]
) -> None:
    """Keep by what the pages of a cycle are due: the next run of it goes on with that."""
    if schedules:
        text = json.dumps([schedule.as_json() for schedule in schedules.values()])
        db.execute("UPDATE cycle SET schedules = ? WHERE id = ?", (text, cycle))


def read_schedules(db: sqlite3.Connection, cycle: int) -> dict[str | None, Schedule]:
    """What `write_schedules` has written of a cycle."""
    if not learns(db):
        return {}
    (text,) = db.execute("SELECT schedules FROM cycle WHERE id = ?", (cycle,)).fetchone()
    found = [Schedule.of_json(said) for said in json.loads(text or "[]")]
    return {schedule.owner: schedule for schedule in found}
