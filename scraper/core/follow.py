"""The links of a page, judged by scope and as traps, and made requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from scraper.core.model import Link, Page, Reason, Request
from scraper.core.request import make_request, of_form
from scraper.core.schedule.traps import trap
from scraper.core.scope import Scope
from scraper.core.url import Url, parts
from scraper.core.urlrules import UrlRules

KNOWN_LINKS = 16_384  # kept, a kilobyte each: nine in ten links of a page were seen before


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of the links of one page."""

    requests: tuple[Request, ...]  # in scope, in the order of the page
    found: int
    out_of_scope: int  # too deep ones too
    outside: tuple[tuple[str, int], ...] = ()  # those out of scope, by the key of `scope`
    trapped: int = 0  # in scope, and without end as it seems: see `core.schedule.traps`


def follow(page: Page, parent: Request, rule: str, scope: Scope, rules: UrlRules) -> Followed:
    """Judge the links of `page` and make requests of them.

    A link whose `page` is its parent's own rule is pagination and adds no depth.
    """
    requests: list[Request] = []
    outside: dict[str, int] = {}
    for link in page.links:
        request = _request(link, parent, rule, scope, rules)
        if isinstance(request, Request):
            requests.append(request)
        else:
            outside[request] = outside.get(request, 0) + 1
    found, trapped = len(page.links), outside.pop(Reason.TRAP, 0)
    out_of_scope = found - len(requests) - trapped
    return Followed(tuple(requests), found, out_of_scope, tuple(outside.items()), trapped)


def joined(parts: Iterable[Followed]) -> Followed:
    """The links of one page that were judged in parts."""
    requests: list[Request] = []
    found = out_of_scope = trapped = 0
    outside: Counter[str] = Counter()
    for part in parts:
        requests += part.requests
        found += part.found
        out_of_scope += part.out_of_scope
        trapped += part.trapped
        for key, count in part.outside:
            outside[key] += count
    return Followed(tuple(requests), found, out_of_scope, tuple(outside.items()), trapped)


def without(followed: Followed, is_trap: Callable[[Request], bool]) -> Followed:
    """The links that are no traps by another judgement too."""
    kept = tuple(request for request in followed.requests if not is_trap(request))
    trapped = followed.trapped + len(followed.requests) - len(kept)
    return replace(followed, requests=kept, trapped=trapped)


def _request(
    link: Link, parent: Request, rule: str, scope: Scope, rules: UrlRules
) -> Request | str:
    depth = parent.depth + (link.page != rule)
    url, request, is_trap = _target(link.url, link.page, depth, rules)
    outside = scope.line(url, depth=depth)
    if outside is not None:
        return outside
    if is_trap and scope.closes_traps:
        return Reason.TRAP
    if link.method != "GET" or link.headers or link.body:
        request = make_request(
            url,
            method=link.method,
            headers=of_form(link.headers, before=parent.headers, rule=rule),
            body=link.body,
            page=link.page,
            depth=depth,
        )
    return replace(request, carry=link.carry, half=link.half) if link.carry else request


@lru_cache(maxsize=KNOWN_LINKS)
def _target(href: str, page: str | None, depth: int, rules: UrlRules) -> tuple[Url, Request, bool]:
    """A link's URL, request and whether it is a trap, once for the many pages that link to it."""
    url = rules.apply(parts(href))
    return url, make_request(url, page=page, depth=depth), trap(url) is not None
