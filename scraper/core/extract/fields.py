"""Fields, compiled once per rule, read many times per page.

A selector inside an element looks at the element itself and at what it holds, and its left parts
may match outside, as with `querySelectorAll`. What was found goes through the steps of
`steps.py`. An empty text is a value of type text and nothing to every other type (an attribute
that is there without a value is true for `bool`); a required field wants more than an empty text.
In a list what is missing is left out, and what does not convert or is not in the `map` stays as
null.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Protocol, cast

from selectolax.lexbor import LexborNode

from scraper.core.extract.between import between
from scraper.core.extract.document import Absent, Document, NotJsonError
from scraper.core.extract.plan import FieldPlan
from scraper.core.extract.sources import Find, Scope, every, finder, first
from scraper.core.extract.steps import Place, Value, refiner
from scraper.core.extract.take import is_plain, taker
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
        return _Leaves(plan, place)
    return _Text(plan, place) if plan.css and is_plain(plan) else _Leaf(plan, place)


class _Base(ABC):
    """What all fields do with what they found."""

    __slots__ = ("_default", "_place", "_required", "_splits", "name")

    def __init__(self, plan: FieldPlan, place: Place) -> None:
        self.name = plan.name
        self._default = plan.default
        self._required = plan.required
        self._splits = plan.split is not None
        self._place = place

    def read(self, scope: Any, document: Document) -> Value:  # noqa: ANN401 - what `value` takes
        return self._settle(self.value(scope, document), document)

    @abstractmethod
    def value(self, scope: Any, document: Document) -> Value:  # noqa: ANN401 - narrower below
        """As of a `Field`."""

    def _gather(self, values: Iterable[Value], document: Document) -> list[Json]:
        """What is found as a list."""
        found: list[Json] = []
        for value in values:
            if value is Absent.INVALID:
                document.count_invalid(self._place.item_type, self._place.label)
            if self._splits and isinstance(value, list):
                found += value
            elif value is not Absent.MISSING:
                found.append(None if isinstance(value, Absent) else value)
        return found

    def _settle(self, value: Value, document: Document) -> Value:
        """Put the default in place; note a required field that is empty."""
        if value is Absent.INVALID:
            document.count_invalid(self._place.item_type, self._place.label)
        elif self._default is not None and (
            value is Absent.MISSING or (value == [] and isinstance(self._default, list))
        ):
            value = self._default
        if self._required and is_empty(value):
            absent = value if isinstance(value, Absent) else Absent.MISSING
            document.lacking.append((self._place.label, absent))
        return value


def is_empty(value: Value) -> bool:
    """Whether a required field wants more than this."""
    return isinstance(value, Absent) or value in (None, "", [])


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


class _Leaf(_Base):
    """A text or an attribute of the first element: what most fields are."""

    __slots__ = ("_css", "_refine", "_take")

    def __init__(self, plan: FieldPlan, place: Place) -> None:
        super().__init__(plan, place)
        self._css = plan.css
        self._take = taker(plan)
        self._refine = refiner(plan, place)

    def read(self, scope: LexborNode, document: Document) -> Value:
        value = self.value(scope, document)
        if self._required or isinstance(value, Absent):
            return self._settle(value, document)
        return value

    def value(self, scope: LexborNode, document: Document) -> Value:
        node = scope.css_first(self._css) if self._css else scope
        if node is None:
            return Absent.MISSING
        text = self._take(node, document)
        if text is None:
            return Absent.MISSING
        return text if self._refine is None else self._refine(text, document)


class _Text(_Leaf):
    """The text of the first element, without a detour: half of all fields are no more than this."""

    __slots__ = ()

    def read(self, scope: LexborNode, document: Document) -> Value:
        node = scope.css_first(self._css)  # type: ignore[arg-type]  # it is some: see _in_element
        if node is None:
            return self._settle(Absent.MISSING, document)
        text = " ".join(node.text().split())
        value = text if self._refine is None else self._refine(text, document)
        if self._required or isinstance(value, Absent):
            return self._settle(value, document)
        return value


class _Leaves(_Base):
    """The texts or attributes of all elements."""

    __slots__ = ("_css", "_one")

    def __init__(self, plan: FieldPlan, place: Place) -> None:
        super().__init__(plan, place)
        self._css = plan.css
        itself = replace(plan, css="", all=False, default=None, required=False)
        self._one = _Leaf(itself, place)

    def value(self, scope: LexborNode, document: Document) -> Value:
        nodes = scope.css(self._css) if self._css else (scope,)
        return self._gather((self._one.value(node, document) for node in nodes), document)


class _Next(_Base):
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


class _Found(_Base):
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


class _AnyOf(_Base):
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


class _Group(_Base):
    """Nested objects in elements, one or all."""

    __slots__ = ("_all", "_css", "_fields")

    def __init__(self, plan: FieldPlan, place: Place) -> None:
        super().__init__(plan, place)
        self._css = plan.css
        self._all = plan.all
        inside = replace(place, label=place.label + ".", in_json=False, each=None)
        self._fields = compile_fields(plan.fields, inside)

    def value(self, scope: LexborNode, document: Document) -> Value:
        if self._all:
            nodes = scope.css(self._css) if self._css else [scope]
            return [read_object(self._fields, node, document) for node in nodes]
        node = scope.css_first(self._css) if self._css else scope
        return Absent.MISSING if node is None else read_object(self._fields, node, document)


class _FoundGroup(_Base):
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
