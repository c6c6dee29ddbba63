"""robots.txt by RFC 9309, and Crawl-delay, which is not in it.

**Groups.** A group is a run of user-agent lines and the rules behind them. Only allow and disallow
lines end the run: an unknown line, a Sitemap, a Crawl-delay or an empty line "MUST NOT interfere"
(section 2.2.4). All groups that name the product token are one; without any, those of "*".

**Rules.** The one with the most octets that matches wins, allow wins a tie (section 2.2.2). Before
comparison rules and URLs are brought to one spelling: unreserved characters raw, everything that
is not ASCII percent-encoded, hex in upper case. A "*" or "$" of a URL becomes "%2A" or "%24", so
that a rule can name them (section 2.2.3). The RFC also wants reserved characters to compare equal
raw and encoded, and shows it for "https://" in a query, but not so for the "=" beside it; hence
a second, looser spelling of both sides, which decodes what delimits nothing where it stands. A rule
fits if it fits in either.

**Speed.** A file is a stranger's: 500 KiB may hold 40,000 rules. Rules without wildcard are
looked up by the prefixes of the path, the others are sorted so that the first that fits is the
answer, and each is tried by `str.find` from part to part, which never goes back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote_from_bytes

from scraper.core import url as urls

LIMIT_BYTES = 500 * 1024  # RFC 9309 section 2.5
FEW = 32  # rules of a host
_Rank = tuple[int, bool]  # octets of the rule, and whether it allows: the greatest decides
_NO_RULE: _Rank = (-1, True)

_MARK = re.compile(rb"\xef(?:\xbb\xbf?)?")  # a byte order mark, cut short or not
_NO_TOKEN = re.compile(r"[^A-Za-z0-9_-]")
_COMPATIBLE = re.compile(r"Mozilla/[^(]*\(compatible; *([A-Za-z0-9_-]+)", re.IGNORECASE)
_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}")
_TO_SPELL = re.compile(r"%([0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~:/?#\[\]@!&'()+,;=%]+")
_UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]")
_LOOSE_IN_PATH = re.compile(r"%(?:21|26|27|28|29|2B|2C|3A|3B|3D|40)")  # ! & ' ( ) + , : ; = @
_LOOSE_IN_QUERY = re.compile(r"%(?:21|27|28|29|2C|2F|3A|3B|3F|40|5B|5D)")  # ! ' ( ) , / : ; ? @ [ ]
_RAW_URL = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?(?://)?[^/?#]*([^#]*)", re.IGNORECASE | re.DOTALL)


def allowed(text: str | bytes, agent: str, url: str) -> bool:
    """Say whether a robots.txt lets the agent visit the URL."""
    return Rules.parse(text, agent).allows(url)


def product(agent: str) -> str:
    """Return the product token of a User-Agent header, in lower case.

    "books-bot/1.0 (+https://...)" and "Mozilla/5.0 (compatible; books-bot/1.0)" are "books-bot".
    """
    hidden = _COMPATIBLE.match(agent)
    return (hidden[1] if hidden else _NO_TOKEN.split(agent.strip(), maxsplit=1)[0]).lower()


@dataclass(slots=True)
class _Group:
    agents: set[str] = field(default_factory=set)
    rules: list[tuple[str, bool]] = field(default_factory=list)  # pattern as written, allow
    delays_s: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Wild:
    """A rule with a wildcard inside: `first`, then the parts in order, then the end if any."""

    rank: _Rank
    first: str
    parts: tuple[str, ...]
    end: str | None  # what the path must end with; None: anything

    def __str__(self) -> str:
        end = "" if self.end is None else f"*{self.end}$"
        return "*".join((self.first, *self.parts)) + (end or "*")

    def fits(self, path: str) -> bool:
        if not path.startswith(self.first):
            return False
        at = len(self.first)
        for part in self.parts:
            at = path.find(part, at)
            if at < 0:
                return False
            at += len(part)
        return self.end is None or (len(path) - at >= len(self.end) and path.endswith(self.end))


class _Index:
    """The rules of one group in one spelling."""

    __slots__ = ("_exact", "_lengths", "_prefixes", "_wild")

    def __init__(self, rules: Iterable[tuple[str, _Rank]]) -> None:
        self._exact: dict[str, _Rank] = {}
        self._prefixes: dict[str, _Rank] = {}
        wild: dict[str, _Wild] = {}
        for pattern, rank in rules:
            self._add(pattern, rank, wild)
        self._lengths = tuple(sorted({len(prefix) for prefix in self._prefixes}))
        self._wild = tuple(sorted(wild.values(), key=lambda rule: rule.rank, reverse=True))

    def _add(self, pattern: str, rank: _Rank, wild: dict[str, _Wild]) -> None:
        anchored = pattern.endswith("$")
        first, *parts = pattern.removesuffix("$").split("*")
        if not parts:
            literals = self._exact if anchored else self._prefixes
            literals[first] = max(rank, literals.get(first, rank))
            return
        end = parts.pop() if anchored else None
        parts = [part for part in parts if part]
        if not parts and not end:
            self._prefixes[first] = max(rank, self._prefixes.get(first, rank))
        elif pattern not in wild or wild[pattern].rank < rank:
            wild[pattern] = _Wild(rank, first, tuple(parts), end)

    def rank(self, path: str) -> _Rank:
        """Return the rank of the rule that decides, `_NO_RULE` if none fits."""
        best = self._exact.get(path, _NO_RULE)
        for length in self._lengths:
            if length > len(path):
                break
            best = max(best, self._prefixes.get(path[:length], _NO_RULE))
        for rule in self._wild:
            if rule.rank <= best:
                break
            if rule.fits(path):
                return rule.rank
        return best

    def pattern(self, path: str, rank: _Rank) -> str | None:
        """The rule of this rank that fits, in the spelling of the index; None: there is none."""
        if self._exact.get(path) == rank:
            return f"{path}$"
        for length in self._lengths:
            if length <= len(path) and self._prefixes.get(path[:length]) == rank:
                return path[:length]
        return next((str(r) for r in self._wild if r.rank == rank and r.fits(path)), None)


def _indexed(rules: Sequence[tuple[str, _Rank]]) -> _Index:
    """Sites that one product makes have the same few rules: they are kept once."""
    return _shared(tuple(rules)) if len(rules) <= FEW else _Index(rules)


_shared = lru_cache(maxsize=256)(_Index)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a robots.txt says to one agent."""

    crawl_delay_s: float | None = None
    sitemaps: tuple[str, ...] = ()  # as written
    _strict: _Index | None = None  # None: everything is allowed
    _loose: _Index | None = None

    @classmethod
    def allow_all(cls) -> Rules:
        """Return the rules of a host that has none."""
        return cls()

    @classmethod
    def parse(cls, text: str | bytes, agent: str) -> Rules:
        """Return the rules for a product token or User-Agent header; no text is invalid."""
        groups, sitemaps = _read(text)
        token = product(agent)
        chosen = [group for group in groups if token and token in group.agents]
        chosen = chosen or [group for group in groups if "*" in group.agents]
        delays_s = [delay for group in chosen for delay in group.delays_s]
        rules = [_spelled(*rule) for group in chosen for rule in group.rules]
        loose = [(_loosened(pattern), rank) for pattern, rank in rules]
        index = _indexed(rules) if rules else None
        return cls(
            max(delays_s, default=None),
            sitemaps,
            index,
            index if loose == rules else _indexed(loose),
        )

    def allows(self, url: str) -> bool:
        """Say whether the URL may be visited; /robots.txt itself always may."""
        return self.allows_path(_path(url))

    def allows_path(self, path: str) -> bool:
        """As `allows`, of path and query of a normalised URL."""
        if self._strict is None or self._loose is None:
            return True
        if path == "/robots.txt":
            return True
        strict = _TO_SPELL.sub(_spell, path)
        loose = _loosened(strict)
        rank = self._strict.rank(strict)
        if loose != strict or self._loose is not self._strict:
            rank = max(rank, self._loose.rank(loose))
        return rank[1]

    def refusal(self, url: str) -> str | None:
        """The line that disallows the URL, in the spelling it is compared in; None: none does."""
        if self._strict is None or self._loose is None or self.allows(url):
            return None
        strict = _TO_SPELL.sub(_spell, _path(url))
        ways = ((self._strict, strict), (self._loose, _loosened(strict)))
        index, path = max(ways, key=lambda way: way[0].rank(way[1]))
        return f"Disallow: {index.pattern(path, index.rank(path))}"


def _read(text: str | bytes) -> tuple[list[_Group], tuple[str, ...]]:
    """Return the groups of a file and its sitemaps."""
    groups: list[_Group] = []
    sitemaps: list[str] = []
    naming = False  # within a run of user-agent lines
    for name, value in _lines(text):
        if name == "user-agent":
            if not naming:
                groups.append(_Group())
            naming = True
            groups[-1].agents.add("*" if value.split()[:1] == ["*"] else product(value))
        elif name == "sitemap":
            sitemaps.append(value.encode("latin-1").decode("utf-8", "replace"))
        elif groups:
            ended = _take(groups[-1], name, value)
            naming = naming and not ended
    return groups, tuple(sitemaps)


def _take(group: _Group, name: str, value: str) -> bool:
    """Add a line to its group; return whether it is a rule, which ends the user-agent lines."""
    if name in {"allow", "disallow"}:
        if value:
            group.rules.append((value, name == "allow"))
        return True
    if name == "crawl-delay" and _SECONDS.fullmatch(value):
        group.delays_s.append(float(value))
    return False


def _lines(text: str | bytes) -> Iterator[tuple[str, str]]:
    """Yield the lines of a name and a value, the name in lower case, octet by character.

    A line of two words without a colon is parseable, so it is used (RFC 9309 section 2.3.1.5).
    """
    octets = text.encode("utf-8", "replace") if isinstance(text, str) else text
    mark = _MARK.match(octets)
    lines = octets[mark.end() if mark else 0 :][: LIMIT_BYTES + 1].splitlines()
    if len(octets) > LIMIT_BYTES:
        lines = lines[:-1]  # cut short, it could say more than was meant
    for line in lines:
        said = line.partition(b"#")[0]
        name, colon, value = said.partition(b":")
        if not colon and len(words := said.split()) == 2:
            name, value = words
        if colon or value:
            yield name.strip().lower().decode("latin-1"), value.strip().decode("latin-1")


def _path(url: str) -> str:
    """Return path and query of a URL as octets; of what is no http(s) URL what looks like them."""
    try:
        return urls.parse(url).pathname_query
    except ValueError:
        match = _RAW_URL.match(url)
        path = match[1] if match else ""
        octets = path.encode("utf-8", "replace").decode("latin-1")
        return octets if octets.startswith("/") else "/" + octets


def _spelled(pattern: str, allow: bool) -> tuple[str, _Rank]:
    """Return a rule in the one spelling, its wildcards kept, and its rank."""
    body = pattern.removesuffix("$")
    spelled = "*".join(_TO_SPELL.sub(_spell, part) for part in body.split("*"))
    spelled += "$" * (len(pattern) - len(body))
    return spelled, (len(spelled), allow)


def _spell(match: re.Match[str]) -> str:
    """Return a triplet decoded if it may be, or a run of characters encoded."""
    if match[1] is None:
        return quote_from_bytes(match[0].encode("latin-1"), safe="")
    char = chr(int(match[1], 16))
    return char if _UNRESERVED.fullmatch(char) else match[0].upper()


def _loosened(spelled: str) -> str:
    """Return the looser spelling: reserved characters raw where they delimit nothing."""
    if "%" not in spelled:
        return spelled
    path, mark, query = spelled.partition("?")
    return _LOOSE_IN_PATH.sub(_raw, path) + mark + _LOOSE_IN_QUERY.sub(_raw, query)


def _raw(match: re.Match[str]) -> str:
    return chr(int(match[0][1:], 16))
