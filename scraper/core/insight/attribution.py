"""Where the wall time of a run went, and what limited it.

Visits overlap, so their phases cannot be added up to wall time. Instead the run is looked at many
times a second and each instant goes to the first of these that is true:

1. the writer's queue is full: `sink`
2. the loop is late: `loop`
3. all workers are busy and pages wait for them: `pool`
4. all slots are taken: `network`
5. hosts have work and none is allowed to start: `host`
6. nothing is known to do: `seed`

What is left is a run that goes its way: free slots, and work that may start. It goes to what it
waits for: `network` with open requests, else `pool` with pages at the workers, else `sink` with
results on their way to the table, else `loop`.

Time is kept in whole nanoseconds, so that the shares add up to the wall time exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BOUNDS = ("network", "host", "loop", "pool", "sink", "seed")  # in the order of reports
SHORTEST_S = 1.0  # a run shorter than this is not judged
HOSTS_KEPT = 10_000  # told apart; later ones are counted together as OTHER
OTHER = "other"
_SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Sample:
    """What is true of a run at one instant."""

    sink_full: bool = False
    loop_late: bool = False
    pool_busy_and_waiting: bool = False
    slots_all_taken: bool = False
    hosts_with_work_none_allowed: bool = False
    nothing_known: bool = False
    open: int = 0  # requests
    parsing: int = 0  # pages at the workers
    writing: int = 0  # results that are not committed
    blocked_host: str | None = None  # with hosts_with_work_none_allowed: the one with most work
    in_trouble: bool = False  # that host rests, or is slowed: no delay of the config is waited for
    network_gone: bool = False  # nor is it while nobody can be reached


def bound(sample: Sample) -> str:
    """What an instant goes to; see the module's rule."""
    rules = (
        (sample.sink_full, "sink"),
        (sample.loop_late, "loop"),
        (sample.pool_busy_and_waiting, "pool"),
        (sample.slots_all_taken, "network"),
        (sample.hosts_with_work_none_allowed, "host"),
        (sample.nothing_known, "seed"),
        (sample.open, "network"),
        (sample.parsing, "pool"),
        (sample.writing, "sink"),
    )
    return next((name for true, name in rules if true), "loop")


class WallShare:
    """Adds up the wall time of a run by what it went to.

    Args:
        began: monotonic seconds at which the run began.
    """

    __slots__ = (
        *("_at_ns", "_began_ns", "_by_host_ns", "_full_ns"),
        *("_gone_ns", "_shares_ns", "_trouble_ns"),
    )

    def __init__(self, began: float = 0.0) -> None:
        self._began_ns = self._at_ns = _ns(began)
        self._shares_ns = dict.fromkeys(BOUNDS, 0)
        self._full_ns = self._gone_ns = 0
        self._by_host_ns: dict[str, int] = {}
        self._trouble_ns: dict[str, int] = {}  # the part of it in which the host was in trouble

    def __repr__(self) -> str:
        return f"<WallShare {self.wall_s:.3f} s, most {max(self._shares_ns, key=self._share)}>"

    def add(self, at: float, sample: Sample, *, late_s: float = 0.0) -> None:
        """Give the time since the last sample to what is true now.

        Args:
            at: monotonic seconds; a time before the last sample adds nothing.
            late_s: the loop was this late to take the sample: that part goes to the loop, unless
                the sink is full.
        """
        at_ns = max(_ns(at), self._at_ns)
        passed_ns = at_ns - self._at_ns
        self._at_ns = at_ns
        late_ns = 0 if sample.sink_full else min(passed_ns, _ns(max(late_s, 0.0)))
        name = bound(sample)
        self._shares_ns["loop"] += late_ns
        self._shares_ns[name] += passed_ns - late_ns
        if name == "host":
            self._blocked(sample, passed_ns - late_ns)
        elif name == "network" and sample.slots_all_taken:
            self._full_ns += passed_ns - late_ns

    @property
    def wall_s(self) -> float:
        """All the time told of."""
        return (self._at_ns - self._began_ns) / _SECOND_NS

    @property
    def shares_s(self) -> dict[str, float]:
        """Seconds by bound; they add up to `wall_s`."""
        return {name: ns / _SECOND_NS for name, ns in self._shares_ns.items()}

    @property
    def full_s(self) -> float:
        """The part of `network` in which more slots would have been used."""
        return self._full_ns / _SECOND_NS

    @property
    def blocked(self) -> tuple[str, float] | None:
        """The host that blocked the run longest, and for how many seconds; None: no host did."""
        if not self._by_host_ns:
            return None
        host = max(self._by_host_ns, key=lambda name: self._by_host_ns[name])
        return host, self._by_host_ns[host] / _SECOND_NS

    @property
    def trouble_s(self) -> float:
        """The part of `blocked` in which the host was in trouble."""
        host, _ = self.blocked or (OTHER, 0.0)
        return self._trouble_ns.get(host, 0) / _SECOND_NS

    @property
    def gone_s(self) -> float:
        """The part of `host` in which the network was gone; it is no host's."""
        return self._gone_ns / _SECOND_NS

    def as_json(self) -> dict[str, Any]:
        """Plain values for `from_json`; of the hosts only the first."""
        return {
            "wall_ns": self._at_ns - self._began_ns,
            "shares_ns": dict(self._shares_ns),
            "full_ns": self._full_ns,
            "blocked": self.blocked,
            "trouble_s": self.trouble_s,
            "gone_ns": self._gone_ns,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> WallShare:
        """The shares that `as_json` told of, on a clock that began at 0."""
        made = cls()
        made._at_ns = int(values["wall_ns"])
        made._shares_ns.update({name: int(values["shares_ns"][name]) for name in BOUNDS})
        made._full_ns = int(values["full_ns"])
        if values["blocked"]:
            host, seconds = values["blocked"]
            made._by_host_ns[host] = _ns(seconds)
            made._trouble_ns[host] = _ns(values.get("trouble_s", 0.0))  # older runs do not know
        made._gone_ns = int(values.get("gone_ns", 0))
        return made

    def _share(self, name: str) -> int:
        return self._shares_ns[name]

    def _blocked(self, sample: Sample, passed_ns: int) -> None:
        if sample.network_gone:
            self._gone_ns += passed_ns
            return
        host, by_host = sample.blocked_host or OTHER, self._by_host_ns
        if host not in by_host and len(by_host) >= HOSTS_KEPT:
            host = OTHER
        by_host[host] = by_host.get(host, 0) + passed_ns
        if sample.in_trouble:
            self._trouble_ns[host] = self._trouble_ns.get(host, 0) + passed_ns


def verdict(wall: WallShare) -> dict[str, Any]:
    """What limited the run: `bound`, `host`, `share` of the wall time, and a sentence as `text`."""
    if wall.wall_s < SHORTEST_S:
        text = f"the run was too short to tell what limits it: {wall.wall_s:.2f} s"
        return {"bound": "none", "host": None, "share": None, "text": text}
    shares = wall.shares_s
    name = max(BOUNDS, key=lambda each: shares[each])
    host, cause, spent_s = _blame(wall) if name == "host" else (None, _CAUSES[name], shares[name])
    limited = cause.format(host=short(host or "several hosts"))
    return {
        "bound": name,
        "host": host,
        "share": round(shares[name] / wall.wall_s, 4),
        "text": f"limited by {limited}: {seconds(spent_s)} of {seconds(wall.wall_s)}",
    }


def _blame(wall: WallShare) -> tuple[str | None, str, float]:
    """Which host was not allowed to start, and why, for most of that time; how long so."""
    host, blocked_s = wall.blocked or (None, 0.0)
    if wall.gone_s > blocked_s:
        return None, "the network, which was gone", wall.gone_s
    if wall.trouble_s > blocked_s / 2:
        return host, "waiting for {host}, which was in trouble", wall.trouble_s
    return host, _CAUSES["host"], wall.shares_s["host"]


_CAUSES = {
    "network": "the network",
    "host": "politeness on {host}",
    "loop": "the event loop, which is one core",
    "pool": "the worker processes",
    "sink": "writing to the database",
    "seed": "waiting for seeds",
}


def short(host: str) -> str:
    """A host for people: without the port that goes without saying."""
    name, _, port = host.rpartition(":")
    return name if name and port in {"80", "443"} else host


def seconds(value: float) -> str:
    """Seconds for people, e.g. `4.2 s` or `380 s`."""
    return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"


def _ns(value_s: float) -> int:
    return round(value_s * _SECOND_NS)
