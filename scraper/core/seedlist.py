"""The records of a seed list: one URL a line, or a column of a CSV file. Lazily, line by line."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from scraper.core.model import Json

LONGEST = 64 * 1024  # characters of a line; what is longer is no URL

_COMMENT = re.compile(r"(?:^|\s)#.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Seed:
    """A URL as it was written, and where; the columns that go with it."""

    line: int
    url: str
    carry: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BadLine:
    """A record that gives no URL."""

    line: int
    why: str


def read_lines(lines: Iterable[str]) -> Iterator[Seed | BadLine]:
    """Yield the URLs of a plain list; a "#" at the start or after white space begins a comment."""
    for number, line in enumerate(lines, 1):
        text = _COMMENT.sub("", line, count=1).strip() if "#" in line else line.strip()
        if not text:
            continue
        if len(text) > LONGEST:
            yield BadLine(number, f"longer than {LONGEST} characters")
        else:
            yield Seed(number, text)


def read_csv(
    lines: Iterable[str], *, column: str, carry: tuple[str, ...]
) -> Iterator[Seed | BadLine]:
    """Yield the URLs in `column` of a CSV list with a header line, with the columns to carry.

    Read strictly: a quote that is never closed hides all lines behind it, and must not in silence.

    Raises:
        ValueError: the header has no such column.
    """
    reader = csv.reader(lines, strict=True)
    places = _places(reader, (column, *carry))
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield BadLine(line, f"not readable as CSV to line {reader.line_num}: {error}")
            continue
        if row is None:
            return
        if row:  # else an empty line
            yield _seed(row, line, places)


def _places(reader: Iterator[list[str]], wanted: tuple[str, ...]) -> dict[str, int]:
    """Where the wanted columns stand."""
    try:
        names = next(reader, [])
    except csv.Error as error:
        raise ValueError(f"its header is not readable as CSV: {error}") from error
    for name in wanted:
        if name not in names:
            raise ValueError(f"it has no column {name!r}: the header has {', '.join(names)}")
    return {name: names.index(name) for name in wanted}


def _seed(row: list[str], line: int, places: Mapping[str, int]) -> Seed | BadLine:
    """The seed of a row that begins on `line`; a cell that a short row lacks is null."""
    cells = {name: row[at] if at < len(row) else None for name, at in places.items()}
    column = next(iter(places))
    text = (cells[column] or "").strip()
    if not text:
        return BadLine(line, f"the column {column!r} is empty")
    if "\n" in text or "\r" in text:  # a URL parser would drop it
        return BadLine(line, f"the column {column!r} has a line end in it")
    if len(text) > LONGEST:
        return BadLine(line, f"longer than {LONGEST} characters")
    return Seed(line, text, {name: cells[name] for name in places if name != column})
