"""Guests take turns of a host like pages."""

import asyncio

import pytest

from scraper.core.plan import HostRule, PolitenessPlan
from scraper.core.request import make_request
from scraper.core.url import parse
from scraper.frontier.frontier import Frontier
from scraper.sitemaps.guests import Guests
from tests.fakes import FakeWriter
from tests.virtual import VirtualClock, run_virtual

A, B = (make_request(parse(f"http://{name}.example/robots.txt")) for name in "ab")


class Running(VirtualClock):
    """A clock of which no two readings are the same."""

    _more = 0.0

    def monotonic(self) -> float:
        self._more += 1e-6
        return super().monotonic() + self._more


def test_starts_keep_the_delay_whoever_makes_them():
    async def main() -> None:
        clock, loop = Running(), asyncio.get_running_loop()
        plan = PolitenessPlan(default=HostRule(1, 3.0))
        frontier = Frontier(queue=FakeWriter(), politeness=plan, slots=9, clock=clock)
        some = Guests(frontier, clock)
        async with some.turn(A, rests=lambda _: None) as sent:
            sent.tried = True
            await asyncio.sleep(2.0)
            await sent.now()
        async with some.turn(B, rests=lambda _: None):
            assert loop.time() == pytest.approx(2.0, abs=0.1), "another host need not wait"
        async with asyncio.timeout(60), some.turn(A, rests=lambda _: None):
            assert loop.time() == pytest.approx(5.0, abs=0.1)
        assert frontier.schedule.open == 0

    run_virtual(main())
