"""The real command is killed at random moments of a crawl; the same command finishes the job."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.command import Running, one, rows, scraper, until, write
from tests.site import Handler, SiteThread, Visit, computed, html, redirect, status

TRIALS = int(os.environ.get("SOAK", "5"))
HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
LISTS = 16  # on each host
BOOKS = 20  # on each list
PAGES = len(HOSTS) * LISTS * (BOOKS + 1)  # 1,008
SHELVES = 40
MISSING = {n for n in range(LISTS * BOOKS) if n % 101 == 7}
ITEM_COUNT = len(HOSTS) * (LISTS * BOOKS - len(MISSING)) + SHELVES
FILLER = "<p>Read by many, forgotten by none.</p>" * 600  # of pages that go to the pool
ITEMS = "SELECT type, key, data FROM item ORDER BY type, key"
STATES = "SELECT url, state, reason, seed FROM request ORDER BY url"
VISITS = (
    "SELECT url, visit.state, visit.reason FROM visit JOIN request ON id = request_id ORDER BY url"
)

CONFIG = """
version: 1
name: books
seeds: {{urls: [{seeds}]}}
politeness: {{robots: ignore, per_host: 8}}
fetch:
  concurrency: 16
  private_addresses: true
  user_agent: "tests (+https://shop.example)"
  retry: {{first: 50ms, longest: 200ms}}
parse: {{processes: 1, offload: 16KiB}}
pages:
  list:
    match: "/list/*"
    follow: [{{css: a, page: book}}]
  book:
    items:
      book: {{key: name, fields: {{name: h1, price: {{css: b, type: decimal}}}}}}
      shelf: {{key: number, fields: {{number: i, shown_by: h1}}}}  # by many pages: one of them wins
"""


@dataclass(frozen=True)
class Flaky:
    """A site that answers 503 to the first request for some books, and moves others."""

    asked: Counter[str]

    def answer(self, visit: Visit) -> Handler:
        page = f"{visit.host}{visit.path}"
        self.asked[page] += 1
        number = int(visit.path.rpartition("/")[2])
        if visit.path.startswith("/list/"):
            links = (f"<a href='/book/{number * BOOKS + n}'>book</a>" for n in range(BOOKS))
            return html("".join(links) + FILLER * (number % 4 == 0))
        if number % 11 == 3 and self.asked[page] == 1:
            return status(503)
        if number % 13 == 4 and visit.path.startswith("/book/"):
            return redirect(f"/moved/{number}")
        if number in MISSING:
            return status(404)
        return html(
            f"<h1>{visit.host} {number}</h1><b>{number}.50 EUR</b><i>{number % SHELVES}</i>"
            + FILLER * (number % 17 == 0)
        )


@dataclass(frozen=True)
class Undisturbed:
    """A crawl that nobody kills: what each killed one has to come to."""

    site: SiteThread
    flaky: Flaky
    config: str
    items: list[tuple[Any, ...]]
    states: list[tuple[Any, ...]]
    visits: list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Undisturbed]:
    folder = tmp_path_factory.mktemp("undisturbed")
    flaky = Flaky(Counter())
    with SiteThread(hosts=HOSTS) as site:
        site.route("/*", computed(flaky.answer))
        seeds = [site.url(f"/list/{{0..{LISTS - 1}}}", host=host) for host in HOSTS]
        config = CONFIG.format(seeds=", ".join(f'"{seed}"' for seed in seeds))
        write(folder, config)
        ended = scraper("run", "crawl.yaml", "--db", "crawl.db", cwd=folder)
        assert ended.status == 0, ended.err
        db = folder / "crawl.db"
        found = [rows(db, sql) for sql in (ITEMS, STATES, VISITS)]
        assert [len(one) for one in found] == [ITEM_COUNT, PAGES, PAGES]
        yield Undisturbed(site, flaky, config, *found)


def finished(db: Path) -> set[str]:
    """The pages, without the scheme, that killed runs have left done."""
    try:
        done = rows(db, "SELECT url FROM request WHERE state = 'done'")
    except sqlite3.OperationalError:  # killed before there was a table
        return set()
    return {url.partition("//")[2] for (url,) in done}


def cut_off(db: Path) -> bool:
    """Whether the last run has begun and did not end."""
    try:
        return rows(db, "SELECT state FROM run ORDER BY id DESC LIMIT 1") == [("running",)]
    except sqlite3.OperationalError:
        return False


def kill(folder: Path, site: SiteThread, *, after: int, wait_s: float) -> None:
    """Start the command and kill it some time after that many requests, unless it ends before."""
    after += len(site.visits)
    with Running("run", "crawl.yaml", "--db", "crawl.db", cwd=folder) as run:
        until(lambda: len(site.visits) >= after or run.process.poll() is not None)
        time.sleep(wait_s)
        run.process.kill()
        assert run.wait() in {0, -9}, run.err
        until(lambda: not run.others())


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("trial", range(TRIALS))
def test_killed_at_a_random_moment_the_same_command_finishes_the_job(
    undisturbed: Undisturbed, tmp_path: Path, trial: int
) -> None:
    chance = random.Random(trial)
    flaky, site = undisturbed.flaky, undisturbed.site
    write(tmp_path, undisturbed.config)
    db = tmp_path / "crawl.db"
    flaky.asked.clear()
    for _ in range(chance.choice((1, 1, 2))):
        done, asked = finished(db), Counter(flaky.asked)
        after = chance.choice((0, chance.randrange(PAGES), chance.randrange(PAGES)))
        kill(tmp_path, site, after=after, wait_s=chance.uniform(0, 0.05 if after else 0.8))
        assert not done & set(flaky.asked - asked), "a finished page was asked for again"
    done, asked, resumed = finished(db), Counter(flaky.asked), cut_off(db)
    ended = scraper("run", "crawl.yaml", "--db", "crawl.db", "-q", cwd=tmp_path)
    assert ended.status == 0, ended.err
    assert not done & set(flaky.asked - asked), "a finished page was asked for again"
    assert rows(db, STATES) == undisturbed.states
    assert rows(db, ITEMS) == undisturbed.items
    assert rows(db, VISITS) == undisturbed.visits, "a page has one outcome, in all runs together"
    assert not rows(db, "SELECT * FROM item_history"), "nothing has changed"
    assert one(db, "PRAGMA integrity_check") == "ok"
    report = json.loads(scraper("report", "crawl.db", "--json", cwd=tmp_path).out)
    assert report["requests"]["balanced"]
    assert report["requests"]["waiting"] == 0
    assert report["run"]["resumed"] == resumed
