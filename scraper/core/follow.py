"""The links of a page, judged by scope and made requests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from scraper.core.model import Link, Page, Request
from scraper.core.request import make_request
from scraper.core.scope import Scope
from scraper.core.url import Url, parts

KNOWN_LINKS = 16_384  # kept, a kilobyte each: nine in ten links of a page were seen before


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of the links of one page."""

    requests: tuple[Request, ...]  # in scope, in the order of the page
    found: int
    out_of_scope: int  # too deep ones too


def follow(page: Page, parent: Request, rule: str, scope: Scope) -> Followed:
    """Judge the links of `page` by scope and make requests of them.

    A link whose `page` is its parent's own rule is pagination and adds no depth.
    """
    requests: list[Request] = []
    for link in page.links:
        request = _request(link, parent, rule, scope)
        if request is not None:
            requests.append(request)
    found = len(page.links)
    return Followed(tuple(requests), found, found - len(requests))


def joined(parts: Iterable[Followed]) -> Followed:
    """The links of one page that were judged in parts."""
    requests: list[Request] = []
    found = out_of_scope = 0
    for part in parts:
        requests += part.requests
        found += part.found
        out_of_scope += part.out_of_scope
    return Followed(tuple(requests), found, out_of_scope)


def _request(link: Link, parent: Request, rule: str, scope: Scope) -> Request | None:
    depth = parent.depth + (link.page != rule)
    url, request = _target(link.url, link.page, depth)
    if scope.refuses(url, depth=depth) is not None:
        return None
    if link.method != "GET" or link.headers or link.body:
        request = make_request(
            url,
            method=link.method,
            headers=link.headers,
            body=link.body,
            page=link.page,
            depth=depth,
        )
    return replace(request, carry=link.carry, half=link.half) if link.carry else request


@lru_cache(maxsize=KNOWN_LINKS)
def _target(href: str, page: str | None, depth: int) -> tuple[Url, Request]:
    """A link's URL and request, made once for the many pages that link to it."""
    url = parts(href)
    return url, make_request(url, page=page, depth=depth)
