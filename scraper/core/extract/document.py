"""One parsed page: what all fields of it share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraper.core.model import Json
from scraper.core.url import Base, join, key

# Attributes whose value is one URL (HTML standard, "Index of attributes"; `background` and
# `longdesc` are older).
URL_ATTRIBUTES = frozenset(
    [
        "href",
        "src",
        "action",
        "formaction",
        "poster",
        "data",
        "cite",
        "background",
        "longdesc",
        "manifest",
        "xlink:href",
    ]
)
_HEAD_BYTES = 4096  # where a `<base>` is looked for that a broken head put into the body
_BASE = re.compile(rb"<base[\s/]", re.IGNORECASE)
_CANDIDATE = re.compile(r"[^\s,]\S*")  # of a srcset


class Absent(Enum):
    """Why a field has no value."""

    MISSING = "missing"  # nothing found: the default stands in
    UNMAPPED = "unmapped"  # not in the field's `map`: null, whatever the default
    INVALID = "invalid"  # found, does not convert: null, and counted


@dataclass(frozen=True, slots=True)
class Source:
    """Where a page came from, for `from:` and for what is relative on it."""

    url: str  # as requested
    final_url: str  # that answered
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    carry: Mapping[str, Json] = field(default_factory=dict)
    sent: str = ""  # tells apart requests of one URL: empty for a plain GET


class Document:
    """A parsed page with its base URL, which is looked up when first needed."""

    __slots__ = ("_base", "_start", "_url_key", "invalid", "lacking", "parser", "source")

    def __init__(self, body: bytes, source: Source) -> None:
        self.parser = LexborHTMLParser(body)
        self.source = source
        self.invalid: dict[str, dict[str, int]] = {}  # item type -> field -> values
        self.lacking: list[tuple[str, Absent]] = []  # required fields of the current item
        self._start = body[:_HEAD_BYTES]
        self._base: Base | None = None
        self._url_key: str | None = None

    def count_invalid(self, item_type: str, field_name: str) -> None:
        counts = self.invalid.setdefault(item_type, {})
        counts[field_name] = counts.get(field_name, 0) + 1

    @property
    def root(self) -> LexborNode:
        """The element `html`; there always is one."""
        root = self.parser.root
        assert root is not None  # noqa: S101 - the standard's parser makes one of any bytes
        return root

    @property
    def base(self) -> Base:
        """What relative URLs on this page are relative to: `<base href>`, or the final URL."""
        if self._base is None:
            self._base = Base(self._find_base())
        return self._base

    @property
    def url_key(self) -> str:
        """The identity of the page itself."""
        if self._url_key is None:
            self._url_key = f"{key(self.source.url)} {self.source.sent}".rstrip()
        return self._url_key

    def _find_base(self) -> str:
        final = self.source.final_url
        head = self.parser.head
        element = head and head.css_first("base[href]")
        if element is None and _BASE.search(self._start):
            element = self.parser.css_first("base[href]")
        if element is None:
            return final
        try:
            base = join(final, element.attributes["href"] or "")
        except ValueError:
            return final
        return base if base.startswith(("http://", "https://")) else final

    def absolute(self, href: str) -> str:
        """`href` made absolute; as it is written when it is no URL."""
        try:
            return self.base.join(href)
        except ValueError:
            return href

    def absolute_set(self, srcset: str) -> str:
        """Every URL of a `srcset` made absolute, its descriptors kept."""
        out: list[str] = []
        at = 0
        while match := _CANDIDATE.search(srcset, at):
            href, at = match[0], match.end()
            descriptor = ""
            if href[-1] != ",":
                comma = srcset.find(",", at)
                end = len(srcset) if comma < 0 else comma
                descriptor, at = srcset[at:end].strip(), end
            out.append(f"{self.absolute(href.rstrip(','))} {descriptor}".rstrip())
        return ", ".join(out)
