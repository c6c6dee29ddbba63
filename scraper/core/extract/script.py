"""Data inside scripts: a regular expression says where, JSON may say what.

A dot matches line ends. Where JSON is asked for it is read from the start of the first group to
its own end, so that `var data = (.*?);` is no trap when a text in the data holds a semicolon; a
place where no JSON begins is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import regex

from scraper.core.errors import SelectorError
from scraper.core.extract.jsontext import read_json_at
from scraper.core.model import Json


class ScriptPattern:
    """A compiled `script:`.

    Raises:
        SelectorError: it is no regular expression, or has no group.
    """

    __slots__ = ("_pattern", "_timeout_s")

    def __init__(self, pattern: str, *, timeout_s: float | None = None) -> None:
        try:
            self._pattern = regex.compile(pattern, regex.DOTALL)
        except (regex.error, RecursionError, OverflowError) as error:
            raise SelectorError(f"is no regular expression: {error}") from None
        if not self._pattern.groups:
            raise SelectorError(
                f"{pattern!r} has no group: put what to take in parentheses, as in "
                "'var data = (.*?);'"
            )
        self._timeout_s = timeout_s

    def texts(self, scripts: Iterable[str]) -> Iterator[str]:
        """The first group of every match.

        Raises:
            TimeoutError: the search took too long.
        """
        for _, match in self._matches(scripts):
            if match[1] is not None:
                yield match[1]

    def values(self, scripts: Iterable[str]) -> Iterator[Json]:
        """The JSON that begins where the first group does, of every match that has some."""
        for script, match in self._matches(scripts):
            if match[1] is not None:
                try:
                    yield read_json_at(script, match.start(1))
                except ValueError:
                    continue

    def _matches(self, scripts: Iterable[str]) -> Iterator[tuple[str, regex.Match[str]]]:
        for script in scripts:
            found = self._pattern.finditer(script, timeout=self._timeout_s, concurrent=False)
            for match in found:
                yield script, match
