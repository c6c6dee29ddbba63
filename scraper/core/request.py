"""Making requests: the identity of the unit of work, and notes of how it came to be.

Notes stand among the headers, under names that no header can have, and are never sent. Two of them
say that the config itself asks for a request: it is the page's own once more (`increment`, `set`),
or a form that was sent (`submit`). Such a request leads nowhere else than the config says, so it
is not judged by what comes of it; but for a form that stands where its own answers lead.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

from scraper.core.model import NOTHING, Json, Request
from scraper.core.url import Url

COUNT = ":again"
_FORM = ":form"
OF_FORM = (_FORM, "")  # the note of a form as it is found; see `of_form`
MOST_IN_A_ROW = 10_000  # pages that lead to each other by `increment` or `set`
_TRAP = "trap"
_ROUND = "\n"
Headers = tuple[tuple[str, str], ...]


def times(headers: Headers) -> int:
    """How many requests of its kind came before this one, each made of the page before."""
    said = _value(headers, COUNT)
    return MOST_IN_A_ROW if said == _TRAP else int(said or 0)


def counted(headers: Headers, number: int) -> Headers:
    """The headers with the note that so many came before; too many are noted as a trap."""
    kept = tuple(pair for pair in headers if pair[0] != COUNT)
    return (*kept, (COUNT, str(number) if number < MOST_IN_A_ROW else _TRAP))


def is_trap(headers: Headers) -> bool:
    """Whether too many requests came before this one."""
    return bool(headers) and (COUNT, _TRAP) in headers


def of_form(headers: Headers, *, before: Headers, rule: str) -> Headers:
    """The headers of a form with the note of the rules whose forms have led to it.

    Args:
        before: the headers of the page that it stands on.
        rule: that has read that page.
    """
    if OF_FORM not in headers:
        return headers
    led = _value(before, _FORM)
    names = led.split("\n") if led else []
    goes_round = led == _ROUND or rule in names
    note = _ROUND if goes_round else "\n".join((*names, rule))
    return tuple((name, note if name == _FORM else value) for name, value in headers)


def is_asked_for(headers: Headers) -> bool:
    """Whether the config itself asks for this request, and it has an end."""
    if not headers or is_trap(headers):
        return False
    return bool(_value(headers, COUNT)) or _value(headers, _FORM) not in ("", _ROUND)


def sent_headers(headers: Headers) -> Headers:
    """The headers without our notes."""
    return tuple(pair for pair in headers if not pair[0].startswith(":"))


def make_request(
    url: Url,
    *,
    method: str = "GET",
    headers: Headers = (),
    body: bytes | None = None,
    page: str | None = None,
    depth: int = 0,
    seed: bool = False,
    carry: Mapping[str, Json] = NOTHING,
) -> Request:
    """Return the request of a URL; equal method, URL key and body are the same request.

    The method is written in upper case. No body and an empty one are the same.
    """
    verb = method.upper()
    return Request(
        url=url.href,
        key=request_key(verb, url.key, body),
        host=url.host,
        method=verb,
        headers=headers,
        body=body,
        page=page,
        depth=depth,
        seed=seed,
        carry=carry,
    )


def request_key(method: str, url_key: str, body: bytes | None) -> bytes:
    """Return the 16 bytes that identify a request.

    Neither a method nor a URL key holds a line end, so the parts cannot run into each other.
    """
    identity = f"{method}\n{url_key}".encode()
    if body:
        identity += b"\n" + blake2b(body, digest_size=32).digest()
    return blake2b(identity, digest_size=16).digest()


def _value(headers: Headers, note: str) -> str:
    return next((value for name, value in headers if name == note), "")
