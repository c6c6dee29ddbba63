"""The fields of items that are alike: what their parts say, and how it is written in a config.

Candidates are read off the elements of the first members. All of them are then read from the whole
page by the real extraction, and chosen by what that gives: in how many items a candidate has a
value, whether it says the same as another one, what type its values have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from selectolax.lexbor import LexborNode

from scraper.core.errors import ParseError, SelectorError
from scraper.core.extract.document import Source
from scraper.core.extract.extractor import Extractor
from scraper.core.extract.naming import as_name, classes, unique
from scraper.core.extract.plan import EachPlan, FieldPlan, ItemPlan, PageRule
from scraper.core.extract.proposal import FieldProposal
from scraper.core.extract.selectors import parse_selector
from scraper.core.model import Json

_MOST_MEMBERS = 20  # that candidates are read off
_MOST_PARTS = 150  # of one member
_MOST_FIELDS = 20
_MOST_EXAMPLE = 50
_LEAST_SHARE = 0.4  # of the members that have it
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_SKIPPED = frozenset({"button", "input", "label", "option", "script", "select", "style", "svg"})
_TAG = re.compile(r"[a-z][a-z0-9-]*")
_PROPERTY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,40}")
_MONEY = (
    r"(?:(?:US|C|A)?[$\u00a3\u20ac\u00a5\u20b9]|kr\.?|z\u0142|R\$|USD|EUR|GBP|CHF|JPY|INR|CNY|AUD"
    r"|CAD|SEK|NOK|DKK|PLN|CZK|BRL)"
)
_AMOUNT = r"\d[\d.,'\u00a0 ]*(?:-|\b)"
_PRICE = re.compile(rf"{_MONEY}\s?{_AMOUNT}|{_AMOUNT}\s?{_MONEY}|\d{{1,6}}[.,]\d{{2}}")
_WHOLE = re.compile(r"\d{1,9}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?P<time>[T ]\d{2}:\d{2}.*)?")
_WORDS = {"One": 1, "Two": 2, "Three": 3, "Four": 4, "Five": 5}
_RATING = re.compile(
    r"(?P<stem>[\w-]*(?:rating|stars?)[\w-]*?)(?P<mark> |-)"
    r"(?P<value>One|Two|Three|Four|Five|[0-5])\b"
)
_NAMES = {
    "a": "title",
    "dt": "term",
    "time": "date",
    "p": "text",
    "li": "text",
    "blockquote": "text",
    "span": "text",
}


@dataclass(slots=True)
class Candidate:
    """A field that may be worth proposing."""

    hint: str  # what it may be called
    written: dict[str, Json]
    is_weak: bool = False  # told only where its values differ
    values: list[Json] = field(default_factory=list)

    @property
    def full(self) -> list[Json]:
        """The values there are."""
        return [value for value in self.values if value not in (None, "", [])]


def fields_of(
    nodes: list[LexborNode], headers: list[str], each: str | None = None
) -> list[Candidate]:
    """What the members of a group may have.

    Args:
        headers: the names of a table's columns.
        each: the selector of the members; None: they are what stands between others.
    """
    some = nodes[:_MOST_MEMBERS]
    found: dict[str, Candidate] = {}
    counts: dict[str, int] = {}
    for node in some:
        here: dict[str, Candidate] = {}
        for candidate in _of_member(node, headers, each):
            here.setdefault(json.dumps(candidate.written), candidate)
        for written, candidate in here.items():
            found.setdefault(written, candidate)
            counts[written] = counts.get(written, 0) + 1
    return [found[key] for key, count in counts.items() if count >= _LEAST_SHARE * len(some)]


def _of_member(member: LexborNode, headers: list[str], each: str | None) -> Iterator[Candidate]:
    for node in member.css("*")[:_MOST_PARTS]:
        tag = node.tag or ""
        if node.mem_id != member.mem_id and _TAG.fullmatch(tag) and tag not in _SKIPPED:
            yield from _of_part(node, member, headers, each)


def own_text(nodes: list[LexborNode]) -> Iterator[Candidate]:
    """What the members themselves say, beside their parts."""
    if all(len(_own(node)) * 2 > len(" ".join(node.text().split())) for node in nodes):
        yield Candidate(_NAMES.get(nodes[0].tag or "", "text"), {"css": ""})


def _of_part(
    node: LexborNode, member: LexborNode, headers: list[str], each: str | None
) -> Iterator[Candidate]:
    css, hint, is_named = _place(node, member, headers)
    found = member.css_first(css)
    if each is not None and found is not None and found.mem_id == member.mem_id:
        css = f"{each} > {_way(node, member)}"  # it would find the member itself
    attributes = node.attributes
    rating = _RATING.search(attributes.get("class") or "")
    if rating is not None:
        yield _rated(node, rating)
    elif node.tag == "img":
        source = "data-src" if attributes.get("data-src") else "src"
        yield Candidate("image", {"css": f"{css} @{source}"})
    elif node.tag == "time" and _DATE.match(attributes.get("datetime") or ""):
        yield Candidate(hint or "date", {"css": f"{css} @datetime"})
    else:
        if node.tag == "a" and attributes.get("href") and len(member.css(css)) == 1:
            yield Candidate(f"{hint}_url" if is_named else "url", {"css": f"{css} @href"})
        yield from _of_text(node, member, Candidate(hint, {"css": css}, is_weak=not is_named))


def _of_text(node: LexborNode, member: LexborNode, plain: Candidate) -> Iterator[Candidate]:
    css = str(plain.written["css"])
    if title := node.attributes.get("title"):
        yield Candidate("title", {"css": f"{css} @title"}, is_weak=True)
        if _own(node).endswith(("...", "\u2026")) and title.startswith(_own(node)[:3]):
            return
    whole, own = len(" ".join(node.text().split())), _own(node)
    if not whole or (node.tag != "td" and len(own) < whole / 2) or own.endswith(":"):
        return
    if node.tag not in _HEADINGS and len(member.css(css)) > 1 and not plain.is_weak:
        plain.written["all"] = True
        plain.hint += "" if plain.hint.endswith("s") else "s"
    yield plain


def _own(node: LexborNode) -> str:
    return " ".join(node.text(deep=False).split())


def _place(node: LexborNode, member: LexborNode, headers: list[str]) -> tuple[str, str, bool]:
    """A selector of a part within its member, a hint at its name, whether the page named it."""
    prop = node.attributes.get("itemprop") or ""
    if _PROPERTY.fullmatch(prop):
        return f'[itemprop="{prop}"]', as_name(prop), True
    tag, parent = node.tag or "", node.parent or member
    for name in classes(node.attributes.get("class"))[:1]:
        return f"{tag}.{name}", as_name(name), True
    if tag in _HEADINGS:
        return tag, "title", False
    cell = node if tag == "td" else parent if parent.tag == "td" else None
    if cell is not None:
        place = _column(cell)
        header = headers[place - 1] if place <= len(headers) else ""
        css = f"td:nth-child({place})" + ("" if cell is node else f" {tag}")
        return css, header or f"column_{place}", bool(header) and cell is node
    if parent.mem_id == member.mem_id:
        return tag, _NAMES.get(tag, tag), False
    hint = "title" if parent.tag in _HEADINGS else _NAMES.get(tag, tag)
    above = classes(parent.attributes.get("class"))[:1]
    return ".".join([parent.tag or "*", *above]) + f" {tag}", hint, False


def _way(node: LexborNode, member: LexborNode) -> str:
    """The elements from a member down to a part of it."""
    way = f"{node.tag}:nth-child({_column(node)})"
    parent = node.parent
    if parent is None or parent.mem_id == member.mem_id:
        return way
    return f"{_way(parent, member)} > {way}"


def _column(cell: LexborNode) -> int:
    place, before = 1, cell.prev
    while before is not None:
        place += bool(before.is_element_node)
        before = before.prev
    return place


def _rated(node: LexborNode, match: re.Match[str]) -> Candidate:
    """A rating in a class: `star-rating Three`, `stars-4`."""
    stem = match["stem"].strip("-")
    css = f'{node.tag}[class*="{stem}"] @class'
    value = r"\w+" if match["value"] in _WORDS else r"\d"
    written: dict[str, Json] = {"css": css, "regex": f"{stem}{match['mark']}({value})"}
    if match["value"] in _WORDS:
        written["map"] = cast("Json", dict(_WORDS))
    return Candidate("rating", {**written, "type": "int"})


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen for one type of item."""

    fields: tuple[FieldProposal, ...]
    count: int  # items
    key: str | None  # a field that tells them apart
    urls: tuple[Json, ...] = ()  # the values of the field `url`


def choose(
    candidates: Iterable[Candidate], each: str | EachPlan | None, body: bytes, source: Source
) -> Choice:
    """Read the candidates from the page and take those that say something."""
    some = list(candidates)[: 3 * _MOST_FIELDS]
    read_all(some, each, body, source)
    kept = list(_told(some))[:_MOST_FIELDS]
    for one in kept:
        one.written.update(_typed(one))
    read_all(kept, each, body, source)
    names: dict[str, Candidate] = {}
    for one in kept:
        if one.full:
            names[unique(one.hint or "text", names)] = one
    proposals = tuple(
        FieldProposal(name, one.written, len(one.full), _example(one))
        for name, one in names.items()
    )
    urls = tuple(names["url"].values) if "url" in names else ()
    return Choice(proposals, len(kept[0].values) if kept else 0, _key(names), urls)


def read_all(
    candidates: list[Candidate], each: str | EachPlan | None, body: bytes, source: Source
) -> None:
    """Fill in the values, one an item; none where the page cannot be read so."""
    plans = []
    for number, one in enumerate(candidates):
        one.values = []
        try:
            plans.append(_plan(str(number), one.written))
        except SelectorError:
            continue
    item = ItemPlan("item", tuple(plans), each)
    try:
        page = Extractor(PageRule("page", items=(item,)))(body, source)
    except ParseError:
        return
    for made in page.items:
        data = json.loads(made.data)
        for number, one in enumerate(candidates):
            one.values.append(data.get(str(number)))


def _plan(name: str, written: Mapping[str, Json]) -> FieldPlan:
    texts = {key: str(value) for key, value in written.items() if isinstance(value, str)}
    css = texts.get("css")
    css, attr = parse_selector(css) if css else (css, None)
    after, attr = parse_selector(texts["next"]) if "next" in texts else (None, attr)
    return FieldPlan(
        name,
        css=css,
        attr=attr,
        next=after,
        json=texts.get("json"),
        jsonld=texts.get("jsonld"),
        meta=texts.get("meta"),
        all=bool(written.get("all")),
        regex=texts.get("regex"),
        map=cast("Mapping[str, Json] | None", written.get("map")),
        type=texts.get("type", ""),
    )


def _told(candidates: list[Candidate]) -> Iterator[Candidate]:
    """Those that say something, and not what another one says already."""
    known: set[str] = set()
    for one in candidates:
        values = one.full
        said = json.dumps(one.values)
        if not values or len(values) < _LEAST_SHARE * len(one.values) or said in known:
            continue
        if one.is_weak and len(one.values) > 1 and len(set(map(str, values))) == 1:
            continue
        known.add(said)
        yield one


def _typed(one: Candidate) -> dict[str, Json]:
    """The type that all values have, if it is not text."""
    texts = [value.strip() for value in one.full if isinstance(value, str)]
    if not texts or len(texts) < len(one.full) or "type" in one.written:
        return {}
    if all(map(_WHOLE.fullmatch, texts)) and not any(t[0] == "0" and len(t) > 1 for t in texts):
        return {"type": "int"}
    if all(map(_PRICE.fullmatch, texts)):
        return {"type": "decimal"}
    if all(map(_DATE.fullmatch, texts)):
        has_time = any(m["time"] for m in map(_DATE.fullmatch, texts) if m)
        return {"type": "datetime" if has_time else "date"}
    return {}


def _key(names: Mapping[str, Candidate]) -> str | None:
    """The field that every item has and no two have alike: a number of its own, a URL, a text."""
    good = [name for name, one in names.items() if _is_key(one)]
    ranks = ("id", "sku", "upc", "url", "name", "title")
    best = [name for rank in ranks for name in good if name == rank]
    return next(iter(best or good), None)


def _is_key(one: Candidate) -> bool:
    values = one.full
    if len(values) < max(2, len(one.values)) or one.written.get("type") in ("decimal", "date"):
        return False
    if one.written.get("all") or str(one.written.get("css")).endswith("src"):
        return False
    texts = [str(value) for value in values if isinstance(value, str | int)]
    return len(set(texts)) == len(values) == len(texts)


def _example(one: Candidate) -> str:
    value = one.full[0]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MOST_EXAMPLE else text[:_MOST_EXAMPLE] + "..."
