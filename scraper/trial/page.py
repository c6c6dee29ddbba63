"""One page, tried: which rule fits, what it yields, where its links would lead. No database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from scraper.core.content import as_utf8
from scraper.core.errors import FetchError, ParseError, UsageError
from scraper.core.extract.again import is_again
from scraper.core.extract.document import Document, Source
from scraper.core.extract.explain import Loss, doubles, hrefs, losses, misfits, probe
from scraper.core.extract.join import whole
from scraper.core.extract.nofollow import NOFOLLOW, header_asks, page_asks
from scraper.core.extract.plan import PageRule
from scraper.core.fates import left_out, links_fates, why_not
from scraper.core.model import Page, Parsed, Reason, Request, Response
from scraper.core.outcome import refused
from scraper.core.plan import Plan
from scraper.core.request import make_request
from scraper.core.route import Router
from scraper.core.url import parse
from scraper.core.urlrules import UrlRules
from scraper.trial.once import RefusedError, Tools, fetch_once

_OVER = f"{Reason.LOGIN}: it shows login.expired right after a login"
NO_URL = "http://file.invalid/"  # a file that nobody gave a URL


@dataclass(frozen=True, slots=True)
class _Trial:
    """What was found out."""

    plan: Plan
    request: Request
    response: Response | None = None
    rule: PageRule | None = None
    parsed: Parsed | None = None
    second: Page | None = None  # what `probe` found
    error: str | None = None


async def try_url(plan: Plan, text: str, *, page: str | None, tools: Tools) -> dict[str, Any]:
    """Fetch one page as a crawl would, redirects, robots.txt and login included, and extract it.

    Raises:
        UsageError: this is no URL, or the site refuses the login.
    """
    try:
        request = make_request(UrlRules(plan.url).parse(text), page=_known(plan, page), seed=True)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if tools.session is not None:
        await tools.session.open()
    try:
        response = await fetch_once(request, plan.fetch, tools)
    except RefusedError as error:
        return _told(_Trial(plan, request, error.response, error=str(error)))
    except FetchError as error:
        return _told(_Trial(plan, request, error=str(error)))
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
    told = await _extract(plan, request, Response(request.url, 200, {}, body), tools)
    return {**told, "time_s": {**_times(None, None), "parse": told["time_s"]["parse"]}}


async def try_kept(
    plan: Plan, request: Request, response: Response, *, page: str | None, tools: Tools
) -> dict[str, Any]:
    """Extract a page that a crawl has kept."""
    refusal = refused(response)
    if refusal is not None:
        return _told(_Trial(plan, request, response, error=str(refusal)))
    named = request if page is None else replace(request, page=_known(plan, page))
    told = await _extract(plan, named, response, tools)
    return {**told, "time_s": {**_times(None, None), "parse": told["time_s"]["parse"]}}


async def _extract(
    plan: Plan, request: Request, response: Response, tools: Tools
) -> dict[str, Any]:
    rule = Router(plan.pages).rule(request)
    if rule is None:
        return _told(_Trial(plan, request, response))
    try:
        parsed = await tools.parser.parse(response, rule, request)
    except ParseError as error:
        return _told(_Trial(plan, request, response, rule, error=str(error)))
    if parsed.page.expired:
        return _told(_Trial(plan, request, response, rule, error=_OVER))
    page = whole(rule, parsed.page, request.carry, url=request.url)
    parsed = replace(parsed, page=page)
    try:
        second = (await tools.parser.parse(response, probe(rule), request)).page
    except ParseError:  # it is read with patience once, or a picture that a function has read
        second = None
    return _told(_Trial(plan, request, response, rule, parsed, second))


def _told(trial: _Trial) -> dict[str, Any]:
    request, response, rule = trial.request, trial.response, trial.rule
    page = trial.parsed.page if trial.parsed else Page()
    lost = list(losses(rule, page, trial.second)) if rule and trial.second else []
    return {
        "url": request.url,
        "final_url": response.url if response else None,
        "status": response.status if response else None,
        "body_bytes": len(response.body) if response else None,
        "error": trial.error,
        "page": rule.name if rule else None,
        "rule": rule.name if rule else None,
        "pages": [each.name for each in trial.plan.pages],
        "why_not": why_not(trial.plan.pages, request, rule) if response else {},
        "items": [
            {"type": item.type, "key": item.key, "data": json.loads(item.data)}
            for item in page.items
        ],
        "empty": list(map(str, lost)),
        "losses": list(map(_loss, lost)),
        "rejected": [
            {
                "type": each.type,
                "field": each.field,
                "reason": each.reason,
                "data": json.loads(each.data),
            }
            for each in page.rejected
        ],
        "invalid": {name: dict(counts) for name, counts in page.invalid.items()},
        "misfits": misfits(rule, trial.second) if rule and trial.second else {},
        "doubles": doubles(rule, page, trial.second) if rule and trial.second else {},
        "carried": _carried(rule if trial.parsed else None),
        "notes": [*page.notes, *_empty_handed(rule, page)],
        "nofollow": trial.parsed is not None and _passes_links(rule, response),
        "links": list(map(asdict, _links(trial, page))) if rule else [],
        "time_s": _times(response, trial.parsed),
    }


def _items(page: Page | None) -> list[dict[str, Any]]:
    return [
        {"type": item.type, "key": item.key, "data": json.loads(item.data)}
        for item in (page.items if page else ())
    ]


def _carried(rule: PageRule | None) -> dict[str, list[str]]:
    """What the item types read of carries, which a page tried by itself has none of."""
    items = rule.items if rule else ()
    return {item.type: list(item.reads) for item in items if item.reads}


def _empty_handed(rule: PageRule | None, page: Page) -> Iterator[str]:
    """Links that carry nothing, though their `carry` says so: they stand in no item."""
    follow = rule.follow if rule else ()
    for target in dict.fromkeys(plan.page for plan in follow if plan.carry):
        plans = [plan for plan in follow if plan.page == target]
        links = [link for link in page.links if link.page == target and not link.carry]
        if links and all(plan.carry for plan in plans):
            types = " or ".join(dict.fromkeys(str(plan.item) for plan in plans))
            why = f"since it stands in no {types}: carry a field of an item without `each`"
            yield f"carry: {links[0].url} carries nothing, {why}"


def _loss(loss: Loss) -> dict[str, Any]:
    """A loss for a script; the first step is the source itself."""
    steps = [{"step": name or "source", "value": value} for name, value in loss.steps]
    return {**asdict(loss), "steps": steps}


def _times(response: Response | None, parsed: Parsed | None) -> dict[str, float | None]:
    if response is None:
        return dict.fromkeys(("fetch", "dns", "connect", "first_byte", "body", "parse"))
    phases = {
        "dns": response.dns_s,
        "connect": response.connect_s,
        "first_byte": response.first_byte_s,
        "body": response.body_s,
    }
    parse_s = parsed.parse_s if parsed else None
    return {"fetch": sum(phases.values()), **phases, "parse": parse_s}


def _links(trial: _Trial, page: Page) -> Iterator[Any]:
    request, rule, response = trial.request, trial.rule, trial.response
    if rule is None or response is None:
        return
    hosts = frozenset(parse(url).hostname for url in (request.url, response.url))
    plan = trial.plan
    yield from links_fates(page.links, request, rule.name, plan, hosts)
    if trial.second is not None:
        once = replace(rule, follow=tuple(one for one in rule.follow if not is_again(one)))
        yield from left_out(hrefs(trial.second), page.links, once, response.url)


def _passes_links(rule: PageRule | None, response: Response | None) -> bool:
    """Whether links are passed over because the page asks so."""
    if rule is None or response is None or not rule.nofollow or all(map(is_again, rule.follow)):
        return False
    if NOFOLLOW in header_asks(response.headers.get("x-robots-tag", ""), rule.robot):
        return True
    body = as_utf8(response.body, response.headers.get("content-type", ""))
    return NOFOLLOW in page_asks(Document(body, Source(response.url, response.url)), rule.robot)


def _known(plan: Plan, page: str | None) -> str | None:
    names = [rule.name for rule in plan.pages]
    if page is not None and page not in names:
        raise UsageError(f"--page: no page rule {page!r}; the rules are: {', '.join(names)}")
    return page
