"""Which proxy an exchange goes through, and which ones rest.

- A host keeps its proxy: the one of the greatest hash of both (rendezvous hashing). When one
  rests, only its hosts move, each to its own second choice, and come back afterwards.
- A proxy that cannot be used (no connection, wrong credentials, no proxy at all) rests at once.
  Anything else that goes wrong may be the server's fault: it takes several failures in a row.
- Each rest is twice as long as the last, up to a limit, until something worked. After a rest one
  more failure begins the next one.
- Doubt alone never stops a crawl: when all rest, one that was never proven bad is used all the
  same. A dead server could else take every proxy away from the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from heapq import nlargest

from scraper.core.plan import Proxy

FIRST_REST_S = 5.0
LONGEST_REST_S = 300.0
SEVERAL = 5  # failures in a row
KEPT_HOSTS = 10_000  # whose best proxies are remembered
KEPT_PROXIES = 4


@dataclass(slots=True)
class _Health:
    in_a_row: int = 0  # failures
    rests: int = 0  # since something worked
    until: float = 0.0  # it rests; monotonic seconds
    proven: bool = False  # the last rest began because it could not be used


class Rotation:
    """Chooses proxies; is told the time and what became of each exchange.

    Args:
        groups: the proxies for each kind of page, e.g. by scheme.
    """

    def __init__(self, groups: Mapping[str, Sequence[Proxy]]) -> None:
        self._groups = groups
        self._health = {proxy: _Health() for group in groups.values() for proxy in group}
        self._first: dict[tuple[str, str], list[Proxy]] = {}  # by group and host: the best ones

    def __repr__(self) -> str:
        failing = sum(health.rests > 0 for health in self._health.values())
        return f"<Rotation {len(self._health)} proxies, {failing} failing>"

    def choose(self, group: str, host: str, now: float) -> Proxy | None:
        """Return the proxy for a host, or None while all are known to be in vain."""
        for proxy in self._best(group, host):
            if self._health[proxy].until <= now:
                return proxy
        every = self._groups[group]
        usable = [proxy for proxy in every if self._health[proxy].until <= now]
        usable = usable or [proxy for proxy in every if not self._health[proxy].proven]
        return max(usable, key=lambda proxy: _weight(proxy, host), default=None)

    def _best(self, group: str, host: str) -> list[Proxy]:
        """The first few for a host: to weigh a hundred takes as long as a fifth of a page."""
        best = self._first.get((group, host))
        if best is None:
            if len(self._first) >= KEPT_HOSTS:
                self._first.clear()
            best = nlargest(KEPT_PROXIES, self._groups[group], lambda proxy: _weight(proxy, host))
            self._first[group, host] = best
        return best

    def rests_s(self, group: str, now: float) -> float:
        """Return after how many seconds the first one is tried again."""
        return max(0.0, min(self._health[proxy].until for proxy in self._groups[group]) - now)

    def worked(self, proxy: Proxy) -> bool:
        """Note that it works; returns whether that is news."""
        was_failing = self._health[proxy].rests > 0
        self._health[proxy] = _Health()
        return was_failing

    def failed(self, proxy: Proxy, now: float, *, proven: bool) -> float | None:
        """Note a failure; returns how long the proxy rests if a rest begins now, in seconds.

        What fails during a rest was sent before it, and changes nothing.

        Args:
            proven: the proxy could not be used, whatever the server.
        """
        health = self._health[proxy]
        if now < health.until and (health.proven or not proven):
            return None
        health.in_a_row += 1
        if not proven and health.in_a_row < SEVERAL:
            return None
        rest_s = float(min(FIRST_REST_S * 2.0 ** min(health.rests, 30), LONGEST_REST_S))
        self._health[proxy] = _Health(SEVERAL - 1, health.rests + 1, now + rest_s, proven)
        return rest_s


def _weight(proxy: Proxy, host: str) -> bytes:
    identity = f"{proxy.user or ''}@{proxy} {host}"
    return blake2b(identity.encode("utf-8", "replace"), digest_size=8).digest()
