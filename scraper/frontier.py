"""What to visit next: refills from the store, hands out politely, knows the end.

The table holds every waiting request; memory holds a window of them, by host. Two things happen
here. `run` keeps the window filled: hosts that run low are refilled from the table, hosts with
rows and no window are found by a rotating scan, retries that are due are fetched. `next` hands
out: the host's turn first, the global slot last, so that a host that must wait holds no slot. It
hands a lease to one worker that waits: an event for all would wake hundreds for one.

Invariants:

- A row is *held* from the moment it is read until the commit that settles it, so it is never
  handed out twice. Nothing is written when it is handed out: a crash leaves it waiting.
- A host's turn ends when the body is read; the row stays held until its outcome is committed.
- The crawl ends when seeding is done, nothing is held and the table has nothing waiting. No
  `await` lies between finding that and saying it.
- Wake-ups are not lost: what changes the state calls `_hand_out`; `_changed` is cleared before.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol, TypeAlias

from scraper.clock import Clock
from scraper.core.model import Request
from scraper.core.plan import HostRule, PolitenessPlan
from scraper.core.schedule.held import Held
from scraper.core.schedule.host import Lease
from scraper.core.schedule.news import NO_NEWS, News
from scraper.core.schedule.politeness import HostSchedule
from scraper.core.schedule.stock import Stock

log = logging.getLogger(__name__)

WINDOW = 20_000  # requests in memory, about 400 bytes each
HUNGRY = 10_000  # hosts known to have rows; beyond that the scan finds them
SHARE = 32  # the least that a host is refilled with
DUE = 1_000  # retries read at once

Ids: TypeAlias = Collection[int]


class Queue(Protocol):
    """The waiting rows of the table."""

    async def of_host(self, host: str, limit: int, exclude: Ids) -> Sequence[Request]: ...
    async def next_hosts(self, after: str, limit: int) -> Sequence[str]: ...
    async def due(self, now: float, limit: int, exclude: Ids) -> Sequence[Request]: ...
    async def next_due(self, after: float) -> float | None: ...
    async def paused(self) -> Mapping[str, float]: ...


class Frontier:
    """The one place that decides what is visited next.

    Args:
        slots: requests open in all.
        limit: pages handed out in this run, retries and hops not counted; None: no limit.
        hurry: called when the next commit may bring the only work there is.
    """

    def __init__(
        self,
        *,
        queue: Queue,
        politeness: PolitenessPlan,
        slots: int,
        clock: Clock,
        limit: int | None = None,
        window: int = WINDOW,
        hurry: Callable[[], None] = lambda: None,
    ) -> None:
        self.schedule = HostSchedule(politeness)
        self.stopped_by: str | None = None
        self.seeding = True
        self._queue = queue
        self._hurry = hurry
        self._clock = clock
        self._slots = slots
        self._left = limit
        self._window = window
        self._full = False  # reading has stopped until the window has room
        self._held = Held()
        self._stock = Stock(HUNGRY)
        self._due_at: float | None = 0.0  # the earliest retry in the table that is not held
        self._workers: deque[asyncio.Future[Lease | None]] = deque()
        self._changed = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._ended = False

    def __repr__(self) -> str:
        return f"<Frontier {self.schedule!r}, {len(self._held)} held, {self._stock!r}>"

    # What the pipeline calls

    async def next(self) -> Lease | None:
        """Return what to visit next, when its host and a slot are free; None at the end."""
        if self._ended:
            return None
        worker: asyncio.Future[Lease | None] = asyncio.get_running_loop().create_future()
        self._workers.append(worker)
        self._hand_out()
        if not self.schedule.waiting and not worker.done():
            self._hurry()
        return await worker

    def leave(self, lease: Lease, *, late_s: float | None = 0.0, news: News = NO_NEWS) -> None:
        """End the host's turn.

        Args:
            late_s: from the turn's start until something was sent; None: nothing was.
            news: what it tells of the host.
        """
        now, host, started_at = self._clock.monotonic(), lease.request.host, lease.started_at
        sent_at = None if late_s is None else started_at + late_s
        outage, gone_since = self.schedule.outage, self.schedule.outage.since
        self.schedule.done(host, now, started_at=started_at, sent_at=sent_at, news=news)
        if outage.since != gone_since:
            log.warning("the network is %s", "back" if outage.since is None else "gone: waiting")
        if outage.is_too_long(now):
            self.stop("network")
        self._hand_out()

    def again(self, request: Request) -> None:
        """Take a request back for another turn: its next hop, or its page after robots.txt."""
        if self.stopped_by in (None, "limit"):
            self.schedule.add(request, self._clock.monotonic(), urgent=True)
        else:
            self._held.release((request.id,))
        self._hand_out()

    def give_back(self, request: Request) -> None:
        """Do not count a page against the limit: it was skipped, not fetched."""
        if self._left is not None and request.attempt == 1 and request.hop is None:
            if self._left == 0:
                self.stopped_by = None
                self._stock.rescan()
            self._left += 1
            self._changed.set()

    def pause(self, host: str, until: float) -> None:
        """Let a whole host rest until then (seconds since the epoch)."""
        now = self._clock.monotonic()
        self.schedule.pause(host, now + until - self._clock.now(), now)
        self._hand_out()

    def robots_known(self, host: str, delay_s: float, *, asked: bool) -> HostRule:
        """Open the host to its limit; returns how it is treated from now on."""
        now = self._clock.monotonic()
        self.schedule.robots_known(host, now, crawl_delay_s=delay_s, asked=asked)
        self._hand_out()
        return self.schedule.rule(host)

    # What the run calls

    def committed(self, settled: Ids, hosts: Sequence[str], visited: Ids = ()) -> None:
        """Hear that rows have their outcome, by a redirect too, and hosts new waiting rows."""
        self._held.release(settled)
        self._held.void(visited)
        for host in hosts:
            self._stock.note(host)
        self._due_at = 0.0  # one of them may be a retry: look again
        self._changed.set()

    def seeded(self) -> None:
        """Hear that no more seeds will come."""
        self.seeding = False
        self._changed.set()

    def stop(self, by: str) -> None:
        """Hand out nothing more; what is open may end."""
        if self.stopped_by in (None, "limit"):
            self.stopped_by = by
            self._shed(urgent=True)
            self._changed.set()
            self._end()

    @property
    def held(self) -> int:
        """Rows in memory: in the window, in flight, or waiting for their commit."""
        return len(self._held)

    @property
    def resting(self) -> bool:
        """Whether nothing is in memory and a retry is due later."""
        return not self._held and self._due_at is not None

    @property
    def idle_workers(self) -> int:
        return len(self._workers)

    async def run(self) -> None:
        """Keep the window filled until the end."""
        for host, until in (await self._queue.paused()).items():
            self.pause(host, until)
        while not self._ended:
            self._changed.clear()
            progress = self.stopped_by is None and await self._refill()
            if not progress and not self._finished():
                await self._sleep()

    # Refilling

    async def _refill(self) -> bool:
        """Read some rows into the window; returns whether there may be more to read now."""
        if self._due_at is not None and self._due_at <= self._clock.now():
            await self._take_due()
        if self._is_full() and not self._make_room(self._stock):
            return await self._scan()
        for _ in range(min(len(self._stock), 64)):
            if self._is_full():
                return self._make_room(self._stock)
            await self._feed(self._stock.pop())
        if not self._stock:
            await self._scan()
        if not self._held:  # what the window still shows is void
            self._stock.all_are_low()
        return not self._stock.is_empty

    async def _scan(self) -> bool:
        """Look for hosts with rows, a step further; returns whether it got there."""
        after = self._stock.scan_from
        if after is not None:
            self._stock.scanned(await self._queue.next_hosts(after, 100))
        return self._stock.scan_from not in (None, after)

    def _is_full(self) -> bool:
        self._full = self.schedule.waiting >= self._window
        return self._full

    def _make_room(self, hosts: Iterable[str]) -> bool:
        """Give back rows of hosts that have many in the window, if one of these has none."""
        if not any(not self.schedule.waiting_on(host) for host in hosts):
            return False
        count = self.schedule.hosts + len(self._stock)
        dropped = self.schedule.trim(max(1, self._window // (2 * count)))
        self._held.drop([request.id for request in dropped])
        for host in {request.host for request in dropped}:
            self._stock.read_on(host, below=1)
        return bool(dropped)

    async def _feed(self, host: str) -> None:
        hosts = self.schedule.hosts + len(self._stock) + 1
        share = max(SHARE, min((self._window - self.schedule.waiting) // hosts, 1_000))
        self._held.begin_read()
        rows = await self._queue.of_host(host, share, self._held.on(host))
        if len(rows) == share:
            self._stock.read_on(host, below=share // 4)
        self._admit(rows)

    async def _take_due(self) -> None:
        now = self._clock.now()
        self._due_at = None  # before the reads: a commit meanwhile sets it again
        self._held.begin_read()
        rows = await self._queue.due(now, DUE, self._held)
        more = not self._is_full() and len(rows) == DUE
        if self._full:  # others are looked for again after the next commit
            rows = [row for row in rows if not self.schedule.waiting_on(row.host)]
            self._make_room(row.host for row in rows)
        self._admit(rows)
        due_at = now if more else await self._queue.next_due(now)
        if self._due_at is None:
            self._due_at = due_at

    def _admit(self, rows: Sequence[Request]) -> None:
        now = self._clock.monotonic()
        for request in rows:
            if self.stopped_by is None and self._held.hold(request.id, request.host):
                self.schedule.add(request, now)
        self._hand_out()

    # Handing out

    def _hand_out(self) -> None:
        now = self._clock.monotonic()
        while self._workers and self.schedule.open < self._slots:
            if self._workers[0].done():  # cancelled
                self._workers.popleft()
                continue
            if (lease := self.schedule.take(now)) is None:
                break
            request = lease.request
            self._restock(request.host)
            if not self._held.take(request.id):  # settled: another page was redirected to it
                self.schedule.done(request.host, now, started_at=lease.started_at, sent_at=None)
                continue
            self._workers.popleft().set_result(lease)
            self._count(lease)
        self._set_timer(now)

    def _restock(self, host: str) -> None:
        is_low = self._stock.is_low(host, self.schedule.waiting_on(host))
        if is_low or (self._full and self.schedule.waiting <= self._window * 3 // 4):
            self._changed.set()

    def _count(self, lease: Lease) -> None:
        if self._left and lease.request.attempt == 1 and not lease.urgent:
            self._left -= 1
            if self._left == 0:
                self.stopped_by = "limit"
                self._shed(urgent=False)
                self._changed.set()

    def _shed(self, *, urgent: bool) -> None:
        self._held.drop([request.id for request in self.schedule.shed(urgent=urgent)])

    def _set_timer(self, now: float) -> None:
        """Wake up when the next host may start; a worker waits for it."""
        if self._timer is not None:
            self._timer.cancel()
        if self._workers and self.schedule.open < self._slots:
            at = self.schedule.wake_at()
            if at is not None:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(max(at - now, 0.0), self._hand_out)

    # The end

    def _finished(self) -> bool:
        """End the crawl if nothing is left; synchronous, so nothing can change meanwhile."""
        if self._changed.is_set():
            return False
        more = self.seeding or not self._stock.is_empty or self._due_at is not None
        if not self._held and (self.stopped_by is not None or not more):
            self._end()
        return self._ended

    def _end(self) -> None:
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
        while self._workers:
            worker = self._workers.popleft()
            if not worker.done():
                worker.set_result(None)

    async def _sleep(self) -> None:
        """Wait for a change, or until a retry is due."""
        if self.schedule.hosts > 1_000:
            self.schedule.forget_idle(self._clock.monotonic())
        wait_s = None
        if self._due_at is not None and self.stopped_by is None:
            wait_s = max(self._due_at - self._clock.now(), 0.0)
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._changed.wait()
