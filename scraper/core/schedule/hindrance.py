"""What keeps open requests few, where it is not their limit."""

from __future__ import annotations

from collections import Counter

WHILE = 100  # pulses: since the last change, to speak of what was the limit since then
_WORDS = {
    "host": "politeness was the limit, not the open requests",
    "loop": "the event loop was the limit, not the open requests",
    "pool": "the worker processes were the limit, not the open requests",
    "sink": "writing to the database was the limit, not the open requests",
    "seed": "there was nothing more to do",
}
_OTHERWISE = "the hosts left slots free"


class Hindrance:
    """Counts pulses at which the slots were taken, and what the run waited for at the others."""

    def __init__(self) -> None:
        self._full = 0
        self._bounds: Counter[str] = Counter()

    def __repr__(self) -> str:
        return f"<Hindrance {self._full} full, {dict(self._bounds)}>"

    def add(self, bound: str, *, full: bool) -> None:
        """Count a pulse; `bound` is as in `attribution`."""
        if full:
            self._full += 1
        else:
            self._bounds[bound] += 1

    def clear(self) -> None:
        """Begin anew: the limit has moved."""
        self._full = 0
        self._bounds.clear()

    def why(self, *, moved: bool) -> str | None:
        """What held the crawl up, for people; None: the limit did.

        Args:
            moved: the limit has moved before: a few pulses since then tell nothing.
        """
        others = self._bounds.total()
        if self._full >= others or (moved and self._full + others < WHILE):
            return None
        return _WORDS.get(self._bounds.most_common(1)[0][0], _OTHERWISE)
