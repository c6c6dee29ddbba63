"""Each command finds what it needs in a fresh interpreter; other tests run it warm."""

from __future__ import annotations

import pytest

from tests.command import Ended, scraper
from tests.e2e.conftest import SHOP, Crawl


def cold(crawl: Crawl, *args: object) -> Ended:
    return scraper(*args, cwd=crawl.folder, cold=True)


@pytest.mark.slow
def test_each_command_runs_in_a_fresh_interpreter(shop: Crawl):
    shop.config(SHOP + "\nstore: {path: crawl.db, bodies: zstd}")
    page = shop.site.url("/p/1")
    for args, part in (
        (("check", "crawl.yaml"), "product"),
        (("plan", "crawl.yaml"), "20"),
        (("try", "crawl.yaml", page), "Thing 1"),
        (("new", page), "h1"),
        (("run", "crawl.yaml"), "20 done"),
        (("report", "crawl.db"), "20 done"),
        (("export", "crawl.db", "--format", "csv"), "Thing 20"),
        (("why", "crawl.db", page), "done"),
        (("reparse", "crawl.yaml"), "20"),
        (("record", "crawl.yaml", f"crawl.db:{page}"), "recorded"),
        (("test", "crawl.yaml"), ""),
        (("schema",), "$defs"),
        (("--version",), "scraper"),
    ):
        ended = cold(shop, *args)
        assert (ended.status, "Traceback" in ended.err) == (0, False), (args, ended)
        assert part in ended.out, (args, ended)
