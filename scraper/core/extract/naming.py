"""Names out of markup: which classes are worth a selector, and what a field or an item is called.

A class that a build made (`css-1x2y3z`, `sc-bdVaJa`) is another one after the next build, and one
of a style sheet's grid (`col-md-3`, `mt-4`) says nothing about what it is on.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

_CLASS = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,40}")
_LAYOUT = re.compile(
    r"(?:col|row|grid|flex|d|m|p|[mp][trblxyse]|w|h|text|bg|border|rounded|float|pull|push|offset|gap"
    r"|span|order|align|justify|items|font|fs|fw|lead|btn|sm|md|lg|xl|xs|small|large|position|overflow"
    r"|shadow|display|container|wrapper|clearfix|active|selected|current|first|last|odd|even|hidden"
    r"|visible|show|fade|in|out|left|right|center|block|inline|icon|fa|glyphicon|img|thumbnail)"
    r"(?:-(?:[a-z]{1,7}|\d{1,3}))*"
)
_MADE = re.compile(r"css|sc|jss|emotion|svelte|ng|v|jsx|makestyles|mui", re.IGNORECASE)
_DIGITS_WITHIN = re.compile(r"(?=[a-z0-9]*\d[a-z0-9]*[a-z])[a-z0-9]{5,}|\d{3,}", re.IGNORECASE)
_CASES = re.compile(r"[a-z][A-Z]")
_NO_WORD = re.compile(r"[^A-Za-z0-9]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MOST_CHARACTERS = 40
TAKEN = frozenset(
    {"run", "cycle", "request", "visit", "item", "item_history", "rejected", "host", "lock"}
    | {"item_half", "item_carry", "item_invalid", "migration", "kept_page", "kept_body", "robots"}
    | {"page_reading", "request_missing", "item_page", "item_pair", "item_doubt", "page_rejected"}
)
"""Names that an item type cannot have, since tables of the database have them."""


def is_stable(name: str) -> bool:
    """Whether a class or an id is likely to be there tomorrow and says what it is on."""
    if not _CLASS.fullmatch(name) or _LAYOUT.fullmatch(name):
        return False
    pieces = [piece for piece in re.split(r"[-_]+", name) if piece]
    if len(pieces) > 1 and _MADE.fullmatch(pieces[0]):
        return False
    return not any(map(_is_made, pieces))


def _is_made(piece: str) -> bool:
    """Whether a part of a class looks like chance: digits among letters, wild capitals."""
    if _DIGITS_WITHIN.fullmatch(piece):
        return True
    return len(piece) <= 8 and len(_CASES.findall(piece)) > 1


def classes(written: str | None) -> list[str]:
    """The stable classes of an attribute `class`, in their order, each once."""
    return [name for name in dict.fromkeys((written or "").split()) if is_stable(name)]


def as_name(text: str) -> str:
    """`text` as a name of small letters, digits and _; empty when nothing is left of it."""
    words = _NO_WORD.sub("_", _HUMP.sub("_", text)).strip("_").lower()
    return words.lstrip("0123456789_")[:_MOST_CHARACTERS].strip("_")


def item_name(hints: Iterable[str]) -> str:
    """The name of an item type: the first of the hints that can be one, else `entry`."""
    for hint in hints:
        name = as_name(hint)
        if len(name) > 1 and name not in TAKEN and not name.startswith("sqlite"):
            return name
    return "entry"


def unique(name: str, taken: Collection[str]) -> str:
    """The name, with a number behind it where it is taken."""
    if name not in taken:
        return name
    number = next(n for n in range(2, len(taken) + 3) if f"{name}_{n}" not in taken)
    return f"{name}_{number}"
