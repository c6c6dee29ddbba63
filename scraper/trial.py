"""One page, tried: which rule fits, what it yields, where its links would lead. No database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

from scraper.core.content import as_utf8
from scraper.core.errors import FetchError, ParseError, UsageError
from scraper.core.extract.again import is_again
from scraper.core.extract.document import Document, Source
from scraper.core.extract.explain import probe, reasons
from scraper.core.extract.join import whole
from scraper.core.extract.nofollow import header_says, page_says
from scraper.core.extract.plan import PageRule
from scraper.core.model import Page, Parsed, Request, Response
from scraper.core.outcome import refused
from scraper.core.plan import Plan
from scraper.core.redirect import is_redirect, next_hop
from scraper.core.request import make_request, sent_headers
from scraper.core.robotstxt import Rules
from scraper.core.route import Router
from scraper.core.scope import Scope
from scraper.core.url import parse
from scraper.logs import escape

NO_URL = "http://file.invalid/"  # a file that nobody gave a URL


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


@dataclass(frozen=True, slots=True)
class Tools:
    """The stages that a trial uses."""

    fetcher: Fetcher
    robots: Robots
    parser: Parser


async def try_url(plan: Plan, text: str, *, page: str | None, tools: Tools) -> dict[str, Any]:
    """Fetch one page as a crawl would, redirects and robots.txt included, and extract it."""
    try:
        request = make_request(parse(text), page=_known(plan, page), seed=True)
    except ValueError as error:
        raise UsageError(str(error)) from error
    try:
        while True:
            rules = await tools.robots.ask(request.asked)
            if not rules.allows(request.asked):
                return _told(plan, request, error="robots.txt disallows it: a crawl skips it")
            response = await tools.fetcher.fetch(request)
            if not is_redirect(response):
                break
            hop, _ = next_hop(
                request,
                response.status,
                response.headers["location"],
                longest=plan.fetch.max_redirects,
                may_repeat=plan.fetch.cookies,
            )
            request = replace(request, hop=hop)
    except FetchError as error:
        return _told(plan, request, error=str(error))
    refusal = refused(response)
    if refusal is not None:
        return _told(plan, request, response=response, error=str(refusal))
    return await _extract(plan, request, response, tools)


async def try_file(
    plan: Plan, body: bytes, *, url: str | None, page: str | None, tools: Tools
) -> dict[str, Any]:
    """Extract a page from a file; `url` or `page` say which rule is meant.

    Raises:
        UsageError: neither is given, and the config has several rules.
    """
    if url is None and page is None and len(plan.pages) != 1:
        names = ", ".join(rule.name for rule in plan.pages) or "none"
        raise UsageError(f"which page rule is meant? Give --url or --page; the rules are: {names}")
    only = plan.pages[0].name if url is None and page is None else page
    try:
        request = make_request(parse(url or NO_URL), page=_known(plan, only), seed=True)
    except ValueError as error:
        raise UsageError(f"--url: {error}") from error
    return await _extract(plan, request, Response(request.url, 200, {}, body), tools)


async def try_kept(
    plan: Plan, request: Request, response: Response, *, page: str | None, tools: Tools
) -> dict[str, Any]:
    """Extract a page that a crawl has kept."""
    refusal = refused(response)
    if refusal is not None:
        return _told(plan, request, response=response, error=str(refusal))
    named = request if page is None else replace(request, page=_known(plan, page))
    return await _extract(plan, named, response, tools)


async def _extract(
    plan: Plan, request: Request, response: Response, tools: Tools
) -> dict[str, Any]:
    rule = Router(plan.pages).rule(request)
    if rule is None:
        return _told(plan, request, response=response)
    try:
        parsed = await tools.parser.parse(response, rule, request)
    except ParseError as error:
        return _told(plan, request, response=response, rule=rule, error=str(error))
    page = whole(rule, parsed.page, request.carry, url=request.url)
    parsed = replace(parsed, page=page)
    try:
        bare = await tools.parser.parse(response, probe(rule), request)
        why = tuple(reasons(rule, page, bare.page))
    except ParseError:  # a picture, which a function of the user's own has read
        why = ()
    return _told(plan, request, response=response, rule=rule, parsed=parsed, empty=why)


def _told(
    plan: Plan,
    request: Request,
    *,
    response: Response | None = None,
    rule: PageRule | None = None,
    parsed: Parsed | None = None,
    empty: tuple[str, ...] = (),
    error: str | None = None,
) -> dict[str, Any]:
    page = parsed.page if parsed else None
    items = [
        {"type": item.type, "key": item.key, "data": json.loads(item.data)}
        for item in (page.items if page else ())
    ]
    return {
        "url": request.url,
        "final_url": response.url if response else None,
        "status": response.status if response else None,
        "body_bytes": len(response.body) if response else None,
        "error": error,
        "page": rule.name if rule else None,
        "pages": [each.name for each in plan.pages],
        "items": items,
        "empty": list(empty),
        "carried": _carried(rule if parsed else None),
        "rejected": [
            {"type": each.type, "field": each.field, "reason": each.reason}
            for each in (page.rejected if page else ())
        ],
        "invalid": {name: dict(counts) for name, counts in page.invalid.items()} if page else {},
        "links": list(_links(plan, request, response, page)),
        "nofollow": page is not None and _passes_links(rule, response),
        "time_s": {
            "fetch": response.first_byte_s + response.body_s + response.connect_s + response.dns_s
            if response
            else None,
            "parse": parsed.parse_s if parsed else None,
        },
    }


def _carried(rule: PageRule | None) -> dict[str, list[str]]:
    """What the item types read of carries, which a page tried by itself has none of."""
    items = rule.items if rule else ()
    return {item.type: list(item.reads) for item in items if item.reads}


def _links(
    plan: Plan, request: Request, response: Response | None, page: Page | None
) -> Iterator[dict[str, Any]]:
    seen = {request.url, response.url if response else request.url}  # a seed may redirect
    scope = Scope(plan.scope, seed_hosts={parse(url).hostname for url in seen})
    for link in page.links if page else ():
        reason = scope.refuses(parse(link.url), depth=request.depth + 1)
        told = {
            "url": link.url,
            "page": link.page,
            "fate": reason or "followed",
            "method": link.method,
            "headers": dict(sent_headers(link.headers)),
            "body": None if link.body is None else link.body.decode("utf-8", "replace"),
        }
        yield {**told, "carry": dict(link.carry)} if link.carry else told


def _passes_links(rule: PageRule | None, response: Response | None) -> bool:
    """Whether links are passed over because the page asks so."""
    if rule is None or response is None or not rule.nofollow or all(map(is_again, rule.follow)):
        return False
    if header_says(response.headers.get("x-robots-tag", "")):
        return True
    body = as_utf8(response.body, response.headers.get("content-type", ""))
    return page_says(Document(body, Source(response.url, response.url)))


def _known(plan: Plan, page: str | None) -> str | None:
    names = [rule.name for rule in plan.pages]
    if page is not None and page not in names:
        raise UsageError(f"--page: no page rule {page!r}; the rules are: {', '.join(names)}")
    return page


def as_text(trial: dict[str, Any]) -> str:
    """The trial for a person; what the page contains cannot move a terminal's cursor."""
    return "\n".join(escape(line) for line in _lines(trial))


def _lines(trial: dict[str, Any]) -> Iterator[str]:
    yield f"{trial['url']}  status {trial['status'] or 'none'}"
    if trial["final_url"] not in (None, trial["url"]):
        yield f"redirected to {trial['final_url']}"
    if trial["error"]:
        first, *trace = trial["error"].splitlines()
        yield f"error: {first}"
        yield from trace
        return
    others = ", ".join(name for name in trial["pages"] if name != trial["page"])
    yield f"page rule: {trial['page'] or 'none fits'}" + (f" (others: {others})" if others else "")
    yield from _found(trial)
    if trial["nofollow"]:
        yield "links are passed over, as the page asks (nofollow); nofollow: ignore follows them"
    for link in trial["links"]:
        page = f" as {link['page']}" if link["page"] else ""
        method = "" if link["method"] == "GET" else f"{link['method']} "
        yield f"link {method}{link['url']}{page}: {link['fate']}"
        for name, value in link["headers"].items():
            yield f"  {name}: {value}"
        if link["body"] is not None:
            yield f"  body {link['body']}"
        for name, value in link.get("carry", {}).items():
            yield f"  carries {name}: {json.dumps(value, ensure_ascii=False)}"
    seconds = "  ".join(f"{k} {v:.3f} s" for k, v in trial["time_s"].items() if v is not None)
    yield f"{len(trial['items'])} items, {len(trial['links'])} links  {seconds}".rstrip()


def _found(trial: dict[str, Any]) -> Iterator[str]:
    """The items, and what is amiss with them."""
    for item in trial["items"]:
        yield f"{item['type']}  key {item['key']}"
        for name, value in item["data"].items():
            yield f"  {name}: {json.dumps(value, ensure_ascii=False)}"
    for rejected in trial["rejected"]:
        yield f"rejected {rejected['type']}: field {rejected['field']} is {rejected['reason']}"
    for empty in trial["empty"]:
        yield f"empty {empty}"
    for type_, names in trial["carried"].items():
        yield f"carried {type_}: null here, as the links to a page bring it: {', '.join(names)}"
    for type_, counts in trial["invalid"].items():
        for field, count in counts.items():
            values = "value does" if count == 1 else "values do"
            yield f"invalid {type_}.{field}: {count} {values} not convert"
