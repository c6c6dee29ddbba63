"""Sitemaps in a crawl: each is fetched in a turn of its host, as a page is.

The delay and the open requests of the host count, and pages of the host wait for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Protocol

from scraper import errand
from scraper.core import outcome
from scraper.core.errors import FetchError, TooSoonError
from scraper.core.model import Reason, Request, Response
from scraper.core.redirect import is_redirect, next_hop
from scraper.core.robotstxt import Rules
from scraper.core.sitemap import MOST_BYTES
from scraper.core.url import Url, parts
from scraper.gate import is_too_soon, logged_in
from scraper.sitemaps.guests import Guests, Sent
from scraper.stages import Stages


class Fetcher(Protocol):
    """One HTTP exchange."""

    async def fetch(
        self,
        request: Request,
        *,
        cut_bytes: int,
        any_type: bool,
        sent: Callable[[], Awaitable[None]],
    ) -> Response:
        """Ask once; a redirect is an answer, and a longer body is cut."""


class _RefusedError(FetchError):
    """The server answered, and not with success."""

    def __init__(self, error: FetchError, response: Response) -> None:
        super().__init__(error.reason, error.detail)
        self.response = response


class SitemapTurns:
    """Fetches sitemaps in turns of their hosts.

    Args:
        stages: of the crawl.
        fetcher: asks.
    """

    def __init__(self, stages: Stages, fetcher: Fetcher) -> None:
        self._stages = stages
        self._fetcher = fetcher
        self._guests = Guests(stages.frontier, stages.clock)

    async def fetch(self, request: Request, *, named: bool) -> Response:
        """Follow a sitemap to where it is.

        Args:
            named: by the config or a robots.txt: it is fetched whatever that disallows.

        Raises:
            FetchError: it cannot be had.
        """
        stages = self._stages
        while True:
            response = await self._exchange(request, named=named)
            if not is_redirect(response):
                return response
            location, longest = response.headers["location"], stages.max_redirects
            hop, url = next_hop(
                request, response.status, location, longest=longest, may_repeat=stages.cookies
            )
            request = replace(request, hop=hop, host=url.host)

    async def rules(self, request: Request) -> Rules:
        """What the robots.txt of its host says."""
        rules = None
        while rules is None:
            async with self._turn(request) as sent:
                rules, again = await self._rules(request, sent)
                request = again or request
        return rules

    def again_at(self, request: Request, error: FetchError) -> float | None:
        """When to ask again, by the policy of pages (seconds since the epoch); None: never."""
        stages = self._stages
        response = error.response if isinstance(error, _RefusedError) else None
        result = outcome.failed(request, error, stages.moment(), stages.retry, response=response)
        if result.pause_until is not None:
            stages.frontier.pause(request.host, result.pause_until)
        return result.retry_at

    async def wait(self, request: Request, due_at: float) -> None:
        """Wait until it may be asked for again; its host does without seeds meanwhile."""
        wait_s = due_at - self._stages.clock.now()
        if wait_s > 0:
            self._stages.frontier.seeds_rest(request.host, due_at)
            await asyncio.sleep(wait_s)

    async def _exchange(self, request: Request, *, named: bool) -> Response:
        """One answer, in as many turns of its host, and of others, as robots.txt costs."""
        while True:
            async with self._turn(request) as sent:
                rules, again = await self._rules(request, sent)
                if rules is not None and not named and not rules.allows(request.asked):
                    raise FetchError(Reason.ROBOTS_DISALLOWED, "robots.txt disallows it")
                if again is not None:
                    request = again
                    continue
                sent.tried = True
                if await logged_in(request, self._stages) is not None:
                    continue
                try:
                    response = await self._fetcher.fetch(
                        request, cut_bytes=MOST_BYTES + 1, any_type=True, sent=sent.now
                    )
                except TooSoonError:
                    continue
                sent.take(response)
            error = outcome.refused(response)
            if error is None:
                return response
            raise _RefusedError(error, response)

    async def _rules(self, request: Request, sent: Sent) -> tuple[Rules | None, Request | None]:
        """The host's rules, if they are known now, and what takes another turn first, if it must.

        Asking for the rules has taken this turn, or made it too soon; or they have moved.
        """
        robots, frontier = self._stages.robots, self._stages.frontier
        url = parts(request.asked)
        if url.host != request.host:
            return await self._elsewhere(request, url, sent)
        rules = robots.answer(url.href)
        if rules is not None:
            if is_too_soon(request, rules, self._stages):
                return rules, request
            frontier.robots_known(request.host, rules.crawl_delay_s or 0.0, asked=False)
            return rules, None
        sent.tried = True
        found = await robots.ask_in_turn(url.href, request.host, sent=sent.now)
        if not isinstance(found, Rules):
            return None, replace(request, host=found.host)
        rule = frontier.robots_known(request.host, found.crawl_delay_s or 0.0, asked=True)
        return found, request if rule.delay_s else None

    async def _elsewhere(
        self, request: Request, url: Url, sent: Sent
    ) -> tuple[Rules | None, Request]:
        """The same where the robots.txt has moved to, in a turn of that host."""
        if not errand.may_ask(url, self._stages):
            return None, replace(request, host=url.host)
        if errand.is_too_soon(request, url, self._stages):
            return None, request
        sent.tried = True
        found = await self._stages.robots.ask_in_turn(url.href, request.host, sent=sent.now)
        if not isinstance(found, Rules):
            return None, replace(request, host=found.host)
        self._stages.frontier.robots_known(url.host, found.crawl_delay_s or 0.0, asked=False)
        return found, replace(request, host=url.host)

    def _turn(self, request: Request) -> AbstractAsyncContextManager[Sent]:
        """A turn of the host that is asked now."""
        frontier, clock = self._stages.frontier, self._stages.clock

        def rests(rests_s: float) -> None:
            frontier.seeds_rest(request.host, clock.now() + rests_s)

        return self._guests.turn(request, rests=rests)
