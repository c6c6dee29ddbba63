"""What is written where: a format, and one file for all items or one for each type."""

from __future__ import annotations

import re
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj
from typing import BinaryIO, TextIO, cast

from scraper.core.columns import Table
from scraper.core.errors import ScraperError, UsageError
from scraper.export.choice import Choice, choose, listed
from scraper.export.target import replacing, standard_output, text_of
from scraper.export.text import write_csv, write_jsonl

STDOUT = "-"
FORMATS = ("csv", "jsonl", "parquet", "xlsx")
EACH = "{type}"  # in a path: one file for each item type
_ONE_TYPE = frozenset({"csv", "parquet"})  # formats of which a file holds one item type
_UNSAFE = re.compile(r"[^\w-]")

Tell = Callable[[str], None]
WriteTables = Callable[[BinaryIO, Sequence[Table], Tell], int]
"""A format of an extra: the tables to a seekable file; tells what was changed to fit."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for."""

    format: str
    output: str | None = None  # a path, replaced when all is written; None or "-": standard output
    item: str | None = None  # the type; None: the only one, or all of them
    changed_since: int | None = None  # only what was new or changed in runs after this one
    raw_cells: bool = False  # CSV: formulas stay formulas

    @property
    def streams(self) -> bool:
        """Whether standard output is meant."""
        return self.output is None or self.output == STDOUT


def format_of(name: str | None, output: str) -> str:
    """The format that is asked for, else the one that the file's name ends in, else jsonl."""
    if name is None:
        suffix = Path(output).suffix[1:].lower()
        return suffix if suffix in FORMATS else "jsonl"
    if name not in FORMATS:
        raise UsageError(f"--format {name}: no such format: use {listed(FORMATS)}")
    return name


def export(
    connection: sqlite3.Connection,
    order: Order,
    *,
    stdout: TextIO,
    tell: Tell,
    extras: Mapping[str, Callable[[], WriteTables]],
) -> int:
    """Write items; returns how many.

    Args:
        connection: may be read only.
        tell: takes what a person should know of values that did not fit.
        extras: the writers of the formats that need one, imported when called.

    Raises:
        UsageError: no such type, run, format or folder; an extra is missing.
        ScraperError: the file cannot be written.
    """
    if order.raw_cells and order.format != "csv":
        raise UsageError(f"--raw-cells means nothing for {order.format}: take it out")
    choice = choose(connection, item=order.item, changed_since=order.changed_since)
    write = _writer(order, tell, extras)
    if order.streams:
        _check_one(order, choice)
        return _to_stream(stdout, order, choice, write)
    output = str(order.output)
    if not _is_each(output):
        _check_one(order, choice)
        with replacing(Path(output)) as binary:
            return write(binary, choice)
    return _to_each(output, order, choice, write)


Write = Callable[[BinaryIO, Choice], int]


def _writer(order: Order, tell: Tell, extras: Mapping[str, Callable[[], WriteTables]]) -> Write:
    if order.format in extras:
        tables = extras[order.format]()
        return lambda binary, choice: _whole(binary, _tables(order, choice), tables, tell)

    def write(binary: BinaryIO, choice: Choice) -> int:
        with text_of(binary) as stream:
            if order.format == "jsonl":
                return write_jsonl(stream, choice)
            return write_csv(stream, choice, raw_cells=order.raw_cells)

    return write


def _whole(binary: BinaryIO, tables: Sequence[Table], write: WriteTables, tell: Tell) -> int:
    """Write what seeks and begins anew; elsewhere than in a file of ours, it is made whole before.

    Ours can be read too; a pipe or a device cannot, nor standard output, whose file may hold more.
    """
    if binary.readable():
        return write(binary, tables, tell)
    with tempfile.TemporaryFile() as made:
        count = write(cast("BinaryIO", made), tables, tell)
        made.seek(0)
        copyfileobj(made, binary)
    return count


def _tables(order: Order, choice: Choice) -> list[Table]:
    if not choice.types:
        raise UsageError(f"--format {order.format}: the database has no item types yet")
    return [one.table() for one in choice.each()]


def _check_one(order: Order, choice: Choice) -> None:
    """Refuse several types where the format holds one."""
    if choice.type is None and order.format in _ONE_TYPE and len(choice.types) > 1:
        kind = "CSV" if order.format == "csv" else "Parquet file"
        raise UsageError(
            f"a {kind} holds one item type: give --items with one of {listed(choice.types)}, or "
            f"a folder: --output FOLDER/, or a name such as --output {EACH}.{order.format}"
        )


def _to_stream(stdout: TextIO, order: Order, choice: Choice, write: Write) -> int:
    is_text = order.format in ("csv", "jsonl")
    if is_text and not hasattr(stdout, "buffer"):
        return _to_text(stdout, order, choice)
    if not is_text and stdout.isatty():
        raise UsageError(f"--format {order.format}: is not for a terminal: give --output FILE")
    count = 0
    with standard_output(stdout) as binary:
        count = write(binary, choice)
    return count  # noqa: RET504 - the block may end before it is known


def _to_text(stdout: TextIO, order: Order, choice: Choice) -> int:
    """Write to a stream that is text and nothing else."""
    if order.format == "jsonl":
        return write_jsonl(stdout, choice)
    return write_csv(stdout, choice, raw_cells=order.raw_cells)


def _is_each(output: str) -> bool:
    return EACH in output or output.endswith("/") or Path(output).is_dir()


def _to_each(output: str, order: Order, choice: Choice, write: Write) -> int:
    """One file for each type; all take their places when the last one is written."""
    if EACH not in output:
        _make_folder(Path(output))
        output = str(Path(output) / f"{EACH}.{order.format}")
    count = 0
    with ExitStack() as stack:
        for path, one in _paths(output, choice):
            count += write(stack.enter_context(replacing(path)), one)
    return count


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise ScraperError(f"{folder}: cannot be made: {error.strerror or error}") from error


def _paths(output: str, choice: Choice) -> Iterator[tuple[Path, Choice]]:
    """A path for each type, no two alike, whatever the types are called."""
    known: set[str] = set()
    for one in choice.each():
        name = _UNSAFE.sub("_", one.type or "")
        while name.casefold() in known:
            name += "_"
        known.add(name.casefold())
        yield Path(output.replace(EACH, name)), one
