"""What a run shows and keeps about itself: looks at all stages; only `tune` changes anything."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from scraper.app.foresight import Foresight
from scraper.clock import Clock
from scraper.core.insight.attribution import Sample
from scraper.core.insight.predict import Settings
from scraper.core.plan import Plan
from scraper.core.schedule.census import busiest
from scraper.fetch import Fetcher
from scraper.parse.parser import Parser
from scraper.progress import Progress, Snapshot
from scraper.report import stats
from scraper.stages import Stages
from scraper.store import Store
from scraper.tune import Tune
from scraper.usage import cpu_s, peak_bytes


class Figures:
    """The pulse of a run, over all its stages.

    Args:
        live: draw a bar on standard error; else log lines.
        limit: pages of the run; None: all.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        store: Store,
        stages: Stages,
        fetcher: Fetcher,
        parser: Parser,
        tune: Tune,
        clock: Clock,
        live: bool,
        limit: int | None,
    ) -> None:
        self._plan = plan
        self._store = store
        self._stages = stages
        self._fetcher = fetcher
        self._parser = parser
        self._tune = tune
        self._begin_cpu_s = cpu_s()  # spent before there was anything to do
        self._foresight = Foresight(plan, stages=stages, limit=limit)
        self._progress = Progress(
            sample=self._snapshot,
            observe=self._observe,
            heed=tune.heed,
            clock=clock,
            stream=sys.stderr,
            live=live,
        )

    async def run(self) -> None:
        """Sample and show until `stop`."""
        telling = asyncio.create_task(self._foresight.run(), name="foresight")
        try:
            await self._progress.run()
        finally:
            telling.cancel()
            with suppress(asyncio.CancelledError):
                await telling

    def stop(self) -> None:
        """End `run`."""
        self._progress.stop()

    def stats(self) -> Mapping[str, Any]:
        """The figures so far, for the report."""
        parser, politeness = self._parser, self._plan.politeness
        figures = stats(
            tally=self._stages.tally,
            wall=self._progress.wall,
            lag=self._progress.lag,
            resent=self._fetcher.resent,
            writer=self._store.writer.stats,
            cpu_s={"main": cpu_s(), "workers": parser.workers_cpu_s()},
            memory_peak_bytes={"main": peak_bytes(), "workers": parser.workers_peak_bytes()},
            parse={
                "worker_deaths": parser.deaths,
                "timeouts": parser.timeouts,
                "inline_cpu_s": parser.inline_cpu_s,
            },
            concurrency=self._tune.figures(),
            settings=Settings(
                concurrency=self._plan.fetch.concurrency,
                auto=self._plan.fetch.auto,
                per_host=politeness.default.per_host,
                delay_s=politeness.default.delay_s,
                capped=any((politeness.per_domain, politeness.per_address)),
                processes=parser.processes,
            ),
        )
        told = {"begin_cpu_s": self._begin_cpu_s, "plan": self._foresight.as_json()}
        return {**figures, **told, "traps": self._stages.kinds.kept()}

    def _snapshot(self) -> Snapshot:
        counts = self._store.queue.counts()
        least = self._foresight.bound
        return Snapshot(
            **counts,
            open=self._stages.frontier.schedule.open,
            slots=self._tune.slots,
            least_s=least.seconds if least else 0.0,
        )

    def _observe(self) -> Sample:
        frontier, parser = self._stages.frontier, self._parser
        schedule = frontier.schedule
        at_workers = parser.busy + parser.queued
        full = schedule.open >= frontier.crew.slots
        blocked = bool(schedule.waiting) and not full and frontier.crew.idle > 0
        host = busiest(schedule.hosts.each()) if blocked else None
        blocked_host = None if host is None else host.name
        in_trouble = host is not None and host.is_in_trouble(self._stages.clock.monotonic())
        if frontier.resting:  # all that is left waits for its retry
            blocked, in_trouble, blocked_host = True, True, self._stages.tally.most_retried()
        # a sitemap's turn is open too, and no row is held for it
        writing = frontier.held - schedule.waiting - schedule.open - at_workers - parser.waiting
        return Sample(
            sink_full=self._store.writer.full,
            pool_busy_and_waiting=parser.queued > 0 and parser.busy >= parser.processes,
            slots_all_taken=full,
            hosts_with_work_none_allowed=blocked,
            nothing_known=not frontier.held,
            open=schedule.open,
            parsing=at_workers,
            writing=max(0, writing),
            blocked_host=blocked_host,
            in_trouble=in_trouble,
            network_gone=schedule.outage.since is not None,
        )
