"""Fields look in what their item is: an element, or a value of JSON."""

from __future__ import annotations

from collections.abc import Iterator

from scraper.config.places import Finding, dotted
from scraper.config.tree import Branch


def lint_kinds(item: Branch) -> Iterator[Finding]:
    """`css` in an item of JSON, `json` alone in an element, `next` where no item is an element."""
    each = item.under("each")
    in_json = isinstance(each.value, dict) and {"json", "script"} & set(each.value)
    kind = "json" if in_json else "page" if each.value is None else "each"
    yield from _fields(item.under("fields"), kind)


def lint_follow(link: Branch) -> Iterator[Finding]:
    """The fields of `set` and `while` look in the page."""
    yield from _fields(link.under("set"), "page")
    condition = link.under("while")
    yield from _field(condition, "page")
    yield from _fields(condition.under("any"), "page")


def _fields(fields: Branch, kind: str) -> Iterator[Finding]:
    for field in fields.each():
        if isinstance(field.value, str) and kind == "json":
            yield _misplaced(field, "css looks in HTML, but this is in JSON: write {json: ...}")
        yield from _field(field, kind)
        yield from _fields(field.under("any"), kind)


def _field(field: Branch, kind: str) -> Iterator[Finding]:
    given = set(field.names())
    everywhere = "page" in given
    for name in ("css", "table"):
        if name in given and kind == "json" and not everywhere:
            text = "looks in HTML, but this is in JSON: write json, or page: true beside it"
            yield _misplaced(field.under(name), text)
    alone = "json" in given and not given & {"css", "script"}
    if alone and kind in ("each", "element"):
        text = "looks in a response that is JSON, but this is in an element: write css"
        yield _misplaced(field.under("json"), text)
    if "next" in given and kind != "each":
        yield _misplaced(field.under("next"), "looks behind an element that is `each`: write css")
    inside = "json" if given & {"json", "jsonld", "script"} else "element"
    yield from _fields(field.under("fields"), inside)


def _misplaced(field: Branch, text: str) -> Finding:
    return Finding(field.path, f"{dotted(field.path)}: {text}", at_key=True)
