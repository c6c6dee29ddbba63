"""Wiring only: builds the real stages from a plan; owns loop, signals, pool and database."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import sys
import time
from collections.abc import Collection
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path
from typing import NoReturn

import uvloop

from scraper import __version__
from scraper.allocator import settle
from scraper.app.figures import Figures
from scraper.app.read import make_report
from scraper.clock import Clock, SystemClock
from scraper.core.errors import LockedError, ScraperError
from scraper.core.insight.tally import Tally
from scraper.core.login import rules_of
from scraper.core.plan import Plan, is_https_alone, refresh_of
from scraper.core.reading import Readings
from scraper.core.route import Router
from scraper.core.schedule.kinds import Kinds
from scraper.core.schedule.retry import RetryPolicy
from scraper.core.scope import Scope
from scraper.core.urlrules import UrlRules
from scraper.descriptors import allow_files
from scraper.fetch import Fetcher
from scraper.frontier.frontier import Frontier
from scraper.locate import make_locator
from scraper.logs import setup
from scraper.output import say
from scraper.parse.parser import Parser
from scraper.progress import wants_bar
from scraper.report import text
from scraper.robots import Robots
from scraper.run import Outcome, Run
from scraper.seeds import Seeds, check_lists, standard_input
from scraper.session import make_session
from scraper.signals import STOPPED, leave_on_signal
from scraper.sitemaps.reading import Sitemaps
from scraper.sitemaps.turns import SitemapTurns
from scraper.stages import Stages
from scraper.store import Lock, Names, RunStart, Store, hold, open_store
from scraper.tune import Tune, within

log = logging.getLogger(__name__)

SPARE_PER_PROCESS = 4  # workers of the pipeline whose pages are being parsed


@dataclass(frozen=True, slots=True)
class Options:
    """What a command line says about one run."""

    limit: int | None = None  # pages
    max_time_s: float | None = None
    fresh: bool = False
    log_format: str | None = None
    quiet: bool = False
    verbosity: int = 0


def run_crawl(
    plan: Plan,
    options: Options,
    *,
    config_hash: str,
    warnings: tuple[str, ...] = (),
    secrets: Collection[str] = (),
) -> int:
    """Run a crawl to its end; returns the exit status.

    Args:
        secrets: texts that no log line shows.

    Raises:
        LockedError: another run holds the crawl, and `run.if_running` is `fail`.
        UsageError: a seed list cannot be opened, or the site refuses the login.
        StoreError: the database cannot be used.
    """
    settle()
    plan = within(plan, files=allow_files())
    verbosity = -1 if options.quiet else options.verbosity
    setup(format=options.log_format, verbosity=verbosity).hide(secrets)
    for warning in warnings:
        log.warning("%s", warning)
    check_lists(plan.seeds)
    clock = SystemClock()
    try:
        lock = _lock(plan, clock)
    except LockedError as error:
        if plan.run.if_running != "skip":
            raise
        log.warning("%s: skipped, as run.if_running says", error)
        return 0
    with lock, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.get_loop().call_soon(lock.beat_in, runner.get_loop())
        outcome = runner.run(_run(plan, options, config_hash=config_hash, clock=clock))
    leave_on_signal(outcome.exit_status)  # the closed loop would swallow it
    _conclude(plan, outcome, quiet=options.quiet)
    return outcome.exit_status


def _lock(plan: Plan, clock: Clock) -> Lock:
    while True:
        try:
            return hold(plan.store.path, clock=clock)
        except LockedError as error:
            if plan.run.if_running != "wait":
                raise
            log.info("waiting: %s", error)
            time.sleep(1.0)


async def _run(plan: Plan, options: Options, *, config_hash: str, clock: Clock) -> Outcome:
    async with AsyncExitStack() as stack:
        parser = await stack.enter_async_context(Parser(plan.parse, rules_of(plan)))
        store = await stack.enter_async_context(await open_store(plan.store.path, clock=clock))
        level = await store.runs.concurrency() if plan.fetch.auto else None
        fetcher = await stack.enter_async_context(Fetcher(plan.fetch))
        fetcher.budget.elsewhere = lambda: parser.waiting_bytes
        run = _wire(
            plan,
            options,
            store=store,
            fetcher=fetcher,
            parser=parser,
            clock=clock,
            config_hash=config_hash,
            level=level,
        )
        run.beside = make_locator(plan, fetcher.look_up, run.frontier)
        _listen(run, parser)
        return await run.live()


def _wire(
    plan: Plan,
    options: Options,
    *,
    store: Store,
    fetcher: Fetcher,
    parser: Parser,
    clock: Clock,
    config_hash: str,
    level: int | None,
) -> Run:
    stages = _stages(plan, options, store=store, fetcher=fetcher, parser=parser, clock=clock)
    _bind(store, fetcher, plan, stages)
    figures = Figures(
        plan,
        store=store,
        stages=stages,
        fetcher=fetcher,
        parser=parser,
        tune=Tune(plan.fetch, stages.frontier, start=level),
        limit=options.limit,
        clock=clock,
        live=wants_bar(quiet=options.quiet) and options.log_format != "json",
    )
    return Run(
        plan=plan,
        start=_start(plan, options, config_hash),
        store=store,
        stages=stages,
        seeds=_seeds(plan, store, stages, fetcher),
        progress=figures,
        workers=plan.fetch.concurrency + SPARE_PER_PROCESS * parser.processes,
        max_time_s=options.max_time_s or plan.run.max_time_s,
    )


def _seeds(plan: Plan, store: Store, stages: Stages, fetcher: Fetcher) -> Seeds:
    return Seeds(
        plan.seeds,
        rules=stages.rules,
        writer=store.writer,
        named=stages.named,
        led=stages.led_to,
        stdin=standard_input(),
        sitemaps=Sitemaps(plan.seeds.sitemaps, asks=SitemapTurns(stages, fetcher)),
    )


def _start(plan: Plan, options: Options, config_hash: str) -> RunStart:
    return RunStart(
        name=plan.name,
        fresh=options.fresh,
        refresh=refresh_of(plan),
        version=__version__,
        pid=os.getpid(),
        config_hash=config_hash,
        cookies=plan.fetch.cookies,
    )


def _bind(store: Store, fetcher: Fetcher, plan: Plan, stages: Stages) -> None:
    """Tell the store whom to tell of commits, and its bounds; the fetcher which hosts are named."""
    fetcher.headers.trusts, writer = stages.scope.trusts, store.writer
    fetcher.headers.https_alone = is_https_alone(plan)
    writer.committed = stages.frontier.committed
    writer.max_pages = plan.scope.max_pages
    writer.max_depth = plan.scope.max_depth
    store.queue.deepest_first = plan.politeness.deepest_first


def _stages(
    plan: Plan,
    options: Options,
    *,
    store: Store,
    fetcher: Fetcher,
    parser: Parser,
    clock: Clock,
) -> Stages:
    frontier = Frontier(
        queue=store.queue,
        politeness=plan.politeness,
        slots=plan.fetch.concurrency,
        clock=clock,
        limit=options.limit,
        max_wait_s=inf if plan.run.max_wait_s is None else plan.run.max_wait_s,
        hurry=store.writer.hurry,
    )
    return Stages(
        frontier=frontier,
        robots=_robots(plan, fetcher, store, clock),
        fetcher=fetcher,
        parser=parser,
        writer=store.writer,
        router=Router(plan.pages),
        scope=Scope(plan.scope, seed_hosts=(), set_of=partial(Names, store.path.parent)),
        rules=UrlRules(plan.url),
        kinds=Kinds(takes_items=any(rule.items for rule in plan.pages), closes=plan.scope.traps),
        readings=Readings(plan, version=__version__),
        retry=RetryPolicy(plan.fetch.retry),
        max_redirects=plan.fetch.max_redirects,
        cookies=plan.fetch.cookies,
        clock=clock,
        chance=random.Random(),
        tally=Tally(),
        seeded=asyncio.Event(),
        session=make_session(plan, fetcher, parser, clock, frontier),
        bodies=plan.store.bodies,
    )


def _robots(plan: Plan, fetcher: Fetcher, store: Store, clock: Clock) -> Robots:
    return Robots(
        fetcher=fetcher,
        agent=plan.fetch.user_agent,
        obey=plan.politeness.robots,
        clock=clock,
        keep=store.hosts.keep_robots,
        read_back=store.hosts.robots_of,
        longest_s=plan.fetch.retry.longest_s,
    )


def _listen(run: Run, parser: Parser) -> None:
    """First signal: drain. Second: leave at once; what is not committed is visited again."""
    loop = asyncio.get_running_loop()
    heard: list[str] = []

    def on_signal(number: signal.Signals) -> None:
        heard.append(number.name)
        if len(heard) == 1:
            run.stop(number.name)
        else:
            parser.kill()
            _leave_now()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal, number)


def _leave_now() -> NoReturn:
    with suppress(OSError):  # nobody reads it any more
        sys.stderr.flush()
    os._exit(STOPPED)


def _conclude(plan: Plan, outcome: Outcome, *, quiet: bool) -> None:
    for message in outcome.messages:
        log.error("%s", message)
    if not quiet:
        told = outcome.idle or text(make_report(Path(plan.store.path), outcome.run_id))
        try:
            say(told)
        except ScraperError as error:  # how the crawl ended is settled
            log.error("%s", error)  # noqa: TRY400 - the message says it all
