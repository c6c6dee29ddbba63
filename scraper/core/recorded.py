"""What a recorded page is expected to give, and how what it gives today differs from that.

Nothing is said exactly when both are equal. Items are compared with those of the same type and key;
those that are left over are compared in order, so that a key that has changed is told as such.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import TypeAlias, cast

from scraper.core.extract.plan import FieldPlan, PageRule
from scraper.core.keeping import SECRET_HEADERS
from scraper.core.model import Json, Link, Page

Told: TypeAlias = "dict[str, Json]"

MOST_LINES = 40  # of one page
_MOST_DEPTH = 20  # deeper values are compared as wholes
_MOST_CHARACTERS = 80
_BEFORE = 20  # characters that are shown before the first difference of long texts
_NOTHING = object()


def told(rule: str | None, page: Page, error: str | None = None) -> Told:
    """What a page gives, as plain values in the order of the page."""
    items: list[Json] = [
        {"type": item.type, "key": item.key, "data": json.loads(item.data)} for item in page.items
    ]
    rejected: list[Json] = [
        {
            "type": each.type,
            "field": each.field,
            "reason": each.reason,
            "data": json.loads(each.data),
        }
        for each in page.rejected
    ]
    links: list[Json] = [_link(link) for link in page.links]
    return {"rule": rule, "error": error, "items": items, "rejected": rejected, "links": links}


def _link(link: Link) -> Json:
    """A link; what is usual is not said."""
    said: dict[str, Json] = {"url": link.url}
    if link.page is not None:
        said["page"] = link.page
    if link.method != "GET":
        said["method"] = link.method
    if link.body:
        said["body"] = link.body.decode("utf-8", "replace")
    if link.carry:
        said["carry"] = dict(link.carry)
    return said


def header_names(rule: PageRule | None) -> frozenset[str]:
    """The response headers that a rule needs; none that lets somebody in."""
    names = {"content-type"}

    def look(fields: Sequence[FieldPlan]) -> None:
        for field in fields:
            start, _, name = (field.source or "").partition(":")
            if start == "header":
                names.add(name.lower())
            look(field.fields)
            look(field.any)

    if rule is None:
        return frozenset(names)
    for item in rule.items:
        look(item.fields)
    for link in rule.follow:
        look(link.set)
        look(() if link.condition is None else (link.condition,))
    if rule.nofollow:
        names.add("x-robots-tag")
    return frozenset(names - SECRET_HEADERS)


def differences(expected: Told, found: Told) -> list[str]:
    """How what was found differs from what was expected, a line each; empty: not at all."""
    lines = [
        *_plain("page rule", expected["rule"], found["rule"]),
        *_plain("error", expected["error"], found["error"]),
        *_items(_list(expected["items"]), _list(found["items"])),
        *_rejected(_list(expected["rejected"]), _list(found["rejected"])),
        *_sets("link", _list(expected["links"]), _list(found["links"])),
    ]
    more = len(lines) - MOST_LINES
    return lines if more <= 0 else [*lines[:MOST_LINES], f"and {more} more"]


def _list(value: Json) -> list[Json]:
    return cast("list[Json]", value)


def _plain(what: str, expected: Json, found: Json) -> Iterator[str]:
    if _text(expected) != _text(found):
        yield f"{what}: {_both(expected, found)}"


def _items(expected: list[Json], found: list[Json]) -> Iterator[str]:
    before = cast("list[Told]", expected)
    now = cast("list[Told]", found)
    said = False
    for name, one, other in _pairs(before, now):
        for line in _of_pair(name, one, other):
            said = True
            yield line
    if not said and _text(expected) != _text(found):
        yield "items: in another order"


def _pairs(before: list[Told], now: list[Told]) -> Iterator[tuple[str, Told | None, Told | None]]:
    """Items to compare: of one identity, then what is left of each type, in order."""
    left, taken = [], set[int]()
    by_name: dict[str, list[int]] = {}
    for index, item in enumerate(now):
        by_name.setdefault(_name(item), []).append(index)
    for item in before:
        same = by_name.get(_name(item))
        if not same:
            left.append(item)
            continue
        index = same.pop(0)
        taken.add(index)
        yield _name(item), item, now[index]
    others = [item for index, item in enumerate(now) if index not in taken]
    for type_ in dict.fromkeys(str(item["type"]) for item in (*left, *others)):
        of_type = ([each for each in items if each["type"] == type_] for items in (left, others))
        for one, other in zip_longest(*of_type):
            yield _name(one or other), one, other


def _rejected(expected: list[Json], found: list[Json]) -> Iterator[str]:
    """Rejected items, and what they have; an older recording says nothing of that."""
    before, now = cast("list[Told]", expected), cast("list[Told]", found)
    bare = [[{**one, "data": None} for one in some] for some in (before, now)]
    yield from _sets("rejected", *cast("list[list[Json]]", bare))
    for one, other in zip(before, now, strict=False) if bare[0] == bare[1] else ():
        if "data" in one:
            yield from _values(f"rejected {one['type']}: ", one["data"], other["data"], _MOST_DEPTH)


def _name(item: Told) -> str:
    return f"{item['type']} {_short(_text(item['key']))}"


def _of_pair(name: str, expected: Told | None, found: Told | None) -> Iterator[str]:
    if expected is None:
        yield f"{name}: not expected"
    elif found is None:
        yield f"{name}: missing"
    else:
        yield from _plain(f"{name}: key", expected["key"], found["key"])
        yield from _values(f"{name}: ", expected["data"], found["data"], _MOST_DEPTH)


def _values(path: str, expected: Json, found: Json, depth: int) -> Iterator[str]:
    """The differences of two values, those deep within named by their path."""
    if _text(expected) == _text(found):
        return
    if depth and isinstance(expected, dict) and isinstance(found, dict):
        said = False
        for name in {**expected, **found}:
            one, other = expected.get(name, _NOTHING), found.get(name, _NOTHING)
            dot = "" if path.endswith(": ") else "."
            for line in _field(f"{path}{dot}{name}", one, other, depth - 1):
                said = True
                yield line
        if not said:
            yield f"{path.removesuffix(': ')}: fields in another order"
    elif (
        depth
        and isinstance(expected, list)
        and isinstance(found, list)
        and len(expected) == len(found)
    ):
        for index, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from _values(f"{path}[{index}]", one, other, depth - 1)
    else:
        yield f"{path.removesuffix(': ')}: {_both(expected, found)}"


def _field(path: str, expected: object, found: object, depth: int) -> Iterator[str]:
    if expected is _NOTHING:
        yield f"{path}: a new field, {_short(_text(cast('Json', found)))}"
    elif found is _NOTHING:
        yield f"{path}: expected {_short(_text(cast('Json', expected)))}, no such field"
    else:
        yield from _values(path, cast("Json", expected), cast("Json", found), depth)


def _sets(what: str, expected: list[Json], found: list[Json]) -> Iterator[str]:
    before, now = Counter(map(_text, expected)), Counter(map(_text, found))
    for text in (before - now).elements():
        yield f"{what} {_said(text)}: missing"
    for text in (now - before).elements():
        yield f"{what} {_said(text)}: not expected"
    if before == now and list(map(_text, expected)) != list(map(_text, found)):
        yield f"{what}s: in another order"


def _said(text: str) -> str:
    """A link or a rejected item for a person."""
    values: Mapping[str, Json] = json.loads(text)
    return " ".join(
        str(value) if name in ("url", "type", "reason") else f"{name} {value}"
        for name, value in values.items()
        if value is not None
    )


def _both(expected: Json, found: Json) -> str:
    one, other = _text(expected), _text(found)
    if max(len(one), len(other)) > _MOST_CHARACTERS:
        differ = (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
        at = max(0, next(differ, min(len(one), len(other))) - _BEFORE)
        one, other = (("..." if at else "") + text[at:] for text in (one, other))
    return f"expected {_short(one)}, found {_short(other)}"


def _text(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def _short(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}..."
