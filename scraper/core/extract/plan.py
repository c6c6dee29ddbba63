"""The extraction plan: frozen values that a worker process can be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scraper.core.model import Json


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """One field of an item, or one list of nested objects.

    Exactly one source is set: `css`, `source` (from), or `const`.
    """

    name: str
    css: str | None = (
        None  # already translated to what lexbor understands; "" is the element itself
    )
    attr: str | None = None  # None: the text
    source: str | None = None  # "url", "final_url", "status", "header:NAME" or a carried field
    const: Json = None
    is_const: bool = False
    all: bool = False
    count: bool = False  # the number of elements that `css` matches; the type is int
    raw_text: bool = False  # `text: raw`: neither stripped nor folded
    regex: str | None = None
    map: Mapping[str, Json] | None = None
    type: str = "text"  # text int float decimal bool date datetime url json
    default: Json = None
    required: bool = False
    fields: tuple[FieldPlan, ...] = ()  # nested: `css` selects the elements they look in


@dataclass(frozen=True, slots=True)
class ItemPlan:
    """One type of item on a page."""

    type: str
    fields: tuple[FieldPlan, ...]
    each: str | None = None  # css: one item per element; None: one item per page
    key: tuple[str, ...] = ()  # field names; empty: the page's URL, with `each` the content


@dataclass(frozen=True, slots=True)
class FollowPlan:
    """Links that a page leads to."""

    css: str
    attr: str = "href"
    page: str | None = None


@dataclass(frozen=True, slots=True)
class PageRule:
    """What to do with the pages that `match` fits."""

    name: str
    match: tuple[str, ...] = ()  # globs on the path or "re:..." on the URL; empty: every page
    items: tuple[ItemPlan, ...] = ()
    follow: tuple[FollowPlan, ...] = field(default=())
