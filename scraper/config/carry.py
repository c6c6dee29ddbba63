"""Fields that do not come from the page: `from`, columns of CSV seed lists, what links carry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scraper.config.places import Finding, dotted
from scraper.config.tree import Branch
from scraper.config.values import closest, shown

SOURCES = ("url", "final_url", "status")
_HEADER = "header:"
PYTHON = "python"  # see `python.py`


def is_csv(path: str, *, column: object, shared_column: object) -> bool:
    """Whether a list is CSV: by its name, by its own `column`, or piped in with a shared one."""
    if path.lower().endswith((".csv", ".csv.gz")) or column is not None:
        return True
    return path == "-" and shared_column is not None


def is_carried(source: str) -> bool:
    """Whether `from: source` means a column or a carried field."""
    return source not in (*SOURCES, PYTHON) and not source.startswith(_HEADER)


def lint_sources(
    top: Branch, carried: Mapping[str, set[str]], *, replaced: bool
) -> Iterator[Finding]:
    """Every `from` names a source that there is.

    Args:
        carried: what links may carry to the pages of each rule.
        replaced: the seeds were given on the command line, so that a column may be missing.
    """
    columns = None if replaced else _columns(top.under("seeds"))
    for page in top.under("pages").each():
        known = None if columns is None else columns | carried.get(str(page.path[-1]), set())
        for field in _fields(page):
            yield from _source(field.under("from"), known)
        for fill in form_fields(page):
            yield from _filled(fill.under("from"), columns, carried.get(str(page.path[-1]), set()))


def _source(source: Branch, known: set[str] | None, *, in_form: bool = False) -> Iterator[Finding]:
    if not isinstance(source.value, str) or not source.value.strip():
        return
    if source.value == _HEADER:
        yield Finding(source.path, f"{dotted(source.path)}: write header:NAME")
    elif is_carried(source.value) and not (known is None or source.value in known):
        yield Finding(source.path, _unknown(source, known, in_form=in_form))


def _filled(source: Branch, columns: set[str] | None, carried: set[str]) -> Iterator[Finding]:
    """A page is fetched once for all that links carry to it, and so are its forms sent once."""
    if source.value in carried and source.value not in (columns or ()):
        text = f"{shown(str(source.value))} is carried by links, which a form does not see"
        yield Finding(source.path, f"{dotted(source.path)}: {text}: take it out")
    else:
        yield from _source(source, columns, in_form=True)


def _unknown(source: Branch, known: set[str], *, in_form: bool) -> str:
    text = f"{dotted(source.path)}: there is no {shown(source.value)}: write {', '.join(SOURCES)}"
    column = "a column of a CSV seed list"
    if in_form:
        text += f", {_HEADER}NAME or {column}"
    else:
        text += f", {_HEADER}NAME, {column} or a field that a link carries here"
    return text + closest(source.value, [*SOURCES, *sorted(known)])


def _columns(seeds: Branch) -> set[str] | None:
    """The columns that are carried; None: any, since a CSV list leaves it open."""
    shared = seeds.under("column").value
    found: set[str] = set()
    for file in seeds.under("file").alone_or_each():
        written = isinstance(file.value, dict)
        path = file.under("path").value if written else file.value
        column = file.under("column").value if written else None
        if not isinstance(path, str) or not is_csv(path, column=column, shared_column=shared):
            continue
        carry = file.under("carry") if written else seeds.under("carry")
        if carry.value is None:
            carry = seeds.under("carry")
        if carry.value is None:
            return None
        found |= {str(name.value) for name in carry.alone_or_each()}
    return found


def _fields(page: Branch) -> Iterator[Branch]:
    for item in page.under("items").each():
        yield from fields_below(item.under("fields"))
    for link in page.under("follow").each():
        yield from fields_below(link.under("set"))
        yield from fields_below(Branch(link.path, _only(link.value, "while")))


def _only(value: object, key: str) -> object:
    return {key: value[key]} if isinstance(value, dict) and key in value else None


def form_fields(page: Branch) -> Iterator[Branch]:
    """What is filled into forms, and the fields that find it."""
    for form in page.under("submit").each():
        for fill in form.under("fill").each():
            yield fill
            yield fill.under("each")
            yield from fields_below(fill.under("each").under("any"))


def fields_below(fields: Branch) -> Iterator[Branch]:
    """All fields, those within fields and those of an `any` too."""
    for field in fields.each():
        yield field
        yield from fields_below(field.under("fields"))
        yield from fields_below(field.under("any"))
