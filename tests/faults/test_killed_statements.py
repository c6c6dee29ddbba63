"""The whole pipeline is killed at its SQL statements, one after another, and resumed.

`python -m tests.faults.test_killed_statements FOLDER STEP` is the rig: a process without threads
that imports once and forks for each statement. What the store alone does is in
`test_store_killed`; here real pages are fetched from a site.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from scraper.app.run import Options, run_crawl
from scraper.config import load
from tests.command import environment, rows, write
from tests.faults.test_store_killed import in_child, killed_at
from tests.site import Handler, SiteThread, Visit, computed, html, redirect, retry_after, slow
from tests.site import status as answer

HOSTS = ("127.0.0.1", "127.0.0.2")
STEP = 1 if "SOAK" in os.environ else 13
CONFIG = """
version: 1
name: shop
seeds:
  urls: ["{first}/a", "{first}/away"]
  requests: [{{url: "{first}/buy", method: POST, json: {{tea: 1}}, page: buy}}]
scope: {{max_depth: 2}}
fetch:
  private_addresses: true
  user_agent: "tests (+https://shop.example)"
  retry: {{first: 10ms, longest: 20ms}}
  headers: {{X-Trial: "${{TRIAL}}"}}
parse: {{processes: 1, offload: never}}
pages:
  page:
    match: "/**"
    items: {{book: {{key: name, fields: {{name: {{css: h1, required: true}}, by: p}}}}}}
    follow: [{{css: a}}]
  buy: {{}}
"""
LINKS = {"/a": "bcdefg", "/slow": "h", "/d": "hij", "/e": "ab", "/h": "k"}
STATES = "SELECT url, state, reason, depth, seed FROM request WHERE method = 'GET' ORDER BY url"
ITEMS = "SELECT type, key, data, request_key FROM item ORDER BY type, key"
VISITS = (
    "SELECT url, visit.state, visit.reason FROM visit JOIN request ON id = request_id "
    "WHERE method = 'GET' ORDER BY url"
)
OUTCOME = (STATES, ITEMS, VISITS)


class Shop:
    """The site; it knows which trial asks, and forgets nothing of it."""

    def __init__(self) -> None:
        self.asked: Counter[tuple[str, str]] = Counter()

    def answer(self, visit: Visit) -> Handler:
        path, trial = visit.path, visit.headers.get("x-trial", "")
        self.asked[trial, path] += 1
        if path == "/b" and self.asked[trial, path] == 1:
            return retry_after("0")
        if path == "/away":
            return redirect(f"http://{HOSTS[1]}:{visit.host.partition(':')[2]}/e")
        if path == "/c":
            return redirect("/moved")
        if path in ("/f", "/robots.txt"):
            return answer(404)
        page = html(
            f"<h1>{path[-1]}</h1><p>{visit.host} {path}</p>"
            + "".join(f"<a href='/{link}'>{link}</a>" for link in LINKS.get(path, ""))
        )
        return slow(0.02, page) if path in ("/g", "/d") else page


def run(folder: Path, trial: object) -> int:
    """One run of the command in this process; returns its exit status."""
    loaded = load(folder / "crawl.yaml", env={"TRIAL": str(trial)}, db=str(database(folder, trial)))
    return run_crawl(loaded.plan, Options(quiet=True), config_hash=loaded.hash)


def database(folder: Path, trial: object) -> Path:
    return folder / str(trial) / "crawl.db"


def killed_run(folder: Path, trial: object, statement: int) -> None:
    sqlite3.connect = killed_at(statement)  # type: ignore[assignment]
    assert run(folder, trial) == 0


def resumed(folder: Path, trial: object) -> None:
    assert run(folder, trial) == 0


def outcome(folder: Path, trial: object) -> list[list[tuple[Any, ...]]]:
    return [rows(database(folder, trial), sql) for sql in OUTCOME]


def rig(folder: Path, step: int) -> None:
    """Kill at each statement, resume, compare; prints how many statements there were."""
    assert in_child(lambda: resumed(folder, "whole")) == 0
    wanted = outcome(folder, "whole")
    statement, status = 0, 9
    while status == 9:
        statement += step
        status = in_child(lambda: killed_run(folder, statement, statement))  # noqa: B023  # at once
        assert status in {0, 9}, f"statement {statement}: died of something else"
        assert in_child(lambda: resumed(folder, statement)) == 0, statement  # noqa: B023
        found = outcome(folder, statement)
        for one, other in zip(found, wanted, strict=True):
            assert one == other, f"statement {statement}: {one} != {other}"
    sys.stdout.write(f"{statement}\n")


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.timeout(600)
def test_killed_at_a_statement_and_resumed_the_crawl_comes_to_the_same() -> None:
    shop = Shop()
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with SiteThread(hosts=HOSTS) as site, tempfile.TemporaryDirectory(dir=memory) as name:
        site.route("/*", computed(shop.answer))
        write(Path(name), CONFIG.format(first=site.url("")))
        rig_ = subprocess.run(
            [sys.executable, "-m", "tests.faults.test_killed_statements", name, str(STEP)],
            capture_output=True,
            text=True,
            env=environment(),
        )
    assert rig_.returncode == 0, rig_.stderr
    assert int(rig_.stdout) > 100
    sent = {trial: times for (trial, path), times in shop.asked.items() if path == "/buy"}
    assert set(sent.values()) == {1}, "a form was sent twice"


if __name__ == "__main__":
    rig(Path(sys.argv[1]), int(sys.argv[2]))
