"""Wiring of the commands that look at one page: `try` and `new`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import uvloop

from scraper import __version__
from scraper.clock import SystemClock
from scraper.core.errors import UsageError
from scraper.core.extract.explain import probe
from scraper.core.login import rules_of
from scraper.core.plan import FetchPlan, Plan, SeedPlan, StorePlan
from scraper.fetch import Fetcher
from scraper.output import say
from scraper.parse.parser import Parser
from scraper.robots import Robots
from scraper.seeds import standard_input
from scraper.session import make_session
from scraper.trial.draft import TEMPLATE
from scraper.trial.keptpage import kept_page
from scraper.trial.new import new_from_body, new_from_url, reaching
from scraper.trial.once import Tools
from scraper.trial.page import try_file, try_kept, try_url
from scraper.trial.text import as_json as trial_json
from scraper.trial.text import as_text as trial_text
from scraper.trial.text import show

T = TypeVar("T")
_MOST_STDIN_BYTES = 64 * 1024 * 1024  # of a page on standard input


def try_page(plan: Plan, target: str, *, url: str | None, page: str | None) -> dict[str, Any]:
    """Try one page; see `trial`. `DATABASE:URL` is a kept one."""
    if _is_url(target, url):
        return _with_tools(plan, lambda tools: try_url(plan, target, page=page, tools=tools))
    kept = kept_page(target)
    if kept is not None:
        if url is not None:
            raise UsageError("--url is for a file: a kept page has its URL")
        return _with_tools(plan, lambda tools: try_kept(plan, *kept, page=page, tools=tools))
    body = _page_of(target)
    return _with_tools(plan, lambda tools: try_file(plan, body, url=url, page=page, tools=tools))


def trial_told(trial: dict[str, Any], *, as_json: bool) -> None:
    """Print a trial: with tables on a terminal, else as plain text, or as JSON."""
    if as_json:
        say(trial_json(trial))
    elif sys.stdout.isatty():
        show(trial, sys.stdout)
    else:
        say(trial_text(trial))


def new_config(target: str | None, *, url: str | None) -> str:
    """A config for a page, or a template; see `new`."""
    if target is None:
        return TEMPLATE
    if not _is_url(target, url):
        return new_from_body(_page_of(target), target, url)
    fetch = reaching(FetchPlan(user_agent=f"scraper/{__version__}"), target)
    plan = Plan(name="new", seeds=SeedPlan(), fetch=fetch, store=StorePlan(""))
    return _with_tools(plan, lambda tools: new_from_url(fetch, target, tools))


def write_new(text: str, output: str, *, force: bool) -> None:
    """Write a config; what is there already is written over only if `force` says so."""
    if output == "-":
        say(text.removesuffix("\n"))
        return
    try:
        with Path(output).open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(f"{output} is there already: give another name, or --force") from error
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror or error}") from error


def _is_url(target: str, url: str | None) -> bool:
    if not target.startswith(("http://", "https://")):
        return False
    if url is not None:
        raise UsageError("--url is for a file: what is given is a URL already")
    return True


def _page_of(target: str) -> bytes:
    """The page in a file, or on standard input."""
    if target == "-":
        return standard_input().read(_MOST_STDIN_BYTES)
    try:
        return Path(target).read_bytes()
    except OSError as error:
        raise UsageError(f"{target}: neither a URL (http:// or https://) nor a file") from error


def _with_tools(plan: Plan, use: Callable[[Tools], Coroutine[Any, Any, T]]) -> T:
    async def once() -> T:
        rules = (*rules_of(plan), *map(probe, plan.pages))
        parse = replace(plan.parse, offload="never") if not plan.pages else plan.parse
        async with Parser(parse, rules) as parser, Fetcher(plan.fetch) as fetcher:
            session = make_session(plan, fetcher, parser, SystemClock(), None)
            return await use(Tools(fetcher, _robots(plan, fetcher), parser, session))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(once())


def _robots(plan: Plan, fetcher: Fetcher) -> Robots:
    agent, obey = plan.fetch.user_agent, plan.politeness.robots
    return Robots(fetcher=fetcher, agent=agent, obey=obey, clock=SystemClock())
