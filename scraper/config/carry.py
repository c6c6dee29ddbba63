"""Fields that do not come from the page: `from`, and the columns of CSV seed lists."""

from __future__ import annotations

from collections.abc import Iterator

from scraper.config.places import Finding, dotted
from scraper.config.tree import Branch
from scraper.config.values import closest, shown

SOURCES = ("url", "final_url", "status")
_HEADER = "header:"


def is_csv(path: str, *, column: object, shared_column: object) -> bool:
    """Whether a list is CSV: by its name, by its own `column`, or piped in with a shared one."""
    if path.lower().endswith((".csv", ".csv.gz")) or column is not None:
        return True
    return path == "-" and shared_column is not None


def is_carried(source: str) -> bool:
    """Whether `from: source` means a column."""
    return source not in SOURCES and not source.startswith(_HEADER)


def lint_sources(top: Branch, *, replaced: bool) -> Iterator[Finding]:
    """Every `from` names a source that there is.

    Args:
        replaced: the seeds were given on the command line, so that a column may be missing.
    """
    columns = None if replaced else _columns(top.under("seeds"))
    for field in _fields(top):
        source = field.under("from")
        if not isinstance(source.value, str) or not source.value.strip():
            continue
        if source.value == _HEADER:
            yield Finding(source.path, f"{dotted(source.path)}: write header:NAME")
        elif is_carried(source.value) and not (columns is None or source.value in columns):
            yield Finding(source.path, _unknown(source, columns))


def _unknown(source: Branch, columns: set[str]) -> str:
    text = f"{dotted(source.path)}: there is no {shown(source.value)}: write {', '.join(SOURCES)}"
    text += f", {_HEADER}NAME or a column of a CSV seed list"
    return text + closest(source.value, [*SOURCES, *sorted(columns)])


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


def _fields(top: Branch) -> Iterator[Branch]:
    for page in top.under("pages").each():
        for item in page.under("items").each():
            yield from fields_below(item.under("fields"))
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
