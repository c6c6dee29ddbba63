"""Turns of a host for what is asked for and is no page: a sitemap, a robots.txt that has moved.

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
from scraper.core.model import Reason, Request, Response
from scraper.core.schedule.host import Lease
from scraper.core.schedule.news import news_of
from scraper.frontier import Frontier

LOOK_S = 0.05  # until a host that is busy is looked at again
PATIENCE_S = 60.0  # for the turn of another host, while a turn is held that may be waited for there


@dataclass(slots=True)
class Sent:
    """What was sent in a turn, and what came of it."""

    now: Callable[[], None]  # to be called when a connection stands
    tried: bool = False  # something was sent, or was tried to be
    met: Response | FetchError | None = None

    def take(self, response: Response) -> Response:
        """Note the answer."""
        self.met = response
        return response


def _ignore(_rests_s: float) -> None:
    """Nobody wants to know how long a host rests."""


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
        rests: Callable[[float], None] = _ignore,
        held: str | None = None,
    ) -> AsyncIterator[Sent]:
        """A turn of the host that is asked now.

        Args:
            rests: told while it waits how long the host wants to be left alone, in seconds.
            held: a turn of this host is open, and nothing is sent in it meanwhile.
        """
        asked_at = self._clock.monotonic()
        await self._wait(request.host, partial(self._frontier.schedule.begin, held=held), rests)
        started_at = self._clock.monotonic()
        lease = Lease(request, started_at - asked_at, started_at)
        sent = Sent(partial(self._frontier.sent, lease))
        try:
            yield sent
        except FetchError as error:
            sent.met = sent.met or error
            raise
        finally:
            self._frontier.leave(lease, sent=sent.tried, news=news_of(sent.met))

    async def elsewhere(
        self, request: Request, send: Callable[..., Awaitable[Response]], *, held: str
    ) -> Response:
        """Make an exchange in a turn of its host, while a turn of another one is held.

        Args:
            send: called with `sent`, to be called when the connection stands.

        Raises:
            FetchError: that of the exchange; or its host has no turn to give: two hosts that each
                wait for a turn of the other would wait for ever.
        """
        try:
            async with (
                asyncio.timeout(PATIENCE_S) as patience,
                self.turn(request, held=held) as sent,
            ):
                patience.reschedule(None)
                sent.tried = True
                return sent.take(await send(sent=sent.now))
        except TimeoutError as error:
            detail = f"{request.host} has had no turn for it in {PATIENCE_S:.0f} s"
            raise FetchError(Reason.TIMEOUT, detail, sent=False) from error

    async def once_more(self, host: str) -> None:
        """Wait, within an open turn of a host that has answered, until it may be asked again."""
        self._frontier.schedule.sent(host, self._clock.monotonic(), started_at=None)
        await self._wait(host, self._frontier.schedule.once_more, _ignore)

    async def _wait(
        self,
        host: str,
        start: Callable[[str, float], float | None],
        rests: Callable[[float], None],
    ) -> None:
        schedule, clock = self._frontier.schedule, self._clock
        schedule.expect(host)
        try:
            # who waits for a turn that another must end looks again: it is seldom, and short
            while (wait_s := start(host, clock.monotonic())) is not None:
                rests(schedule.rests_s(host, clock.monotonic()))
                await asyncio.sleep(min(wait_s, LOOK_S))
        except BaseException:
            schedule.dismiss(host, clock.monotonic())
            raise
        finally:
            self._frontier.look_again()
