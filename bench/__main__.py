"""`make bench`: the scraper beside what else there is, in one run, interleaved.

    python -m bench                     the quick form: some eight minutes
    python -m bench --long              10,000 pages a run, memory at 100,000: an hour and more
    python -m bench --only seeds,links  some of: seeds, links, slow, memory, little, delays, choice
    python -m bench --only fairness     choice, little, delays and slow: seven minutes
    python -m bench --record            also write bench/results/

Every client runs as a process of its own against the same server, one after another, round after
round, after a first round that is not counted. Quoted are medians, and the ratio to the
hand-written script as the median over the rounds (least to greatest). All rows that a client
stored are compared with the truth, in every run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import fairness, machine, ours, pages, server
from bench.choice import choice
from bench.measure import ENV, Figures, run, shown
from bench.truth import check


@dataclass(frozen=True, slots=True)
class Client:
    """One way to scrape the pages.

    Attributes:
        pages: fetched in one run.
        command: from the seed list and the database to a command.
        lag: from the database and the log to the loop's lag, None where there is none.
        rows: how the stored rows are read; None: it stores none.
    """

    name: str
    pages: int
    seeds: int
    command: Callable[[Path, Path], Sequence[str]]
    lag: Callable[[Path, Path], Mapping[str, float] | None] = lambda _db, _log: None
    rows: str | None = "product"
    statuses: tuple[int, ...] = (0,)


@dataclass
class Row:
    """What one client's runs came to."""

    client: Client
    runs: list[Figures] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)  # fetched in each run
    lags: list[Mapping[str, float]] = field(default_factory=list)

    def cpu(self) -> list[float]:
        return self._per_1000([figures.cpu_s for figures in self.runs])

    def wall(self) -> list[float]:
        return self._per_1000([figures.wall_s for figures in self.runs])

    def _per_1000(self, seconds: Sequence[float]) -> list[float]:
        return [each * 1000 / count for each, count in zip(seconds, self.pages, strict=True)]

    def peak_mb(self) -> float:
        return statistics.median(figures.peak_bytes for figures in self.runs) / 1e6

    def lag_ms(self, which: str) -> float | None:
        found = [lag[which] * 1000 for lag in self.lags]
        return statistics.median(found) if found else None


class Bench:
    """A folder to work in, and the origin of the server."""

    def __init__(self, folder: Path, origin: str) -> None:
        self.folder = folder
        self.origin = origin

    def seeds(self, count: int) -> Path:
        path = self.folder / f"seeds-{count}.txt"
        if not path.exists():
            path.write_text("".join(f"{self.origin}{pages.path_of(n)}\n" for n in range(count)))
        return path

    def rounds(self, clients: Sequence[Client], count: int) -> list[Row]:
        """Run all clients in turn, `count` times and once before."""
        rows = [Row(client) for client in clients]
        for number in range(-1, count):
            for row in rows:
                _say(f"  round {number + 1} of {count}: {row.client.name}")
                figures, pages_, lag = self.once(row.client)
                if number >= 0:
                    row.runs.append(figures)
                    row.pages.append(pages_)
                    row.lags += [lag] if lag else []
        return rows

    def once(self, client: Client) -> tuple[Figures, int, Mapping[str, float] | None]:
        """Run a client and look at its rows; returns also how many there are, and the lag."""
        db, log = self.folder / "run.db", self.folder / "run.log"
        for left in self.folder.glob("run.db*"):
            left.unlink()
        figures = run(client.command(self.seeds(client.seeds), db), log=log, env=ENV)
        if figures.exit_status not in client.statuses:
            raise SystemExit(f"{client.name} ended with {figures.exit_status}:\n{log.read_text()}")
        count = client.pages
        if client.rows:
            folder = self.folder.parent / "pages"
            count = check(db, client.rows, self.origin, folder, client.pages)
        return figures, count, client.lag(db, log)


def _ours(name: str, folder: Path, count: int, *, follow: bool = False) -> Client:
    def command(seeds: Path, db: Path) -> Sequence[str]:
        config = ours.config(folder, seeds=seeds, db=db, follow=follow)
        return ours.command(config, "-q", *(("--limit", str(count)) if follow else ()))

    return Client(
        name,
        count,
        1 if follow else count,
        command,
        lag=lambda db, _log: ours.report(db)["loop_lag_s"],
        rows="ours",
        statuses=(4,) if follow else (0,),
    )


def _other(name: str, module: str, count: int, *options: str, follow: bool = False) -> Client:
    def command(seeds: Path, db: Path) -> Sequence[str]:
        more = ("--follow", str(count)) if follow else ()
        return [
            *(sys.executable, "-m", f"bench.clients.{module}", str(seeds)),
            *("--db", str(db), *options, *more),
        ]

    return Client(
        name,
        count,
        1 if follow else count,
        command,
        lag=(lambda _db, log: json.loads(log.read_text())) if module != "scrapy_crawl" else _no_lag,
        rows=None if module == "floor" else "product",
    )


def _no_lag(_db: Path, _log: Path) -> None:
    return None


@contextmanager
def _bench(scratch: Path) -> Iterator[Bench]:
    """Pages, a server, and a folder of this run."""
    pages.make(scratch / "pages")
    with (
        tempfile.TemporaryDirectory(dir=scratch) as folder,
        server.files(scratch / "pages", Path(folder)) as origin,
    ):
        yield Bench(Path(folder), origin)


def seed_list(bench: Bench, form: Form) -> dict[str, Any]:
    """A list of URLs, no link followed."""
    many, few = form.pages, form.scrapy_pages
    rows = bench.rounds(
        [
            _other("script", "script", many),
            _ours("scraper", bench.folder, many),
            _other("fetch only", "floor", many),
            _other("script, parsing text", "script", many, "--text"),
            _other("Scrapy", "scrapy_crawl", few),
            _other("Scrapy with selectolax", "scrapy_crawl", few, "--lexbor"),
        ],
        form.runs,
    )
    return _table("The seed list: no link followed", rows)


def links(bench: Bench, form: Form) -> dict[str, Any]:
    """The crawl by links: 60 a page, nine in ten known."""
    many, few = form.link_pages, form.scrapy_pages
    rows = bench.rounds(
        [
            _other("script", "script", many, follow=True),
            _ours("scraper", bench.folder, many, follow=True),
            _ours("scraper, same pages as seeds", bench.folder, many),
            _other("script, same pages as seeds", "script", many),
            _other("Scrapy", "scrapy_crawl", few, follow=True),
            _other("Scrapy with selectolax", "scrapy_crawl", few, "--lexbor", follow=True),
        ],
        form.runs,
    )
    told = _table("The crawl by links: 60 a page, nine in ten known", rows)
    for name, one, two in (("scraper", 1, 2), ("script", 0, 3)):
        extra = [a - b for a, b in zip(rows[one].cpu(), rows[two].cpu(), strict=True)]
        told[f"{name}_links_cpu_ms_per_page"] = statistics.median(extra)
        print(
            f"links cost the {name} {statistics.median(extra):.2f} ms of CPU a page "
            f"({min(extra):.2f} to {max(extra):.2f})"
        )
    return told


def memory(bench: Bench, form: Form) -> dict[str, Any]:
    """Peak memory of all processes, for lists of different length."""
    print("\n## Memory: peak of all processes\n")
    found = {}
    for count in form.memory_pages:
        figures, _, _ = bench.once(_ours("scraper", bench.folder, count))
        found[count] = figures.peak_bytes
        print(f"{count:,} pages: {figures.peak_bytes / 1e6:.0f} MB, {figures.wall_s:.0f} s")
    return {"peak_bytes": found}


@dataclass(frozen=True, slots=True)
class Form:
    """How much is measured."""

    runs: int
    pages: int
    link_pages: int
    scrapy_pages: int
    memory_pages: tuple[int, ...]


QUICK = Form(5, 3000, 2000, 400, (2000, 10_000))
LONG = Form(5, 10_000, 5000, 5000, (10_000, 100_000))
BENCHES = {
    "seeds": seed_list,
    "links": links,
    "slow": lambda bench, form: fairness.slow_host(bench.folder, min(form.runs, 3)),
    "memory": memory,
    "little": lambda bench, form: fairness.little(bench.folder, min(form.runs, 3)),
    "delays": lambda bench, form: fairness.delays(bench.folder, min(form.runs, 3)),
    "choice": lambda _, form: choice(form.runs),
}
USUAL = "seeds,links,slow,memory"
FAIRNESS = "choice,little,delays,slow"


def _table(title: str, rows: Sequence[Row]) -> dict[str, Any]:
    """Print a table; the first row is what the others are compared with."""
    print(f"\n## {title}\n")
    print("| client | pages | CPU s per 1,000 | ratio | wall s per 1,000 | ratio | MB | lag ms |")
    print("|---|---|---|---|---|---|---|---|")
    told = {}
    for row in rows:
        cpu, wall = _ratios(row.cpu(), rows[0].cpu()), _ratios(row.wall(), rows[0].wall())
        lag = [row.lag_ms(which) for which in ("p99", "max")]
        lag_shown = " / ".join(f"{each:.0f}" for each in lag if each is not None) or "-"
        print(
            f"| {row.client.name} | {row.client.pages:,} | {statistics.median(row.cpu()):.2f} | "
            f"{shown(cpu)} | {statistics.median(row.wall()):.2f} | {shown(wall)} | "
            f"{row.peak_mb():.0f} | {lag_shown} |"
        )
        told[row.client.name] = {
            "pages": row.client.pages,
            "cpu_s_per_1000": row.cpu(),
            "wall_s_per_1000": row.wall(),
            "cpu_ratio": cpu,
            "wall_ratio": wall,
            "peak_mb": row.peak_mb(),
            "lag_ms": {"p99": lag[0], "max": lag[1]},
        }
    print(flush=True)
    return {"clients": told}


def _ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    return [a / b for a, b in zip(ours, theirs, strict=True)]


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--runs", type=int)
    parser.add_argument("--only", default=USUAL, metavar="NAMES")
    parser.add_argument("--record", action="store_true")
    args = parser.parse_args()
    form = LONG if args.long else QUICK
    names = args.only.replace("fairness", FAIRNESS).split(",")
    if not set(names) <= set(BENCHES):
        parser.error(f"--only: some of {', '.join(BENCHES)}, fairness")
    if args.runs:
        form = Form(args.runs, *[getattr(form, name) for name in Form.__slots__[1:]])
    about = machine.about()
    print("# Bench\n")
    print("\n".join(f"- {name}: {what}" for name, what in about.items()), flush=True)
    began = time.perf_counter()
    with _bench(Path(tempfile.gettempdir()) / "scraper-bench") as bench:
        told = {name: BENCHES[name](bench, form) for name in names}
    print(f"\n{time.perf_counter() - began:.0f} s in all")
    if args.record:
        path = Path("bench/results") / f"{about['date']}-{about['commit']}.json"
        path.parent.mkdir(exist_ok=True)
        before = json.loads(path.read_text()) if path.exists() else {}  # other benches, or shorter
        path.write_text(json.dumps({**before, "about": about, **told}, indent=1) + "\n")
        print(f"written to {path}")


if __name__ == "__main__":
    main()
