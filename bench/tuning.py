"""`python -m bench.tuning`: `concurrency: auto`, from a cold start, beside fixed numbers.

Servers that answer after 200 ms, each so many pages a second at most. On each, runs of the real
command with fixed numbers and with `auto` take turns, for some seconds each; told is the share of
the best fixed number's pages, in the first 15 s and after. Some seven minutes.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import statistics
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from bench import machine, ours, server
from bench.measure import run

LATE_S = 0.2
RATES = (150, 400, 5_000)  # of the servers; the last is beyond what one core asks for
LEVELS = (10, 30, 100, 300, 1_000)
COLD_S, END_S = 15.0, 20.0
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


def measure(folder: Path, port: int, level: int | str) -> tuple[float, float, str]:
    """Pages a second in the first 15 s and in the last five; where it ended, and why."""
    db, config = folder / "run.db", folder / "run.yaml"
    for left in folder.glob("run.db*"):
        left.unlink()
    urls = (f"http://127.0.0.1:{port}/{page}\n" for page in range(PAGES))
    (folder / "seeds.txt").write_text("".join(urls))
    config.write_text(_CONFIG.format(folder=folder, level=level))
    command = ours.command(config, "-q", "--max-time", f"{END_S:g}s")
    run(command, log=folder / "run.log", env=dict(os.environ))
    found = ours.report(db)["concurrency"]
    first, last = (_between(db, *span) for span in ((0.0, COLD_S), (COLD_S, END_S)))
    return first, last, f"{found['reached']}, {found['why']}" if found["auto"] else ""


def _between(db: Path, since_s: float, until_s: float) -> float:
    with closing(sqlite3.connect(db)) as connection:
        (count,) = connection.execute(
            "SELECT count(*) FROM visit JOIN run ON run.id = run_id "
            "WHERE visit.at >= started_at + ? AND visit.at < started_at + ?",
            (since_s, until_s),
        ).fetchone()
    return float(count / (until_s - since_s))


def compare(folder: Path, rate: int, rounds: int) -> None:
    """Print a row for each level."""
    told: dict[int | str, list[tuple[float, float, str]]] = {}
    for _ in range(rounds):
        for level in (*LEVELS, AUTO):
            with server.late(LATE_S, rate) as port:
                told.setdefault(level, []).append(measure(folder, port, level))
                print(f"{rate}/s, {level}: {told[level][-1]}", file=sys.stderr, flush=True)
    medians = {
        level: [statistics.median(each[part] for each in runs) for part in (0, 1)]
        for level, runs in told.items()
    }
    best = [max(medians[level][part] for level in LEVELS) for part in (0, 1)]
    print(f"\n## At most {rate:,} pages a second\n")
    print(
        "| open | pages/s, 0 to 15 s | of the best | pages/s, 15 to 20 s | of the best | ended at |"
    )
    print("|---|---|---|---|---|---|")
    for level, (first, last) in medians.items():
        shares = f"{first:.0f} | {first / best[0]:.2f} | {last:.0f} | {last / best[1]:.2f}"
        print(f"| {level} | {shares} | {told[level][-1][2]} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.tuning", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--rates", default=",".join(map(str, RATES)), metavar="NUMBERS")
    args = parser.parse_args()
    print("# Tuning\n")
    print("\n".join(f"- {name}: {what}" for name, what in machine.about().items()), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for rate in args.rates.split(","):
            compare(Path(folder), int(rate), args.rounds)


if __name__ == "__main__":
    main()
