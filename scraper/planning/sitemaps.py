"""Sitemaps before a crawl: looked at one by one, so that a plan knows what they name.

There are no turns yet: between two looks at a host lies its delay, and that is all. What cannot be
had at once is left out, and so is what is not read within `LONGEST_S`; the plan tells of both.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from scraper.clock import Clock
from scraper.core import outcome
from scraper.core.errors import FetchError
from scraper.core.model import Reason, Request, Response
from scraper.core.redirect import is_redirect, next_hop
from scraper.core.robotstxt import Rules
from scraper.core.sitemap import MOST_BYTES

LONGEST_S = 60.0


class Fetcher(Protocol):
    """One HTTP exchange."""

    async def fetch(self, request: Request, *, cut_bytes: int, any_type: bool) -> Response:
        """Ask once; a redirect is an answer, and a longer body is cut."""


class Robots(Protocol):
    """What a host's robots.txt says."""

    def answer(self, url: str) -> Rules | None:
        """The same, if it is known."""

    async def ask(self, url: str) -> Rules:
        """Fetch it, once for all who ask."""


class SitemapLook:
    """Fetches sitemaps for a plan.

    Args:
        delay_s: between two looks at a host, by its name and its Crawl-delay.
        max_redirects: that are followed.
    """

    def __init__(
        self,
        *,
        fetcher: Fetcher,
        robots: Robots,
        delay_s: Callable[[str, float], float],
        max_redirects: int,
        clock: Clock,
    ) -> None:
        self._fetcher = fetcher
        self._robots = robots
        self._delay_s = delay_s
        self._max_redirects = max_redirects
        self._clock = clock
        self._asked_at: dict[str, float] = {}
        self._until = clock.monotonic() + LONGEST_S

    def __repr__(self) -> str:
        return f"<SitemapLook at {len(self._asked_at)} hosts>"

    async def rules(self, request: Request) -> Rules:
        """What the robots.txt of its host says; to ask for it is a look at the host."""
        known = self._robots.answer(request.asked)
        if known is not None:
            return known
        self._asked_at[request.host] = self._clock.monotonic()
        return await self._robots.ask(request.asked)

    def again_at(self, request: Request, error: FetchError) -> float | None:
        """Never: a plan is made now."""

    async def wait(self, request: Request, due_at: float) -> None:
        """Nothing is waited for."""

    async def fetch(self, request: Request, *, named: bool) -> Response:
        """Follow a sitemap to where it is; as `SitemapTurns.fetch`.

        Raises:
            FetchError: it cannot be had.
        """
        while True:
            rules = await self.rules(request)
            if not named and not rules.allows(request.asked):
                raise FetchError(Reason.ROBOTS_DISALLOWED, "robots.txt disallows it")
            await self._pace(request.host, rules.crawl_delay_s or 0.0)
            response = await self._fetcher.fetch(request, cut_bytes=MOST_BYTES + 1, any_type=True)
            if not is_redirect(response):
                break
            location, longest = response.headers["location"], self._max_redirects
            hop, url = next_hop(request, response.status, location, longest=longest)
            request = replace(request, hop=hop, host=url.host)
        error = outcome.refused(response)
        if error is not None:
            raise error
        return response

    async def _pace(self, host: str, crawl_delay_s: float) -> None:
        now, before = self._clock.monotonic(), self._asked_at.get(host)
        at = now if before is None else max(before + self._delay_s(host, crawl_delay_s), now)
        if at > self._until:
            detail = f"a plan reads sitemaps for no longer than {LONGEST_S:.0f} s"
            raise FetchError(Reason.TIMEOUT, detail, sent=False)
        await asyncio.sleep(at - now)
        self._asked_at[host] = at
