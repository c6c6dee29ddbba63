"""What a second worker brings a reparse: `python -m bench.reparse [--pages N] [--rounds N]`.

The pages are those of the other benches, put into a database without a network; the same database
is then reparsed with one process and with two, in turn, round after round. Quoted are medians. On
two cores that nobody else uses, two processes should be at least 1.7 times as fast.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import machine, ours, pages
from bench.measure import Figures, run
from scraper.clock import SystemClock
from scraper.core.model import PageResult, Response
from scraper.core.request import make_request
from scraper.core.url import parse
from scraper.store import RunStart, open_store

WANTED = 1.7
STEP = 200  # pages held at once


async def fill(db: Path, count: int) -> None:
    """A database that has visited the pages and knows no items."""
    async with await open_store(db, clock=SystemClock()) as store:
        store.keep_bodies("zstd")
        await store.runs.begin(RunStart("bench"))
        async with asyncio.TaskGroup() as group:
            group.create_task(store.writer.run())
            for start in range(0, count, STEP):
                await _visit(store, range(start, min(start + STEP, count)))
            await store.writer.close()
        await store.runs.end_cycle()
        await store.runs.finish(state="done", exit_status=0)


async def _visit(store, numbers: range) -> None:  # noqa: ANN001 - an open store
    urls = {f"http://127.0.0.1:8799{pages.path_of(n)}": n for n in numbers}
    await store.writer.add_seeds([make_request(parse(url), seed=True) for url in urls])
    for request in await store.queue.of_host("127.0.0.1:8799", STEP, ()):
        body = pages.page(urls[request.url] % pages.FILES)[0].encode()
        headers = {"content-type": "text/html; charset=utf-8"}
        answer = Response(request.url, 200, headers, body)
        await store.writer.put(
            PageResult(request, status=200, final_url=request.url, rule="product", answer=answer)
        )
    await store.writer.flush()


def reparse(config: Path, processes: int, log: Path) -> Figures:
    """One run of the command."""
    command = [str(Path(sys.executable).with_name("scraper")), "reparse", str(config)]
    figures = run(
        [*command, "--set", f"parse.processes={processes}"], log=log, env=dict(os.environ)
    )
    if figures.exit_status:
        raise RuntimeError(f"{' '.join(command)} ended with {figures.exit_status}; see {log}")
    return figures


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(words)
    print(*(f"{name}: {value}" for name, value in machine.about().items()), sep="\n")
    with tempfile.TemporaryDirectory() as name:
        folder, db = Path(name), Path(name) / "bench.db"
        config = ours.config(folder, seeds=folder / "none.txt", db=db, follow=True)
        asyncio.run(fill(db, options.pages))
        reparse(config, 2, folder / "first.log")  # makes the items; the others find them unchanged
        runs: dict[int, list[Figures]] = {1: [], 2: []}
        for _ in range(options.rounds):
            for processes, found in runs.items():
                found.append(reparse(config, processes, folder / f"{processes}.log"))
    return _tell(runs, options.pages)


def _tell(runs: dict[int, list[Figures]], count: int) -> int:
    walls = {processes: [each.wall_s for each in found] for processes, found in runs.items()}
    for processes, each in walls.items():
        wall_s = statistics.median(each)
        cpu_s = statistics.median(figures.cpu_s for figures in runs[processes])
        spread = f"{min(each):.2f} to {max(each):.2f}"
        print(
            f"{processes} processes: {wall_s:.2f} s ({spread}), {count / wall_s:.0f} pages/s, "
            f"{cpu_s:.2f} s of processor"
        )
    ratios = [one / two for one, two in zip(walls[1], walls[2], strict=True)]
    ratio = statistics.median(ratios)
    print(f"ratio: {ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f}); wanted: {WANTED}")
    return 0 if ratio >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
