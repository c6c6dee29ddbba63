"""Workers of the real command are killed and stopped while they parse: the run finishes."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.command import Running, one, rows, scraper, until, write
from tests.site import SiteThread, Visit, html

PAGES = 300
FILLER = "<ul>" + "<li><a href='#'>more of it</a></li>" * 1500 + "</ul>"

CONFIG = """
version: 1
name: pool
seeds: {{urls: ["{seeds}"]}}
politeness: {{robots: ignore, per_host: 10}}
fetch: {{private_addresses: true, user_agent: "tests (+https://shop.example)"}}
parse: {{processes: 2, offload: always, timeout: 1s}}
pages: {{page: {{items: {{page: {{fields: {{text: p, lines: {{css: li, all: true}}}}}}}}}}}}
"""


def page(visit: Visit) -> str:
    return f"<p>{visit.path}</p>{FILLER}"


@pytest.fixture
def crawl(tmp_path: Path) -> Iterator[Path]:
    """A folder with a config whose site runs."""
    with SiteThread() as site:
        site.route("/*", html(page))
        write(tmp_path, CONFIG.format(seeds=site.url(f"/{{1..{PAGES}}}")))
        yield tmp_path


def start(folder: Path) -> Running:
    return Running("run", "crawl.yaml", "--db", "crawl.db", cwd=folder)


def workers(run: Running) -> list[int]:
    """The processes that parse."""
    found = []
    for pid in run.others():
        with suppress(OSError):
            if b"scraper.parse.worker" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def is_bound(pid: int) -> bool:
    """Whether a worker has come so far that it ends with its parent: its limits are set then."""
    limits = Path(f"/proc/{pid}/limits").read_text()
    return re.search(r"Max address space +\d", limits) is not None


def strike(pids: list[int], number: signal.Signals) -> int:
    """Signal these processes; how many there were."""
    struck = 0
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
            struck += 1
    return struck


def ended(run: Running, folder: Path) -> dict[str, Any]:
    """The report of a run that has done its work in spite of it all."""
    assert run.wait() == 0, run.err
    assert "Traceback" not in run.err
    until(lambda: not run.others())
    report: dict[str, Any] = json.loads(scraper("report", "crawl.db", "--json", cwd=folder).out)
    assert report["requests"]["balanced"]
    assert report["requests"]["waiting"] == 0
    done = rows(folder / "crawl.db", "SELECT url FROM request WHERE state = 'done' ORDER BY url")
    items = rows(folder / "crawl.db", "SELECT key FROM item ORDER BY key")
    assert items == done, "each page that is done has its item"
    return report


@pytest.mark.slow
def test_killed_at_random_at_most_the_pages_in_hand_fail(crawl: Path) -> None:
    chance, kills = random.Random(7), 0
    with start(crawl) as run:
        until(lambda: one(crawl / "crawl.db", "SELECT count(*) FROM item") > 10)
        while run.process.poll() is None and kills < 12:
            pids = workers(run)
            kills += strike(chance.sample(pids, min(len(pids), 1)), signal.SIGKILL)
            time.sleep(chance.uniform(0.01, 0.1))
        report = ended(run, crawl)
    assert set(report["failures"]) <= {"parse_crash"}
    assert report["requests"]["failed"] <= kills // 2, "a page has two workers"
    assert kills > 1
    assert report["parse"]["worker_deaths"] > 0


@pytest.mark.slow
def test_all_killed_at_once_no_page_fails(crawl: Path) -> None:
    with start(crawl) as run:
        until(lambda: one(crawl / "crawl.db", "SELECT count(*) FROM item") > 10)
        assert strike(workers(run), signal.SIGKILL)
        report = ended(run, crawl)
    assert report["requests"]["done"] == PAGES
    assert report["parse"]["worker_deaths"] > 0


@pytest.mark.slow
def test_all_stopped_at_once_no_page_fails(crawl: Path) -> None:
    with start(crawl) as run:
        until(lambda: one(crawl / "crawl.db", "SELECT count(*) FROM item") > 10)
        assert strike(workers(run), signal.SIGSTOP)
        report = ended(run, crawl)
    assert report["requests"]["done"] == PAGES
    assert report["parse"]["timeouts"] > 0


@pytest.mark.slow
def test_the_command_is_stopped_for_a_while_and_goes_on(crawl: Path) -> None:
    """A closed laptop, a paused container: time has passed for nobody but the world."""
    with start(crawl) as run:
        until(lambda: one(crawl / "crawl.db", "SELECT count(*) FROM item") > 10)
        os.killpg(run.process.pid, signal.SIGSTOP)
        time.sleep(2.5)
        os.killpg(run.process.pid, signal.SIGCONT)
        report = ended(run, crawl)
    assert report["requests"]["done"] == PAGES


@pytest.mark.slow
def test_of_a_killed_command_no_worker_remains_not_even_a_stopped_one(crawl: Path) -> None:
    with start(crawl) as run:
        until(lambda: one(crawl / "crawl.db", "SELECT count(*) FROM item") > 10)
        until(lambda: all(map(is_bound, workers(run))))
        strike(workers(run)[:1], signal.SIGSTOP)
        run.process.kill()
        run.wait()
        until(lambda: not run.others())
