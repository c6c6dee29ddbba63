"""What a run measures of itself: written as `run.stats` by `stats`, read back by `read`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from scraper.core.insight.attribution import BOUNDS, WallShare, verdict
from scraper.core.insight.predict import Measured, Settings, what_if
from scraper.core.insight.quantiles import Quantiles
from scraper.core.insight.tally import PHASES, Tally
from scraper.report.pages import Visited

HOST_KEYS = (
    "host",
    "done",
    "failed",
    "retries",
    "delay_s",
    "longest_wait_s",
    "paused_s",
    "latency_s",
)
READINGS = ("new", "changed", "unchanged")
_NOT_MEASURED = {"bound": "none", "host": None, "share": None, "text": "nothing was measured"}


def stats(
    *,
    tally: Tally,
    wall: WallShare,
    lag: Quantiles,
    settings: Settings,
    concurrency: Mapping[str, Any],
    cpu_s: Mapping[str, float | None],
    memory_peak_bytes: Mapping[str, int | None],
    parse: Mapping[str, float],
    resent: int,
    writer: Mapping[str, int],
) -> dict[str, Any]:
    """The figures of a run so far, as plain values.

    Args:
        concurrency: how many requests were open at most, and why no more; see `tune`.
        cpu_s: of `main` and `workers`; `memory_peak_bytes` likewise.
        parse: `worker_deaths` and `timeouts`, and `inline_cpu_s`: of the loop's thread.
        resent: requests that were sent again, as their kept connection had been closed.
        writer: what was written, by name.
    """
    p50, p99 = lag.quantiles((0.50, 0.99))
    return {
        "tally": tally.as_json(),
        "wall": wall.as_json(),
        "loop_lag_s": {"p50": p50, "p99": p99, "max": lag.max if lag.count else None},
        "settings": asdict(settings),
        "concurrency": dict(concurrency),
        "cpu_s": dict(cpu_s),
        "memory_peak_bytes": dict(memory_peak_bytes),
        "parse": dict(parse),
        "resent": resent,
        "writer": dict(writer),
    }


def read(stored: Mapping[str, Any], visited: Visited) -> dict[str, Any]:
    """The sections of a report that a run measured, and `wall_s` with `shares_s`.

    A run that was killed before it stored any figures has those of its visits, which know
    nothing of retries.
    """
    wall = WallShare.from_json(stored["wall"]) if "wall" in stored else None
    parse = stored.get("parse", {})
    writer: Mapping[str, Any] = stored.get("writer", {})
    none = 0 if writer else None
    trapped = stored.get("tally", {}).get("links_trapped", 0)
    return {
        **_of_visits(stored.get("tally"), visited, parse, resent=stored.get("resent")),
        "links": {
            "found": visited.found,
            "new": visited.new,
            "known": max(0, visited.found - visited.new - visited.out_of_scope),
            "out_of_scope": max(0, visited.out_of_scope - trapped),
            "out_of_scope_by": stored.get("tally", {}).get("links_outside"),
            "trap": trapped,
        },
        "pages": {
            **{name: writer.get(f"pages_{name}", none) for name in READINGS},
            "noindex": visited.noindex,
        },
        "seeds": stored.get("seeds"),
        "wall_s": wall.wall_s if wall else None,
        "shares_s": wall.shares_s if wall else dict.fromkeys(BOUNDS, 0.0),
        "verdict": verdict(wall) if wall else _NOT_MEASURED,
        "what_if": _what_if(stored, wall) if wall else [],
        "concurrency": stored.get("concurrency"),
        "loop_lag_s": stored.get("loop_lag_s", dict.fromkeys(("p50", "p99", "max"))),
        "cpu_s": stored.get("cpu_s", dict.fromkeys(("main", "workers"))),
        "memory_peak_bytes": stored.get("memory_peak_bytes", dict.fromkeys(("main", "workers"))),
    }


def _of_visits(
    tally: Mapping[str, Any] | None,
    visited: Visited,
    parse: Mapping[str, Any],
    *,
    resent: int | None,
) -> dict[str, Any]:
    if tally is None:
        tally = _instead(visited)
    names = ("attempts", "ok", "not_modified", "retries", "body_bytes", "wire_bytes", "hops")
    time_s = {phase.removesuffix("_s"): tally["time_s"][phase] for phase in PHASES}
    return {
        "fetches": {name: tally[name] for name in names} | {"resent": resent},
        "hosts": [{key: host[key] for key in HOST_KEYS} for host in tally["hosts"]],
        "hosts_rest": tally.get("rest"),
        "time_s": time_s | {"writer": visited.time_s["writer"]},
        "parse": {
            **({"inline": 0, "pool": 0} | tally["placed"]),
            "worker_deaths": parse.get("worker_deaths"),
            "timeouts": parse.get("timeouts"),
            "unmatched": tally["unmatched"],
            "by_page": tally["by_page"],
        },
    }


def _instead(visited: Visited) -> dict[str, Any]:
    """A tally made of final visits; what they do not know is None."""
    placed: dict[str, int] = {}
    for places in visited.placed.values():
        for place, count in places.items():
            placed[place] = placed.get(place, 0) + count
    return {
        "attempts": None,
        "ok": visited.ok,
        "not_modified": visited.not_modified,
        "retries": None,
        "hops": None,
        "unmatched": None,
        "body_bytes": visited.body_bytes,
        "wire_bytes": visited.wire_bytes,
        "hosts": [],
        "time_s": {phase: visited.time_s[phase.removesuffix("_s")] for phase in PHASES},
        "placed": placed,
        "by_page": visited.placed,
    }


def _what_if(stored: Mapping[str, Any], wall: WallShare) -> list[dict[str, Any]]:
    tally = stored["tally"]
    measured = Measured(
        wall=wall,
        hosts=tally["hosts"],
        hosts_known=tally["hosts_known"],
        cpu_s=stored["cpu_s"]["main"],
    )
    return what_if(measured, Settings(**stored["settings"]))
