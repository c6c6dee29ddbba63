"""Ranges in seed URLs: `page-{1..50}.html` is fifty of them, made one at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator

_RANGE = re.compile(r"\{([0-9]{1,18})\.\.([0-9]{1,18})\}")


def expand(pattern: str) -> Iterator[str]:
    """Yield the URLs of a pattern, the last range running fastest.

    A bound written with a leading zero pads the numbers: `{01..12}`. A range may run downwards.
    """
    match = _RANGE.search(pattern)
    if match is None:
        yield pattern
        return
    before = pattern[: match.start()]
    for number in _numbers(match[1], match[2]):
        for rest in expand(pattern[match.end() :]):
            yield before + number + rest


def size(pattern: str) -> int:
    """How many URLs `expand` yields."""
    total = 1
    for first, last in _RANGE.findall(pattern):
        total *= abs(int(first) - int(last)) + 1
    return total


def _numbers(first: str, last: str) -> Iterator[str]:
    start, end = int(first), int(last)
    padded = any(text.startswith("0") and len(text) > 1 for text in (first, last))
    width = max(len(first), len(last)) if padded else 0
    step = 1 if start <= end else -1
    for number in range(start, end + step, step):
        yield str(number).zfill(width)
