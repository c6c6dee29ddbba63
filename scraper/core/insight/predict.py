"""What a run would have taken with one thing changed, where its own figures support a prediction.

Each prediction is a bound that could be wrong in one direction only: the next limit is looked for
among what was measured (CPU of the loop, how long the host kept its requests open). A change that
nothing measured supports is not offered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scraper.core.insight.attribution import SHORTEST_S, WallShare, verdict

_WORTH = 0.95  # of the wall time: a smaller gain is not worth telling
_WELL = 0.05  # retries for each page: a host with more is in trouble, and was slowed for that


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings that a prediction may change."""

    concurrency: int
    per_host: int
    delay_s: float
    processes: int
    capped: bool = False  # by per_domain or per_address, which no figure tells apart from per_host
    auto: bool = False  # the concurrency is found while the run goes on, up to that


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run measured of itself.

    Args:
        hosts: the rows of `Tally.as_json()["hosts"]`.
        hosts_known: how many there were in all.
        cpu_s: of the loop's process; None was not measured.
    """

    wall: WallShare
    hosts: Sequence[Mapping[str, Any]]
    hosts_known: int
    cpu_s: float | None


def what_if(measured: Measured, settings: Settings) -> list[dict[str, Any]]:
    """Changes to what limited the run, each `change`, `set` and `predicted_wall_s`."""
    wall = measured.wall
    if wall.wall_s < SHORTEST_S:
        return []
    rule = _RULES.get(verdict(wall)["bound"])
    found = rule(measured, settings) if rule else None
    if found is None or found["predicted_wall_s"] > _WORTH * wall.wall_s:
        return []
    return [found]


def _gentler(measured: Measured, settings: Settings) -> dict[str, Any] | None:
    """What the host that blocked most waits for: its delay, else its open requests."""
    name, blocked_s = measured.wall.blocked or ("", 0.0)
    host = next((each for each in measured.hosts if each["host"] == name), None)
    if host is None or host["per_host"] is None:
        return None
    if settings.capped:
        return None
    if host["retries"] > _WELL * host["done"]:  # it bore no more, and would bear less
        return None
    not_ours_s = max(host["paused_s"], measured.wall.trouble_s)  # pauses are the host's own wish
    resting_s = max(0.0, blocked_s - not_ours_s)
    if host["delay_s"]:
        return _half_the_delay(measured, settings, host, resting_s)
    return _double_per_host(measured, settings, host, resting_s)


def _half_the_delay(
    measured: Measured, settings: Settings, host: Mapping[str, Any], resting_s: float
) -> dict[str, Any]:
    """Half the rest between two starts, down to the time that the host's answers take."""
    answering_s = host["busy_s"] / host["per_host"]
    ours = host["delay_s"] == settings.delay_s  # else the host's own rule, or Crawl-delay
    half_ms = round(settings.delay_s * 500)
    return _told(
        "half the delay",
        {"politeness.delay": f"{half_ms}ms"} if ours and half_ms else None,
        max(measured.wall.wall_s - resting_s / 2, answering_s),
    )


def _double_per_host(
    measured: Measured, settings: Settings, host: Mapping[str, Any], resting_s: float
) -> dict[str, Any] | None:
    """Twice the open requests to the host, if it answers as quickly and the loop keeps up."""
    now = host["per_host"]
    most = min(2 * now, settings.concurrency)
    if most <= now or measured.cpu_s is None:
        return None
    ours = now == settings.per_host
    return _told(
        "double the requests per host",
        {"politeness.per_host": str(2 * now)} if ours else None,
        max(measured.wall.wall_s - resting_s * (1 - now / most), measured.cpu_s),
    )


def _double_the_concurrency(measured: Measured, settings: Settings) -> dict[str, Any] | None:
    """Twice the slots halve the time in which all were taken, as far as hosts allow it."""
    wall = measured.wall
    if settings.auto:  # it was tried
        return None
    most = min(2 * settings.concurrency, measured.hosts_known * settings.per_host)
    if most <= settings.concurrency or measured.cpu_s is None:
        return None
    saved_s = wall.full_s * (1 - settings.concurrency / most)
    return _told(
        "double the concurrency",
        {"fetch.concurrency": str(2 * settings.concurrency)},
        max(wall.wall_s - saved_s, measured.cpu_s),
    )


def _one_more_core(measured: Measured, settings: Settings) -> dict[str, Any] | None:
    """One more worker on a core of its own takes its share of the pool's time."""
    wall = measured.wall
    return _told(
        "one more core", None, wall.wall_s - wall.shares_s["pool"] / (settings.processes + 1)
    )


_RULES = {"host": _gentler, "network": _double_the_concurrency, "pool": _one_more_core}


def _told(change: str, setting: dict[str, str] | None, predicted_s: float) -> dict[str, Any]:
    return {"change": change, "set": setting, "predicted_wall_s": round(predicted_s, 3)}
