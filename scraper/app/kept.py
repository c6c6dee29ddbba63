"""Wiring of the commands that work on kept and recorded pages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

import uvloop

from scraper.clock import SystemClock
from scraper.core.errors import FetchError, UsageError
from scraper.core.extract.explain import probe
from scraper.core.model import Request, Response
from scraper.core.outcome import refused
from scraper.core.plan import Plan
from scraper.core.redirect import is_redirect
from scraper.fetch import Fetcher
from scraper.parse.parser import Parser
from scraper.record import Recording, compare, folder_of, record, save
from scraper.robots import Robots
from scraper.store import open_reader
from scraper.trial.keptpage import kept_page
from scraper.trial.once import Tools
from scraper.trial.page import try_url
from scraper.why.fate import why

T = TypeVar("T")
log = logging.getLogger(__name__)


def record_page(
    plan: Plan, config: Path, target: str, *, page: str | None, output: str | None
) -> str:
    """Record one page, fetched or kept; returns what to say.

    Raises:
        UsageError: there is no such page, page rule or folder.
        FetchError: the page could not be had.
    """
    kept = kept_page(target)
    if kept is None and not target.startswith(("http://", "https://")):
        raise UsageError(f"{target}: no URL: it begins with http:// or https://")
    names = [rule.name for rule in plan.pages]
    if page is not None and page not in names:
        raise UsageError(f"--page: no page rule {page!r}; the rules are: {', '.join(names)}")
    folder = folder_of(config, output)

    async def work(parser: Parser) -> Recording:
        found = kept or await _fetched(plan, target, page=page, parser=parser)
        request, response = found
        error = refused(response)
        if error is not None:
            raise error
        named = replace(request, page=page) if page is not None else request
        return await record(plan, replace(named, hop=None), response, parser)

    recording = _with_parser(plan, work)
    path = save(folder, recording)
    return f"{path}: {_gives(recording)}"


async def _fetched(
    plan: Plan, url: str, *, page: str | None, parser: Parser
) -> tuple[Request, Response]:
    """A page as `try` fetches it, and the request that it answers."""
    async with Fetcher(plan.fetch) as fetcher:
        last = _Last(fetcher)
        agent, obey = plan.fetch.user_agent, plan.politeness.robots
        robots = Robots(fetcher=fetcher, agent=agent, obey=obey, clock=SystemClock())
        trial = await try_url(plan, url, page=page, tools=Tools(last, robots, parser))
        if last.answer is None or is_redirect(last.answer[1]):
            raise FetchError(str(trial["error"]))
        return last.answer


class _Last:
    """A fetcher that remembers its last answer."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self.answer: tuple[Request, Response] | None = None

    async def fetch(self, request: Request) -> Response:
        self.answer = None
        response = await self._fetcher.fetch(request)
        self.answer = request, response
        return response


def _gives(recording: Recording) -> str:
    """What a recorded page is expected to give, in a few words."""
    gives = recording.gives
    if gives["error"]:
        return f"recorded with the error {gives['error']}"
    counts = (f"{len(cast('list[Any]', gives[name]))} {name}" for name in ("items", "links"))
    return f"recorded, page rule {gives['rule'] or 'none'}, {', '.join(counts)}"


def replay_pages(
    plan: Plan, config: Path, *, recorded: str | None, update: bool
) -> tuple[int, list[str]]:
    """Replay what is recorded; returns how many pages differ, and lines that say how.

    Raises:
        UsageError: nothing is recorded.
    """
    folder = folder_of(config, recorded)
    return _with_parser(plan, lambda parser: compare(plan, folder, parser, update=update))


def _with_parser(plan: Plan, use: Callable[[Parser], Coroutine[Any, Any, T]]) -> T:
    async def work() -> T:
        rules = (*plan.pages, *map(probe, plan.pages))  # `try_url` reads a page with these too
        async with Parser(plan.parse, rules) as parser:
            return await use(parser)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work())


def find_out(database: Path, url: str) -> dict[str, Any]:
    """What became of a URL; see `why`."""
    with open_reader(database) as reader:
        return why(reader.connection, url, now=SystemClock().now())
