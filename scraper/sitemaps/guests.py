"""Turns of a host for what is asked for and is no page: a sitemap.

A guest takes a turn as a page does: the delay and the open requests of its host count, and pages of
the host wait for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from scraper.clock import Clock
from scraper.core.errors import FetchError
from scraper.core.model import Request, Response
from scraper.core.schedule.host import Lease
from scraper.core.schedule.news import news_of
from scraper.frontier.frontier import Frontier

LOOK_S = 0.05  # until a host that is busy is looked at again


@dataclass(slots=True)
class Sent:
    """What was sent in a turn, and what came of it."""

    now: Callable[[], Awaitable[None]]  # to be awaited when a connection stands
    tried: bool = False  # something was sent, or was tried to be
    met: Response | FetchError | None = None

    def take(self, response: Response) -> Response:
        """Note the answer."""
        self.met = response
        return response


class Guests:
    """Gives guests their turns."""

    def __init__(self, frontier: Frontier, clock: Clock) -> None:
        self._frontier = frontier
        self._clock = clock

    @asynccontextmanager
    async def turn(
        self,
        request: Request,
        *,
        rests: Callable[[float], None],
    ) -> AsyncIterator[Sent]:
        """A turn of the host that is asked now.

        Args:
            rests: told while it waits how long the host wants to be left alone, in seconds.
        """
        asked_at = self._clock.monotonic()
        started_at = await self._wait(request.host, rests)
        lease = Lease(request, started_at - asked_at, started_at)
        sent = Sent(partial(self._frontier.sent, lease))
        try:
            yield sent
        except FetchError as error:
            sent.met = sent.met or error
            raise
        finally:
            self._frontier.leave(lease, sent=sent.tried, news=news_of(sent.met))

    async def _wait(self, host: str, rests: Callable[[float], None]) -> float:
        """Return when the turn has begun, as the schedule was told."""
        schedule, clock = self._frontier.schedule, self._clock
        schedule.expect(host)
        try:
            # who waits for a turn that another must end looks again: it is seldom, and short
            while (wait_s := schedule.begin(host, now := clock.monotonic())) is not None:
                rests(schedule.rests_s(host, now))
                await asyncio.sleep(min(wait_s, LOOK_S))
        except BaseException:
            schedule.dismiss(host, clock.monotonic())
            raise
        finally:
            self._frontier.look_again()
        return now
