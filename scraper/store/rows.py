"""A request as a row, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from scraper.core.model import Hop, Json, Request, Validators
from scraper.core.url import parts

Row = tuple[Any, ...]

# the columns that `request_of` reads, in its order; constant text, pasted into constant SQL
COLUMNS = "id, key, url, method, headers, body, host, page, depth, seed, carry, attempts, hop"


# and those that `known_of` reads behind them
VALIDATORS = "etag, last_modified, answered_by, basis"


def known_of(row: Row) -> Request:
    """The request of a row of COLUMNS and VALIDATORS, as its next attempt."""
    *_, etag, last_modified, answered_by, basis = row
    if etag is None and last_modified is None:
        return request_of(row)
    return request_of(row, Validators(etag, last_modified, answered_by or row[2], basis))


def request_of(row: Row, validators: Validators | None = None) -> Request:
    """The request of a row of COLUMNS, as its next attempt, or as far as redirects have led it."""
    request = Request(
        url=row[2],
        key=row[1],
        host=row[6],
        id=row[0],
        method=row[3],
        headers=tuple((name, value) for name, value in json.loads(row[4])) if row[4] else (),
        body=row[5],
        page=row[7],
        depth=row[8],
        seed=bool(row[9]),
        carry=json.loads(row[10]) if row[10] else {},
        attempt=row[11] + 1,
        validators=validators,
    )
    hop = hop_of(row[12])
    return request if hop is None else replace(request, hop=hop, host=parts(hop.url).host)


def hop_of(text: str | None) -> Hop | None:
    """A next hop, of what `hop_text` made of it."""
    if text is None:
        return None
    url, method, seen = json.loads(text)
    return Hop(url, method, tuple(seen))


def hop_text(hop: Hop | None) -> str | None:
    """A next hop as the table has it; None: the first URL is asked."""
    return None if hop is None else json.dumps((hop.url, hop.method, hop.seen))


def headers_text(headers: tuple[tuple[str, str], ...]) -> str | None:
    """Request headers as the table has them; None: no headers of its own."""
    return json.dumps(headers) if headers else None


def carry_text(carry: Mapping[str, Json]) -> str | None:
    """Carried fields as the table has them; None: nothing is carried."""
    return json.dumps(dict(carry)) if carry else None


def storable(text: str) -> str:
    """The text as SQLite can hold it: a lone surrogate, which only JSON can bring, is replaced."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text
