"""`python`: functions of the user's own, allowed by `--python` alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Annotated

from scraper.config.carry import PYTHON
from scraper.config.places import Finding, dotted
from scraper.config.scalars import Reads, text
from scraper.config.tree import Branch
from scraper.config.values import RefusedError, Secret, shown
from scraper.core.extract.plan import PythonPlan
from scraper.hatch import HatchError, function_of, search_path, takes

_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*")


def _function(value: object) -> str:
    written = text(value)
    if isinstance(value, Secret) or not _NAME.fullmatch(written):
        raise RefusedError(f"must be module:function, got {shown(written)}")
    return written


Python = Annotated[str, Reads(_function, {"type": "string"}, "module:function")]


def lint_python(top: Branch, *, allowed: Collection[str], folder: Path) -> Iterator[Finding]:
    """Every function is allowed, is there, and can be called as it will be."""
    for page in top.under("pages").each():
        yield from _callable(page.under("python"), ("page",), allowed, folder)
        for item in page.under("items").each():
            yield from _callable(item.under("python"), ("item", "page"), allowed, folder)
            yield from _given(page, item)
        for link in page.under("follow").each():
            for field in [link.under("while"), *link.under("set").each()]:
                yield from _nowhere(field)


def _callable(
    spec: Branch, given: tuple[str, ...], allowed: Collection[str], folder: Path
) -> Iterator[Finding]:
    written = spec.value
    if not isinstance(written, str) or not _NAME.fullmatch(written) or isinstance(written, Secret):
        return
    module = written.partition(":")[0]
    if module not in allowed:
        text = f"runs code of {module}: allow it on the command line with --python {module}"
        yield Finding(spec.path, f"{dotted(spec.path)}: {text}")
        return
    try:
        function = function_of(PythonPlan(written, search_path(folder)))
    except HatchError as error:
        yield Finding(spec.path, f"{dotted(spec.path)}: {error}")
        return
    if not takes(function, len(given)):
        text = f"is called with ({', '.join(given)}), which it does not take"
        yield Finding(spec.path, f"{dotted(spec.path)}: {text}")


def _given(page: Branch, item: Branch) -> Iterator[Finding]:
    """`from: python` wants a function that gives the field."""
    has_function = page.under("python").value is not None
    is_made = False
    for field in item.under("fields").each():
        if field.under("from").value == PYTHON:
            is_made = True
            if not has_function and item.under("python").value is None:
                text = "is given by a function: add python: module:function to the page or item"
                yield Finding((*field.path, "from"), f"{dotted((*field.path, 'from'))}: {text}")
        for inner in (*field.under("fields").each(), *field.under("any").each()):
            yield from _nowhere(inner)
    if is_made and has_function and item.under("each").value is not None:
        text = "means nothing: the page's function gives these items, as from: python says"
        path = (*item.path, "each")
        yield Finding(path, f"{dotted(path)}: {text}", at_key=True)


def _nowhere(field: Branch) -> Iterator[Finding]:
    source = field.under("from")
    if source.value == PYTHON:
        text = "python gives the fields of an item alone: take it out"
        yield Finding(source.path, f"{dotted(source.path)}: {text}")
    for inner in (*field.under("fields").each(), *field.under("any").each()):
        yield from _nowhere(inner)
