"""Writes items as CSV or JSON lines: to a file all at once or not at all, or to a stream.

The table is read in short steps by key, so that neither memory nor the log of a running crawl
grows with it. What a page contained is never a formula in a spreadsheet.
"""

from __future__ import annotations

import contextlib
import csv
import difflib
import io
import json
import os
import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from scraper.core.errors import ScraperError, UsageError
from scraper.output import discard, lost

STEP_ROWS = 1000
STDOUT = "-"
OWN_COLUMNS = ("_url", "_fetched_at", "_run")
_LATER = ("parquet", "xlsx")
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")  # the wide ones are read too
_SQLITE_START = b"SQLite format 3\0"
_to_json = json.JSONEncoder(ensure_ascii=False).encode
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


class Row(NamedTuple):
    """One item as it is stored."""

    id: int
    type: str
    data: str  # JSON object
    url: str | None
    fetched_at: str  # ISO 8601
    run: int


@dataclass(frozen=True, slots=True)
class Choice:
    """Which items are written."""

    connection: sqlite3.Connection
    type: str | None  # None: all
    after_run: int  # new or changed in a later one

    def rows(self) -> Iterator[Row]:
        """The items in the order in which they were first seen."""
        last = 0
        while step := self.connection.execute(
            "SELECT item.id, item.type, item.data, request.url, "
            "strftime('%Y-%m-%dT%H:%M:%SZ', item.fetched_at, 'unixepoch'), item.last_run "
            "FROM item LEFT JOIN request ON request.id = item.request_id "
            "WHERE item.id > ? AND (? IS NULL OR item.type = ?) AND item.changed_run > ? "
            "ORDER BY item.id LIMIT ?",
            (last, self.type, self.type, self.after_run, STEP_ROWS),
        ).fetchall():
            last = step[-1][0]
            yield from map(Row._make, step)


def export(
    connection: sqlite3.Connection,
    *,
    item: str | None,
    format: str,  # noqa: A002 - the option's own name
    output: str | None,
    changed_since: int | None,
    stdout: TextIO,
) -> int:
    """Write items; returns how many.

    Args:
        connection: may be read only.
        item: the type; None: the only one, or all of them in JSON lines.
        output: a path, replaced when all is written; None or "-": `stdout`.
        changed_since: only items that were new or changed in runs after this one.

    Raises:
        UsageError: no such type, run, format or folder.
        ScraperError: the file cannot be written.
    """
    write = _writer(format)
    types = _types(connection)
    choice = Choice(connection, _type(item, types), _after_run(connection, changed_since))
    if choice.type is None and format == "csv" and len(types) > 1:
        raise UsageError(f"a CSV holds one item type: give --items with one of {_list(types)}")
    if choice.type is None and len(types) == 1:
        choice = Choice(connection, types[0], choice.after_run)
    if output is None or output == STDOUT:
        return _to_stream(stdout, choice, write)
    return _to_file(Path(output), choice, write)


def _writer(name: str) -> Callable[[TextIO, Choice], int]:
    known = {"csv": _write_csv, "jsonl": _write_jsonl}
    if name in known:
        return known[name]
    if name in _LATER:
        raise UsageError(f"--format {name}: not supported yet: use csv or jsonl")
    raise UsageError(f"--format {name}: no such format: use csv or jsonl")


def _types(connection: sqlite3.Connection) -> list[str]:
    """The item types: those of the config (each has a view), and those that are stored."""
    views = connection.execute("SELECT name FROM sqlite_master WHERE type = 'view' ORDER BY rowid")
    stored = connection.execute(
        "WITH RECURSIVE found (type) AS (SELECT min(type) FROM item UNION ALL "
        "SELECT (SELECT min(type) FROM item WHERE type > found.type) FROM found "
        "WHERE found.type IS NOT NULL) SELECT type FROM found WHERE type IS NOT NULL"
    )
    return list(dict.fromkeys(row[0] for row in (*views.fetchall(), *stored.fetchall())))


def _type(wanted: str | None, types: list[str]) -> str | None:
    if wanted is None or wanted in types:
        return wanted
    if not types:
        raise UsageError(f"--items {wanted}: the database has no items yet")
    close = difflib.get_close_matches(wanted, types, n=1)
    hint = f"did you mean {close[0]}?" if close else f"there is {_list(types)}"
    raise UsageError(f"--items {wanted}: no such item type: {hint}")


def _after_run(connection: sqlite3.Connection, run: int | None) -> int:
    if run is None:
        return -1
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM run").fetchone()
    if not 0 <= run <= last:
        raise UsageError(f"--changed-since {run}: no such run: the last is {last}")
    return run


def _list(types: Sequence[str]) -> str:
    return ", ".join(types)


def _write_jsonl(stream: TextIO, choice: Choice) -> int:
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


def _write_csv(stream: TextIO, choice: Choice) -> int:
    fields = _fields(choice)
    if not fields:
        return 0
    writer = csv.writer(stream)
    writer.writerow([cell(name) for name in (*fields, *OWN_COLUMNS)])
    count = 0
    for row in choice.rows():
        values = json.loads(row.data)
        writer.writerow([cell(value) for value in (*map(values.get, fields), *row[3:])])
        count += 1
    return count


def _fields(choice: Choice) -> list[str]:
    """The columns in the order of the config, which the view has; else as the items have them."""
    if choice.type is None:
        return []
    view = choice.connection.execute("SELECT name FROM pragma_table_info(?)", (choice.type,))
    columns = [name for (name,) in view.fetchall() if name not in OWN_COLUMNS]
    if columns:
        return columns
    found: dict[str, None] = {}
    for row in choice.rows():
        found |= dict.fromkeys(json.loads(row.data))
    return list(found)


def cell(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    """A value as a cell: nested ones as JSON, and no text is a formula."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return _to_json(value)
    if value.startswith(_FORMULA) and not _NUMBER.fullmatch(value):
        return "'" + value
    return value


def _to_stream(stdout: TextIO, choice: Choice, write: Callable[[TextIO, Choice], int]) -> int:
    """Write to standard output as UTF-8; a reader that has enough ends it quietly."""
    binary = getattr(stdout, "buffer", None)
    if binary is None:
        return write(stdout, choice)
    stdout.flush()
    stream = _text(binary)
    try:
        count = write(stream, choice)
        stream.flush()
    except OSError as error:
        count = 0
        discard(stdout)
        if not isinstance(error, BrokenPipeError):
            raise lost(error) from error
    finally:
        stream.detach()
    return count


def _to_file(path: Path, choice: Choice, write: Callable[[TextIO, Choice], int]) -> int:
    """Write beside the path and take its place when all is on disk."""
    try:
        with _replacing(path) as stream:
            return write(stream, choice)
    except OSError as error:
        raise ScraperError(f"{path}: cannot be written: {error.strerror or error}") from error


@contextmanager
def _replacing(path: Path) -> Iterator[TextIO]:
    if path.is_dir() or not path.resolve().parent.is_dir():
        why = "is a folder" if path.is_dir() else f"there is no folder {path.parent}"
        raise UsageError(f"--output {path}: {why}")
    if _is_database(path):
        raise UsageError(f"--output {path}: is a database: give another path")
    if path.exists() and not path.is_file():  # a pipe or a device: nothing to replace
        with path.open("wb") as binary:
            yield from _flushed(_text(binary))
        return
    path = path.resolve()  # a link keeps pointing where it did
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with _created(beside) as binary:
            yield from _flushed(_text(binary))
            os.fsync(binary.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _is_database(path: Path) -> bool:
    """Whether a SQLite file would be lost, the one that is being read above all."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_SQLITE_START)) == _SQLITE_START


def _flushed(stream: io.TextIOWrapper) -> Iterator[TextIO]:
    try:
        yield stream
        stream.flush()
    finally:
        with contextlib.suppress(OSError):  # the disk is full: that was said already
            stream.detach()


def _created(path: Path) -> io.BufferedWriter:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o666), "wb")


def _text(binary: Any) -> io.TextIOWrapper:  # noqa: ANN401 - any binary stream
    return io.TextIOWrapper(binary, "utf-8", errors="backslashreplace", newline="")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
