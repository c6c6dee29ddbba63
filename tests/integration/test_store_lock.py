"""The lock between processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scraper.clock import SystemClock
from scraper.core.errors import LockedError, StoreError, UsageError
from scraper.store import hold

HOLDER = """
import sys
from scraper.clock import SystemClock
from scraper.store.lock import hold
with hold(sys.argv[1], clock=SystemClock()):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_run_is_refused_at_once_and_told_by_whom(tmp_path: Path) -> None:
    path = tmp_path / "data" / "books.db"
    with holder(path) as other, pytest.raises(LockedError) as refused:
        hold(path, clock=SystemClock())
    assert str(refused.value) == (
        f"{path} is locked by another run (pid {other.pid}): wait for it, or give --db another path"
    )


def test_two_locks_of_one_process_exclude_each_other(tmp_path: Path) -> None:
    with hold(tmp_path / "x.db", clock=SystemClock()) as lock:
        with pytest.raises(LockedError, match=rf"\(pid {os.getpid()}\)"):
            hold(tmp_path / "x.db", clock=SystemClock())
        hold(tmp_path / "y.db", clock=SystemClock()).release()
        lock.release()
        lock.release()
        hold(tmp_path / "x.db", clock=SystemClock()).release()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_lock_left_by_a_dead_process_needs_no_human(tmp_path: Path, how: signal.Signals) -> None:
    path = tmp_path / "x.db"
    with holder(path) as other:
        other.send_signal(how)
        other.wait()
        hold(path, clock=SystemClock()).release()


def test_a_child_that_is_started_does_not_keep_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    sleeper = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    lock = hold(path, clock=SystemClock())
    with subprocess.Popen(sleeper, stdin=subprocess.PIPE) as child:
        lock.release()
        hold(path, clock=SystemClock()).release()
        child.kill()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"x\.db\.lock: cannot be opened"):
        hold(tmp_path / "file" / "x.db", clock=SystemClock())


@pytest.mark.parametrize("name", [".", "folder", "list.txt"])
def test_what_is_no_database_is_refused_and_not_touched(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "list.txt").write_text("https://a.example/")
    with pytest.raises(UsageError, match=r"is a folder|is not a SQLite database"):
        hold(tmp_path / name, clock=SystemClock())
    with pytest.raises(UsageError, match="is a folder"):
        hold(".", clock=SystemClock())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "list.txt"]


def test_an_empty_file_may_become_a_database(tmp_path: Path) -> None:
    path = tmp_path / "books.db"
    path.touch()
    with hold(path, clock=SystemClock()) as lock:
        assert lock.path.exists()
