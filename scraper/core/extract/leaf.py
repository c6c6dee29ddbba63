"""Fields that are a text or an attribute: of one element, or of all.

Most fields are no more than this, and most of a page's time goes into them: what they have in
common with the others is here too.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from selectolax.lexbor import LexborNode

from scraper.core.extract.document import Absent, Document
from scraper.core.extract.plan import FieldPlan
from scraper.core.extract.steps import Place, Refine, Value, refiner
from scraper.core.extract.take import Take, folded, is_plain, taker
from scraper.core.model import Json

Read = Callable[["LexborNode | None", Document], Value]
Settle = Callable[["Value", Document], Value]


class Base(ABC):
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


class Leaf(Base):
    """A text or an attribute of the first element: what most fields are."""

    __slots__ = ("css", "read_of", "value_of")

    def __init__(self, plan: FieldPlan, place: Place) -> None:
        super().__init__(plan, place)
        take, refine = None if is_plain(plan) else taker(plan), refiner(plan, place)
        self.css = plan.css
        self.read_of = _reader(take, refine, self._settle, is_settled=self._required)
        self.value_of = _reader(take, refine, _as_it_is, is_settled=False)

    def read(self, scope: LexborNode, document: Document) -> Value:
        return self.read_of(scope.css_first(self.css) if self.css else scope, document)

    def value(self, scope: LexborNode, document: Document) -> Value:
        return self.value_of(scope.css_first(self.css) if self.css else scope, document)


def _reader(take: Take | None, refine: Refine | None, settle: Settle, *, is_settled: bool) -> Read:
    """How an element is read, without the steps that the field does not have.

    Args:
        take: None: the folded text.
        settle: what is done with a value that is absent.
        is_settled: it is done with each.
    """

    def text_of(node: LexborNode | None, document: Document) -> Value:
        if node is None:
            return settle(Absent.MISSING, document)
        return folded(node)

    def read(node: LexborNode | None, document: Document) -> Value:
        if node is None:
            return settle(Absent.MISSING, document)
        text = folded(node) if take is None else take(node, document)
        if text is None:
            return settle(Absent.MISSING, document)
        value = text if refine is None else refine(text, document)
        return settle(value, document) if is_settled or isinstance(value, Absent) else value

    return read if take or refine or is_settled else text_of


def _as_it_is(value: Value, document: Document) -> Value:  # noqa: ARG001 - a Settle
    return value


class Leaves(Base):
    """The texts or attributes of all elements."""

    __slots__ = ("_css", "_is_plain", "_one")

    def __init__(self, plan: FieldPlan, place: Place) -> None:
        super().__init__(plan, place)
        self._css = plan.css
        itself = replace(plan, css="", all=False, default=None, required=False)
        self._one = Leaf(itself, place)
        self._is_plain = is_plain(plan) and refiner(plan, place) is None

    def value(self, scope: LexborNode, document: Document) -> Value:
        nodes = scope.css(self._css) if self._css else (scope,)
        if self._is_plain:
            return [folded(node) for node in nodes]
        return self._gather((self._one.value_of(node, document) for node in nodes), document)
