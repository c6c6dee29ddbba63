"""A page rule, compiled once, and what it finds on a page: items, links, rejected items."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from hashlib import blake2b

from selectolax.lexbor import SelectolaxError

from scraper.core.errors import ParseError
from scraper.core.extract.document import Absent, Document, Source
from scraper.core.extract.fields import compile_fields, read_object
from scraper.core.extract.jsonpath import compile_path
from scraper.core.extract.links import LinkReader
from scraper.core.extract.plan import EachPlan, ItemPlan, PageRule
from scraper.core.extract.selectors import as_written
from scraper.core.extract.sources import Scope, every, of_script
from scraper.core.extract.steps import Place
from scraper.core.extract.watch import PAGE_LIMIT_S, Watch, stopped
from scraper.core.extract.xml import is_xml, rule_in_xml, xml_as_html
from scraper.core.model import Item, Json, Link, Page, Reason, Rejected

REGEX_TIMEOUT_S = 1.0  # CPU seconds of one search
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_REPLACEMENT = "\ufffd"


class Extractor:
    """Extraction by one rule: a pure function from bytes to a `Page`."""

    __slots__ = (
        "_clock",
        "_in_xml",
        "_items",
        "_links",
        "_needs_document",
        "_regex_page_s",
        "_regex_timeout_s",
        "rule",
    )

    def __init__(
        self,
        rule: PageRule,
        *,
        regex_timeout_s: float = REGEX_TIMEOUT_S,
        regex_page_s: float = PAGE_LIMIT_S,
        clock: Callable[[], float] = stopped,
    ) -> None:
        """Compile a rule.

        Args:
            regex_timeout_s: CPU seconds that one search of a regular expression may take.
            regex_page_s: seconds that all searches of a page may take, by the clock.
            clock: its default stands still, and so knows no second limit.
        """
        self.rule = rule
        self._regex_timeout_s = regex_timeout_s
        self._regex_page_s = regex_page_s
        self._clock = clock
        self._in_xml: Extractor | None = None  # made for the first page that is XML
        self._items = tuple(_ItemReader(plan, regex_timeout_s) for plan in rule.items)
        self._links = tuple(LinkReader(plan, regex_timeout_s) for plan in rule.follow)
        self._needs_document = bool(rule.items or rule.follow or rule.valid)

    def __call__(self, body: bytes, source: Source) -> Page:
        """Extract the page whose body, as UTF-8, is given.

        Raises:
            ParseError: the page cannot be extracted. Nothing else is raised, whatever the bytes.
        """
        if not self._needs_document:
            return Page()
        try:
            if is_xml(body, source.media):
                document = Document(xml_as_html(body), source, is_xml=True, watch=self._watch())
                return self._for_xml()._extract(document)
            return self._extract(Document(body, source, watch=self._watch()))
        except RecursionError as error:
            raise ParseError(Reason.PARSE_ERROR, "a value is nested too deeply") from error
        except (SelectolaxError, UnicodeError) as error:
            raise ParseError(Reason.PARSE_ERROR, str(error)) from error

    def _watch(self) -> Watch:
        return Watch(self._clock, self._regex_page_s)

    def _for_xml(self) -> Extractor:
        if self._in_xml is None:
            rule = rule_in_xml(self.rule)
            self._in_xml = Extractor(rule, regex_timeout_s=self._regex_timeout_s)
        return self._in_xml

    def _extract(self, document: Document) -> Page:
        valid = self.rule.valid
        if valid and document.parser.css_first(valid) is None:
            raise ParseError(Reason.INVALID_PAGE, f"nothing fits {as_written(valid)}")
        kept = _Kept()
        for item in self._items:
            item.read(document, kept)
        links = self._read_links(document) if self._links else ()
        return Page(tuple(kept.items), links, tuple(kept.rejected), document.invalid)

    def _read_links(self, document: Document) -> tuple[Link, ...]:
        known: set[tuple[str, str | None]] = set()
        return tuple(link for reader in self._links for link in reader.read(document, known))


class _Kept:
    """The items of one page, as they are found."""

    __slots__ = ("items", "known", "position", "rejected")

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.rejected: list[Rejected] = []
        self.known: set[tuple[str, str]] = set()  # (type, key): the first of two wins
        self.position = 0


class _ItemReader:
    """One compiled item type."""

    __slots__ = ("_fields", "_find", "_plan")

    def __init__(self, plan: ItemPlan, regex_timeout_s: float) -> None:
        fields = (replace(f, required=f.required or f.name in plan.key) for f in plan.fields)
        in_json = isinstance(plan.each, EachPlan)
        each = plan.each if isinstance(plan.each, str) else None
        place = Place(plan.type, regex_timeout_s, each=each, in_json=in_json)
        self._plan = plan
        self._fields = compile_fields(fields, place)
        self._find = _each(plan.each, place)

    def read(self, document: Document, kept: _Kept) -> None:
        """Add the items of this type to those kept."""
        for scope in self._find(document):
            self._keep(scope, document, kept)
            kept.position += 1

    def _keep(self, scope: Scope, document: Document, kept: _Kept) -> None:
        plan = self._plan
        document.lacking.clear()
        data, found = _encoded(read_object(self._fields, scope, document))
        if document.lacking:
            label, absent = document.lacking[0]
            reason = "invalid" if absent is Absent.INVALID else "missing"
            kept.rejected.append(Rejected(plan.type, label, reason, kept.position, data))
            return
        key = self._key(found, data, document)
        if (plan.type, key) not in kept.known:
            kept.known.add((plan.type, key))
            kept.items.append(Item(plan.type, key, data, kept.position))

    def _key(self, found: dict[str, Json], data: str, document: Document) -> str:
        names = self._plan.key
        if len(names) > 1:
            return _encode([found[name] for name in names])
        if names:
            value = found[names[0]]
            return value if isinstance(value, str) else _encode(value)
        if self._plan.each:
            return blake2b(data.encode(), digest_size=16).hexdigest()
        return document.url_key


def _each(each: str | EachPlan | None, place: Place) -> Callable[[Document], Iterable[Scope]]:
    """What each item is looked for in."""
    if each is None:
        return lambda document: (document.root,)
    if isinstance(each, str):
        return lambda document: document.parser.css(each)
    if each.script is not None:
        find = of_script(each.script, each.json, place)
        return lambda document: every(find(None, document))
    search = compile_path(each.json)  # without the HTML parser
    return lambda document: every((search(document.json),))


def _encoded(found: dict[str, Json]) -> tuple[str, dict[str, Json]]:
    """The item as JSON that every reader takes: no NUL, no lone surrogate, only finite numbers."""
    try:
        data = _encode(found)
        if "\\u0000" not in data:
            data.encode()
            return data, found
    except UnicodeError:
        pass
    except ValueError:  # a number that is not finite, of a `const` or a carried field
        pass
    clean = {name: _clean(value) for name, value in found.items()}
    return _encode(clean), clean


def _clean(value: Json) -> Json:
    if isinstance(value, str):
        return (
            value.replace("\0", _REPLACEMENT)
            .encode("utf-16", "surrogatepass")
            .decode("utf-16", "replace")
        )
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_clean(one) for one in value]
    if isinstance(value, dict):
        return {str(_clean(name)): _clean(one) for name, one in value.items()}
    return value
