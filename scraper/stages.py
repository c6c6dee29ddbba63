"""What the pipeline needs of its stages: a small protocol each, and the record that holds them."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from scraper.clock import Clock
from scraper.core import keeping, outcome
from scraper.core.errors import FetchError
from scraper.core.extract.plan import PageRule
from scraper.core.follow import Followed
from scraper.core.insight.tally import Tally
from scraper.core.model import Page, PageResult, Parsed, Reading, Request, Response
from scraper.core.outcome import Moment
from scraper.core.reading import Readings
from scraper.core.robotstxt import Rules
from scraper.core.route import Router
from scraper.core.schedule.kinds import Kinds
from scraper.core.schedule.retry import RetryPolicy
from scraper.core.scope import Scope
from scraper.core.url import Url
from scraper.core.urlrules import UrlRules
from scraper.frontier.frontier import Frontier

log = logging.getLogger(__name__)

_VISITED = "visited url=%s state=%s status=%s reason=%s attempt=%d bytes=%d detail=%s"


class Robots(Protocol):
    """What a host's robots.txt says."""

    def remember(self, texts: Mapping[str, tuple[float, bytes]]) -> None:
        """Take what earlier runs kept."""

    def answer(self, url: str) -> Rules | None:
        """What is known already; None: ask. Raises FetchError while that is in vain."""

    async def ask_in_turn(
        self, url: str, host: str, *, sent: Callable[[], Awaitable[None]] | None = None
    ) -> Rules | Url:
        """Fetch it, once for all who ask, in a turn of a host; or learn in whose turn."""

    def moved_to(self, url: str) -> Url | None:
        """In the turn of which other host it is to be asked for, if that is known."""

    def give_up(self, url: str, error: FetchError) -> None:
        """Hear that it cannot be had there."""

    def trouble(self, url: str) -> FetchError | None:
        """Why it could not be had the last time, if it could not."""


class Fetcher(Protocol):
    """One HTTP exchange."""

    async def fetch(
        self, request: Request, *, sent: Callable[[], Awaitable[None]] | None
    ) -> Response:
        """Ask once; a redirect is an answer. `sent` is awaited when the connection stands."""


class Parser(Protocol):
    """Extraction, here or in a worker process."""

    async def room(self) -> None:
        """Wait until another page may be brought."""

    async def parse(self, response: Response, rule: PageRule, request: Request) -> Parsed:
        """Extract one page."""


class Session(Protocol):
    """The login."""

    host: str

    async def open(self) -> bool:
        """Log in if need be; returns whether there was a login to wait for."""

    def is_login(self, url: Url) -> bool:
        """Whether this is the login page."""

    def sends_to_login(self, response: Response) -> bool:
        """Whether a redirect says that the login is over."""

    def is_no_page(self, response: Response) -> bool:
        """Whether an answer is not of `scope.types`, and may be the login page."""

    async def shows_login(self, response: Response, request: Request) -> bool:
        """Whether an answer that is no page says that the login is over."""

    def over(self, request: Request, *, started_at: float) -> bool:
        """Hear that the login is over; returns whether the page is visited again."""

    def fine(self, request: Request, *, started_at: float) -> None:
        """Hear that a page does not say so."""


class Writer(Protocol):
    """The one task that writes."""

    async def put(self, result: PageResult) -> None:
        """Store one visit, soon and wholly."""

    async def mark_sent(self, request_id: int) -> None:
        """Note, before it happens, that a request other than GET is sent."""

    async def join_scope(self, hostname: str) -> None:
        """Keep that a site has named this host."""

    async def leave_scope(self, hostname: str) -> None:
        """Keep it no more."""


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages of a crawl and what their decisions need."""

    frontier: Frontier
    robots: Robots
    fetcher: Fetcher
    parser: Parser
    writer: Writer
    router: Router
    scope: Scope
    rules: UrlRules
    kinds: Kinds
    readings: Readings
    retry: RetryPolicy
    max_redirects: int
    cookies: bool
    clock: Clock
    chance: random.Random
    tally: Tally
    seeded: asyncio.Event  # set when all seeds are known, and so the hosts in scope
    session: Session | None = None
    bodies: str = keeping.NONE  # which raw pages are kept

    async def all_seeded(self) -> None:
        """Wait until all seeds are known."""
        with self.frontier.parked():
            await self.seeded.wait()

    async def named(self, hostname: str) -> None:
        """Hear of the host of a seed that the config or a list names."""
        if self.scope.is_led(hostname):
            await self.writer.leave_scope(hostname)  # each run hears of it: it is not kept
        self.scope.join(hostname)

    async def led_to(self, hostname: str) -> None:
        """Hear of a host that a site names: where a seed redirects to, what its sitemap lists."""
        if self.scope.join(hostname, led=True):
            await self.writer.join_scope(hostname)

    def note(self, result: PageResult) -> None:
        """Count what a turn came to."""
        self.tally.add(result, now=self.clock.now())
        if result.again is None and log.isEnabledFor(logging.DEBUG):
            visited = {
                "url": result.request.url,
                "state": str(result.state),
                "status": result.status,
                "reason": result.reason,
                "attempt": result.request.attempt,
                "bytes": result.body_bytes,
                "detail": result.detail,
            }
            log.debug(_VISITED, *visited.values(), extra=visited)

    def asked(self, request: Request) -> Request:
        """The request without its validators, unless the page would be read as it was then."""
        if request.validators is None:
            return request
        scope = self.scope if self.seeded.is_set() else None
        if self.readings.holds(request, self.router.rule(request), scope):
            return request
        return replace(request, validators=None)

    def unread(self, request: Request, response: Response, rule: PageRule | None) -> PageResult:
        """A page that is not extracted: no rule fits (it is counted), or it is as it was."""
        if response.is_unmodified:
            return outcome.unmodified(request, response, None if rule is None else rule.name)
        reading = self.readings.of_body(request, response)
        return outcome.answered(request, response, reading=reading)

    def read(
        self, request: Request, response: Response, rule: PageRule, page: Page, links: Followed
    ) -> Reading:
        """What is kept of a page that was extracted, to tell whether it changes."""
        return self.readings.of_page(request, response, rule, page, links, self.scope)

    def kept(self, result: PageResult, response: Response) -> PageResult:
        """The result, with the answer if it is one that is kept."""
        if self.bodies == keeping.NONE or not keeping.wanted(self.bodies, result, response):
            return result
        return replace(result, answer=response)

    def moment(self) -> Moment:
        """The time and a chance, for a decision that may not take them itself."""
        return Moment(self.clock.now(), self.chance.random())
