"""Items as an Excel workbook, a sheet for each type (`pip install 'scraper[xlsx]'`).

A cell is a number, a date or a text; never a formula and never a link that Excel follows. What
Excel cannot hold exactly (more than 15 digits, days before 1900) is a text.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, BinaryIO, Final

import xlsxwriter  # type: ignore[import-untyped]  # it has no types
from xlsxwriter.exceptions import XlsxWriterException  # type: ignore[import-untyped]  # as above

from scraper.core.columns import Cell, Column, Kind, Table, as_text, fitted
from scraper.core.errors import ScraperError, UsageError
from scraper.core.model import Json

MOST_ROWS = 1_048_576
_MOST_COLUMNS = 16_384
_MOST_UNITS = 32_767  # of UTF-16, in a cell
_MOST_DIGITS = 15
_MOST_EXPONENT = 100
_MOST_NAME = 31
_FIRST_DAY = date(1900, 3, 1)  # Excel believes that 1900 was a leap year
_OF_JSON: Final = {bool: Kind.BOOL, int: Kind.INT, float: Kind.FLOAT}
_UNSAFE = re.compile(r"[\[\]:*?/\\']")
_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def write_xlsx(
    binary: BinaryIO,
    tables: Sequence[Table],
    tell: Callable[[str], None],
    *,
    most_rows: int = MOST_ROWS,
) -> int:
    """Write tables to a file; returns how many items.

    Args:
        most_rows: of a sheet, its header among them; the rest goes to a second one.
    """
    with tempfile.TemporaryDirectory(prefix="scraper-xlsx-") as folder:
        book = _Book(xlsxwriter.Workbook(_File(binary), {**_OPTIONS, "tmpdir": folder}), most_rows)
        try:
            count = sum(book.write(table) for table in tables)
        except BaseException:
            book.drop()
            raise
        book.close()
    if book.cut:
        tell(f"{book.cut} cells were cut: Excel holds {_MOST_UNITS:,} characters in a cell")
    return count


class _File:
    """The file; that it cannot be written is said once, not again when the ZIP file is dropped."""

    def __init__(self, binary: BinaryIO) -> None:
        self._binary = binary
        self._failed = False
        self.seek, self.tell, self.flush = binary.seek, binary.tell, binary.flush

    def write(self, piece: bytes) -> int:
        if self._failed:
            return len(piece)
        try:
            return self._binary.write(piece)
        except OSError:
            self._failed = True
            raise


class _Book:
    """A workbook that is being written."""

    def __init__(self, book: Any, most_rows: int) -> None:  # noqa: ANN401 - it has no types
        self.cut = 0
        self._book = book
        self._most_rows = most_rows
        self._names: set[str] = set()
        self._bold = book.add_format({"bold": True})
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})

    def close(self) -> None:
        self._book.use_zip64()
        try:
            self._book.close()
        except XlsxWriterException as error:
            raise ScraperError(f"the workbook cannot be written: {error}") from error

    def drop(self) -> None:
        """Close what is open, and write nothing more."""
        for sheet in self._book.worksheets():
            sheet._opt_close()  # it has no public way

    def write(self, table: Table) -> int:
        """Write the items of one type; returns how many."""
        if len(table.columns) > _MOST_COLUMNS:
            raise UsageError(f"{table.name}: a sheet holds {_MOST_COLUMNS:,} columns: use csv")
        count = 0
        sheet = self._sheet(table)
        for row in table.rows():
            at = count % (self._most_rows - 1)
            if count and at == 0:
                sheet = self._sheet(table)
            for column, cell in enumerate(_cells(table.columns, row)):
                self._put(sheet, at + 1, column, cell)
            count += 1
        return count

    def _sheet(self, table: Table) -> Any:  # noqa: ANN401 - it has no types
        sheet = self._book.add_worksheet(self._name(table.name))
        sheet.freeze_panes(1, 0)
        for at, column in enumerate(table.columns):
            sheet.write_string(0, at, self._short(column.name), self._bold)
        return sheet

    def _name(self, wanted: str) -> str:
        """A name that Excel takes and that no other sheet has."""
        plain = _UNSAFE.sub("_", wanted) or "items"
        if plain.lower() == "history":  # Excel keeps it for itself
            plain += "_"
        name, number = _first_units(plain, _MOST_NAME), 1
        while name.casefold() in self._names:
            number += 1
            name = f"{_first_units(plain, _MOST_NAME - 8)} {number}"
        self._names.add(name.casefold())
        return name

    def _put(self, sheet: Any, row: int, column: int, cell: Cell) -> None:  # noqa: ANN401
        if cell is None:
            return
        if isinstance(cell, str):
            if cell:
                sheet.write_string(row, column, self._short(cell))
        elif isinstance(cell, bool):
            sheet.write_boolean(row, column, cell)
        elif isinstance(cell, datetime):
            sheet.write_datetime(row, column, cell, self._moment)
        elif isinstance(cell, date):
            sheet.write_datetime(row, column, cell, self._day)
        else:
            sheet.write_number(row, column, cell)

    def _short(self, text: str) -> str:
        short = _first_units(text, _MOST_UNITS)
        self.cut += short is not text
        return short


def _first_units(text: str, most: int) -> str:
    """As many characters as fit into so many units of UTF-16."""
    if len(text) * 2 <= most:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= most * 2:
        return text
    return units[: most * 2].decode("utf-16-le", "ignore")


def _cells(columns: Sequence[Column], row: Sequence[Json]) -> Iterator[Cell]:
    for column, value in zip(columns, row, strict=True):
        yield _cell(value, column.kind)


def _cell(value: Json, kind: Kind) -> Cell:
    """The value as Excel can hold it exactly, else as text."""
    if kind is Kind.TEXT and isinstance(value, bool | int | float):
        kind = _OF_JSON[type(value)]
    if kind is Kind.JSON and isinstance(value, str):
        kind = Kind.TEXT
    try:
        made = fitted(value, kind)
        return made if made is None or kind in (Kind.TEXT, Kind.JSON) else _exact(made)
    except (ValueError, OverflowError):  # the latter: a moment that UTC has no year for
        return as_text(value)


def _exact(cell: Cell) -> Cell:
    """The cell itself.

    Raises:
        ValueError: Excel would round it or cannot hold it.
    """
    if isinstance(cell, datetime):
        cell = cell.astimezone(UTC).replace(tzinfo=None) if cell.tzinfo else cell
        return cell if _known(cell.date()) else _refuse()
    if isinstance(cell, date):
        return cell if _known(cell) else _refuse()
    if isinstance(cell, Decimal | int) and not isinstance(cell, bool):
        number = Decimal(cell)
        if number and not -_MOST_EXPONENT < number.adjusted() < _MOST_EXPONENT:
            return _refuse()
        return cell if len(number.normalize().as_tuple().digits) <= _MOST_DIGITS else _refuse()
    return cell  # a float is what Excel has too


def _known(day: date) -> bool:
    return day >= _FIRST_DAY


def _refuse() -> Cell:
    raise ValueError
