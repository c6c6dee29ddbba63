"""The life of a field's value, step by step, as fields of their own.

The steps are those of `steps.py`, in its order; a JMESPath within JSON-LD or a script is one too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from scraper.core.extract.jsonld import split_type
from scraper.core.extract.plan import FieldPlan
from scraper.core.extract.selectors import as_written


def bare(field: FieldPlan) -> FieldPlan:
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
        any=field.any,
        all=field.all,
        raw_text=field.raw_text,
    )


def stages(field: FieldPlan) -> Iterator[tuple[str, FieldPlan]]:
    """The source alone, then with one step more each; each with the name of its last step."""
    stage = bare(field)
    yield "", stage
    for name, changes in _steps(field):
        stage = replace(stage, **changes)
        yield name, stage


def _steps(field: FieldPlan) -> Iterator[tuple[str, dict[str, Any]]]:
    """The steps that are taken, as they are written, and what each adds to the plan."""
    path = split_type(field.jsonld)[1] if field.jsonld is not None else "@"
    if path != "@":
        yield path, {"jsonld": field.jsonld}
    if field.script is not None and field.json is not None:
        yield f"json {field.json}", {"json": field.json}
    if field.regex is not None:
        yield f"regex {field.regex}", {"regex": field.regex}
    if field.css is not None and field.json is not None:
        yield f"json {field.json}", {"json": field.json}
    yield from _on_text(field)
    if field.map is not None:
        yield "map", {"map": field.map}
    if field.type not in ("", "text"):
        yield f"type {field.type}", {"type": field.type}


def _on_text(field: FieldPlan) -> Iterator[tuple[str, dict[str, Any]]]:
    """The steps from text to text."""
    for number, (pattern, _) in enumerate(field.replace, 1):
        yield f"replace {pattern}", {"replace": field.replace[:number]}
    if field.split is not None:
        yield f"split {field.split}", {"split": field.split}
    if field.strip is not None:
        yield f"strip {field.strip}", {"strip": field.strip}


def looked_for(field: FieldPlan) -> str:
    """Where the value is looked for, as a config says it."""
    for key in ("css", "next", "table"):
        if (css := getattr(field, key)) is not None:
            attribute = f" @{field.attr}" if field.attr else ""
            return f"{key} {as_written(css) or '(the element itself)'}{attribute}"
    if field.any:
        return f"any of {', '.join(map(looked_for, field.any))}"
    if field.jsonld is not None:
        return f"jsonld {split_type(field.jsonld)[0]}"
    for key in ("script", "json", "meta"):
        if (written := getattr(field, key)) is not None:
            return f"{key} {written}"
    return f"from {field.source}"
