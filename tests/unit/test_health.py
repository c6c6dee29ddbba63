"""The health check, with a clock of the test's own and real locks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scraper.health import STUCK_S, main, stuck
from scraper.store import Lock, hold
from tests.virtual import VirtualClock

NOW = 1_000_000.0


class Wall(VirtualClock):
    def now(self) -> float:
        return NOW


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "x.db"
    path.parent.mkdir()
    path.touch()
    return path


def held(database: Path, *, silent_s: float) -> Lock:
    lock = hold(database, clock=Wall())
    os.utime(lock.path, (NOW - silent_s, NOW - silent_s))
    return lock


def test_a_held_lock_without_a_sign_of_life_is_stuck(database: Path, capsys) -> None:
    with held(database, silent_s=STUCK_S + 15):
        assert list(stuck(database.parent, clock=Wall())) == [(database, STUCK_S + 15)]
        assert main([str(database.parent)], clock=Wall()) == 1
    said = capsys.readouterr().out
    assert said == f"{database}: stuck: its run has given no sign of life for 75 s\n"


@pytest.mark.parametrize("silent_s", [-30.0, 0.0, STUCK_S])
def test_a_held_lock_with_a_fresh_sign_is_live(database: Path, silent_s: float) -> None:
    with held(database, silent_s=silent_s):
        assert list(stuck(database.parent, clock=Wall())) == []


def test_a_lock_that_nobody_holds_is_no_run_however_old(database: Path) -> None:
    held(database, silent_s=9_999).release()
    assert main([str(database.parent)], clock=Wall()) == 0


def test_all_databases_below_the_folder_are_looked_at(tmp_path: Path) -> None:
    for name in ("a.db", "deep/er/b.db", "live.db"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    with (
        held(tmp_path / "a.db", silent_s=100),
        held(tmp_path / "deep/er/b.db", silent_s=100),
        held(tmp_path / "live.db", silent_s=1),
    ):
        found = [path.name for path, _ in stuck(tmp_path, clock=Wall())]
    assert found == ["a.db", "b.db"]


def test_locks_of_other_programs_are_none_of_ours(database: Path) -> None:
    with held(database, silent_s=100):
        database.unlink()
        assert list(stuck(database.parent, clock=Wall())) == []


def test_a_sign_of_life_makes_a_stuck_run_live(database: Path) -> None:
    with held(database, silent_s=1e9) as lock:
        text = lock.path.read_text()
        assert list(stuck(database.parent, clock=Wall()))
        lock.beat()
        assert not list(stuck(database.parent, clock=Wall()))
        assert lock.path.read_text() == text


def test_a_released_lock_gives_no_sign(database: Path) -> None:
    lock = held(database, silent_s=100)
    lock.release()
    lock.beat()
    assert lock.path.stat().st_mtime == NOW - 100


@pytest.mark.parametrize("name", ["missing", "data/x.db"])
def test_a_folder_that_is_none_is_unhealthy(database: Path, name: str, capsys) -> None:
    assert main([str(database.parent.parent / name)], clock=Wall()) == 1
    assert "is no folder" in capsys.readouterr().out


def test_it_looks_here_unless_told_where(database: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(database.parent)
    with held(database, silent_s=100):
        assert main([], clock=Wall()) == 1
    assert capsys.readouterr().out.startswith("x.db: stuck")


def test_it_imports_nothing_but_itself_and_the_clock() -> None:
    code = (
        "import sys, scraper.health\n"
        "mine = {n for n in sys.modules if n.startswith('scraper')}\n"
        "assert mine == {'scraper', 'scraper.health', 'scraper.clock'}, mine\n"
        "assert 'asyncio' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
