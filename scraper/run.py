"""The life of a run: begin or continue, seed, crawl, stop in time, balance, end.

All tasks of a run live in one group: the writer, the frontier that keeps its window filled, the
seeds, the progress, and the pipeline's workers. The pipeline decides when it is over; then the
others are told to end. A stop (a signal or a limit) lets open pages end within a few seconds and
cuts off the rest: they stay waiting in the table, and the next run visits them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from typing import Any, Protocol

from scraper.core import gone
from scraper.core.errors import LoginError, ScraperError, StoreError
from scraper.core.model import Json
from scraper.core.plan import Plan
from scraper.core.url import parts
from scraper.crawl import crawl
from scraper.seeds import Seeds
from scraper.stages import Stages
from scraper.store import Balance, RunInfo, RunStart, Store

log = logging.getLogger(__name__)

_NO_ITEM = (
    "no item was found on any page: try one with `scraper try CONFIG URL`, which says which rule "
    "matched and which fields were empty"
)
DRAIN_S = 5.0  # for what is open when a run is told to stop
KEPT_HOSTS = 10_000  # whose robots.txt is remembered from run to run
KEPT_BYTES = 32 * 1024 * 1024  # ... and of these texts no more
JOINED_AT_ONCE = 1_000  # hosts
WAITS_TOLD = 50  # hosts
SAVE_EVERY_S = 5.0  # figures for the report of a run that is killed


class Progress(Protocol):
    """What a person sees while it runs, and what the run measures of itself."""

    async def run(self) -> None:
        """Sample and show until `stop`."""

    def stop(self) -> None:
        """End `run`."""

    def stats(self) -> Mapping[str, Any]:
        """The figures so far."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended."""

    run_id: int
    exit_status: int  # 0 done, 1 something promised was missed, 3 imbalance, 4 stopped early
    stopped_by: str | None  # "SIGTERM", "limit", "max_time" ...; None: by itself
    messages: tuple[str, ...] = ()  # for a person
    idle: str | None = None  # nothing was due: one line that says so


class Run:
    """One run of a crawl, from its begin to its end.

    Args:
        workers: tasks of the pipeline.
        start: who runs; `fresh` begins a new cycle.
        max_time_s: stop after that long; None: no limit.
    """

    def __init__(
        self,
        *,
        plan: Plan,
        start: RunStart,
        store: Store,
        stages: Stages,
        seeds: Seeds,
        progress: Progress,
        workers: int,
        max_time_s: float | None,
    ) -> None:
        self._plan = plan
        self._start = start
        self._store = store
        self._stages = stages
        self.frontier = stages.frontier
        self.frontier.give_up = self.stop
        self._seeds = seeds
        self._progress = progress
        self._workers = workers
        self._max_time_s = max_time_s
        self.beside: Callable[[], Coroutine[Any, Any, None]] | None = None  # the crawl, to its end
        self._work: asyncio.Task[None] | None = None
        self._seeding: asyncio.Task[None] | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._learnt: dict[str, float] = {}  # pauses of hosts that are still to be kept

    def stop(self, by: str) -> None:
        """End early: nothing new starts, what is open may end within `DRAIN_S`."""
        log.info("stopping by=%s open=%d", by, self.frontier.schedule.open)
        self.frontier.stop(by)
        if self._seeding is not None:
            self._seeding.cancel()
        if self._work is not None:
            self._later(DRAIN_S, self._work.cancel)

    async def live(self) -> Outcome:
        """Run to the end.

        Raises:
            StoreError: the database cannot be written; what is committed is safe.
            UsageError: a seed list cannot be read, or the site refuses the login.
        """
        info = await self._store.runs.begin(self._start)
        began = {"run": info.id, "cycle": info.cycle, "resumed": info.resumed}
        log.info("run began id=%d cycle=%d resumed=%s", *began.values(), extra=began)
        await self._store.create_views(self._plan.pages)
        self._store.queue.revalidates = not info.fresh
        self._store.keep_bodies(self._plan.store.bodies, has_some=info.keeps_pages)
        await self._rejoin()
        await self._recall(info)
        try:
            await self._crawl(info)
        except BaseExceptionGroup as group:
            error = _first(group)
            if isinstance(error, LoginError):
                stats = self._progress.stats()
                await self._store.runs.finish(state="broken", exit_status=2, stats=stats)
            raise error from None
        return await self._finish(info)

    async def _rejoin(self) -> None:
        """Let the hosts into scope that an earlier run was led to."""
        joined = [""]
        while joined:
            joined = await self._store.queue.scope_hosts(joined[-1], JOINED_AT_ONCE)
            for hostname in joined:
                self._stages.scope.join(hostname, led=True)

    async def _recall(self, info: RunInfo) -> None:
        """Tell the stages what earlier runs have learnt about hosts, and this cycle of traps."""
        texts = await self._store.hosts.robots(KEPT_HOSTS, most_bytes=KEPT_BYTES)
        self._stages.robots.remember(texts)
        slow, clock, asked_until = await self._store.hosts.slow(), self._stages.clock, -inf
        if info.asked_until is not None:
            asked_until = clock.monotonic() - (clock.now() - info.asked_until)
        self.frontier.schedule.learn(slow, asked_until=asked_until)
        traps = await self._store.runs.traps() if info.resumed else None
        if traps is not None:
            self._stages.kinds.remember(traps)

    async def _crawl(self, info: RunInfo) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._store.writer.run())
            feeding = group.create_task(self.frontier.run())
            showing = group.create_task(self._progress.run())
            others = [group.create_task(self._save())]
            if self.beside is not None:
                others.append(group.create_task(self.beside()))
            self._seeding = group.create_task(self._seed(info))
            self._work = group.create_task(crawl(self._stages, workers=self._workers))
            if self._max_time_s is not None:
                self._later(self._max_time_s, self.stop, "max_time")
            if self.frontier.stopped_by is not None:  # a signal came before there was work
                self.stop(self.frontier.stopped_by)
            await asyncio.wait((self._work,))
            for timer in self._timers:
                timer.cancel()
            for task in (self._seeding, *others, feeding):
                task.cancel()
            await asyncio.wait((self._seeding, *others, feeding))
            await self._store.writer.close()
            self._progress.stop()
            await asyncio.wait((showing,))

    async def _seed(self, info: RunInfo) -> None:
        await self._seeds.run()  # first: a seed that is due takes today's page and columns
        if not self._seeds.sitemaps.is_whole:
            await self._keep_seeds()
        if info.nothing_due_before is None:
            while await self._store.writer.make_due():
                pass
        await self._store.writer.seeded()
        self._stages.seeded.set()
        self.frontier.seeded()

    async def _keep_seeds(self) -> None:
        """Let what was a seed be one, and its host be in scope: a sitemap could not be had."""
        stages, sitemaps = self._stages, self._plan.seeds.sitemaps
        own = {parts(each.url).hostname for each in sitemaps if each.url is not None}
        for hostname in await self._store.queue.seed_hosts():
            await (stages.named if hostname in own else stages.led_to)(hostname)
        self._store.writer.keep_seeds()

    async def _save(self) -> None:
        while True:
            await asyncio.sleep(SAVE_EVERY_S)
            await self._store.runs.save_stats(self._progress.stats())
            await self._keep_learnt()

    async def _keep_learnt(self) -> None:
        """Keep what was learnt about hosts for the next run."""
        self._learnt |= self.frontier.schedule.hosts.learnt()
        if self._learnt:
            await self._store.hosts.learn(self._learnt)
            self._learnt = {}  # not before: it may be cancelled

    async def _finish(self, info: RunInfo) -> Outcome:
        balance = await self._store.runs.balance()
        left = bool(balance.by_state["waiting"]) or self.frontier.seeding
        stopped_by = self.frontier.stopped_by if left else None
        status, messages, missed = 0, list[str](), list[Json]()
        if not balance.balanced or (left and stopped_by is None):
            status = 3
            messages.append(_imbalance(balance))
        elif left:
            status = 4
        else:
            messages, missed = await self._end_cycle(info, balance)
            status = 1 if missed else 0
        waits = await self._waits(stopped_by)
        await self._keep_learnt()
        await self._store.runs.prune(self._plan.store.keep_runs)
        await self._store.runs.finish(
            state={3: "broken", 4: "stopped"}.get(status, "done"),
            exit_status=status,
            stopped_by=stopped_by,
            stats={
                **self._progress.stats(),
                "seeds": self._seeds.figures(),
                "missed": missed,
                "waits": waits,
                "unsought": await self._unsought(),
            },
        )
        return Outcome(info.id, status, stopped_by, tuple(messages), self._idle(info))

    async def _unsought(self) -> dict[str, int]:
        """Live items of types that the config does not have any more."""
        found = await self._store.runs.unsought()
        for type_, count in found.items():
            log.warning("%s", gone.unsought_in_words(type_, count))
        return found

    async def _waits(self, stopped_by: str | None) -> dict[str, Any] | None:
        """For whom a run that was stopped by `run.max_wait` would have had to wait."""
        if stopped_by != "max_wait":
            return None
        patience = self.frontier.patience
        waits = await self._store.queue.waits(
            self.frontier.rests_until, otherwise=patience.seeds_until, most=WAITS_TOLD
        )
        if self.frontier.seeding and patience.seeds_until > self._stages.clock.now():
            waits["seeds"] = {"until": patience.seeds_until, "host": patience.seeds_on}
        log.warning("what is left waits longer than run.max_wait: hosts=%d", waits["hosts"])
        return waits

    async def _end_cycle(self, info: RunInfo, balance: Balance) -> tuple[list[str], list[Json]]:
        """End and judge it: what was missed in words, and as the report has it."""
        plan = self._plan.run.gone
        judged = info.nothing_due_before is None
        going = await self._store.runs.end_cycle(plan if judged else None)
        words = await self._missed(info, balance)
        told = [gone.in_words(each, plan.at_most) for each in going]
        return words + told, [*words, *(gone.missed(each, plan.at_most) for each in going)]

    def _idle(self, info: RunInfo) -> str | None:
        if info.nothing_due_before is None:
            return None
        due = datetime.fromtimestamp(info.nothing_due_before, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if self._seeds.new or self._stages.tally.attempts:
            log.info("nothing is due before %s: only new seeds were fetched", due)
            return None
        return f"nothing is due before {due}: --fresh crawls all the same"

    async def _missed(self, info: RunInfo, balance: Balance) -> list[str]:
        """What a cycle promises without being asked: a page, and an item where there are any."""
        if info.nothing_due_before is not None and not self._seeds.new:
            return []
        if not balance.known:
            return [self._nothing_to_do()]
        if not balance.by_state["done"]:
            return [await self._nothing_done(balance)]
        runs = self._store.runs
        rules = [rule.name for rule in self._plan.pages if rule.items]
        if rules and not await runs.has_items() and await runs.owes_items(rules):
            return [_NO_ITEM]
        return []

    def _nothing_to_do(self) -> str:
        why = "; ".join(self._seeds.figures()["troubles"][:3])
        return (
            "there was nothing to do: no seed gave a URL; "
            + (f"sitemap {why}; " if why else "")
            + "look at `seeds` in the config"
        )

    async def _nothing_done(self, balance: Balance) -> str:
        reasons = {**balance.by_reason["failed"], **balance.by_reason["skipped"]}
        most = max(reasons, key=lambda reason: reasons[reason], default="unknown")
        example = await self._store.runs.example(most)
        return (
            f"no page was fetched: of {balance.known} known, {reasons.get(most, 0)} are {most}"
            + (f" ({example})" if example else "")
            + "; `scraper report DB` has all reasons"
        )

    def _later(self, delay_s: float, call: Callable[..., object], *args: object) -> None:
        self._timers.append(asyncio.get_running_loop().call_later(delay_s, call, *args))


def _imbalance(balance: Balance) -> str:
    return (
        f"the run does not balance: {balance.known} rows, {balance.expected} by the ledger, by "
        f"state {dict(balance.by_state)}: this is a bug, please report it"
    )


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that tells most: one of ours, else the first."""
    errors = list(_flat(group))
    ours: list[BaseException] = [each for each in errors if isinstance(each, StoreError)]
    ours += [each for each in errors if isinstance(each, ScraperError)]
    return (ours or errors)[0]


def _flat(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    flat: list[BaseException] = []
    for error in group.exceptions:
        flat += _flat(error) if isinstance(error, BaseExceptionGroup) else [error]
    return flat
