"""Items as Parquet, with the types of the config (`pip install 'scraper[parquet]'`).

A file has one schema, and a stored value may be other than the config promises. So each column
begins as what it should be; when a value does not fit, the file is begun anew with the column made
wider, at last as text. Nothing is lost or rounded, and it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO, Final

import pyarrow as pa  # type: ignore[import-untyped]  # it has no types
from pyarrow import parquet

from scraper.core.columns import Column, Kind, Table, as_text, fitted
from scraper.core.errors import UsageError
from scraper.core.model import Json

GROUP_ROWS = 20_000
GROUP_CHARACTERS = 8_000_000
_STEP = 500
_WAYS: Final[dict[Kind, tuple[pa.DataType, ...]]] = {
    Kind.INT: (pa.int64(),),
    Kind.FLOAT: (pa.float64(),),
    Kind.DECIMAL: (pa.decimal128(38, 9), pa.decimal128(38, 18)),
    Kind.BOOL: (pa.bool_(),),
    Kind.DATE: (pa.date32(),),
    Kind.DATETIME: (pa.timestamp("us", "UTC"), pa.timestamp("us")),
}


def write_parquet(binary: BinaryIO, tables: Sequence[Table], tell: Callable[[str], None]) -> int:
    """Write a table to a file that can seek; returns how many items."""
    if len(tables) != 1:
        raise UsageError(f"a Parquet file holds one item type, not {len(tables)}")
    (table,) = tables
    columns = [_Column(column) for column in table.columns]
    while True:
        binary.seek(0)
        binary.truncate()
        try:
            count = _write(binary, table, columns)
        except _Wider as wider:
            for column in wider.columns:
                column.widen()
        else:
            for column in columns:
                if column.gave_up:
                    tell(f"{table.name}.{column.name}: {column.gave_up}: the column is text")
            return count


class _Wider(Exception):  # noqa: N818 - it is no error
    """Some values do not fit their columns."""

    def __init__(self, columns: list[_Column]) -> None:
        super().__init__()
        self.columns = columns


class _Column:
    """A column, and which of the ways to write it holds what was seen so far."""

    def __init__(self, column: Column) -> None:
        self.name = column.name
        self._kind = column.kind
        self._ways = [*_WAYS.get(column.kind, ()), pa.string()]
        self._misfit: Json = None
        self.gave_up = ""  # why the column is text and not what the config promises

    @property
    def type(self) -> pa.DataType:
        return self._ways[0]

    def array(self, values: Iterable[Json]) -> pa.Array | None:
        """The values as they are written; None: one does not fit."""
        made = []
        for value in values:
            try:
                made.append(self._made(value))
            except (ValueError, pa.ArrowInvalid):
                self._misfit = value
                return None
        try:
            return pa.array(made, self.type)
        except (ValueError, ArithmeticError, pa.ArrowException):
            self._misfit = next(value for value in values if not self._fits(value))
            return None

    def _made(self, value: Json) -> Any:  # noqa: ANN401 - whatever the column holds
        if value is None:
            return None
        if pa.types.is_string(self.type):
            return fitted(value, self._kind) if self._kind is Kind.JSON else as_text(value)
        made: Any = fitted(value, self._kind)
        if self._kind is Kind.DATETIME and (made.tzinfo is None) != (self.type.tz is None):
            raise ValueError(value)
        return made

    def _fits(self, value: Json) -> bool:
        try:
            pa.array([self._made(value)], self.type)
        except (ValueError, ArithmeticError, pa.ArrowException):
            return False
        return True

    def widen(self) -> None:
        """Take the next way."""
        del self._ways[0]
        if len(self._ways) == 1:
            self.gave_up = f"{as_text(self._misfit)[:60]!r} is no {self._kind}"


def _write(binary: BinaryIO, table: Table, columns: list[_Column]) -> int:
    """Write the file as the columns are now.

    Raises:
        _Wider: some have to be wider.
    """
    schema = pa.schema([(column.name, column.type) for column in columns])
    count = 0
    with parquet.ParquetWriter(binary, schema, compression="zstd") as writer:
        for group in _groups(table.rows()):
            made = [column.array(values) for column, values in zip(columns, group, strict=True)]
            narrow = [c for c, array in zip(columns, made, strict=True) if array is None]
            if narrow:
                raise _Wider(narrow)
            batch = pa.record_batch(made, schema=schema)
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def _groups(rows: Iterator[tuple[Json, ...]]) -> Iterator[list[tuple[Json, ...]]]:
    """The rows in groups that fit into memory, each as its columns."""
    group: list[tuple[Json, ...]] = []
    characters = 0
    while step := list(islice(rows, _STEP)):
        group += step
        characters += sum(len(v) for row in step for v in row if isinstance(v, str))
        if len(group) >= GROUP_ROWS or characters > GROUP_CHARACTERS:
            yield list(zip(*group, strict=True))
            group, characters = [], 0
    if group:
        yield list(zip(*group, strict=True))
