"""One parsed page: what all fields of it share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraper.core.amend import Draft
from scraper.core.errors import ParseError
from scraper.core.extract.jsonld import BLOCKS, Things, things
from scraper.core.extract.jsontext import read_json
from scraper.core.extract.watch import PAGE_LIMIT_S, Watch, stopped
from scraper.core.model import Json, Reason
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
_HEADED = "base[href], meta[name][content*=no i]"  # nofollow, noindex and none
_CANDIDATE = re.compile(r"[^\s,]\S*")  # of a srcset


@final
class Absent:
    """Why a field has no value; one of three. No enum: `isinstance` of its members takes long."""

    __slots__ = ("name",)

    MISSING: ClassVar[Absent]  # nothing found: the default stands in
    UNMAPPED: ClassVar[Absent]  # not in the field's `map`: null, whatever the default
    INVALID: ClassVar[Absent]  # found, does not convert: null, and counted

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<Absent {self.name}>"


Absent.MISSING, Absent.UNMAPPED, Absent.INVALID = map(Absent, ("missing", "unmapped", "invalid"))


@dataclass(frozen=True, slots=True)
class Source:
    """Where a page came from, for `from:` and for what is relative on it."""

    url: str  # as requested
    final_url: str  # that answered
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    carry: Mapping[str, Json] = field(default_factory=dict)
    media: str = ""  # the media type of the answer, in lower case; "" when it names none
    sent: str = ""  # tells apart requests of one URL: empty for a plain GET
    ask: Draft | None = None  # the request, where a rule makes others of it; None: a plain GET
    asks: frozenset[str] = frozenset()  # of robots, by the answer's headers: see `nofollow`
    raw: bytes = b""  # the body as it came, and
    raw_type: str = ""  # what is said of it, for functions of the user's own alone
    charset: str = "utf-8"  # of the page as it came, where a form is sent in it


class NotJsonError(ParseError):
    """A JSON response was asked for, and the body is none."""


class Document:
    """One page; it is parsed, as HTML or as JSON, when something in it is first needed."""

    __slots__ = (
        "_base",
        "_body",
        "_headed",
        "_json",
        "_jsonld",
        "_parser",
        "_scripts",
        "_url_key",
        "between",
        "invalid",
        "is_xml",
        "lacking",
        "listed",
        "made",
        "source",
        "watch",
    )

    def __init__(
        self, body: bytes, source: Source, *, is_xml: bool = False, watch: Watch | None = None
    ) -> None:
        self._body = body
        self.is_xml = is_xml  # the body is what `xml.py` made of it
        self.source = source
        self.watch = watch or Watch(stopped, PAGE_LIMIT_S)  # over the regular expressions
        self.invalid: dict[str, dict[str, int]] = {}  # item type -> field -> values
        self.lacking: list[tuple[str, Absent]] = []  # required fields of the current item
        self.made: dict[str, list[dict[str, Json]]] = {}  # items of the rule's function, by type
        self.listed = 0  # items that an `each` has found, the rejected ones too
        self.between: dict[tuple[str, str], dict[int, list[LexborNode]]] = {}  # see `between.py`
        self._parser: LexborHTMLParser | None = None
        self._headed: list[LexborNode] | None = None
        self._base: Base | None = None
        self._url_key: str | None = None
        self._json: tuple[Json] | NotJsonError | None = None
        self._jsonld: Things | None = None
        self._scripts: list[str] | None = None

    def count_invalid(self, item_type: str, field_name: str) -> None:
        counts = self.invalid.setdefault(item_type, {})
        counts[field_name] = counts.get(field_name, 0) + 1

    @property
    def parser(self) -> LexborHTMLParser:
        """The page as HTML."""
        if self._parser is None:
            self._parser = LexborHTMLParser(self._body)
        return self._parser

    @property
    def is_html(self) -> bool:
        """Whether something was looked for in it as HTML."""
        return self._parser is not None

    @property
    def root(self) -> LexborNode:
        """The element `html`; there always is one."""
        root = self.parser.root
        assert root is not None  # noqa: S101 - the standard's parser makes one of any bytes
        return root

    @property
    def headed(self) -> list[LexborNode]:
        """Each `<base href>`, and `<meta>` that may ask something of robots, in the head."""
        if self._headed is None:
            head = self.parser.head
            self._headed = [] if head is None else head.css(_HEADED)
        return self._headed

    @property
    def base(self) -> Base:
        """What relative URLs on this page are relative to: `<base href>`, or the final URL."""
        if self._base is None:
            self._base = Base(self._find_base())
        return self._base

    @property
    def json(self) -> Json:
        """The page as JSON.

        Raises:
            NotJsonError: it is none.
        """
        if self._json is None:
            try:
                self._json = (read_json(self._body.decode()),)
            except ValueError as error:
                why = f"the page is no JSON: {error}"
                self._json = NotJsonError(Reason.PARSE_ERROR, why)
        if isinstance(self._json, NotJsonError):
            raise self._json
        return self._json[0]

    @property
    def jsonld(self) -> Things:
        """What the page says of itself in JSON-LD, by type."""
        if self._jsonld is None:
            self._jsonld = things(node.text() for node in self.parser.css(BLOCKS))
        return self._jsonld

    @property
    def scripts(self) -> list[str]:
        """The texts of the scripts in the page."""
        if self._scripts is None:
            texts = (node.text() for node in self.parser.css("script"))
            self._scripts = [text for text in texts if text]
        return self._scripts

    @property
    def url_key(self) -> str:
        """The identity of the page itself."""
        if self._url_key is None:
            own, sent = key(self.source.url), self.source.sent
            self._url_key = f"{own} {sent}".rstrip() if sent else own
        return self._url_key

    def _find_base(self) -> str:
        final = self.source.final_url
        if isinstance(self._json, tuple):  # markup in a text of JSON says nothing about the page
            return final
        element = next((one for one in self.headed if one.tag == "base"), None)
        if element is None and b"<base" in self._body[:_HEAD_BYTES].lower():
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
