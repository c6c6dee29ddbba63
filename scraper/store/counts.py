# ruff: noqa: S608 - constant text
"""The rows of table `request` by state and reason, and whether they add up."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scraper.core.gone import MISSING
from scraper.core.model import State
from scraper.core.schedule.refresh import Refresh
from scraper.store.cycles import JUDGED_ANEW, Aged, Group
from scraper.store.shape import has_table

_MISSING = ", ".join(f"'{reason}'" for reason in MISSING)
_GROUP = "SELECT state, reason, count(*), min(cycle), sum(cycle = ?)"
GONE = (  # SQL: a page that is visited again only if something leads to it
    f"(state = 'failed' AND reason IN ({_MISSING}) AND NOT seed AND EXISTS (SELECT 1 "
    "FROM request_missing WHERE request_id = request.id AND gone_run IS NOT NULL))"
)
GROUPS = (  # a walk along an index, and a closer look at pages that may be gone
    f"{_GROUP}, 0 FROM request "  # constant text
    f"WHERE NOT (state = 'failed' AND coalesce(reason, '') IN ({_MISSING})) GROUP BY state, reason "
    f"UNION ALL {_GROUP}, gone_run IS NOT NULL AND NOT seed AS gone "
    "FROM request LEFT JOIN request_missing ON request_id = request.id "
    f"WHERE state = 'failed' AND reason IN ({_MISSING}) GROUP BY state, reason, gone"
)
_JUDGED = ", ".join(f"'{reason}'" for reason in sorted(JUDGED_ANEW))
AGED = (
    "SELECT state, reason, request.cycle, page, url FROM request "
    "WHERE (state IN ('done', 'failed') "
    f"OR (state = 'skipped' AND reason IN ({_JUDGED})))"
)


@dataclass(frozen=True, slots=True)
class Balance:
    """The conservation law: every known request is in exactly one state, and none got lost."""

    known: int
    by_state: Mapping[str, int]
    by_reason: Mapping[str, Mapping[str, int]]  # state failed or skipped -> reason -> rows
    balanced: bool
    expected: int  # by the ledger


def read_groups(db: sqlite3.Connection, cycle: int) -> list[Group]:
    """All rows by state and reason; `cycle` is the last one."""
    if judges_gone(db):
        return [Group(*row) for row in db.execute(GROUPS, (cycle, cycle))]
    plain = f"{_GROUP} FROM request GROUP BY state, reason"
    return [Group(*row) for row in db.execute(plain, (cycle,))]


def read_aged(db: sqlite3.Connection, refresh: Refresh) -> Iterator[Aged]:
    """The rows that may be visited again, one by one: which rule is theirs only a URL tells."""
    sql = f"{AGED} AND NOT {GONE}" if judges_gone(db) else AGED
    for state, reason, cycle, page, url in db.execute(sql):
        yield Aged(state, reason, cycle, refresh.terms(page, url).refresh_s)


def judges_gone(db: sqlite3.Connection) -> bool:
    """Whether pages and items may be gone: a database of an older version knows nothing of it."""
    return has_table(db, "request_missing")


def counted(db: sqlite3.Connection) -> tuple[int, list[Group]]:
    """How many rows there are, and the same by state and reason."""
    known = db.execute("SELECT count(*) FROM request").fetchone()[0]
    return known, read_groups(db, 0)


def balance(known: int, found: Sequence[Group], ledger: Counter[str]) -> Balance:
    """Compare the rows with the ledger."""
    by_state = dict.fromkeys(map(str, State), 0)
    by_reason: dict[str, dict[str, int]] = {"failed": {}, "skipped": {}}
    for group in found:
        by_state[group.state] += group.rows
        if group.state in by_reason:
            reasons, reason = by_reason[group.state], group.reason or "unknown"
            reasons[reason] = reasons.get(reason, 0) + group.rows
    expected = ledger.total()
    balanced = known == expected == sum(by_state.values()) and all(
        ledger[state] == rows for state, rows in by_state.items()
    )
    return Balance(known, by_state, by_reason, balanced, expected)
