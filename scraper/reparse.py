"""Kept pages, extracted again: no network, all cores, and new items all at once.

Batches of packed pages go to worker processes as they are in the database; what comes back is
staged, and takes the place of the old items in one transaction (see `store.staging`). Of the links
only what they carry matters: none is followed anew, that is what a crawl is for. A page that
cannot be read because its worker died or its body is damaged keeps the items it has.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from scraper.clock import Clock
from scraper.core.errors import ParseError, UsageError
from scraper.core.extract import takes_nothing
from scraper.core.extract.plan import PageRule
from scraper.core.follow import follow
from scraper.core.model import Page, Reason, Request
from scraper.core.plan import Plan
from scraper.core.route import Router
from scraper.core.scope import Scope
from scraper.core.urlrules import UrlRules
from scraper.parse.answers import NONSENSE, page_of
from scraper.parse.parser import (
    asks_again,
    plain_source,
    read_as,
    reads_headers,
    source_of,
)
from scraper.parse.worker import DAMAGED
from scraper.progress import Bar, Lines, Rate, Snapshot, Standing
from scraper.store import KeptPage, RunStart, Staged, StopError, Swapped

log = logging.getLogger(__name__)

OPEN_PER_PROCESS = 2  # batches: one is read and one is on its way
UNREAD = frozenset({Reason.PARSE_TIMEOUT, Reason.PARSE_CRASH, DAMAGED})


class Staging(Protocol):
    """Kept pages, and what they give."""

    async def begin(self, pid: int) -> int:
        """How many there are."""

    async def batch(self, after: int) -> list[KeptPage]:
        """The next ones."""

    async def put(self, staged: Sequence[Staged]) -> None:
        """Stage what they give."""

    async def swap(
        self,
        start: RunStart,
        rules: tuple[PageRule, ...],
        *,
        exit_status: int,
        stats: Mapping[str, object],
    ) -> Swapped:
        """Put it in the place of what was."""

    async def stop(self) -> None:
        """End a swap without a change."""


class Pool(Protocol):
    """Worker processes."""

    async def ask(self, head: bytes, body: bytes) -> dict[str, Any]:
        """The answer of one."""


@dataclass(frozen=True, slots=True)
class Reparsed:
    """How it ended."""

    pages: int
    failed: Counter[str]  # reason -> pages that give nothing
    unread: Counter[str]  # reason -> pages that were left as they are
    swapped: Swapped

    @property
    def exit_status(self) -> int:
        """1 when pages could not be read."""
        return 1 if self.unread else 0

    def __str__(self) -> str:
        items = self.swapped
        lines = [
            f"{self.pages:,} kept pages extracted again, as run {items.run_id}",
            (
                f"  items     {items.unchanged:,} unchanged, {items.changed:,} changed, "
                f"{items.new:,} new, {items.removed:,} removed"
            ),
        ]
        lines += [f"  failed    {_counts(self.failed)}"] if self.failed else []
        if self.unread:
            lines.append(f"  UNREAD    {_counts(self.unread)}: left as they were")
        return "\n".join([*lines, "  links     not followed: `scraper run` does that"])


class Reparse:
    """One reparse of a database, from its begin to its end.

    Args:
        pool: of workers with `rules_of(plan)`.
        processes: its workers.
        live: draw a bar.
    """

    def __init__(
        self,
        *,
        plan: Plan,
        start: RunStart,
        staging: Staging,
        pool: Pool,
        processes: int,
        clock: Clock,
        live: bool,
    ) -> None:
        self._plan = plan
        self._start = start
        self._staging = staging
        self._pool = pool
        self._open = OPEN_PER_PROCESS * processes
        self._clock = clock
        self._live = live
        self._router = Router(plan.pages)
        # a link counts if its page is known: its host was in scope then
        self._scope = Scope(replace(plan.scope, hosts="any"), seed_hosts=())
        self._rules = UrlRules(plan.url)
        self._with_headers = {rule.name for rule in plan.pages if reads_headers(rule)}
        self._with_ask = {rule.name for rule in plan.pages if asks_again(rule)}
        self._turn = asyncio.Lock()
        self._after = 0  # the last request whose page was handed out
        self._known = 0
        self._pages = 0
        self._ruled = 0  # pages that a rule fits
        self._failed: Counter[str] = Counter()
        self._unread: Counter[str] = Counter()
        self._work: asyncio.Task[None] | None = None
        self._swap: asyncio.Task[Swapped] | None = None
        self._stopped = False

    async def live(self) -> Reparsed | None:
        """Extract and replace; None: it was stopped, and nothing has changed.

        Raises:
            UsageError: no page is kept, or none that a rule fits.
        """
        self._known = await self._staging.begin(self._start.pid)
        if not self._known:
            raise UsageError(
                f"{self._plan.store.path}: no page is kept: set `store.bodies: zstd` in the config "
                "and crawl (`scraper run CONFIG --fresh` visits every page anew)"
            )
        if self._stopped:
            return None
        self._work = asyncio.create_task(self._read_all())
        await asyncio.wait((self._work,))
        if self._work.cancelled():
            return None
        self._work.result()
        if not self._ruled:  # it would remove every item
            raise UsageError(
                f"{self._plan.store.path}: no kept page fits a page rule of this config: "
                "nothing was changed; is it the config of this database?"
            )
        return await self._replace()

    async def stop(self) -> None:
        """Leave everything as it was; too late when it is replaced already."""
        self._stopped = True
        if self._swap is not None:
            await self._staging.stop()
        elif self._work is not None:
            self._work.cancel()

    async def _replace(self) -> Reparsed | None:
        if self._stopped:
            return None
        stats = {
            "pages": self._pages,
            "failed": dict(self._failed),
            "unread": dict(self._unread),
        }
        swap = self._staging.swap(
            self._start, self._plan.pages, exit_status=1 if self._unread else 0, stats=stats
        )
        self._swap = asyncio.create_task(swap)
        try:
            swapped = await self._swap
        except StopError:
            return None
        return Reparsed(self._pages, self._failed, self._unread, swapped)

    async def _read_all(self) -> None:
        showing = asyncio.create_task(self._show())
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._open):
                    group.create_task(self._read())
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            showing.cancel()
            await asyncio.wait((showing,))

    async def _read(self) -> None:
        while batch := await self._next():
            staged = await self._extract(batch)
            await self._staging.put([each for each in staged if each.reason not in UNREAD])
            for each in staged:
                self._count(each)

    async def _next(self) -> list[KeptPage]:
        async with self._turn:
            batch = await self._staging.batch(self._after)
            if batch:
                self._after = batch[-1].request.id
            return batch

    def _count(self, staged: Staged) -> None:
        self._pages += 1
        self._ruled += staged.rule is not None
        if staged.reason in UNREAD:
            self._unread[str(staged.reason)] += 1
            log.warning("left as it was url=%s reason=%s", staged.kept.request.url, staged.detail)
        elif staged.reason is not None:
            self._failed[str(staged.reason)] += 1

    async def _extract(self, batch: Sequence[KeptPage]) -> list[Staged]:
        """What these pages give, in some order."""
        staged: list[Staged] = []
        asked: list[tuple[KeptPage, PageRule, str | None]] = []
        for kept in batch:
            rule = self._router.rule(kept.request)
            if rule is None or takes_nothing(rule):
                staged.append(Staged(kept, None if rule is None else rule.name))
                continue
            try:
                asked.append((kept, rule, read_as(rule, kept.response())))
            except ParseError as error:
                staged.append(Staged(kept, rule.name, reason=error.reason, detail=error.detail))
        return staged + await self._ask(asked)

    async def _ask(self, asked: Sequence[tuple[KeptPage, PageRule, str | None]]) -> list[Staged]:
        """What a worker finds; a batch that kills its workers is asked page by page."""
        if not asked:
            return []
        heads, bodies = zip(*(self._packed(*each) for each in asked), strict=True)
        try:
            answer = await self._pool.ask(pickle.dumps(list(heads)), b"".join(bodies))
            pages = _answers(answer, len(asked))
        except ParseError as error:
            if len(asked) == 1:
                kept, rule, _ = asked[0]
                return [Staged(kept, rule.name, reason=error.reason, detail=error.detail)]
            return [staged for each in asked for staged in await self._ask([each])]
        return [
            self._staged(kept, rule, *_read_page(page))
            for (kept, rule, _), page in zip(asked, pages, strict=True)
        ]

    def _staged(
        self, kept: KeptPage, rule: PageRule, page: Page, reason: str | None, detail: str
    ) -> Staged:
        links: tuple[Request, ...] = ()
        if page.links:
            carrying = Page(links=tuple(link for link in page.links if link.carry))
            found = follow(carrying, kept.request, rule.name, self._scope, self._rules)
            links = found.requests
        return Staged(kept, rule.name, page, reason, detail, links)

    def _packed(
        self, kept: KeptPage, rule: PageRule, content_type: str | None
    ) -> tuple[tuple[Any, ...], bytes]:
        """A page as a worker is sent it; see `worker.Packed`."""
        source = source_of(
            kept.response(),
            kept.request,
            with_headers=rule.name in self._with_headers,
            with_ask=rule.name in self._with_ask,
            robot=rule.robot,
        )
        packed, size = (b"", 0) if content_type is None else (kept.packed, kept.body_bytes)
        head = (rule.name, content_type or "", plain_source(source), size, len(packed))
        return head, packed

    async def _show(self) -> None:
        display = Bar(sys.stderr) if self._live else Lines()
        rate = Rate()
        rate.add(self._clock.monotonic(), 0)
        try:
            while True:
                await asyncio.sleep(display.every_s)
                failed = self._failed.total() + self._unread.total()
                waiting = self._known - self._pages
                snapshot = Snapshot(
                    done=self._pages - failed, failed=failed, waiting=waiting, known=self._known
                )
                now = self._clock.monotonic()
                display.show(Standing(snapshot, rate.add(now, self._pages)))
        finally:
            display.close()


def rules_of(plan: Plan) -> tuple[PageRule, ...]:
    """The rules for workers, without the links that cost time and neither carry nor fail a page."""
    return tuple(
        replace(
            rule,
            follow=rule.follow
            if any(link.carry for link in rule.follow)
            else tuple(link for link in rule.follow if link.css is None),
        )
        for rule in plan.pages
    )


def _answers(answer: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """The answers to the pages of a batch; a worker that makes none is as bad as a dead one."""
    pages = answer.get("pages")
    if not isinstance(pages, list) or len(pages) != count:
        raise ParseError(Reason.PARSE_CRASH, "the worker's answer makes no sense")
    return pages


def _read_page(answer: dict[str, Any]) -> tuple[Page, str | None, str]:
    try:
        if "page" not in answer:
            return Page(), str(answer["reason"]), str(answer["detail"])
        return page_of(answer["page"]), None, ""
    except NONSENSE:
        return Page(), Reason.PARSE_CRASH, "the worker's answer makes no sense"


def _counts(reasons: Counter[str]) -> str:
    return ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common())
