"""A page rule, compiled once, and what it finds on a page: items, links, rejected items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from selectolax.lexbor import SelectolaxError

from scraper.core.errors import ParseError
from scraper.core.extract.carrying import CarryReader, Found
from scraper.core.extract.custom import (
    NO_FUNCTIONS,
    Function,
    MadeLink,
    PythonPage,
    call,
    is_made,
    item_of,
    made_of,
)
from scraper.core.extract.document import Absent, Document, Source
from scraper.core.extract.fields import compile_fields, read_object
from scraper.core.extract.item import content_key, encoded, is_too_deep, key_of
from scraper.core.extract.join import carried_fields, page_part, told, without_ways
from scraper.core.extract.jsonpath import compile_path
from scraper.core.extract.leaf import is_empty
from scraper.core.extract.links import Known, LinkReader, made_links
from scraper.core.extract.nofollow import NOFOLLOW, NOINDEX, page_asks
from scraper.core.extract.plan import EachPlan, FollowPlan, ItemPlan, PageRule
from scraper.core.extract.selectors import as_written
from scraper.core.extract.sources import Scope, every, of_script
from scraper.core.extract.steps import Place
from scraper.core.extract.submit import SubmitReader
from scraper.core.extract.watch import PAGE_LIMIT_S, Watch, stopped
from scraper.core.extract.xml import is_xml, rule_in_xml, xml_as_html
from scraper.core.model import Half, Item, Json, Link, Page, Reason, Rejected

REGEX_TIMEOUT_S = 1.0  # CPU seconds of one search


class Extractor:
    """Extraction by one rule: a pure function from bytes to a `Page`.

    Args:
        regex_timeout_s: CPU seconds that one search of a regular expression may take.
        regex_page_s: seconds that all searches of a page may take, by the clock.
        clock: its default stands still, and so knows no second limit.
        functions: those of the user's own that the rule names.
    """

    __slots__ = (
        "_clock",
        "_forms",
        "_functions",
        "_in_html",
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
        functions: Mapping[str, Function] = NO_FUNCTIONS,
    ) -> None:
        self.rule = rule
        self._functions = functions
        self._regex_timeout_s = regex_timeout_s
        self._regex_page_s = regex_page_s
        self._clock = clock
        self._in_xml: Extractor | None = None  # made for the first page that is XML
        holding = {link.item for link in rule.follow if link.carry}
        self._items = tuple(
            _ItemReader(
                plan,
                regex_timeout_s,
                functions,
                is_made=is_made(rule, plan),
                holds=plan.type in holding,
            )
            for plan in rule.items
        )
        self._links = tuple(_link_reader(plan, rule, regex_timeout_s) for plan in rule.follow)
        self._in_html = any(plan.css is not None or plan.script is not None for plan in rule.follow)
        self._forms = tuple(SubmitReader(plan, regex_timeout_s) for plan in rule.submit)
        self._needs_document = not takes_nothing(rule)

    def __call__(self, body: bytes, source: Source) -> Page:
        """Extract the page whose body, as UTF-8, is given.

        Raises:
            ParseError: the page cannot be extracted. Nothing else is raised, whatever the bytes.
        """
        if not self._needs_document:
            return Page(noindex=NOINDEX in source.asks)
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
            self._in_xml = Extractor(
                rule, regex_timeout_s=self._regex_timeout_s, functions=self._functions
            )
        return self._in_xml

    def _extract(self, document: Document) -> Page:
        rule = self.rule
        if rule.expired and _is_over(document, rule.expired):
            return Page(expired=True)
        if rule.valid and document.parser.css_first(rule.valid) is None:
            raise ParseError(Reason.INVALID_PAGE, f"nothing fits {as_written(rule.valid)}")
        made = [] if rule.python is None else self._made(rule.python.name, document)
        kept = _Kept()
        for item in self._items:
            item.read(document, kept)
        asks = self._asks(document)
        passes = NOFOLLOW in asks and bool(rule.nofollow)
        page = Page(
            tuple(kept.items),
            tuple(self._follow(document, kept, made, passes)) if self._links or made else (),
            tuple(kept.rejected),
            told(document.invalid) if kept.halves else document.invalid,
            tuple(kept.halves),
            noindex=NOINDEX in asks,
        )
        return self._with_forms(page, document) if self._forms else page

    def _follow(
        self, document: Document, kept: _Kept, made: list[MadeLink], passes: bool
    ) -> Iterator[Link]:
        known: Known = set()
        for reader in self._links:
            if isinstance(reader, LinkReader):
                yield from reader.read(document, known, passes_links=passes)
            elif not passes:
                yield from reader.read(document, known, kept.found.get(reader.item, []))
        yield from made_links(made, document, known)

    def _made(self, name: str, document: Document) -> list[MadeLink]:
        """Ask the rule's own function for items, which the document keeps, and links."""
        given = call(self._functions[name], name, PythonPage(document))
        document.made, links = made_of(given, self.rule, name)
        return links

    def _asks(self, document: Document) -> frozenset[str]:
        """What the page asks of robots, as far as it is read as HTML."""
        asks = document.source.asks
        return (
            asks | page_asks(document, self.rule.robot)
            if self._in_html or document.is_html
            else asks
        )

    def _with_forms(self, page: Page, document: Document) -> Page:
        notes: list[str] = []
        forms = tuple(link for reader in self._forms for link in reader.read(document, notes))
        return replace(page, links=(*page.links, *forms), notes=tuple(notes))


def takes_nothing(rule: PageRule) -> bool:
    """Whether nothing is looked for on a page."""
    looked = rule.items or rule.follow or rule.submit or rule.valid or rule.expired or rule.python
    return not looked


def _is_over(document: Document, expired: str) -> bool:
    """Whether a page says that the login is over; markup in a text of JSON says nothing."""
    if document.source.media.endswith("json"):
        return False
    return document.parser.css_first(expired) is not None


class _Kept:
    """The items of one page, as they are found."""

    __slots__ = ("found", "halves", "items", "known", "position", "rejected")

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.halves: list[Half] = []
        self.found: dict[str, list[Found]] = {}  # type -> what links inside may carry
        self.rejected: list[Rejected] = []
        self.known: set[tuple[str, str]] = set()  # (type, key): the first of two wins
        self.position = 0


class _ItemReader:
    """One compiled item type."""

    __slots__ = (
        "_change",
        "_fields",
        "_find",
        "_holds",
        "_is_half",
        "_is_made",
        "_plan",
        "_required",
    )

    def __init__(
        self,
        plan: ItemPlan,
        regex_timeout_s: float,
        functions: Mapping[str, Function],
        *,
        is_made: bool,
        holds: bool,
    ) -> None:
        self._is_half = bool(plan.reads)
        self._holds = holds  # links that carry its fields
        if self._is_half:
            plan = page_part(plan)
        fields = tuple(replace(f, required=f.required or f.name in plan.key) for f in plan.fields)
        in_json = is_made or isinstance(plan.each, EachPlan)
        each = plan.each if isinstance(plan.each, str) else None
        place = Place(plan.type, regex_timeout_s, each=each, in_json=in_json)
        self._plan = plan
        self._fields = compile_fields(fields, place)
        self._find = _each(plan.each, place) if not is_made else _made(plan.type)
        self._is_made = is_made
        self._required = [field.name for field in fields if field.required]
        self._change = None if plan.python is None else functions[plan.python.name]

    def read(self, document: Document, kept: _Kept) -> None:
        """Add the items of this type to those kept."""
        before = kept.position
        for scope in self._find(document):
            self._keep(scope, document, kept)
            kept.position += 1
        if self._plan.each is not None or self._is_made:
            document.listed += kept.position - before

    def _keep(self, scope: Scope, document: Document, kept: _Kept) -> None:
        document.lacking.clear()
        read = self._read(scope, document)
        if read is None:
            return
        data, found = encoded(read)
        if self._is_half or self._holds:
            self._share(scope, data, found, document, kept)
        type_ = self._plan.type
        if document.lacking:
            label, absent = document.lacking[0]
            reason = "invalid" if absent is Absent.INVALID else "missing"
            if self._is_half:
                data = without_ways(data)
            kept.rejected.append(Rejected(type_, label, reason, kept.position, data))
        elif not self._is_half:
            key = self._key(found, data, document)
            if (type_, key) not in kept.known:
                kept.known.add((type_, key))
                kept.items.append(Item(type_, key, data, kept.position))

    def _read(self, scope: Scope, document: Document) -> dict[str, Json] | None:
        """The fields of an item; None: its own function says that it is none."""
        read = read_object(self._fields, scope, document)
        if self._is_made and isinstance(scope, dict):
            read |= {name: one for name, one in scope.items() if name not in read}
        return read if self._change is None else self._changed(read, document)

    def _changed(self, item: dict[str, Json], document: Document) -> dict[str, Json] | None:
        """The item as its own function gives it back; None: it is none.

        What is required is then looked for in that.
        """
        assert self._change is not None  # noqa: S101 - the caller has looked
        assert self._plan.python is not None  # noqa: S101 - they go together
        name, type_ = self._plan.python.name, self._plan.type
        given = call(self._change, name, item, PythonPage(document))
        if given is None:
            return None
        changed = item_of(given, type_, name)
        inner = [one for one in document.lacking if one[0] not in self._required]
        empty = [one for one in self._required if is_empty(changed.get(one))]
        document.lacking[:] = [*((one, Absent.MISSING) for one in empty), *inner]
        return changed

    def _share(  # each is one fact about the item
        self, scope: Scope, data: str, found: dict[str, Json], document: Document, kept: _Kept
    ) -> None:
        """Keep the item for links that carry of it, and for the store to join with carries."""
        plan = self._plan
        if is_too_deep(found):
            raise RecursionError
        if self._holds:
            kept.found.setdefault(plan.type, []).append(Found(scope, found, kept.position))
        if self._is_half:
            own = "" if plan.each else document.url_key
            lacks = bool(document.lacking)
            kept.halves.append(Half(plan.type, own, data, kept.position, lacks))

    def _key(self, found: dict[str, Json], data: str, document: Document) -> str:
        if self._plan.key:
            return key_of(found, self._plan.key)
        return content_key(data) if self._plan.each or self._is_made else document.url_key


def _link_reader(
    plan: FollowPlan, rule: PageRule, regex_timeout_s: float
) -> LinkReader | CarryReader:
    passes_rel = rule.nofollow == "rel"
    if not plan.carry:
        return LinkReader(plan, regex_timeout_s, passes_rel=passes_rel)
    item = next(item for item in rule.items if item.type == plan.item)
    awaits = not carried_fields(item).isdisjoint(plan.carry)
    return CarryReader(plan, item, regex_timeout_s, awaits=awaits, passes_rel=passes_rel)


def _made(type_: str) -> Callable[[Document], Iterable[Scope]]:
    """What the page's own function gave."""
    return lambda document: document.made.get(type_, ())


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
