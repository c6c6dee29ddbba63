"""Looks up where hosts are before they are asked, so that the cap of an address holds at once.

The names are looked up as the connections will look them up, and the answer is kept for the run:
what a host was counted for is what it is connected to. A name that has no address is counted for
none, and its pages fail when they are asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from scraper.core.domain import name_of
from scraper.core.plan import Plan
from scraper.core.schedule.politeness import HostSchedule

AT_ONCE = 32  # look-ups

LookUp: TypeAlias = Callable[[str, int], Awaitable[Sequence[Mapping[str, Any]]]]


class Frontier(Protocol):
    """Who hands out requests."""

    schedule: HostSchedule

    def located(self, host: str, addresses: Sequence[str]) -> None:
        """Hear at which addresses a host is."""


class Locator:
    """Hears of hosts and tells where they are.

    Args:
        look_up: returns the addresses of a name and port; OSError or UnicodeError: there are none.
        timeout_s: a look-up that takes longer is given up.
        located: told of each host and its addresses.
    """

    def __init__(
        self, look_up: LookUp, *, timeout_s: float, located: Callable[[str, list[str]], None]
    ) -> None:
        self._look_up = look_up
        self._timeout_s = timeout_s
        self._located = located
        self._met: asyncio.Queue[str] = asyncio.Queue()

    def __repr__(self) -> str:
        return f"<Locator {self._met.qsize()} to look up>"

    def meet(self, host: str) -> None:
        """Look up "name:port"."""
        self._met.put_nowait(host)

    async def run(self) -> None:
        """Look up, until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            host = await self._met.get()
            self._located(host, await _addresses(self._look_up, host, self._timeout_s))


async def locate(
    look_up: LookUp, hosts: Sequence[str], *, timeout_s: float
) -> dict[str, list[str]]:
    """At which addresses each "name:port" is; none: it cannot be told."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(host: str) -> list[str]:
        async with slots:
            return await _addresses(look_up, host, timeout_s)

    found = await asyncio.gather(*map(one, hosts))
    return dict(zip(hosts, found, strict=True))


async def _addresses(look_up: LookUp, host: str, timeout_s: float) -> list[str]:
    try:
        async with asyncio.timeout(timeout_s):
            found = await look_up(name_of(host), int(host.rpartition(":")[2]))
    except (OSError, UnicodeError):  # a time-out is an OSError
        return []
    return [str(each["host"]) for each in found]


def make_locator(
    plan: Plan, look_up: LookUp, frontier: Frontier
) -> Callable[[], Coroutine[Any, Any, None]] | None:
    """What looks hosts up as long as it runs, where addresses have a cap."""
    if plan.politeness.per_address is None:
        return None
    timeout_s = plan.fetch.connect_timeout_s
    locator = Locator(look_up, timeout_s=timeout_s, located=frontier.located)
    frontier.schedule.lanes.meet = locator.meet
    return locator.run
