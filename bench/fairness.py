"""Polite and fair: `make bench ARGS="--only fairness"`, some seven minutes.

The server (`hosts.py`) is a process of its own and notes when each host was asked and answered;
what is quoted are its notes, so that it is the same for every client: the time from the first
request to the last answer, and apart from it the start before (imports) and the end after.
"""

from __future__ import annotations

import http.client
import json
import sqlite3
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import hosts, ours, server
from bench.measure import ENV, run, shown

OPEN = 100
LATENCY_S = 0.2
DELAY_S = 0.1
LATE = 40  # pages of the slow host


@dataclass(frozen=True, slots=True)
class Work:
    """URLs and how they may be fetched."""

    urls: Sequence[str]  # with {port}
    per_host: int = 4
    delay_s: float = 0.0
    max_time_s: float | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What one client's run came to, as the server saw it."""

    hosts: Mapping[str, Mapping[str, float]]
    start_s: float  # from the start of the process to the first request
    end_s: float  # from the last answer to the end of the process
    cpu_s: float
    rows: int

    def took_s(self, *, but: str = "") -> float:
        """From the first request to the last answer, of all hosts but one."""
        those = [seen for host, seen in self.hosts.items() if host != but]
        return max(h["last_at"] for h in those) - min(h["first_at"] for h in those)


@dataclass
class Runs:
    """All runs of one client."""

    name: str
    seen: list[Seen] = field(default_factory=list)

    def told(self, **more: Sequence[float]) -> dict[str, Any]:
        return {
            "took_s": [seen.took_s() for seen in self.seen],
            "start_s": [seen.start_s for seen in self.seen],
            "end_s": [seen.end_s for seen in self.seen],
            "cpu_s": [seen.cpu_s for seen in self.seen],
            **more,
        }


class Ground:
    """A folder to work in, and the server."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self._port = folder, port

    def once(self, client: str, work: Work) -> Seen:
        """Let a client fetch it all."""
        seeds, db, log = (self._folder / f"fair.{end}" for end in ("txt", "db", "log"))
        seeds.write_text("\n".join(work.urls).format(port=self._port))
        for left in self._folder.glob("fair.db*"):
            left.unlink()
        self._told()
        print(f"  {client}: {len(work.urls):,} pages", file=sys.stderr, flush=True)
        began = time.monotonic()
        figures = run(self._command(client, work, seeds, db), log=log, env=ENV, timeout_s=180)
        ended, told = time.monotonic(), self._told()
        if figures.exit_status not in (0, 4):
            raise SystemExit(f"{client} ended with {figures.exit_status}:\n{log.read_text()}")
        first = min(seen["first_at"] for seen in told.values())
        last = max(seen["last_at"] for seen in told.values())
        rows = self._rows(client, db)
        if work.max_time_s is None and rows != len(work.urls):
            raise SystemExit(f"{client} stored {rows} rows of {len(work.urls)}")
        return Seen(told, first - began, ended - last, figures.cpu_s, rows)

    def _command(self, client: str, work: Work, seeds: Path, db: Path) -> Sequence[str]:
        if client == "scraper":
            config = ours.config(
                self._folder,
                seeds=seeds,
                db=db,
                follow=False,
                concurrency=OPEN,
                per_host=work.per_host,
                delay=f"{work.delay_s * 1000:.0f}ms",
            )
            limit = () if work.max_time_s is None else ("--max-time", f"{work.max_time_s:.0f}s")
            return ours.command(config, "-q", *limit)
        limit = () if work.max_time_s is None else ("--max-time", str(work.max_time_s))
        polite = ("--per-host", str(work.per_host), "--delay", str(work.delay_s))
        module = ("-m", "bench.clients.scrapy_crawl")
        return [sys.executable, *module, str(seeds), "--db", str(db), *polite, *limit]

    def _told(self) -> dict[str, dict[str, float]]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port)
        connection.request("GET", "/told")
        told: dict[str, dict[str, float]] = json.load(connection.getresponse())
        connection.close()
        return told

    def _rows(self, client: str, db: Path) -> int:
        table = "item" if client == "scraper" else "product"
        with sqlite3.connect(db) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def little(folder: Path, runs: int) -> dict[str, Any]:
    """(a) Many small pages, all slots taken: how near to the limit of Little's law?"""
    work = Work(_urls([200] * 50))
    few = Work(_urls([20] * 50))
    one_host = Work(_urls([10_000]), per_host=OPEN)
    rows = {"scraper": work, "scraper, one host": one_host, "Scrapy": few}
    told: dict[str, Any] = {}
    print(
        f"\n## (a) Pages under 32 KB at {LATENCY_S:g} s, {OPEN} open: the limit of Little's law\n"
    )
    print("| client | pages | s | share of the limit | start s | end s | CPU ms a page |")
    print("|---|---|---|---|---|---|---|")
    with server.hosts(LATENCY_S) as port:
        ground = Ground(folder, port)
        for name, each in rows.items():
            client = Runs(name, [ground.once(_program(name), each) for _ in range(runs)])
            least_s = len(each.urls) * LATENCY_S / OPEN
            shares = [least_s / seen.took_s() for seen in client.seen]
            told[name] = client.told(share=shares) | {"pages": len(each.urls)}
            cpu = statistics.median(s.cpu_s for s in client.seen) / len(each.urls) * 1000
            start_s, end_s = (_median(told[name][which]) for which in ("start_s", "end_s"))
            print(
                f"| {name} | {len(each.urls):,} | {shown(told[name]['took_s'])} | "
                f"{shown(shares)} | {start_s} | {end_s} | {cpu:.2f} |",
                flush=True,
            )
    return told


def delays(folder: Path, runs: int) -> dict[str, Any]:
    """(b) 100 hosts of skewed sizes with a delay: how near to the longest host's own minimum?"""
    sizes = [max(3, 200 // number) for number in range(1, 101)]
    work = Work(_urls(sizes[::-1]), delay_s=DELAY_S)  # the largest comes last
    least_s = max(sizes) * DELAY_S + LATENCY_S  # robots.txt is a start too
    told: dict[str, Any] = {}
    print(
        f"\n## (b) {sum(sizes)} pages of 100 hosts of 200, 100, 66 ... pages, {DELAY_S:g} s apart\n"
    )
    print(
        f"The longest host takes {least_s:.1f} s by itself, its robots.txt and the latency of its "
        "last page included.\n"
    )
    print("| client | s | ratio | least gap s | start s | end s |\n|---|---|---|---|---|---|")
    with server.hosts(LATENCY_S) as port:
        ground = Ground(folder, port)
        for name in ("scraper", "Scrapy"):
            client = Runs(name, [ground.once(_program(name), work) for _ in range(runs)])
            ratios = [seen.took_s() / least_s for seen in client.seen]
            gaps = [min(h["least_gap_s"] for h in seen.hosts.values()) for seen in client.seen]
            told[name] = client.told(ratio=ratios, least_gap_s=gaps)
            print(
                f"| {name} | {shown(told[name]['took_s'])} | {shown(ratios)} | {min(gaps):.3f} | "
                f"{_median(told[name]['start_s'])} | {_median(told[name]['end_s'])} |",
                flush=True,
            )
    return told


def slow_host(folder: Path, runs: int) -> dict[str, Any]:
    """(c) 99 hosts, and one that takes 10 s for a page: does it starve the others?"""
    told: dict[str, Any] = {}
    print(f"\n## (c) 99 hosts at {LATENCY_S:g} s, and {LATE} pages of one at {hosts.SLOW_S:g} s\n")
    print("| client | fast pages | s without it | s with it | ratio | open on it, at most |")
    print("|---|---|---|---|---|---|")
    late = [f"http://{hosts.SLOW}:{{port}}/{page}" for page in range(LATE)]
    with server.hosts(LATENCY_S) as port:
        ground = Ground(folder, port)
        for name, pages, most_s in (("scraper", 40, 15.0), ("Scrapy", 10, 40.0)):
            fast = _urls([pages] * 99)
            without, mixed = Work(fast), Work([*late, *fast], max_time_s=most_s)
            both = [
                (ground.once(_program(name), without), ground.once(_program(name), mixed))
                for _ in range(runs)
            ]
            times = [
                [seen.took_s(but=hosts.SLOW) for seen in way] for way in zip(*both, strict=True)
            ]
            ratios = [b / a for a, b in zip(*times, strict=True)]
            for _, seen in both:
                done = sum(h["answered"] for host, h in seen.hosts.items() if host != hosts.SLOW)
                if done < len(fast):
                    raise SystemExit(f"{name}: {done:.0f} fast pages of {len(fast)} in {most_s} s")
            most = max(seen.hosts[hosts.SLOW]["most_open"] for _, seen in both)
            told[name] = {"without_s": times[0], "with_s": times[1], "ratio": ratios, "open": most}
            print(
                f"| {name} | {len(fast):,} | {shown(times[0])} | {shown(times[1])} | "
                f"{shown(ratios)} | {most:.0f} |",
                flush=True,
            )
    return told


def _urls(sizes: Sequence[int]) -> list[str]:
    """URLs of so many pages on each host, host after host a page."""
    return [
        f"http://127.0.0.{host}:{{port}}/{page}"
        for page in range(max(sizes))
        for host, size in enumerate(sizes, 1)
        if page < size
    ]


def _program(name: str) -> str:
    return name.partition(",")[0]


def _median(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f}"
