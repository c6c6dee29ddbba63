"""Where a redirect leads: one hop at a time, each judged like a new URL before it is asked."""

from __future__ import annotations

from scraper.core.errors import FetchError
from scraper.core.model import Hop, Reason, Request, Response
from scraper.core.url import Url, origin_of, parse, parts, shown

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def is_redirect(response: Response) -> bool:
    """Whether the answer sends us elsewhere and says where."""
    return response.status in _REDIRECTS and "location" in response.headers


def next_hop(
    request: Request, status: int, location: str, *, longest: int, may_repeat: bool = False
) -> tuple[Hop, Url]:
    """Return the next hop of `request` and its URL.

    Args:
        longest: redirects followed in all.
        may_repeat: whether a URL asked before may be asked again; a site that sets a cookie and
            sends back to the same page needs that.

    Raises:
        FetchError: `redirects`: too many, a loop, no http(s) URL, or another origin that would be
            sent the request's body: it may hold secrets, as its headers may.

    Source: RFC 9110 section 15.4; a fragment is dropped, method and body as browsers do.
    """
    seen = (*request.hop.seen, request.asked) if request.hop else (request.url,)
    try:
        url = parse(location, request.asked)
    except ValueError as error:
        raise FetchError(
            Reason.REDIRECTS, f"leads to no http(s) URL: {shown(location[:200])!r}"
        ) from error
    if len(seen) > longest:
        raise FetchError(Reason.REDIRECTS, f"more than {longest} redirects (fetch.max_redirects)")
    method = _method(request.verb, status)
    if request.body and method == request.method and not _may_have_body(parts(request.url), url):
        why = f"would send the body on to {origin_of(url.href)}: write that URL, if it is right"
        raise FetchError(Reason.REDIRECTS, why)
    alike = seen if method == request.method else seen[1:]  # a GET after a POST is no repetition
    if not may_repeat and url.href in alike:
        raise FetchError(Reason.REDIRECTS, f"a loop: {shown(url.href)} was asked before")
    return Hop(url.href, method, seen), url


def _may_have_body(home: Url, url: Url) -> bool:
    """Whether it is the same origin, or the same host by https where both have the usual port."""
    if url.hostname != home.hostname:
        return False
    here, there = (home.scheme, home.port), (url.scheme, url.port)
    return here == there or (here, there) == (("http", 80), ("https", 443))


def _method(verb: str, status: int) -> str:
    if status == 303 and verb != "HEAD":  # See Other
        return "GET"
    return "GET" if status in (301, 302) and verb == "POST" else verb
