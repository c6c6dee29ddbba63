# ruff: noqa: S608 - constant text
"""Pages and items that are gone, judged when a cycle ends: see `evidence`.

Each step may be done twice, so a process that dies in between is of no consequence: the cycle is
still open, and the next run begins with the first step. What only gathers evidence comes first
(`count_missing`, before the pairs are settled, and `gather`); marks are made in the last
transaction, all or none (`mark`).
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace

from scraper.core.gone import MISSING, Going, too_many
from scraper.core.plan import GonePlan
from scraper.store.books import Books, Change
from scraper.store.evidence import Evidence

EXAMPLES = 3
_MISSING = ", ".join(f"'{reason}'" for reason in MISSING)
FOUND_AGAIN = (
    "DELETE FROM request_missing WHERE request_id IN (SELECT request_id FROM request_missing "
    "CROSS JOIN request WHERE request.id = request_id AND state = 'done')"
)
COUNT = (
    "INSERT INTO request_missing (request_id, times, last_cycle) SELECT id, 1, cycle FROM request "
    f"WHERE state = 'failed' AND reason IN ({_MISSING}) AND cycle = ? "
    "ON CONFLICT DO UPDATE SET times = times + 1, last_cycle = excluded.last_cycle "
    "WHERE last_cycle <> excluded.last_cycle"
)
_GONE_PAGES = "(SELECT request_id FROM request_missing WHERE times >= ?)"
DROP_CARRIES = f"DELETE FROM item_carry WHERE parent_id IN {_GONE_PAGES}"
OF_GONE_PAGES = (  # what showed what, and shows nothing any more
    f"SELECT item_id FROM item_page WHERE request_id IN {_GONE_PAGES}",
    f"DELETE FROM item_page WHERE request_id IN {_GONE_PAGES}",
    f"SELECT item_id FROM item_pair WHERE request_id IN {_GONE_PAGES}",
    f"DELETE FROM item_pair WHERE request_id IN {_GONE_PAGES}",
)
OF_PAIRS = (  # made again by no page, or of what is carried no more
    "SELECT item_id FROM item_pair WHERE doubted = 1",
    "DELETE FROM item_pair WHERE doubted = 1",
)
_UNCARRIED = (
    "FROM item_pair WHERE carry <> '' AND NOT EXISTS (SELECT 1 FROM item_carry "
    "WHERE item_carry.request_id = item_pair.request_id AND hash = carry)"
)
OF_CARRIES = (f"SELECT item_id {_UNCARRIED}", f"DELETE {_UNCARRIED}")
DOUBT = "INSERT OR IGNORE INTO item_doubt (item_id) "
SHOWN = (  # the order of the tables: one walk along the first, never one for each doubt
    "DELETE FROM item_doubt WHERE item_id IN (SELECT shown.item_id FROM {} AS shown "
    "CROSS JOIN item_doubt ON item_doubt.item_id = shown.item_id)"
)
_TO_GO = (
    "FROM item_doubt CROSS JOIN item ON item.id = item_id WHERE gone_run IS NULL "
    "AND last_cycle < ?1 AND type IN (SELECT value FROM json_each(?2))"
)
TO_GO = f"SELECT type, count(*) {_TO_GO} GROUP BY type ORDER BY type"
LIVE = (
    "SELECT count(*) - (SELECT count(*) FROM item WHERE type = ?1 AND gone_run IS NOT NULL) "
    "FROM item WHERE type = ?1"
)
NEW = "SELECT count(*) FROM item WHERE type = ? AND first_cycle = ?"
EXAMPLE = (
    f"SELECT DISTINCT url FROM (SELECT item.request_id AS of_page {_TO_GO} AND type = ?3 "
    f"ORDER BY item.id LIMIT 100) JOIN request ON request.id = of_page LIMIT {EXAMPLES}"
)
MARK_PAGES = "UPDATE request_missing SET gone_run = ?1 WHERE times >= ?2 AND gone_run IS NULL"
MARK_ITEMS = f"UPDATE item SET gone_run = ?3 WHERE id IN (SELECT item_id {_TO_GO})"
_TYPES = (  # a step along the index for each type
    "WITH RECURSIVE known (type) AS (SELECT min(type) FROM item UNION ALL "
    "SELECT (SELECT min(type) FROM item WHERE type > known.type) FROM known "
    "WHERE known.type IS NOT NULL) "
)
UNSOUGHT = (
    f"{_TYPES} SELECT type FROM known WHERE type IS NOT NULL "
    "AND type NOT IN (SELECT value FROM json_each(?))"
)
RETIRE = "UPDATE item SET gone_run = ?1 WHERE type = ?2 AND last_cycle < ?3 AND gone_run IS NULL"
FORGET = (
    "DELETE FROM item_doubt WHERE item_id IN (SELECT item_id FROM item_doubt "
    "CROSS JOIN item ON item.id = item_id WHERE gone_run IS NOT NULL)"
)


def count_missing(change: Change, plan: GonePlan) -> None:
    """Count in how many cycles running pages were not there; what these carried counts no more."""
    change.db.execute(FOUND_AGAIN)
    change.db.execute(COUNT, (change.tenure.cycle,))
    change.db.execute(DROP_CARRIES, (plan.after,))


async def judge(books: Books, plan: GonePlan, evidence: Evidence) -> list[Going]:
    """Mark what is gone; returns of which types too much is: then nothing is marked."""
    await books.change(lambda change: gather(change, plan))
    going, _ = await books.change(lambda change: mark(change, plan, evidence))
    return going


def gather(change: Change, plan: GonePlan) -> None:
    """Doubt what lost evidence, and trust again what has some."""
    for (doubted, drop), *values in (
        (OF_GONE_PAGES[:2], plan.after),
        (OF_GONE_PAGES[2:], plan.after),
        (OF_CARRIES,),
        (OF_PAIRS,),
    ):
        change.db.execute(DOUBT + doubted, values)
        change.db.execute(drop, values)
    if change.db.execute("SELECT 1 FROM item_doubt LIMIT 1").fetchone() is not None:
        for table in ("item_page", "item_pair"):
            change.db.execute(SHOWN.format(table))


def mark(change: Change, plan: GonePlan, evidence: Evidence) -> list[Going]:
    """Mark pages and items, unless it is too much at once; returns what is.

    Of types that the config does not look for nothing is known: they are left alone, unless all may
    go (`plan.at_most` is 1).
    """
    db, tenure = change.db, change.tenure
    types = json.dumps(sorted(evidence.types))
    found = db.execute(TO_GO, (tenure.cycle, types)).fetchall()
    going = [Going(type_, gone, *db.execute(LIVE, (type_,)).fetchone()) for type_, gone in found]
    much = too_many(going, plan.at_most)
    much = too_many((_with_new(change, each, evidence) for each in much), plan.at_most)
    if not much:
        db.execute(MARK_PAGES, (tenure.run_id, plan.after))
        db.execute(MARK_ITEMS, (tenure.cycle, types, tenure.run_id))
        if plan.at_most >= 1:
            for type_ in unsought(db, evidence):
                db.execute(RETIRE, (tenure.run_id, type_, tenure.cycle))
        db.execute(FORGET)
    return [replace(each, examples=_examples(change, each.type, types)) for each in much]


def unsought(db: sqlite3.Connection, evidence: Evidence) -> dict[str, int]:
    """How many live items there are of each type that no rule of today looks for."""
    found = db.execute(UNSOUGHT, (json.dumps(sorted(evidence.types)),)).fetchall()
    live = {type_: int(db.execute(LIVE, (type_,)).fetchone()[0]) for (type_,) in found}
    return {type_: count for type_, count in live.items() if count}


def _with_new(change: Change, going: Going, evidence: Evidence) -> Going:
    """With what is new in this cycle, where that may be the same in another form."""
    if going.type not in evidence.loose:
        return going
    (new,) = change.db.execute(NEW, (going.type, change.tenure.cycle)).fetchone()
    return replace(going, replaced=new)


def _examples(change: Change, type_: str, types: str) -> tuple[str, ...]:
    rows = change.db.execute(EXAMPLE, (change.tenure.cycle, types, type_)).fetchall()
    return tuple(url for (url,) in rows)
