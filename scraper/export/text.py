"""CSV and JSON lines. What a page contained is never a formula in a spreadsheet."""

from __future__ import annotations

import csv
import json
import re
from typing import Any, TextIO

from scraper.export.choice import Choice, Row

_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")  # the wide ones are read too
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_to_json = json.JSONEncoder(ensure_ascii=False).encode


def write_jsonl(stream: TextIO, choice: Choice) -> int:
    """One object a line; returns how many."""
    count = 0
    for row in choice.rows():
        stream.write(_json_line(row, typed=choice.type is None))
        count += 1
    return count


def _json_line(row: Row, *, typed: bool) -> str:
    """The stored object as it is, our own names at its end."""
    own: dict[str, Any] = {"_type": row.type} if typed else {}
    own |= {"_url": row.url, "_fetched_at": row.fetched_at, "_run": row.run}
    fields = row.data.strip()[:-1].rstrip()
    comma = "" if fields == "{" else ", "
    return f"{fields}{comma}{_to_json(own)[1:]}\n"


def write_csv(stream: TextIO, choice: Choice, *, raw_cells: bool = False) -> int:
    """A header and a line for each item of one type; returns how many items."""
    if choice.type is None:  # there are none
        return 0
    table = choice.table()
    writer = csv.writer(stream)
    as_cell = _raw_cell if raw_cells else cell
    writer.writerow([as_cell(column.name) for column in table.columns])
    count = 0
    for row in table.rows():
        writer.writerow(map(as_cell, row))
        count += 1
    return count


def cell(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    """A value as a cell: nested ones as JSON, and no text is a formula."""
    if isinstance(value, str):
        if value.startswith(_FORMULA) and not _NUMBER.fullmatch(value):
            return "'" + value
        return value
    return _raw_cell(value)


def _raw_cell(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    if value is None:
        return ""
    if type(value) is int:  # a bool is none; quicker than the encoder
        return str(value)
    return value if isinstance(value, str) else _to_json(value)
