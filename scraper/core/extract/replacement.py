"""`replace: {pattern: text}`: a regular expression, and what stands where it matched."""

from __future__ import annotations

import re
from collections.abc import Callable

import regex

from scraper.core.errors import SelectorError

Replace = Callable[[str], str]
_REFERENCE = re.compile(r"\\(\d|\\)")


def compile_replacement(pattern: str, text: str, *, timeout_s: float | None = None) -> Replace:
    r"""A function that replaces every match; `\1` in the text is the first group, `\0` the match.

    Raises:
        SelectorError: the pattern is no regular expression, or has no such group.
    """
    try:
        compiled = regex.compile(pattern)
    except (regex.error, RecursionError, OverflowError) as error:
        raise SelectorError(f"{pattern!r} is no regular expression: {error}") from None
    numbers = [int(found) for found in _REFERENCE.findall(text) if found != "\\"]
    if numbers and max(numbers) > compiled.groups:
        raise SelectorError(f"{text!r} names group {max(numbers)}, but {pattern!r} has not so many")

    def expand(match: regex.Match[str]) -> str:
        def part(reference: re.Match[str]) -> str:
            return "\\" if reference[1] == "\\" else str(match[int(reference[1])] or "")

        return _REFERENCE.sub(part, text)

    def replace(value: str) -> str:
        return str(compiled.sub(expand, value, timeout=timeout_s, concurrent=False))

    return replace
