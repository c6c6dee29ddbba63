"""How long the regular expressions of one page may take, each and together.

A search has a limit of its own, which the library keeps; many that stay just below it are a limit
for the page. What cannot take long is searched without either: a pattern that repeats one character
or class at most once, in a short text, needs a number of steps that is the square of its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from scraper.core.errors import ParseError
from scraper.core.model import Reason

PAGE_LIMIT_S = 10.0
SHORT_CHARACTERS = 200
_MOST_WAYS = 3  # of optional parts and alternatives, each of which doubles the steps
_PIECE = re.compile(
    r"\\[dDsSwWnrtfv.()\[\]{}*+?|^$/\\\-\"'#&@!,:;=<>% ]"  # one character or class
    r"|\[\^?(?:\\[dDsSwWnrtfv.()\[\]{}*+?|^$/\\\-]|[^\\\]\[&|~\-]|(?<=\w)-(?=\w))+\]"
    r"|\((?:\?:)?(?!\?)|[)*+?|]|[^\\\[\](){}*+?|]",
    re.ASCII,
)


class Watch:
    """Adds up the time of one page's searches."""

    __slots__ = ("_most_s", "clock", "spent_s")

    def __init__(self, clock: Callable[[], float], most_s: float) -> None:
        self.clock = clock  # seconds; only differences count
        self.spent_s = 0.0
        self._most_s = most_s

    def add(self, began: float, label: str) -> None:
        """Note a search that began then and has just ended.

        Raises:
            ParseError: all searches together took too long.
        """
        self.spent_s += self.clock() - began
        if self.spent_s > self._most_s:
            raise ParseError(
                Reason.PARSE_TIMEOUT,
                f"the regular expressions of the page took more than {self._most_s:g} s, the last "
                f"of them that of {label}",
            )

    def each(self, texts: Iterable[str], label: str) -> Iterator[str]:
        """The texts, each searched by the time that the next one is asked for."""
        for text in texts:
            began = self.clock()
            yield text
            self.add(began, label)


def stopped() -> float:
    """A clock that stands still: only single searches are limited."""
    return 0.0


def is_tame(pattern: str) -> bool:
    """Whether a search in a short text cannot take long, whatever the text."""
    pieces = _pieces(pattern)
    if pieces is None:
        return False
    repeats = ways = 0
    for before, piece in zip(["", *pieces], pieces, strict=False):
        if piece in ("*", "+"):
            if before in ("", "(", "(?:", ")", "|", "*", "+", "?"):
                return False  # of a group, or possessive: not looked into
            repeats += 1
        elif piece == "?" and before in ("", "(", "(?:", ")", "|", "?"):
            return False
        elif piece in ("?", "|"):
            ways += before not in ("*", "+")  # behind them it is no choice
    return repeats <= 1 and ways <= _MOST_WAYS


def _pieces(pattern: str) -> list[str] | None:
    """The pattern in pieces; None: it has something that is not looked into."""
    pieces: list[str] = []
    at = 0
    while at < len(pattern):
        match = _PIECE.match(pattern, at)
        if match is None:
            return None
        pieces.append(match[0])
        at = match.end()
    return pieces
