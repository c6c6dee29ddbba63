"""Fields, compiled once per rule, read many times per page.

A selector inside an element looks at the element itself and at what it holds, and its left parts
may match outside, as with `querySelectorAll`. A value goes through these steps, each optional:
text or attribute, `regex`, `map`, `type`. An empty text is a value of type text and nothing to
every other type (an attribute that is there without a value is true for `bool`); a required field
wants more than an empty text. In a list what is missing is left out, and what does not convert
or is not in the `map` stays as null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeAlias

import regex
from selectolax.lexbor import LexborNode

from scraper.core.errors import ParseError
from scraper.core.extract.document import URL_ATTRIBUTES, Absent, Document
from scraper.core.extract.plan import FieldPlan
from scraper.core.extract.types import CONVERTERS
from scraper.core.model import Json, Reason

Value: TypeAlias = "Json | Absent"
Take = Callable[[LexborNode, Document], "str | None"]
Refine = Callable[["Json", Document], "Json | Absent"]
_SETS = frozenset({"srcset", "imagesrcset"})


class Field(Protocol):
    """One compiled field."""

    name: str

    def read(self, scope: LexborNode, document: Document) -> Value:
        """The field's value in `scope`; notes on the document what is invalid or lacking."""


def compile_fields(
    plans: Iterable[FieldPlan], item_type: str, *, regex_timeout_s: float, path: str = ""
) -> tuple[Field, ...]:
    """Readers of the fields, in their order."""
    return tuple(_compile(plan, item_type, regex_timeout_s, path) for plan in plans)


def _compile(plan: FieldPlan, item_type: str, timeout_s: float, path: str) -> Field:
    label = path + plan.name
    if plan.fields:
        inner = compile_fields(plan.fields, item_type, regex_timeout_s=timeout_s, path=label + ".")
        return _Group(plan, label, inner)
    if plan.is_const:
        return _Const(plan)
    if plan.count:
        return _Count(plan)
    refine = _refiner(plan, label, timeout_s)
    if plan.source is not None:
        return _FromSource(plan, item_type, label, refine)
    return _Leaf(plan, item_type, label, refine)


class _Base:
    """What all fields do with what they found."""

    __slots__ = ("_default", "_item_type", "_label", "_required", "name")

    def __init__(self, plan: FieldPlan, item_type: str, label: str) -> None:
        self.name = plan.name
        self._default = plan.default
        self._required = plan.required
        self._item_type = item_type
        self._label = label

    def _settle(self, value: Value, document: Document) -> Value:
        """Put the default in place; note a required field that is empty."""
        if value is Absent.MISSING and self._default is not None:
            value = self._default
        elif value is Absent.INVALID:
            document.count_invalid(self._item_type, self._label)
        if self._required and (isinstance(value, Absent) or value in (None, "", [])):
            absent = value if isinstance(value, Absent) else Absent.MISSING
            document.lacking.append((self._label, absent))
        return value


class _Const:
    __slots__ = ("_value", "name")

    def __init__(self, plan: FieldPlan) -> None:
        self.name = plan.name
        self._value = plan.const

    def read(self, scope: LexborNode, document: Document) -> Value:  # noqa: ARG002 - a Field
        return self._value


class _Count:
    """How many elements there are."""

    __slots__ = ("_css", "name")

    def __init__(self, plan: FieldPlan) -> None:
        self.name = plan.name
        self._css = plan.css

    def read(self, scope: LexborNode, document: Document) -> Value:  # noqa: ARG002 - a Field
        return len(scope.css(self._css)) if self._css else 1


class _FromSource(_Base):
    """A field that is not in the page: `from:`."""

    __slots__ = ("_refine", "_source")

    def __init__(self, plan: FieldPlan, item_type: str, label: str, refine: Refine | None) -> None:
        super().__init__(plan, item_type, label)
        self._source = plan.source or ""
        self._refine = refine

    def read(self, scope: LexborNode, document: Document) -> Value:  # noqa: ARG002 - a Field
        found = self._look_up(document)
        value: Value = Absent.MISSING if found is None else found
        if found is not None and self._refine is not None:
            value = self._refine(found, document)
        return self._settle(value, document)

    def _look_up(self, document: Document) -> Json:
        source = document.source
        match self._source:
            case "url":
                return source.url
            case "final_url":
                return source.final_url
            case "status":
                return source.status
        if self._source.startswith("header:"):
            return source.headers.get(self._source[7:].strip().lower())
        return source.carry.get(self._source)


class _Leaf(_Base):
    """A text or an attribute, one or all."""

    __slots__ = ("_all", "_css", "_refine", "_take")

    def __init__(self, plan: FieldPlan, item_type: str, label: str, refine: Refine | None) -> None:
        super().__init__(plan, item_type, label)
        self._css = plan.css
        self._all = plan.all
        self._take = _taker(plan)
        self._refine = refine

    def read(self, scope: LexborNode, document: Document) -> Value:
        if self._all:
            return self._read_all(scope, document)
        node = scope.css_first(self._css) if self._css else scope
        value = Absent.MISSING if node is None else self._one(node, document)
        if self._required or isinstance(value, Absent):
            return self._settle(value, document)
        return value

    def _one(self, node: LexborNode, document: Document) -> Value:
        text = self._take(node, document)
        if text is None:
            return Absent.MISSING
        return text if self._refine is None else self._refine(text, document)

    def _read_all(self, scope: LexborNode, document: Document) -> Value:
        found: list[Json] = []
        for node in scope.css(self._css) if self._css else (scope,):
            value = self._one(node, document)
            if value is Absent.INVALID:
                document.count_invalid(self._item_type, self._label)
            if value is not Absent.MISSING:
                found.append(None if isinstance(value, Absent) else value)
        if not found and isinstance(self._default, list):
            found = self._default
        return self._settle(found, document)


class _Group(_Base):
    """Nested objects, one or all."""

    __slots__ = ("_all", "_css", "_fields")

    def __init__(self, plan: FieldPlan, label: str, fields: tuple[Field, ...]) -> None:
        super().__init__(plan, "", label)
        self._css = plan.css
        self._all = plan.all
        self._fields = fields

    def read(self, scope: LexborNode, document: Document) -> Value:
        if self._all:
            nodes = scope.css(self._css) if self._css else [scope]
            return self._settle([self._object(node, document) for node in nodes], document)
        node = scope.css_first(self._css) if self._css else scope
        return self._settle(
            Absent.MISSING if node is None else self._object(node, document), document
        )

    def _object(self, node: LexborNode, document: Document) -> Json:
        return read_object(self._fields, node, document)


def read_object(fields: tuple[Field, ...], node: LexborNode, document: Document) -> dict[str, Json]:
    """The fields by name, in their order; absent ones are null."""
    out: dict[str, Json] = {}
    for field in fields:
        value = field.read(node, document)
        out[field.name] = None if isinstance(value, Absent) else value
    return out


def _taker(plan: FieldPlan) -> Take:
    """How the raw text of an element is taken; None when it has no such attribute."""
    raw, attr = plan.raw_text, plan.attr
    if attr is None:
        return _raw_text if raw else _text

    def attribute(node: LexborNode, document: Document) -> str | None:
        attributes = node.attributes
        if attr not in attributes:
            return None
        value = attributes[attr] or ""
        if not raw:
            value = value.strip()
        if not value:
            return value
        if attr in URL_ATTRIBUTES:
            return document.absolute(value)
        return document.absolute_set(value) if attr in _SETS else value

    return attribute


def _text(node: LexborNode, document: Document) -> str:  # noqa: ARG001 - a Take
    return " ".join(node.text().split())


def _raw_text(node: LexborNode, document: Document) -> str:  # noqa: ARG001 - a Take
    return node.text()


def _refiner(plan: FieldPlan, label: str, timeout_s: float) -> Refine | None:
    """The steps between what was found and the value; None when there are none."""
    steps: list[Refine] = []
    if plan.regex is not None:
        steps.append(_searcher(plan.regex, label, timeout_s))
    if plan.map is not None:
        steps.append(_mapper(plan.map))
    if plan.type != "text":
        steps.append(_converter(plan))
    if len(steps) > 1:
        return _chain(tuple(steps))
    return steps[0] if steps else None


def _chain(steps: tuple[Refine, ...]) -> Refine:
    """The steps one after another, as long as there is a value."""

    def refine(value: Json, document: Document) -> Value:
        found: Value = value
        for step in steps:
            if isinstance(found, Absent):
                break
            found = step(found, document)
        return found

    return refine


def _searcher(pattern: str, label: str, timeout_s: float) -> Refine:
    compiled = regex.compile(pattern)
    group = 1 if compiled.groups else 0

    def search(value: Json, document: Document) -> Value:  # noqa: ARG001 - a Refine
        try:
            # not concurrent: letting other threads run costs more than most searches
            match = compiled.search(str(value), timeout=timeout_s, concurrent=False)
        except TimeoutError as error:
            detail = f"the regex of {label} took more than {timeout_s:g} s"
            raise ParseError(Reason.PARSE_TIMEOUT, detail) from error
        found = match and match[group]
        return Absent.MISSING if found is None else str(found)

    return search


def _mapper(table: Mapping[str, Json]) -> Refine:
    return lambda value, _document: table.get(str(value), Absent.UNMAPPED)


def _converter(plan: FieldPlan) -> Refine:
    convert = CONVERTERS.get(plan.type)
    empty: Value = True if plan.type == "bool" and plan.attr is not None else Absent.MISSING

    def converted(value: Json, document: Document) -> Value:
        if value is None or (isinstance(value, str) and (not value or value.isspace())):
            return Absent.MISSING if value is None else empty
        try:
            return document.base.join(str(value)) if convert is None else convert(value)
        except (ValueError, ArithmeticError):
            return Absent.INVALID

    return converted
