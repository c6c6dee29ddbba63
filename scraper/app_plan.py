"""Wiring of the command that looks ahead: `plan`."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvloop

from scraper.clock import SystemClock
from scraper.core.insight.past import past_of, telling
from scraper.core.plan import Plan, refresh_of
from scraper.core.scope import Scope
from scraper.core.sitemap import Listed
from scraper.core.urlrules import UrlRules
from scraper.fetch import Fetcher
from scraper.headcount import Headcount
from scraper.planning import Known, Outline, Said, ask_hosts, origins, told
from scraper.report.liveness import is_dead
from scraper.robots import Robots
from scraper.seeds import Seeds, standard_input
from scraper.store import RunStart, ahead, open_reader


def plan_crawl(plan: Plan, *, limit: int | None, fresh: bool) -> dict[str, Any]:
    """What a run would do; see `planning`. Nothing is written.

    Raises:
        UsageError: a seed list cannot be read, or the database is none of ours.
        StoreError: the database cannot be read.
    """
    with ExitStack() as stack:
        db = None
        if Path(plan.store.path).exists():
            db = stack.enter_context(open_reader(plan.store.path)).connection
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_plan(plan, db, limit=limit, fresh=fresh))


async def _plan(
    plan: Plan, db: sqlite3.Connection | None, *, limit: int | None, fresh: bool
) -> dict[str, Any]:
    now = SystemClock().now()
    start = RunStart(plan.name, fresh=fresh, refresh=refresh_of(plan))
    view = ahead.outlook(db, start, now) if db else ahead.NEW

    def fresh_of(keys: Sequence[bytes]) -> Collection[bytes]:
        return ahead.fresh_seeds(db, keys) if db else keys

    scope = Scope(plan.scope, seed_hosts=()) if plan.scope.deny else None
    with Headcount(scope=scope, fresh=fresh_of) as headcount:
        seeds = Seeds(
            replace(plan.seeds, sitemaps=()),
            rules=UrlRules(plan.url),
            writer=headcount,
            join=lambda _hostname: None,
            stdin=standard_input(),
            sitemaps=_NoSitemaps(),
        )
        await seeds.run()
        headcount.add_known(ahead.due_rows(db, view) if db else ())
        said = await _robots(plan, db, headcount) if plan.politeness.robots else {}
        rules = {host: each.rules for host, each in said.items() if each.rules}
        headcount.judge(rules)
        for host, each in rules.items():
            headcount.judge_known(host, each, ahead.waiting_urls(db, host) if db else ())
        known = _known(db, view, now) if db else Known()
        return told(
            Outline(plan, headcount, known, said, limit), {"read": seeds.read, "bad": seeds.bad}
        )


async def _robots(
    plan: Plan, db: sqlite3.Connection | None, headcount: Headcount
) -> dict[str, Said]:
    kept = ahead.kept_robots(db, origins(headcount)) if db else {}
    async with Fetcher(plan.fetch) as fetcher:
        robots = Robots(
            fetcher=fetcher, agent=plan.fetch.user_agent, obey=True, clock=SystemClock()
        )
        return await ask_hosts(headcount, robots, kept)


def _known(db: sqlite3.Connection, view: ahead.Outlook, now: float) -> Known:
    past = [past_of(*run) for run in ahead.ended_runs(db)]
    return Known(
        begins=view.kind,
        cycle=view.cycle,
        exists=True,
        running=view.is_running and not is_dead(db, view.running_pid),
        nothing_due_before=view.nothing_due_before,
        admitted=view.admitted,
        grows=view.grows,
        rests=ahead.rests(db, now),
        retries=ahead.retries(db, now),
        past=telling([each for each in past if each is not None]),
    )


class _NoSitemaps:
    """None is read: that takes the turns of a crawl."""

    def pages(self, origins: Sequence[str]) -> AsyncGenerator[list[Listed], None]:
        raise NotImplementedError

    def figures(self) -> dict[str, Any]:
        return {}
