"""The one writer: visits are grouped into commits by time and count.

A result that comes alone is committed at once, so that a chain of pages is not slowed; when many
come, a commit takes what has gathered since the last one.

`put` is bounded, so a slow disk slows the crawl instead of filling the memory; what a page
discovers goes into the table with it, so pages that discover pages can never block the writer.
An error ends the writer for good: it comes out of `run` and of every later call, and nobody who
waits is left waiting.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from scraper.core.errors import StoreError
from scraper.core.model import PageResult, Request
from scraper.store.bodies import Bodies
from scraper.store.books import Books, Change
from scraper.store.evidence import Evidence
from scraper.store.links import Limits, Links
from scraper.store.pairs import Pairs
from scraper.store.visits import Entry, Visits

if TYPE_CHECKING:  # it would bring the HTML parser to those who only read
    from scraper.core.route import Router

T = TypeVar("T")

BOUND = 512  # results that may wait for their commit
GROUP = 256  # results in a commit
BYTES = 32 * 1024 * 1024  # of bodies to be kept that may wait for their commit
GROUP_S = 0.1  # from one commit to the next, unless somebody waits for it

Committed: TypeAlias = Callable[[Sequence[int], Sequence[str], Sequence[int]], None]
Work: TypeAlias = Callable[[Change], None]


def _body_bytes(entry: Entry | Work) -> int:
    answer = entry.result.answer if isinstance(entry, Entry) else None
    return 0 if answer is None else len(answer.body)


def _ignore(_settled: Sequence[int], _hosts: Sequence[str], _visited: Sequence[int]) -> None:
    """Nobody wants to know about commits."""


class Writer:
    """Takes results in, and commits them.

    Attributes:
        committed: called after each commit with the rows that have their outcome now, the hosts
            that have new waiting rows, and the rows that a redirect to them has settled.
        stats: what this run has written so far.
        bodies: what of the visited pages is kept.
    """

    def __init__(self, books: Books, pairs: Pairs, evidence: Evidence) -> None:
        self.committed: Committed = _ignore
        self.stats: Counter[str] = Counter()
        self._books = books
        self._limits = Limits()
        self._links = Links(self._limits)
        self.bodies = Bodies()
        self._visits = Visits(self._links, self._limits, pairs, evidence, self.bodies)
        self._pending: deque[Entry | Work] = deque()
        self._urgent = 0  # callers that wait for a commit
        self._accepted = 0  # entries ever taken in
        self._written = 0  # of those, committed
        self._bytes = 0  # of bodies that are not committed
        self._changed = asyncio.Condition()
        self._wake = asyncio.Event()
        self._closing = False
        self._hurried = False
        self._error: BaseException | None = None
        self._next_commit_at = 0.0  # on the loop's clock

    @property
    def max_pages(self) -> int | None:
        """Rows admitted in a cycle; None: no limit."""
        return self._limits.max_pages

    @max_pages.setter
    def max_pages(self, bound: int | None) -> None:
        self._limits.max_pages = bound

    @property
    def max_depth(self) -> int | None:
        """The plan's limit on depth; with one, a shorter path makes a page due again."""
        return self._limits.max_depth

    @max_depth.setter
    def max_depth(self, bound: int | None) -> None:
        self._limits.max_depth = bound

    def reads_by(self, router: Router) -> None:
        """Tell today's rules; a row with a page that they give to no link takes a link's on."""
        self._limits.router = router
        followed = (link.page for rule in router.rules for link in rule.follow)
        self._limits.followed = frozenset(followed)

    @property
    def full(self) -> bool:
        """Whether `put` has to wait."""
        return len(self._pending) >= BOUND or self._bytes >= BYTES

    # What the pipeline calls

    async def put(self, result: PageResult, *, writer_from: float | None = None) -> None:
        """Take a result in; returns when it is queued, not when it is committed.

        One with `again` settles nothing: its next hop is kept.
        """
        await self._take_in(Entry(result, writer_from))

    async def mark_sent(self, request_id: int) -> None:
        """Note that a request which must not be repeated is about to be sent; committed."""

        def work(change: Change) -> None:
            change.db.execute(
                "UPDATE request SET sent_at = ? WHERE id = ?",
                (change.now, request_id),
            )

        await self._until_written(await self._take_in(work))

    async def join_scope(self, hostname: str) -> None:
        """Let a host name be in scope from now on; committed before any later result."""

        def work(change: Change) -> None:
            change.db.execute(
                "INSERT INTO host (host, in_scope) VALUES (?, 1) "
                "ON CONFLICT (host) DO UPDATE SET in_scope = 1",
                (hostname,),
            )

        await self._take_in(work)

    async def leave_scope(self, hostname: str) -> None:
        """Take back `join_scope`, for the next run."""

        def work(change: Change) -> None:
            change.db.execute("UPDATE host SET in_scope = 0 WHERE host = ?", (hostname,))

        await self._take_in(work)

    async def add(self, work: Work) -> None:
        """Let other work be done within the next commit."""
        await self._take_in(work)

    async def flush(self) -> None:
        """Return when everything put so far is committed."""
        await self._until_written(self._accepted)

    # What seeding calls

    async def add_seeds(self, requests: Sequence[Request]) -> int:
        """Put seeds into the table; returns how many were new. Committed."""
        return await self._at_once(lambda c: self._links.record_seeds(c, requests))

    async def add_listed(
        self, requests: Sequence[Request], changed_by: Mapping[bytes, float]
    ) -> tuple[int, int]:
        """As `add_seeds`, of a sitemap; returns how many were new, and how many are not due.

        Args:
            changed_by: key -> when the page was changed the last time (seconds since the epoch).
        """

        def work(change: Change) -> tuple[int, int]:
            unchanged = self._links.rest(change, requests, changed_by)
            return self._links.record_seeds(change, requests), unchanged

        return await self._at_once(work)

    def keep_seeds(self) -> None:
        """Let what was a seed be one, though no seed of today has named it: some are missing."""
        self._limits.keeps_seeds = True

    async def make_due(self, limit: int = 5000) -> bool:
        """Let the next slice of known rows wait for this cycle; True while there may be more."""
        return await self._at_once(lambda c: self._links.make_due(c, limit))

    async def seeded(self) -> None:
        """Note that all seeds of this cycle are in the table."""

        def work(change: Change) -> None:
            change.db.execute("UPDATE cycle SET seeded = 1 WHERE id = ?", (change.tenure.cycle,))

        await self._at_once(work)

    # The task

    async def run(self) -> None:
        """Commit what is put, until `close` and everything is committed."""
        try:
            while await self._gathered():
                await self._commit()
        except BaseException as error:
            await self._break(error)
            raise

    def hurry(self) -> None:
        """Commit what is there now: nothing else is left to do until then."""
        if self._pending:
            self._hurried = True
            self._wake.set()

    async def close(self) -> None:
        """Take nothing more in; `run` ends when what is there is committed."""
        self._closing = True
        self._wake.set()

    async def _take_in(self, entry: Entry | Work) -> int:
        """Queue an entry; returns its number."""
        if self.full:
            async with self._changed:
                await self._changed.wait_for(self._may_go_on)
        self._check()  # no await from here on: the room cannot get lost
        self._pending.append(entry)
        self._accepted += 1
        self._bytes += _body_bytes(entry)
        if len(self._pending) == 1 or self._is_worth_a_commit():
            self._wake.set()
        return self._accepted

    def _may_go_on(self) -> bool:
        return not self.full or self._error is not None

    async def _until_written(self, number: int) -> None:
        """Wait for the commit of an entry, and hurry it."""
        self._urgent += 1
        self._wake.set()
        try:
            async with self._changed:
                while self._written < number:
                    self._check(closed=False)
                    await self._changed.wait()
        finally:
            self._urgent -= 1

    def _check(self, *, closed: bool = True) -> None:
        if isinstance(self._error, StoreError):
            raise StoreError(str(self._error)) from self._error
        if self._error is not None or (closed and self._closing):
            raise StoreError(f"{self._books.path}: the writer has stopped") from self._error

    async def _gathered(self) -> bool:
        """Wait until there is a batch worth a commit; False at the end."""
        while not self._pending:
            if self._closing:
                return False
            self._wake.clear()
            await self._wake.wait()
        try:
            async with asyncio.timeout_at(self._next_commit_at):
                while not self._is_due():
                    self._wake.clear()
                    await self._wake.wait()
        except TimeoutError:
            pass
        return True

    def _is_due(self) -> bool:
        hurried = self._urgent or self._hurried or self._closing
        return bool(hurried) or self._is_worth_a_commit()

    def _is_worth_a_commit(self) -> bool:
        return len(self._pending) >= GROUP or self._bytes >= BYTES

    async def _commit(self) -> None:
        self._hurried = False
        batch = [self._pending.popleft() for _ in range(min(len(self._pending), GROUP))]
        monotonic = self._books.clock.monotonic()

        def work(change: Change) -> Counter[str]:
            figures = Counter[str]()
            entries: list[Entry] = []
            for entry in batch:
                if isinstance(entry, Entry):
                    entries.append(entry)
                    continue
                figures.update(self._visits.record(change, entries, monotonic=monotonic))
                entries = []
                entry(change)
            figures.update(self._visits.record(change, entries, monotonic=monotonic))
            return figures

        figures, change = await self._books.change(work)
        self._next_commit_at = asyncio.get_running_loop().time() + GROUP_S
        self.stats.update(figures)
        settled = [
            entry.result.request.id
            for entry in batch
            if isinstance(entry, Entry) and entry.result.again is None
        ]
        self.committed(settled, sorted(change.hosts), change.visited)
        async with self._changed:
            self._written += len(batch)
            if self._bytes:
                self._bytes -= sum(map(_body_bytes, batch))
            self._changed.notify_all()

    async def _at_once(self, work: Callable[[Change], T]) -> T:
        """Run `work` in a transaction of its own, between those of the task."""
        self._check(closed=False)
        result, change = await self._books.change(work)
        self.committed((), sorted(change.hosts), change.visited)
        return result

    async def _break(self, error: BaseException) -> None:
        self._error = error
        self._pending.clear()
        async with self._changed:
            self._changed.notify_all()
