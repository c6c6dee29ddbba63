"""Where something stands in what the user wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line and column of the file, from 1; or an option of the command line (`file` is false)."""

    after_file: bool  # sorts what stands on the command line behind what stands in the file
    name: str  # the file as it was given, or "--set fetch.timeout"
    line: int
    column: int

    def __str__(self) -> str:
        return self.name if self.after_file else f"{self.name}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One error: where, and what is wrong and what to write instead."""

    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@dataclass(frozen=True, slots=True)
class Finding:
    """An error at a path of the tree, not yet at a place.

    `at_key`: the key is wrong, not what stands under it.
    """

    path: Path
    text: str
    at_key: bool = False


def dotted(path: Path) -> str:
    """A path as a person writes it: `pages.book.follow[2].css`, places in lists from 1."""
    out = ""
    for step in path:
        if isinstance(step, int):
            out += f"[{step + 1}]"
        else:
            name = step if step and step.isprintable() else repr(step)
            out += f".{name}" if out else name
    return out
