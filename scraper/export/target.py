"""Where an export goes: files that are there whole or not at all, or a stream."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from scraper.core.errors import ScraperError, UsageError
from scraper.output import discard, lost

_SQLITE_START = b"SQLite format 3\0"


@contextmanager
def standard_output(stdout: TextIO) -> Iterator[BinaryIO]:
    """The bytes of standard output; a reader that has enough ends it quietly.

    Raises:
        ScraperError: it cannot be written.
    """
    stdout.flush()
    try:
        yield stdout.buffer
        stdout.buffer.flush()
    except OSError as error:
        discard(stdout)
        if not isinstance(error, BrokenPipeError):
            raise lost(error) from error


@contextmanager
def text_of(binary: BinaryIO) -> Iterator[TextIO]:
    """The stream as text: UTF-8, whatever the terminal thinks."""
    stream = io.TextIOWrapper(binary, "utf-8", errors="backslashreplace", newline="")
    try:
        yield stream
        stream.flush()
    finally:
        with contextlib.suppress(OSError):  # the disk is full: that was said already
            stream.detach()


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Write beside the path and take its place when all is on disk.

    Raises:
        UsageError: nothing can be written there.
        ScraperError: the file cannot be written.
    """
    try:
        _check(path)
        if path.exists() and not path.is_file():  # a pipe or a device: nothing to replace
            with path.open("wb") as binary:
                yield binary
        else:
            yield from _replaced(path.resolve())  # a link keeps pointing where it did
    except OSError as error:
        raise ScraperError(f"{path}: cannot be written: {error.strerror or error}") from error


def _check(path: Path) -> None:
    if path.is_dir() or not path.resolve().parent.is_dir():
        why = "is a folder" if path.is_dir() else f"there is no folder {path.parent}"
        raise UsageError(f"--output {path}: {why}")
    if _is_database(path):
        raise UsageError(f"--output {path}: is a database: give another path")


def _replaced(path: Path) -> Iterator[BinaryIO]:
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with _created(beside) as binary:
            yield binary
            binary.flush()
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


def _created(path: Path) -> Any:  # noqa: ANN401 - a buffered file that reads and writes
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o666), "w+b")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
