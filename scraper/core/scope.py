"""Which discovered links are visited."""

from __future__ import annotations

from collections.abc import Callable, Collection, MutableSet
from hashlib import blake2b

from scraper.core.errors import SelectorError
from scraper.core.globs import Pattern
from scraper.core.model import Reason
from scraper.core.plan import ScopePlan
from scraper.core.url import Url, parse


class Hosts:
    """Host patterns: "books.example" (any port), "books.example:8080", "*.books.example".

    A pattern with "*." fits every name below, not the name itself.

    Raises:
        SelectorError: a pattern is no host.
    """

    __slots__ = ("_names", "_suffixes")

    def __init__(self, patterns: tuple[str, ...]) -> None:
        names = [_host(text) for text in patterns if not text.startswith("*.")]
        suffixes = ["." + _host(text[2:]) for text in patterns if text.startswith("*.")]
        self._names = frozenset(names)
        self._suffixes = tuple(suffixes)

    def fits(self, url: Url) -> bool:
        """Say whether the URL's host is one of these."""
        if url.hostname in self._names or url.host in self._names:
            return True
        return url.hostname.endswith(self._suffixes) or url.host.endswith(self._suffixes)


class Scope:
    """The borders of a crawl; in scope "seeds" the hosts grow with `join`.

    Args:
        set_of: makes the sets that these are kept in.
    """

    __slots__ = (
        *("_allow", "_deny", "_fingerprint", "_grows", "_hosts", "_led", "_max_depth"),
        *("_seed_hosts", "closes_traps"),
    )

    def __init__(
        self,
        plan: ScopePlan,
        *,
        seed_hosts: Collection[str],
        set_of: Callable[[], MutableSet[str]] = set,
    ) -> None:
        self._seed_hosts = None if plan.hosts == "any" else set_of()
        self._grows = plan.hosts == "seeds"
        self._led = set_of()  # of them, those that only a site has named
        self._fingerprint = 0
        self._hosts = None if isinstance(plan.hosts, str) else Hosts(plan.hosts)
        self._allow = Pattern(plan.allow) if plan.allow else None
        self._deny = Pattern(plan.deny) if plan.deny else None
        self._max_depth = plan.max_depth
        self.closes_traps = plan.traps
        for hostname in seed_hosts:
            self.join(hostname)

    @property
    def fingerprint(self) -> bytes:
        """8 bytes of the hosts that have joined, in whatever order."""
        return self._fingerprint.to_bytes(8, "big")

    def __repr__(self) -> str:
        if self._grows and self._seed_hosts is not None:
            return f"<Scope of {len(self._seed_hosts)} hosts>"
        return f"<Scope of {self._hosts or 'any host'}>"

    def join(self, hostname: str, *, led: bool = False) -> bool:
        """Hear of the host of a seed, which is let into scope "seeds".

        Args:
            led: it is not the config that names it but a site, by a redirect or a sitemap.

        Returns:
            Whether it came in, or is to be known as one that a site has named.
        """
        if self._seed_hosts is None:
            return False
        if hostname in self._seed_hosts:
            if not led:
                self._led.discard(hostname)
            return False
        self._seed_hosts.add(hostname)
        if led:
            self._led.add(hostname)
        if self._grows:
            digest = blake2b(hostname.encode(), digest_size=8).digest()
            self._fingerprint ^= int.from_bytes(digest, "big")
        return self._grows or led

    def is_led(self, hostname: str) -> bool:
        """Whether the host came in since a site has named it, and only so."""
        return hostname in self._led

    def names(self, url: Url) -> bool:
        """Whether the config itself names the URL's host; with hosts "any" it names none."""
        if self._grows and self._seed_hosts is not None:
            return url.hostname in self._seed_hosts and url.hostname not in self._led
        return self._hosts is not None and self._hosts.fits(url)

    def trusts(self, url: Url, *, seed: bool) -> bool:
        """Whether the URL's host may hear secrets: the config names it, in whatever place."""
        return self.names(url) or (seed and url.hostname not in self._led)

    def refuses(self, url: Url, *, depth: int, seed: bool = False) -> Reason | None:
        """Return why the URL is not visited, or None if it is.

        A seed is in scope whatever its host, path and depth; only `deny` refuses it.
        """
        line = self.line(url, depth=depth, seed=seed)
        if line is None:
            return None
        return Reason.DEPTH if line == "max_depth" else Reason.SCOPE

    def line(self, url: Url, *, depth: int, seed: bool = False) -> str | None:
        """The key of `scope` that refuses a URL: deny, hosts, allow or max_depth."""
        if self._deny is not None and self._deny.fits(url.path, url.href):
            return "deny"
        if seed:
            return None
        if not self._knows(url):
            return "hosts"
        if self._allow is not None and not self._allow.fits(url.path, url.href):
            return "allow"
        is_deep = self._max_depth is not None and depth > self._max_depth
        return "max_depth" if is_deep else None

    def _knows(self, url: Url) -> bool:
        if self._grows and self._seed_hosts is not None:
            return url.hostname in self._seed_hosts
        return self._hosts is None or self._hosts.fits(url)


def _host(text: str) -> str:
    """Return a host as `Url.hostname` writes it, or with its port as `Url.host` does."""
    bracketed = f"[{text}]" if text.count(":") > 1 and not text.startswith("[") else text
    try:
        url = parse(f"http://{bracketed}/")
    except ValueError as error:
        raise SelectorError(f"{text!r} is no host") from error
    if url.pathname_query != "/" or "@" in url.href or "#" in text:
        raise SelectorError(f"{text!r} is no host: give a name, without scheme and path")
    return url.host if bracketed.rpartition("]")[2].count(":") else url.hostname
