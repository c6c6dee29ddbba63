"""What a second core brings a reparse: `python -m bench.reparse [--pages N] [--rounds N]`.

The pages are those of the other benches, put into a database without a network; the same database
is then reparsed on one core, on two cores with one worker process, and on two cores with two, in
turn, round after round. Quoted are medians. On two cores that nobody else uses it should be at
least 1.7 times as fast as on one. With one worker process the second core is not idle: it reads
and writes the database.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import machine, ours, pages
from bench.measure import ENV, Figures, run
from scraper.clock import SystemClock
from scraper.core.model import PageResult, Response
from scraper.core.request import make_request
from scraper.core.url import parse
from scraper.store import RunStart, open_store

WANTED = 1.7
PLACES = {  # how it is run: what goes before the command, worker processes
    "one core": (("taskset", "-c", "0"), 1),
    "two cores, one process": ((), 1),
    "two cores": ((), 2),
}
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
    for request in await store.queue.of_hosts({"127.0.0.1:8799": STEP}, ()):
        body = pages.page(urls[request.url] % pages.FILES)[0].encode()
        headers = {"content-type": "text/html; charset=utf-8"}
        answer = Response(request.url, 200, headers, body)
        await store.writer.put(
            PageResult(request, status=200, final_url=request.url, rule="product", answer=answer)
        )
    await store.writer.flush()


def reparse(config: Path, place: str, log: Path) -> Figures:
    """One run of the command."""
    before, processes = PLACES[place]
    command = [*before, str(Path(sys.executable).with_name("scraper")), "reparse", str(config)]
    figures = run([*command, "--set", f"parse.processes={processes}"], log=log, env=ENV)
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
        log = folder / "reparse.log"
        reparse(config, "two cores", log)  # makes the items; the others find them unchanged
        runs: dict[str, list[Figures]] = {place: [] for place in PLACES}
        for _ in range(options.rounds):
            for place, found in runs.items():
                found.append(reparse(config, place, log))
    return _tell(runs, options.pages)


def _tell(runs: dict[str, list[Figures]], count: int) -> int:
    walls = {place: [each.wall_s for each in found] for place, found in runs.items()}
    ratio = 0.0
    for place, each in walls.items():
        wall_s = statistics.median(each)
        cpu_s = statistics.median(figures.cpu_s for figures in runs[place])
        ratios = [one / here for one, here in zip(walls["one core"], each, strict=True)]
        ratio = statistics.median(ratios)
        print(
            f"{place}: {wall_s:.2f} s ({min(each):.2f} to {max(each):.2f}), "
            f"{count / wall_s:.0f} pages/s, {cpu_s:.2f} s of processor, "
            f"{ratio:.2f} times one core ({min(ratios):.2f} to {max(ratios):.2f})"
        )
    print(f"wanted on two cores: {WANTED}")
    return 0 if ratio >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
