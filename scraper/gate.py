"""The gate: scope and robots.txt, judged before a request is sent and before a link is kept.

Rows of the table are judged by today's scope, whatever let them in. An unknown robots.txt is
fetched within the turn of the first page that needs it, so that it counts as a start on the host.
A turn in which nothing is asked for is none: the next page need not wait for the host's delay.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from scraper import errand
from scraper.core import outcome
from scraper.core.errors import FetchError, ParseError, TooSoonError
from scraper.core.follow import Followed, follow, joined, without
from scraper.core.model import (
    Half,
    Item,
    Page,
    PageResult,
    Reason,
    Request,
    Response,
    State,
    http_reason,
)
from scraper.core.redirect import is_redirect
from scraper.core.request import MOST_IN_A_ROW, is_asked_for, is_trap
from scraper.core.robotstxt import Rules
from scraper.core.schedule.host import Lease
from scraper.core.schedule.kinds import BARREN
from scraper.core.schedule.news import news_of
from scraper.core.url import Url, parts
from scraper.stages import Session, Stages

log = logging.getLogger(__name__)

_LATER = http_reason(429)
_LOCKED = frozenset({401, 403})
_NOT_LET_IN = ParseError(Reason.LOGIN, "it shows login.expired right after a login")
IF_WRONG = "scope.deny keeps out more, scope.traps: ignore lets all in"
SLICE = 500  # links judged in one turn of the loop: some 7 ms


def refuse(request: Request, url: Url, stages: Stages) -> PageResult | None:
    """What is known, without asking anybody, to keep the request from being sent.

    Raises:
        FetchError: robots.txt could not be had a moment ago.
    """
    reason = stages.scope.refuses(url, depth=request.depth, seed=request.seed)
    if reason is not None:
        line = stages.scope.line(url, depth=request.depth, seed=request.seed)
        return outcome.skipped(request, reason, f"scope.{line}")
    if is_trap(request.headers) or stages.kinds.is_closed(request):
        return outcome.skipped(request, Reason.TRAP, _trap(request, stages))
    rules = stages.robots.answer(url.href)
    if rules is None:
        return None
    if is_too_soon(request, rules, stages):
        return PageResult(request, again=request)
    return None if rules.allows_path(url.pathname_query) else _disallowed(request, url, rules)


def _trap(request: Request, stages: Stages) -> str:
    if is_trap(request.headers):
        return f"{MOST_IN_A_ROW:,} pages in a row were made of the one before"
    kind = stages.kinds.name(request)
    return f"{BARREN:,} pages of its kind (or such parameters) in a row led nowhere: {kind}"


def _disallowed(request: Request, url: Url, rules: Rules) -> PageResult:
    return outcome.skipped(request, Reason.ROBOTS_DISALLOWED, rules.refusal(url.href) or "")


def is_too_soon(request: Request, rules: Rules, stages: Stages) -> bool:
    """Whether a robots.txt that was kept asks for a delay since an earlier run."""
    delay_s = rules.crawl_delay_s
    if not delay_s:
        return False
    schedule, now = stages.frontier.schedule, stages.clock.monotonic()
    return schedule.is_too_soon(request.host, now, crawl_delay_s=delay_s)


async def admit(lease: Lease, url: Url, stages: Stages) -> PageResult | None:
    """What keeps a request that was not refused from being sent now; None when nothing does.

    Raises:
        FetchError: robots.txt cannot be had, or the host has asked for a rest while a request was
            marked; the page was not sent.
    """
    request = lease.request
    rules = stages.robots.answer(url.href)
    asked_now = rules is None
    if rules is None:
        sending = stages.frontier.sending(lease)
        found = await stages.robots.ask_in_turn(url.href, request.host, sent=sending)
        if not isinstance(found, Rules):
            return errand.sent_away(request, found, stages)
        rules = found
    delay_s = rules.crawl_delay_s or 0.0
    rule = stages.frontier.robots_known(request.host, delay_s, asked=asked_now)
    tally = stages.tally.host(request.host)
    tally.rule(per_host=rule.per_host, delay_s=rule.delay_s, asked=asked_now)
    if asked_now and not rules.allows_path(url.pathname_query):
        return _disallowed(request, url, rules)
    if asked_now and rule.delay_s:  # this turn's start was robots.txt; the page takes the next
        return PageResult(request, again=request)
    if not outcome.is_safe(request.verb):
        await stages.writer.mark_sent(request.id)
        rests_s = stages.frontier.schedule.rests_s(request.host, stages.clock.monotonic())
        if rests_s:
            raise FetchError(_LATER, "it asked for a rest just now", sent=False, again_in_s=rests_s)
    return None


async def logged_in(request: Request, stages: Stages) -> PageResult | None:
    """Log in within this turn if need be; None when the page may be asked for now.

    The login was this turn's start, whoever made it: the page, and all that waited for it
    meanwhile, take the next ones.

    Raises:
        LoginError: the site refuses.
    """
    session = stages.session
    if session is None or not await session.open():
        return None
    return PageResult(request, again=request)


async def locked_out(lease: Lease, response: Response, stages: Stages) -> PageResult | None:
    """What becomes of a page that is refused to nobody logged in; None: it is another error."""
    session = stages.session
    if session is None or response.status not in _LOCKED:
        return None
    shows = await session.shows_login(response, lease.request)
    return _over(lease, response, None, session) if shows else None


async def led_to_login(lease: Lease, response: Response, stages: Stages) -> PageResult | None:
    """What becomes of an answer that is no page and says that the login is over; None: another.

    It is a redirect to the login page, or that page itself where no page is in HTML.

    Raises:
        FetchError: it is in HTML and does not say so.
    """
    session = stages.session
    if session is None:
        return None
    if is_redirect(response):
        over = session.sends_to_login(response)
    elif session.is_no_page(response):
        over = await session.shows_login(response, lease.request)
        if not over:
            raise FetchError(Reason.CONTENT_TYPE, "HTML is not in scope.types")
    else:
        return None
    return _over(lease, response, None, session) if over else None


def login_over(
    lease: Lease, response: Response, stages: Stages, rule: str, page: Page
) -> PageResult | None:
    """What becomes of a page that shows that the login is over; None: it does not.

    Args:
        rule: by which the page was read.
    """
    session = stages.session
    if session is None:
        return None
    if page.expired:
        return _over(lease, response, rule, session)
    session.fine(lease.request, started_at=lease.started_at)
    return None


def _over(
    lease: Lease, response: Response, rule: str | None, session: Session
) -> PageResult | None:
    """The page is visited again after a login, or failed if it was.

    The login page itself, followed as a link, is a page like others.
    """
    request = lease.request
    url = parts(request.url)
    if session.is_login(url):
        return None
    if not session.over(request, started_at=lease.started_at):
        return outcome.unreadable(request, response, rule, _NOT_LET_IN)
    first = replace(request, hop=None, host=url.host)
    return replace(outcome.answered(request, response), again=first)


def was_not_asked(lease: Lease, result: PageResult) -> bool:
    """Whether the page had its turn, and counts as none that was fetched."""
    if result.again is not None:
        return False
    return result.state is State.SKIPPED or lease.given_up or result.is_free(lease.request)


def is_to_keep(result: PageResult, stages: Stages) -> bool:
    """Whether the next hop is written down before it is asked for.

    It is when it has to wait for its host, and always where the first URL must not be asked again.
    """
    request, again = result.request, result.again
    if again is None or again.hop is None or again.hop is request.hop:
        return False
    frontier = stages.frontier
    if not outcome.is_safe(again.method) or frontier.stopped_by not in (None, "limit"):
        return True
    return frontier.schedule.must_wait(again.host, stages.clock.monotonic())


def given_up(request: Request, stages: Stages) -> PageResult:
    """What becomes of a page whose host was tried often enough."""
    trouble = stages.robots.trouble(request.asked)
    busy = stages.frontier.schedule.is_busy(request.host)
    return outcome.unreachable(request, robots=trouble, busy=busy)


def unanswered(lease: Lease, error: FetchError, stages: Stages) -> PageResult:
    """What becomes of a page that got no answer; one that tried its host loses no attempt."""
    request = lease.request
    if isinstance(error, TooSoonError):
        return PageResult(request, again=request)
    free = error.shut or (lease.probe and news_of(error).is_silence)
    if free and stages.frontier.schedule.has_given_up(request.host):
        return outcome.unreachable(request, error)
    return outcome.failed(request, error, stages.moment(), stages.retry, free=free)


def is_judged_too_soon(result: PageResult, stages: Stages) -> bool:
    """Whether the host of a later seed may let in what an earlier run found."""
    if result.request.seed or stages.seeded.is_set():
        return False
    return result.reason is Reason.SCOPE


async def judged(
    page: Page, request: Request, rule: str, stages: Stages, *, body: bytes
) -> Followed:
    """The links of a page that are in scope and lead somewhere, as requests.

    Args:
        body: of the page.
    """
    links = await _sliced(page, request, rule, stages)
    if links.out_of_scope and not stages.seeded.is_set():
        await stages.all_seeded()  # the host of a later seed may let them in
        links = await _sliced(page, request, rule, stages)
    kinds = stages.kinds
    if kinds.closed:
        links = without(links, kinds.is_closed)
    halves = (half for half in page.halves if not half.rejected)
    items: list[Item | Half] = [*page.items, *halves]
    verdict = kinds.visited(request, body=body, items=items, links=links.requests)
    if verdict.told is not None:
        why = kinds.closed[verdict.told]
        log.warning("%s: %s: no more are visited; %s", verdict.told, why, IF_WRONG)
    if not verdict.leads:
        links = without(links, lambda link: not is_asked_for(link.headers))
    return links


async def _sliced(page: Page, request: Request, rule: str, stages: Stages) -> Followed:
    """Slice by slice: a page may have more links than one turn of the loop can bear."""
    if len(page.links) <= SLICE:
        return follow(page, request, rule, stages.scope, stages.rules)
    slices = []
    for start in range(0, len(page.links), SLICE):
        if start:
            await asyncio.sleep(0)
        some = Page(links=page.links[start : start + SLICE])
        slices.append(follow(some, request, rule, stages.scope, stages.rules))
    return joined(slices)
