"""A set of names that may grow to millions: eight bytes each.

The first few thousand are kept as they are. Beyond that a name is kept as the 64 bits of Python's
own hash, which is seeded anew in each process: one that is not in the set is taken for one of a
million that are with a chance of 5 in 100 million million.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort

EXACT = 4_096  # names kept as they are
SHARDS = 256  # so that to put a hash in its place moves few others
_MASK = 2**64 - 1


class Names:
    """A set of names."""

    __slots__ = ("_hashes", "_names")

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._hashes: tuple[array[int], ...] = ()

    def __repr__(self) -> str:
        return f"<Names {len(self)}>"

    def __len__(self) -> int:
        return len(self._names) + sum(map(len, self._hashes))

    def __contains__(self, name: object) -> bool:
        if name in self._names:
            return True
        if not self._hashes:
            return False
        hashed, shard = self._place(name)
        at = bisect_left(shard, hashed)
        return at < len(shard) and shard[at] == hashed

    def add(self, name: str) -> None:
        """Put a name in."""
        if name in self:
            return
        if len(self._names) < EXACT:
            self._names.add(name)
            return
        if not self._hashes:
            self._hashes = tuple(array("Q") for _ in range(SHARDS))
        hashed, shard = self._place(name)
        insort(shard, hashed)

    def discard(self, name: str) -> None:
        """Take a name out, if it is there."""
        if name in self._names:
            self._names.discard(name)
        elif name in self:
            hashed, shard = self._place(name)
            del shard[bisect_left(shard, hashed)]

    def _place(self, name: object) -> tuple[int, array[int]]:
        hashed = hash(name) & _MASK
        return hashed, self._hashes[hashed % SHARDS]
