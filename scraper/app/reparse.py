"""Wiring of `reparse`. It needs no network, and nothing of that is imported."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import AsyncExitStack, suppress

import uvloop

from scraper import __version__
from scraper.allocator import settle
from scraper.clock import Clock, SystemClock
from scraper.config import Loaded
from scraper.core.plan import Plan
from scraper.logs import setup
from scraper.parse.parser import processes_of
from scraper.parse.pool import WorkerPool
from scraper.progress import wants_bar
from scraper.reparse import Reparse, Reparsed, rules_of
from scraper.signals import STOPPED, leave_on_signal
from scraper.store import RunStart, hold, open_reader, open_store

log = logging.getLogger(__name__)


def reparse_pages(loaded: Loaded, *, quiet: bool) -> tuple[int, str]:
    """Extract again from kept pages; returns the exit status and what to say.

    Raises:
        LockedError: a run holds the database.
        UsageError: there is no database, or no page is kept in it.
        StoreError: the database cannot be used.
    """
    settle()
    setup(format=None, verbosity=-1 if quiet else 0).hide(loaded.secrets)
    plan, clock = loaded.plan, SystemClock()
    open_reader(plan.store.path).close()  # a file is not made
    with (
        hold(plan.store.path, clock=clock) as lock,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.get_loop().call_soon(lock.beat_in, runner.get_loop())
        found = runner.run(_reparse(plan, loaded.hash, clock=clock, quiet=quiet))
    status = STOPPED if found is None else found.exit_status
    leave_on_signal(status)  # the closed loop would swallow it
    if found is None:
        log.warning("stopped: nothing was changed")
    return status, "" if found is None else f"{plan.name}: {found}"


async def _reparse(plan: Plan, config_hash: str, *, clock: Clock, quiet: bool) -> Reparsed | None:
    processes = processes_of(plan.parse)
    pool = WorkerPool(
        rules_of(plan),
        processes=processes,
        timeout_s=plan.parse.timeout_s,
        at_once=processes,
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(pool.close)
        store = await stack.enter_async_context(await open_store(plan.store.path, clock=clock))
        start = RunStart(plan.name, version=__version__, pid=os.getpid(), config_hash=config_hash)
        work = Reparse(
            plan=plan,
            start=start,
            staging=store.staging(),
            pool=pool,
            processes=processes,
            clock=clock,
            live=wants_bar(quiet=quiet),
        )
        _listen(work, pool)
        return await work.live()


def _listen(work: Reparse, pool: WorkerPool) -> None:
    """First signal: leave everything as it was. Second: leave at once, which is as safe."""
    loop = asyncio.get_running_loop()
    stopping: list[asyncio.Task[None]] = []

    def on_signal(number: signal.Signals) -> None:
        if stopping:
            pool.kill()
            with suppress(OSError):  # nobody reads it any more
                sys.stderr.flush()
            os._exit(STOPPED)
        log.info("stopping by=%s", number.name)
        stopping.append(loop.create_task(work.stop()))

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal, number)
