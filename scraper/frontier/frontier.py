"""What to visit next: refills from the store, hands out politely, knows the end.

The table holds every waiting request; memory holds a window of them, by host. Two things happen
here. `run` keeps the window filled (`window.py`). `next` hands out: the host's turn first, the
global slot last, so that a host that must wait holds no slot. It hands a lease to one worker that
waits: an event for all would wake hundreds for one.

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
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from math import inf

from scraper.clock import Clock
from scraper.core.errors import TooSoonError
from scraper.core.model import Request
from scraper.core.plan import HostRule, PolitenessPlan
from scraper.core.schedule.host import MOST_LEAD_S, Lease
from scraper.core.schedule.news import NO_NEWS, News
from scraper.core.schedule.patience import Patience
from scraper.core.schedule.politeness import HostSchedule
from scraper.core.url import parts
from scraper.frontier.crew import Crew
from scraper.frontier.window import WINDOW, Ids, Queue, Window

log = logging.getLogger(__name__)

WRITTEN_IN = 2  # turns of the loop, which writes at their ends; a body takes one more


class Frontier:
    """The one place that decides what is visited next.

    Args:
        slots: requests open in all; see `allow`.
        limit: pages handed out in this run, retries and hops not counted; None: no limit.
        max_wait_s: what is left may wait so long, else it ends.
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
        max_wait_s: float = inf,
        window: int = WINDOW,
        hurry: Callable[[], None] = lambda: None,
    ) -> None:
        self.schedule = HostSchedule(politeness)
        self.stopped_by: str | None = None
        self.seeding = True
        self.patience = Patience(max_wait_s)
        self.give_up: Callable[[str], None] = self.stop  # the run does more
        self._queue = queue
        self._hurry = hurry
        self._clock = clock
        self.crew = Crew(slots)
        self._left = limit
        self._window = Window(queue, self.schedule, clock=clock, size=window, filled=self._hand_out)
        self._changed = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._ended = False

    def __repr__(self) -> str:
        return f"<Frontier {self.schedule!r}, {self._window!r}>"

    # What the pipeline calls

    async def next(self) -> Lease | None:
        """Return what to visit next, when its host and a slot are free; None at the end."""
        if self._ended:
            return None
        worker = self.crew.wait()
        self._hand_out()
        if not self.schedule.waiting and not worker.done():
            self._hurry()
        return await worker

    def sending(self, lease: Lease) -> Callable[[], Awaitable[None]] | None:
        """What to await when the connection stands; None: nothing waits for that."""
        if not lease.spaced:
            return None
        return partial(self.sent, lease, since=self._clock.monotonic())

    async def sent(self, lease: Lease, *, since: float | None = None) -> None:
        """Wait until the host may see the lease's request; from then on its delay counts.

        Args:
            since: when a connection was wanted.

        Raises:
            TooSoonError: that would be too long: it was sent already, and is to be sent again.
        """
        host, started_at, clock = lease.request.host, lease.started_at, self._clock
        took_s = None if since is None else clock.monotonic() - since
        stands = partial(self.schedule.stands, host, started_at=started_at)
        early_s = stands(clock.monotonic(), took_s=took_s)
        while early_s > 0:
            if early_s > MOST_LEAD_S:
                raise TooSoonError(host, early_s)
            await asyncio.sleep(early_s)
            early_s = stands(clock.monotonic())
        self.schedule.sent(host, clock.monotonic(), started_at=started_at)
        self.asked(host)
        self._hand_out()

    def free_in_s(self, host: str) -> float:
        """How long nothing may be sent to the host within the turn of a page."""
        return self.schedule.free_in_s(host, self._clock.monotonic())

    def asked(self, host: str, *, turns: int = WRITTEN_IN) -> None:
        """Hear that something is, so many turns of the loop from now at the latest."""
        self.schedule.asked(host, self._clock.monotonic())
        if turns:
            asyncio.get_running_loop().call_soon(partial(self.asked, host, turns=turns - 1))

    def leave(self, lease: Lease, *, sent: bool = True, news: News = NO_NEWS) -> None:
        """End the host's turn.

        Args:
            sent: something was, or was tried to be.
            news: what it tells of the host.
        """
        now, host, started_at = self._clock.monotonic(), lease.request.host, lease.started_at
        outage, gone_since = self.schedule.outage, self.schedule.outage.since
        self.schedule.done(host, now, started_at=started_at, sent=sent, news=news)
        if outage.since != gone_since:
            log.warning("the network is %s", "back" if outage.since is None else "gone: waiting")
        if outage.is_too_long(now):
            self.give_up("network")
        self._hand_out()

    def again(self, request: Request) -> None:
        """Take a request back for another turn: its next hop, or its page after robots.txt."""
        if self.stopped_by in (None, "limit"):
            self._window.held.wait_again(request.id)
            self.schedule.add(request, self._clock.monotonic(), urgent=True)
        else:
            self._window.held.release((request.id,))
        self._hand_out()

    def look_again(self) -> None:
        """Hand out what may start since a guest of a host has come or does not come."""
        self._hand_out()

    def give_back(self, request: Request) -> None:
        """Do not count a page against the limit: it was skipped, not fetched."""
        if self._left is not None and request.attempt == 1 and request.hop is None:
            if self._left == 0:
                self.stopped_by = None
                self._window.stock.rescan()
                self._window.closed = False
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
        if self.schedule.robots_known(host, now, crawl_delay_s=delay_s, asked=asked):
            self._hand_out()
        return self.schedule.rule(host)

    def leave_for_robots(self, host: str) -> None:
        """Let a host wait for a page of it that asks for its robots.txt elsewhere."""
        self.schedule.leave_for_robots(host, self._clock.monotonic())

    def back(self, host: str) -> None:
        """Hear that the page has been there."""
        self.schedule.back(host, self._clock.monotonic())
        self._hand_out()

    def located(self, host: str, addresses: Sequence[str]) -> None:
        """Hear at which addresses a host is."""
        self.schedule.located(host, addresses, self._clock.monotonic())
        self._hand_out()

    # What the run calls

    def committed(self, settled: Ids, hosts: Sequence[str], visited: Ids = ()) -> None:
        """Hear that rows have their outcome, by a redirect too, and hosts new waiting rows."""
        self._window.committed(settled, hosts, visited)
        self._changed.set()

    def seeds_rest(self, host: str, until: float) -> None:
        """Hear that the next seeds wait for a host until then (seconds since the epoch)."""
        if self.patience.seeds_rest(host, until):
            self._changed.set()

    @contextmanager
    def parked(self) -> Iterator[None]:
        """A page waits for the last seed."""
        self.patience.parked += 1
        self._changed.set()
        try:
            yield
        finally:
            self.patience.parked -= 1

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
        return len(self._window.held)

    @property
    def resting(self) -> bool:
        """Whether nothing is in memory and a retry is due later."""
        return not self._window.held and self._window.due_at is not None

    def rests_until(self, host: str) -> float:
        """When a host's rest ends (seconds since the epoch); minus infinity: it does not rest."""
        ahead_s = self.schedule.hosts.paused_until(host) - self._clock.monotonic()
        return self._clock.now() + ahead_s if ahead_s > 0 else -inf

    def allow(self, slots: int, *, resting: int) -> None:
        """Let so many requests be open from now on, and so many workers rest."""
        self.crew.allow(slots, resting=resting)
        self._hand_out()

    async def run(self) -> None:
        """Keep the window filled until the end."""
        for host, until in (await self._queue.paused()).items():
            self.pause(host, until)
        while not self._ended:
            self._changed.clear()
            progress = self.stopped_by is None and await self._window.refill()
            if not progress and not self._finished():
                await self._sleep()

    # Handing out

    def _hand_out(self) -> None:
        if not self.crew.may_take(self.schedule.open):  # a timer that is set finds nothing to do
            return
        now = self._clock.monotonic()
        while (lease := self.schedule.take(now)) is not None:
            request = lease.request
            if self._window.wants_more(request.host):
                self._changed.set()
            if not self._window.held.take(request.id):  # settled: another page was redirected to it
                self.schedule.done(request.host, now, started_at=lease.started_at, sent=False)
                if request.is_errand:
                    self.schedule.back(parts(request.asked).host, now)
                continue
            self.crew.give(lease)
            self._count(lease)
            if not self.crew.may_take(self.schedule.open):
                return
        self._set_timer(now)

    def _count(self, lease: Lease) -> None:
        if self._left and lease.request.attempt == 1 and not lease.urgent:
            self._left -= 1
            if self._left == 0:
                self.stopped_by = "limit"
                self._shed(urgent=False)
                self._changed.set()

    def _shed(self, *, urgent: bool) -> None:
        self._window.closed = True
        self._window.drop(self.schedule.shed(urgent=urgent))

    def _set_timer(self, now: float) -> None:
        """Wake up when the next host may start; a worker waits for it."""
        if self._timer is not None:
            self._timer.cancel()
        at = self.schedule.wake_at()
        if at is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(at - now, 0.0), self._hand_out)

    # The end

    def _finished(self) -> bool:
        """End the crawl if nothing is left; synchronous, so nothing can change meanwhile."""
        if self._changed.is_set():
            return False
        more = self.seeding or self._window.may_bring_more
        if not self._window.held and (self.stopped_by is not None or not more):
            self._end()
        return self._ended

    def _end(self) -> None:
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
        self.crew.dismiss()

    async def _sleep(self) -> None:
        """Wait for a change, or until a retry is due."""
        now, due_at = self._clock.monotonic(), self._window.due_at
        if self._waits_too_long(now):
            self.give_up("max_wait")
            return
        wait_s = None
        if due_at is not None and self.stopped_by is None:
            wait_s = max(due_at - self._clock.now(), 0.0)
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._changed.wait()

    def _waits_too_long(self, now: float) -> bool:
        window = self._window
        if self._changed.is_set() or self.stopped_by is not None:
            return False
        if window.stock.scan_from is not None:  # hosts may be overlooked
            return False
        return self.patience.is_over(
            self.schedule,
            window.held,
            seeding=self.seeding,
            due_at=window.due_at,
            now=now,
            since_epoch=self._clock.now(),
        )
