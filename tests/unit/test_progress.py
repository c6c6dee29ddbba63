import asyncio
import io
import logging
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.insight.attribution import Sample
from scraper.progress import (
    LINE_S,
    PULSE_S,
    Bar,
    Progress,
    Rate,
    Snapshot,
    Standing,
    duration,
    figures,
    wants_bar,
)
from tests.virtual import VirtualClock, run_virtual

SNAPSHOT = Snapshot(done=1200, failed=3, skipped=2, waiting=8795, open=100, known=10000)


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Gone(Terminal):
    """A terminal whose other end was closed."""

    def write(self, text):
        raise OSError(5, "Input/output error")


class Work:
    """A run whose standing and CPU a test sets."""

    def __init__(self):
        self.clock = VirtualClock()
        self.sample = Sample(open=1)
        self.snapshot = Snapshot(known=1000, waiting=1000)
        self.cpu_s = 0.0

    def progress(self, *, live=False, stream=None, **more):
        return Progress(
            sample=lambda: self.snapshot,
            observe=lambda: self.sample,
            clock=self.clock,
            stream=stream or io.StringIO(),
            live=live,
            cpu=lambda: self.cpu_s,
            **more,
        )


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, "scraper.progress")
    return caplog


def test_off_a_terminal_there_is_a_line_every_ten_seconds(lines):
    async def main():
        work = Work()
        async with work.progress():
            for done in range(1, 36):
                work.snapshot = Snapshot(done=10 * done, waiting=1000 - 10 * done, known=1000)
                await asyncio.sleep(1)

    run_virtual(main())
    assert len(lines.records) == 3
    assert lines.records[-1].getMessage() == (
        "progress done=310 failed=0 skipped=0 waiting=690 open=0 rate=10.0/s left=1:09"
    )
    assert lines.records[-1].done == 310


def test_the_wall_time_is_given_to_what_was_true():
    async def main():
        work = Work()
        async with work.progress() as progress:
            await asyncio.sleep(4)
            work.sample = Sample(slots_all_taken=True, sink_full=True)
            await asyncio.sleep(2)
        return progress.wall

    wall = run_virtual(main())
    shares = wall.shares_s
    assert shares["network"] == pytest.approx(4, abs=0.1)
    assert shares["sink"] == pytest.approx(2, abs=0.1)
    assert math.isclose(sum(shares.values()), wall.wall_s)
    assert wall.wall_s == pytest.approx(6, abs=2 * PULSE_S)


def test_a_stall_is_lag_and_belongs_to_the_loop():
    async def main():
        work = Work()
        async with work.progress() as progress:
            await asyncio.sleep(0.05)
            asyncio.get_running_loop().jump(0.5)  # as a callback that computes for half a second
            await asyncio.sleep(0.5)
        return progress

    progress = run_virtual(main())
    assert progress.lag.max == pytest.approx(0.49, abs=0.03)
    assert progress.wall.shares_s["loop"] == pytest.approx(progress.lag.max, abs=1e-6)


def test_a_loop_that_computes_all_the_time_is_late_without_a_stall():
    async def main():
        work = Work()
        async with work.progress() as progress:
            for _ in range(100):
                await asyncio.sleep(PULSE_S)
                work.cpu_s += 0.95 * PULSE_S
        return progress.wall

    assert run_virtual(main()).shares_s["loop"] > 1.8


def test_the_loop_of_a_task_group_ends_with_stop():
    async def main():
        progress = Work().progress()
        async with asyncio.TaskGroup() as group:
            group.create_task(progress.run())
            await asyncio.sleep(1)
            progress.stop()
        return progress.lag.count

    assert run_virtual(main()) == pytest.approx(1 / PULSE_S, abs=2)


def test_what_was_measured_survives_a_cancelled_run():
    async def main():
        work = Work()
        progress = work.progress()
        task = asyncio.create_task(progress.run())
        await asyncio.sleep(1.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return progress.wall.wall_s

    assert run_virtual(main()) == pytest.approx(1.005)


def test_nothing_is_shown_when_nobody_entered():
    work = Work()

    async def main():
        await work.progress().__aexit__()

    run_virtual(main())


def test_the_bar_shows_every_figure(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal()

    async def main():
        work = Work()
        work.snapshot = SNAPSHOT
        async with work.progress(live=True, stream=terminal):
            await asyncio.sleep(1)

    run_virtual(main())
    shown = terminal.getvalue()
    for figure in ("1,200 done", "3 failed", "8,795 waiting", "100 open", "left"):
        assert figure in shown
    assert "\x1b[38;" in shown
    assert "\x1b[?25l" not in shown.rpartition("\x1b[?25h")[2]  # the cursor is there at the end


def test_no_color_is_respected(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    terminal = Terminal()
    bar = Bar(terminal)
    bar.show(Standing(SNAPSHOT, 10.0))
    bar.close()
    assert "1,200 done" in terminal.getvalue()
    assert "\x1b[38;" not in terminal.getvalue()
    assert "\x1b[3" not in terminal.getvalue().replace("\x1b[?", "")


def test_the_bar_says_how_many_may_be_open_where_that_changes():
    assert "100 open of 128" in figures(Standing(replace(SNAPSHOT, slots=128), 10.0))
    assert "100 open ·" in figures(Standing(SNAPSHOT, 10.0))


def test_each_pulse_is_told_with_what_was_true_and_how_late_the_loop_was():
    told = []

    async def main():
        work = Work()
        async with work.progress(heed=lambda *pulse: told.append(pulse)):
            await asyncio.sleep(0.05)

    run_virtual(main())
    assert [sample for _, sample, _ in told] == [Sample(open=1)] * len(told)
    assert told[0][0] == pytest.approx(PULSE_S)
    assert told[0][2] == pytest.approx(0.0, abs=1e-6)


def test_a_terminal_that_went_away_does_not_matter():
    bar = Bar(Gone())
    for _ in range(5):
        bar.show(Standing(SNAPSHOT, None))
    bar.close()


def test_a_bar_that_was_never_shown_starts_nothing():
    bar = Bar(Terminal())
    bar.close()
    assert bar._thread is None


@given(st.lists(st.tuples(st.floats(0.1, 30), st.integers(0, 1000)), min_size=2, max_size=40))
def test_the_rate_is_between_the_slowest_and_the_quickest_step(steps):
    rate, at, ended, seen = Rate(), 0.0, 0, []
    rate.add(at, ended)
    for passed, more in steps:
        at, ended = at + passed, ended + more
        seen.append(more / passed)
        now = rate.add(at, ended)
        assert min(seen) * 0.999 <= now <= max(seen) * 1.001
        assert len(rate._marks) <= 200


def test_a_rate_needs_time():
    rate = Rate()
    assert rate.add(1.0, 5) is None
    assert rate.add(1.0, 6) is None


def test_time_left_is_unknown_without_a_rate():
    assert Standing(SNAPSHOT, None).left_s is None
    assert Standing(SNAPSHOT, 0.0).left_s is None
    assert Standing(SNAPSHOT, 10.0).left_s == 879.5


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (59.6, "1:00"), (3599, "59:59"), (3723, "1:02:03"), (None, "?"), (1e9, "?")],
)
def test_durations_for_people(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(("rate", "text"), [(None, "? /s"), (3.14, "3.1/s"), (1234.0, "1,234/s")])
def test_rates_for_people(rate, text):
    assert text in figures(Standing(SNAPSHOT, rate))


def test_a_bar_wants_a_terminal_that_can_draw():
    assert wants_bar(Terminal(), {"TERM": "xterm"})
    assert not wants_bar(Terminal(), {"TERM": "dumb"})
    assert not wants_bar(io.StringIO(), {})
    assert not wants_bar(Terminal(), {"TERM": "xterm"}, quiet=True)
    assert not wants_bar(quiet=True)


def test_the_pace_of_showing_is_gentle():
    assert LINE_S == 10
    assert Bar.every_s >= 0.2
