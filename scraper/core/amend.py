"""A request with one value changed: in its query, in its JSON or form body, or in a header.

The other parameters stay as they are written, in their order and encoding. A *spot* says where a
value goes: `query:NAME`, `json:PATH` (dots lead into objects and lists), `form:NAME`,
`header:NAME`, or a bare name, which is where the request has its parameters: in the query if it
is there already, else in the body of a request that has a JSON or form body, else in the query.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TypeAlias
from urllib.parse import quote, unquote_plus

from scraper.core.content import media_type
from scraper.core.model import Json

KINDS = ("query", "json", "form", "header")
MOST_CHARACTERS = 65_536  # of a value: pages are strangers
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
Headers: TypeAlias = tuple[tuple[str, str], ...]


class AmendError(ValueError):
    """A value cannot go where it is wanted."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A request that is being written."""

    url: str  # normalised, without fragment
    method: str = "GET"
    headers: Headers = ()
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a value goes."""

    kind: str  # one of KINDS; "": wherever the request has its parameters
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.kind else self.name


def spot_of(text: str) -> Spot:
    """Read `NAME` or `KIND:NAME`."""
    kind, colon, name = text.partition(":")
    return Spot(kind, name) if colon and kind in KINDS else Spot("", text)


def settled(spot: Spot, draft: Draft) -> Spot:
    """The spot with its kind, which the request decides where the spot does not."""
    return spot if spot.kind else Spot(_kind(spot.name, draft), spot.name)


def value_at(draft: Draft, spot: Spot) -> Json:
    """What the request says there; None: nothing. The spot is settled.

    Raises:
        AmendError: the body is no JSON.
    """
    if spot.kind == "query":
        return _pair(_query(draft.url), spot.name)
    if spot.kind == "form":
        return _pair(_text(draft.body), spot.name)
    value = _object(draft, spot)
    for step in spot.name.split("."):
        if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def amended(draft: Draft, spot: Spot, value: Json) -> Draft:
    """The request with the value in it; of a repeated name, the first is replaced.

    Raises:
        AmendError: the body cannot carry it, or a header, or it is too long.
    """
    spot = settled(spot, draft)
    written = _written(value)
    if len(written) > MOST_CHARACTERS:
        raise AmendError(f"{spot}: the value has more than {MOST_CHARACTERS:,} characters")
    if spot.kind == "query":
        address, _, query = draft.url.partition("?")
        return replace(draft, url=f"{address}?{_with_pair(query, spot.name, written)}")
    if spot.kind == "header":
        return replace(draft, headers=_with_header(draft.headers, spot, written))
    if spot.kind == "form":
        body = _with_pair(_text(draft.body), spot.name, written)
        return replace(draft, body=body.encode("utf-8", "surrogateescape"))
    return replace(draft, body=_with_value(draft, spot, value))


def _kind(name: str, draft: Draft) -> str:
    if draft.body and _pair(_query(draft.url), name) is None:
        media = _media(draft)
        if media == "application/json" or media.endswith("+json"):
            return "json"
        if media == "application/x-www-form-urlencoded":
            return "form"
    return "query"


def _media(draft: Draft) -> str:
    said = (value for name, value in draft.headers if name.lower() == "content-type")
    return media_type(next(said, ""))


def _query(url: str) -> str:
    return url.partition("?")[2]


def _text(body: bytes | None) -> str:
    return (body or b"").decode("utf-8", "surrogateescape")


def _pair(pairs: str, name: str) -> str | None:
    """The value of the first pair of that name."""
    for pair in pairs.split("&"):
        key, _, value = pair.partition("=")
        if pair and unquote_plus(key) == name:
            return unquote_plus(value)
    return None


def _with_pair(pairs: str, name: str, value: str) -> str:
    encoded = quote(value, safe="", errors="replace")
    out = pairs.split("&") if pairs else []
    for at, pair in enumerate(out):
        key = pair.partition("=")[0]
        if pair and unquote_plus(key) == name:
            out[at] = f"{key}={encoded}"
            return "&".join(out)
    return "&".join([*out, f"{quote(name, safe='', errors='replace')}={encoded}"])


def _with_header(headers: Headers, spot: Spot, value: str) -> Headers:
    if not _HEADER_VALUE.fullmatch(value):
        raise AmendError(f"{spot}: the value cannot go into a header")
    kept = tuple(pair for pair in headers if pair[0].lower() != spot.name.lower())
    return (*kept, (spot.name, value))


def _object(draft: Draft, spot: Spot) -> Json:
    try:
        found: Json = json.loads(draft.body or b"")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict | list):
        raise AmendError(f"{spot}: the request has no JSON body to put it in")
    return found


def _with_value(draft: Draft, spot: Spot, value: Json) -> bytes:
    top = _object(draft, spot)
    *way, last = spot.name.split(".")
    inner = top
    for step in way:
        inner = _step(inner, step, spot)
    if isinstance(inner, list) and last.isdecimal() and int(last) < len(inner):
        inner[int(last)] = value
    elif isinstance(inner, dict):
        inner[last] = value
    else:
        raise AmendError(f"{spot}: there is no place for {last!r} in the request's JSON body")
    try:
        text = json.dumps(top, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        raise AmendError(f"{spot}: a number in the JSON body is not finite") from None
    return text.encode("utf-8", "replace")


def _step(inner: Json, step: str, spot: Spot) -> Json:
    if isinstance(inner, list) and step.isdecimal() and int(step) < len(inner):
        return inner[int(step)]
    if isinstance(inner, dict):
        found = inner.get(step)
        if not isinstance(found, dict | list):
            found = inner[step] = {}
        return found
    raise AmendError(f"{spot}: there is no place for {step!r} in the request's JSON body")


def _written(value: Json) -> str:
    """A value as a text."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
