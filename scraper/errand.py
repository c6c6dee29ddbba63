"""A robots.txt that has moved: a page of its host asks for it in a turn of where it has moved to.

Such a page is a request whose `host` is not that of its URL. Like one that was redirected it holds
nothing while it waits for that turn; until it is back its own host starts nothing, but for such
pages of others: two hosts may send each other away. Nothing is written down: after a crash the
robots.txt is asked for from the start.
"""

from __future__ import annotations

from dataclasses import replace

from scraper.core.errors import FetchError
from scraper.core.model import PageResult, Reason, Request
from scraper.core.robotstxt import Rules
from scraper.core.schedule.host import Lease
from scraper.core.schedule.news import news_of
from scraper.core.url import Url, parts
from scraper.stages import Stages


def sent_away(request: Request, moved: Url, stages: Stages) -> PageResult:
    """The page is to go where the robots.txt of its host has moved to."""
    if moved.host != request.host:
        stages.frontier.leave_for_robots(request.host)
    return PageResult(request, again=replace(request, host=moved.host))


async def run(lease: Lease, stages: Stages) -> PageResult:
    """Ask in this turn, which is of another host than that of the page's URL."""
    request, frontier = lease.request, stages.frontier
    url = parts(request.asked)
    met: FetchError | None = None
    host, asks = url.host, False  # where the page has its next turn
    try:
        asks = not lease.given_up and may_ask(url, stages)
        if lease.given_up:
            gone = FetchError(Reason.CONNECT, f"robots.txt: {request.host} was given up")
            stages.robots.give_up(url.href, gone)
        elif asks and is_too_soon(request, url, stages):
            host, asks = request.host, False
        elif asks:
            sending = frontier.sending(lease)
            found = await stages.robots.ask_in_turn(url.href, request.host, sent=sending)
            host = _heard(found, url, stages)
    except FetchError as error:
        met = error
        if asks and error.rests and error.again_in_s:
            frontier.pause(request.host, stages.clock.now() + error.again_in_s)
    finally:
        frontier.leave(lease, sent=asks, news=news_of(met))
        if host == url.host:
            frontier.back(host)
    return PageResult(request, again=replace(request, host=host))


def may_ask(url: Url, stages: Stages) -> bool:
    """Whether nobody has learnt it meanwhile."""
    try:
        return stages.robots.answer(url.href) is None
    except FetchError:
        return False


def _heard(found: Rules | Url, url: Url, stages: Stages) -> str:
    if not isinstance(found, Rules):
        return found.host
    stages.frontier.robots_known(url.host, found.crawl_delay_s or 0.0, asked=False)
    return url.host


def is_too_soon(request: Request, url: Url, stages: Stages) -> bool:
    """Whether a robots.txt that was kept asks for a delay since an earlier run.

    Args:
        request: its host is the one that is to be asked now.
        url: whose robots.txt is to be asked for.
    """
    moved = stages.robots.moved_to(url.href)
    try:
        rules = None if moved is None else stages.robots.answer(moved.href)
    except FetchError:
        return False
    if rules is None or not rules.crawl_delay_s:
        return False
    schedule, now = stages.frontier.schedule, stages.clock.monotonic()
    return schedule.is_too_soon(request.host, now, crawl_delay_s=rules.crawl_delay_s)
