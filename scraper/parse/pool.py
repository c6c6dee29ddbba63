"""Worker processes that may die, hang or be killed at any page, at the cost of that page alone.

Each worker has a socket of its own and serves one page at a time, so that no lock and no queue is
shared with a process that may vanish while it holds it. The parent counts the time from the moment
a page is handed over and kills what exceeds it; a stopped process looks like one that hangs. A
page whose worker died or hung is tried once more, in a fresh worker. Nothing is decided by the
health of a worker but by the answer: whoever does not answer is killed and replaced on demand.

The standard pool breaks for good when a worker dies and has no deadline; pebble hung after 2 to
25 kills in trials (a lock in a shared pipe).
"""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scraper.core.errors import ParseError
from scraper.core.extract.plan import PageRule
from scraper.core.model import Reason
from scraper.parse.worker import ANSWER, FRAME

ROOT = str(Path(__file__).parents[2])  # where the package is
_TRIES = 2
_START_TRIES = 3
_START_S = 10.0
_END_S = 0.5
_BUFFER_BYTES = 1024 * 1024
_PATIENCE_S = 0.1  # that a page waits before one more worker is started: that takes as long
_FIRST_S = 0.5  # as above, while the first one starts


class WorkerDiedError(Exception):
    """A worker ended or hung instead of answering."""

    def __init__(self, detail: str, *, hung: bool = False) -> None:
        super().__init__(detail)
        self.hung = hung


@dataclass(slots=True)
class Tally:
    """What became of the workers."""

    deaths: int = 0
    timeouts: int = 0


class WorkerPool:
    """Up to `processes` workers, started one by one as they are needed.

    Args:
        at_once: workers that are started as soon as there are pages for them; one more whenever a
            page waits for long all the same.
    """

    def __init__(
        self, rules: tuple[PageRule, ...], *, processes: int, timeout_s: float, at_once: int = 1
    ) -> None:
        first = pickle.dumps(rules)
        self._workers = [Worker(first) for _ in range(processes)]
        self._idle = list(self._workers)
        self._turn = asyncio.Semaphore(at_once)
        self._more = processes - at_once  # workers that may be started, and are not
        self._timeout_s = timeout_s
        self.queued = 0  # pages that wait for a worker
        self.tally = Tally()

    def __repr__(self) -> str:
        return f"<WorkerPool {self.busy} of {len(self._workers)} busy, {self.tally}>"

    @property
    def busy(self) -> int:
        return len(self._workers) - len(self._idle)

    async def ask(self, head: bytes, body: bytes) -> dict[str, Any]:
        """The answer to one page.

        Raises:
            ParseError: two workers died or hung over this page, or none can be started.
        """
        self.queued += 1
        try:
            await self._take_turn()
        finally:
            self.queued -= 1
        try:
            worker = self._idle.pop()  # the one used last: it is warm
            try:
                return await self._ask(worker, head, body)
            finally:
                self._idle.append(worker)
                self._idle.sort(key=lambda one: one.is_ready)
        finally:
            self._turn.release()

    async def _take_turn(self) -> None:
        """Wait for a worker; where that takes long, for one more."""
        if not self._more or not self._turn.locked():
            await self._turn.acquire()
            return
        patience_s = _PATIENCE_S if any(one.is_ready for one in self._workers) else _FIRST_S
        timer = asyncio.get_running_loop().call_later(patience_s, self._grow)
        try:
            await self._turn.acquire()
        finally:
            timer.cancel()

    def _grow(self) -> None:
        if self._more:
            self._more -= 1
            self._turn.release()

    async def _ask(self, worker: Worker, head: bytes, body: bytes) -> dict[str, Any]:
        last: WorkerDiedError | None = None
        for _ in range(_TRIES):
            await self._ensure(worker)
            try:
                return await worker.ask(head, body, timeout_s=self._timeout_s)
            except WorkerDiedError as error:
                last = error
                self._count(error)
        if last is not None and last.hung:
            raise ParseError(Reason.PARSE_TIMEOUT, f"{last}, twice") from last
        raise ParseError(Reason.PARSE_CRASH, f"{last}, twice") from last

    async def _ensure(self, worker: Worker) -> None:
        """Have a live process behind the worker."""
        if worker.has_ended:
            self.tally.deaths += 1
        if not worker.is_ready:
            await worker.kill()  # reaps what ended or was cancelled
        for left in reversed(range(_START_TRIES)):
            if worker.is_ready:
                return
            try:
                await worker.start()
            except WorkerDiedError as error:
                self._count(error)
                if not left:
                    detail = f"no worker can be started: {error}"
                    raise ParseError(Reason.PARSE_CRASH, detail) from error

    def _count(self, error: WorkerDiedError) -> None:
        if error.hung:
            self.tally.timeouts += 1
        else:
            self.tally.deaths += 1

    def cpu_s(self) -> float:
        """Processor seconds of all workers up to their last answers, the dead included."""
        return sum(worker.cpu_s for worker in self._workers)

    def peak_bytes(self) -> int:
        """The sum of the workers' own peaks: an upper bound of what they took together."""
        return sum(worker.peak_bytes for worker in self._workers)

    def kill(self) -> None:
        """End every process now; waits for nothing."""
        for worker in self._workers:
            worker.strike()

    async def close(self) -> None:
        """End every worker: gently first, within a second in any case."""
        await asyncio.gather(*(worker.close() for worker in self._workers))


class Worker:
    """One place for a worker process, empty or not."""

    def __init__(self, first: bytes) -> None:
        self._first = first  # the rules, pickled
        self._process: Process | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._past_cpu_s = 0.0
        self._cpu_s = 0.0
        self.peak_bytes = 0

    @property
    def is_ready(self) -> bool:
        """Whether there is a process that answered, and no sign that it has ended."""
        return self._reader is not None and not self.has_ended

    @property
    def has_ended(self) -> bool:
        """Whether there was a ready process that has ended by itself."""
        if self._process is None or self._reader is None:
            return False
        return self._reader.at_eof() or self._process.returncode is not None

    @property
    def cpu_s(self) -> float:
        return self._past_cpu_s + self._cpu_s

    async def start(self) -> None:
        """Start a process and wait until it is ready.

        Raises:
            WorkerDiedError: it is not ready.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                for end in (ours, theirs):
                    _enlarge(end)
                self._process = await _spawn(theirs)
            ours.setblocking(False)
            reader, self._writer = await asyncio.open_unix_connection(sock=ours)
        except OSError as error:
            ours.close()
            await self.kill()
            raise WorkerDiedError(str(error)) from error
        except BaseException:
            ours.close()
            self.strike()
            raise
        await self._exchange(reader, (self._first, b""), timeout_s=_START_S)
        self._reader = reader

    async def ask(self, head: bytes, body: bytes, *, timeout_s: float) -> dict[str, Any]:
        """The answer to one page; after an error there is no process any more.

        Raises:
            WorkerDiedError: no answer, or not within the time.
        """
        assert self._reader is not None  # noqa: S101 - the caller has started it
        answer = await self._exchange(self._reader, (head, body), timeout_s=timeout_s)
        if "died" in answer:
            await self.kill()
            raise WorkerDiedError(f"the worker died: {answer['died']}")
        return answer

    async def _exchange(
        self, reader: asyncio.StreamReader, frame: tuple[bytes, bytes], *, timeout_s: float
    ) -> dict[str, Any]:
        try:
            async with asyncio.timeout(timeout_s):
                await self._send(frame)
                size = ANSWER.unpack(await reader.readexactly(ANSWER.size))[0]
                answer: dict[str, Any] = json.loads(await reader.readexactly(size))
        except TimeoutError as error:
            await self.kill()
            raise WorkerDiedError(f"no answer within {timeout_s:g} s", hung=True) from error
        except (OSError, EOFError, ValueError) as error:
            status = await self.kill()
            raise WorkerDiedError(f"the worker died ({_in_words(status)})") from error
        except BaseException:  # cancelled: the answer, if it came, would be taken for the next one
            self._drop()
            raise
        self._cpu_s = answer["cpu_s"]
        self.peak_bytes = max(self.peak_bytes, answer["peak_bytes"])
        return answer

    async def _send(self, frame: tuple[bytes, bytes]) -> None:
        assert self._writer is not None  # noqa: S101 - it stands and falls with the reader
        head, body = frame
        self._writer.writelines((FRAME.pack(len(head), len(body)), head, body))
        await self._writer.drain()

    def strike(self) -> None:
        """Kill the process, if there is one."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()

    def _drop(self) -> None:
        """Kill the process and let go of its socket; the place is empty after `kill`."""
        self.strike()
        self._reader = None
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None

    async def kill(self) -> int | None:
        """Kill the process, reap it, and leave the place empty; its exit status."""
        self._drop()
        process, self._process = self._process, None
        self._past_cpu_s, self._cpu_s = self.cpu_s, 0.0
        return None if process is None else await process.wait()

    async def close(self) -> None:
        """End the process by closing its socket, or else by force."""
        if self._process is not None and self._writer is not None:
            self._writer.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), _END_S)
        await self.kill()


async def _spawn(theirs: socket.socket) -> Process:
    """A worker process; it imports nothing from the working directory."""
    paths = [ROOT, *filter(None, [os.environ.get("PYTHONPATH")])]
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "scraper.parse.worker"),
        stdin=theirs.fileno(),
        stdout=DEVNULL,
        stderr=DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )


def _enlarge(end: socket.socket) -> None:
    """Let a page of usual size pass in one go."""
    for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
        end.setsockopt(socket.SOL_SOCKET, option, _BUFFER_BYTES)


def _in_words(status: int | None) -> str:
    if status is None:
        return "its status is unknown"
    return f"signal {-status}" if status < 0 else f"exit status {status}"
