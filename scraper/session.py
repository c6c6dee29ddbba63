"""The login of a crawl: the form is fetched, filled in and sent; once for all who wait for it.

Nothing is asked for before the first page has its host's turn: the login happens within that turn,
as the fetch of robots.txt does, and so does each login after that. Each of its exchanges is a start
on its host for the delay. While a login is under way no page is fetched.

A page that shows `expired` is visited again after a new login. If it shows it again, it is failed,
unless all that this login has let in had its turn before the page: a session may be so short that
others use it up. Then there are `MOST_TRIES` logins for it. Where one login after another was in
vain, for pages that nobody may see, there are no more than one in `LONGER_S`; pages that show it
meanwhile are failed at once.

What is filled in is held in memory alone: these requests are no rows of the table.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Protocol

from scraper.clock import Clock
from scraper.core import login
from scraper.core.content import HTML, kind_of, media_type
from scraper.core.errors import FetchError, LoginError, ParseError
from scraper.core.extract.plan import PageRule
from scraper.core.login import Seen
from scraper.core.model import Link, Parsed, Request, Response
from scraper.core.outcome import refused
from scraper.core.plan import LoginPlan, Plan
from scraper.core.redirect import is_redirect, next_hop
from scraper.core.request import make_request, sent_headers
from scraper.core.schedule.retry import RETRYABLE, RetryPolicy, retry_after_s, retry_at
from scraper.core.url import Url, origin_of, parse

log = logging.getLogger(__name__)

MOST_TRIES = 3  # logins for one page
MOST_VISITS = 20  # of one page, those included that were sent before a login and answered after it
_NONE = (0, 0)
MOST_IN_VAIN = 10  # logins in a row that no page was the better for
LONGER_S = 60.0


class Fetcher(Protocol):
    """One HTTP exchange."""

    async def fetch(
        self, request: Request, *, any_type: bool, sent: Callable[[], Awaitable[None]]
    ) -> Response:
        """Ask once; a redirect is an answer."""


class Parser(Protocol):
    """Extraction."""

    async def parse(self, response: Response, rule: PageRule, request: Request) -> Parsed:
        """Extract one page."""


class Turns(Protocol):
    """The delays of hosts."""

    def free_in_s(self, host: str) -> float:
        """How long nothing more may be sent to the host."""

    def asked(self, host: str) -> None:
        """Hear that something is sent to it now."""


class Session:
    """Whether the crawl is logged in, and how it comes to be.

    Args:
        retry: how often a login is tried again that the network or the server has failed.
        turns: the delays that are kept; None: none is.
        html_is_login: an answer in HTML is no page of the crawl; see `FetchPlan`.

    Attributes:
        host: of the login page.
    """

    def __init__(
        self,
        plan: LoginPlan,
        *,
        fetcher: Fetcher,
        parser: Parser,
        retry: RetryPolicy,
        max_redirects: int,
        clock: Clock,
        chance: random.Random,
        turns: Turns | None,
        html_is_login: bool = False,
    ) -> None:
        self._plan = plan
        self._html_is_login = html_is_login
        self._fetcher = fetcher
        self._parser = parser
        self._retry = retry
        self._max_redirects = max_redirects
        self._clock = clock
        self._chance = chance
        self._turns = turns
        self._rule = login.login_rule(plan)
        self._url = parse(plan.url)
        self._lock = asyncio.Lock()
        self._is_open = False
        self._logins = 0
        self._logged_in_at = float("-inf")  # monotonic seconds
        self._let_in_at = float("-inf")  # the latest turn that the last login was good for
        self._tries: dict[int, tuple[int, int]] = {}  # row -> logins made for it, visits
        self._in_vain: set[int] = set()  # logins
        self.host = self._url.host

    def __repr__(self) -> str:
        return f"<Session {self._logins} logins, {'open' if self._is_open else 'closed'}>"

    async def open(self) -> bool:
        """Log in if need be; returns whether there was a login to wait for.

        Raises:
            LoginError: the site refuses.
        """
        if self._is_open:
            return False
        async with self._lock:
            if self._was_opened():  # while this one waited
                return True
            await self._log_in()
            self._is_open, self._let_in_at = True, float("-inf")
            self._logins += 1
            self._logged_in_at = self._clock.monotonic()
            log.info("logged in url=%s times=%d", _said(self._url.href), self._logins)
            return True

    def is_login(self, url: Url) -> bool:
        """Whether this is the login page, whatever its query."""
        return (url.host, url.path) == (self._url.host, self._url.path)

    def sends_to_login(self, response: Response) -> bool:
        """Whether a redirect says that the login is over."""
        if self._plan.expired is None:
            return False
        try:
            return self.is_login(parse(response.headers["location"], response.url))
        except ValueError:
            return False

    def is_no_page(self, response: Response) -> bool:
        """Whether an answer was read for the one reason that it may show `expired`."""
        media = media_type(response.headers.get("content-type", ""))
        return self._html_is_login and response.status < 300 and kind_of(media) == HTML

    async def shows_login(self, response: Response, request: Request) -> bool:
        """Whether an answer that is no page shows `expired`."""
        if self._plan.expired is None:
            return False
        try:
            return (await self._see(response, request)).expired
        except ParseError:
            return False

    def over(self, request: Request, *, started_at: float) -> bool:
        """Hear that a page shows that the login is over; returns whether it is visited again.

        Args:
            started_at: when the page had its turn, monotonic seconds.
        """
        logins, visits = self._tries.pop(request.id, _NONE)
        is_of_now = started_at >= self._logged_in_at  # else it was sent before the last login
        is_used_up = self._logged_in_at <= self._let_in_at <= started_at
        if is_of_now and logins and (logins >= MOST_TRIES or not is_used_up):
            self._in_vain.add(self._logins)
            return False
        since_s = self._clock.monotonic() - self._logged_in_at
        gives_up = len(self._in_vain) >= MOST_IN_VAIN and since_s < LONGER_S
        if gives_up or visits >= MOST_VISITS:
            return False
        self._tries[request.id] = (logins + is_of_now, visits + 1)
        if is_of_now:
            self._is_open = False
        return True

    def fine(self, request: Request, *, started_at: float) -> None:
        """Hear that a page shows nothing of the kind."""
        self._let_in_at = max(self._let_in_at, started_at)
        if self._tries.pop(request.id, _NONE) != _NONE:
            self._in_vain.clear()

    def _was_opened(self) -> bool:
        return self._is_open

    async def _log_in(self) -> None:
        attempt = 1
        while True:
            try:
                return await self._try_to()
            except FetchError as error:
                now = self._clock.now()
                due_at = retry_at(
                    error.reason,
                    attempt=attempt,
                    now=now,
                    chance=self._chance.random(),
                    policy=self._retry,
                    retry_after_s=error.again_in_s,
                )
                if due_at is None:
                    raise LoginError(f"login refused: {_said(self._url.href)}: {error}") from error
                log.warning("login failed, tried again in %.1f s: %s", due_at - now, error)
                await asyncio.sleep(due_at - now)
            except ParseError as error:
                raise LoginError(f"login refused: {_said(self._url.href)}: {error}") from error
            attempt += 1

    async def _try_to(self) -> None:
        request, response = await self._ask(make_request(self._url, seed=True))
        found = await self._see(response, request)
        if found.form is None:
            if found.ok:
                return  # it still is logged in
            raise LoginError(f"login refused: {login.no_form(self._plan, found, response)}")
        request, response = await self._ask(_filled_in(found.form, response.url))
        found = await self._see(response, request)
        if not found.ok:
            raise LoginError(f"login refused: {login.no_entry(self._plan, found, response)}")

    async def _see(self, response: Response, request: Request) -> Seen:
        return login.seen((await self._parser.parse(response, self._rule, request)).page)

    async def _ask(self, request: Request) -> tuple[Request, Response]:
        """The answer, redirects followed; one that may be another later is an error."""
        while True:
            if self._url.scheme == "https" and not request.asked.startswith("https:"):
                led = f"{_said(self._url.href)} leads to {_said(request.asked)}"
                raise LoginError(f"login refused: {led}, which is not https")
            await self._pace(request.host)
            sent = partial(self._sent, request.host)
            response = await self._fetcher.fetch(request, any_type=True, sent=sent)
            if not is_redirect(response):
                break
            hop, url = next_hop(
                request,
                response.status,
                response.headers["location"],
                longest=self._max_redirects,
                may_repeat=True,
            )
            request = replace(request, hop=hop, host=url.host)
        error = refused(response)
        if error is not None and error.reason in RETRYABLE:
            after = response.headers.get("retry-after")
            wait_s = retry_after_s(after, now=self._clock.now(), longest_s=self._retry.longest_s)
            raise FetchError(error.reason, error.detail, again_in_s=wait_s)
        return request, response

    async def _pace(self, host: str) -> None:
        while (  # noqa: ASYNC110  # time frees it, no event
            self._turns is not None and (wait_s := self._turns.free_in_s(host)) > 0
        ):
            await asyncio.sleep(wait_s)
        await self._sent(host)

    async def _sent(self, host: str) -> None:
        if self._turns is not None:
            self._turns.asked(host)


def make_session(
    plan: Plan,
    fetcher: Fetcher,
    parser: Parser,
    clock: Clock,
    turns: Turns | None,
) -> Session | None:
    """The login of a crawl, if it has one."""
    if plan.login is None:
        return None
    return Session(
        plan.login,
        fetcher=fetcher,
        parser=parser,
        retry=RetryPolicy(plan.fetch.retry),
        max_redirects=plan.fetch.max_redirects,
        clock=clock,
        chance=random.Random(),
        turns=turns,
        html_is_login=plan.fetch.html_is_login,
    )


def _said(href: str) -> str:
    """A URL as a message may show it: a form that is not posted has its values in the query."""
    return href.partition("?")[0]


def _filled_in(form: Link, page: str) -> Request:
    """The request of a form; some sites take it only from who says where the form stood."""
    headers = sent_headers(form.headers)
    at_home = origin_of(form.url) == origin_of(page)
    if form.body is not None and "@" not in page:
        headers = (*headers, ("Referer", page if at_home else f"{origin_of(page)}/"))
    return make_request(
        parse(form.url), method=form.method, headers=headers, body=form.body, seed=at_home
    )
