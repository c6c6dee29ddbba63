"""One process: a run of the real code on a scripted network, disk and clock, which may be killed.

Only the edges are ours. `Disk` stands for the store's connection and its thread: the work is done
at once, a while after it was asked for, and who asked hears of it a while later.
"""

from __future__ import annotations

import asyncio
import io
import math
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from scraper.core.errors import StoreError
from scraper.core.insight.attribution import Sample
from scraper.core.insight.tally import Tally
from scraper.core.plan import refresh_of
from scraper.core.reading import Readings
from scraper.core.route import Router
from scraper.core.schedule.kinds import Kinds
from scraper.core.schedule.retry import RetryPolicy
from scraper.core.schedule.tuning import LEAST
from scraper.core.scope import Scope
from scraper.core.urlrules import UrlRules
from scraper.frontier.frontier import Frontier
from scraper.locate import make_locator
from scraper.robots import KEPT_S, Robots
from scraper.run import Outcome, Run
from scraper.seeds import Seeds
from scraper.sitemaps.reading import Sitemaps
from scraper.sitemaps.turns import SitemapTurns
from scraper.stages import Stages
from scraper.store import RunStart, Store
from scraper.store.connection import store_error
from scraper.store.migrate import migrate
from scraper.tune import Tune
from tests.empty import empty_database
from tests.simulation.laws import EPOCH, Diary, Manners, Patience
from tests.simulation.network import Network, Web
from tests.simulation.world import World
from tests.virtual import VirtualClock

T = TypeVar("T")
PULSE_S = 0.1
IDLE_PULSE_S = 1.0  # while nothing is open: hours may pass until a retry is due
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


@dataclass(frozen=True)
class Order:
    """What one run is told, and what becomes of it."""

    fresh: bool = False
    limit: int | None = None
    max_time_s: float | None = None
    max_wait_s: float = math.inf
    stop_at: float | None = None  # seconds after its start: a signal
    kill_at: float | None = None  # ... death
    kill_on: int | None = None  # death at this SQL statement
    torn_on: int | None = None  # ... at this one that writes and is not the first of its step
    fault_on: int | None = None  # the disk fails at this SQL statement
    overtaken_at: float | None = None  # another run begins beside it


class Killed(BaseException):
    """The process is no more."""


class _Database(sqlite3.Connection):
    """Counts the statements, and fails at one of them."""

    process: Process | None = None

    def execute(self, *args: Any) -> sqlite3.Cursor:
        if self.process is not None:
            self.process.statement(args[0])
        return super().execute(*args)

    def executemany(self, *args: Any) -> sqlite3.Cursor:
        if self.process is not None:
            self.process.statement(args[0])
        return super().executemany(*args)


class Disk:
    """A connection of the store, in virtual time."""

    def __init__(self, process: Process, path: Path) -> None:
        self.path = path
        self.db = sqlite3.connect(path, isolation_level=None, factory=_Database)
        self.db.execute("PRAGMA synchronous = OFF")  # the process dies, the machine does not
        self._process = process
        self._free_at = 0.0

    async def call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._process.is_dead:
            raise StoreError("dead")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        takes_s = self._process.disk_takes_s()
        begins = max(self._free_at, loop.time())
        self._free_at = begins + takes_s
        loop.call_at(begins + takes_s / 2, self._work, work, done)
        return await done

    def _work(self, work: Callable[[sqlite3.Connection], T], done: asyncio.Future[T]) -> None:
        if self._process.is_dead:
            return
        loop = asyncio.get_running_loop()
        tell: Callable[..., None]
        self._process.writes = 0
        try:
            tell, what = done.set_result, work(self.db)
        except Killed:
            self._process.kill("at a statement")
            return
        except sqlite3.Error as error:
            tell, what = done.set_exception, store_error(self.path, error)
        except Exception as error:  # noqa: BLE001 - as the thread does
            tell, what = done.set_exception, error
        self._process.may_have_begun()
        loop.call_at(self._free_at, lambda: None if done.done() else tell(what))


class Calm:
    """No progress is shown; the limit is tuned where it is to be."""

    def __init__(self, tune: Tune, frontier: Frontier, clock: VirtualClock) -> None:
        self._tune, self._frontier, self._clock = tune, frontier, clock
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[None] = self._loop.create_future()

    async def run(self) -> None:
        if self._tune.slots:
            self._loop.call_later(PULSE_S, self._pulse)
        await self._over

    def _pulse(self) -> None:
        """By timers alone: a task would take four turns of the loop for each."""
        if self._over.done():
            return
        try:
            sample = Sample(open=self._frontier.schedule.open)
            self._tune.heed(self._clock.monotonic(), sample, 0.0)
        except Exception as error:  # noqa: BLE001 - who runs it is told
            self._over.set_exception(error)
        else:
            self._loop.call_later(PULSE_S if sample.open else IDLE_PULSE_S, self._pulse)

    def stop(self) -> None:
        if not self._over.done():
            self._over.set_result(None)

    def stats(self) -> Mapping[str, Any]:
        return {"concurrency": self._tune.figures()}


class Process:
    """One run of the command."""

    def __init__(self, world: World, web: Web, diary: Diary, number: int, order: Order) -> None:
        self.world, self.diary, self.number, self.order = world, diary, number, order
        self.is_dead = False
        self.ended = asyncio.Event()  # by itself, or killed
        self.outcome: Outcome | BaseException | None = None
        self.statements = 0
        self.writes = 0  # among the statements of this step
        self._later_writes = 0  # that are not the first of their step
        self.started_at = diary.now
        self.began_at = self.stopped_at = self.ended_at = math.inf
        self.wrote_at = -math.inf  # the last time
        self._chance = Random(f"process {world.seed} {number}")
        self.manners = Manners(world, diary, number, limit=order.limit, started=web.started)
        self.network = Network(world, web, self.manners, diary, self._chance)
        path = Path(world.plan.store.path)
        if number == 1:
            path.write_bytes(empty_database(EPOCH + diary.now))
        self._disks = Disk(self, path), Disk(self, path)
        migrate(self._disks[0].db, path, now=EPOCH + diary.now)
        self._disks[0].db.execute("PRAGMA journal_mode = WAL")
        self._disks[0].db.process = self  # who writes
        self.run = self._wire()
        self.look = sqlite3.connect(path)
        (self._before,) = self.look.execute("SELECT coalesce(max(id), 0) FROM run").fetchone()
        self.patience = Patience(self, self.look)
        self.task = asyncio.create_task(self._live())

    @property
    def frontier(self) -> Frontier:
        return self._stages.frontier

    @property
    def is_up(self) -> bool:
        """Whether it crawls, all seeds known."""
        return self._stages.seeded.is_set() and not self.ended.is_set()

    @property
    def has_begun(self) -> bool:
        return self.network.cycle > 0

    def may_have_begun(self) -> None:
        """Something was done on the disk; the first time, it was the begin of a run."""
        if self.has_begun:
            return
        row = self.look.execute("SELECT cycle FROM run WHERE id > ?", (self._before,)).fetchone()
        if row is not None:
            (self.network.cycle,) = row
            self.began_at = self.diary.now
            if self.number > 1:
                self.manners.began_at = self.diary.now
            sql = "SELECT id FROM request WHERE state <> 'waiting' AND cycle = ?"
            self.manners.settled = frozenset(id_ for (id_,) in self.look.execute(sql, row))
            for host, until in self.look.execute(
                "SELECT host, paused_until FROM host WHERE paused_until IS NOT NULL"
            ):
                self.manners.guests[host].rests_until = until - EPOCH
            self._recall()
            self.diary.note(self.number, "began", f"cycle {row[0]}")

    def _recall(self) -> None:
        """What earlier runs know of hosts: a robots.txt, and who had trouble."""
        known = "SELECT origin FROM robots WHERE fetched_at > ?"
        since = EPOCH + self.diary.now - KEPT_S
        for (origin,) in self.look.execute(known, (since,)):
            host = origin.removeprefix("http://")
            site = self.world.by_host[host if ":" in host else f"{host}:80"]
            guest = self.manners.guests[site.host]
            guest.has_told, guest.delay_s = True, self.world.delay_s(site)
        for (host,) in self.look.execute("SELECT host FROM host WHERE slow_s > 0"):
            self.manners.guests[host].troubled_at = self.diary.now

    def kill(self, how: str) -> None:
        """End it as `kill -9` does: what is not committed is gone."""
        if not self.ended.is_set():
            self.diary.note(self.number, "killed", how)
            self.is_dead = self.manners.dead = True
            self.ended.set()
            self.task.cancel()

    def statement(self, sql: str) -> None:
        """The process is at another SQL statement."""
        self.statements += 1
        if sql.startswith(WRITES):
            self.wrote_at = self.diary.now
            self._later_writes += bool(self.writes)
            self.writes += 1
        if self.is_dead:
            raise sqlite3.OperationalError("dead")
        is_torn = self.writes > 1 and self._later_writes == self.order.torn_on
        if self.statements == self.order.kill_on or is_torn:
            self.is_dead = self.manners.dead = True
            raise Killed
        if self.statements == self.order.fault_on:
            self.diary.note(self.number, "disk fault")
            raise sqlite3.OperationalError("disk I/O error")

    def disk_takes_s(self) -> float:
        often, long_s = self.world.stall
        stall_s = long_s if self._chance.random() < often else 0.0
        return self.world.disk_s * self._chance.uniform(0.1, 1.9) + stall_s

    async def _live(self) -> None:
        try:
            self.outcome = await self.run.live()
        except BaseException as error:  # noqa: BLE001 - whoever started it looks at it
            self.outcome = error
        finally:
            self.ended.set()
            self.ended_at = self.diary.now
            for connection in (*(disk.db for disk in self._disks), self.look):
                connection.close()

    def _wire(self) -> Run:
        world, order, plan = self.world, self.order, self.world.plan
        clock = VirtualClock(EPOCH)
        store = Store(*self._disks, clock=clock)  # type: ignore[arg-type]  # stand for connections
        writer = store.writer
        frontier = Frontier(
            queue=store.queue,
            politeness=plan.politeness,
            slots=plan.fetch.concurrency,
            clock=clock,
            limit=order.limit,
            max_wait_s=order.max_wait_s,
            window=world.window,
            hurry=writer.hurry,
        )
        stages = self._stages = Stages(
            frontier=frontier,
            robots=Robots(
                fetcher=self.network,
                agent=plan.fetch.user_agent,
                obey=plan.politeness.robots,
                clock=clock,
                keep=store.hosts.keep_robots,
                read_back=store.hosts.robots_of,
            ),
            fetcher=self.network,
            parser=self.network,
            writer=writer,
            router=Router(plan.pages),
            scope=Scope(plan.scope, seed_hosts=()),
            rules=UrlRules(plan.url),
            kinds=Kinds(takes_items=any(rule.items for rule in plan.pages)),
            readings=Readings(plan, version=""),
            retry=RetryPolicy(plan.fetch.retry),
            max_redirects=plan.fetch.max_redirects,
            cookies=False,
            clock=clock,
            chance=self._chance,
            tally=Tally(),
            seeded=asyncio.Event(),
        )
        tune = Tune(plan.fetch, stages.frontier, start=LEAST)
        writer.committed = stages.frontier.committed
        writer.max_pages = plan.scope.max_pages
        writer.max_depth = plan.scope.max_depth
        run = Run(
            plan=plan,
            start=RunStart(plan.name, fresh=order.fresh, refresh=refresh_of(plan)),
            store=store,
            stages=stages,
            seeds=Seeds(
                plan.seeds,
                rules=stages.rules,
                writer=writer,
                named=stages.named,
                led=stages.led_to,
                stdin=io.BytesIO(),
                sitemaps=Sitemaps(plan.seeds.sitemaps, asks=SitemapTurns(stages, self.network)),
            ),
            progress=Calm(tune, stages.frontier, clock),
            workers=world.workers,
            max_time_s=order.max_time_s,
        )
        stages.frontier.give_up = self._gives_up
        run.beside = make_locator(plan, self.network.look_up, frontier)
        return run

    def _gives_up(self, by: str) -> None:
        if by == "max_wait":
            self.patience.gives_up(self.order.max_wait_s)
        self.run.stop(by)
