"""Puts a report together from the tables and from what the run measured of itself."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scraper.core.errors import UsageError
from scraper.report import figures, pages
from scraper.report.duplicates import duplicates
from scraper.report.items import NO_ITEMS, items
from scraper.report.liveness import is_dead
from scraper.report.refresh import refresh

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class RunRow:
    """One row of the table `run`."""

    id: int
    name: str
    cycle: int
    state: str
    started_at: float
    ended_at: float | None
    exit_status: int | None
    stopped_by: str | None
    resumed: int
    cycle_ended: int
    version: str
    pid: int | None
    stats: str | None


def build(connection: sqlite3.Connection, run_id: int | None) -> dict[str, Any]:
    """The report of a run.

    Args:
        connection: may be read only; nothing is written.
        run_id: None: the last run.

    Raises:
        UsageError: there is no such run.
    """
    run = _run(connection, run_id)
    stored: Mapping[str, Any] = json.loads(run.stats or "{}")
    measured = figures.read(stored, pages.visited(connection, run.id))
    wall_s, shares = _wall(run, measured)
    return {
        "schema": SCHEMA,
        "run": _about(connection, run, wall_s, stored),
        **pages.requests(connection),
        **{name: measured[name] for name in ("seeds", "fetches", "pages", "links")},
        "items": _items(connection, run.cycle, stored),
        **_told(stored),
        "duplicates": duplicates(connection),
        "refresh": refresh(connection, run.cycle),
        "kept": pages.kept(connection),
        **{name: measured[name] for name in ("hosts", "hosts_rest", "time_s")},
        "hosts_slowed": pages.slowed(connection, run.id),
        "wall_share_s": shares,
        "plan": stored.get("plan"),
        **{name: measured[name] for name in _LAST},
    }


_LAST = (
    *("verdict", "what_if", "concurrency", "parse"),
    *("loop_lag_s", "cpu_s", "memory_peak_bytes"),
)


def _run(connection: sqlite3.Connection, run_id: int | None) -> RunRow:
    row = connection.execute(
        "SELECT id, name, cycle, state, started_at, ended_at, exit_status, stopped_by, resumed, "
        "cycle_ended, version, pid, stats FROM run WHERE ? IS NULL OR id = ? "
        "ORDER BY id DESC LIMIT 1",
        (run_id, run_id),
    ).fetchone()
    if row is not None:
        return RunRow(*row)
    first, last = connection.execute("SELECT min(id), max(id) FROM run").fetchone()
    if last is None:
        raise UsageError("no run has begun on this database: start one with `scraper run CONFIG`")
    has = f"run {last}" if first == last else f"runs {first} to {last}"
    raise UsageError(f"there is no run {run_id}: the database has {has}")


def _about(
    connection: sqlite3.Connection,
    run: RunRow,
    wall_s: float | None,
    stored: Mapping[str, Any],
) -> dict[str, Any]:
    dead = run.state == "running" and is_dead(connection, run.pid)
    return {
        "id": run.id,
        "name": run.name,
        "kind": "reparse" if "reparse" in stored else "crawl",
        "state": "dead" if dead else run.state,
        "started_at": iso(run.started_at),
        "ended_at": None if run.ended_at is None else iso(run.ended_at),
        "wall_s": wall_s,
        "exit_status": run.exit_status,
        "stopped_by": run.stopped_by,
        "resumed": bool(run.resumed),
        "cycle": run.cycle,
        "cycle_ended": bool(run.cycle_ended),
        "version": run.version,
        "waits": _waits(stored.get("waits")),
        "missed": [_missed(each) for each in stored.get("missed") or ()],
    }


def _waits(waits: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """For whom a run that ended by `run.max_wait` would have had to wait."""
    if waits is None:
        return None
    seeds = waits.get("seeds")
    return {
        **waits,
        "first": [_wait(each) for each in waits["first"]],
        "seeds": None if seeds is None else _wait(seeds),
    }


def _wait(wait: Mapping[str, Any]) -> dict[str, Any]:
    """`until` is None where it waits for another host, to which its robots.txt has moved."""
    return {**wait, "until": iso(wait["until"]) if wait["until"] > 0 else None}


def _told(stored: Mapping[str, Any]) -> dict[str, Any]:
    """What the run itself has told.

    `traps`: what was closed in its cycle, and why; `unsought`: how many items are live of each type
    that no page rule looks for; `reparse`: what a reparse did with kept pages, None: the run is a
    crawl.
    """
    closed = stored.get("traps", {}).get("closed", {})
    figures = stored.get("reparse")
    reparse = figures and {name: figures.get(name) for name in ("pages", "failed", "unread")}
    traps = [{"what": what, "why": why} for what, why in closed.items()]
    return {"traps": traps, "unsought": stored.get("unsought") or {}, "reparse": reparse}


def _items(connection: sqlite3.Connection, cycle: int, stored: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the cycle; of a reparse with what it changed, which the cycle knows nothing of."""
    found = items(connection, cycle)
    for name, counts in stored.get("reparse", {}).get("items", {}).items():
        found[name] = {**found.get(name, NO_ITEMS), **counts}
    return found


def _missed(each: Mapping[str, Any] | str) -> dict[str, Any]:
    """A promise that was not kept; in words alone, or with its figures."""
    blank: dict[str, Any] = {"wanted": None, "got": None, "before": None, "examples": []}
    return blank | ({"what": each} if isinstance(each, str) else dict(each))


def _wall(
    run: RunRow, measured: Mapping[str, Any]
) -> tuple[float | None, dict[str, float] | dict[str, None]]:
    """The wall time and its shares, which add up to it.

    A run that has ended lasted from its row's begin to its end. What lies between the last
    instant that was measured and that end is the writing of the end: it goes to the sink. Where
    the clock was set meanwhile, the measured time is right.
    """
    measured_s: float | None = measured["wall_s"]
    lasted_s = None if run.ended_at is None else round(run.ended_at - run.started_at, 6)
    shares: dict[str, float] = measured["shares_s"]
    if measured_s is None:
        return lasted_s, dict.fromkeys(shares)
    if (
        lasted_s is None
        or run.state == "dead"
        or not 0 <= lasted_s - measured_s <= _end_s(measured_s)
    ):
        return round(measured_s, 6), shares
    return lasted_s, shares | {"sink": round(shares["sink"] + lasted_s - measured_s, 6)}


def _end_s(measured_s: float) -> float:
    """How long the end of a run may take before a clock is to blame."""
    return 5.0 + 0.1 * measured_s


def iso(at: float) -> str:
    """Seconds since the epoch as ISO 8601, UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
