"""Sitemaps: fetched one at a time, and read while they are long.

- In a crawl a sitemap takes a turn of its host (`turns.py`); before one, a plan only looks at
  it (`planning/sitemaps.py`).
- What the config or robots.txt names is fetched whatever robots.txt disallows; what an index
  names, only if it is allowed.
- A failure that may pass is tried again by the policy of pages; what cannot be had or read is told
  (`figures`) and the rest is read all the same.
- An index may lead to indexes, `MOST_LEVELS` files deep; `MOST_FILES` are read in all. Where a
  bound is reached, that is told too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import Any, Protocol

from scraper.core.errors import FetchError
from scraper.core.model import Request, Response
from scraper.core.plan import SeedSitemap
from scraper.core.request import make_request
from scraper.core.robotstxt import Rules
from scraper.core.sitemap import (
    MOST_FILES,
    MOST_LEVELS,
    Entry,
    Listed,
    Reader,
    SitemapError,
    unpacked,
)
from scraper.core.url import Url, origin_of, parse, path_of

log = logging.getLogger(__name__)

TOLD = 20  # troubles named one by one


class Asks(Protocol):
    """Fetches files."""

    async def fetch(self, request: Request, *, named: bool) -> Response:
        """Follow a sitemap to where it is; raises FetchError.

        `named`: it is fetched whatever robots.txt disallows.
        """

    async def rules(self, request: Request) -> Rules:
        """What the robots.txt of its host says; raises FetchError."""

    def again_at(self, request: Request, error: FetchError) -> float | None:
        """When to ask again, in seconds since the epoch; None: never."""

    async def wait(self, request: Request, due_at: float) -> None:
        """Wait until it may be asked for again."""


@dataclass(frozen=True, slots=True)
class _File:
    """A sitemap to fetch; or a robots.txt that names some."""

    request: Request
    source: SeedSitemap
    depth: int  # 1: named by the config
    is_robots: bool = False


class Sitemaps:
    """Reads the sitemaps of a plan.

    Args:
        sources: what the config names.
    """

    def __init__(self, sources: Sequence[SeedSitemap], *, asks: Asks) -> None:
        self._sources = sources
        self._asks = asks
        self._waiting: list[tuple[float, int, _File]] = []  # by the time from which they may be
        self._known: set[bytes] = set()
        self._added = 0
        self.is_whole = True  # no file, or rest of one, is missing that another time may be there
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
            if due_at:
                await self._asks.wait(file.request, due_at)
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
            response = await self._asks.fetch(file.request, named=file.depth <= 1)
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
            self.is_whole = False
            self._trouble(f"{_shown(response.url)}: {error}")
            return
        if reader.bound is not None:
            self._trouble(f"{_shown(response.url)}: {reader.bound}: the rest is left out")
        self._read += 1

    def _failed(self, file: _File, error: FetchError) -> None:
        again_at = self._asks.again_at(file.request, error)
        if again_at is None:
            self.is_whole = False
            self._trouble(f"{_shown(file.request.url)}: {error}")
            return
        log.info("sitemap %s: %s: tried again", _shown(file.request.url), error)
        again = replace(file.request, attempt=file.request.attempt + 1)
        self._wait(replace(file, request=again), again_at)

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
        if file.depth >= MOST_LEVELS:
            self._trouble(f"{where}: an index below {MOST_LEVELS - 1} others: left out")
            return
        try:
            self._add(parse(entry.loc), file.source, file.depth + 1)
        except ValueError as error:
            self._trouble(f"{where}: {error}")

    async def _robots(self, file: _File) -> None:
        """Put the sitemaps that a robots.txt names with the files."""
        rules = await self._asks.rules(file.request)
        if not rules.sitemaps:
            self._trouble(f"{file.request.url}: names no sitemap")
        for text in rules.sitemaps:
            try:
                self._add(parse(text, file.request.url), file.source, 1)
            except ValueError as error:
                self._trouble(f"{file.request.url}: {error}")


def _shown(href: str) -> str:
    """A URL as it may be told: user name, password and query may be secrets."""
    return origin_of(href) + path_of(href) + ("?..." if "?" in href else "")
