"""Seeds and pages by host, counted before a run: a million cost little memory.

They are kept in a temporary database that SQLite makes where it makes temporary files, and that is
gone with the process; the database of the crawl is only asked.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol, Self

from scraper.core.model import Request
from scraper.core.robotstxt import Rules
from scraper.core.scope import Scope
from scraper.core.url import parts

_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -32768;
CREATE TABLE seed (key BLOB PRIMARY KEY, host TEXT, url TEXT, fresh INTEGER);
CREATE TABLE host (
    host TEXT PRIMARY KEY, url TEXT, seeds INTEGER DEFAULT 0, refused INTEGER DEFAULT 0,
    pages INTEGER DEFAULT 0, again INTEGER DEFAULT 0
) WITHOUT ROWID;
"""
_SUM = """
INSERT INTO host (host, url, seeds, pages) SELECT host, url, count(*), sum(fresh) FROM seed
WHERE 1 GROUP BY host
ON CONFLICT (host) DO UPDATE SET seeds = excluded.seeds, pages = pages + excluded.pages
"""
_KNOWN = """
INSERT INTO host (host, url, pages, again) VALUES (?, ?, ?, ?) ON CONFLICT (host)
DO UPDATE SET pages = pages + excluded.pages, again = again + excluded.again
"""
_CUT = (
    "UPDATE seed SET fresh = 0 WHERE rowid IN "
    "(SELECT rowid FROM seed WHERE fresh ORDER BY rowid LIMIT -1 OFFSET ?)"
)
_TOLD = "SELECT 1 FROM seed WHERE key = ?"
_REFUSED = "UPDATE host SET refused = refused + ?, pages = pages - ? WHERE host = ?"


class Group(Protocol):
    """Known rows of one host that the run comes to."""

    @property
    def host(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def rows(self) -> int: ...
    @property
    def disallowed(self) -> bool: ...
    @property
    def admitted(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class HostCount:
    """One host."""

    host: str
    url: str  # of one of its pages
    seeds: int
    refused: int  # seeds that robots.txt disallows
    pages: int  # to be fetched
    again: int  # pages that robots.txt disallowed, to be judged anew


class Rests(Protocol):
    """A known page that is as old as its sitemap says."""

    @property
    def host(self) -> str: ...
    @property
    def can_be_asked(self) -> bool: ...


class Headcount:
    """Takes seeds in as the writer of a crawl does.

    Args:
        scope: refuses the seeds that `deny` names; None: it names none.
        fresh: of some keys those that the run visits and `add_known` does not tell of.
        resting: of some keys, with the time of their last change, the pages that `add_known` tells
            of although the run does not visit them.

    Attributes:
        room: pages that may still be let in, of those found on the way; None: no limit.
        left_out: pages that are due, and for which there is no room.
        denied: seeds that the scope refuses.
        asks_saved: pages that rest and could be asked whether they have changed.
    """

    def __init__(
        self,
        *,
        scope: Scope | None,
        fresh: Callable[[Sequence[bytes]], Collection[bytes]],
        resting: Callable[[Mapping[bytes, float]], Iterable[Rests]],
    ) -> None:
        self._scope = scope
        self._fresh = fresh
        self._resting = resting
        self._rest = Counter[str]()  # pages by host
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(_SCHEMA)
        self._db.execute("BEGIN")  # one transaction that nobody needs to see
        self.room: int | None = None
        self.left_out = 0
        self.denied = 0
        self.asks_saved = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def __repr__(self) -> str:
        return f"<Headcount {self.totals()}>"

    async def add_seeds(self, requests: Sequence[Request]) -> int:
        """Take seeds in; returns how many were not told of before."""
        let_in = [each for each in requests if not self._is_denied(each)]
        self.denied += len(requests) - len(let_in)
        fresh = set(self._fresh([each.key for each in let_in]))
        rows = [(each.key, each.host, each.url, each.key in fresh) for each in let_in]
        cursor = self._db.executemany("INSERT OR IGNORE INTO seed VALUES (?, ?, ?, ?)", rows)
        return cursor.rowcount

    async def add_listed(
        self, requests: Sequence[Request], changed_by: Mapping[bytes, float]
    ) -> tuple[int, int]:
        """Take in what sitemaps name; returns how many were not told of before, and how many rest.

        Of a page that was told of before it is settled whether it rests.
        """
        new = {
            request.key: changed_by[request.key]
            for request in requests
            if request.key in changed_by
            and not self._is_denied(request)
            and not self._db.execute(_TOLD, (request.key,)).fetchone()
        }
        rests = 0
        for page in self._resting(new):
            self._rest[page.host] += 1
            self.asks_saved += page.can_be_asked
            rests += 1
        return await self.add_seeds(requests), rests

    def _is_denied(self, request: Request) -> bool:
        scope = self._scope
        return scope is not None and bool(scope.refuses(parts(request.url), depth=0, seed=True))

    def add_known(self, groups: Iterable[Group], *, room: int | None = None) -> None:
        """Sum up the seeds, and add known rows.

        Args:
            room: pages that may be let in beside those that are; the known ones come first, in the
                order of the groups, and then the new seeds. None: no limit.
        """
        self.room = None if room is None else room + self._rest.total()  # these need none
        known = (
            (group.host, group.url, *((0, rows) if group.disallowed else (rows, 0)))
            for group in groups
            if (rows := group.rows if group.admitted else self._let_in(group.rows))
        )
        self._db.executemany(_KNOWN, known)
        if self.room is not None:
            (new,) = self._db.execute("SELECT count(*) FROM seed WHERE fresh").fetchone()
            self._db.execute(_CUT, (self._let_in(new),))
        self._db.execute(_SUM)
        rests = [(0, pages, host) for host, pages in self._rest.items()]
        self._db.executemany(_REFUSED, rests)

    def _let_in(self, pages: int) -> int:
        """How many there is room for, which they take."""
        if self.room is None:
            return pages
        let_in = min(pages, self.room)
        self.room -= let_in
        self.left_out += pages - let_in
        return let_in

    def judge(self, rules: Mapping[str, Rules]) -> None:
        """Let robots.txt refuse seeds of these hosts."""
        refused = dict.fromkeys(rules, (0, 0))
        with closing(self._db.execute("SELECT host, url, fresh FROM seed")) as seeds:
            for host, url, fresh in seeds if rules else ():
                if host in rules and not rules[host].allows(url):
                    seeds_, pages = refused[host]
                    refused[host] = seeds_ + 1, pages + fresh
        self._db.executemany(_REFUSED, [(*counts, host) for host, counts in refused.items()])

    def judge_known(self, host: str, rules: Rules, urls: Iterable[str]) -> None:
        """Let robots.txt refuse pages that `add_known` told of."""
        refused = sum(not rules.allows(url) for url in urls)
        self._db.execute(_REFUSED, (0, refused, host))

    def hosts(self, limit: int = -1) -> Iterator[HostCount]:
        """All hosts, or those with most pages."""
        order = "" if limit < 0 else " ORDER BY pages DESC, host"
        with closing(self._db.execute(f"SELECT * FROM host{order} LIMIT ?", (limit,))) as rows:  # noqa: S608 - constant
            for row in rows:
                yield HostCount(*row)

    def totals(self) -> dict[str, int]:
        """Over all hosts: `hosts`, `seeds`, `refused`, `pages` and `again`."""
        names = ("hosts", "seeds", "refused", "pages", "again")
        sums = ", ".join(f"coalesce(sum({name}), 0)" for name in names[1:])
        row = self._db.execute(f"SELECT count(*), {sums} FROM host").fetchone()  # noqa: S608 - constant
        return dict(zip(names, row, strict=True))
