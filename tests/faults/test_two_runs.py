"""Two runs at once on one database: one of them works, and the other says what it does."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import Running, one, rows, scraper, until, write
from tests.site import SiteThread, html, silent, slow

PAGES = 20
CONFIG = """
version: 1
name: twice
seeds: {{urls: ["{seeds}"]}}
politeness: {{robots: ignore, per_host: 10}}
fetch: {{stall: 60s, private_addresses: true, user_agent: "tests (+https://shop.example)"}}
parse: {{processes: 1}}
pages: {{page: {{items: {{page: {{fields: {{text: p}}}}}}}}}}
store: {{path: crawl.db}}
"""


class Held:
    """A crawl that a first run holds, until its last page is let go."""

    def __init__(self, site: SiteThread, folder: Path) -> None:
        self.site = site
        self.folder = folder
        self.db = folder / "crawl.db"
        (folder / "first").mkdir()
        write(folder, CONFIG.format(seeds=site.url(f"/{{1..{PAGES}}}")))
        self.first = Running("run", "../crawl.yaml", "--db", "../crawl.db", cwd=folder / "first")
        until(lambda: one(self.db, "SELECT count(*) FROM item") == PAGES - 1)

    def second(self, *args: object) -> Running:
        return Running("run", "crawl.yaml", *args, cwd=self.folder)


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    with SiteThread() as site:
        site.route("/*", html(lambda visit: f"<p>{visit.path}</p>"))
        site.route("/7", [silent(), html("<p>/7</p>")])
        held = Held(site, tmp_path)
        with held.first:
            yield held


@pytest.mark.slow
def test_the_second_is_refused_at_once_and_names_the_first(held: Held) -> None:
    ended = scraper("run", "crawl.yaml", cwd=held.folder)  # the first would go on for a minute
    assert ended.status == 75
    assert f"pid {held.first.process.pid}" in ended.err
    assert "crawl.db is locked by another run" in ended.err
    assert held.first.process.poll() is None
    assert one(held.db, "SELECT count(*) FROM run") == 1


@pytest.mark.slow
def test_skip_leaves_with_0(held: Held) -> None:
    ended = scraper("run", "crawl.yaml", "--set", "run.if_running=skip", cwd=held.folder)
    assert ended.status == 0
    assert f"pid {held.first.process.pid}" in ended.err
    assert one(held.db, "SELECT count(*) FROM run") == 1


@pytest.mark.slow
def test_wait_goes_on_when_the_first_is_killed(held: Held) -> None:
    with held.second("--set", "run.if_running=wait") as second:
        until(lambda: "waiting" in second.err)
        time.sleep(0.2)
        assert second.process.poll() is None
        held.first.signal(signal.SIGKILL)
        assert second.wait() == 0, second.err
    assert one(held.db, "SELECT count(*) FROM item") == PAGES
    assert rows(held.db, "SELECT state FROM run ORDER BY id") == [("dead",), ("done",)]


@pytest.mark.slow
def test_the_lock_of_a_killed_run_needs_no_human(held: Held) -> None:
    held.first.signal(signal.SIGKILL)
    held.first.wait()
    ended = scraper("run", "crawl.yaml", cwd=held.folder)
    assert ended.status == 0, ended.err
    assert one(held.db, "SELECT count(*) FROM item") == PAGES


@pytest.mark.slow
def test_reading_commands_need_no_lock(held: Held) -> None:
    assert scraper("report", "crawl.db", cwd=held.folder).status == 0
    exported = scraper("export", "crawl.db", cwd=held.folder)
    assert exported.status == 0
    assert len(exported.out.splitlines()) == PAGES - 1


@pytest.mark.slow
def test_of_many_started_together_one_works(tmp_path: Path) -> None:
    with SiteThread() as site:
        site.route("/*", slow(0.5, html(lambda visit: f"<p>{visit.path}</p>")))
        write(tmp_path, CONFIG.format(seeds=site.url(f"/{{1..{PAGES}}}")))
        runs = []
        for number in range(4):
            folder = tmp_path / str(number)
            folder.mkdir()
            runs.append(Running("run", "../crawl.yaml", "--db", "../crawl.db", cwd=folder))
        statuses = sorted(run.wait() for run in runs)
        for run in runs:
            run.__exit__()
    assert set(statuses) == {0, 75}  # who comes late finds that nothing is due
    assert len(site.visits) == PAGES
