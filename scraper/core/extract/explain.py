"""Why a field is empty: the same page, read once more with every step of every field apart.

`probe` makes the rule for that second reading: each field becomes several, its source alone, then
with one step more each, beside how many elements its selector matches. `losses` compares the two
readings and names the step at which a value was lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from scraper.core.extract.again import is_again
from scraper.core.extract.dates import DateStyle, to_datetime
from scraper.core.extract.join import carried_fields
from scraper.core.extract.plan import EachPlan, FieldPlan, FollowPlan, ItemPlan, PageRule
from scraper.core.extract.selectors import as_written
from scraper.core.extract.stages import looked_for, stages
from scraper.core.model import Json, Page

_PAGE = " page"  # the type of the item that looks in the whole page; no config can name it so
_EMPTY: tuple[Json, ...] = (None, "", [])
_MOST_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Loss:
    """A field that no item has a value of, or an item type without items (`field` is None)."""

    type: str
    field: str | None  # "offers.price" is one within another
    why: str
    in_page: int | None = None  # elements that its selector matches; None: it has none
    in_item: int | None = None  # the most of them in one item
    steps: tuple[tuple[str, Json], ...] = ()  # each step, and the value behind it

    def __str__(self) -> str:
        return f"{self.type}{'' if self.field is None else f'.{self.field}'}: {self.why}"


Scopes = dict[str, list[dict[str, "Json"]]]  # label of a field -> what was found, scope by scope


def probe(rule: PageRule) -> PageRule:
    """The rule of the second reading; nothing is rejected, followed or given to a function."""
    items = [
        replace(item, key=(), reads=(), python=None, fields=tuple(_apart(item.fields, "")))
        for item in rule.items
    ]
    counts = [one for item in rule.items for one in _counts(item)]
    links = [link for link in rule.follow if not is_again(link)]
    counts += [_hrefs(number, link) for number, link in enumerate(links)]
    page = [ItemPlan(_PAGE, tuple(counts))] if counts else []
    name = f"{rule.name} apart"
    return replace(rule, name=name, items=(*page, *items), follow=(), submit=(), python=None)


def _apart(fields: tuple[FieldPlan, ...], above: str) -> Iterator[FieldPlan]:
    """The fields of which each stage of some fields is one."""
    for field in fields:
        label = above + field.name
        if field.is_const or field.count:
            continue
        if field.fields:
            inside = tuple(_apart(field.fields, f"{label}."))
            yield replace(_plain(field), name=f"{label}|in", all=True, fields=inside)
        for number, (_, stage) in enumerate(stages(field)):
            yield replace(stage, name=f"{label}|{number}")
        if field.css and not field.page:
            yield FieldPlan(f"{label}|here", css=field.css, count=True)
        yield from _apart(_named(field), f"{label}.")


def _plain(field: FieldPlan) -> FieldPlan:
    return replace(field, required=False, default=None)


def _named(field: FieldPlan) -> tuple[FieldPlan, ...]:
    """The sources of an `any`, with names of their own."""
    return tuple(replace(one, name=f"any[{n}]") for n, one in enumerate(field.any, 1))


def _counts(item: ItemPlan) -> Iterator[FieldPlan]:
    """How many elements of the page each selector matches."""
    ahead = [(f"{item.type}.", field) for field in item.fields]
    while ahead:
        above, field = ahead.pop()
        if css := field.css or field.table:
            yield FieldPlan(f"{above}{field.name}", css=css, count=True)
        ahead += [(f"{above}{field.name}.", one) for one in (*field.fields, *_named(field))]


def _hrefs(number: int, link: FollowPlan) -> FieldPlan:
    attr = link.attr if link.css is not None else None
    return FieldPlan(
        f"|{number}", css=link.css, attr=attr, json=link.json, script=link.script, all=True
    )


def hrefs(second: Page) -> list[list[Json]]:
    """What each entry of `follow` found, before anything is left out."""
    found = [(name, value) for name, value in _of_page(second).items() if name[0] == "|"]
    return [value if isinstance(value, list) else [] for _, value in found]


def _of_page(second: Page) -> dict[str, Json]:
    found: dict[str, Json] = next(
        (json.loads(item.data) for item in second.items if item.type == _PAGE), {}
    )
    return found


def losses(rule: PageRule, first: Page, second: Page) -> Iterator[Loss]:
    """What was not found, and why.

    Args:
        rule: the page's rule.
        first: what it found.
        second: what its `probe` found on the same page.
    """
    counts = _of_page(second)
    for item in rule.items:
        apart = _found(second, item.type)
        if not apart and item.each is not None:
            why = f"no item, each {_of_each(item.each)} finds nothing"
            yield Loss(item.type, None, why, in_page=0)
            continue
        scopes: Scopes = {}
        for data in apart:
            _sort(data, scopes)
        told = _Told(item, scopes, counts)
        carried = carried_fields(item)  # a trial has no carry
        own = tuple(field for field in item.fields if field.name not in carried)
        yield from told.losses(own, _found(first, item.type), "")


def misfits(rule: PageRule, second: Page) -> dict[str, dict[str, str]]:
    """By item type and field, the first value that does not convert, and why where that is known.

    Args:
        second: what the rule's `probe` found.
    """
    found: dict[str, dict[str, str]] = {}
    for item in rule.items:
        scopes: Scopes = {}
        for data in _found(second, item.type):
            _sort(data, scopes)
        here = dict(_misfits(item.fields, scopes, ""))
        if here:
            found[item.type] = here
    return found


def doubles(rule: PageRule, first: Page, second: Page) -> dict[str, int]:
    """By item type, how many items that say something else have the key of one before them.

    Args:
        first: what the rule found.
        second: what its `probe` found.
    """
    counts = {
        item.type: len(_found(second, item.type)) - len(_found(first, item.type))
        for item in rule.items
        if item.key and not item.reads and item.python is None and rule.python is None
    }
    return {type_: count for type_, count in counts.items() if count > 0}


def _misfits(
    fields: tuple[FieldPlan, ...], scopes: Scopes, above: str
) -> Iterator[tuple[str, str]]:
    for field in fields:
        label = above + field.name
        yield from _misfits(field.fields, scopes, f"{label}.")
        last = len(list(stages(field))) - 1
        if field.type in ("", "text") or last < 1 or field.count or field.is_const:
            continue
        pairs = ((one.get(str(last - 1)), one.get(str(last))) for one in scopes.get(label, ()))
        for before, made in pairs:
            value = _unconverted(before, made)
            if value is not None:
                yield label, _shown(value) + _date_trouble(field, value)
                break


def _unconverted(before: Json, made: Json) -> Json:
    """Of a value, or of the values of a list, the first of which nothing was made."""
    if isinstance(before, list):
        values = made if isinstance(made, list) and len(made) == len(before) else before
        pairs = zip(before, values, strict=True)
        return next((one for one, value in pairs if value is None and one not in _EMPTY), None)
    return before if made is None and before not in _EMPTY else None


def _sort(data: dict[str, Json], into: Scopes) -> None:
    """Put what was found in one item, or in an object within it, to its field."""
    here: dict[str, dict[str, Json]] = {}
    for name, value in data.items():
        label, _, stage = name.rpartition("|")
        here.setdefault(label, {})[stage] = value
        for inner in _objects([value]) if stage == "in" else ():
            _sort(inner, into)
    for label, found in here.items():
        into.setdefault(label, []).append(found)


@dataclass(frozen=True, slots=True)
class _Told:
    """What is known of one item type in the second reading."""

    item: ItemPlan
    scopes: Scopes
    counts: dict[str, Json]

    def losses(
        self, fields: tuple[FieldPlan, ...], found: list[dict[str, Json]], above: str
    ) -> Iterator[Loss]:
        """The losses of some fields, found in items or in objects within them."""
        for field in fields:
            if field.is_const or field.count:
                continue
            values = [data.get(field.name) for data in found]
            if all(value in _EMPTY for value in values):
                yield self._loss(field, above + field.name)
            elif field.fields:
                yield from self.losses(field.fields, _objects(values), f"{above}{field.name}.")

    def _loss(self, field: FieldPlan, label: str) -> Loss:
        found = self.scopes.get(label, [])
        in_page = self.counts.get(f"{self.item.type}.{label}")
        in_item = max((n for one in found if isinstance(n := one.get("here"), int)), default=None)
        steps = tuple(_steps(field, found))
        return Loss(
            self.item.type,
            label,
            self._why(field, label, steps, in_item),
            in_page if isinstance(in_page, int) else None,
            in_item,
            steps,
        )

    def _why(
        self, field: FieldPlan, label: str, steps: tuple[tuple[str, Json], ...], here: int | None
    ) -> str:
        looked = looked_for(field)
        if steps:
            life = _life(steps, here if not field.all else None)
            is_last = len(steps) > 1 and steps[-1] == (f"type {field.type}", None)
            trouble = _date_trouble(field, steps[-2][1]) if is_last else ""
            return f"{looked} finds {life}{trouble}"
        if field.any:
            tried = (self._loss(one, f"{label}.{one.name}").why for one in _named(field))
            return f"no source of any yields: {'; '.join(tried)}"
        count = self.counts.get(f"{self.item.type}.{label}")
        if here and field.attr:
            return f"{looked} finds nothing: {_elements(here)} without this attribute"
        if here == 0 and isinstance(count, int) and count:
            return (
                f"{looked} finds nothing in the item, but {_elements(count)} elsewhere in the page"
            )
        return f"{looked} finds nothing"


def _steps(field: FieldPlan, found: list[dict[str, Json]]) -> Iterator[tuple[str, Json]]:
    """The steps of the first value there is, up to the one that made nothing of it."""
    one = next((scope for scope in found if scope.get("0") not in (None, [])), None)
    for number, (name, _) in enumerate(stages(field) if one else ()):
        value = one.get(str(number)) if one else None
        yield name, value
        if value in _EMPTY:
            return


def _life(steps: tuple[tuple[str, Json], ...], here: int | None) -> str:
    (_, source), *others = steps
    if source in _EMPTY or not others:
        return "an empty text"
    told = _shown(source) + (f" in the first of {here} elements" if here and here > 1 else "")
    for name, value in others:
        told += f", of which {name} makes {'nothing' if value in _EMPTY else _shown(value)}"
    return told


def _date_trouble(field: FieldPlan, value: Json) -> str:
    """Why a text is no date, where one was to be made of it."""
    if field.type in ("date", "datetime") and isinstance(value, str):
        try:
            to_datetime(value, DateStyle(field.order, field.language))
        except ValueError as error:
            return f": {error}"
    return ""


def _objects(values: list[Json]) -> list[dict[str, Json]]:
    """The objects among some values and in lists of them."""
    flat = [one for value in values for one in (value if isinstance(value, list) else [value])]
    return [one for one in flat if isinstance(one, dict)]


def _found(page: Page, type_: str) -> list[dict[str, Json]]:
    """The fields of all items of a type, the rejected ones among them."""
    kept = [item.data for item in page.items if item.type == type_]
    rejected = [item.data for item in page.rejected if item.type == type_]
    return [json.loads(data) for data in (*kept, *rejected)]


def _of_each(each: str | EachPlan) -> str:
    if isinstance(each, str):
        return as_written(each)
    return f"json {each.json}" + (f" of script {each.script}" if each.script else "")


def _elements(count: int) -> str:
    return f"{count} element{'' if count == 1 else 's'}"


def _shown(text: Json) -> str:
    whole = json.dumps(text, ensure_ascii=False)
    return whole if len(whole) <= _MOST_CHARACTERS else f'{whole[:_MOST_CHARACTERS]}..."'
