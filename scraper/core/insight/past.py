"""What an earlier run tells of the next one: read from the figures that it left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scraper.core.insight.attribution import SHORTEST_S
from scraper.core.insight.estimate import Load, model_s

_OPEN = ("dns_s", "connect_s", "first_byte_s", "body_s")  # phases in which a request is open
_ENOUGH = 0.5  # of the pages of the largest run: the latest of these tells most
BEGIN_CPU_S = 0.6  # of a process that fetches nothing yet: imports; of runs that did not tell
NOT_READ = 0.5  # of what a page costs: one that has not changed (304), if no run has told
BESIDE = 1.2  # times that, a page that is read costs beside its parsing (bench.foretold)
_ALIKE = 0.25  # so near a share of such pages tells more than a later run
END_S, END_SHARE = 5.0, 0.1  # how long the end of a run may take before a clock is to blame


@dataclass(frozen=True, slots=True)
class PastHost:
    """What the visits of one host came to."""

    pages: int
    requests: int
    busy_s: float  # requests open, summed
    middle_s: float | None  # until the first byte, of half of them
    per_host: int | None
    delay_s: float | None
    calm: float = 1.0  # of the run
    asks: int = 0  # for its robots.txt

    @property
    def latency_s(self) -> float:
        """How long a request was open, on the average, by no fault of a loop that was late."""
        return self.calm * self.busy_s / self.requests if self.requests else 0.0

    @property
    def quick_s(self) -> float:
        """How long at least half of them were open, likewise."""
        return min(self.latency_s, self.calm * (self.middle_s or self.latency_s))

    @property
    def requests_per_page(self) -> float:
        return max(self.requests / self.pages, 1.0) if self.pages else 1.0


@dataclass(frozen=True, slots=True)
class Past:
    """A run that has ended."""

    run_id: int
    took_s: float
    pages: int  # done and failed
    requests: int
    open_s: float  # requests open, summed over all hosts
    concurrency: int
    per_host: int
    delay_s: float
    hosts: Mapping[str, PastHost]  # those that needed longest
    unmodified: int = 0  # pages that had not changed (304)
    asked_again: int = 0  # pages that were asked whether they have changed
    cpu_s: float = 0.0  # of the loop's process, without its begin
    calm: float = 1.0  # share of the time in which the loop was not late; 0: too short to tell
    not_read: float | None = None  # of what a page costs: one that has not changed; None: not told

    def work(self, pages: float, unmodified: float) -> float:
        """Pages by what they cost, `unmodified` of them having not changed since they were read."""
        not_read = NOT_READ if self.not_read is None else self.not_read
        return pages - (1 - not_read) * unmodified

    @property
    def latency_s(self) -> float:
        return self.calm * self.open_s / self.requests if self.requests else 0.0

    def tells_latency(self, host: str) -> bool:
        """Whether it has told how fast a host answers."""
        return self.calm > 0 and host in self.hosts and self.hosts[host].latency_s > 0

    @property
    def requests_per_page(self) -> float:
        return max(self.requests / self.pages, 1.0)

    @property
    def model_s(self) -> float:
        """How long its hosts and slots needed by themselves."""
        hosts = model_s(self._loads(), concurrency=self.concurrency)
        return max(hosts, self.calm * self.open_s / self.concurrency)

    def _loads(self) -> Iterator[Load]:
        for name, host in self.hosts.items():
            yield Load(
                name,
                host.pages,
                per_host=host.per_host or self.per_host,
                delay_s=self.delay_s if host.delay_s is None else host.delay_s,
                asks=host.asks,
                latency_s=host.latency_s,
                requests_per_page=host.requests_per_page,
            )


def past_of(run_id: int, lasted_s: float, stats: Mapping[str, Any]) -> Past | None:
    """Read the figures of a run; None: it tells nothing.

    Args:
        lasted_s: from its begin to its end by the clock, which may have been set meanwhile.
    """
    tally, settings, wall = (stats.get(name) for name in ("tally", "settings", "wall"))
    if not tally or not settings or not wall:
        return None
    measured_s = wall["wall_ns"] / 1e9
    end_s = lasted_s - measured_s
    took_s = lasted_s if 0 <= end_s <= END_S + END_SHARE * measured_s else measured_s
    loop_ns = wall.get("shares_ns", {}).get("loop", 0)
    calm = 1 - loop_ns / max(wall["wall_ns"], 1) if took_s >= SHORTEST_S else 0.0
    pages = tally["ok"] + tally["not_modified"] + sum(tally["failures"].values())
    if not pages:
        return None
    begin_cpu_s = stats.get("begin_cpu_s", BEGIN_CPU_S)
    cpu_s = max(stats.get("cpu_s", {}).get("main", 0.0) - begin_cpu_s, 0.0)
    return Past(
        run_id,
        took_s,
        pages,
        requests=tally["attempts"] + tally["hops"],
        open_s=sum(tally["time_s"].get(phase, 0.0) for phase in _OPEN),
        concurrency=settings["concurrency"],
        per_host=settings["per_host"],
        delay_s=settings["delay_s"],
        hosts={host["host"]: _host(host, calm) for host in tally.get("slowest", tally["hosts"])},
        unmodified=tally["not_modified"],
        asked_again=tally.get("asked_again", tally["not_modified"]),
        cpu_s=cpu_s,
        calm=calm,
        not_read=_not_read(stats, pages, cpu_s),
    )


def _not_read(stats: Mapping[str, Any], pages: int, cpu_s: float) -> float | None:
    """What a page costs that has not changed, as a share of one that is read; None: not told.

    Of one that is read only the parsing is measured: its processor time in the loop, and the time
    in which the run waited for the workers.
    """
    tally, here_s = stats["tally"], stats.get("parse", {}).get("inline_cpu_s")
    if here_s is None or not tally["ok"]:
        return None
    pool_s = stats["wall"].get("shares_ns", {}).get("pool", 0) / 1e9
    not_read_s = (cpu_s - here_s) / (pages + (BESIDE - 1) * tally["ok"])
    read_s = (here_s + pool_s) / tally["ok"] + BESIDE * not_read_s
    return not_read_s / read_s if not_read_s > 0 else None


def _host(told: Mapping[str, Any], calm: float) -> PastHost:
    pages = told["done"] + told["failed"]
    return PastHost(
        pages=pages,
        requests=told.get("requests", pages + told["retries"]),
        busy_s=told["busy_s"],
        middle_s=told["latency_s"]["p50"],
        per_host=told["per_host"],
        delay_s=told["delay_s"],
        calm=calm,
        asks=told.get("asks", 0),
    )


def telling(runs: Sequence[Past], *, unmodified: float = 0.0) -> Past | None:
    """The run that tells most of the next: the latest that was not much smaller than others.

    Args:
        unmodified: the share of its pages that will not have changed; a run that was like that
            tells more than a later one that was not.
    """
    most = max((run.pages for run in runs), default=0)
    fit = [run for run in runs if run.pages >= _ENOUGH * most]

    def tells(run: Past) -> tuple[bool, int]:
        return abs(run.unmodified / run.pages - unmodified) <= _ALIKE, run.run_id

    found = max(fit, key=tells, default=None)
    if found is None or found.not_read is not None:
        return found
    read = max((run for run in runs if run.not_read is not None), key=_number, default=found)
    return replace(found, not_read=read.not_read)  # pages cost the same, whatever came of them


def unmodified_share(runs: Sequence[Past]) -> float | None:
    """Of the pages that the latest run asked, those that had not changed; None: none was asked."""
    latest = max((run for run in runs if run.asked_again), key=_number, default=None)
    return None if latest is None else latest.unmodified / latest.asked_again


def _number(run: Past) -> int:
    return run.run_id
