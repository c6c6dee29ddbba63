"""Many hosts with a page each, beside one host with as many pages: memory and time a page.

The real run, frontier, robots and store, over a fetcher that answers at once: what is measured is
what we keep and decide, not the network.

    python -m bench.many [PAGES]     1,000,000 take some twenty minutes
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from scraper.app.run import Options, _wire
from scraper.clock import SystemClock
from scraper.core.model import Request, Response
from scraper.core.plan import (
    FetchPlan,
    HostRule,
    ParsePlan,
    Plan,
    PolitenessPlan,
    SeedFile,
    SeedPlan,
    StorePlan,
)
from scraper.parse.parser import Parser
from scraper.store import open_store

KINDS = {"one host": "http://one.example/{}", "many hosts": "http://h{}.example/"}
ROBOTS = "User-agent: *\nDisallow: /private/\nSitemap: {}/sitemap.xml\n"


class AtOnce:
    """Answers without a network."""

    look_up = None
    headers = SimpleNamespace()
    resent = 0

    async def fetch(self, request: Request, **_: int | None) -> Response:
        await asyncio.sleep(0)
        return Response(request.asked, 200, {"content-type": "text/html"}, b"x", 1)

    async def fetch_url(self, url: str, **_: int) -> Response:
        await asyncio.sleep(0)
        robots = ROBOTS.format(url.removesuffix("/robots.txt")).encode()
        return Response(url, 200, {}, robots, len(robots))


def plan(folder: Path) -> Plan:
    """The crawl of a seed list."""
    return Plan(
        name="hosts",
        seeds=SeedPlan(files=(SeedFile(str(folder / "seeds.txt")),)),
        fetch=FetchPlan("bench"),
        store=StorePlan(str(folder / "hosts.db")),
        politeness=PolitenessPlan(default=HostRule(per_host=100)),
        parse=ParsePlan(processes=1, offload="never"),
    )


async def crawl(folder: Path) -> dict[str, Any]:
    """Crawl the list; returns how it went."""
    crawled, clock = plan(folder), SystemClock()
    async with AsyncExitStack() as stack:
        parser = await stack.enter_async_context(Parser(crawled.parse, ()))
        store = await stack.enter_async_context(await open_store(crawled.store.path, clock=clock))
        run = _wire(
            crawled,
            Options(quiet=True),
            store=store,
            fetcher=AtOnce(),  # type: ignore[arg-type]  # stands for the real one
            parser=parser,
            clock=clock,
            config_hash="",
            level=None,
        )
        before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        outcome = await run.live()
        after = resource.getrusage(resource.RUSAGE_SELF)
        counts = store.queue.counts()
    return {
        "exit_status": outcome.exit_status,
        "done": counts["done"],
        "wall_s": time.perf_counter() - began,
        "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "peak_mb": after.ru_maxrss / 1024,
    }


def measured(url: str, pages: int) -> dict[str, Any]:
    """Crawl in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "seeds.txt").open("w", encoding="utf-8") as file:
            file.writelines(f"{url.format(number)}\n" for number in range(pages))
        command = [sys.executable, "-m", "bench.many", "--in", name]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        return dict(json.loads(done.stdout.splitlines()[-1]))


def lines(pages: int) -> Iterator[str]:
    """What came of it, for a person."""
    yield f"| {pages:,} pages on | CPU ms a page | wall s | peak MB |"
    yield "|---|---|---|---|"
    for kind, url in KINDS.items():
        figures = measured(url, pages)
        if figures["exit_status"] or figures["done"] != pages:
            raise SystemExit(f"{kind}: the crawl went wrong: {figures}")
        cpu_ms = figures["cpu_s"] / pages * 1000
        yield f"| {kind} | {cpu_ms:.3f} | {figures['wall_s']:.0f} | {figures['peak_mb']:.0f} |"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--in"]:
        print(json.dumps(asyncio.run(crawl(Path(sys.argv[2])))))
    else:
        for line in lines(int((sys.argv[1:] or ["1_000_000"])[0])):
            print(line, flush=True)
