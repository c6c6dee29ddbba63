"""What is remembered of hosts that have left the window: a few bytes each, and no object.

A host that has nothing left to do makes room for others. What it may do next must not change by
that: its delay and its rest go on, what was learnt of it holds, and a host that cannot be reached
is tried no more often. As a stranger may have a million hosts, each that has anything to be
remembered costs 50 bytes here, and one that has not costs nothing.

Hosts are told apart by the 64 bits of Python's own hash of their names, which is seeded anew in
each process: two of a million share what is remembered with a chance of 3 in 100 million, and then
one of them is asked too seldom for a while.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from math import inf
from struct import Struct

from scraper.core.schedule.circuit import Circuit
from scraper.core.schedule.host import Host
from scraper.core.schedule.pace import Pace

SHARDS = 256  # so that to put a host in its place moves few others
LEAST = 64  # hosts of a shard before it is looked through for those that may be forgotten
_MASK = 2**64 - 1
_FACTS = Struct("<ddddBBd")  # last start, end of the rest, Crawl-delay, learnt pause; circuit
_NOTHING = (-inf, -inf, 0.0, 0.0, 0, 0, -inf)


class Past:
    """Hosts by their names' hashes, sorted, in shards.

    Args:
        longest_delay_s: between two starts on any host, by the config.
    """

    __slots__ = ("_facts", "_full_at", "_keys", "_longest_delay_s")

    def __init__(self, longest_delay_s: float) -> None:
        self._longest_delay_s = longest_delay_s
        self._keys = [array("Q") for _ in range(SHARDS)]
        self._facts = [bytearray() for _ in range(SHARDS)]
        self._full_at = [LEAST] * SHARDS

    def __repr__(self) -> str:
        return f"<Past of {len(self)} hosts>"

    def __len__(self) -> int:
        return sum(map(len, self._keys))

    def keep(self, host: Host, now: float) -> None:
        """Remember what matters of a host that has nothing open; it is not here yet."""
        slow_s, state = host.pace.slow_s, host.circuit.state
        may_send = host.next_at + host.lead_s <= now
        if may_send and not slow_s and not any(state[:2]):
            return
        facts = _FACTS.pack(host.started_at, host.paused_until, host.crawl_delay_s, slow_s, *state)
        self._put(host.name, facts, now)

    def add(self, name: str, *, rests_until: float = -inf, slow_s: float = 0.0) -> None:
        """Remember something more of a host that has not come."""
        number, at = self._find(name)
        facts = _NOTHING if at < 0 else _FACTS.unpack_from(self._facts[number], at * _FACTS.size)
        started_at, until, crawl_delay_s, slow_before_s, *state = facts
        until, slow_s = max(until, rests_until), max(slow_s, slow_before_s)
        self._put(name, _FACTS.pack(started_at, until, crawl_delay_s, slow_s, *state), -inf)

    def recall(self, host: Host) -> None:
        """Give a host that comes what is remembered of it, and remember it no more."""
        number, at = self._find(host.name)
        if at < 0:
            return
        facts = self._facts[number]
        size = _FACTS.size
        started_at, paused_until, crawl_delay_s, slow_s, *state = _FACTS.unpack_from(
            facts, at * size
        )
        del self._keys[number][at]
        del facts[at * size : (at + 1) * size]
        host.started_at = max(host.started_at, started_at)
        host.paused_until, host.crawl_delay_s = paused_until, crawl_delay_s
        if slow_s:
            host.pace, host.kept_slow_s = Pace(slow_s), slow_s
        if any(state[:2]):
            host.circuit = Circuit.of(*state)

    def paused_until(self, name: str) -> float:
        """When the rest of a host ends that has left; minus infinity: it does not rest."""
        number, at = self._find(name)
        if at < 0:
            return -inf
        _, until, _, _, *state = _FACTS.unpack_from(self._facts[number], at * _FACTS.size)
        return -inf if Circuit.of(*state).is_given_up else float(until)

    def _find(self, name: str) -> tuple[int, int]:
        """Its shard, and its place there; -1: it is not known."""
        key = hash(name) & _MASK
        keys = self._keys[key % SHARDS]
        at = bisect_left(keys, key)
        return key % SHARDS, at if at < len(keys) and keys[at] == key else -1

    def _put(self, name: str, facts: bytes, now: float) -> None:
        key = hash(name) & _MASK
        number = key % SHARDS
        if len(self._keys[number]) >= self._full_at[number]:
            self._look_through(number, now)
        keys, shard, size = self._keys[number], self._facts[number], _FACTS.size
        at = bisect_left(keys, key)
        if at < len(keys) and keys[at] == key:
            shard[at * size : (at + 1) * size] = facts
            return
        keys.insert(at, key)
        shard[at * size : at * size] = facts

    def _look_through(self, number: int, now: float) -> None:
        """Forget hosts of a shard whose delay and rest are over."""
        kept = [
            (key, facts)
            for key, facts in zip(
                self._keys[number], _FACTS.iter_unpack(self._facts[number]), strict=True
            )
            if any(facts[3:6]) or self._next_at(facts) > now
        ]
        self._keys[number] = array("Q", (key for key, _ in kept))
        self._facts[number] = bytearray(b"".join(_FACTS.pack(*facts) for _, facts in kept))
        self._full_at[number] = max(LEAST, 2 * len(kept))

    def _next_at(self, facts: tuple[float, ...]) -> float:
        """The delay, or a rest, allows no start before that, or a little sooner."""
        return max(facts[0] + max(facts[2], self._longest_delay_s), facts[1])
