"""Selectors that YAML takes for comments: what begins with # needs quotes.

`title: #main` is a key without a value and a comment; `title: div #main` ends at `div`. Both are
right as YAML and never meant, so they are looked for in `pages`, where selectors stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from scraper.config.places import Mistake, Path, Place, dotted

_LOST = re.compile(r"\s+(#[A-Za-z][^\s,}\]]*[^\n]*)")
_SELECTOR = re.compile(r"#[A-Za-z][\w-]*(?=$|[ .>:\[+~,])(?! [a-z]+ [a-z]+ [a-z])")
_DASH = re.compile(r"\s*-(?=\s+#)")
_MOST_NODES = 100_000


@dataclass(frozen=True, slots=True)
class Lost:
    """A text that became a comment."""

    place: Place
    path: Path
    said: str
    is_whole: bool  # nothing is left of the value

    @property
    def mistake(self) -> Mistake:
        return Mistake(self.place, self.said)


def lost_texts(root: Node, text: str, name: str) -> list[Lost]:
    """What was lost in `pages`, in the order of the file."""
    lines = text.split("\n")
    found = []
    for path, node in _scalars(root):
        if node.start_mark.name != name:  # of an option, or of an included file
            continue
        row, column = _end(node, lines)
        rest = lines[row][column:] if row < len(lines) and not node.style else ""
        lost = _LOST.match(rest)
        if lost is not None and _SELECTOR.match(lost[1]):
            place = Place(
                after_file=False, line=row + 1, column=column + 1 + lost.start(1), name=name
            )
            found.append(Lost(place, path, _said(path, node, lost[1]), not node.value))
    return found


def _end(node: ScalarNode, lines: list[str]) -> tuple[int, int]:
    """Where a value ends; an empty one of a list is said to stand behind its comment."""
    row, column = node.end_mark.line, node.end_mark.column
    if not node.value and 0 < row <= len(lines) and (dash := _DASH.match(lines[row - 1])):
        return row - 1, dash.end()
    return row, column


def _said(path: Path, node: ScalarNode, lost: str) -> str:
    word = lost.split(" #", maxsplit=1)[0].strip().rstrip(",}]") or lost
    if not node.value:
        return (
            f"{dotted(path)}: is empty, since # begins a comment: put quotes, as in {_quoted(word)}"
        )
    whole = _quoted(f"{node.value} {word}")
    said = f"{dotted(path)}: ends before {word}, since # begins a comment"
    return f"{said}: if it is meant, write {whole}"


def _quoted(text: str) -> str:
    return f"'{text}'" if '"' in text else f'"{text}"'


def _scalars(root: Node) -> Iterator[tuple[Path, ScalarNode]]:
    """The values below `pages`, each where it stands."""
    ahead: list[tuple[Path, Node]] = [((), root)]
    seen: set[int] = set()
    while ahead and len(seen) < _MOST_NODES:
        path, node = ahead.pop()
        if isinstance(node, ScalarNode):
            yield path, node
        elif id(node) not in seen:
            seen.add(id(node))
            ahead += [one for one in reversed(list(_inside(path, node))) if one[0][0] == "pages"]


def _inside(path: Path, node: Node) -> Iterator[tuple[Path, Node]]:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if isinstance(key, ScalarNode):
                yield (*path, key.value), value
    elif isinstance(node, SequenceNode):
        for number, value in enumerate(node.value):
            yield (*path, number), value
