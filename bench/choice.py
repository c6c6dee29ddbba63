"""What the choice of the next request costs: processor time for each, with 1 to 10,000 hosts."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, cast

from bench.measure import shown
from scraper.clock import SystemClock
from scraper.core.model import Request
from scraper.core.plan import HostRule, PolitenessPlan
from scraper.core.schedule.host import Lease
from scraper.core.schedule.news import News, Sign
from scraper.core.schedule.pace import FIRST_OPEN
from scraper.core.schedule.politeness import HostSchedule
from scraper.frontier.frontier import Frontier
from scraper.frontier.window import Queue

HOSTS = (1, 100, 10_000)
TURNS = 20_000
OPEN = 100
WELL = News(Sign.WELL, 0.1)
NO_TABLE = cast("Queue", None)  # it is not read: nothing is refilled
PLAN = PolitenessPlan(robots=False, default=HostRule(per_host=OPEN))


def requests(hosts: int) -> list[Request]:
    """Two for each host, and as many as are open."""
    names = [f"host{number}.example:443" for number in range(hosts)]
    wanted = range(max(2 * hosts, 2 * OPEN))
    return [Request(f"https://{names[n % hosts]}/{n}", b"", names[n % hosts], id=n) for n in wanted]


def alone(hosts: int) -> float:
    """Take, begin and end a turn, and when the next may: microseconds of CPU for each request."""
    schedule = HostSchedule(PLAN)
    for request in requests(hosts):
        schedule.add(request, 0.0)
    taken, now, most = deque[Lease](), 0.0, min(OPEN, FIRST_OPEN * hosts)
    began = time.process_time()
    for _ in range(TURNS):
        now += 0.001
        lease = schedule.take(now)
        if lease is None:
            raise RuntimeError("nothing may start")
        taken.append(lease)
        schedule.add(lease.request, now)  # as many wait as before
        if len(taken) == most:
            first = taken.popleft()
            at, host = first.started_at, first.request.host
            schedule.done(host, now, started_at=at, sent=True, news=WELL)
        schedule.wake_at()
    return (time.process_time() - began) / TURNS * 1e6


def handed_out(hosts: int) -> float:
    """The same through the frontier: a worker's future, slots, refill marks, the timer."""

    async def main() -> float:
        frontier = Frontier(queue=NO_TABLE, politeness=PLAN, slots=OPEN, clock=SystemClock())
        for request in requests(hosts):
            frontier.schedule.add(request, 0.0)
            frontier._window.held.hold(request.id)
        began, taken = time.process_time(), deque[Lease]()
        most = min(OPEN, FIRST_OPEN * hosts)
        for _ in range(TURNS):
            lease = await frontier.next()
            if lease is None:
                raise RuntimeError("nothing may start")
            taken.append(lease)
            frontier.again(lease.request)
            if len(taken) == most:
                frontier.leave(taken.popleft(), news=WELL)
        return (time.process_time() - began) / TURNS * 1e6

    return asyncio.run(main())


def choice(runs: int) -> dict[str, Any]:
    """Print and return the cost of both, by hosts."""
    print("\n## The choice of the next request, us of CPU\n")
    print("| hosts | the choice | with handing out |\n|---|---|---|")
    ways: Mapping[str, Callable[[int], float]] = {"alone": alone, "handed_out": handed_out}
    told: dict[str, Any] = {}
    for hosts in HOSTS:
        told[str(hosts)] = {
            name: [measure(hosts) for _ in range(runs)] for name, measure in ways.items()
        }
        print(f"| {hosts:,} | " + " | ".join(shown(v) for v in told[str(hosts)].values()) + " |")
    print(f"(most: {max(statistics.median(v) for w in told.values() for v in w.values()):.1f})")
    return told
