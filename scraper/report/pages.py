"""What the tables say of pages: where each request stands, and what this run's visits added."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from scraper.store.shape import has_column, has_table

PHASES = (
    "turn",
    "slot",
    "dns",
    "connect",
    "first_byte",
    "body",
    "worker",
    "parse",
    "writer",
)
HOSTS_SLOWED = 50


@dataclass(frozen=True, slots=True)
class Visited:
    """Sums over the final visits of one run; retries are not among them."""

    ok: int
    not_modified: int
    body_bytes: int
    wire_bytes: int
    found: int
    new: int
    out_of_scope: int
    noindex: int | None  # None: an earlier version did not look
    time_s: dict[str, float]
    placed: dict[str, dict[str, int]]  # page rule -> place -> pages


def slowed(connection: sqlite3.Connection, run_id: int) -> list[dict[str, Any]] | None:
    """The hosts in trouble at the end of the last run, slowest first; None: it is not known."""
    (last,) = connection.execute("SELECT max(id) FROM run").fetchone()
    if run_id != last or not has_column(connection, "host", "slow_s"):
        return None
    rows = connection.execute(
        "SELECT host, slow_s FROM host WHERE slow_s > 0 ORDER BY slow_s DESC, host LIMIT ?",
        (HOSTS_SLOWED,),
    )
    return [{"host": host, "slow_s": slow_s} for host, slow_s in rows]


def requests(connection: sqlite3.Connection) -> dict[str, Any]:
    """The sections `requests` and `failures`: rows by state and reason, and whether they add up."""
    with _one_moment(connection):
        known = connection.execute("SELECT count(*) FROM request").fetchone()[0]
        rows = connection.execute(
            "SELECT state, coalesce(reason, 'unknown'), count(*) FROM request "
            "GROUP BY state, reason ORDER BY 3 DESC, 2"
        ).fetchall()
        gone = _gone(connection)
    states = dict.fromkeys(("done", "failed", "skipped", "waiting"), 0)
    reasons: dict[str, dict[str, int]] = {"failed": {}, "skipped": {}}
    for state, reason, count in rows:
        states[state] += count
        if state in reasons:
            reasons[state][reason] = count
    return {
        "requests": {
            "known": known,
            "done": states["done"],
            "failed": states["failed"],
            "skipped": reasons["skipped"],
            "waiting": states["waiting"],
            "gone": gone,
            "balanced": known == sum(states.values()),
        },
        "failures": reasons["failed"],
    }


def _gone(connection: sqlite3.Connection) -> int:
    """How many of the failed rows are pages that are gone; an earlier version judged none."""
    if not has_table(connection, "request_missing"):
        return 0
    return int(
        connection.execute(
            "SELECT count(*) FROM request_missing JOIN request ON request.id = request_id "
            "WHERE gone_run IS NOT NULL AND state = 'failed'"
        ).fetchone()[0]
    )


def visited(connection: sqlite3.Connection, run_id: int) -> Visited:
    """Sum the visits of a run."""
    row = connection.execute(
        "SELECT total(state = 'done' AND status IS NOT 304), "
        "total(state = 'done' AND status = 304), total(body_bytes), total(wire_bytes), "
        "total(links_found), total(links_new), total(links_out_of_scope), "
        "total(turn_s), total(slot_s), total(dns_s), total(connect_s), total(first_byte_s), "
        "total(body_s), total(worker_s), total(parse_s), total(writer_s) "
        "FROM visit WHERE run_id = ?",
        (run_id,),
    ).fetchone()
    noindex = None
    if has_column(connection, "visit", "noindex"):
        sql = "SELECT count(*) FROM visit WHERE run_id = ? AND noindex"
        (noindex,) = connection.execute(sql, (run_id,)).fetchone()
    placed: dict[str, dict[str, int]] = {}
    for rule, place, count in connection.execute(
        "SELECT rule, placed, count(*) FROM visit "
        "WHERE run_id = ? AND placed IS NOT NULL AND rule IS NOT NULL GROUP BY rule, placed",
        (run_id,),
    ):
        placed.setdefault(rule, {"inline": 0, "pool": 0})[place] = count
    ok, not_modified, body_bytes, wire_bytes, found, new, out_of_scope = map(int, row[:7])
    return Visited(
        ok=ok,
        not_modified=not_modified,
        body_bytes=body_bytes,
        wire_bytes=wire_bytes,
        found=found,
        new=new,
        out_of_scope=out_of_scope,
        noindex=noindex,
        time_s=dict(zip(PHASES, row[7:], strict=True)),
        placed=placed,
    )


def kept(connection: sqlite3.Connection) -> dict[str, int]:
    """How many raw pages are kept, and their bytes; an earlier version kept none."""
    row = (0, 0, 0)
    if has_table(connection, "kept_page"):
        row = connection.execute(
            "SELECT count(*), coalesce(sum(bytes), 0), coalesce(sum(packed_bytes), 0) "
            "FROM kept_page"
        ).fetchone()
    return dict(zip(("pages", "bytes", "packed_bytes"), row, strict=True))


@contextmanager
def _one_moment(connection: sqlite3.Connection) -> Iterator[None]:
    """Let all statements see the table as it is now, while a run writes it."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
