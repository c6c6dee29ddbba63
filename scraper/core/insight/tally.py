"""Counts what the visits of one run came to, in memory that does not grow with the run."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any

from scraper.core.insight.distinct import Distinct
from scraper.core.insight.quantiles import Quantiles
from scraper.core.model import PageResult, State, Timing

HOSTS_KEPT = 500  # of those with most pages, and of those that need longest
HOSTS_TOLD = 50  # in `as_json`, by pages done, and by the time that they need
COUNTED = ("done", "failed", "retries")
PHASES = tuple(each.name for each in fields(Timing))
_SECONDS = attrgetter(*PHASES)
_NOT_MODIFIED = 304


@dataclass(slots=True)
class HostTally:
    """What one host's visits came to."""

    done: int = 0
    failed: int = 0
    retries: int = 0
    per_host: int | None = None  # open requests allowed; None: nobody told
    delay_s: float | None = None  # between two starts, Crawl-delay included; None: nobody told
    longest_wait_s: float = 0.0
    paused_s: float = 0.0
    paused_until: float = 0.0
    latency: Quantiles = field(default_factory=Quantiles)
    busy_s: float = 0.0  # requests open, summed
    asks: int = 0  # for its robots.txt

    def rule(self, *, per_host: int, delay_s: float, asked: bool = False) -> None:
        """Tell how politely the host is treated, and whether it was asked for that just now."""
        self.per_host = per_host
        self.delay_s = delay_s
        self.asks += asked

    def pause(self, until: float, *, now: float) -> None:
        """Count a rest of the host; rests that overlap count once."""
        begins = max(now, self.paused_until)
        if until > begins:
            self.paused_s += until - begins
            self.paused_until = until

    def exchange(self, timing: Timing) -> None:
        """Count one exchange's waiting and latency (until the first byte)."""
        if timing.turn_s is not None and timing.turn_s > self.longest_wait_s:
            self.longest_wait_s = timing.turn_s
        if timing.first_byte_s is None:
            return
        latency_s = timing.first_byte_s + (timing.connect_s or 0.0) + (timing.dns_s or 0.0)
        self.latency.add(latency_s)
        self.busy_s += latency_s + (timing.body_s or 0.0)

    def as_json(self) -> dict[str, Any]:
        """As in a report, without the host's name; `per_host` and what follows on top."""
        p50, p95, p99 = self.latency.quantiles((0.50, 0.95, 0.99))
        longest = self.latency.max if self.latency.count else None
        return {
            "done": self.done,
            "failed": self.failed,
            "retries": self.retries,
            "delay_s": self.delay_s,
            "longest_wait_s": self.longest_wait_s,
            "paused_s": self.paused_s,
            "latency_s": {"p50": p50, "p95": p95, "p99": p99, "max": longest},
            "per_host": self.per_host,
            "busy_s": self.busy_s,
            "requests": self.latency.count,
            "asks": self.asks,
        }

    @property
    def needs_s(self) -> float:
        """How long its requests take, asked one after the other with the delay between."""
        return max(self.latency.count * (self.delay_s or 0.0), self.busy_s / (self.per_host or 1))


class Tally:
    """Told of every `PageResult`: final ones, retries, and those that want another turn.

    Each result carries the bytes and times of its own exchange alone, so that a page that took
    three exchanges is told three times and counted once.
    """

    __slots__ = (
        "_hosts",
        "_left",
        "_rest",
        "asked_again",
        "attempts",
        "body_bytes",
        "by_page",
        "failures",
        "hops",
        "links_found",
        "links_out_of_scope",
        "links_outside",
        "links_trapped",
        "not_modified",
        "ok",
        "placed",
        "retries",
        "skipped",
        "time_s",
        "unmatched",
        "wire_bytes",
    )

    def __init__(self) -> None:
        self.attempts = 0
        self.ok = 0
        self.not_modified = 0
        self.asked_again = 0  # done, and asked whether they have changed
        self.retries = 0
        self.hops = 0  # exchanges that led to another turn of the same request
        self.body_bytes = 0
        self.wire_bytes = 0
        self.links_found = 0
        self.links_out_of_scope = 0
        self.links_outside: dict[str, int] = {}  # out of scope, by the key of `scope`
        self.links_trapped = 0
        self.unmatched = 0  # done, and no rule fitted
        self.failures: dict[str, int] = {}
        self.skipped: dict[str, int] = {}
        self.placed: dict[str, int] = {}
        self.by_page: dict[str, dict[str, int]] = {}
        self.time_s = dict.fromkeys(PHASES, 0.0)
        self._hosts: dict[str, HostTally] = {}
        self._left = Distinct()  # hosts that were not kept
        self._rest = dict.fromkeys(COUNTED, 0)  # what their visits came to

    def __repr__(self) -> str:
        return f"<Tally of {self.attempts} attempts on {len(self._hosts)} hosts>"

    def add(self, result: PageResult, *, now: float) -> None:
        """Count one result.

        Args:
            now: seconds since the epoch, to measure a pause that the host asked for.
        """
        host = self.host(result.request.host)
        timing = result.timing
        host.exchange(timing)
        self.body_bytes += result.body_bytes
        self.wire_bytes += result.wire_bytes
        time_s = self.time_s
        for phase, spent_s in zip(PHASES, _SECONDS(timing), strict=True):
            if spent_s:
                time_s[phase] += spent_s
        if result.pause_until is not None:
            host.pause(result.pause_until, now=now)
        if result.again is not None:
            self.hops += result.status is not None
            return
        self._count(result, host)

    def host(self, name: str) -> HostTally:
        """The tally of a host; of many only those are kept that a report might name."""
        found = self._hosts.get(name)
        if found is None:
            if len(self._hosts) >= 4 * HOSTS_KEPT:
                self._thin_out()
            found = self._hosts[name] = HostTally()
        return found

    def _thin_out(self) -> None:
        """Keep the hosts that stand out; one that was not kept and comes again begins anew."""
        kept = self._most(HOSTS_KEPT) | self._slowest(HOSTS_KEPT)
        left = {name: tally for name, tally in self._hosts.items() if name not in kept}
        self._rest = _summed(self._rest, left.values())
        for name in left:
            self._left.add(name)
        self._hosts = kept

    def delays_s(self) -> dict[str, float]:
        """Between two starts, of each host that was told of and has one."""
        return {name: host.delay_s for name, host in self._hosts.items() if host.delay_s}

    def most_retried(self) -> str | None:
        """The host with most retries; one look at each host, so not for every page."""
        return max(self._hosts, key=lambda name: self._hosts[name].retries, default=None)

    def as_json(self) -> dict[str, Any]:
        """Plain values for a report; quick enough for once a second.

        `rest` sums up the hosts that are not in `hosts`. More than 2,000 are counted by `Distinct`,
        and those in `hosts` may have been counted in `rest` at first.
        """
        hosts, slow = self._most(HOSTS_TOLD), self._slowest(HOSTS_TOLD)
        known = self._left.together(self._hosts)
        others = (tally for name, tally in self._hosts.items() if name not in hosts)
        counts = {name: getattr(self, name) for name in self.__slots__ if name[0] != "_"}
        return counts | {
            "hosts_known": known,
            "hosts": [{"host": name} | tally.as_json() for name, tally in hosts.items()],
            "rest": {"hosts": known - len(hosts), **_summed(self._rest, others)},
            "slowest": [{"host": name} | tally.as_json() for name, tally in slow.items()],
        }

    def _most(self, many: int) -> dict[str, HostTally]:
        """The hosts with most pages done."""
        return dict(heapq.nlargest(many, self._hosts.items(), key=lambda each: each[1].done))

    def _slowest(self, many: int) -> dict[str, HostTally]:
        """The hosts that need longest."""
        return dict(heapq.nlargest(many, self._hosts.items(), key=lambda each: each[1].needs_s))

    def _count(self, result: PageResult, host: HostTally) -> None:
        state = result.state
        self.links_found += result.links_found
        self.links_out_of_scope += result.links_out_of_scope
        self.links_trapped += result.links_trapped
        for key, count in result.links_outside:
            self.links_outside[key] = self.links_outside.get(key, 0) + count
        if result.placed is not None:
            self._place(result.placed, result.rule)
        if state is State.SKIPPED:
            self.attempts += result.status is not None
            _more(self.skipped, result.reason)
            return
        self.attempts += 1
        if state is State.DONE:
            host.done += 1
            self._done(result)
        elif state is State.FAILED:
            host.failed += 1
            _more(self.failures, result.reason)
        else:
            host.retries += 1
            self.retries += 1

    def _done(self, result: PageResult) -> None:
        self.asked_again += result.request.validators is not None
        if result.status == _NOT_MODIFIED:
            self.not_modified += 1
            return
        self.ok += 1
        self.unmatched += result.rule is None

    def _place(self, placed: str, rule: str | None) -> None:
        _more(self.placed, placed)
        if rule is not None:
            _more(self.by_page.setdefault(rule, {"inline": 0, "pool": 0}), placed)


def _more(counts: dict[str, int], name: str | None) -> None:
    name = name or "unknown"
    counts[name] = counts.get(name, 0) + 1


def _summed(rest: Mapping[str, int], tallies: Iterable[HostTally]) -> dict[str, int]:
    """What the visits of hosts came to, beside those of `rest`."""
    sums = dict(rest)
    for tally in tallies:
        for name in COUNTED:
            sums[name] += getattr(tally, name)
    return sums
