"""`scraper new`: one look at a page, and a config to start from."""

from __future__ import annotations

from dataclasses import replace

from scraper.core.address import refused as why_not_public
from scraper.core.content import as_utf8, media_type
from scraper.core.errors import UsageError
from scraper.core.extract import Source
from scraper.core.extract.suggest import suggest
from scraper.core.model import Response
from scraper.core.plan import FetchPlan, PrivatePlan
from scraper.core.request import make_request
from scraper.core.url import Url, parse
from scraper.trial.draft import Origin, draft
from scraper.trial.once import Tools, fetch_once

_NO_URL = "http://file.invalid/"  # a file that nobody gave a URL
_NEAR = frozenset({"loopback", "private"})


def reaching(plan: FetchPlan, text: str) -> FetchPlan:
    """The plan, allowed to reach the host of a URL on this machine or network.

    Who names such a host on the command line means it; links and redirects mean nothing.
    """
    near = _near(_parsed(text))
    return plan if near is None else replace(plan, private=PrivatePlan(hosts=frozenset({near})))


def _near(url: Url) -> str | None:
    """`host:port` of a URL that names this machine, or an address of a private network."""
    name = url.hostname.strip("[]")
    is_local = name == "localhost" or name.endswith(".localhost")
    return url.host if is_local or why_not_public(name) in _NEAR else None


async def new_from_url(plan: FetchPlan, text: str, tools: Tools) -> str:
    """Fetch a page once and propose a config.

    Raises:
        FetchError: there is no such page, or robots.txt disallows it.
        UsageError: it is no URL.
    """
    url = _parsed(text)
    response = await fetch_once(make_request(url, seed=True), plan, tools)
    found = suggest(*_read(response, url.href))
    return draft(found, Origin(shown=text, url=url.href, private=_near(url)))


def new_from_body(body: bytes, shown: str, url: str | None) -> str:
    """Propose a config for a page from a file; `url` is where it came from."""
    given = None if url is None else _parsed(url)
    href = _NO_URL if given is None else given.href
    found = suggest(*_read(Response(href, 200, {}, body), href))
    if given is None:
        return draft(found, Origin(shown=shown, url=None))
    return draft(found, Origin(shown=shown, url=href, private=_near(given)))


def _read(response: Response, url: str) -> tuple[bytes, Source]:
    content_type = response.headers.get("content-type", "")
    source = Source(url, response.url, response.status, media=media_type(content_type))
    return as_utf8(response.body, content_type), source


def _parsed(text: str) -> Url:
    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from error
