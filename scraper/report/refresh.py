"""What `refresh: auto` expects of a cycle, beside as many visits at one interval."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from scraper.core.schedule.auto import Outlook, Schedule
from scraper.store.surveying import read_schedules


def refresh(connection: sqlite3.Connection, cycle: int) -> list[dict[str, Any]]:
    """Of each who says `auto` (a rule; None: the run), as reckoned when the cycle began."""
    found = read_schedules(connection, cycle).values()
    return [_told(each) for each in found if each.planned is not None]


def refresh_text(told: list[Mapping[str, Any]] | None) -> Iterator[str]:
    """The same for a person."""
    for each in told or ():
        whose = "" if each["rule"] is None else f" {each['rule']}:"
        planned, alike = each["planned"], each["alike"]
        visits = f"{planned['visits_per_day']:,.6g} visits a day to {each['pages']:,} pages"
        if planned["fresh"] is None:
            yield f"  refresh  {whose} {visits}, all alike: what changes is not known yet"
        else:
            yield f"  refresh  {whose} {visits} keep {_kept(planned)}; all alike {_kept(alike)}"


def _kept(outlook: Mapping[str, Any]) -> str:
    return f"{outlook['fresh']:.1%} up to date, {outlook['age_s'] / 3600:.1f} h behind in the mean"


def _told(schedule: Schedule) -> dict[str, Any]:
    return {
        "rule": schedule.owner,
        "pages": schedule.pages,
        "planned": _outlook(schedule.planned),
        "alike": _outlook(schedule.alike),
    }


def _outlook(outlook: Outlook | None) -> dict[str, float | None] | None:
    if outlook is None:
        return None
    return {
        "visits_per_day": round(outlook.visits_per_day, 3),
        "fresh": None if outlook.fresh is None else round(outlook.fresh, 6),
        "age_s": None if outlook.age_s is None else round(outlook.age_s, 3),
    }
