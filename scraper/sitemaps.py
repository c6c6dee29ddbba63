"""Sitemaps: fetched one at a time, each in its host's turn, and read while they are long.

- A sitemap takes a turn of its host as a page does: the delay and the open requests of the host
  count, and pages of the host wait for it.
- What the config or robots.txt names is fetched whatever robots.txt disallows; what an index
  names, only if it is allowed.
- A failure that may pass is tried again by the policy of pages; what cannot be had or read is told
  (`figures`) and the rest is read all the same.
- An index may lead to indexes, `DEEPEST` files deep; `MOST_FILES` files are read in all. Where a
  bound is reached, that is told too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import Any, Protocol

from scraper import errand
from scraper.core import outcome
from scraper.core.errors import FetchError, TooSoonError
from scraper.core.model import Reason, Request, Response
from scraper.core.plan import SeedSitemap
from scraper.core.redirect import is_redirect, next_hop
from scraper.core.request import make_request
from scraper.core.robotstxt import Rules
from scraper.core.sitemap import MOST_BYTES, Entry, Listed, Reader, SitemapError, unpacked
from scraper.core.url import Url, origin_of, parse, parts, path_of
from scraper.gate import is_too_soon, logged_in
from scraper.guests import Guests, Sent
from scraper.stages import Stages

log = logging.getLogger(__name__)

DEEPEST = 4  # files from the one that the config names: three indexes and what they list
MOST_FILES = 50_000
TOLD = 20  # troubles named one by one


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


@dataclass(frozen=True, slots=True)
class _File:
    """A sitemap to fetch; or a robots.txt that names some."""

    request: Request
    source: SeedSitemap
    depth: int  # 1: named by the config
    is_robots: bool = False


class _RefusedError(FetchError):
    """The server answered, and not with success."""

    def __init__(self, error: FetchError, response: Response) -> None:
        super().__init__(error.reason, error.detail)
        self.response = response


class Sitemaps:
    """Reads the sitemaps of a plan.

    Args:
        sources: what the config names.
        stages: of the crawl.
        fetcher: asks.
    """

    def __init__(self, sources: Sequence[SeedSitemap], *, stages: Stages, fetcher: Fetcher) -> None:
        self._sources = sources
        self._stages = stages
        self._fetcher = fetcher
        self._guests = Guests(stages.frontier, stages.clock)
        self._waiting: list[tuple[float, int, _File]] = []  # by the time from which they may be
        self._known: set[bytes] = set()
        self._added = 0
        self._read = 0
        self._missed = 0  # troubles
        self._troubles: list[str] = []  # the first of them

    def figures(self) -> dict[str, Any]:
        """For the report: files read, and what was not and why."""
        return {"sitemaps": self._read, "missed": self._missed, "troubles": list(self._troubles)}

    async def pages(self, origins: Iterable[str]) -> AsyncGenerator[list[Listed], None]:
        """What all sitemaps name, some at a time.

        Args:
            origins: whose robots.txt is looked into where the plan says so.
        """
        for source in self._sources:
            if source.url is not None:
                self._add(parse(source.url), source, 1)
                continue
            for origin in origins:
                self._add(parse(f"{origin}/robots.txt"), source, 0, is_robots=True)
        while self._waiting:
            due_at, _, file = heappop(self._waiting)
            wait_s = due_at - self._stages.clock.now()
            if wait_s > 0:
                self._stages.frontier.seeds_rest(file.request.host, due_at)
                await asyncio.sleep(wait_s)
            async for listed in self._pages(file):
                yield listed

    # The files that there are

    def _add(self, url: Url, source: SeedSitemap, depth: int, *, is_robots: bool = False) -> None:
        is_named = depth <= 1 and source.url is not None  # by the config, so it may know secrets
        request = make_request(url, seed=is_named)
        if request.key in self._known:
            return
        if len(self._known) >= MOST_FILES:
            self._trouble(f"{_shown(url.href)}: more than {MOST_FILES:,} files: left out")
            return
        self._known.add(request.key)
        self._wait(_File(request, source, depth, is_robots), 0.0)

    def _wait(self, file: _File, due_at: float) -> None:
        self._added += 1
        heappush(self._waiting, (due_at, self._added, file))

    def _trouble(self, text: str) -> None:
        self._missed += 1
        if self._missed <= TOLD:
            self._troubles.append(text)
            log.warning("sitemap %s", text)

    # One file

    async def _pages(self, file: _File) -> AsyncIterator[list[Listed]]:
        try:
            if file.is_robots:
                await self._robots(file)
                return
            response = await self._fetch(file)
        except _RefusedError as error:
            self._failed(file, error, error.response)
            return
        except FetchError as error:
            self._failed(file, error)
            return
        reader = Reader(url=response.url, content_type=response.headers.get("content-type", ""))
        try:
            for piece in unpacked(response.body):
                yield self._sorted(file, reader.feed(piece))
                await asyncio.sleep(0)
                if reader.bound is not None:
                    break
            yield self._sorted(file, reader.close())
        except SitemapError as error:
            self._trouble(f"{_shown(response.url)}: {error}")
            return
        if reader.bound is not None:
            self._trouble(f"{_shown(response.url)}: {reader.bound}: the rest is left out")
        self._read += 1

    def _failed(self, file: _File, error: FetchError, response: Response | None = None) -> None:
        stages = self._stages
        result = outcome.failed(
            file.request, error, stages.moment(), stages.retry, response=response
        )
        if result.pause_until is not None:
            stages.frontier.pause(file.request.host, result.pause_until)
        if result.retry_at is None:
            self._trouble(f"{_shown(file.request.url)}: {error}")
            return
        log.info("sitemap %s: %s: tried again", _shown(file.request.url), error)
        again = replace(file.request, attempt=file.request.attempt + 1)
        self._wait(replace(file, request=again), result.retry_at)

    def _sorted(self, file: _File, entries: Iterable[Entry]) -> list[Listed]:
        """The pages among the entries; the sitemaps among them are put with the files."""
        pages = []
        for entry in entries:
            if entry.is_sitemap:
                self._below(file, entry)
            else:
                pages.append(Listed(_shown(file.request.url), entry, file.source))
        return pages

    def _below(self, file: _File, entry: Entry) -> None:
        where = f"{_shown(file.request.url)}:{entry.line}"
        if file.depth >= DEEPEST:
            self._trouble(f"{where}: an index below {DEEPEST - 1} others: left out")
            return
        try:
            self._add(parse(entry.loc), file.source, file.depth + 1)
        except ValueError as error:
            self._trouble(f"{where}: {error}")

    async def _robots(self, file: _File) -> None:
        """Put the sitemaps that a robots.txt names with the files."""
        request, rules = file.request, None
        while rules is None:
            async with self._turn(request) as sent:
                rules, again = await self._rules(request, sent)
                request = again or request
        if not rules.sitemaps:
            self._trouble(f"{file.request.url}: names no sitemap")
        for text in rules.sitemaps:
            try:
                self._add(parse(text, file.request.url), file.source, 1)
            except ValueError as error:
                self._trouble(f"{file.request.url}: {error}")

    # Asking

    async def _fetch(self, file: _File) -> Response:
        """Follow a sitemap to where it is.

        Raises:
            FetchError: it cannot be had.
        """
        request, stages = file.request, self._stages
        while True:
            response = await self._exchange(request, named=file.depth <= 1)
            if not is_redirect(response):
                return response
            location, longest = response.headers["location"], stages.max_redirects
            hop, url = next_hop(
                request, response.status, location, longest=longest, may_repeat=stages.cookies
            )
            request = replace(request, hop=hop, host=url.host)

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


def _shown(href: str) -> str:
    """A URL as it may be told: user name, password and query may be secrets."""
    return origin_of(href) + path_of(href) + ("?..." if "?" in href else "")
