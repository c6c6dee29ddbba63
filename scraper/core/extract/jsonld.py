"""JSON-LD: what a page says of itself for search engines, by type.

A block is a script of the type `application/ld+json`. The objects that stand in it alone, in a
list or in `@graph` come first, those within them after, level by level: the type that is asked
for is usually the page's own, but a product may stand within a `WebPage` too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from scraper.core.errors import SelectorError
from scraper.core.extract.jsontext import read_json
from scraper.core.model import Json

BLOCKS = 'script[type^="application/ld+json" i]'
Things = dict[str, list[dict[str, "Json"]]]  # type -> the objects of that type

_PATH = re.compile(r"(?P<type>[A-Za-z][\w-]*)(?:\.(?P<path>.+))?", re.DOTALL)
_WRAPPING = re.compile(  # of XHTML, in a comment of either kind or none
    r"\A\s*(?:<!--|(?://[ ]?|/\*[ ]?)?<!\[CDATA\[(?:[ ]?\*/)?)"
    r"|(?:-->|(?://[ ]?|/\*[ ]?)?\]\]>(?:[ ]?\*/)?)\s*\Z"
)
_NAME = re.compile(r"[^/#:]*\Z")  # of "https://schema.org/Product" and "schema:Product"


def split_type(text: str) -> tuple[str, str]:
    """Split "Product.offers.price" into the type and the JMESPath inside it ("@": all of it).

    Raises:
        SelectorError: it does not begin with a type.
    """
    match = _PATH.fullmatch(text.strip())
    if match is None:
        raise SelectorError(f"{text!r} must be a type and a JMESPath inside it: write Product.sku")
    return match["type"], match["path"] or "@"


def things(blocks: Iterable[str]) -> Things:
    """The objects of all blocks by type; a broken block is skipped."""
    found: Things = {}
    level: list[Json] = []
    for block in blocks:
        try:
            level.append(read_json(_WRAPPING.sub("", block)))
        except ValueError:
            continue
    while level:
        below: list[Json] = []
        for value in _flat(level):
            for name in _types(value.get("@type")):
                found.setdefault(name, []).append(value)
            below += (one for name, one in value.items() if name != "@context")
        level = below
    return found


def _flat(level: list[Json]) -> Iterable[dict[str, Json]]:
    """The objects of a level: lists and `@graph` stand for what they hold, in its order."""
    ahead = level[::-1]
    while ahead:
        value = ahead.pop()
        if isinstance(value, list):
            ahead += value[::-1]
        elif isinstance(value, dict):
            graph = value.get("@graph")
            if isinstance(graph, list | dict):
                ahead += [graph, {name: one for name, one in value.items() if name != "@graph"}]
            else:
                yield value


def _types(written: Json) -> Iterable[str]:
    """The names of an object's types, each once."""
    names = written if isinstance(written, list) else [written]
    short = (_NAME.search(name) for name in names if isinstance(name, str))
    return dict.fromkeys(match[0] for match in short if match)
