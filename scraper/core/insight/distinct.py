"""How many different names there were, nearly, in memory that does not grow with them.

A bit for each hash. Two names may share one: how often that was is told by how full the bits are.

Source: K.-Y. Whang, B. T. Vander-Zanden and H. M. Taylor, "A linear-time probabilistic counting
algorithm for database applications" (1990). Of a million names it misses some 400.
"""

from __future__ import annotations

from collections.abc import Collection
from math import log1p

_BITS = 2**22


class Distinct:
    """Names by their hashes, which are seeded anew in each process."""

    __slots__ = ("_bits", "_set")

    def __init__(self) -> None:
        self._bits = bytearray()  # 512 KiB from the first name on
        self._set = 0

    def __repr__(self) -> str:
        return f"<Distinct, {len(self)} names>"

    def add(self, name: str) -> None:
        """Count a name, unless it was."""
        if not self._bits:
            self._bits = bytearray(_BITS // 8)
        if name not in self:
            at = hash(name) % _BITS
            self._bits[at >> 3] |= 1 << (at & 7)
            self._set += 1

    def together(self, names: Collection[str]) -> int:
        """How many there were, and these."""
        if not self._bits:
            return len(set(names))
        both = Distinct()
        both._bits, both._set = self._bits.copy(), self._set
        for name in names:
            both.add(name)
        return len(both)

    def __contains__(self, name: str) -> bool:
        at = hash(name) % _BITS
        return bool(self._bits) and bool(self._bits[at >> 3] & 1 << (at & 7))

    def __len__(self) -> int:
        free = 1 - min(self._set, _BITS - 1) / _BITS
        return round(-_BITS * log1p(free - 1))
