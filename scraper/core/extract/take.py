"""What is taken of an element: its text or an attribute."""

from __future__ import annotations

from collections.abc import Callable

from selectolax.lexbor import LexborNode

from scraper.core.extract.document import URL_ATTRIBUTES, Document
from scraper.core.extract.plan import FieldPlan

Take = Callable[[LexborNode, Document], "str | None"]
_SETS = frozenset({"srcset", "imagesrcset"})


def taker(plan: FieldPlan) -> Take:
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
