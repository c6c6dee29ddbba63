"""Links that a site makes without end, known by their URL alone.

The bounds are such that no page of an ordinary site comes near them: what is longer than any URL a
person has made, has a path that goes round (`/a/b/a/b/a/b/`, a relative link that is taken for one
of each page it stands on), or more parameters than a search form has fields. Seeds are not judged.

Segments of one or two characters, and numbers, may repeat more often: `/2011/11/11/`, tiles of a
map (`/0/0/0.png`) and folders by the first characters of a name (`/a/a/a/`) are no traps.
"""

from __future__ import annotations

from collections import Counter

from scraper.core.url import Url

LONGEST = 2_000  # characters of a URL
MOST_SEGMENTS = 50  # of a path
MOST_PARAMETERS = 30  # of a query
MOST_REPEATED = 3  # times that one segment may be in a path
MOST_SHORT_REPEATED = 8  # the same, of those that say little
SHORT = 2  # characters
ROUNDS = 3  # a group of segments that follows on itself so many times


def trap(url: Url) -> str | None:
    """Why a link leads into a trap; None: it does not."""
    if len(url.href) > LONGEST:
        return f"longer than {LONGEST:,} characters"
    if url.pathname_query.count("&") >= MOST_PARAMETERS:
        return f"more than {MOST_PARAMETERS} parameters"
    segments = url.path.split("/")[1:]
    if len(segments) > MOST_SEGMENTS:
        return f"more than {MOST_SEGMENTS} segments in its path"
    if len(segments) - len(set(segments)) < ROUNDS - 1:  # most links end here
        return None
    return _repetition(segments)


def _repetition(segments: list[str]) -> str | None:
    counts = Counter(segment for segment in segments if segment)
    if not counts or max(counts.values()) < ROUNDS:
        return None
    for segment, times in counts.items():
        if times > (MOST_SHORT_REPEATED if _says_little(segment) else MOST_REPEATED):
            return f"{segment[:40]!r} is {times} times in its path"
    for size in range(2, len(segments) // ROUNDS + 1):
        if group := _round(segments, size):
            return f"{'/'.join(group)[:40]!r} is {ROUNDS} times in a row in its path"
    return None


def _round(segments: list[str], size: int) -> list[str] | None:
    """A group of so many segments that follows on itself often enough, if it says something."""
    alike = 0
    for at in range(size, len(segments)):
        alike = alike + 1 if segments[at] == segments[at - size] else 0
        if alike >= size * (ROUNDS - 1):
            group = segments[at - size + 1 : at + 1]
            if not all(map(_says_little, group)):
                return group
    return None


def _says_little(segment: str) -> bool:
    return len(segment) <= SHORT or segment.isdigit()
