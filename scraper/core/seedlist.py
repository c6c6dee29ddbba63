"""The records of a seed list: one URL a line, or a column of a CSV file. Lazily, line by line."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from scraper.core.model import Json

LONGEST = 64 * 1024  # characters of a line; what is longer is no URL


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
    """Yield the URLs of a plain list; empty lines and those that begin with "#" are skipped."""
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if len(text) > LONGEST:
            yield BadLine(number, f"longer than {LONGEST} characters")
        else:
            yield Seed(number, text)


def read_csv(
    lines: Iterable[str], *, column: str, carry: tuple[str, ...]
) -> Iterator[Seed | BadLine]:
    """Yield the URLs in `column` of a CSV list with a header line, with the columns to carry.

    Raises:
        ValueError: the header has no such column.
    """
    reader = csv.DictReader(lines)
    names = reader.fieldnames or []
    for name in (column, *carry):
        if name not in names:
            raise ValueError(f"it has no column {name!r}: the header has {', '.join(names)}")
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield BadLine(line, f"not readable as CSV: {error}")
            continue
        if row is None:
            return
        yield _seed(row, reader.line_num, column, carry)


def _seed(
    row: Mapping[str, str | None], line: int, column: str, carry: tuple[str, ...]
) -> Seed | BadLine:
    text = (row[column] or "").strip()
    if not text:
        return BadLine(line, f"the column {column!r} is empty")
    return Seed(line, text, {name: row[name] for name in carry})
