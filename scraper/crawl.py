"""THE PIPELINE: frontier -> robots -> fetch -> parse -> store. Read this first.

A fixed number of workers take one request after the other through the stages. A worker waits for
its host's turn without holding anything; it holds the turn and a slot of the fetcher only while it
exchanges bytes. A redirect, and a page whose robots.txt was fetched, want another turn.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from scraper import errand, gate
from scraper.core import outcome
from scraper.core.errors import FetchError, ParseError
from scraper.core.model import PageResult, Request, Response
from scraper.core.redirect import is_redirect, next_hop
from scraper.core.schedule.host import Lease
from scraper.core.schedule.news import news_of
from scraper.core.url import parts
from scraper.stages import Stages


async def crawl(stages: Stages, *, workers: int) -> None:
    """Visit what the frontier hands out, until it hands out nothing more."""
    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(_work(stages))


async def _work(stages: Stages) -> None:
    while True:
        await stages.parser.room()
        lease = await stages.frontier.next()
        if lease is None:
            return
        result = await (errand.run if lease.request.is_errand else visit)(lease, stages)
        stages.note(result)
        if gate.was_not_asked(lease, result):
            stages.frontier.give_back(lease.request)
        if result.again is None or gate.is_to_keep(result, stages):
            await stages.writer.put(result)
        if result.again is not None:
            stages.frontier.again(result.again)


async def visit(lease: Lease, stages: Stages) -> PageResult:
    """Take one request through robots, fetch and parse: from value to value."""
    request = lease.request
    try:
        result = await _exchange(lease, stages)
        if isinstance(result, Response):
            result = stages.kept(await _read(lease, result, stages), result)
        elif gate.is_judged_too_soon(result, stages):
            await stages.all_seeded()
            result = PageResult(request, again=request)
    except FetchError as error:
        result = gate.unanswered(lease, error, stages)
    return outcome.visited(result, turn_s=lease.turn_s, finished_at=stages.clock.monotonic())


async def _exchange(lease: Lease, stages: Stages) -> Response | PageResult:
    """Use the host's turn: an answer to read, or what became of the request without one."""
    request = lease.request
    if lease.given_up:
        stages.frontier.leave(lease, sent=False)
        return gate.given_up(request, stages)
    sent = False
    met: Response | FetchError | None = None
    try:
        url = parts(request.asked)
        early = gate.refuse(request, url, stages)
        if early is not None:
            return early
        sent = True  # or tried to
        early = await gate.logged_in(request, stages) or await gate.admit(lease, url, stages)
        if early is not None:
            return early
        asked = stages.asked(request)
        sending = stages.frontier.sending(lease)
        met = response = await stages.fetcher.fetch(asked, sent=sending)
        error = outcome.refused(response, asked)
        if error is None:
            return response
        early = await gate.locked_out(lease, response, stages)
        if early is not None:
            return early
        result = outcome.failed(request, error, stages.moment(), stages.retry, response=response)
        if result.pause_until is not None:  # before the turn ends: else the next page would start
            stages.frontier.pause(request.host, result.pause_until)
        return stages.kept(result, response)
    except FetchError as error:
        met = error
        raise
    finally:
        stages.frontier.leave(lease, sent=sent, news=news_of(met))


async def _read(lease: Lease, response: Response, stages: Stages) -> PageResult:
    """What the answer means: another hop, or a page."""
    request = lease.request
    over = await gate.led_to_login(lease, response, stages)
    if over is not None:
        return over
    if is_redirect(response):
        hop = await _next(request, response, stages)
        return replace(outcome.answered(request, response), again=hop)
    rule = stages.router.rule(request)
    if rule is None or response.is_unmodified:
        return stages.unread(request, response, rule)
    try:
        parsed = await stages.parser.parse(response, rule, request)
    except ParseError as error:
        return outcome.unreadable(request, response, rule.name, error)
    over = gate.login_over(lease, response, stages, rule.name, parsed.page)
    if over is not None:
        return over
    links = await gate.judged(parsed.page, request, rule.name, stages, body=response.body)
    reading = stages.read(request, response, rule, parsed.page, links)
    return outcome.extracted(request, response, rule.name, parsed, links, reading)


async def _next(request: Request, response: Response, stages: Stages) -> Request:
    """The same request, one hop further."""
    location = response.headers["location"]
    longest, may_repeat = stages.max_redirects, stages.cookies
    hop, url = next_hop(request, response.status, location, longest=longest, may_repeat=may_repeat)
    if request.seed:  # where a seed leads joins
        await stages.led_to(url.hostname)
    return replace(request, hop=hop, host=url.host)
