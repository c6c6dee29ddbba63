"""Items that read what links carry: the page's own values first, the carried ones when they come.

A page is fetched once, and the links to it are found one by one, before and after, each perhaps
with another carry. So an item type that reads carried fields is split in two when it is compiled:

- `page_part` is what the page itself gives. It is extracted as any item is, and kept as a `Half`.
  Of an `any` in which a carried field stands, the other alternatives are values of their own there
  (`name[1]`, `name[2]`, ...): which of them yields is known later. One that does not convert is
  null there, as one that finds nothing.
- `Joiner` makes the item of a half and a carry. It is the same item type once more, whose fields
  are looked for in the half, which is JSON, and in the carry; so steps, `any`, nested fields,
  defaults and required fields mean what they mean everywhere.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from scraper.core.carry import carry_hash
from scraper.core.errors import ParseError
from scraper.core.extract.document import Absent, Document, Source
from scraper.core.extract.fields import Field, compile_fields
from scraper.core.extract.item import content_key, encoded, key_of
from scraper.core.extract.plan import FieldPlan, ItemPlan, PageRule
from scraper.core.extract.steps import Place
from scraper.core.model import Half, Item, Json, Page, Rejected

KNOWN_SOURCES = frozenset({"url", "final_url", "status"})
REGEX_TIMEOUT_S = 0.05  # CPU seconds of one search, in which the loop stands still
MOST_TIMEOUTS = 10  # of one field; from then on it is not searched any more
_HEADER = "header:"
_NOTHING = FieldPlan("[]", is_const=True)  # an object of the page without a value of its own


def asked(fields: Collection[FieldPlan]) -> Iterator[str]:
    """The names of carries that fields read, those within fields and of `any` too."""
    for field in fields:
        source = field.source
        if source is not None and source not in KNOWN_SOURCES and not source.startswith(_HEADER):
            yield source
        yield from asked(field.fields)
        yield from asked(field.any)


def carried_fields(item: ItemPlan) -> frozenset[str]:
    """The fields of an item that are not known before a carry is."""
    if not item.reads:
        return frozenset()
    return frozenset(field.name for field in item.fields if any(asked((field,))))


def is_another_when_changed(rule: PageRule, item: ItemPlan) -> bool:
    """Whether an item that changes is known by another identity than before."""
    if item.reads and not carried_fields(item).intersection(item.key):
        return True  # the hash of what it reads of a carry is part of it
    return not item.key and (item.each is not None or rule.python is not None)


def page_part(item: ItemPlan) -> ItemPlan:
    """The item type as the page alone gives it."""
    parts = tuple(part for field in _keyed(item) for part in _page_parts(field, field.name))
    return replace(item, fields=parts, key=())


def _keyed(item: ItemPlan) -> Iterator[FieldPlan]:
    """The fields, those of the key required."""
    for field in item.fields:
        yield replace(field, required=field.required or field.name in item.key)


def _page_parts(field: FieldPlan, slot: str) -> Iterator[FieldPlan]:
    if not any(asked((field,))):
        yield replace(field, name=slot)
    elif field.any:
        for number, one in enumerate(field.any, 1):
            part = f"{slot}[{number}]"
            if any(asked((one,))):
                yield from _page_parts(one, part)
            else:
                yield FieldPlan(part, any=(one,))  # finds nothing where `any` passes over it
    elif field.fields:
        inner = tuple(part for one in field.fields for part in _page_parts(one, one.name))
        fields = inner or (_NOTHING,)
        yield replace(field, name=slot, fields=fields, default=None, required=False)


def without_ways(data: str) -> str:
    """A page's part as it is told: the alternatives of an `any` are no fields."""
    found = json.loads(data)
    return encoded({name: value for name, value in found.items() if "[" not in name})[0]


def told(invalid: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """What is invalid on a page: not that an alternative is, where another may yield."""
    return {
        type_: counts
        for type_, labels in invalid.items()
        if (counts := {label: count for label, count in labels.items() if "[" not in label})
    }


def _join_part(field: FieldPlan, slot: str) -> FieldPlan:
    there = json.dumps(slot)  # as JMESPath quotes a name
    if not any(asked((field,))):
        return FieldPlan(field.name, json=there)
    if field.any:
        ways = (_join_part(one, f"{slot}[{number}]") for number, one in enumerate(field.any, 1))
        return replace(field, any=tuple(ways))
    if field.fields:
        return FieldPlan(
            field.name,
            json=there,
            all=field.all,
            default=field.default,
            required=field.required,
            fields=tuple(_join_part(one, one.name) for one in field.fields),
        )
    return field


@dataclass(frozen=True, slots=True)
class Joined:
    """What came of a half and a carry."""

    outcome: Item | Rejected | None  # None: the page's own values were rejected already
    carry: str  # the hash of what was read of the carry
    values: Mapping[str, Json]  # the fields by name
    invalid: Mapping[str, int]  # field -> carried values that do not convert


class Joiner:
    """One compiled item type that reads carried fields."""

    __slots__ = ("_carried", "_fields", "_plan", "_reads", "_required", "_slow")

    def __init__(self, plan: ItemPlan, *, regex_timeout_s: float = REGEX_TIMEOUT_S) -> None:
        fields = tuple(_keyed(plan))
        place = Place(plan.type, regex_timeout_s, in_json=True)
        self._plan = plan
        self._reads = frozenset(plan.reads)
        self._carried = carried_fields(plan)
        self._required = {field.name for field in fields if field.required}
        self._fields = compile_fields((_join_part(field, field.name) for field in fields), place)
        self._slow: Counter[str] = Counter()  # field -> searches that ran out of time

    def __repr__(self) -> str:
        return f"<Joiner {self._plan.type} of {', '.join(sorted(self._reads))}>"

    def read_of(self, carry: Mapping[str, Json]) -> dict[str, Json]:
        """What the item reads of a carry."""
        return {name: value for name, value in carry.items() if name in self._reads}

    def carries(self, names: Collection[str]) -> frozenset[str]:
        """The names that are not known before a carry is."""
        return self._carried.intersection(names)

    def join(self, half: Half, carry: Mapping[str, Json], *, url: str) -> Joined:
        """The item of a half and a carry; the same whenever it is made.

        Args:
            url: of the page, for what is relative.
        """
        read = self.read_of(carry)
        digest = carry_hash(read)
        document = Document(b"", Source(url, url, carry=read))
        data, found = encoded(self._found(json.loads(half.data), document))
        invalid = document.invalid.get(self._plan.type, {})
        outcome = None if half.rejected else self._outcome(half, digest, data, found, document)
        return Joined(outcome, digest, found, invalid)

    def _found(self, own: Json, document: Document) -> dict[str, Json]:
        return {field.name: self._value(field, own, document) for field in self._fields}

    def _value(self, field: Field, own: Json, document: Document) -> Json:
        """The field's value; none where its regular expression takes too long."""
        if self._slow[field.name] < MOST_TIMEOUTS:
            try:
                value = field.read(own, document)
            except ParseError:
                self._slow[field.name] += 1
            else:
                return None if isinstance(value, Absent) else value
        document.count_invalid(self._plan.type, field.name)
        if field.name in self._required:
            document.lacking.append((field.name, Absent.INVALID))
        return None

    def _outcome(
        self, half: Half, digest: str, data: str, found: dict[str, Json], document: Document
    ) -> Item | Rejected:
        type_ = self._plan.type
        if document.lacking:
            label, absent = document.lacking[0]
            reason = "invalid" if absent is Absent.INVALID else "missing"
            return Rejected(type_, label, reason, half.position, data)
        return Item(type_, self._key(half, digest, data, found), data, half.position)

    def _key(self, half: Half, digest: str, data: str, found: dict[str, Json]) -> str:
        """The identity: that of the page's part and the carry, unless the key names it itself."""
        names = self._plan.key
        if names and self._carried.intersection(names):
            return key_of(found, names)
        page = content_key(data) if self._plan.each else half.key
        own = key_of(found, names) if names else page
        return f"{own} {digest}" if digest else own


class Joiners:
    """The item types of a crawl that read carried fields, by rule and type."""

    def __init__(self, pages: Collection[PageRule]) -> None:
        self._by_place = {
            (rule.name, item.type): Joiner(item)
            for rule in pages
            for item in rule.items
            if item.reads
        }
        self.needed = bool(self._by_place) or any(link.carry for r in pages for link in r.follow)

    def __repr__(self) -> str:
        return f"<Joiners {len(self._by_place)}>"

    def get(self, rule: str, type_: str) -> Joiner | None:
        """The type as today's config has it; None: it has none such."""
        return self._by_place.get((rule, type_))


def whole(rule: PageRule, page: Page, carry: Mapping[str, Json], *, url: str) -> Page:
    """The page with the items that one carry gives, in the order of the page."""
    joiners = Joiners((rule,))
    items, rejected, invalid = list(page.items), list(page.rejected), dict(page.invalid)
    for half in page.halves:
        joiner = joiners.get(rule.name, half.type)
        if joiner is None:
            continue
        joined = joiner.join(half, carry, url=url)
        if isinstance(joined.outcome, Item):
            items.append(joined.outcome)
        elif joined.outcome is not None:
            rejected.append(joined.outcome)
        if joined.invalid:
            invalid[half.type] = Counter(invalid.get(half.type, {})) + Counter(joined.invalid)
    items.sort(key=lambda item: item.position)
    return replace(page, items=tuple(items), rejected=tuple(rejected), invalid=invalid, halves=())
