"""THE PIPELINE: frontier -> robots -> fetch -> parse -> store. Read this first.

A fixed number of workers take one request after the other through the stages. A worker waits for
its host's turn without holding anything; it holds the turn and a slot of the fetcher only while
it exchanges bytes, and gives them back before it parses. A redirect, and a page whose host's
robots.txt had to be fetched first, want another turn: they go back to the frontier.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from scraper.core import outcome
from scraper.core.errors import FetchError, ParseError
from scraper.core.follow import follow
from scraper.core.model import PageResult, Reason, Request, Response, State
from scraper.core.redirect import is_redirect, next_hop
from scraper.core.url import parse
from scraper.frontier import Lease
from scraper.stages import Stages

log = logging.getLogger(__name__)


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
        result = await visit(lease, stages)
        stages.tally.add(result, now=stages.clock.now())
        if result.again is not None:
            stages.frontier.again(result.again)
            continue
        if result.state is State.SKIPPED and result.request.hop is None:
            stages.frontier.give_back()
        log.debug(
            "visited url=%s state=%s status=%s reason=%s attempt=%d bytes=%d %s",
            result.request.url,
            result.state,
            result.status,
            result.reason,
            result.request.attempt,
            result.body_bytes,
            result.detail,
        )
        await stages.writer.put(result)


async def visit(lease: Lease, stages: Stages) -> PageResult:
    """Take one request through robots, fetch and parse: from value to value."""
    request = lease.request
    try:
        result = await _exchange(lease, stages)
        if isinstance(result, Response):
            result = await _read(request, result, stages)
        elif _is_judged_too_soon(result, stages):
            await stages.seeded.wait()
            result = PageResult(request, again=request)
    except FetchError as error:
        result = outcome.failed(request, error, stages.moment(), stages.retry)
    return replace(
        result,
        timing=replace(result.timing, turn_s=lease.turn_s),
        finished_at=stages.clock.monotonic(),
    )


def _is_judged_too_soon(result: PageResult, stages: Stages) -> bool:
    """Whether the host of a later seed may let in what an earlier run found."""
    if result.request.seed or stages.seeded.is_set():
        return False
    return result.reason is Reason.SCOPE


async def _exchange(lease: Lease, stages: Stages) -> Response | PageResult:
    """Use the host's turn: an answer to read, or what became of the request without one."""
    request = lease.request
    try:
        early = await _admit(request, stages)
        if early is not None:
            return early
        response = await stages.fetcher.fetch(request)
        error = None if _leads_on(response) else outcome.refused(response)
        if error is None:
            return response
        result = outcome.failed(request, error, stages.moment(), stages.retry, response=response)
        if result.pause_until is not None:  # before the turn ends: else the next page would start
            stages.frontier.pause(request.host, result.pause_until)
        return result
    finally:
        stages.frontier.leave(lease)


async def _admit(request: Request, stages: Stages) -> PageResult | None:
    """What keeps the request from being sent now; None when nothing does."""
    url = parse(request.asked)
    reason = stages.scope.refuses(url, depth=request.depth, seed=request.seed)
    if reason is not None:
        return outcome.skipped(request, reason)
    rules = stages.robots.answer(url.href)
    asked_now = rules is None
    if rules is None:
        rules = await stages.robots.ask(url.href)
    rule = stages.frontier.robots_known(request.host, rules.crawl_delay_s or 0.0)
    stages.tally.host(request.host).rule(per_host=rule.per_host, delay_s=rule.delay_s)
    if not rules.allows(url.href):
        return outcome.skipped(request, Reason.ROBOTS_DISALLOWED)
    if asked_now and rule.delay_s:  # this turn's start was robots.txt; the page takes the next
        return PageResult(request, again=request)
    if not outcome.is_safe(request.verb):
        await stages.writer.mark_sent(request.id)
    return None


async def _read(request: Request, response: Response, stages: Stages) -> PageResult:
    """What the answer means: another hop, or a page."""
    if _leads_on(response):
        return await _redirect(request, response, stages)
    return await _extract(outcome.answered(request, response), response, stages)


def _leads_on(response: Response) -> bool:
    return "location" in response.headers and is_redirect(response.status)


async def _redirect(request: Request, response: Response, stages: Stages) -> PageResult:
    hop, url = next_hop(
        request,
        response.status,
        response.headers["location"],
        longest=stages.max_redirects,
        may_repeat=stages.cookies,
    )
    if request.seed and stages.scope.join(url.hostname):  # where a seed leads joins the scope
        await stages.writer.join_scope(url.hostname)
    return replace(
        outcome.answered(request, response), again=replace(request, hop=hop, host=url.host)
    )


async def _extract(result: PageResult, response: Response, stages: Stages) -> PageResult:
    rule = stages.router.rule(result.request)
    if rule is None:  # done, and counted as unmatched
        return result
    result = replace(result, rule=rule.name)
    try:
        parsed = await stages.parser.parse(response, rule, result.request)
    except ParseError as error:
        return outcome.unreadable(result, error)
    links = follow(parsed.page, result.request, rule.name, stages.scope)
    if links.out_of_scope and not stages.seeded.is_set():
        await stages.seeded.wait()  # the host of a later seed may let them in
        links = follow(parsed.page, result.request, rule.name, stages.scope)
    return outcome.extracted(result, parsed, links)
