"""The life of runs and cycles in the table: begin, continue, balance, end."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from scraper.core.errors import StoreError
from scraper.core.gone import Going
from scraper.core.model import Reason
from scraper.core.plan import GonePlan
from scraper.core.schedule.refresh import Refresh
from scraper.core.schedule.retry import RETRYABLE
from scraper.store.books import Books, Change, Tenure
from scraper.store.connection import transaction
from scraper.store.counts import Balance, balance, counted, read_aged, read_groups
from scraper.store.cycles import Cycle, Decision, Group, Wish, decide
from scraper.store.evidence import Evidence
from scraper.store.found import concurrency, traps
from scraper.store.gone import count_missing, judge, unsought
from scraper.store.pairs import Pairs
from scraper.store.prune import prune
from scraper.store.settle import settle
from scraper.store.surveying import read_schedules, survey, write_schedules
from scraper.store.unanswered import give_up, write_visits


@dataclass(frozen=True, slots=True)
class RunStart:
    """What a run says when it begins."""

    name: str
    fresh: bool = False
    refresh: Refresh = field(default_factory=Refresh)
    version: str = ""
    pid: int = 0
    config_hash: str = ""
    transient: tuple[str, ...] = tuple(sorted(RETRYABLE))  # such failures are due again at once
    cookies: bool = False  # are kept, in memory: those of the run before are gone


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What a run is told when it begins."""

    id: int
    cycle: int
    resumed: bool  # the run before did not end with its work done
    new_cycle: bool
    nothing_due_before: float | None  # seconds since the epoch; None: there is work
    token: int
    seeded: bool  # an earlier run of this cycle has stored all seeds
    keeps_pages: bool = False  # there are raw pages of earlier runs
    fresh: bool = False  # this cycle reads everything anew
    asked_until: float | None = None  # no earlier run asked a host later; None: there was none


class Runs:
    """Runs and cycles."""

    def __init__(self, books: Books, pairs: Pairs, evidence: Evidence) -> None:
        self._books = books
        self._pairs = pairs
        self._evidence = evidence

    async def begin(self, start: RunStart) -> RunInfo:
        """Take over: a new run with a new token, in the cycle that is open or in a new one."""
        now = self._books.clock.now()

        def whole(db: sqlite3.Connection) -> tuple[RunInfo, Tenure, Counter[str], int]:
            with transaction(db):
                return _begin(db, start, now)

        info, tenure, counts, admitted = await self._books.db.call(whole)
        self._books.open(tenure, counts, admitted)
        return info

    async def finish(
        self,
        *,
        state: str,
        exit_status: int,
        stopped_by: str | None = None,
        stats: Mapping[str, Any] | None = None,
    ) -> None:
        """Write how the run ended.

        Args:
            state: done, stopped or broken.
            stopped_by: the limit or signal; None: nothing stopped it.
        """
        if state not in {"done", "stopped", "broken"}:
            raise StoreError(f"{self._books.path}: no end of a run: {state!r}")
        text = None if stats is None else json.dumps(stats)

        def work(change: Change) -> None:
            change.db.execute(
                "UPDATE run SET state = ?, exit_status = ?, stopped_by = ?, ended_at = ?, "
                "stats = coalesce(?, stats) WHERE id = ?",
                (state, exit_status, stopped_by, change.now, text, change.tenure.run_id),
            )

        await self._books.change(work)

    async def save_stats(self, stats: Mapping[str, Any]) -> None:
        """Write figures of the run so far, so that a killed run has some."""
        text = json.dumps(stats)

        def work(change: Change) -> None:
            change.db.execute("UPDATE run SET stats = ? WHERE id = ?", (text, change.tenure.run_id))

        await self._books.change(work)

    async def concurrency(self) -> int | None:
        """What `concurrency: auto` has found in one of the last runs; None: nothing."""
        return await self._books.db.call(concurrency)

    async def traps(self) -> dict[str, Any] | None:
        """What the last run of this cycle has kept of traps, by the same config; None: nothing."""
        return await self._books.db.call(partial(traps, run_id=self._books.tenure.run_id))

    async def end_cycle(self, gone: GonePlan | None = None) -> list[Going]:
        """Nothing waits any more: the next run begins a new cycle, when something is due.

        Args:
            gone: when pages and items are; None: this is not judged.

        Returns:
            Of which types so much would be gone that nothing was marked.
        """
        too_many: list[Going] = []
        if gone is not None:
            await self._books.change(partial(count_missing, plan=gone))
        await settle(self._books, self._pairs)
        if gone is not None:
            too_many = await judge(self._books, gone, self._evidence)

        def work(change: Change) -> None:
            change.db.execute(
                "UPDATE cycle SET ended_at = ? WHERE id = ?",
                (change.now, change.tenure.cycle),
            )
            change.db.execute(
                "UPDATE run SET cycle_ended = 1 WHERE id = ?",
                (change.tenure.run_id,),
            )

        await self._books.change(work)
        return too_many

    async def unsought(self) -> dict[str, int]:
        """How many live items there are of each type that no page rule looks for any more."""
        return await self._books.db.call(lambda db: unsought(db, self._evidence))

    async def balance(self) -> Balance:
        """Count the rows and compare them with the ledger."""
        known, found = await self._books.db.call(counted)
        return balance(known, found, self._books.counts)

    async def has_items(self) -> bool:
        """Whether any item was seen in this cycle."""
        cycle = self._books.tenure.cycle

        def look(db: sqlite3.Connection) -> bool:
            sql = "SELECT EXISTS (SELECT 1 FROM item WHERE last_cycle = ?)"
            return bool(db.execute(sql, (cycle,)).fetchone()[0])

        return await self._books.db.call(look)

    async def owes_items(self, rules: Collection[str]) -> bool:
        """Whether this cycle was to bring items: it did a page of these rules, or all there are.

        A cycle in which little more than failed pages was due brings what it can.
        """
        cycle, names = self._books.tenure.cycle, json.dumps(list(rules))

        def look(db: sqlite3.Connection) -> bool:
            sql = (
                "SELECT NOT EXISTS (SELECT 1 FROM request WHERE state = 'done' AND cycle <> ?) "
                "OR EXISTS (SELECT 1 FROM visit JOIN run ON run.id = run_id WHERE run.cycle = ? "
                "AND visit.state = 'done' AND rule IN (SELECT value FROM json_each(?)))"
            )
            return bool(db.execute(sql, (cycle, cycle, names)).fetchone()[0])

        return await self._books.db.call(look)

    async def example(self, reason: str) -> str | None:
        """What was said of one page with this reason; None: nothing was."""

        def look(db: sqlite3.Connection) -> str | None:
            row = db.execute(
                "SELECT detail FROM visit WHERE reason = ? AND detail IS NOT NULL "
                "ORDER BY run_id DESC LIMIT 1",
                (reason,),
            ).fetchone()
            return None if row is None else str(row[0])

        return await self._books.db.call(look)

    async def prune(self, keep: int) -> int:
        """Drop the visits of all runs but the last `keep`, step by step; run rows stay."""

        def work(change: Change) -> int:
            return prune(change, keep)

        dropped = 0
        while True:
            rows, _ = await self._books.change(work)
            dropped += rows
            if not rows:
                return dropped


def _begin(
    db: sqlite3.Connection,
    start: RunStart,
    now: float,
) -> tuple[RunInfo, Tenure, Counter[str], int]:
    token, keeps_pages = take_token(db, start.pid, now)
    resumed, asked_until = _bury(db, now)
    cycles = read_cycles(db)
    last = max(cycles, default=0)
    unanswered = give_up(db, cookies=start.cookies)
    found = read_groups(db, last)
    wish = Wish(now, start.fresh, start.refresh, start.transient)
    decision = decide_next(db, found, cycles, wish)
    cycle = _new_cycle(db, start, now) if decision.new_cycle else last
    write_schedules(db, cycle, decision.due.schedules)
    run_id = _new_run(db, start, cycle, now, resumed=resumed)
    write_visits(db, run_id, unanswered, now)
    known = cycles.get(cycle, Cycle(cycle, now, None, start.fresh, seeded=False))
    info = _info(run_id, known, token, decision, resumed=resumed)
    info = replace(info, keeps_pages=keeps_pages, asked_until=asked_until)
    tenure = Tenure(run_id, cycle, token, decision.due, start.transient)
    counts = Counter[str]()
    for group in found:
        counts[group.state] += group.rows
    admitted = 0 if decision.new_cycle else sum(admitted_of(group) for group in found)
    return info, tenure, counts, admitted


def _info(run_id: int, cycle: Cycle, token: int, decision: Decision, *, resumed: bool) -> RunInfo:
    return RunInfo(
        id=run_id,
        cycle=cycle.id,
        resumed=resumed,
        new_cycle=decision.new_cycle,
        nothing_due_before=decision.nothing_due_before,
        token=token,
        seeded=cycle.seeded,
        fresh=cycle.fresh,
    )


def take_token(db: sqlite3.Connection, pid: int, now: float) -> tuple[int, bool]:
    """Become the one that may write; returns the token, and whether raw pages are kept."""
    db.execute(
        "UPDATE lock SET token = token + 1, pid = ?, host_name = ?, taken_at = ?",
        (pid, socket.gethostname(), now),
    )
    sql = "SELECT token, EXISTS (SELECT 1 FROM kept_page) FROM lock"
    token, keeps_pages = db.execute(sql).fetchone()
    return int(token), bool(keeps_pages)


def _bury(db: sqlite3.Connection, now: float) -> tuple[bool, float | None]:
    """Mark runs whose process is gone; return whether the crawl before left work, `asked_until`."""
    row = db.execute(
        "SELECT state, ended_at FROM run WHERE kind = 'crawl' ORDER BY id DESC LIMIT 1"
    ).fetchone()
    db.execute(
        "UPDATE run SET state = 'dead', ended_at = coalesce("
        "(SELECT max(at) FROM visit WHERE run_id = run.id), started_at) WHERE state = 'running'",
    )
    if row is None:
        return False, None
    state, ended_at = row
    if state in {"running", "dead"}:  # killed: when is not known, but it was before now
        ended_at = now
    return state != "done", min(ended_at, now)


def read_cycles(db: sqlite3.Connection) -> dict[int, Cycle]:
    """All cycles."""
    rows = db.execute("SELECT id, began_at, ended_at, fresh, seeded FROM cycle ORDER BY id")
    found = {row[0]: Cycle(row[0], row[1], row[2], bool(row[3]), bool(row[4])) for row in rows}
    if found:
        last = max(found)
        found[last] = replace(found[last], schedules=read_schedules(db, last))
    return found


def decide_next(
    db: sqlite3.Connection, found: Sequence[Group], cycles: Mapping[int, Cycle], wish: Wish
) -> Decision:
    """How the next run goes on: see `decide`."""
    refresh = wish.refresh
    return decide(found, cycles, wish, read_aged(db, refresh), partial(survey, db, refresh))


def admitted_of(group: Group) -> int:
    """How many rows of the group count for max_pages."""
    return 0 if group.reason == Reason.MAX_PAGES else group.of_last_cycle


def _new_cycle(db: sqlite3.Connection, start: RunStart, now: float) -> int:
    cursor = db.execute(
        "INSERT INTO cycle (began_at, fresh, due_id) VALUES (?, ?, 0)",
        (now, int(start.fresh)),
    )
    return int(cursor.lastrowid or 0)


def _new_run(
    db: sqlite3.Connection,
    start: RunStart,
    cycle: int,
    now: float,
    *,
    resumed: bool,
) -> int:
    cursor = db.execute(
        "INSERT INTO run (name, cycle, state, started_at, resumed, version, config_hash, pid) "
        "VALUES (?, ?, 'running', ?, ?, ?, ?, ?)",
        (start.name, cycle, now, int(resumed), start.version, start.config_hash, start.pid),
    )
    return int(cursor.lastrowid or 0)
