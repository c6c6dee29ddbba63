"""Replay one seed, or live through as many as time allows."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from hashlib import sha256
from itertools import count

from tests.simulation.mutants import MUTANTS, mutated
from tests.simulation.schedule import Tale, simulate

AROUND = 30  # entries of the diary before a breach
AT_ONCE = 20  # seeds of a task


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="replay it; with --seconds: the first")
    parser.add_argument("--hosts", type=int, help="so many, whatever the seed says")
    parser.add_argument("--seconds", type=float, help="go on with the next seeds for so long")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--mutants", type=int, metavar="SEEDS", help="how soon each is noticed")
    parser.add_argument("-v", "--verbose", action="store_true", help="the whole diary")
    args = parser.parse_args()
    if args.mutants:
        return mutants(args.seed, args.mutants)
    if args.seconds:
        return many(args.seed, args.seconds, args.jobs, args.hosts)
    return replay(simulate(args.seed, hosts=args.hosts), verbose=args.verbose)


def replay(tale: Tale, *, verbose: bool) -> int:
    entries = tale.diary.entries
    broken = [place for place, entry in enumerate(entries) if entry[2] == "BROKEN"]
    until = broken[0] + 1 if broken else len(entries)
    say(repr(tale.world))
    for at, process, what, whom in entries[0 if verbose else max(0, until - AROUND) : until]:
        say(f"{at:14.4f} {process:3d} {what:10} {whom}")
    digest = sha256(repr(entries).encode()).hexdigest()[:16]
    say(f"{tale.runs} runs, {tale.exchanges} exchanges, {tale.virtual_s:.0f} s, diary {digest}")
    say(tale.broken or "all laws hold")
    return 1 if tale.broken else 0


def some(seeds: range, hosts: int | None) -> tuple[Counter[str], dict[int, str]]:
    """What a few seeds came to, and which laws they broke."""
    sums, broken = Counter[str](), {}
    for seed in seeds:
        tale = simulate(seed, hosts=hosts)
        sums.update(seeds=1, runs=tale.runs, crashes=tale.crashes, exchanges=tale.exchanges)
        sums["virtual hours"] += round(tale.virtual_s / 3600)
        if tale.broken:
            broken[seed] = tale.broken
    return sums, broken


def many(first: int, seconds: float, jobs: int, hosts: int | None) -> int:
    ends_at, began_at = time.monotonic() + seconds, time.monotonic()
    sums, failed, like = Counter[str](), 0, f" --hosts {hosts}" if hosts else ""

    def tasks() -> Iterator[range]:
        for start in count(first, AT_ONCE * jobs):
            if time.monotonic() >= ends_at:
                return
            yield range(start, start + AT_ONCE * jobs)

    with ProcessPoolExecutor(jobs) as pool:
        for seeds in tasks():
            parts = [range(seeds.start + n, seeds.stop, jobs) for n in range(jobs)]
            for more, broken in pool.map(partial(some, hosts=hosts), parts):
                sums.update(more)
                failed += len(broken)
                for seed, law in broken.items():
                    say(f"{law[:200]}\n    python -m tests.simulation --seed {seed}{like} -v")
    pace = sums["seeds"] / (time.monotonic() - began_at)
    say(", ".join(f"{number} {what}" for what, number in sums.items()) + f": {pace:.0f} seeds/s")
    say(f"{failed} of them broke a law" if failed else "all laws hold")
    return 1 if failed else 0


def mutants(first: int, most: int) -> int:
    unnoticed = 0
    for name in MUTANTS:
        with mutated(name):
            tales = (simulate(seed) for seed in range(first, first + most))
            found = next(((n, tale.broken) for n, tale in enumerate(tales, 1) if tale.broken), None)
        unnoticed += found is None
        say(f"{name:40} " + (f"{found[0]:4} {str(found[1])[:70]}" if found else "   - unnoticed"))
    return 1 if unnoticed else 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
