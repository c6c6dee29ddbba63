"""The steps between what a source found and a field's value.

They are `regex`, `json`, `replace`, `split`, `strip`, `map` and `type`, in this order, each a
function from a value to a value or to why there is none. A list, of JSON or of `split`, goes
through them element by element: what is missing is left out, what does not convert or is not in
the `map` stays as null.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import regex

from scraper.core.errors import ParseError
from scraper.core.extract.dates import DateStyle
from scraper.core.extract.document import Absent, Document
from scraper.core.extract.jsonpath import compile_path
from scraper.core.extract.jsontext import read_json
from scraper.core.extract.plan import FieldPlan
from scraper.core.extract.replacement import compile_replacement
from scraper.core.extract.types import USUAL, Converter, as_text, converter
from scraper.core.extract.watch import SHORT_CHARACTERS, is_tame
from scraper.core.model import Json, Reason

Value: TypeAlias = "Json | Absent"
Refine = Callable[["Json", Document], "Json | Absent"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field stands, and what holds for all fields there."""

    item_type: str
    regex_timeout_s: float  # CPU seconds of one search
    label: str = ""  # of the field in errors: "offers.price"
    each: str | None = None  # css of the items' elements, where the fields stand in one
    in_json: bool = False  # the fields are looked for in a JSON value, not in an element


def refiner(plan: FieldPlan, place: Place) -> Refine | None:
    """All steps of a field as one; None when there are none."""
    steps: list[Refine] = []
    if plan.regex is not None:
        steps.append(_searcher(plan.regex, place))
    if plan.json is not None and plan.css is not None:
        steps.append(_within(plan.json))
    steps += _on_text(plan, place)
    if plan.map is not None:
        steps.append(_mapper(plan.map))
    if plan.type not in ("text", "") or (plan.type == "text" and _is_typed(plan)):
        steps.append(_converter(plan))
    if (_is_typed(plan) or plan.split is not None) and plan.type != "json":
        steps = [_over(step, place) for step in steps]
    if len(steps) > 1:
        return _chain(tuple(steps))
    return steps[0] if steps else None


def _on_text(plan: FieldPlan, place: Place) -> Iterator[Refine]:
    """The steps from text to text."""
    for pattern, text in plan.replace:
        yield _replacer(pattern, text, place)
    if plan.split is not None:
        yield _splitter(plan.split)
    if plan.strip is not None:
        chars = plan.strip if plan.raw_text else plan.strip + string.whitespace
        yield lambda value, _document: as_text(value).strip(chars)


def _is_typed(plan: FieldPlan) -> bool:
    """Whether the source gives JSON, which need not be text."""
    return bool(plan.json is not None or plan.jsonld or plan.any or plan.source == "python")


def _chain(steps: tuple[Refine, ...]) -> Refine:
    """The steps one after another, as long as there is a value."""
    if len(steps) == 2:
        one, two = steps

        def both(value: Json, document: Document) -> Value:
            found = one(value, document)
            return found if isinstance(found, Absent) else two(found, document)

        return both

    def refine(value: Json, document: Document) -> Value:
        found: Value = value
        for step in steps:
            if isinstance(found, Absent):
                break
            found = step(found, document)
        return found

    return refine


def _over(step: Refine, place: Place) -> Refine:
    """The step on a value, or on each element of a list."""

    def refine(value: Json, document: Document) -> Value:
        if not isinstance(value, list):
            return step(value, document)
        found: list[Json] = []
        for one in value:
            made = None if one is None else refine(one, document)
            if made is Absent.INVALID:
                document.count_invalid(place.item_type, place.label)
            if made is not Absent.MISSING:
                found.append(None if isinstance(made, Absent) else made)
        return found

    return refine


def _searcher(pattern: str, place: Place) -> Refine:
    compiled = regex.compile(pattern)
    group = 1 if compiled.groups else 0
    timeout_s = place.regex_timeout_s
    tame = is_tame(pattern)

    def search(value: Json, document: Document) -> Value:
        text = as_text(value)
        if tame and len(text) <= SHORT_CHARACTERS:  # a limit costs four times the search
            match = compiled.search(text, None, None, False)  # a name would cost twice the search
        else:
            watch = document.watch
            began = watch.clock()
            try:
                # not concurrent, as above: letting other threads run costs more than most searches
                match = compiled.search(text, timeout=timeout_s, concurrent=False)
            except TimeoutError as error:
                raise too_slow(place) from error
            watch.add(began, place.label)
        found = match and match[group]
        return Absent.MISSING if found is None else str(found)

    return search


def _replacer(pattern: str, text: str, place: Place) -> Refine:
    replace = compile_replacement(pattern, text, timeout_s=place.regex_timeout_s)

    def refine(value: Json, document: Document) -> Value:
        began = document.watch.clock()
        try:
            made = replace(as_text(value))
        except TimeoutError as error:
            raise too_slow(place) from error
        document.watch.add(began, place.label)
        return made

    return refine


def _splitter(divider: str) -> Refine:
    def refine(value: Json, document: Document) -> Value:  # noqa: ARG001 - a Refine
        parts = (part.strip() for part in as_text(value).split(divider))
        return [part for part in parts if part]

    return refine


def too_slow(place: Place) -> ParseError:
    """The error of a regular expression that ran out of time."""
    detail = f"the regex of {place.label} took more than {place.regex_timeout_s:g} s"
    return ParseError(Reason.PARSE_TIMEOUT, detail)


def _within(path: str) -> Refine:
    """What a JMESPath finds in a text that is JSON."""
    search = compile_path(path)

    def refine(value: Json, document: Document) -> Value:  # noqa: ARG001 - a Refine
        try:
            found = search(read_json(as_text(value)))
        except ValueError:
            return Absent.INVALID
        return Absent.MISSING if found is None else found

    return refine


def _mapper(table: Mapping[str, Json]) -> Refine:
    return lambda value, _document: table.get(as_text(value), Absent.UNMAPPED)


def _conversion(plan: FieldPlan) -> Converter | None:
    """The conversion to the field's type; None: a URL is joined to the page's own."""
    if plan.type == "url":
        return None
    if plan.type == "text":
        return as_text
    return converter(plan.type, DateStyle(plan.order, plan.language))


def _converter(plan: FieldPlan) -> Refine:
    convert = _conversion(plan)
    empty: Value = True if plan.type == "bool" and plan.attr is not None else Absent.MISSING

    def converted(value: Json, document: Document) -> Value:
        if value is None or (isinstance(value, str) and (not value or value.isspace())):
            return Absent.MISSING if value is None else empty
        try:
            return document.base.join(as_text(value)) if convert is None else convert(value)
        except (ValueError, ArithmeticError):
            return Absent.INVALID

    usual = USUAL.get(plan.type)
    if usual is None:
        return converted

    def quickly(value: Json, document: Document) -> Value:
        found = usual(value) if isinstance(value, str) else None
        return converted(value, document) if found is None else found

    return quickly
