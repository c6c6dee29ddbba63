"""The disk fills under the real command: it says so, and with room the same command finishes."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command import Running, environment, one, rows, scraper, until, write
from tests.site import SiteThread, Visit, html

PAGES = 400
ITEMS = "SELECT type, key, data FROM item ORDER BY type, key"
ADVICE = "free some space and run the same command again"

CONFIG = """
version: 1
name: full
seeds: {{urls: ["{seeds}"]}}
politeness: {{robots: ignore, per_host: 20}}
fetch: {{private_addresses: true, user_agent: "tests (+https://shop.example)"}}
parse: {{processes: 1}}
pages: {{page: {{items: {{page: {{fields: {{text: p, more: b}}}}}}}}}}
store: {{path: {path}}}
"""


def page(visit: Visit) -> str:
    return f"<p>{visit.path}</p><b>{visit.path * 400}</b>"


@pytest.fixture(scope="module")
def site() -> Iterator[SiteThread]:
    with SiteThread() as site:
        site.route("/*", html(page))
        yield site


@pytest.fixture(scope="module")
def wanted(site: SiteThread, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, ...]]:
    """The items of a crawl with room."""
    folder = tmp_path_factory.mktemp("roomy")
    configure(folder, site, folder / "crawl.db")
    ended = scraper("run", "crawl.yaml", cwd=folder)
    assert ended.status == 0, ended.err
    return rows(folder / "crawl.db", ITEMS)


def configure(folder: Path, site: SiteThread, path: Path) -> None:
    write(folder, CONFIG.format(seeds=site.url(f"/{{1..{PAGES}}}"), path=path))


@contextlib.contextmanager
def file_limit(limit_bytes: int) -> Iterator[None]:
    """Who is started meanwhile can write no file beyond this size."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def breaks(run: Running) -> str:
    """What the run says when it breaks."""
    assert run.wait() == 3, run.err
    assert "Traceback" not in run.err
    until(lambda: not run.others())
    return run.err.splitlines()[-1]


def finishes(folder: Path, db: Path, wanted: list[tuple[Any, ...]]) -> None:
    """The same command finds everything."""
    ended = scraper("run", "crawl.yaml", cwd=folder)
    assert ended.status == 0, ended.err
    assert rows(db, ITEMS) == wanted
    assert len(wanted) == PAGES
    assert one(db, "SELECT count(*) FROM visit") == PAGES
    assert one(db, "PRAGMA integrity_check") == "ok"


@pytest.mark.slow
@pytest.mark.parametrize("limit_bytes", [3_000, 120_000, 900_000])
def test_a_limit_on_file_sizes_is_told_and_the_same_command_finishes(
    site: SiteThread, wanted: list[tuple[Any, ...]], tmp_path: Path, limit_bytes: int
) -> None:
    db = tmp_path / "crawl.db"
    configure(tmp_path, site, db)
    with file_limit(limit_bytes):
        run = Running("run", "crawl.yaml", cwd=tmp_path)
    with run:
        said = breaks(run)
    assert said.startswith(str(db)), said
    assert said.endswith("run the same command again"), said
    finishes(tmp_path, db, wanted)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 600 KB; needs the right to mount."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)]
    try:
        made = subprocess.run(mount, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if made.returncode:
        pytest.skip("file systems cannot be mounted here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.slow
def test_a_full_disk_is_told_and_the_same_command_finishes(
    site: SiteThread, wanted: list[tuple[Any, ...]], tmp_path: Path, small_disk: Path
) -> None:
    db = small_disk / "crawl.db"
    configure(tmp_path, site, db)
    with Running("run", "crawl.yaml", cwd=tmp_path) as run:
        assert breaks(run).endswith(ADVICE)
    before = one(db, "SELECT count(*) FROM request WHERE state = 'done'")
    with Running("run", "crawl.yaml", cwd=tmp_path) as run:
        assert breaks(run).endswith(ADVICE)
    remount = ["mount", "-o", "remount,size=64m", str(small_disk)]
    subprocess.run(remount, check=True)
    assert one(db, "SELECT count(*) FROM request WHERE state = 'done'") >= before
    finishes(tmp_path, db, wanted)


@pytest.mark.slow
def test_output_that_cannot_be_written_leaves_the_status_of_a_run_alone(
    site: SiteThread, wanted: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    db = tmp_path / "crawl.db"
    configure(tmp_path, site, db)
    assert into("/dev/full", "run", "crawl.yaml", "--limit", "50", cwd=tmp_path)[0] == 4
    assert into("/dev/full", "run", "crawl.yaml", cwd=tmp_path)[0] == 0
    assert rows(db, ITEMS) == wanted
    for command in (("report", db), ("export", db)):
        status, said = into("/dev/full", *command, cwd=tmp_path)
        assert status == 3
        assert said == "standard output cannot be written: No space left on device"


def into(path: str, *args: object, cwd: Path) -> tuple[int, str]:
    """Run the command with its output sent to a path; its status and last words."""
    with Path(path).open("w") as out:
        done = subprocess.run(
            [sys.executable, "-m", "scraper", *map(str, args)],
            cwd=cwd,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            env=environment(),
        )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr.splitlines()[-1]


@pytest.mark.slow
def test_a_reader_that_has_gone_leaves_the_status_of_a_run_alone(
    site: SiteThread, wanted: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    db = tmp_path / "crawl.db"
    configure(tmp_path, site, db)
    assert unread("run", "crawl.yaml", "--limit", "50", cwd=tmp_path) == 4
    assert unread("run", "crawl.yaml", cwd=tmp_path) == 0
    assert rows(db, ITEMS) == wanted
    assert unread("report", db, cwd=tmp_path) == 0
    assert unread("export", db, cwd=tmp_path) == 0
    assert unread("run", "missing.yaml", cwd=tmp_path) == 2


def unread(*args: object, cwd: Path) -> int:
    """The status of the command when both its outputs are a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        return subprocess.run(
            [sys.executable, "-m", "scraper", *map(str, args)],
            cwd=cwd,
            stdout=writing,
            stderr=writing,
            timeout=60,
            env=environment(),
        ).returncode
    finally:
        os.close(writing)
