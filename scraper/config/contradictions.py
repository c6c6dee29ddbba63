"""`default` and `map` give values that the field's `type` cannot be."""

from __future__ import annotations

from collections.abc import Iterator

from scraper.config.carry import fields_below
from scraper.config.places import Finding, dotted
from scraper.config.scalars import free
from scraper.config.tree import Branch
from scraper.config.values import Secret, shown
from scraper.core.model import Json

_KINDS: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "decimal": (int, float, str),
    "bool": (bool,),
    "date": (str,),
    "datetime": (str,),
}
_EXAMPLES = {
    "int": "3", "float": "2.5", "decimal": '"9.99"', "bool": "true", "date": '"2026-01-31"',
    "datetime": '"2026-01-31T12:00:00"',
}  # fmt: skip


def lint_values(top: Branch) -> Iterator[Finding]:
    """All defaults and maps of all fields."""
    for page in top.under("pages").each():
        for item in page.under("items").each():
            for field in fields_below(item.under("fields")):
                yield from _field(field)


def _field(field: Branch) -> Iterator[Finding]:
    type_ = field.under("type").value
    if not isinstance(type_, str) or type_ not in _KINDS:
        return
    default = field.under("default")
    for value in default.alone_or_each():
        if not _is_secret(value) and not _is(type_, free(value.value)):
            text = f"{dotted(default.path)}: {shown(value.value)} is no {type_}, which type says"
            yield Finding(value.path, f"{text}: write a value such as {_EXAMPLES[type_]}, or null")
    for value in field.under("map").each():
        if not _is_secret(value) and not _converts(type_, free(value.value)):
            text = f"{dotted(value.path)}: {shown(value.value)} is no {type_}, which type says"
            yield Finding(value.path, f"{text}: write a value such as {_EXAMPLES[type_]}")


def _is_secret(value: Branch) -> bool:
    return isinstance(value.value, Secret)


def _is(type_: str, value: Json) -> bool:
    """Whether a value can stand where values of a type stand; it is not converted."""
    if value is None:
        return True
    if isinstance(value, bool) and type_ != "bool":
        return False
    return isinstance(value, _KINDS[type_]) and _converts(type_, value)


def _converts(type_: str, value: Json) -> bool:
    from scraper.core.extract.types import CONVERTERS  # price-parser: 20 ms that few configs pay

    if value is None:
        return True
    try:
        CONVERTERS[type_](value)
    except (ValueError, ArithmeticError):
        return False
    return True
