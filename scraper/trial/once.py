"""One page, fetched as a crawl would fetch it: robots.txt first, then hop by hop."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from scraper.core.errors import FetchError
from scraper.core.extract.plan import PageRule
from scraper.core.model import Parsed, Reason, Request, Response
from scraper.core.outcome import refused
from scraper.core.plan import FetchPlan
from scraper.core.redirect import is_redirect, next_hop
from scraper.core.robotstxt import Rules


class Fetcher(Protocol):
    """One HTTP exchange."""

    async def fetch(self, request: Request) -> Response:
        """Ask once; a redirect is an answer."""


class Robots(Protocol):
    """What a host's robots.txt says."""

    async def ask(self, url: str) -> Rules:
        """Fetch it."""


class Parser(Protocol):
    """Extraction."""

    async def parse(self, response: Response, rule: PageRule, request: Request) -> Parsed:
        """Extract one page."""


class Session(Protocol):
    """The login."""

    async def open(self) -> bool:
        """Log in if need be."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The stages that are used for one page."""

    fetcher: Fetcher
    robots: Robots
    parser: Parser
    session: Session | None = None


class RefusedError(FetchError):
    """The server answered, and it was no success."""

    def __init__(self, response: Response, error: FetchError) -> None:
        super().__init__(error.reason, error.detail)
        self.response = response


async def fetch_once(request: Request, plan: FetchPlan, tools: Tools) -> Response:
    """The answer where the redirects end.

    Raises:
        FetchError: there is none, or robots.txt disallows a hop.
        RefusedError: it is no success.
    """
    while True:
        rules = await tools.robots.ask(request.asked)
        if not rules.allows(request.asked):
            why = "robots.txt disallows it: a crawl skips it"
            raise FetchError(Reason.ROBOTS_DISALLOWED, why)
        response = await tools.fetcher.fetch(request)
        if not is_redirect(response):
            break
        hop, _ = next_hop(
            request,
            response.status,
            response.headers["location"],
            longest=plan.max_redirects,
            may_repeat=plan.cookies,
        )
        request = replace(request, hop=hop)
    refusal = refused(response)
    if refusal is not None:
        raise RefusedError(response, refusal)
    return response
