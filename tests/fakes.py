"""Stages in memory: a web in a dict, its robots.txt, a parser and a table, in the loop's time.

They keep what the real ones promise to `crawl.py`, `seeds.py` and `frontier/`, take their
time as the real ones do, and write what happens into one diary, so that a test can ask for its
order.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle
from typing import Any

from scraper.core.content import kind_of
from scraper.core.errors import FetchError, ParseError
from scraper.core.extract.plan import PageRule
from scraper.core.model import Page, PageResult, Parsed, Reason, Request, Response, State
from scraper.core.outcome import is_spent
from scraper.core.robotstxt import Rules
from scraper.core.url import origin_of

Answer = bytes | int | str | Reason | Exception | Response


@dataclass
class Diary:
    """What happened: (time, what, to whom)."""

    entries: list[tuple[float, str, str]] = field(default_factory=list)

    def note(self, what: str, whom: str) -> None:
        self.entries.append((asyncio.get_running_loop().time(), what, whom))

    def of(self, *kinds: str) -> list[tuple[str, str]]:
        """What happened of these kinds, in order."""
        return [(what, whom) for _, what, whom in self.entries if what in kinds]

    def times(self, what: str, whom: str | None = None) -> list[float]:
        return [at for at, w, each in self.entries if w == what and whom in (None, each)]


class FakeSite:
    """A web in a dict; a list of answers is used up visit by visit, its last one stays.

    An answer is a body, a status, a place to go (302), a `Reason` or an error to fail with, or a
    whole `Response`; what is not in the dict is 404.
    """

    def __init__(
        self,
        pages: Mapping[str, Answer | list[Answer]],
        *,
        visit_s: float = 0.05,
        connect_s: Sequence[float] = (0.0,),
        diary: Diary | None = None,
    ) -> None:
        self.connects_s = cycle(connect_s)  # visit by visit, until the site sees the request
        self.pages = {url: _as_list(answers) for url, answers in pages.items()}
        self.visit_s = visit_s
        self.diary = diary or Diary()
        self.requests: list[Request] = []
        self.types = frozenset[str]()  # as `scope.types`
        self.open = 0

    async def fetch(
        self,
        request: Request,
        *,
        any_type: bool = False,
        sent: Callable[[], Awaitable[None]] | None = None,
    ) -> Response:
        url = request.asked
        await _connected(next(self.connects_s), sent)
        self.requests.append(request)
        self.diary.note("fetch", f"{request.verb} {url}")
        self.open += 1
        try:
            await asyncio.sleep(self.visit_s)
        finally:
            self.open -= 1
        self.diary.note("fetched", f"{request.verb} {url}")
        answers = self.pages.get(url, [404])
        response = _respond(url, answers.pop(0) if len(answers) > 1 else answers[0])
        media = response.headers.get("content-type", "")
        if self.types and not any_type and media and kind_of(media) not in self.types:
            raise FetchError(Reason.CONTENT_TYPE, media)
        return response


async def _connected(after_s: float, sent: Callable[[], Awaitable[None]] | None) -> None:
    if after_s:
        await asyncio.sleep(after_s)
    if sent is not None:
        await sent()


def _as_list(answers: Any) -> list[Any]:
    return list(answers) if isinstance(answers, list) else [answers]


def _respond(url: str, answer: Answer) -> Response:
    if isinstance(answer, Exception):
        raise answer
    if isinstance(answer, Reason):
        raise FetchError(answer, "as told")
    if isinstance(answer, Response):
        return replace(answer, url=url)
    if isinstance(answer, int):
        return Response(url, answer, {}, b"")
    if isinstance(answer, str):
        return Response(url, 302, {"location": answer}, b"")
    return Response(url, 200, {"content-type": "text/html"}, answer, wire_bytes=len(answer))


class FakeRobots:
    """Rules by origin; not known before they were asked for. No text allows everything.

    A list of texts and errors is used up from ask to ask, its last one stays. An error with
    `again_in_s` is the answer for that long.
    """

    def __init__(
        self,
        texts: Mapping[str, str | FetchError | list[str | FetchError]],
        *,
        ask_s: float = 0.01,
        known: bool = False,
        diary: Diary | None = None,
    ) -> None:
        self.texts = {origin: _as_list(each) for origin, each in texts.items()}
        self.ask_s = ask_s
        self.diary = diary or Diary()
        self._all_known = known
        self._known: dict[str, Rules] = {}
        self._in_vain: dict[str, float] = {}  # until then

    def know_all(self) -> None:
        """As if an earlier run had asked."""
        self._all_known = True

    def answer(self, url: str) -> Rules | None:
        origin = origin_of(url)
        if asyncio.get_running_loop().time() < self._in_vain.get(origin, 0.0):
            self._read(origin)
        if self._all_known and origin not in self._known:
            self._known[origin] = self._read(origin)
        return self._known.get(origin)

    def trouble(self, url: str) -> FetchError | None:
        text = self.texts.get(origin_of(url), [""])[0]
        return text if isinstance(text, FetchError) else None

    async def ask_in_turn(
        self, url: str, host: str, *, sent: Callable[[], Awaitable[None]] | None = None
    ) -> Rules:
        if sent is not None:
            await sent()
        return await self.ask(url)

    async def ask(self, url: str) -> Rules:
        origin = origin_of(url)
        self.diary.note("ask", origin)
        await asyncio.sleep(self.ask_s)
        self.diary.note("asked", origin)
        text = self.texts.get(origin, [""])[0]
        if isinstance(text, FetchError) and text.again_in_s:
            self._in_vain[origin] = asyncio.get_running_loop().time() + text.again_in_s
        self._known[origin] = self._read(origin)
        return self._known[origin]

    def _read(self, origin: str) -> Rules:
        texts = self.texts.get(origin, [""])
        text = texts.pop(0) if len(texts) > 1 else texts[0]
        if isinstance(text, FetchError):
            in_s = self._in_vain.get(origin, 0.0) - asyncio.get_running_loop().time()
            again_in_s = max(in_s, 0.0) or None
            raise FetchError(text.reason, text.detail, sent=False, again_in_s=again_in_s, shut=True)
        return Rules.parse(text, "bot")


class FakeParser:
    """What is found on a page is told beforehand, by the URL that answered."""

    def __init__(
        self,
        pages: Mapping[str, Page | ParseError],
        *,
        parse_s: float = 0.02,
        diary: Diary | None = None,
    ) -> None:
        self.pages = pages
        self.parse_s = parse_s
        self.diary = diary or Diary()
        self.has_room = asyncio.Event()
        self.has_room.set()

    async def room(self) -> None:
        await self.has_room.wait()

    async def parse(self, response: Response, rule: PageRule, request: Request) -> Parsed:
        self.diary.note("parse", response.url)
        await asyncio.sleep(self.parse_s)
        self.diary.note("parsed", response.url)
        page = self.pages.get(response.url, Page())
        if isinstance(page, ParseError):
            raise page
        return Parsed(page, "inline", 0.0, self.parse_s)


@dataclass
class Row:
    """A request in the table."""

    request: Request
    state: State = State.WAITING
    reason: str | None = None
    due_at: float | None = None
    results: list[PageResult] = field(default_factory=list)  # one for each attempt


class FakeWriter:
    """The table and its one writer: what is put is committed a while later, in one piece.

    Reads see commits alone, as those of the real queue do.

    Args:
        committed: told of rows that are settled and of hosts with new rows.
    """

    def __init__(
        self,
        *,
        committed: Callable[[Sequence[int], Sequence[str]], None] = lambda settled, hosts: None,
        commit_s: float = 0.1,
        mark_s: float = 0.1,
        diary: Diary | None = None,
    ) -> None:
        self.committed = committed
        self.commit_s = commit_s
        self.mark_s = mark_s
        self.diary = diary or Diary()
        self.rows: dict[int, Row] = {}
        self.scope_hosts: set[str] = set()
        self.changed_by: dict[bytes, float] = {}  # by key, of what sitemaps named
        self.batches: list[list[Request]] = []  # of seeds
        self.before_batch: Callable[[], Awaitable[object]] | None = None
        self._ids: dict[bytes, int] = {}

    # The writer

    async def put(self, result: PageResult) -> None:
        if result.again is not None:
            self.diary.note("hop", result.again.asked)
            return
        self.diary.note("put", result.request.url)
        loop = asyncio.get_running_loop()
        loop.call_later(self.commit_s, self._commit, result)

    async def mark_sent(self, request_id: int) -> None:
        await asyncio.sleep(self.mark_s)
        self.diary.note("marked", str(request_id))

    async def join_scope(self, hostname: str) -> None:
        self.diary.note("join", hostname)
        self.scope_hosts.add(hostname)

    async def leave_scope(self, hostname: str) -> None:
        self.scope_hosts.discard(hostname)

    async def add_seeds(self, requests: Sequence[Request]) -> int:
        if self.before_batch is not None:
            await self.before_batch()
        self.batches.append(list(requests))
        new = [request for request in requests if self.add(request)]
        self.committed([], sorted({request.host for request in new}))
        return len(new)

    async def add_listed(
        self, requests: Sequence[Request], changed_by: Mapping[bytes, float]
    ) -> tuple[int, int]:
        self.changed_by |= changed_by
        return await self.add_seeds(requests), len(changed_by)

    def add(self, request: Request) -> bool:
        """Put a row there as it is; False when it is known."""
        if request.key in self._ids:
            return False
        id_ = self._ids[request.key] = len(self.rows) + 1
        self.rows[id_] = Row(replace(request, id=id_))
        return True

    def _commit(self, result: PageResult) -> None:
        id_ = result.request.id
        row = self.rows[id_]
        assert row.state is State.WAITING, "a row is settled once"
        row.state, row.reason, row.due_at = result.state, result.reason, result.retry_at
        row.results.append(result)
        if result.state is State.WAITING:
            begins_at = result.request if is_spent(result.request) else row.request
            row.request = replace(begins_at, attempt=result.request.attempt + 1)
        new = [link.host for link in result.links if self.add(link)]
        self.committed([id_], sorted(set(new)))

    # The queue

    def _waiting(self) -> list[Row]:
        return [row for row in self.rows.values() if row.state is State.WAITING]

    async def of_hosts(self, shares: Mapping[str, int], exclude: Collection[int]) -> list[Request]:
        await asyncio.sleep(0)
        rows = [row.request for row in self._waiting() if row.due_at is None]
        left = [row for row in rows if row.id not in exclude]
        on = {host: [row for row in left if row.home == host] for host in shares}
        return [row for host, limit in shares.items() for row in on[host][:limit]]

    async def next_hosts(self, after: str, limit: int) -> list[str]:
        await asyncio.sleep(0)
        hosts = {row.request.home for row in self._waiting() if row.due_at is None}
        return sorted(host for host in hosts if host > after)[:limit]

    async def due(self, now: float, limit: int, exclude: Sequence[int]) -> list[Request]:
        await asyncio.sleep(0)
        rows = [r for r in self._waiting() if r.due_at is not None and r.due_at <= now]
        return [row.request for row in rows if row.request.id not in exclude][:limit]

    async def next_due(self, after: float) -> float | None:
        await asyncio.sleep(0)
        times = [row.due_at for row in self._waiting() if row.due_at is not None]
        return min((at for at in times if at > after), default=None)

    async def fullest(self, limit: int) -> dict[str, int]:
        await asyncio.sleep(0)
        hosts = Counter(row.request.host for row in self._waiting() if row.due_at is None)
        return dict(hosts.most_common(limit))

    async def paused(self) -> dict[str, float]:
        return {}
