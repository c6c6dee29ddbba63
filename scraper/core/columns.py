"""Columns: what kind of value each field of an item type holds, for programs that want tables.

The kind is what the config promises. What is stored may be otherwise (a default, an item of an
older config): `fitted` says so, and nothing is bent to fit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from scraper.core.model import Json

if TYPE_CHECKING:  # it would bring the HTML parser to those who only read
    from scraper.core.extract.plan import FieldPlan

Cell: TypeAlias = "str | int | float | bool | Decimal | date | datetime | None"


class Kind(StrEnum):
    """Stored in the database, beside the view of an item type: never rename a member."""

    TEXT = "text"  # and values of several kinds
    INT = "int"
    FLOAT = "float"
    DECIMAL = "decimal"
    BOOL = "bool"
    DATE = "date"
    DATETIME = "datetime"
    JSON = "json"  # lists, objects


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Table:
    """The items of one type; `rows` gives them anew each time, a value for each column."""

    name: str
    columns: tuple[Column, ...]
    rows: Callable[[], Iterator[tuple[Json, ...]]]


OWN: Final = (
    Column("_url"),
    Column("_fetched_at", Kind.DATETIME),
    Column("_run", Kind.INT),
)
"""What we know of each item."""

KINDS: Final = frozenset(Kind)
_INT64 = 2**63
_encode = json.JSONEncoder(ensure_ascii=False).encode


def kind_of(field: FieldPlan) -> Kind:
    """The kind of a field's values; text where they may be of several kinds."""
    if field.all or field.fields or field.split is not None or field.table is not None:
        return Kind.JSON
    kind = _declared(field)
    return kind if _fits(field.default, kind) else Kind.TEXT


def joined(kinds: Iterable[Kind]) -> Kind:
    """The kind of a field that several rules yield."""
    found = set(kinds)
    return found.pop() if len(found) == 1 else Kind.TEXT


def _declared(field: FieldPlan) -> Kind:
    if field.is_const:
        return _of_values([field.const])
    if field.type:
        return Kind(field.type) if field.type in KINDS else Kind.TEXT
    if field.any:
        return joined(map(kind_of, field.any))
    if field.map is not None:
        return _of_values(field.map.values())
    return Kind.INT if field.source == "status" else Kind.TEXT


def _of_values(values: Iterable[Json]) -> Kind:
    return joined(map(_of_value, (value for value in values if value is not None)))


def _of_value(value: Json) -> Kind:
    if isinstance(value, bool):
        return Kind.BOOL
    if isinstance(value, str):
        return Kind.TEXT
    if isinstance(value, list | dict):
        return Kind.JSON
    return Kind.INT if isinstance(value, int) else Kind.FLOAT


def _fits(value: Json, kind: Kind) -> bool:
    try:
        fitted(value, kind)
    except ValueError:
        return False
    return True


def fitted(value: Json, kind: Kind) -> Cell:
    """The value as one of that kind.

    Raises:
        ValueError: it is none.
    """
    return None if value is None else _FITTED[kind](value)


def as_text(value: Json) -> str:
    """A text as it is, anything else as JSON; what UTF-8 cannot carry is written out."""
    return _carried(value if isinstance(value, str) else _encode(value))


def _as_json(value: Json) -> str:
    return _carried(_encode(value))


def _carried(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _int(value: Json) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not -_INT64 <= value < _INT64:
        raise ValueError(value)
    return value


def _float(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(value)  # noqa: TRY004 - the law of `fitted`
    try:
        number = float(value)
    except OverflowError as error:
        raise ValueError(value) from error
    if number != value:  # a whole number that no double holds; NaN
        raise ValueError(value)
    return number


def _decimal(value: Json) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(value)  # noqa: TRY004 - the law of `fitted`
    try:
        number = Decimal(str(value))
    except ArithmeticError as error:
        raise ValueError(value) from error
    if not number.is_finite():
        raise ValueError(value)
    return number


def _bool(value: Json) -> bool:
    if not isinstance(value, bool):
        raise ValueError(value)  # noqa: TRY004 - the law of `fitted`
    return value


def _date(value: Json) -> date:
    if not isinstance(value, str):
        raise ValueError(value)  # noqa: TRY004 - the law of `fitted`
    return date.fromisoformat(value)


def _datetime(value: Json) -> datetime:
    if not isinstance(value, str):
        raise ValueError(value)  # noqa: TRY004 - the law of `fitted`
    return datetime.fromisoformat(value)


_FITTED: Final[Mapping[Kind, Callable[[Json], Cell]]] = {
    Kind.TEXT: as_text,
    Kind.INT: _int,
    Kind.FLOAT: _float,
    Kind.DECIMAL: _decimal,
    Kind.BOOL: _bool,
    Kind.DATE: _date,
    Kind.DATETIME: _datetime,
    Kind.JSON: _as_json,
}
