"""Why a field is empty: the same page, read once more with every field as bare text.

`probe` makes the rule for that second reading; `reasons` compares the two.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from scraper.core.extract.join import carried_fields
from scraper.core.extract.jsonld import split_type
from scraper.core.extract.plan import EachPlan, FieldPlan, ItemPlan, PageRule
from scraper.core.extract.selectors import as_written
from scraper.core.model import Json, Page

_EMPTY: tuple[Json, ...] = (None, "", [])
_MOST_CHARACTERS = 60


def probe(rule: PageRule) -> PageRule:
    """The rule with nothing done to what its selectors find; nothing is rejected."""
    items = (
        replace(item, key=(), reads=(), python=None, fields=tuple(map(_bare, item.fields)))
        for item in rule.items
    )
    name = f"{rule.name} as text"
    return replace(rule, name=name, items=tuple(items), follow=(), submit=(), python=None)


def _bare(field: FieldPlan) -> FieldPlan:
    """The field's source alone. Of JSON within a text it is the text; of JSON-LD, its object."""
    return FieldPlan(
        field.name,
        css=field.css,
        attr=field.attr,
        next=field.next,
        table=field.table,
        page=field.page,
        remove=field.remove,
        html=field.html,
        markdown=field.markdown,
        source=field.source,
        const=field.const,
        is_const=field.is_const,
        json=None if field.script or field.css is not None else field.json,
        script=field.script,
        jsonld=field.jsonld and split_type(field.jsonld)[0],
        meta=field.meta,
        any=tuple(map(_bare, field.any)),
        raw_text=field.raw_text,
    )


def reasons(rule: PageRule, page: Page, bare: Page) -> Iterator[str]:
    """A line for each item type without items, and for each field that no item has a value of.

    Args:
        rule: the page's rule.
        page: what it found.
        bare: what its `probe` found on the same page.
    """
    for item in rule.items:
        texts = _found(bare, item.type)
        if not texts and item.each is not None:
            yield f"{item.type}: no item, each {_of_each(item.each)} finds nothing"
        else:
            carried = carried_fields(item)  # a trial has no carry
            known = replace(item, fields=tuple(f for f in item.fields if f.name not in carried))
            yield from _of_fields(known, _found(page, item.type), texts)


def _of_fields(
    item: ItemPlan, found: list[dict[str, Json]], texts: list[dict[str, Json]]
) -> Iterator[str]:
    for field in item.fields:
        if not field.is_const and all(data.get(field.name) in _EMPTY for data in found):
            text = next((data[field.name] for data in texts if data[field.name] is not None), None)
            yield f"{item.type}.{field.name}: {_why(field, text)}"


def _found(page: Page, type_: str) -> list[dict[str, Json]]:
    """The fields of all items of a type, the rejected ones among them."""
    kept = [item.data for item in page.items if item.type == type_]
    rejected = [item.data for item in page.rejected if item.type == type_]
    return [json.loads(data) for data in (*kept, *rejected)]


def _why(field: FieldPlan, text: Json) -> str:
    looked = _looked_for(field)
    steps = ", ".join(_steps(field))
    if text is None:
        return f"{looked} finds nothing"
    if text == "" or not steps:
        return f"{looked} finds an empty text"
    return f"{looked} finds {_shown(text)}, of which {steps} makes nothing"


def _looked_for(field: FieldPlan) -> str:
    for key in ("css", "next", "table"):
        if (css := getattr(field, key)) is not None:
            attribute = f" @{field.attr}" if field.attr else ""
            return f"{key} {as_written(css) or '(the element itself)'}{attribute}"
    if field.any:
        return f"any of {', '.join(map(_looked_for, field.any))}"
    if field.jsonld is not None:
        return f"jsonld {split_type(field.jsonld)[0]}"
    for key in ("script", "json", "meta"):
        if (written := getattr(field, key)) is not None:
            return f"{key} {written}"
    return f"from {field.source}"


def _of_each(each: str | EachPlan) -> str:
    if isinstance(each, str):
        return as_written(each)
    return f"json {each.json}" + (f" of script {each.script}" if each.script else "")


def _steps(field: FieldPlan) -> Iterator[str]:
    """The steps that are taken, as they are written."""
    path = split_type(field.jsonld)[1] if field.jsonld is not None else "@"
    in_text = field.json if field.script or field.css is not None else None
    kind = field.type if field.type != "text" else ""
    steps = (
        ("", None if path == "@" else path),
        ("regex ", field.regex),
        ("json ", in_text),
        *(("replace ", pattern) for pattern, _ in field.replace),
        ("split ", field.split),
        ("strip ", field.strip),
        ("map", None if field.map is None else ""),
        ("type ", kind or None),
        ("its steps", "" if field.any else None),
    )
    return (name + written for name, written in steps if written is not None)


def _shown(text: Json) -> str:
    whole = json.dumps(text, ensure_ascii=False)
    return whole if len(whole) <= _MOST_CHARACTERS else f'{whole[:_MOST_CHARACTERS]}..."'
