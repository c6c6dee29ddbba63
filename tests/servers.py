"""Models of servers, asked by a closed loop in virtual time: where a `Tuner` finds its way."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import ceil

from scraper.core.schedule.flow import Flow
from scraper.core.schedule.news import Sign
from scraper.core.schedule.tuning import Tuner

PULSE_S = 0.02
STALL_S = 15.0


@dataclass
class Server:
    """One that takes `latency_s` to answer; what is set makes it worse.

    Attributes:
        capacity: answers a second; more wait in a queue.
        thrashes: open requests beyond which each takes longer, in proportion.
        refuses: open requests beyond which it says at once that it is busy.
        slows: open requests at which it takes twice as long as with none.
        jitter: latencies are exponential.
        late: share of answers that do not come, after 15 s.
        fails: share of answers that say that it is busy.
        starts: requests a second that politeness allows.
        bursts_s: answers leave together, that often.
    """

    latency_s: float = 0.2
    capacity: float | None = None
    thrashes: int | None = None
    refuses: int | None = None
    slows: int | None = None
    jitter: bool = False
    late: float = 0.0
    fails: float = 0.0
    starts: float | None = None
    bursts_s: float | None = None
    lag_s: Callable[[int], float] = lambda _open: 0.0
    free_at: float = 0.0
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def answer(self, now: float, already: int) -> tuple[float, Sign]:
        """When a request ends, and how."""
        ends_at, sign = self._answer(now, already)
        if self.bursts_s is not None:
            ends_at = ceil(ends_at / self.bursts_s) * self.bursts_s
        return ends_at, sign

    def _answer(self, now: float, already: int) -> tuple[float, Sign]:
        if self.refuses is not None and already >= self.refuses:
            return now + 0.05, Sign.BUSY
        if self.fails and self.chance.random() < self.fails:
            return now + self.latency_s, Sign.BUSY
        if self.late and self.chance.random() < self.late:
            return now + STALL_S, Sign.LATE
        took_s = self.chance.expovariate(1 / self.latency_s) if self.jitter else self.latency_s
        if self.slows is not None:
            took_s *= 1 + already / self.slows
        if self.capacity is not None:
            each_s = 1 / self.capacity
            if self.thrashes is not None:
                each_s *= max(1.0, already / self.thrashes)
            self.free_at = max(self.free_at, now) + each_s
            if self.free_at + took_s > now + STALL_S:
                return now + STALL_S, Sign.LATE
            return self.free_at + took_s, Sign.WELL
        return now + took_s, Sign.WELL


class Crawl:
    """Asks a server, with as many requests open as it is told."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.flow = Flow()
        self.now = 0.0
        self.open: list[tuple[float, int, float, Sign]] = []
        self._count = 0
        self._start_at = 0.0

    def until(self, end: float, limit: int) -> None:
        """Go on, with this limit."""
        self._fill(self.now, limit)
        while self.open and self.open[0][0] <= end:
            at, _, started_at, sign = heappop(self.open)
            self.flow.ended(sign, started_at, at, answers=True)
            self._fill(at, limit)
        self._fill(end, limit)
        self.now = end

    def _fill(self, now: float, limit: int) -> None:
        server = self.server
        while len(self.open) < limit:
            if server.starts is not None:
                if self._start_at > now:
                    return
                self._start_at = max(self._start_at + 1 / server.starts, now - PULSE_S)
            self._count += 1
            ends_at, sign = server.answer(now, len(self.open))
            heappush(self.open, (ends_at, self._count, now, sign))


def fixed(server: Server, limit: int, *, seconds: float, skip_s: float = 5.0) -> float:
    """Answers a second with so many open."""
    crawl = Crawl(server)
    while crawl.now < skip_s:
        crawl.until(crawl.now + PULSE_S, limit)
    before = crawl.flow.good
    while crawl.now < skip_s + seconds:
        crawl.until(crawl.now + PULSE_S, limit)
    return (crawl.flow.good - before) / seconds


class Tuned:
    """A crawl whose limit is tuned; `limits` and `good` by pulse."""

    def __init__(self, server: Server, *, start: int = 32, most: int = 1000) -> None:
        self.crawl = Crawl(server)
        self.tuner = Tuner(self.crawl.flow, start=start, most=most)
        self.limits: list[int] = []
        self.good: list[int] = []

    def until(self, end: float) -> "Tuned":
        crawl, tuner = self.crawl, self.tuner
        while crawl.now < end:
            limit = tuner.limit
            crawl.until(crawl.now + PULSE_S, limit)
            lag_s = crawl.server.lag_s(len(crawl.open))
            tuner.look(crawl.now, open_=len(crawl.open), bound="host", lag_s=lag_s)
            self.limits.append(tuner.limit)
            self.good.append(crawl.flow.good)
        return self

    def rate(self, since: float, until: float) -> float:
        """Answers a second between two times."""
        first, last = round(since / PULSE_S), round(until / PULSE_S) - 1
        return (self.good[last] - self.good[first]) / ((last - first) * PULSE_S)
