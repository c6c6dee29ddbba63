"""Where a field's value comes from when it is no text of an element.

JSON, JSON-LD, `<meta>`, scripts, tables, and what is known of the request.

Each source is a function from the place that is looked in to the values that are found there, in
order, as lazily as they are wanted. `json` looks in the item's own JSON value, or in the whole
response; the others look in the whole page, whatever the item's element (`itemprop` excepted,
which belongs to the element it stands in).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from selectolax.lexbor import LexborNode

from scraper.core.extract.document import Document
from scraper.core.extract.jsonld import split_type
from scraper.core.extract.jsonpath import compile_path
from scraper.core.extract.plan import FieldPlan
from scraper.core.extract.script import ScriptPattern
from scraper.core.extract.selectors import quoted
from scraper.core.extract.steps import Place, too_slow
from scraper.core.extract.table import table_objects
from scraper.core.model import Json

Scope: TypeAlias = "LexborNode | Json"  # an element, or the JSON value of an item
Find = Callable[["LexborNode | Json", Document], "Iterable[Json]"]


def finder(plan: FieldPlan, place: Place) -> Find | None:
    """The source of a field; None when it is `css`, `next`, `const` or `any`."""
    if plan.source is not None:
        return _of_python(plan.name) if plan.source == "python" else _of_request(plan.source)
    if plan.script is not None:
        return of_script(plan.script, plan.json, place)
    if plan.json is not None and plan.css is None:
        return of_json(plan.json)
    if plan.jsonld is not None:
        return _of_jsonld(plan.jsonld)
    if plan.table is not None:
        return _of_table(plan.table, everywhere=plan.page)
    return None if plan.meta is None else _of_meta(plan.meta, is_raw=plan.raw_text)


def _of_request(name: str) -> Find:
    """What is known without looking into the page: `from`."""
    header = name.removeprefix("header:").strip().lower() if name.startswith("header:") else None

    def find(scope: Scope, document: Document) -> Iterable[Json]:  # noqa: ARG001 - a Find
        source = document.source
        if header is not None:
            return (source.headers.get(header),)
        known: dict[str, Json] = {
            "url": source.url,
            "final_url": source.final_url,
            "status": source.status,
        }
        return (known[name] if name in known else source.carry.get(name),)

    return find


def _of_python(name: str) -> Find:
    """What a function of the user's own gave under the field's name."""

    def find(scope: Scope, document: Document) -> Iterable[Json]:  # noqa: ARG001 - a Find
        return (scope.get(name) if isinstance(scope, dict) else None,)

    return find


def of_json(path: str) -> Find:
    """What a JMESPath finds in the item's value, else in the response."""
    search = compile_path(path)

    def find(scope: Scope, document: Document) -> Iterable[Json]:
        return (search(document.json if isinstance(scope, LexborNode) else scope),)

    return find


def of_script(pattern: str, path: str | None, place: Place) -> Find:
    """What a regular expression finds in the scripts, and a JMESPath in that."""
    searched = ScriptPattern(pattern, timeout_s=place.regex_timeout_s)
    search = None if path is None else compile_path(path)

    def find(scope: Scope, document: Document) -> Iterator[Json]:  # noqa: ARG001 - a Find
        scripts = document.watch.each(document.scripts, place.label)
        try:
            if search is None:
                yield from map(str.strip, searched.texts(scripts))
            else:
                yield from map(search, searched.values(scripts))
        except TimeoutError as error:
            raise too_slow(place) from error

    return find


def _of_jsonld(text: str) -> Find:
    name, path = split_type(text)
    search = compile_path(path)

    def find(scope: Scope, document: Document) -> Iterable[Json]:  # noqa: ARG001 - a Find
        return map(search, document.jsonld.get(name, ()))

    return find


def _of_table(css: str, *, everywhere: bool) -> Find:
    def find(scope: Scope, document: Document) -> Iterator[Json]:
        inside = scope if isinstance(scope, LexborNode) and not everywhere else document.root
        for node in inside.css(css) if css else (inside,):
            table = node if node.tag == "table" else node.css_first("table")
            if table is not None:
                yield list(table_objects(table))

    return find


def _of_meta(name: str, *, is_raw: bool) -> Find:
    said = f"={quoted(name)} i][content]"
    of_page = f":is(meta[name{said}, meta[property{said})"
    of_element = f"meta[itemprop{said}"

    def find(scope: Scope, document: Document) -> Iterator[Json]:
        inside = scope if isinstance(scope, LexborNode) else document.root
        for node in (*inside.css(of_element), *document.root.css(of_page)):
            text = node.attributes["content"] or ""
            if text and not text.isspace():
                yield text if is_raw else text.strip()

    return find


def first(found: Iterable[Json]) -> Json:
    """The first value that is not null."""
    return next((value for value in found if value is not None), None)


def every(found: Iterable[Json]) -> list[Json]:
    """All values that are not null; a list stands for what it holds."""
    out: list[Json] = []
    for value in found:
        out += value if isinstance(value, list) else (value,)
    return [value for value in out if value is not None]
