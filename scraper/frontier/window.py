"""The window of the frontier: some of the waiting rows in memory, by host, refilled from the table.

Hosts that run low are refilled, hosts with rows and no window are found by a rotating scan,
retries that are due are fetched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from math import inf
from typing import Protocol, TypeAlias

from scraper.clock import Clock
from scraper.core.model import Request
from scraper.core.schedule.held import Held
from scraper.core.schedule.politeness import HostSchedule
from scraper.core.schedule.stock import Stock

WINDOW = 20_000  # requests and hosts in memory, some 400 bytes each
HUNGRY = 2_000  # hosts known to have rows; beyond that the scan finds them
AT_ONCE = 256  # hosts read in one go: some 3 ms
SCANNED = 500  # hosts found in one go
FORGOTTEN = 500  # hosts with nothing to do, in one go: some 4 ms
SHARE = 32  # the least that a host is refilled with
ENOUGH = 256  # rows of a host in the window: new ones are read when there are fewer
DUE = 1_000  # retries read at once
FULLEST = 1_000  # hosts whose rows are counted, those with most
COUNT_S = 10.0  # from one count to the next, at the least
COUNT_SHARE = 0.01  # of the time may be spent on it

Ids: TypeAlias = Collection[int]


class Queue(Protocol):
    """The waiting rows of the table."""

    async def of_hosts(self, shares: Mapping[str, int], exclude: Ids) -> Sequence[Request]: ...
    async def next_hosts(self, after: str, limit: int) -> Sequence[str]: ...
    async def fullest(self, limit: int) -> Mapping[str, int]: ...
    async def due(self, now: float, limit: int, exclude: Ids) -> Sequence[Request]: ...
    async def next_due(self, after: float) -> float | None: ...
    async def paused(self) -> Mapping[str, float]: ...


class Window:
    """Reads rows into the schedule.

    Args:
        size: requests and hosts in memory.
        filled: called when there is more to hand out.

    Attributes:
        closed: nothing more is taken in.
        held: the rows in memory.
        stock: which hosts have more.
        due_at: the earliest retry in the table that is not held; None: there is none.
    """

    def __init__(
        self,
        queue: Queue,
        schedule: HostSchedule,
        *,
        clock: Clock,
        size: int,
        filled: Callable[[], None],
    ) -> None:
        self.closed = False
        self.held = Held()
        self.stock = Stock(HUNGRY)
        self.due_at: float | None = 0.0
        self._queue = queue
        self._schedule = schedule
        self._clock = clock
        self._size = size
        self._filled = filled
        self._count_at = float("-inf")  # monotonic seconds
        self._full = False  # reading has stopped until the window has room

    def __repr__(self) -> str:
        return f"<Window of {self._size}, {len(self.held)} held, {self.stock!r}>"

    @property
    def may_bring_more(self) -> bool:
        """Whether the table has rows that are not held, as far as is known."""
        return not self.stock.is_empty or self.due_at is not None

    def committed(self, settled: Ids, hosts: Sequence[str], visited: Ids) -> None:
        """Hear that rows have their outcome, by a redirect too, and hosts new waiting rows."""
        self.held.release(settled)
        self.held.void(visited)
        for host in hosts:
            if self._has_enough(host):
                self.stock.read_on(host, below=ENOUGH)
            else:
                self.stock.note(host)
        self.due_at = 0.0  # one of them may be a retry: look again

    def _has_enough(self, host: str) -> bool:
        """Whether new rows of a host may wait: a read walks past all that are held already."""
        schedule = self._schedule
        return not schedule.deepest_first and schedule.waiting_on(host) >= ENOUGH

    def wants_more(self, host: str) -> bool:
        """Whether it is time to read, now that a request of this host was handed out."""
        is_low = self.stock.is_low(host, self._schedule.waiting_on(host))
        return is_low or (self._full and self._schedule.load <= self._size * 3 // 4)

    def drop(self, requests: Sequence[Request]) -> None:
        """Give rows back to the table."""
        self.held.drop([request.id for request in requests])

    async def refill(self) -> bool:
        """Read some rows; returns whether there may be more to read now."""
        if self.due_at is not None and self.due_at <= self._clock.now():
            await self._take_due()
        if len(self._schedule.hosts) > 1 and self.stock.has_more:
            await self._count()
        if self._is_full() and not self._make_room(self.stock):
            return await self._scan()
        if self.stock:
            await self._feed()
        if not self.stock:
            await self._scan()
        if not self.held:  # what the window still shows is void
            self.stock.all_are_low()
        return not self.stock.is_empty

    async def _scan(self) -> bool:
        """Look for hosts with rows, a step further; returns whether it got there."""
        after = self.stock.scan_from
        if after is not None:
            self.stock.scanned(await self._queue.next_hosts(after, SCANNED))
        return self.stock.scan_from not in (None, after)

    async def _count(self) -> None:
        """Tell now and then which hosts have most left: they start first, see `Order`."""
        began_at = self._clock.monotonic()
        if began_at < self._count_at:
            return
        rows = await self._queue.fullest(FULLEST)
        now = self._clock.monotonic()
        self._count_at = now + max(COUNT_S, (now - began_at) / COUNT_SHARE)
        self._schedule.hosts.counted(rows)
        self.stock.prefer([host for host in rows if not self._schedule.waiting_on(host)])

    def _is_full(self) -> bool:
        hosts, now = self._schedule.hosts, self._clock.monotonic()
        if len(hosts) > self._size // 16:
            hosts.forget_idle(now, most=FORGOTTEN)
        if self._schedule.load >= self._size:
            hosts.forget_idle(now)
        self._full = self._schedule.load >= self._size
        return self._full

    def _make_room(self, hosts: Iterable[str]) -> bool:
        """Give back rows of hosts that have many in the window, if one of these has none."""
        if not any(not self._schedule.waiting_on(host) for host in hosts):
            return False
        count = len(self._schedule.hosts) + len(self.stock)
        dropped = self._schedule.trim(max(1, self._size // (2 * count)))
        self.drop(dropped)
        for host in {request.host for request in dropped}:
            self.stock.read_on(host, below=1)
        return bool(dropped)

    async def _feed(self) -> None:
        """Read some rows of the hosts that are hungry for longest."""
        room = self._size - self._schedule.load
        hosts = len(self._schedule.hosts) + len(self.stock)
        share = max(SHARE, min(room // hosts, 1_000))
        wanted = range(min(len(self.stock), AT_ONCE, max(room // share, 1)))
        shares = {self.stock.pop(): share for _ in wanted}
        self.held.begin_read()
        rows = await self._queue.of_hosts(shares, self.held)
        for host, read in Counter(request.home for request in rows).items():
            if read == share:
                self.stock.read_on(host, below=share // 4)
        self._admit(rows)

    async def _take_due(self) -> None:
        now = self._clock.now()
        self.due_at = None  # before the reads: a commit meanwhile sets it again
        first = await self._queue.next_due(-inf)
        if first is None or first > now:  # after most commits
            if self.due_at is None:
                self.due_at = first
            return
        self.held.begin_read()
        rows = await self._queue.due(now, DUE, self.held)
        more = not self._is_full() and len(rows) == DUE
        if self._full:  # others are looked for again after the next commit
            rows = [row for row in rows if not self._schedule.waiting_on(row.host)]
            self._make_room(row.host for row in rows)
        self._admit(rows)
        due_at = now if more else await self._queue.next_due(now)
        if self.due_at is None:
            self.due_at = due_at

    def _admit(self, rows: Sequence[Request]) -> None:
        now = self._clock.monotonic()
        for request in rows:
            if not self.closed and self.held.hold(request.id):
                self._schedule.add(request, now, urgent=request.hop is not None)
        self._filled()
