"""The page of a worker's answer, looked at before it is believed: it may be a stranger's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from scraper.core.extract.item import is_too_deep
from scraper.core.model import Half, Item, Json, Link, Page, Rejected
from scraper.core.url import parts

_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
NONSENSE = (ValueError, TypeError, AttributeError, LookupError, RecursionError)
"""What `page_of` raises when an answer makes no sense."""


def page_of(answer: list[Any]) -> Page:
    """The page of a worker's answer, its links looked at: they were a stranger's to write."""
    items, links, rejected, invalid, halves, carries, expired, notes = answer
    carried: list[dict[str, Json]] = [dict(one) for one in carries]
    return Page(
        tuple(Item(*one) for one in items),
        tuple(_link(carried, *one) for one in links),
        tuple(Rejected(*one) for one in rejected),
        invalid,
        tuple(map(_half, halves)),
        expired,
        tuple(notes),
    )


def _link(
    carried: list[dict[str, Json]],
    href: str,
    page: str | None,
    place: int | None,
    half: int | None,
    method: str = "GET",
    headers: Iterable[tuple[str, str]] = (),
    body: str | None = None,
) -> Link:
    pairs = tuple((name, value) for name, value in headers)
    if not _METHOD.fullmatch(method) or not all(map(_is_header, pairs)):
        raise ValueError(f"no request: {method[:200]!r}")
    sent = None if body is None else body.encode("latin-1")
    carry = {} if place is None else carried[place]
    return Link(_sound(href), page, carry, method, pairs, sent, half=half)


def _is_header(pair: tuple[str, str]) -> bool:
    return all(text.replace("\t", " ").isprintable() for text in pair) and bool(pair[0])


def _half(parts: list[Any]) -> Half:
    """A half whose data is the object that the store will read."""
    half = Half(*parts)
    data = json.loads(half.data)
    if not isinstance(data, dict) or is_too_deep(data):
        raise TypeError("no object that can be stored")
    return half


def _sound(href: str) -> str:
    """A link that may be asked for as it is; ValueError for what no parse gives."""
    if not (href.isascii() and href.isprintable()) or " " in href or "#" in href:
        raise ValueError(f"no URL: {href[:200]!r}")
    return parts(href).href
