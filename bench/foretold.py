"""What `scraper plan` expects of the next run, and what it then takes: `python -m bench.foretold`.

Each kind of crawl is run for the first time, planned, run again, planned, and run a third time;
some have other settings by then. Printed are the seconds expected and taken, and their ratio; where
computing is the limit, on a machine that others use too, the last ratio tells more: of what was
expected to what the processor time of the run and of the one before says.
`--only WORDS` takes the kinds whose name holds one of these words, `--times N` repeats all of it.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import server
from bench.measure import ENV

SCRAPER = str(Path(sys.executable).with_name("scraper"))
_CONFIG = """version: 1
name: foretold
seeds: {{file: seeds.txt}}
politeness: {{per_host: {per_host}, delay: {delay}}}
fetch:
  concurrency: {concurrency}
  user_agent: "bench (+https://example.org/bot)"
  private_addresses: ["127.0.0.0/8"]
pages:
  list:
    match: "/list/*"
    follow: [{{css: a.page, page: page}}]
  page:
    match: "/p/*"
    items:
      thing:
        fields:
          name: h1.name
          price: {{css: p.price, type: decimal}}
          sku: p.sku
          brand: p.brand
          points: {{css: li, all: true}}
store: {{path: crawl.db}}
"""
_LAST = """
SELECT ended_at - started_at,
    json_extract(stats, '$.cpu_s.main') - json_extract(stats, '$.begin_cpu_s')
FROM run ORDER BY id DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """A crawl.

    Attributes:
        again: options of `run` and `plan` from the second run on, and of the third.
        first: options of the first run.
        seeds: of the runs: pages, or lists when negative.
        statuses: how the first run may end.
    """

    name: str
    seeds: tuple[int, int, int]
    latency_s: float = 0.0
    kilobytes: float = 4
    validators: bool = False
    hosts: int = 1
    per_host: int = 100
    concurrency: int = 100
    delay: str = "0s"
    first: Sequence[str] = ()
    again: tuple[Sequence[str], Sequence[str]] = (("--fresh",), ("--fresh",))


_SAME = (("--set", "run.refresh=0s"),) * 2
KINDS = (
    Kind("computing, read anew", (4000,) * 3),
    Kind("computing, no validators", (4000,) * 3, again=_SAME),
    Kind("computing, not changed", (4000,) * 3, validators=True, again=_SAME),
    Kind("computing, large pages", (1500,) * 3, kilobytes=60),
    Kind("computing, large pages not changed", (1500,) * 3, kilobytes=60, validators=True,
         again=_SAME),
    Kind("computing, by links", (-100,) * 3, again=_SAME),
    Kind("computing, few pages", (500,) * 3),
    Kind("computing, twice the seeds", (2000, 4000, 4000)),
    Kind("latency", (1500,) * 3, latency_s=0.2, concurrency=50),
    Kind("latency, not changed", (1500,) * 3, latency_s=0.2, concurrency=50, validators=True,
         again=_SAME),
    Kind("latency, twice the concurrency", (1500,) * 3, latency_s=0.2, concurrency=50,
         again=(("--fresh", "--set", "fetch.concurrency=100"), ("--fresh",))),
    Kind("latency, per_host", (300,) * 3, latency_s=0.1, per_host=4),
    Kind("delay", (200,) * 3, hosts=2, delay="50ms"),
    Kind("delay, not changed", (200,) * 3, hosts=2, delay="50ms", validators=True, again=_SAME),
    Kind("delay, halved", (200,) * 3, hosts=2, delay="50ms",
         again=(("--fresh", "--set", "politeness.delay=25ms"), ("--fresh",))),
    Kind("many hosts", (3000,) * 3, hosts=100, latency_s=0.05),
    Kind("stopped half way", (4000,) * 3, first=("--limit", "2000"), again=((), ("--fresh",))),
    Kind("delay, stopped half way", (200,) * 3, delay="30ms", first=("--limit", "100"),
         again=((), ("--fresh",))),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Taken:
    """A run and what was foretold of it; seconds."""

    foretold: dict[str, Any] | None
    took_s: float
    cpu_s: float


class Crawl:
    """One kind of crawl, in a folder of its own."""

    def __init__(self, kind: Kind, folder: Path, port: int) -> None:
        self._kind = kind
        self._folder = folder
        self._port = port
        text = _CONFIG.format(
            per_host=kind.per_host, delay=kind.delay, concurrency=kind.concurrency
        )
        (folder / "crawl.yaml").write_text(text)

    def runs(self) -> Iterator[Taken]:
        """The first run, and those that were planned."""
        options = (self._kind.first, *self._kind.again)
        for seeds, more in zip(self._kind.seeds, options, strict=True):
            self._write_seeds(seeds)
            planned = None
            if (self._folder / "crawl.db").exists():
                told = self._scraper("plan", "crawl.yaml", "--json", *more)
                planned = json.loads(told)["expected"]
            self._scraper("run", "crawl.yaml", "-q", *more)
            yield Taken(planned, *self._last())

    def _last(self) -> tuple[float, float]:
        with closing(sqlite3.connect(self._folder / "crawl.db")) as db:
            return db.execute(_LAST).fetchone()

    def _write_seeds(self, many: int) -> None:
        folder, hosts = "/p/" if many > 0 else "/list/", self._kind.hosts
        urls = (f"http://127.0.0.{n % hosts + 1}:{self._port}{folder}{n}" for n in range(abs(many)))
        (self._folder / "seeds.txt").write_text("\n".join(urls))

    def _scraper(self, *words: str) -> str:
        ended = subprocess.run(
            [SCRAPER, *words],
            cwd=self._folder,
            env=ENV,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode not in {0, 4}:
            raise SystemExit(f"{words}: {ended.returncode}\n{ended.stderr}")
        return ended.stdout


def _line(run: int, each: Taken, before: Taken | None) -> str:
    told = f"  run {run}: took {each.took_s:.2f} s, processor {each.cpu_s:.2f} s"
    if each.foretold is None or before is None:
        return told
    expected_s = each.foretold["expected_s"]
    grows, cpu_grows = expected_s / before.took_s, each.cpu_s / before.cpu_s
    return (
        f"{told}, expected {expected_s:.2f} s ({expected_s / each.took_s:.2f}); "
        f"{grows:.2f} times the last, by processor time {cpu_grows:.2f} ({grows / cpu_grows:.2f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.foretold", description=__doc__)
    parser.add_argument("--only", default="", metavar="WORDS")
    parser.add_argument("--times", type=int, default=1)
    args = parser.parse_args()
    words = args.only.split("|")
    for _ in range(args.times):
        for kind in KINDS:
            if any(word in kind.name for word in words):
                _one(kind)


def _one(kind: Kind) -> None:
    print(kind.name, flush=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        server.sites(kind.latency_s, kind.kilobytes, validators=kind.validators) as port,
    ):
        before = None
        for number, each in enumerate(Crawl(kind, Path(folder), port).runs(), 1):
            print(_line(number, each, before), flush=True)
            before = each


if __name__ == "__main__":
    main()
