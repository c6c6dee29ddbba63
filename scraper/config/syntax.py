"""What is no YAML, in plain words: what the parser stumbled over, and what to write instead.

The parser says where it gave up and what it wanted there; what a person did is read off the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import yaml

from scraper.config.values import shown

_WORD = re.compile(r"[^,{}\[\]\n]*?(?=\s*(?:[,{}\[\]]|\s#|$))")
_KEY = re.compile(r"\s*(?:- +)?[^\s:#'\"{\[][^:#]*:(?:\s|$)")
_HASH = re.compile(r"[{\[](?:[^#]*[:,\s])?(?=#[A-Za-z])")
_MOST_LINES = 50  # that are looked back
_BRACKETS = {"{": "}", "[": "]"}
_BEHIND = "something stands behind what is closed here: put quotes around the whole text"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Where the parser gave up, from 0, and what it said."""

    lines: list[str]
    row: int
    column: int
    problem: str
    context: str
    opened: tuple[int, int] | None  # where what it was reading begins

    @property
    def line(self) -> str:
        return self.lines[self.row] if self.row < len(self.lines) else ""

    @property
    def is_at_start(self) -> bool:
        return not self.line[: self.column].strip()

    def quoted(self, row: int, column: int) -> str:
        """The text that begins somewhere, as it would be in quotes."""
        line = self.lines[row] if row < len(self.lines) else ""
        found = _WORD.match(line, column)
        word = (found[0] if found else "").strip() or line[column : column + 1]
        return f"'{word}'" if '"' in word else f'"{word}"'


Told = tuple[int, int, str] | None  # row and column from 0, and the message


def explained(error: yaml.MarkedYAMLError, text: str) -> tuple[int, int, str]:
    """Row and column from 1, and what is wrong with what to write instead."""
    mark = error.problem_mark or error.context_mark
    start = error.context_mark
    trouble = Trouble(
        text.splitlines(),
        mark.line if mark else 0,
        mark.column if mark else 0,
        error.problem or "",
        error.context or "",
        None if start is None else (start.line, start.column),
    )
    for look in _LOOKS:
        told = look(trouble)
        if told is not None:
            return told[0] + 1, told[1] + 1, told[2]
    said = ", ".join(part for part in (trouble.problem, trouble.context) if part)
    return trouble.row + 1, trouble.column + 1, f"{said}: look at this line and the one above it"


def _tab(at: Trouble) -> Told:
    if at.is_at_start and "\t" in at.line[: at.column + 1]:
        return at.row, at.line.index("\t"), "a tab: indent with spaces, two for each level"
    return None


def _first_sign(at: Trouble) -> Told:
    """A text that begins with a sign which means something else in YAML."""
    row, column = at.row, at.column
    if "alias" in at.problem or at.context in (
        "while scanning an alias",
        "while scanning an anchor",
    ):
        row, column = at.opened or (row, column)
    elif at.context == "while scanning a block scalar" and at.opened:
        row, column = at.opened
    elif at.problem not in (
        "found character that cannot start any token",
        "did not find expected node content",
    ):
        return None
    sign = at.lines[row][column : column + 1] if row < len(at.lines) else ""
    text = f"a text cannot begin with {sign}: put quotes around it, as in {at.quoted(row, column)}"
    return (row, column, text) if sign else None


def _comment(at: Trouble) -> Told:
    """Between brackets: what begins with # was a comment, and so was what closes them."""
    if "flow" not in at.context:
        return None
    for row in range(min(at.row, len(at.lines) - 1), max(-1, at.row - _MOST_LINES), -1):
        found = _HASH.search(at.lines[row])
        if found is not None:
            word = at.quoted(row, found.end())
            text = f"what begins with # is a comment: put quotes around it, as in {word}"
            return row, found.end(), text
    return None


def _dash(at: Trouble) -> Told:
    if at.problem != "block sequence entries are not allowed in this context":
        return None
    text = 'a list begins on a line of its own: put "- " there, or quotes around the text'
    return at.row, at.column, text


def _quote(at: Trouble) -> Told:
    if at.problem == "found unknown escape character":
        text = 'between " " a backslash begins an escape such as \\n: write two, or put the text'
        return at.row, at.column, f"{text} between ' '"
    if at.context == "while scanning a quoted scalar" and at.opened:
        row, column = at.opened
        sign = at.lines[row][column]
        return (
            row,
            column,
            f"the quote {sign} is opened here and not closed: close it, or take it out",
        )
    return None


def _colon(at: Trouble) -> Told:
    if at.problem != "mapping values are not allowed in this context":
        return None
    above = next((n for n in range(at.row - 1, -1, -1) if _says(at.lines[n])), None)
    is_first = _KEY.match(at.line) is not None and at.line.index(":") == at.column
    if above is None or not is_first:
        begin = at.line.find(": ") + 2
        text = 'a text with ": " in it needs quotes: write '
        return at.row, begin if is_first else at.column, text + _in_quotes(at.line)
    if _KEY.match(at.lines[above]) is None:
        return above, _indent(at.lines[above]), _no_key(at.lines[above].strip())
    text = "is indented deeper than the line above, which has a value already: "
    column = _indent(at.lines[above]) + 1
    return at.row, _indent(at.line), f"this line {text}begin it in column {column}"


def _no_key(line: str) -> str:
    name, sign, value = line.partition(":" if ":" in line else "=")
    if sign and not line.startswith("- "):
        return f"{shown(line)} is no key with a value: write {name.strip()}: {value.strip()}"
    return f"{shown(line)} is no key with a value: write key: value"


def _in_quotes(line: str) -> str:
    key, _, value = line.strip().partition(": ")
    sign = "'" if '"' in value else '"'
    return f"{key}: {sign}{value}{sign}"


def _key(at: Trouble) -> Told:
    if at.problem == "did not find expected '-' indicator":
        text = 'a key stands where a list goes on: begin it with "- ", or indent it as another key'
        return at.row, at.column, text
    if at.problem != "did not find expected key":
        return None
    if not at.is_at_start:
        return at.row, at.column, _BEHIND
    if at.line[at.column :].startswith("- "):
        text = "a list stands among the keys of a mapping: indent it deeper than its key"
        return at.row, at.column, text
    columns = sorted({_indent(line) + 1 for line in at.lines[: at.row] if _says(line)})
    if at.column + 1 in columns:
        return at.row, at.column, "this is no key with a value: write key: value"
    where = " or ".join(map(str, columns[:4]))
    text = f"this line begins in column {at.column + 1}, and its neighbours do not"
    return at.row, at.column, f"{text}: begin it in column {where}"


def _bracket(at: Trouble) -> Told:
    if not at.problem.startswith("did not find expected ','") or at.opened is None:
        return None
    row, column = at.opened
    sign = at.lines[row][column]
    if not any(map(_says, at.lines[at.row :])):
        close = _BRACKETS.get(sign, "}")
        return row, column, f"the {sign} is opened here and not closed: add {close}"
    text = (
        "a comma or a closing bracket is missing before this, or quotes around a text with one of "
    )
    return at.row, at.column, text + '{ } [ ] , or ": " in it, as in "a[href]" or "${NAME}"'


def _document(at: Trouble) -> Told:
    if at.context != "expected a single document in the stream":
        return None
    return at.row, at.column, 'a second document begins here: take out the line "---"'


def _says(line: str) -> bool:
    """Whether a line is more than white space and a comment."""
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


_LOOKS: tuple[Callable[[Trouble], Told], ...] = (
    _tab, _comment, _first_sign, _dash, _quote, _colon, _key, _bracket, _document,
)  # fmt: skip
