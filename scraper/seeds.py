"""Seeds: streamed from lists, sitemaps and the config into the table, in batches.

A list is read by a thread of its own (a pipe may stall for ever, and a thread that is a daemon
keeps nobody from leaving); at most a few thousand lines are in memory, however long the list is.
The first batches are small, so that the first page is fetched while the list is still read.
Sitemaps come last: what is written out waits for nobody.
"""

from __future__ import annotations

import asyncio
import gzip
import io
import logging
import sys
import threading
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from scraper.core.errors import UsageError
from scraper.core.model import Request
from scraper.core.plan import SeedFile, SeedPlan, SeedRequest
from scraper.core.ranges import expand
from scraper.core.request import make_request
from scraper.core.seedlist import BadLine, Seed, read_csv, read_lines
from scraper.core.sitemap import LONGEST, Listed
from scraper.core.url import Url, origin_of, parse
from scraper.core.urlrules import UrlRules

log = logging.getLogger(__name__)

BATCH = 500  # about 5 ms of the loop
AHEAD = 4_000  # lines read before they are wanted
SHOWN = 20  # bad lines named one by one
MOST_ORIGINS = 10_000  # whose robots.txt is asked for sitemaps


class Writer(Protocol):
    """Puts seeds into the table."""

    async def add_seeds(self, requests: Sequence[Request]) -> int: ...
    async def add_listed(
        self, requests: Sequence[Request], changed_by: Mapping[bytes, float]
    ) -> tuple[int, int]: ...


class Sitemaps(Protocol):
    """Reads sitemaps."""

    is_whole: bool  # all could be had and read

    def pages(self, origins: Sequence[str]) -> AsyncGenerator[list[Listed], None]: ...
    def figures(self) -> dict[str, Any]: ...


class Seeds:
    """Reads all seeds of a plan, once.

    Args:
        named: told the host name of every seed that the config or a list names ...
        led: ... and of every one that only a sitemap does, of another host.
        stdin: what "-" reads.
    """

    def __init__(
        self,
        plan: SeedPlan,
        *,
        rules: UrlRules,
        writer: Writer,
        named: Callable[[str], Awaitable[None]],
        led: Callable[[str], Awaitable[None]],
        stdin: BinaryIO,
        sitemaps: Sitemaps,
    ) -> None:
        self._plan = plan
        self._rules = rules
        self.sitemaps = sitemaps
        self._wants_origins = any(each.url is None for each in plan.sitemaps)
        self._origins: dict[str, None] = {}
        self._changed_by: dict[bytes, float] = {}  # of the batch
        self._writer = writer
        self._named = named
        self._own = {parse(each.url).hostname for each in plan.sitemaps if each.url is not None}
        self._led = led
        self._stdin = stdin
        self._batch: list[Request] = []
        self._size = BATCH // 10
        self.read = 0
        self.new = 0
        self.bad = 0
        self.listed = 0  # by sitemaps
        self.resting = 0  # of those, not visited because they are as old as the sitemap says

    def figures(self) -> dict[str, Any]:
        """What was read, for the report."""
        names = ("read", "new", "bad", "listed", "resting")
        return {name: getattr(self, name) for name in names} | self.sitemaps.figures()

    async def run(self) -> None:
        """Stream every seed into the table; a bad line is reported and skipped.

        Raises:
            UsageError: a list cannot be opened.
        """
        for number, wanted in enumerate(self._plan.requests, 1):
            await self._add_request(wanted, f"seeds.requests[{number}]")
        for pattern in self._plan.urls:
            for url in expand(pattern):
                await self._add(Seed(0, url), "seeds.urls", None)
        for seed_file in self._plan.files:
            await self._read_file(seed_file)
        await self._flush()
        if self._plan.sitemaps:
            await self._read_sitemaps()
        if self.bad > SHOWN:
            log.warning("%d bad seeds in all were skipped", self.bad)

    async def _read_file(self, seed_file: SeedFile) -> None:
        async with _Ahead(seed_file, self._stdin) as ahead:
            await self._flush()  # what came before is not kept waiting by a slow list
            while batch := await ahead.some():
                for record in batch:
                    await self._add(record, seed_file.path, seed_file.page)
                if not ahead.pending:  # nor what it gave so far
                    await self._flush()

    async def _read_sitemaps(self) -> None:
        async with aclosing(self.sitemaps.pages(list(self._origins))) as pages:
            async for some in pages:
                for listed in some:
                    await self._add_listed(listed)
                await self._flush()
        read = {"pages": self.listed, "resting": self.resting}
        log.info("sitemaps read pages=%d resting=%d", *read.values(), extra=read)

    async def _add_listed(self, listed: Listed) -> None:
        entry, source = listed.entry, listed.source
        try:
            if len(entry.loc) > LONGEST:
                raise ValueError(f"longer than {LONGEST:,} characters")  # noqa: TRY301 - as below
            url = self._rules.parse(entry.loc)
        except ValueError as error:
            await self._report(listed.sitemap, entry.line, str(error))
            return
        request = make_request(url, page=source.page, seed=True)
        await (self._named if url.hostname in self._own else self._led)(url.hostname)
        self.listed += 1
        if source.lastmod and entry.changed_by is not None:
            self._changed_by[request.key] = entry.changed_by
        await self._put(request)

    async def _add(self, seed: Seed | BadLine, source: str, page: str | None) -> None:
        if isinstance(seed, BadLine):
            await self._report(source, seed.line, seed.why)
            return
        try:
            url = self._rules.parse(seed.url)
        except ValueError as error:
            await self._report(source, seed.line, str(error))
            return
        await self._learn(url)
        await self._put(make_request(url, page=page, seed=True, carry=seed.carry))

    async def _add_request(self, wanted: SeedRequest, where: str) -> None:
        try:
            url = self._rules.parse(wanted.url)
        except ValueError as error:
            await self._report(where, 0, str(error))
            return
        await self._learn(url)
        await self._put(
            make_request(
                url,
                method=wanted.method,
                headers=wanted.headers,
                body=wanted.body,
                page=wanted.page,
                seed=True,
            )
        )

    async def _learn(self, url: Url) -> None:
        await self._named(url.hostname)
        if self._wants_origins and len(self._origins) < MOST_ORIGINS:
            self._origins[origin_of(url.href)] = None

    async def _put(self, request: Request) -> None:
        self._batch.append(request)
        self.read += 1
        if len(self._batch) >= self._size:
            await self._flush()
            self._size = BATCH

    async def _flush(self) -> None:
        if self._batch:
            batch, self._batch = self._batch, []
            changed_by, self._changed_by = self._changed_by, {}
            if changed_by:
                new, resting = await self._writer.add_listed(batch, changed_by)
                self.resting += resting
            else:
                new = await self._writer.add_seeds(batch)
            self.new += new
        await asyncio.sleep(0)

    async def _report(self, source: str, line: int, why: str) -> None:
        self.bad += 1
        if self.bad <= SHOWN:
            place = f"{source}:{line}" if line else source
            log.warning("%s: %s: skipped", place, why)
        if self.bad % BATCH == 0:  # bad ones are never flushed: let others have the loop
            await asyncio.sleep(0)


class _Ahead:
    """Reads a list ahead in a daemon thread, a bounded number of records.

    Used as a context manager: leaving it stops the thread at its next record. The thread opens
    the list too, since to open a named pipe is to wait for who writes it.
    """

    def __init__(self, seed_file: SeedFile, stdin: BinaryIO) -> None:
        self._file = seed_file
        self._stdin = stdin
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.Event()
        self._lock = threading.Condition()
        self._buffer: list[Seed | BadLine] = []
        self._ended = False
        self._error: Exception | None = None

    async def __aenter__(self) -> _Ahead:
        threading.Thread(target=self._run, name="seeds", daemon=True).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        with self._lock:
            self._ended = True
            self._lock.notify_all()

    @property
    def pending(self) -> bool:
        """Whether `some` would return at once."""
        return bool(self._buffer) or self._ended

    async def some(self) -> list[Seed | BadLine]:
        """Return what is there, at least one record; empty at the end.

        Raises:
            UsageError: the list cannot be opened or read.
        """
        while True:
            self._ready.clear()
            with self._lock:
                if self._buffer:
                    batch, self._buffer = self._buffer[:BATCH], self._buffer[BATCH:]
                    self._lock.notify_all()
                    return batch
                if self._error is not None:
                    raise self._error
                if self._ended:
                    return []
            await self._ready.wait()

    def _run(self) -> None:
        try:
            self._read()
        except Exception as error:  # noqa: BLE001 - raised by `some`: no list ends early in silence
            self._error = error
        finally:
            with self._lock:
                self._ended = True
            self._wake()

    def _read(self) -> None:
        try:
            with _open(self._file, self._stdin) as text:
                for record in _records(self._file, text):
                    if not self._offer(record):
                        return
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise UsageError(f"{self._file.path}: the seed list cannot be read: {error}") from error

    def _offer(self, record: Seed | BadLine) -> bool:
        with self._lock:
            while len(self._buffer) >= AHEAD and not self._ended:
                self._lock.wait()
            if self._ended:
                return False
            first = not self._buffer
            self._buffer.append(record)
        if first:
            self._wake()
        return True

    def _wake(self) -> None:
        with suppress(RuntimeError):  # the loop is gone, and so is the one who waits
            self._loop.call_soon_threadsafe(self._ready.set)


def _open(seed_file: SeedFile, stdin: BinaryIO) -> io.TextIOWrapper:
    stream = stdin if seed_file.path == "-" else _open_file(Path(seed_file.path))
    return io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")


def _open_file(path: Path) -> BinaryIO:
    try:
        if path.suffix == ".gz":
            return gzip.open(path, "rb")  # type: ignore[return-value]  # reads like one
        return path.open("rb")
    except OSError as error:
        raise UsageError(f"{path}: the seed list cannot be opened: {error.strerror}") from error


def _records(seed_file: SeedFile, text: io.TextIOWrapper) -> Iterator[Seed | BadLine]:
    if seed_file.column is not None:
        return read_csv(text, column=seed_file.column, carry=seed_file.carry)
    return read_lines(text)


def check_lists(plan: SeedPlan) -> None:
    """Find out before a run begins that all lists can be opened.

    A pipe is left alone: who writes to it would be told that nobody reads.

    Raises:
        UsageError: one cannot.
    """
    for seed_file in plan.files:
        path = Path(seed_file.path)
        if seed_file.path != "-" and not path.is_fifo():
            _open_file(path).close()


def standard_input() -> BinaryIO:
    """What "-" reads; empty when there is none.

    Not `sys.stdin.buffer`: the interpreter locks that one when it ends, and dies of the reader
    that is still waiting in it.
    """
    if sys.__stdin__ is None:
        return io.BytesIO()
    return open(0, "rb", closefd=False)
