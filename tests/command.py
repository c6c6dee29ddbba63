"""The real command in a process of its own, for the tests of the whole."""

from __future__ import annotations

import atexit
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

from tests.warm import Warm

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 120.0  # on a busy machine
EARLY = frozenset({"COLUMNS"})  # variables that are read when modules are imported


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """Ours without what would change the command, and with `more`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SCRAPER_", "COV_", "DEMO_"))}
    return {**kept, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", **more}


def scraper(
    *args: object, cwd: Path, stdin: str | None = None, cold: bool = False, **env: str
) -> Ended:
    """Run `scraper ARGS` in `cwd` to its end.

    Args:
        cold: from the start of the interpreter on; else see `warm`.
    """
    if not cold and not EARLY & env.keys() and (ready := warm()).is_fit():
        words = [str(arg) for arg in args]
        status, out, err = ready.run(
            words, cwd=cwd, environment=environment(**env), stdin=stdin, timeout_s=PATIENCE_S
        )
        return Ended(status, _text(out), _text(err))
    done = subprocess.run(
        [sys.executable, "-m", "scraper", *map(str, args)],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env=environment(**env),
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@cache
def warm() -> Warm:
    """The one process of ours that has imported everything."""
    ready = Warm(environment())
    atexit.register(ready.close)
    return ready


def _text(data: bytes) -> str:
    return data.decode().replace("\r\n", "\n")


class Running:
    """`scraper ARGS` while it runs; a context manager that leaves no process behind."""

    def __init__(
        self, *args: object, cwd: Path, stdin: int | IO[bytes] = subprocess.DEVNULL, **env: str
    ) -> None:
        self._errors = (cwd / "stderr.txt").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scraper", *map(str, args)],
            cwd=cwd,
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            start_new_session=True,
            env=environment(**env),
        )

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()
        self._errors.close()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self, timeout_s: float = PATIENCE_S) -> int:
        return self.process.wait(timeout_s)

    @property
    def err(self) -> str:
        self._errors.seek(0)
        return self._errors.read()

    def others(self) -> list[int]:
        """The processes that it has started and that still run, whoever is their parent now."""
        return [pid for pid in _session(self.process.pid) if pid != self.process.pid]


def _session(leader: int) -> Iterator[int]:
    """The processes of a session that are not dead; Linux only."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
        except OSError:  # it has ended meanwhile
            continue
        if int(session) == leader and state not in "ZX":
            yield int(folder.name)


def rows(database: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """What a query finds, read while a run may write."""
    db = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=10)
    try:
        return db.execute(sql, values).fetchall()
    finally:
        db.close()


def one(database: Path, sql: str, *values: object) -> Any:
    """The one value that a query finds."""
    return rows(database, sql, *values)[0][0]


def until(condition: Any, *, timeout_s: float = 30.0) -> None:
    """Wait for the condition; an error of SQLite counts as not yet."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        try:
            if condition():
                return
        except sqlite3.Error:
            pass
        time.sleep(0.01)
    raise AssertionError("it did not happen in time")


def write(folder: Path, text: str, name: str = "crawl.yaml") -> Path:
    """A config in `folder`."""
    path = folder / name
    path.write_text(text)
    return path


def seed_lines(urls: Sequence[str]) -> str:
    """A plain seed list."""
    return "\n".join(urls) + "\n"
