"""Hosts without end below one registrable domain, as a wildcard in its DNS makes them.

Words in a host tell kinds apart (see `kinds`), so that each of `a.farm.example`, `b.farm.example`
has its own thousand pages. Once pages of `HOSTS` hosts of one registrable domain were visited, its
hosts are of one kind, `*.farm.example`, and what goes for kinds goes for them: they go on as long
as one page in some hundreds brings something.
"""

from __future__ import annotations

from functools import lru_cache

from scraper.core import domain

HOSTS = 500  # of one registrable domain
NAMES = 100_000  # of hosts that are known

owner = lru_cache(maxsize=16_384)(domain.owner)


class Siblings:
    """The hosts of a run, by their registrable domains."""

    __slots__ = ("_hosts", "_names", "many")

    def __init__(self) -> None:
        self.many: set[str] = set()  # domains that have so many hosts
        self._hosts: dict[str, set[int]] = {}
        self._names = 0

    def visited(self, host: str) -> None:
        """Count a host, "name:port"."""
        whose = owner(host)
        if whose in self.many:
            return
        hosts = self._hosts.setdefault(whose, set())
        before = len(hosts)
        hosts.add(hash(host))
        self._names += len(hosts) - before
        if len(hosts) >= HOSTS:
            self.many.add(whose)
            self._names -= len(self._hosts.pop(whose))
        elif self._names > NAMES:
            self._hosts.clear()
            self._names = 0

    def folded(self, kind: str, host: str) -> str:
        """The kind of a page of this host, whose domain may have too many of them."""
        if not self.many or (whose := owner(host)) not in self.many:
            return kind
        scheme, slashes, rest = kind.partition("//")
        path = rest.partition("/")[2]
        return f"{scheme}{slashes}*.{whose}/{path}"
