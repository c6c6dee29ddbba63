"""What is proposed for a page: plain values, of which a config is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scraper.core.model import Json


@dataclass(frozen=True, slots=True)
class FieldProposal:
    """A field, and where it was found."""

    name: str
    written: Mapping[
        str, Json
    ]  # the field as a config has it: {"css": ".price", "type": "decimal"}
    found: int = 1  # items that have it
    example: str = ""


@dataclass(frozen=True, slots=True)
class ItemProposal:
    """One type of item."""

    type: str
    fields: tuple[FieldProposal, ...]
    why: str  # how it was found
    each: Mapping[str, str] | str | None = None  # as a config has it
    count: int = 1  # items on the page
    key: str | None = None  # a field that tells them apart
    sure: bool = True


@dataclass(frozen=True, slots=True)
class FollowProposal:
    """Links to follow, or a next request."""

    written: Mapping[str, Json]  # {"css": "li.next a"}, {"increment": "page"}
    to: str  # "listing" or "detail"
    why: str
    example: str = ""  # the first of them; empty: this page leads to none
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a page seems to hold."""

    items: tuple[ItemProposal, ...] = ()
    follow: tuple[FollowProposal, ...] = ()
    note: str = ""  # why there is nothing, for a person
