"""SIGTERM and SIGINT at each phase of the real command: it ends in time, and nothing is lost."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command import Running, one, rows, scraper, seed_lines, until, write
from tests.site import Handler, SiteThread, Visit, html, retry_after, slow

PAGES = 30
IN_TIME_S = 8.0
AT_ONCE_S = 4.5  # nothing is waited for: less than a drain, on a busy machine too
SIGNALS = (signal.SIGTERM, signal.SIGINT)
ITEMS = "SELECT type, key, data FROM item ORDER BY type, key"
KNOTTED = "<p>knot</p>" + "<div>" * 200_000  # takes a parser minutes

CONFIG = """
version: 1
name: pages
seeds: {seeds}
politeness: {{robots: ignore, per_host: 10}}
fetch: {{private_addresses: true, user_agent: "tests (+https://shop.example)"}}
parse: {{processes: 1}}
pages: {{page: {{items: {{page: {{fields: {{text: p}}}}}}}}}}
"""


def page(visit: Visit) -> str:
    return f"<p>{visit.path}</p>"


class Crawl:
    """A crawl of `PAGES` pages, one of which may be special when it is asked for first."""

    def __init__(self, site: SiteThread, folder: Path) -> None:
        self.site = site
        self.folder = folder
        self.db = folder / "crawl.db"
        site.route("/*", html(page))
        self.configure(f'{{urls: ["{site.url(f"/{{1..{PAGES}}}")}"]}}')

    def configure(self, seeds: str) -> None:
        write(self.folder, CONFIG.format(seeds=seeds))

    def special(self, number: int, first: Handler) -> None:
        self.site.route(f"/{number}", [first, html(page)])

    def start(self, *args: str, **more: Any) -> Running:
        return Running("run", "crawl.yaml", "--db", "crawl.db", *args, cwd=self.folder, **more)

    def done(self) -> int:
        return int(one(self.db, "SELECT count(*) FROM request WHERE state = 'done'"))

    def resume(self, *args: str, stdin: str | None = None) -> None:
        """The same command again finds every page, none of the done ones a second time."""
        before = {url for (url,) in rows(self.db, "SELECT url FROM request WHERE state = 'done'")}
        self.site.visits.clear()
        command = ("run", "crawl.yaml", "--db", "crawl.db", *args)
        ended = scraper(*command, cwd=self.folder, stdin=stdin)
        assert ended.status == 0, ended.err
        assert not before & {self.site.url(path) for path in self.site.paths()}
        assert [key for _, key, _ in rows(self.db, ITEMS)] == sorted(
            self.site.url(f"/{n}") for n in range(1, PAGES + 1)
        )
        assert one(self.db, "SELECT count(*) FROM visit WHERE state = 'done'") == PAGES


@pytest.fixture
def crawl(tmp_path: Path) -> Iterator[Crawl]:
    with SiteThread() as site:
        yield Crawl(site, tmp_path)


def told(run: Running, number: signal.Signals, *, within_s: float, group: bool = False) -> None:
    """Signal the command, or all its processes; it ends in time with 4 and leaves no process."""
    began = time.monotonic()
    if group:
        os.killpg(run.process.pid, number)
    else:
        run.signal(number)
    status = run.wait()
    took_s = time.monotonic() - began
    assert status == 4, run.err
    assert "Traceback" not in run.err
    assert took_s < within_s, f"took {took_s:.1f} s\n{run.err}"
    until(lambda: not run.others())


def listens(run: Running) -> bool:
    """Whether the process catches SIGTERM; before, there is only the interpreter's own start."""
    status = Path(f"/proc/{run.process.pid}/status").read_text()
    caught = int(status.partition("SigCgt:")[2].split()[0], 16)
    return bool(caught >> (signal.SIGTERM - 1) & 1)


@pytest.mark.slow
@pytest.mark.parametrize("number", SIGNALS)
def test_while_it_starts(crawl: Crawl, number: signal.Signals) -> None:
    crawl.site.route("/*", slow(0.5, html(page)))  # so that it is not done before the signal
    for wait_s in (0.0, 0.1, 0.25, 0.4):
        with crawl.start() as run:
            until(lambda run=run: listens(run))
            time.sleep(wait_s)
            told(run, number, within_s=AT_ONCE_S)
    crawl.site.route("/*", html(page))
    scraper("run", "crawl.yaml", "--db", "crawl.db", "--limit", "1", cwd=crawl.folder)
    crawl.resume()


@pytest.mark.slow
@pytest.mark.parametrize("number", SIGNALS)
def test_while_a_list_of_seeds_stalls(crawl: Crawl, number: signal.Signals) -> None:
    crawl.configure('{file: "-"}')
    urls = [crawl.site.url(f"/{n}") for n in range(1, PAGES + 1)]
    with crawl.start(stdin=subprocess.PIPE) as run:
        assert run.process.stdin is not None
        run.process.stdin.write(seed_lines(urls[:20]).encode() + urls[20][:-1].encode())
        run.process.stdin.flush()
        until(lambda: crawl.done() == 20)
        told(run, number, within_s=AT_ONCE_S)
    assert crawl.done() == 20
    crawl.resume(stdin=seed_lines(urls))


@pytest.mark.slow
def test_while_a_million_seeds_are_read(crawl: Crawl) -> None:
    crawl.configure(f'{{urls: ["{crawl.site.url("/{1..1000000}")}"]}}')
    with crawl.start() as run:
        until(lambda: len(crawl.site.visits) >= 100)
        told(run, signal.SIGTERM, within_s=AT_ONCE_S)
    known = one(crawl.db, "SELECT count(*) FROM request")
    assert known == one(crawl.db, "SELECT count(DISTINCT url) FROM request") < 1_000_000
    assert crawl.done() >= 90


@pytest.mark.slow
def test_while_pages_are_fetched_what_is_open_may_end(crawl: Crawl) -> None:
    crawl.special(7, slow(2, html(page)))
    crawl.special(8, slow(60, html(page)))
    with crawl.start() as run:
        until(lambda: crawl.done() == PAGES - 2)
        told(run, signal.SIGTERM, within_s=IN_TIME_S)
    assert crawl.done() == PAGES - 1
    assert one(crawl.db, "SELECT stopped_by FROM run") == "SIGTERM"
    crawl.resume()


@pytest.mark.slow
@pytest.mark.parametrize("number", SIGNALS)
def test_the_second_signal_ends_it_at_once(crawl: Crawl, number: signal.Signals) -> None:
    crawl.special(8, slow(60, html(page)))
    with crawl.start() as run:
        until(lambda: crawl.done() == PAGES - 1)
        run.signal(number)
        until(lambda: "stopping" in run.err)
        told(run, number, within_s=AT_ONCE_S)
    crawl.resume()


@pytest.mark.slow
def test_while_a_worker_parses(crawl: Crawl) -> None:
    crawl.special(8, html(KNOTTED))
    with crawl.start() as run:
        until(lambda: crawl.done() >= PAGES - 1)
        told(run, signal.SIGINT, within_s=IN_TIME_S, group=True)
    crawl.resume()


@pytest.mark.slow
def test_the_second_signal_while_a_worker_parses(crawl: Crawl) -> None:
    crawl.special(8, html(KNOTTED))
    with crawl.start() as run:
        until(lambda: crawl.done() == PAGES - 1)
        run.signal(signal.SIGTERM)
        until(lambda: "stopping" in run.err)
        told(run, signal.SIGINT, within_s=AT_ONCE_S)
    crawl.resume()


@pytest.mark.slow
@pytest.mark.parametrize("number", SIGNALS)
def test_while_all_that_is_left_waits_for_its_retry(crawl: Crawl, number: signal.Signals) -> None:
    crawl.special(8, retry_after("120"))
    with crawl.start() as run:
        until(lambda: one(crawl.db, "SELECT count(*) FROM request WHERE due_at IS NOT NULL") == 1)
        told(run, number, within_s=AT_ONCE_S)
    pass_time(crawl.db)
    crawl.resume()


@pytest.mark.slow
def test_while_a_host_keeps_its_delay(crawl: Crawl) -> None:
    with crawl.start("--set", "politeness.delay=120s") as run:
        until(lambda: crawl.done() == 1)
        told(run, signal.SIGTERM, within_s=AT_ONCE_S)
    crawl.resume()


@pytest.mark.slow
def test_while_it_ends(crawl: Crawl) -> None:
    """Done is done: the signal then changes nothing, or stops what is not done."""
    for wait_s in (0.0, 0.01, 0.03, 0.1, 0.2):
        crawl.db.unlink(missing_ok=True)
        crawl.site.visits.clear()
        with crawl.start() as run:
            until(lambda: len(crawl.site.visits) == PAGES)
            time.sleep(wait_s)
            run.signal(signal.SIGTERM)
            status = run.wait()
            # the end of the seeds may be written after the last page
            left = crawl.done() < PAGES or not one(crawl.db, "SELECT seeded FROM cycle")
            state = one(crawl.db, "SELECT state FROM run")
            assert (status, state) == ((4, "stopped") if left else (0, "done")), run.err
            assert "Traceback" not in run.err
            assert not run.others()
        if left:
            crawl.resume()


@pytest.mark.slow
def test_while_the_demo_runs_its_site_ends_too(tmp_path: Path) -> None:
    with Running("demo", "--db", "demo.db", cwd=tmp_path) as run:
        until(lambda: one(tmp_path / "demo.db", "SELECT count(*) FROM item") > 0)
        children = Path(f"/proc/{run.process.pid}/task/{run.process.pid}/children")
        site = [Path("/proc", pid) for pid in children.read_text().split()]  # in its own session
        assert site
        told(run, signal.SIGINT, within_s=IN_TIME_S, group=True)
        until(lambda: not any(map(Path.exists, site)))


@pytest.mark.slow
def test_while_it_waits_for_another_run(crawl: Crawl) -> None:
    crawl.special(8, slow(60, html(page)))
    with crawl.start() as first:
        until(lambda: crawl.done() == PAGES - 1)
        with crawl.start("--set", "run.if_running=wait", "-v") as second:
            until(lambda: "waiting" in (crawl.folder / "stderr.txt").read_text())
            told(second, signal.SIGTERM, within_s=AT_ONCE_S)
        assert first.process.poll() is None


def pass_time(db: Path) -> None:
    """Let every page be due and no host be paused."""
    with sqlite3.connect(db) as connection:
        connection.execute("UPDATE request SET due_at = 0 WHERE due_at IS NOT NULL")
        connection.execute("UPDATE host SET paused_until = NULL")
    connection.close()
