"""A schedule: runs over one database until its cycles have ended, then the laws are checked."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import count
from math import inf
from pathlib import Path
from random import Random
from typing import Any

from scraper import seeds
from scraper.core.errors import StoreError
from scraper.frontier import window
from scraper.run import Outcome
from scraper.store import links, writer
from tests.simulation.laws import BrokenLawError, Diary, Shadow, settled, whole
from tests.simulation.network import Web
from tests.simulation.process import Order, Process
from tests.simulation.vanishing import fade
from tests.simulation.world import DAY_S, World, build
from tests.virtual import VirtualLoop

DRAINED_S = 8.0  # after a signal
DISTURBED = 6  # runs of a cycle; then one that nothing disturbs
MOST_TURNS = 20_000  # of the loop in one instant
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


@dataclass
class Tale:
    """How a schedule went."""

    world: World
    diary: Diary
    runs: int = 0
    exchanges: int = 0
    crashes: int = 0
    virtual_s: float = 0.0

    @property
    def broken(self) -> str | None:
        return self.diary.broken


class _Task(asyncio.Task[Any]):
    """Sets of tasks are walked in the order of their making, from one process to the next."""

    def __init__(self, number: int, *args: Any, **more: Any) -> None:
        self._number = number
        super().__init__(*args, **more)

    def __hash__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return self is other


class _Loop(VirtualLoop):
    """Lets somebody look each time before the clock moves on."""

    def __init__(self, diary: Diary) -> None:
        super().__init__()
        numbers = count()
        self.set_task_factory(
            lambda loop, coro, **more: _Task(next(numbers), coro, loop=loop, **more)
        )
        self.look: Callable[[float], None] = lambda seconds: None
        self._diary, self._turns = diary, 0

    def jump(self, seconds: float) -> None:
        self._turns += 1
        if seconds > 0:
            self._turns = 0
            self.look(seconds)
        elif self._turns > MOST_TURNS:
            self._diary.breach("time goes on", f"{MOST_TURNS} turns of the loop in one instant")
            raise BrokenLawError(self._diary.broken)
        super().jump(seconds)
        self._diary.now = self.time()


def simulate(seed: int, *, hosts: int | None = None) -> Tale:
    """Live through the schedule of a seed; the first broken law is in `broken`."""
    diary = Diary()
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        world = build(seed, str(Path(folder) / "crawl.db"), hosts=hosts)
        fade(world)
        tale = Tale(world, diary)
        try:
            with (
                _sized(Random(f"sizes {seed}")),
                asyncio.Runner(loop_factory=lambda: _Loop(diary)) as runner,
            ):
                runner.get_loop().set_exception_handler(lambda loop, context: None)
                runner.run(_Schedule(tale).live())
        except BrokenLawError:
            pass
        except Exception as error:  # noqa: BLE001 - what a run dies of is a breach
            diary.breach("no run breaks", repr(error))
    tale.virtual_s = diary.now
    return tale


@contextmanager
def _sized(chance: Random) -> Iterator[None]:
    """Make bounds that only large crawls reach so small that a small one does."""
    sizes = {
        (window, "HUNGRY"): (3, window.HUNGRY),
        (window, "FULLEST"): (2, window.FULLEST),
        (window, "COUNT_S"): (0.1, window.COUNT_S),
        (window, "SHARE"): (4, 8, window.SHARE),
        (window, "DUE"): (1, 3, window.DUE),
        (seeds, "BATCH"): (10, 30, seeds.BATCH),
        (writer, "GROUP"): (1, 4, writer.GROUP),
        (writer, "BOUND"): (4, 8, writer.BOUND),
        (links, "KNOWN_KEYS"): (1, 10, links.KNOWN_KEYS),
    }
    try:
        for (module, name), choices in sizes.items():
            setattr(module, name, chance.choice(choices))
        yield
    finally:
        for (module, name), choices in sizes.items():
            setattr(module, name, choices[-1])


class _Schedule:
    def __init__(self, tale: Tale) -> None:
        self._tale, self._world, self._diary = tale, tale.world, tale.diary
        self._chance = Random(f"schedule {tale.world.seed}")
        self._web = Web()
        self._shadow = Shadow()

    async def live(self) -> None:
        chance = self._chance
        more = Random(f"cycles {self._world.seed}").choice((0, 0, 0, 3))
        cycles = chance.choice((1, 1, 1, 2, 3))
        for cycle in range(cycles + max(more, 2 * self._world.validates)):
            fresh = cycle > 0 and chance.random() < 0.4
            if cycle and not fresh and chance.random() < 0.7:
                is_half = len(self._world.plan.pages) > 1 and chance.random() < 0.5
                await asyncio.sleep(DAY_S / 2 if is_half else DAY_S)
            edit = Random(f"edit {self._world.seed} {cycle}")
            if cycle and edit.random() < 0.3:
                self._world.edit(edit)
            await self._cycle(fresh=fresh)

    async def _cycle(self, *, fresh: bool) -> None:
        for attempt in count():
            order = self._order(attempt, fresh=fresh)
            process = await self._run(order)
            self._diary.check()
            with closing(sqlite3.connect(self._world.plan.store.path)) as db:
                is_over = _is_over(db)
                if is_over:
                    settled(self._world, db, self._diary, self._shadow)
                elif process.has_begun:
                    whole(self._world, db, self._diary)
                if isinstance(process.outcome, Outcome):
                    self._judge(process.outcome, db, is_over=is_over)
            if is_over:
                break
            fresh = fresh and not process.has_begun
            await asyncio.sleep(self._chance.choice((0.0, 5.0, 600.0)))
        self._forms_are_sent_once()
        self._diary.check()

    def _order(self, attempt: int, *, fresh: bool) -> Order:
        order = self._disturbed(attempt, fresh=fresh)
        if order.kill_on is not None and order.kill_on % 2:
            order = replace(order, kill_on=None, torn_on=1 + order.kill_on % 40)
        patience = Random(f"patience {self._world.seed} {self._tale.runs}")
        if attempt >= DISTURBED or patience.random() < 0.8:
            return order
        return replace(order, max_wait_s=patience.choice((0.5, 5.0, 60.0)))

    def _disturbed(self, attempt: int, *, fresh: bool) -> Order:
        chance = self._chance
        at, on = 10 ** chance.uniform(-2, 2.5), int(10 ** chance.uniform(0.5, 3.2))
        second = chance.choice((None, at + chance.uniform(0, 6)))
        disturbed = (
            Order(fresh, stop_at=at, kill_at=second),
            *(Order(fresh, kill_at=at), Order(fresh, kill_at=at / 10)),
            *(Order(fresh, kill_on=on), Order(fresh, kill_on=on // 2)),
            Order(fresh, fault_on=on),
            *(Order(fresh, limit=1 + on % 10), Order(fresh, limit=1 + on % 100)),
            Order(fresh, max_time_s=at),
            Order(fresh, overtaken_at=at),
        )
        if attempt >= DISTURBED or chance.random() < 0.15:
            return Order(fresh)
        return chance.choice(disturbed)

    async def _run(self, order: Order) -> Process:
        tale, loop = self._tale, asyncio.get_running_loop()
        assert isinstance(loop, _Loop)
        tale.runs += 1
        self._diary.note(tale.runs, "run", repr(order))
        process = Process(self._world, self._web, self._diary, tale.runs, order)
        loop.look = process.patience.look
        if order.stop_at is not None:
            loop.call_later(order.stop_at, self._stop, process)
        if order.kill_at is not None:
            loop.call_later(order.kill_at, process.kill, "in time")
        if order.overtaken_at is not None and await self._lives_on(process, order.overtaken_at):
            return await self._overtake(process)
        if await self._lives_on(process, self._world.longest_s):
            self._diary.breach("a run ends", process.frontier)
            self._diary.check()
        await asyncio.wait((process.task,))
        tale.exchanges += process.manners.starts
        tale.crashes += process.is_dead
        told = repr(process.outcome).replace(str(Path(self._world.plan.store.path).parent), "")
        self._diary.note(tale.runs, "ended", told)
        self._judge_process(process)
        return process

    async def _lives_on(self, process: Process, seconds: float) -> bool:
        """Wait for its end, at most so long (and for its begin)."""
        while seconds > 0 and not process.ended.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await process.ended.wait()
            seconds = 0.0 if process.has_begun else 1.0
        return not process.ended.is_set()

    async def _overtake(self, old: Process) -> Process:
        """Another run begins beside one that was thought dead."""
        self._diary.check()
        self._web.started = {}  # the two do not know of each other
        new = await self._run(Order())
        if await self._lives_on(old, 60 + 10 * self._world.patience_s):
            self._diary.breach("who was overtaken finds out", old.frontier)
            self._diary.check()
        if old.wrote_at > new.began_at:
            self._diary.breach("who was overtaken writes nothing", repr(old.outcome))
        self._web.started = {}
        return new

    def _stop(self, process: Process) -> None:
        if process.has_begun and not process.ended.is_set():
            self._diary.note(process.number, "signal")
            process.stopped_at = self._diary.now
            process.run.stop("SIGTERM")

    def _judge_process(self, process: Process) -> None:
        order, outcome = process.order, process.outcome
        if process.is_dead or (isinstance(outcome, StoreError) and order.fault_on is not None):
            return
        if not isinstance(outcome, Outcome):
            raise outcome if isinstance(outcome, Exception) else AssertionError(outcome)
        if process.statements >= (order.fault_on or inf):
            self._diary.breach("a disk that fails breaks the run", outcome)
        stopped_at = min(process.stopped_at, process.started_at + (order.max_time_s or inf))
        if process.ended_at - stopped_at > DRAINED_S + 2 * self._world.patience_s:
            self._diary.breach("a run that is told to stop does", process.ended_at - stopped_at)
        if outcome.stopped_by == "limit" and not process.manners.limit_is_used:
            self._diary.breach("a limit is used up", order.limit)

    def _judge(self, outcome: Outcome, db: sqlite3.Connection, *, is_over: bool) -> None:
        """The exit status says what happened."""
        (done,) = db.execute("SELECT count(*) FROM request WHERE state = 'done'").fetchone()
        cycle = "(SELECT max(id) FROM cycle)"
        too_many = self._shadow.evidence.too_many and not outcome.idle
        (items,) = db.execute(f"SELECT count(*) FROM item WHERE last_cycle = {cycle}").fetchone()
        rightly = {
            0: is_over and not too_many and (done or outcome.idle),
            1: is_over and (too_many is not False or not (done and items)),
            4: outcome.stopped_by and (outcome.idle or not is_over),  # seeds may be unread
        }
        if not rightly.get(outcome.exit_status):
            self._diary.breach("the exit status says what happened", (outcome, done, items))

    def _forms_are_sent_once(self) -> None:
        twice = {form: times for form, times in self._web.sent.items() if times > 1}
        if twice:
            self._diary.breach("no form is sent twice", twice)


def _is_over(db: sqlite3.Connection) -> bool:
    """Whether the last cycle has ended."""
    last = db.execute("SELECT ended_at FROM cycle ORDER BY id DESC LIMIT 1").fetchone()
    return last is not None and last[0] is not None
