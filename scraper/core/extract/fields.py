"""Fields, compiled once per rule, read many times per page.

A selector inside an element looks at the element itself and at what it holds, and its left parts
may match outside, as with `querySelectorAll`. What was found goes through the steps of
`steps.py`. An empty text is a value of type text and nothing to every other type (an attribute
that is there without a value is true for `bool`); a required field wants more than an empty text.
In a list what is missing is left out, and what does not convert or is not in the `map` stays as
null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Protocol, cast

from selectolax.lexbor import LexborNode

from scraper.core.extract.between import between
from scraper.core.extract.columns import columns
from scraper.core.extract.document import Absent, Document, NotJsonError
from scraper.core.extract.leaf import Base, Leaf, Leaves, is_empty
from scraper.core.extract.plan import FieldPlan
from scraper.core.extract.sources import Find, Scope, every, finder, first
from scraper.core.extract.steps import Place, Value, refiner
from scraper.core.model import Json


class Field(Protocol):
    """One compiled field."""

    name: str

    def read(self, scope: Scope, document: Document) -> Value:
        """The field's value in `scope`; notes on the document what is invalid or lacking."""

    def value(self, scope: Scope, document: Document) -> Value:
        """What is found, before the default; notes nothing."""


class ElementField(Protocol):
    """A field that is looked for in an element."""

    name: str

    def read(self, scope: LexborNode, document: Document) -> Value:
        """As of a `Field`."""

    def value(self, scope: LexborNode, document: Document) -> Value:
        """As of a `Field`."""


def compile_fields(plans: Iterable[FieldPlan], place: Place) -> tuple[Field, ...]:
    """Readers of the fields, in their order; `place.label` is what stands before their names."""
    return tuple(_compile(plan, replace(place, label=place.label + plan.name)) for plan in plans)


def _compile(plan: FieldPlan, place: Place) -> Field:
    if plan.is_const:
        return _Const(plan)
    if plan.any:
        return _AnyOf(plan, place)
    find = finder(plan, place)
    if find is not None:
        return _FoundGroup(plan, place, find) if plan.fields else _Found(plan, place, find)
    if plan.next is not None:
        return _Next(plan, place)
    in_element = _in_element(plan, place)
    return _OnPage(in_element) if place.in_json or plan.page else cast("Field", in_element)


def _in_element(plan: FieldPlan, place: Place) -> ElementField:
    if plan.fields:
        return _Group(plan, place)
    if plan.count:
        return _Count(plan)
    if plan.all:
        return Leaves(plan, place)
    return Leaf(plan, place)


class _Const:
    __slots__ = ("_value", "name")

    def __init__(self, plan: FieldPlan) -> None:
        self.name = plan.name
        self._value = plan.const

    def read(self, scope: Scope, document: Document) -> Value:  # noqa: ARG002 - a Field
        return self._value

    value = read


class _Count:
    """How many elements there are."""

    __slots__ = ("_css", "name")

    def __init__(self, plan: FieldPlan) -> None:
        self.name = plan.name
        self._css = plan.css

    def read(self, scope: LexborNode, document: Document) -> Value:  # noqa: ARG002 - a Field
        return len(scope.css(self._css)) if self._css else 1

    value = read


class _OnPage:
    """A field that looks in the whole page, wherever its item is."""

    __slots__ = ("_field", "name")

    def __init__(self, field: ElementField) -> None:
        self.name = field.name
        self._field = field

    def read(self, scope: Scope, document: Document) -> Value:  # noqa: ARG002 - a Field
        return self._field.read(document.root, document)

    def value(self, scope: Scope, document: Document) -> Value:  # noqa: ARG002 - a Field
        return self._field.value(document.root, document)


class _Next(Base):
    """What is found between the item's element and the following one, one or all."""

    __slots__ = ("_all", "_css", "_each", "_field")

    def __init__(self, plan: FieldPlan, place: Place) -> None:
        super().__init__(plan, place)
        self._css = plan.next or "*"
        self._each = place.each
        self._all = plan.all
        itself = replace(plan, css="", next=None, all=False, default=None, required=False)
        self._field = _in_element(itself, place)

    def value(self, scope: Scope, document: Document) -> Value:
        if self._each is None or not isinstance(scope, LexborNode):
            return [] if self._all else Absent.MISSING
        nodes = between(self._each, self._css, document).get(scope.mem_id, ())
        values = (self._field.value(node, document) for node in nodes)
        return self._gather(values, document) if self._all else next(values, Absent.MISSING)


class _Found(Base):
    """A value of another source than an element, one or all."""

    __slots__ = ("_all", "_find", "_refine")

    def __init__(self, plan: FieldPlan, place: Place, find: Find) -> None:
        super().__init__(plan, place)
        self._all = plan.all
        self._find = find
        self._refine = refiner(plan, place)

    def value(self, scope: Scope, document: Document) -> Value:
        found = self._find(scope, document)
        if self._all:
            return self._gather((self._one(value, document) for value in every(found)), document)
        return self._one(first(found), document)

    def _one(self, value: Json, document: Document) -> Value:
        if value is None:
            return Absent.MISSING
        return value if self._refine is None else self._refine(value, document)


class _AnyOf(Base):
    """The first of several fields that yields."""

    __slots__ = ("_fields", "_refine")

    def __init__(self, plan: FieldPlan, place: Place) -> None:
        super().__init__(plan, place)
        self._fields = tuple(_compile(one, place) for one in plan.any)
        self._refine = refiner(plan, place)

    def value(self, scope: Scope, document: Document) -> Value:
        absent: Value = Absent.MISSING
        for field in self._fields:
            try:
                found = field.value(scope, document)
            except NotJsonError:
                continue
            if self._refine is not None and not isinstance(found, Absent):
                found = self._refine(found, document)
            if not is_empty(found):
                return found
            if found is Absent.INVALID or found == []:
                absent = found
        return absent


class _Group(Base):
    """Nested objects in elements, one or all."""

    __slots__ = ("_all", "_css", "_fields", "_selectors")

    def __init__(self, plan: FieldPlan, place: Place) -> None:
        super().__init__(plan, place)
        self._css = plan.css
        self._all = plan.all
        inside = replace(place, label=place.label + ".", in_json=False, each=None)
        self._fields = compile_fields(plan.fields, inside)
        self._selectors = [
            (field.css or None) if isinstance(field, Leaf) else None for field in self._fields
        ]

    def value(self, scope: LexborNode, document: Document) -> Value:
        if self._all:
            return self._each(scope.css(self._css) if self._css else [scope], document)
        node = scope.css_first(self._css) if self._css else scope
        return Absent.MISSING if node is None else read_object(self._fields, node, document)

    def _each(self, nodes: list[LexborNode], document: Document) -> list[Json]:
        """An object for each element, made column by column: so a query serves all rows."""
        made: list[dict[str, Json]] = [{} for _ in nodes]
        for field, cells in zip(self._fields, columns(nodes, self._selectors), strict=True):
            read: Callable[[Any, Document], Value] = field.read
            if cells is not None:
                read = cast("Leaf", field).read_of
            name = field.name
            for one, where in zip(made, nodes if cells is None else cells, strict=True):
                value = read(where, document)
                one[name] = None if isinstance(value, Absent) else value
        return cast("list[Json]", made)


class _FoundGroup(Base):
    """Nested objects in JSON values, one or all."""

    __slots__ = ("_all", "_fields", "_find")

    def __init__(self, plan: FieldPlan, place: Place, find: Find) -> None:
        super().__init__(plan, place)
        self._all = plan.all
        self._find = find
        inside = replace(place, label=place.label + ".", in_json=True, each=None)
        self._fields = compile_fields(plan.fields, inside)

    def value(self, scope: Scope, document: Document) -> Value:
        found = every(self._find(scope, document))
        if self._all:
            return [read_object(self._fields, one, document) for one in found]
        return read_object(self._fields, found[0], document) if found else Absent.MISSING


def read_object(fields: tuple[Field, ...], scope: Scope, document: Document) -> dict[str, Json]:
    """The fields by name, in their order; absent ones are null."""
    out: dict[str, Json] = {}
    for field in fields:
        value = field.read(scope, document)
        out[field.name] = None if isinstance(value, Absent) else value
    return out
