"""Runs the extraction: here, some pages per turn of the loop, or in a worker process.

`core.schedule.placement` decides by what a page is predicted to cost; what nests suspiciously
always goes to a worker, which can be killed.
"""

from __future__ import annotations

import asyncio
import os
import pickle
from contextlib import suppress
from dataclasses import replace
from functools import partial
from time import perf_counter, thread_time
from types import TracebackType
from typing import Any, Self

from scraper.core.amend import Draft
from scraper.core.content import as_utf8, encoding, media_type
from scraper.core.errors import ParseError
from scraper.core.extract import Extractor, Source, takes_nothing
from scraper.core.extract.again import is_again
from scraper.core.extract.custom import plans
from scraper.core.extract.nofollow import NOTHING, header_asks
from scraper.core.extract.plan import FieldPlan, PageRule
from scraper.core.model import (
    Page,
    Parsed,
    Reason,
    Request,
    Response,
)
from scraper.core.nesting import suspicious
from scraper.core.plan import ParsePlan
from scraper.core.schedule.placement import Placement
from scraper.parse.answers import NONSENSE, page_of
from scraper.parse.pool import WorkerPool
from scraper.parse.turns import Turns

_MOST_PROCESSES = 8
_MOST_WAITING_BYTES = 32 * 1024 * 1024
_INLINE_REGEX_S = 0.05  # a search that takes longer is tried again in a worker
_INLINE_PAGE_REGEX_S = 0.1  # as above: all searches of a page
_TEXTS = frozenset(
    {"", "application/json", "application/xml", "application/javascript"}
)  # beside text/...


class Parser:
    """Extraction of the pages of one run; use as an async context manager."""

    def __init__(self, plan: ParsePlan, pages: tuple[PageRule, ...]) -> None:
        self.processes = processes_of(plan)
        self.inline = 0
        self.inline_cpu_s = 0.0
        self.pooled = 0
        self.waiting_bytes = 0  # of pages in or before the pool
        self._plan = plan
        self._custom = {rule.name for rule in pages if plans(rule)}  # never here: they may hang
        self._extractors = {
            rule.name: Extractor(
                rule,
                regex_timeout_s=_INLINE_REGEX_S,
                regex_page_s=_INLINE_PAGE_REGEX_S,
                clock=perf_counter,
            )
            for rule in pages
            if rule.name not in self._custom
        }
        self._with_headers = {rule.name for rule in pages if reads_headers(rule)}
        self._with_ask = {rule.name for rule in pages if asks_again(rule)}
        self._placement = Placement(plan.offload)
        self._turns = Turns()
        self._room = asyncio.Event()
        self._pool = WorkerPool(pages, processes=self.processes, timeout_s=plan.timeout_s)

    def __repr__(self) -> str:
        return f"<Parser {self.inline} inline, {self.pooled} pooled, {self._placement}>"

    async def __aenter__(self) -> Self:
        """Return at once; a worker starts with the first page that wants one."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._pool.close()

    @property
    def waiting(self) -> int:
        """Pages that wait for the loop's turn."""
        return self._turns.waiting

    @property
    def busy(self) -> int:
        """Workers that have a page."""
        return self._pool.busy

    @property
    def queued(self) -> int:
        """Pages that wait for a worker."""
        return self._pool.queued

    @property
    def deaths(self) -> int:
        """Workers that ended by themselves or were killed by others."""
        return self._pool.tally.deaths

    @property
    def timeouts(self) -> int:
        """Workers that were killed because they gave no answer in time."""
        return self._pool.tally.timeouts

    def workers_cpu_s(self) -> float:
        """Processor seconds of all workers so far."""
        return self._pool.cpu_s()

    def workers_peak_bytes(self) -> int:
        """The sum of the workers' peaks of memory."""
        return self._pool.peak_bytes()

    def kill(self) -> None:
        """Kill all workers now, without waiting."""
        self._pool.kill()

    async def room(self) -> None:
        """Return when few enough bytes wait for the pool that another page may be fetched."""
        while self.waiting_bytes >= _MOST_WAITING_BYTES:
            self._room.clear()
            await self._room.wait()

    async def parse(self, response: Response, rule: PageRule, request: Request) -> Parsed:
        """Extract one page.

        A page that is no text (a picture, an archive) is an error where the rule looks for
        something in it; what is said of it (`from`) can be had all the same.

        Raises:
            ParseError: what is wrong with the page, or that it killed two workers.
        """
        if takes_nothing(rule):
            return Parsed(Page(), "inline", 0.0, 0.0)
        content_type = read_as(rule, response)
        if content_type is None:
            response, content_type = replace(response, body=b""), ""
        started = perf_counter()
        source = source_of(
            response,
            request,
            with_headers=rule.name in self._with_headers,
            with_ask=rule.name in self._with_ask,
            robot=rule.robot,
        )
        is_custom = rule.name in self._custom
        if not is_custom and not self._placement.is_pooled(rule.name, len(response.body)):
            here = partial(self._here, response.body, content_type, rule, source, started)
            parsed = await self._turns.do(here)
            if parsed is not None:
                return parsed
        return await self._in_pool(response.body, content_type, rule, source, started)

    def _here(
        self, body: bytes, content_type: str, rule: PageRule, source: Source, started: float
    ) -> Parsed | None:
        """Extract on the loop; None when the page needs the pool's patience."""
        begun, computed_s = perf_counter(), thread_time()
        if rule.submit:
            source = replace(source, charset=encoding(body, content_type))
        body = as_utf8(body, content_type)
        if suspicious(body):
            return None
        try:
            page = self._extractors[rule.name](body, source)
        except ParseError as error:
            if error.reason == Reason.PARSE_TIMEOUT:
                return None
            raise
        finally:
            # not by the clock: what other threads and processes do meanwhile says nothing of a page
            spent_s = thread_time() - computed_s
            self.inline_cpu_s += spent_s
            self._placement.parsed(rule.name, len(body), spent_s)
        self.inline += 1
        return Parsed(page, "inline", begun - started, perf_counter() - begun)

    async def _in_pool(
        self, body: bytes, content_type: str, rule: PageRule, source: Source, started: float
    ) -> Parsed:
        began = perf_counter()
        head = pickle.dumps((rule.name, content_type, plain_source(source)))
        handed_s = perf_counter() - began
        self.pooled += 1
        answer = await self._ask(head, body)
        if "page" not in answer:
            raise ParseError(answer["reason"], answer["detail"])
        began = perf_counter()
        try:
            page = page_of(answer["page"])
        except NONSENSE as error:
            raise ParseError(Reason.PARSE_CRASH, "the worker's answer makes no sense") from error
        ended = perf_counter()
        parse_s = float(answer["parse_s"])
        self._placement.tripped(handed_s + ended - began)
        self._placement.parsed(rule.name, len(body), parse_s)
        return Parsed(page, "pool", max(0.0, ended - started - parse_s), parse_s)

    async def _ask(self, head: bytes, body: bytes) -> dict[str, Any]:
        self.waiting_bytes += len(body)
        try:
            return await self._pool.ask(head, body)
        finally:
            self.waiting_bytes -= len(body)
            self._room.set()


def read_as(rule: PageRule, response: Response) -> str | None:
    """The content type by which a page is decoded; None: it is no text, and none is looked for.

    Functions of the user's own are given any page.

    Raises:
        ParseError: it is no text, and the rule looks for something in it.
    """
    content_type = response.headers.get("content-type", "")
    if not _is_text(media_type(content_type)) and not plans(rule):
        if _looks_inside(rule):
            raise ParseError(Reason.CONTENT_TYPE, content_type[:200])
        return None
    if rule.charset is not None:
        return f"{media_type(content_type)}; charset={rule.charset}"
    return content_type


def source_of(
    response: Response, request: Request, *, with_headers: bool, with_ask: bool, robot: str
) -> Source:
    """Where a page came from.

    Args:
        robot: whom the page may ask by its name, see `PageRule.robot`.
    """
    return Source(
        request.url,
        response.url,
        response.status,
        dict(response.headers) if with_headers else {},
        dict(request.carry),
        media_type(response.headers.get("content-type", "")),
        _sent(request),
        _draft(request) if with_ask else None,
        header_asks(tag, robot) if (tag := response.headers.get("x-robots-tag")) else NOTHING,
    )


def asks_again(rule: PageRule) -> bool:
    """Whether a link of the rule is the page's own request with other values."""
    return any(map(is_again, rule.follow))


def _draft(request: Request) -> Draft:
    return Draft(request.url, request.method, request.headers, request.body)


def _sent(request: Request) -> str:
    """What tells the request from a plain GET of its URL."""
    plain = request.method == "GET" and not request.body
    return "" if plain else f"{request.method} {request.key.hex()}"


def processes_of(plan: ParsePlan) -> int:
    """How many worker processes there may be."""
    return max(1, plan.processes or _processes())


def _processes() -> int:
    """As many as the processors we may use, within reason."""
    with suppress(AttributeError):  # not everywhere
        return min(_MOST_PROCESSES, len(os.sched_getaffinity(0)))
    return min(_MOST_PROCESSES, os.cpu_count() or 1)


def _is_text(media: str) -> bool:
    return media.startswith("text/") or media in _TEXTS or media.endswith(("+xml", "+json"))


def _looks_inside(rule: PageRule) -> bool:
    def looks(field: FieldPlan) -> bool:
        elsewhere = field.is_const or field.source is not None
        return any(map(looks, field.any)) if field.any else not elsewhere

    if rule.valid is not None or rule.submit or any(link.css is None for link in rule.follow):
        return True
    return any(item.each or any(map(looks, item.fields)) for item in rule.items)


def reads_headers(rule: PageRule) -> bool:
    """Whether a field is taken from a header, or a function may look at all of them."""

    def reads(fields: tuple[FieldPlan, ...]) -> bool:
        return any(
            (f.source or "").startswith("header:") or reads(f.fields) or reads(f.any)
            for f in fields
        )

    if plans(rule):
        return True
    for link in rule.follow:
        if reads(link.set) or (link.condition is not None and reads((link.condition,))):
            return True
    fills = (fill.field for form in rule.submit for fill in form.fill if fill.field)
    return reads(tuple(fills)) or any(reads(item.fields) for item in rule.items)


def plain_source(source: Source) -> tuple[object, ...]:
    """The source as a worker is sent it."""
    return (
        source.url,
        source.final_url,
        source.status,
        source.headers,
        source.carry,
        source.media,
        source.sent,
        source.ask,
        source.asks,
    )
