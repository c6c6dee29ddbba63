"""What a run shows while it works, and the pulse that tells where its time goes.

One task wakes up many times a second. Each time it measures how late the loop was and gives the
instant to a bound (`core.insight.attribution`); now and then it shows where the run stands: as
a live bar on a terminal, else as a log line. The bar is painted by a thread of its own, so that a
terminal that is slow or stopped never holds up the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TextIO

from scraper.clock import Clock
from scraper.core.insight.attribution import Sample, WallShare
from scraper.core.insight.quantiles import Quantiles

if TYPE_CHECKING:
    from rich.console import RenderableType

log = logging.getLogger("scraper.progress")

PULSE_S = 0.02
LIVE_S = 0.25
LINE_S = 10.0
_RATE_OVER_S = 15.0
_LATE_S = 0.002  # less is the timers' own grain
_BUSY = 0.9  # of an interval spent computing on the loop: it is late all the time
_GIVE_UP_S = 1.0  # a stopped terminal is not waited for at the end


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where a run stands: pages of this crawl by state, and open requests."""

    done: int = 0
    failed: int = 0
    skipped: int = 0
    waiting: int = 0
    open: int = 0
    known: int = 0
    slots: int | None = None  # open requests allowed now, where that changes
    least_s: float = 0.0  # that the whole run takes; 0: not known

    @property
    def ended(self) -> int:
        """Pages that need no more visits."""
        return self.done + self.failed + self.skipped


class Rate:
    """Pages that ended per second, over the last seconds."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def add(self, at: float, ended: int) -> float | None:
        """The rate up to now; None: too early to tell."""
        marks = self._marks
        marks.append((at, ended))
        while len(marks) > 2 and marks[1][0] <= at - _RATE_OVER_S:
            marks.popleft()
        passed_s = at - marks[0][0]
        return max(0.0, (ended - marks[0][1]) / passed_s) if passed_s > 0 else None


@dataclass(frozen=True, slots=True)
class Standing:
    """A snapshot and what follows from it."""

    snapshot: Snapshot
    rate: float | None  # pages per second; None: too early to tell

    @property
    def left_s(self) -> float | None:
        """Seconds until nothing waits at this rate; None: nobody knows."""
        if not self.rate:
            return None
        return self.snapshot.waiting / self.rate


class Display(Protocol):
    """Shows where a run stands."""

    every_s: float

    def show(self, standing: Standing) -> None:
        """Show it, without waiting for anybody."""

    def close(self) -> None:
        """Leave the screen as it was."""


class Progress:
    """The pulse of a run: `async with Progress(...)`, or `run()` in a task group and `stop()`.

    Args:
        sample: where the run stands; called a few times a second at most.
        observe: what is true of the run now; called at each pulse, so it must be cheap.
        heed: told at each pulse the time, what was true, and how late the loop was; cheap too.
        stream: where the bar is drawn; log lines go to the log.
        live: draw a bar; see `wants_bar`.
        cpu: seconds of computing of the loop's thread, e.g. `time.thread_time`.
    """

    def __init__(
        self,
        *,
        sample: Callable[[], Snapshot],
        observe: Callable[[], Sample],
        clock: Clock,
        stream: TextIO,
        live: bool,
        heed: Callable[[float, Sample, float], None] = lambda _at, _sample, _lag_s: None,
        cpu: Callable[[], float] = time.thread_time,
        pulse_s: float = PULSE_S,
    ) -> None:
        self._sample = sample
        self._observe = observe
        self._heed = heed
        self._clock = clock
        self._cpu = cpu
        self._pulse_s = pulse_s
        self._display: Display = Bar(stream) if live else Lines()
        self._rate = Rate()
        self._stopped = False
        self._task: asyncio.Task[None] | None = None
        self.lag = Quantiles()
        self.wall = WallShare(clock.monotonic())

    async def __aenter__(self) -> Progress:
        self._task = asyncio.create_task(self.run(), name="progress")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()
        if self._task is not None:
            await self._task

    def stop(self) -> None:
        """Let `run` end at its next pulse."""
        self._stopped = True

    async def run(self) -> None:
        """Measure and show until `stop`; what was measured stays readable."""
        try:
            await self._beat()
        finally:
            self.mark()
            self._display.close()

    def mark(self) -> None:
        """Count the time up to now, so that `wall` is whole."""
        self.wall.add(self._clock.monotonic(), self._observe())

    async def _beat(self) -> None:
        clock, cpu = self._clock, self._cpu
        at, spent = clock.monotonic(), cpu()
        show_at = at + self._display.every_s
        self._rate.add(at, self._sample().ended)
        while not self._stopped:
            await asyncio.sleep(self._pulse_s)
            now, spent_now = clock.monotonic(), cpu()
            self._count(now, passed_s=now - at, cpu_s=spent_now - spent)
            at, spent = now, spent_now
            if now >= show_at:
                show_at = now + self._display.every_s
                self._show(now)

    def _count(self, now: float, *, passed_s: float, cpu_s: float) -> None:
        lag_s = max(0.0, passed_s - self._pulse_s)
        self.lag.add(lag_s)
        sample = self._observe()
        if cpu_s >= _BUSY * passed_s:
            sample = replace(sample, loop_late=True)
        self.wall.add(now, sample, late_s=lag_s if lag_s > _LATE_S else 0.0)
        self._heed(now, sample, lag_s)

    def _show(self, now: float) -> None:
        snapshot = self._sample()
        self._display.show(Standing(snapshot, self._rate.add(now, snapshot.ended)))


class Lines:
    """A log line now and then."""

    every_s = LINE_S

    def show(self, standing: Standing) -> None:
        snapshot, rate, left_s = standing.snapshot, standing.rate, standing.left_s
        log.info(
            "progress done=%d failed=%d skipped=%d waiting=%d open=%d rate=%s left=%s",
            snapshot.done,
            snapshot.failed,
            snapshot.skipped,
            snapshot.waiting,
            snapshot.open,
            "?" if rate is None else f"{rate:.1f}/s",
            duration(left_s),
            extra={"done": snapshot.done, "failed": snapshot.failed, "waiting": snapshot.waiting},
        )

    def close(self) -> None:
        """Nothing to do: a line is a line."""


class Bar:
    """A live bar, painted by a thread of its own; imports rich there, when the run has begun."""

    every_s = LIVE_S

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._latest: queue.SimpleQueue[Standing | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def show(self, standing: Standing) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._paint, name="bar", daemon=True)
            self._thread.start()
        if self._latest.qsize() < 2:  # a terminal that is slow misses pictures
            self._latest.put(standing)

    def close(self) -> None:
        if self._thread is not None:
            self._latest.put(None)
            self._thread.join(_GIVE_UP_S)

    def _paint(self) -> None:
        from rich.console import Console
        from rich.live import Live

        console = Console(file=self._stream)
        live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False)
        with contextlib.suppress(OSError), live:  # the terminal may go away
            console.show_cursor(True)  # a run that is killed leaves it as it is
            while (standing := self._latest.get()) is not None:
                live.update(picture(standing), refresh=True)


def picture(standing: Standing) -> RenderableType:
    """The bar and its figures."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    snapshot = standing.snapshot
    grid = Table.grid(padding=(0, 1))
    grid.add_row(
        ProgressBar(total=max(1, snapshot.known), completed=snapshot.ended, width=10),
        Text(figures(standing), no_wrap=True, overflow="ellipsis"),
    )
    return grid


def figures(standing: Standing) -> str:
    """The figures of a bar, the most wanted first: a narrow terminal cuts the end off."""
    snapshot, rate = standing.snapshot, standing.rate
    least = [f"{duration(snapshot.least_s)} at least"] if snapshot.least_s >= 1 else []
    return " · ".join(
        (
            f"{snapshot.done:,} done",
            "? /s" if rate is None else f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s",
            f"{snapshot.failed:,} failed",
            f"{snapshot.waiting:,} waiting",
            f"{snapshot.open:,} open" + (f" of {snapshot.slots:,}" if snapshot.slots else ""),
            f"{duration(standing.left_s)} left",
            *least,
        )
    )


def duration(seconds: float | None) -> str:
    """A duration for people, e.g. `1:02:03` or `0:42`; None is `?`."""
    if seconds is None or seconds > 999 * 3600:
        return "?"
    minutes, rest_s = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest_s:02}" if hours else f"{minutes}:{rest_s:02}"


def wants_bar(
    stream: TextIO | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    quiet: bool = False,
) -> bool:
    """Whether a bar is wanted and can be drawn; None: standard error, the process's own."""
    stream = sys.stderr if stream is None else stream
    environment = os.environ if environment is None else environment
    return not quiet and stream.isatty() and environment.get("TERM") != "dumb"
