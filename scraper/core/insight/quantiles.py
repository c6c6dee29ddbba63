"""Quantiles of many durations in little memory.

Durations are counted in buckets whose bounds grow by a fixed factor, so that every quantile is
within `ERROR` of a duration that was really there, however many were added: about 30 buckets
for the latencies of one host, never more than 700. Sketches of two hosts are merged by adding
their counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

ERROR = 0.02  # relative
SMALLEST_S = 1e-6  # at most this is one bucket
LARGEST_S = 1e6  # at least this is one bucket
_GROWTH = (1 + ERROR) / (1 - ERROR)
_PER_E = 1 / math.log(_GROWTH)
_LAST = math.ceil(math.log(LARGEST_S / SMALLEST_S) * _PER_E)


class Quantiles:
    """A sketch of durations in seconds."""

    __slots__ = ("_buckets", "count", "max", "total")

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self.count = 0
        self.max = 0.0
        self.total = 0.0

    def __repr__(self) -> str:
        return f"<Quantiles of {self.count}, max {self.max:.6g} s>"

    def add(self, seconds: float) -> None:
        """Count one duration; a negative one (a clock's jitter) counts as 0."""
        if seconds > SMALLEST_S:
            place = (
                math.ceil(math.log(seconds / SMALLEST_S) * _PER_E) if seconds < LARGEST_S else _LAST
            )
            self.total += seconds
            if seconds > self.max:
                self.max = seconds
        else:
            place = 0
        buckets = self._buckets
        buckets[place] = buckets.get(place, 0) + 1
        self.count += 1

    def quantile(self, share: float) -> float | None:
        """The duration that `share` (0 to 1) of all do not exceed; None when there are none."""
        return self.quantiles((share,))[0]

    def quantiles(self, shares: tuple[float, ...]) -> tuple[float | None, ...]:
        """As `quantile`, for ascending shares, in one pass."""
        if not self.count:
            return (None,) * len(shares)
        found: list[float | None] = []
        seen = 0
        for place, number in sorted(self._buckets.items()):
            seen += number
            while len(found) < len(shares) and seen >= max(
                1, math.ceil(shares[len(found)] * self.count)
            ):
                found.append(min(_middle(place), self.max))
        return (*found, *[self.max] * (len(shares) - len(found)))

    def as_json(self) -> dict[str, Any]:
        """Plain values for `from_json`."""
        return {
            "max": self.max,
            "total": self.total,
            "buckets": [[place, number] for place, number in sorted(self._buckets.items())],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Quantiles:
        """The sketch that `as_json` told of."""
        sketch = cls()
        sketch._buckets = {int(place): int(number) for place, number in values["buckets"]}
        sketch.count = sum(sketch._buckets.values())
        sketch.max = float(values["max"])
        sketch.total = float(values["total"])
        return sketch


def _middle(place: int) -> float:
    """The value whose relative distance to both bounds of a bucket is the same."""
    return SMALLEST_S * math.exp(place / _PER_E) * (1 - ERROR) if place else SMALLEST_S
