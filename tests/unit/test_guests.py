"""Guests take turns of a host like pages, and never wait for each other for ever."""

import asyncio
from collections.abc import Callable

import pytest

from scraper.core.errors import FetchError
from scraper.core.model import Reason, Response
from scraper.core.plan import HostRule, PolitenessPlan
from scraper.core.request import make_request
from scraper.core.url import parse
from scraper.frontier import Frontier
from scraper.guests import PATIENCE_S, Guests
from tests.fakes import FakeWriter
from tests.virtual import VirtualClock, run_virtual

A, B = (make_request(parse(f"http://{name}.example/robots.txt")) for name in "ab")


def guests(rule: HostRule) -> tuple[Guests, Frontier]:
    clock = VirtualClock()
    plan = PolitenessPlan(default=rule)
    frontier = Frontier(queue=FakeWriter(), politeness=plan, slots=9, clock=clock)
    return Guests(frontier, clock), frontier


async def send(*, sent: Callable[[], None]) -> Response:
    """An answer after a second."""
    sent()
    await asyncio.sleep(1.0)
    return Response(B.url, 200, {}, b"")


def test_starts_keep_the_delay_whoever_makes_them():
    async def main() -> None:
        some, frontier = guests(HostRule(1, 3.0))
        loop = asyncio.get_running_loop()
        async with some.turn(A) as sent:
            sent.tried = True
            await some.once_more(A.host)
            sent.now()
            assert loop.time() == pytest.approx(3.0, abs=0.1)
            await some.elsewhere(B, send, held=A.host)
            assert loop.time() == pytest.approx(4.0, abs=0.1), "another host need not wait"
        async with some.turn(A):
            assert loop.time() == pytest.approx(6.0, abs=0.1)
        assert frontier.schedule.open == 0

    run_virtual(main())


def test_two_hosts_that_wait_for_each_other_do_not_wait_for_ever():
    async def main() -> list[object]:
        some, frontier = guests(HostRule(1, 0.0))

        async def first(mine, other, after_s: float) -> Response:
            async with some.turn(mine):
                await asyncio.sleep(after_s)
                return await some.elsewhere(other, send, held=mine.host)

        tasks = first(A, B, 0.1), first(B, A, 0.2)
        came = await asyncio.gather(*tasks, return_exceptions=True)
        assert frontier.schedule.open == 0
        assert asyncio.get_running_loop().time() < PATIENCE_S + 2.0
        return came

    gave_way, answered = run_virtual(main())
    assert isinstance(gave_way, FetchError)
    assert (gave_way.reason, gave_way.sent) == (Reason.TIMEOUT, False)
    assert isinstance(answered, Response)
