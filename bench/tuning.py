"""`python -m bench.tuning`: `concurrency: auto`, from a cold start, beside fixed numbers.

Servers that answer after 200 ms, each so many pages a second at most. On each the real command runs
for some seconds with fixed numbers and several times with `auto`, in turns; told is what `auto`
fetched of the best fixed number's pages a second, in its first 15 s and after, with the least and
the most of its runs. Some five minutes; `--rounds 1` takes three.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bench import machine, ours, server
from bench.measure import ENV, run

LATE_S = 0.2
RATES = (150, 400, 5_000)  # of the servers; the last is beyond what one core asks for
LEVELS = (30, 100, 300, 1_000)
COLD_S, END_S = 15.0, 20.0
FIXED_S, BEGIN_S = 8.0, 2.0  # a fixed number is what it is from the beginning on
PAGES = 40_000
AUTO = "auto"
_CONFIG = """version: 1
name: bench
seeds: {{file: {folder}/seeds.txt}}
politeness: {{per_host: 1000}}
fetch:
  concurrency: {level}
  user_agent: "bench (+https://example.org/bot)"
  private_addresses: ["127.0.0.0/8"]
pages: {{page: {{items: {{page: {{fields: {{name: h1}}}}}}}}}}
store: {{path: {folder}/run.db}}
"""


@dataclass(frozen=True, slots=True)
class Auto:
    """A run with `auto`: pages a second in the first 15 s and in the last five, and its end."""

    first: float
    last: float
    ended: str


def _fixed(folder: Path, port: int, level: int) -> float:
    """Pages a second with so many open."""
    db = _run(folder, port, level, FIXED_S)
    return _between(db, BEGIN_S, FIXED_S)


def _auto(folder: Path, port: int) -> Auto:
    db = _run(folder, port, AUTO, END_S)
    found = ours.report(db)["concurrency"]
    first, last = _between(db, 0.0, COLD_S), _between(db, COLD_S, END_S)
    return Auto(first, last, f"{found['reached']}: {found['why']}")


def _run(folder: Path, port: int, level: int | str, seconds: float) -> Path:
    """A run from nothing; returns its database."""
    db, config = folder / "run.db", folder / "run.yaml"
    for left in folder.glob("run.db*"):
        left.unlink()
    urls = (f"http://127.0.0.1:{port}/{page}\n" for page in range(PAGES))
    (folder / "seeds.txt").write_text("".join(urls))
    config.write_text(_CONFIG.format(folder=folder, level=level))
    command = ours.command(config, "-q", "--max-time", f"{seconds:g}s")
    run(command, log=folder / "run.log", env=ENV)
    return db


def _between(db: Path, since_s: float, until_s: float) -> float:
    with closing(sqlite3.connect(db)) as connection:
        (count,) = connection.execute(
            "SELECT count(*) FROM visit JOIN run ON run.id = run_id "
            "WHERE visit.at >= started_at + ? AND visit.at < started_at + ?",
            (since_s, until_s),
        ).fetchone()
    return float(count / (until_s - since_s))


def compare(folder: Path, rate: int, rounds: int) -> None:
    """Print what fixed numbers and `auto` fetch of a server."""
    fixed: dict[int, float] = {}
    autos: list[Auto] = []

    def auto() -> None:
        with server.late(LATE_S, rate) as port:
            autos.append(_auto(folder, port))
            print(f"{rate}/s: {autos[-1]}", file=sys.stderr, flush=True)

    for number, level in enumerate(LEVELS):
        with server.late(LATE_S, rate) as port:
            fixed[level] = _fixed(folder, port, level)
            print(f"{rate}/s, {level}: {fixed[level]:.0f}", file=sys.stderr, flush=True)
        if number < rounds:
            auto()
    for _ in range(len(LEVELS), rounds):
        auto()
    best = max(fixed.values())
    print(f"\n## At most {rate:,} pages a second\n")
    print("| open | pages/s | of the best fixed number |\n|---|---|---|")
    for level, pages in fixed.items():
        print(f"| {level} | {pages:.0f} | {pages / best:.2f} |")
    print(f"| auto, 0 to 15 s | {_told([each.first for each in autos], best)} |")
    print(f"| auto, 15 to 20 s | {_told([each.last for each in autos], best)} |")
    print("\nauto ended at " + "; ".join(each.ended for each in autos), flush=True)


def _told(rates: list[float], best: float) -> str:
    """Median, and its share of the best with that of the least and the most."""
    middle, least, most = statistics.median(rates), min(rates), max(rates)
    return f"{middle:.0f} | {middle / best:.2f} ({least / best:.2f} to {most / best:.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.tuning", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, metavar="NUMBER")
    parser.add_argument("--rates", default=",".join(map(str, RATES)), metavar="NUMBERS")
    args = parser.parse_args()
    print("# Tuning\n")
    print("\n".join(f"- {name}: {what}" for name, what in machine.about().items()), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for rate in args.rates.split(","):
            compare(Path(folder), int(rate), args.rounds)


if __name__ == "__main__":
    main()
