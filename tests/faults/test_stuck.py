"""A run that stands still is told from one that waits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.command import Running, environment, until, write
from tests.site import SiteThread, html, slow

CONFIG = """
version: 1
name: crawl
seeds: {{urls: ["{url}"]}}
fetch: {{user_agent: bot (+https://my.site), private_addresses: true}}
pages: {{page: {{match: "/*", items: {{page: {{fields: {{title: h1}}}}}}}}}}
store: {{path: data/crawl.db}}
"""


def health(folder: Path) -> int:
    command = [sys.executable, "-m", "scraper.health", str(folder)]
    return subprocess.run(command, env=environment(), stdout=subprocess.DEVNULL).returncode


@pytest.mark.slow
def test_the_loop_gives_signs_of_life_and_a_stopped_process_none(tmp_path: Path) -> None:
    lock = tmp_path / "data/crawl.db.lock"

    def age() -> float:
        long_ago = time.time() - 1_000
        os.utime(lock, (long_ago, long_ago))
        return long_ago

    with SiteThread() as site:
        site.route("/page", slow(60, html("<h1>late</h1>")))
        write(tmp_path, CONFIG.format(url=site.url("/page")))
        with Running("run", "crawl.yaml", cwd=tmp_path) as run:
            until(lambda: "/page" in site.paths())
            long_ago = age()
            until(lambda: lock.stat().st_mtime > long_ago + 900)
            assert health(tmp_path) == 0  # it waits for its page, and lives
            run.signal(signal.SIGSTOP)
            age()
            assert health(tmp_path) == 1
            run.signal(signal.SIGCONT)
            until(lambda: health(tmp_path) == 0)
            run.process.kill()
            run.wait()
            age()
            assert health(tmp_path) == 0  # a dead run is not stuck
