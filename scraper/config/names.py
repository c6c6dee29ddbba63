"""Which names the items, fields and pages of a config may have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scraper.core.extract.naming import TAKEN

_MOST_CHARACTERS = 63
_ITEM = re.compile(r"[^\W\d_]\w{0,62}")
_FIELD = re.compile(r"[^\W\d_][\w-]{0,62}")
_RUN = re.compile(r"\w(?:[\w. -]{0,78}\w)?")


def wrong_run(name: str) -> str | None:
    """Why a run cannot have this name, which names a file too; None: it can."""
    if _RUN.fullmatch(name):
        return None
    return "cannot name a file: write letters, digits, - and _"


def wrong_page(name: str) -> str | None:
    """Why a page rule cannot have this name."""
    return None if _FIELD.fullmatch(name) else _misspelt(name, "letters, digits, - and _")


def wrong_item(name: str) -> str | None:
    """Why an item type cannot have this name, which becomes a view."""
    if name.lower() in TAKEN or name.lower().startswith("sqlite_"):
        return "is the name of a table in the database: choose another"
    if not _ITEM.fullmatch(name):
        return _misspelt(name, "letters, digits and _")
    return None


def wrong_field(name: str) -> str | None:
    """Why a field cannot have this name; names that begin with `_` are our own in exports."""
    return None if _FIELD.fullmatch(name) else _misspelt(name, "letters, digits, - and _")


def _misspelt(name: str, may: str) -> str:
    if len(name) > _MOST_CHARACTERS:
        return f"is longer than {_MOST_CHARACTERS} characters"
    if name[:1].isalpha():
        return f"may hold nothing but {may}"
    return f"must begin with a letter: write {may}"


def alike(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Pairs of a name and an earlier one that differ in case alone."""
    first: dict[str, str] = {}
    for name in names:
        known = first.setdefault(name.casefold(), name)
        if known != name:
            yield name, known
