"""Where a page is parsed: here, between two turns of the loop, or in the pool.

What a parse will cost is learned per page rule, as seconds per kilobyte of the pages parsed so
far; what the trip to a worker costs the loop is measured too. A page stays here when the parse is
predicted to be so short that the trip is not worth it; never when it would stall the loop, never
when its nesting is suspicious, and never above a size, since the look at the nesting can be
deceived at a price that grows with the square of the size.
"""

from __future__ import annotations

_START_S_PER_KB = 40e-6  # lexbor takes 25 to 50 us a KB, fields included; then it is learned
_LEAST_TRIP_S = 400e-6  # of the loop's own time: what is measured misses the socket's share
_WORTH = 12  # a trip that costs more than a twelfth of the parse gains too little
_WEIGHT = 0.1  # of the newest measurement
_FIRST = 5  # measurements that count in full
_STALL_S = 0.008  # the longest parse that the loop may see
_MOST_BYTES = 192 * 1024
_OVERHEAD_BYTES = 1024  # every page costs something


class Placement:
    """Learns what pages cost and decides, page by page.

    Args:
        offload: `parse.offload` of the config: "auto", "never", "always", or a size in bytes from
            which pages go to the pool. Suspicious pages go there even with "never".
    """

    __slots__ = ("_offload", "_rules", "_trip")

    def __init__(self, offload: str | int) -> None:
        self._offload = offload
        self._rules: dict[str, _Mean] = {}
        self._trip = _Mean(_LEAST_TRIP_S)

    def __repr__(self) -> str:
        learned = {name: f"{mean.value * 1e6:.0f} us/KB" for name, mean in self._rules.items()}
        return f"<Placement {self._offload} {learned}, trip {self._trip.value * 1e6:.0f} us>"

    def is_pooled(self, rule: str, size_bytes: int) -> bool:
        """Whether a page of this rule goes to the pool for what it is predicted to cost.

        True spares the look at its nesting; after False the caller takes that look.
        """
        if self._offload == "always":
            return True
        if self._offload == "never":
            return False
        if not isinstance(self._offload, str):
            return size_bytes >= self._offload
        if size_bytes > _MOST_BYTES:
            return True
        worth_s = _WORTH * max(_LEAST_TRIP_S, self._trip.value)
        return self.predicted_s(rule, size_bytes) > min(_STALL_S, worth_s)

    def predicted_s(self, rule: str, size_bytes: int) -> float:
        """Seconds that a parse will take."""
        mean = self._rules.get(rule)
        per_kb = _START_S_PER_KB if mean is None else mean.value
        return per_kb * (size_bytes + _OVERHEAD_BYTES) / 1024

    def parsed(self, rule: str, size_bytes: int, seconds: float) -> None:
        """Learn what a parse took, here or in a worker."""
        mean = self._rules.get(rule)
        if mean is None:
            mean = self._rules[rule] = _Mean(_START_S_PER_KB)
        mean.add(seconds * 1024 / (size_bytes + _OVERHEAD_BYTES))

    def tripped(self, seconds: float) -> None:
        """Learn what handing a page to a worker and back took of the loop's own time."""
        self._trip.add(seconds)


class _Mean:
    """A running mean that forgets: exponentially weighted, plain at first."""

    __slots__ = ("_count", "value")

    def __init__(self, start: float) -> None:
        self.value = start
        self._count = 0

    def add(self, measured: float) -> None:
        self._count += 1
        weight = max(_WEIGHT, 1 / (self._count + 1)) if self._count <= _FIRST else _WEIGHT
        self.value += weight * (measured - self.value)
