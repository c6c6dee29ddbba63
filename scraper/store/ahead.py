"""What the next run would find in the table, and what earlier runs tell of it; read only.

The rules are those of the run itself (`cycles.decide`, `links.is_due`), asked of groups of rows
instead of each row.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scraper.core.model import Reason, State
from scraper.core.schedule.change import Seen
from scraper.core.schedule.refresh import up_to
from scraper.core.url import origin_of
from scraper.store.books import Tenure
from scraper.store.connection import store_error
from scraper.store.counts import GONE, judges_gone, read_groups
from scraper.store.cycles import Decision, Wish
from scraper.store.links import REVIVED, is_due
from scraper.store.many import read_many
from scraper.store.reader import Reader
from scraper.store.requests import Known
from scraper.store.runs import RunStart, admitted_of, decide_next, read_cycles
from scraper.store.shape import has_column, has_table
from scraper.store.surveying import LEARNT, learns, seen_of

RUNS_READ = 10
LONGEST_S = 2.0  # that a run may look at the table to foretell its end
HOSTS_READ = 10_000  # by a run, those with most pages
ROBOTS_READ = 100  # of these; a plan asks as many
STEPS = 10_000  # of SQLite's machine, from one look at the clock to the next
HOSTS = "SELECT host, paused_until, {0} FROM host WHERE paused_until > ? OR {0} > 0"
RETRIES = (
    "SELECT host, max(due_at) FROM request INDEXED BY request_retry "
    "WHERE state = 'waiting' AND due_at > ? GROUP BY host"
)
EACH = (
    "SELECT host, url, page, state, reason, request.cycle, 1, NULL, NULL, NULL FROM request "
    "WHERE {}"
)
KNOWN = EACH.replace("NULL, NULL, NULL FROM request", LEARNT)
ROWS = (
    "SELECT host, url, page, state, reason, cycle, count(*), NULL, NULL, NULL FROM request "
    "WHERE {} GROUP BY host, state, reason, cycle"
)
PAGES = """
SELECT host, sum(pages) AS pages FROM (
    SELECT host, count(*) AS pages FROM request INDEXED BY request_fresh
    WHERE state = 'waiting' AND due_at IS NULL GROUP BY host
    UNION ALL SELECT host, count(*) FROM request INDEXED BY request_retry
    WHERE state = 'waiting' AND due_at IS NOT NULL GROUP BY host
    UNION ALL SELECT host, count(*) FROM visit JOIN request ON request.id = request_id
    WHERE run_id = (SELECT max(id) FROM run) AND status IS NOT NULL GROUP BY host
) GROUP BY host ORDER BY pages DESC LIMIT ?
"""
WAITING = (
    "SELECT url FROM request INDEXED BY request_fresh "
    "WHERE state = 'waiting' AND due_at IS NULL AND host = ? LIMIT ?"
)
SEEDS = "SELECT key, state, reason FROM (VALUES (?, ...)) AS w CROSS JOIN request ON key = column1"
ENDED = (
    "SELECT id, ended_at - started_at, stats FROM run WHERE kind = 'crawl' "
    "AND state IN ('done', 'stopped') AND ended_at IS NOT NULL ORDER BY id DESC LIMIT ?"
)
GROWN = (
    "SELECT coalesce(sum(json_extract(stats, '$.writer.links_new')), 0) FROM run WHERE cycle = ?"
)
ASKED_AGAIN = (
    "SELECT count(*) FROM page_reading CROSS JOIN request ON request.id = request_id "
    "WHERE (etag IS NOT NULL OR last_modified IS NOT NULL) AND ({})"
)
LISTED = (  # pages that a sitemap names, as they are known
    "SELECT key, (SELECT began_at FROM cycle WHERE cycle.id = request.cycle), "
    "host, url, page, state, reason, request.cycle, {} "
    "FROM (VALUES (?, ...)) AS w CROSS JOIN request ON key = column1 "
    "LEFT JOIN page_reading ON request_id = request.id WHERE state = 'done' AND ({})"
)
ROBOTS = "SELECT origin, fetched_at, body FROM robots WHERE origin = ?"


@dataclass(frozen=True, slots=True)
class DueRows:
    """Rows of one host that the next run visits, or judges anew."""

    host: str
    url: str  # of one of them
    rows: int
    disallowed: bool  # by robots.txt, the last time
    admitted: bool = False  # they count for max_pages already


@dataclass(frozen=True, slots=True)
class Outlook:
    """How the next run goes on.

    Attributes:
        kind: new, continue, refresh or nothing_due.
        grows: pages that are found on the way, as in the last whole cycle; None: nobody knows.
    """

    kind: str
    cycle: int
    nothing_due_before: float | None
    admitted: int  # rows that count for max_pages already
    is_running: bool  # or its process died
    running_pid: int | None
    grows: int | None
    tenure: Tenure
    rest: str  # of the query for rows that are due
    revalidates: bool = False  # pages are asked whether they have changed, where that can be asked


NEW = Outlook("new", 1, None, 0, False, None, None, Tenure(0, 1, 0, up_to(0), ()), "0")


def outlook(db: sqlite3.Connection, start: RunStart, now: float) -> Outlook:
    """Decide as a run that begins now would."""
    wish = Wish(now, start.fresh, start.refresh, start.transient)
    known = read_cycles(db)
    last = max(known, default=0)
    found = read_groups(db, last)
    decision = decide_next(db, found, known, wish)
    if not known:
        return NEW
    running = db.execute("SELECT pid FROM run WHERE state = 'running' ORDER BY id DESC").fetchone()
    cycle = last + decision.new_cycle
    return Outlook(
        kind=_kind(decision),
        cycle=cycle,
        nothing_due_before=decision.nothing_due_before,
        admitted=0 if decision.new_cycle else sum(map(admitted_of, found)),
        is_running=running is not None,
        running_pid=running[0] if running else None,
        grows=_grows(db, cycle, is_new=decision.new_cycle),
        tenure=Tenure(0, cycle, 0, decision.due, wish.transient),
        rest="1" if decision.new_cycle else _open_rows(db, last, decision.nothing_due_before),
        revalidates=not (start.fresh if decision.new_cycle else known[last].fresh),
    )


def _kind(decision: Decision) -> str:
    if decision.nothing_due_before is not None:
        return "nothing_due"
    return "refresh" if decision.new_cycle else "continue"


def _open_rows(db: sqlite3.Connection, cycle: int, nothing_due_before: float | None) -> str:
    """Which rows a cycle that goes on may visit: those that wait, and those not yet looked at."""
    (start,) = db.execute("SELECT due_id FROM cycle WHERE id = ?", (cycle,)).fetchone()
    if start is None or nothing_due_before is not None:
        return "state = 'waiting'"
    return f"state = 'waiting' OR (id > {int(start)} AND request.cycle <> {int(cycle)})"


def _grows(db: sqlite3.Connection, cycle: int, *, is_new: bool) -> int | None:
    """New pages that links of the cycle will lead to: as many as in the one before, not the first.

    In the first cycle all pages are new, which says nothing of the next.
    """
    if cycle < 3:
        return None
    (before,) = db.execute(GROWN, (cycle - 1,)).fetchone()
    (so_far,) = (0,) if is_new else db.execute(GROWN, (cycle,)).fetchone()
    return max(int(before) - int(so_far), 0)


def due_rows(db: sqlite3.Connection, of: Outlook, *, in_order: bool = False) -> Iterator[DueRows]:
    """The rows that the run will come to, in groups, or one by one as they were found."""
    rest = f"({of.rest}) AND NOT {GONE}" if judges_gone(db) else of.rest
    refresh = of.tenure.due.refresh
    each = KNOWN if refresh.learns and learns(db) else EACH
    grouped = each is EACH and refresh.router is None and not in_order
    sql = ROWS if grouped else f"{each} ORDER BY request.id"
    for host, url, page, state, reason, cycle, rows, *told in db.execute(sql.format(rest)):
        if is_due(of.tenure, _row(url, page, state, reason, cycle, seen_of(state, *told))):
            refused = state == State.SKIPPED and reason == Reason.ROBOTS_DISALLOWED
            admitted = cycle == of.tenure.cycle and reason != Reason.MAX_PAGES
            yield DueRows(host, url, rows, refused, admitted)


@dataclass(frozen=True, slots=True)
class Rests:
    """A page that `due_rows` counts, and that the run does not visit: its sitemap says why."""

    host: str
    can_be_asked: bool  # counted by `asked_again` too


def resting(
    db: sqlite3.Connection, of: Outlook, changed_by: Mapping[bytes, float]
) -> Iterator[Rests]:
    """Of the pages that a sitemap names those that rest; see `store.resting`.

    Args:
        changed_by: key -> when the page was changed the last time (seconds since the epoch).
    """
    if not of.revalidates:  # all are visited
        return
    asks = has_column(db, "page_reading", "etag")
    asked = "coalesce(etag, last_modified) IS NOT NULL" if asks else "0"
    told = "changes, moved_s, still_s" if learns(db) else "NULL, NULL, NULL"
    sql = LISTED.format(f"{told}, {asked}", of.rest)
    for row in read_many(db, sql, [(key,) for key in changed_by]):
        key, began_at, host, url, page, state, reason, cycle, *seen, can_be_asked = row
        known = _row(url, page, state, reason, cycle, seen_of(state, *seen))
        ours = cycle != of.tenure.cycle and changed_by[key] < (began_at or 0.0)
        if ours and is_due(of.tenure, known):
            yield Rests(host, bool(can_be_asked))


def asked_again(db: sqlite3.Connection, of: Outlook) -> int:
    """Pages that can be asked whether they have changed, of those that `due_rows` looks at."""
    if not of.revalidates or not has_column(db, "page_reading", "etag"):
        return 0
    (pages,) = db.execute(ASKED_AGAIN.format(of.rest)).fetchone()
    return int(pages)


def waiting_urls(db: sqlite3.Connection, host: str, most: int = -1) -> Iterator[str]:
    """What waits for its first visit on a host, all or so many."""
    return (url for (url,) in db.execute(WAITING, (host, most)))


def _row(
    url: str, page: str | None, state: str, reason: str | None, cycle: int, known: Seen
) -> Known:
    return Known(0, b"", "", 0, page, 0, None, None, state, reason, cycle, url=url, seen=known)


def fresh_seeds(db: sqlite3.Connection, keys: Sequence[bytes]) -> set[bytes]:
    """Which of these seeds are visited although `due_rows` does not tell of them."""
    known = {
        key: state == State.SKIPPED and reason in REVIVED
        for key, state, reason in read_many(db, SEEDS, [(key,) for key in keys])
    }
    return {key for key in keys if known.get(key, True)}


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the run in progress has to do, what it did included."""

    pages: Mapping[str, int]  # by host
    rests: Mapping[str, tuple[float, float]]
    retries: Mapping[str, float]
    runs: Sequence[tuple[int, float, dict[str, Any]]]  # that ended before
    began_at: float = 0.0
    robots: Mapping[str, tuple[float, bytes]] = field(default_factory=dict)  # see `kept_robots`


def waiting(reader: Reader, now: float, *, stop: Callable[[], bool]) -> Waiting | None:
    """Read it, beside the run; None: `stop` said that it took too long.

    Raises:
        StoreError: it cannot be read.
    """
    db = reader.connection
    db.set_progress_handler(stop, STEPS)
    try:
        pages = dict(db.execute(PAGES, (HOSTS_READ,)).fetchall())
        found = Waiting(pages, rests(db, now), retries(db, now), ended_runs(db))
        (began_at,) = db.execute("SELECT max(started_at) FROM run").fetchone()
        return replace(found, began_at=began_at, robots=_robots_of(db, pages))
    except sqlite3.Error as error:
        if stop():
            return None
        raise store_error(reader.path, error) from error
    finally:
        db.set_progress_handler(None, STEPS)


def _robots_of(db: sqlite3.Connection, pages: Mapping[str, int]) -> dict[str, tuple[float, bytes]]:
    """What is kept of the robots.txt of the hosts with most pages, by host."""
    hosts = list(pages)[:ROBOTS_READ]
    origins = {host: origin_of(url) for host in hosts for url in waiting_urls(db, host, 1)}
    kept = kept_robots(db, list(origins.values()))
    return {host: kept[origin] for host, origin in origins.items() if origin in kept}


def rests(db: sqlite3.Connection, now: float) -> Mapping[str, tuple[float, float]]:
    """Hosts that rest, for how long; and their learnt pause between two starts (seconds)."""
    slow = "slow_s" if has_column(db, "host", "slow_s") else "NULL"
    rows = db.execute(HOSTS.format(slow), (now,))
    return {host: (max((until or 0.0) - now, 0.0), slow_s or 0.0) for host, until, slow_s in rows}


def retries(db: sqlite3.Connection, now: float) -> Mapping[str, float]:
    """For how long the last retry of each host waits (seconds)."""
    return {host: due_at - now for host, due_at in db.execute(RETRIES, (now,))}


def kept_robots(db: sqlite3.Connection, origins: Sequence[str]) -> dict[str, tuple[float, bytes]]:
    """The robots.txt of these: when it was fetched (seconds since the epoch), and its text."""
    if not has_table(db, "robots"):
        return {}
    rows = [row for origin in origins for row in db.execute(ROBOTS, (origin,))]
    return {origin: (fetched_at, body) for origin, fetched_at, body in rows}


def ended_runs(db: sqlite3.Connection) -> list[tuple[int, float, dict[str, Any]]]:
    """The last runs that ended: their number, how long they took (seconds), and their figures."""
    if not has_column(db, "run", "kind"):
        return []
    rows = db.execute(ENDED, (RUNS_READ,)).fetchall()
    return [(id_, lasted_s, json.loads(stats)) for id_, lasted_s, stats in rows]
