"""Wiring of the command that looks ahead: `plan`."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from scraper.clock import SystemClock
from scraper.core.insight.past import past_of, telling, unmodified_share
from scraper.core.plan import Plan, PolitenessPlan, refresh_of
from scraper.core.schedule.host import rule_of
from scraper.core.scope import Scope
from scraper.core.urlrules import UrlRules
from scraper.descriptors import allow_files
from scraper.fetch import Fetcher
from scraper.locate import locate
from scraper.planning.headcount import Headcount
from scraper.planning.plan import Known, Outline, Said, ask_hosts, named_hosts, origins, told
from scraper.planning.sitemaps import SitemapLook
from scraper.report.liveness import is_dead
from scraper.robots import Robots
from scraper.seeds import Seeds, standard_input
from scraper.sitemaps.reading import Sitemaps
from scraper.store import RunStart, ahead, open_reader
from scraper.tune import within


def plan_crawl(plan: Plan, *, limit: int | None, fresh: bool) -> dict[str, Any]:
    """What a run would do; see `planning`. Nothing is written.

    Raises:
        UsageError: a seed list cannot be read, or the database is none of ours.
        StoreError: the database cannot be read.
    """
    plan = within(plan, files=allow_files())
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

    def resting(changed_by: Mapping[bytes, float]) -> Iterable[ahead.Rests]:
        return ahead.resting(db, view, changed_by) if db else ()

    scope = Scope(plan.scope, seed_hosts=()) if plan.scope.deny else None
    with Headcount(scope=scope, fresh=fresh_of, resting=resting) as headcount:
        async with Fetcher(plan.fetch) as fetcher:
            robots = _robots(plan, fetcher)
            look = _look(plan, fetcher, robots)
            seeds = _seeds(plan, headcount, _named(plan, fetcher), look)
            await seeds.run()
            room = _room(plan, view)
            known = ahead.due_rows(db, view, in_order=room is not None) if db else ()
            headcount.add_known(known, room=room)
            said = await _ask(plan, db, headcount, robots)
            addresses = await _locate(plan, fetcher, headcount)
        rules = {host: each.rules for host, each in said.items() if each.rules}
        headcount.judge(rules)
        for host, each in rules.items():
            headcount.judge_known(host, each, ahead.waiting_urls(db, host) if db else ())
        of_db = _known(db, view, now, asks_saved=headcount.asks_saved) if db else Known()
        return told(Outline(plan, headcount, of_db, said, limit, addresses), seeds.figures())


def _room(plan: Plan, view: ahead.Outlook) -> int | None:
    """Pages that `scope.max_pages` lets in beside those of this cycle; None: no limit."""
    most = plan.scope.max_pages
    return None if most is None else max(most - view.admitted, 0)


def _seeds(
    plan: Plan, headcount: Headcount, named: Callable[[str], Awaitable[None]], look: SitemapLook
) -> Seeds:
    return Seeds(
        plan.seeds,
        rules=UrlRules(plan.url),
        writer=headcount,
        named=named,
        led=_unheard,
        stdin=standard_input(),
        sitemaps=Sitemaps(plan.seeds.sitemaps, asks=look),
    )


def _named(plan: Plan, fetcher: Fetcher) -> Callable[[str], Awaitable[None]]:
    """What hears the hosts of seeds: they alone hear secrets when sitemaps are asked for."""
    scope = Scope(plan.scope, seed_hosts=())
    fetcher.headers.trusts = scope.trusts

    async def named(hostname: str) -> None:
        scope.join(hostname)

    return named if plan.seeds.sitemaps else _unheard


async def _unheard(hostname: str) -> None:
    """Nothing is asked of the host."""


def _look(plan: Plan, fetcher: Fetcher, robots: Robots) -> SitemapLook:
    return SitemapLook(
        fetcher=fetcher,
        robots=robots,
        delay_s=partial(_delay_s, plan.politeness),
        max_redirects=plan.fetch.max_redirects,
        clock=SystemClock(),
    )


def _robots(plan: Plan, fetcher: Fetcher) -> Robots:
    obey = plan.politeness.robots
    agent = plan.fetch.user_agent
    return Robots(fetcher=fetcher, agent=agent, obey=obey, clock=SystemClock())


def _delay_s(polite: PolitenessPlan, host: str, crawl_delay_s: float) -> float:
    rule = rule_of(host, polite.hosts, default=polite.default)
    return max(rule.delay_s, min(crawl_delay_s, polite.max_crawl_delay_s))


async def _ask(
    plan: Plan, db: sqlite3.Connection | None, headcount: Headcount, robots: Robots
) -> dict[str, Said]:
    if not plan.politeness.robots:
        return {}
    kept = ahead.kept_robots(db, origins(headcount)) if db else {}
    return await ask_hosts(headcount, robots, kept)


async def _locate(plan: Plan, fetcher: Fetcher, headcount: Headcount) -> dict[str, list[str]]:
    if plan.politeness.per_address is None:
        return {}
    timeout_s = plan.fetch.connect_timeout_s
    return await locate(fetcher.look_up, named_hosts(headcount), timeout_s=timeout_s)


def _known(db: sqlite3.Connection, view: ahead.Outlook, now: float, *, asks_saved: int) -> Known:
    runs = [past for run in ahead.ended_runs(db) if (past := past_of(*run)) is not None]
    asked_again = ahead.asked_again(db, view) - asks_saved
    unmodified = unmodified_share(runs) if asked_again else None
    return Known(
        begins=view.kind,
        cycle=view.cycle,
        exists=True,
        running=view.is_running and not is_dead(db, view.running_pid),
        nothing_due_before=view.nothing_due_before,
        grows=view.grows,
        rests=ahead.rests(db, now),
        retries=ahead.retries(db, now),
        past=telling(runs, unmodified=unmodified or 0.0),
        asked_again=asked_again,
        unmodified=unmodified,
    )
