"""One host of the window: its requests, its turns, what it may do next, and whom it waits with."""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from scraper.core.model import Request
from scraper.core.plan import HostRule
from scraper.core.schedule.circuit import Circuit, Outage
from scraper.core.schedule.news import News, Sign
from scraper.core.schedule.pace import Pace

_FRESH, _CLOSED = Pace(), Circuit()  # of hosts that were never heard of: shared, as they are many
GIVES_WAY_S = 1.0  # a guest to a page that might start
MOST_LEAD_S = 1.0
UNKNOWN_S = 0.2  # until an answer begins, of a host that has not answered yet


@dataclass(slots=True, eq=False)
class Group:
    """What a cap holds for: open turns, and who waits for one."""

    limit: int
    open: int = 0
    guests: int = 0  # that wait for a place: they come before pages
    members: int = 0  # hosts
    sleepers: list[tuple[float, int, Lane]] = field(default_factory=list)  # since when, ticket

    @property
    def is_full(self) -> bool:
        return self.open + self.guests >= self.limit


@dataclass(slots=True, eq=False)
class Lane:
    """The hosts of the same groups."""

    key: tuple[str, ...]
    groups: tuple[Group, ...]
    members: int = 0
    sleeping: list[tuple[float, int, Host]] = field(default_factory=list)
    ticket: int = -1  # its entry in a group; -1: it does not sleep


@dataclass(slots=True)
class Host:
    """What the window knows of a host, and whether it may start something."""

    name: str
    rule: HostRule
    probing: bool
    started_at: float = float("-inf")  # the last start, or when an earlier run may have made one
    pace: Pace = _FRESH
    circuit: Circuit = _CLOSED
    has_answered: bool = False
    unsent: float | None = None  # with a delay: when the turn began that has yet to send
    lead_s: float = 0.0  # with a delay: how long it takes to connect, of late
    guests: int = 0  # that wait for a turn
    away: int = 0  # its pages that ask for its robots.txt where that has moved to
    yields: bool = False  # the last turn was a guest's: a page is next, if there is one
    crawl_delay_s: float = 0.0
    queue: list[tuple[float, Request]] = field(default_factory=list)  # (entered at, request)
    urgent: int = 0  # the first of the queue that are half-done work: next hops and ...
    errands: int = 0  # ... the first of these, pages that ask for the robots.txt of other hosts
    open: int = 0
    started_before: float = float("-inf")  # the start before that one
    seen_at: float = float("-inf")  # when the host saw a request, as far as somebody has told
    paused_until: float = float("-inf")
    located: bool = True  # it is known whom it shares a cap with
    lane: Lane | None = None  # with whom; None: with nobody
    asleep: bool = False  # one of its groups was full when its turn came ...
    blocked_at: float | None = None  # ... for the first time since its last start
    token: Group | None = None  # a place of that group is promised to it
    place_kept: bool = False  # the next place of its groups, for a guest
    is_noted: bool = False  # it may have nothing left to do
    stamp: int = -1  # the entry of `Order` that counts; -1: none
    offered_at: float = float("-inf")  # its time
    known: int = 0  # rows in the table when they were counted last, less the starts since
    kept_slow_s: float = 0.0  # `pace.slow_s` as it is kept for the next run

    @property
    def asked_delay_s(self) -> float:
        return max(self.rule.delay_s, self.crawl_delay_s)

    @property
    def delay_s(self) -> float:
        return max(self.rule.delay_s, self.crawl_delay_s, self.pace.slow_s)

    @property
    def next_at(self) -> float:
        """The delay, less the time to connect, or a rest allows no turn before."""
        if self.circuit.is_given_up:
            return float("-inf")
        at = self.started_at + max(self.rule.delay_s, self.crawl_delay_s, self.pace.slow_s)
        return max(self.paused_until, at - self.lead_s)

    def is_in_trouble(self, now: float) -> bool:
        """Whether it rests, cannot be reached, or is asked more slowly than the config says."""
        return (
            self.paused_until > now
            or self.circuit.is_open
            or self.pace.slow_s > max(self.rule.delay_s, self.crawl_delay_s)
        )

    @property
    def has_room(self) -> bool:
        if not self.located or self.unsent is not None:
            return False
        circuit, open_ = self.circuit, self.open
        if (self.probing or circuit.is_open) and not circuit.is_given_up:
            return not open_
        return open_ < self.rule.per_host and open_ < self.pace.open

    @property
    def may_open(self) -> bool:
        if self.away:  # two hosts may send each other away: their pages must not wait for that
            return bool(self.errands) and self.has_room
        if self.guests and not self.yields:
            return False
        return bool(self.queue) and self.has_room

    @property
    def left_s(self) -> float:
        """How long its pages will take at the least, as far as it is known."""
        left = max(len(self.queue), self.known)
        usual_s = self.pace.usual_s
        latency_s = UNKNOWN_S if usual_s is None else usual_s
        return left * max(self.delay_s, latency_s / self.rule.per_host)

    def push(self, request: Request, now: float, *, urgent: bool, deepest_first: bool) -> None:
        """Let a request wait."""
        if urgent:
            is_errand = request.is_errand
            self.queue.insert(self.errands if is_errand else self.urgent, (now, request))
            self.errands += is_errand
            self.urgent += 1
        elif deepest_first:
            insort(self.queue, (now, request), lo=self.urgent, key=depth_of)
        else:
            self.queue.append((now, request))

    def pop(self, *, deepest_first: bool) -> tuple[float, Request]:
        """The next request, and when it began to wait."""
        if self.urgent:
            self.urgent -= 1
            self.errands -= self.errands > 0
        elif deepest_first:
            return self.queue.pop()
        return self.queue.pop(0)  # of a thousand at most

    def shed(self, *, urgent: bool) -> list[Request]:
        """Give back all requests, next hops too if `urgent`."""
        if urgent:
            self.urgent = self.errands = 0
        return self._cut(self.urgent, len(self.queue))

    def trim(self, keep: int, *, deepest_first: bool) -> list[Request]:
        """Give back the last requests beyond so many, next hops not counted."""
        start, end = self.urgent, len(self.queue)
        if deepest_first:
            return self._cut(start, max(end - keep, start))
        return self._cut(start + keep, end)[::-1]

    def _cut(self, start: int, end: int) -> list[Request]:
        cut = [request for _, request in self.queue[start:end]]
        del self.queue[start:end]
        return cut

    def guest_at(self, outage: Outage) -> float:
        """From when on a guest may start; infinite: after the end of a turn.

        It gives way to a page after the turn of another guest, but not for long: perhaps nobody
        can take the page before the guest has been.
        """
        is_probed = outage.since is not None and outage.probe_at is None
        if is_probed or self.away or not self.has_room:
            return inf
        gives_way = self.yields and self.queue
        at = self.next_at + (GIVES_WAY_S if gives_way else 0.0)
        return at if outage.probe_at is None else max(at, outage.probe_at)

    @property
    def is_busy(self) -> bool:
        """Whether there is something to do."""
        return bool(self.open or self.queue or self.guests or self.away)

    def begin(self, now: float) -> None:
        """A turn begins."""
        if self.pace is _FRESH:  # its end will tell something
            self.pace = Pace()
        self.open += 1
        self.started_before, self.started_at = self.started_at, now
        delayed = self.rule.delay_s or self.crawl_delay_s or self.pace.slow_s or self.probing
        if delayed and not self.circuit.is_given_up:
            self.unsent = now

    def stands(self, now: float, *, started_at: float, took_s: float | None) -> float:
        """Hear that a turn has its connection; returns how much too early it is to send, if it is.

        Args:
            took_s: to connect, if that is known.
        """
        if took_s is not None and self.unsent == started_at:
            self.lead_s += (min(took_s, MOST_LEAD_S, self.delay_s / 2) - self.lead_s) / 2
        return self.seen_at + self.delay_s - now

    def sees(self, now: float) -> None:
        """The host sees a request now: the delay counts from here."""
        self.seen_at = now
        self.started_at = max(self.started_at, now)

    def end(self, now: float, *, started_at: float, sent: bool) -> None:
        """A turn ends: it was a start, or none; who never said when it sent did so just now."""
        self.open -= 1
        if self.unsent == started_at:
            self.unsent = None
            if sent:
                self.sees(now)
        if not sent and self.started_at == started_at:
            self.started_at = self.started_before

    def hear(
        self, news: News, outage: Outage, now: float, *, started_at: float, rest_s: float
    ) -> bool:
        """Learn from a turn; returns whether the host may do less than before.

        Args:
            outage: of the whole network: told what this host says of it.
            started_at: when the turn was taken.
            rest_s: the first wait of a retry.
        """
        sign = news.sign
        if sign is Sign.WELL:
            self._answered(outage)
            self.circuit.well()
            return self.pace.answered(now, started_at=started_at, latency_s=news.latency_s)
        if sign is Sign.BUSY:
            self._answered(outage)
            self._own_circuit().busy(now)
        elif outage.since is not None:
            if started_at >= outage.since:
                outage.probed(now, in_vain=sign is not Sign.NONE)
            return False
        if sign is Sign.NONE:
            return False
        if sign is not Sign.DEAD:
            self.pace.troubled(now, started_at=started_at, most=self.rule.per_host)
        if sign is not Sign.BUSY and not (self.has_answered and outage.lost(self.name, now)):
            self._failed(news, now, started_at, rest_s)
        return True

    def _failed(self, news: News, now: float, started_at: float, rest_s: float) -> None:
        rests = self._own_circuit().failed(now, started_at=started_at, at_once=news.is_shut)
        if rests is not None:
            self.paused_until = max(self.paused_until, now + max(rests * rest_s, news.rest_s))

    def _own_circuit(self) -> Circuit:
        if self.circuit is _CLOSED:
            self.circuit = Circuit()
        return self.circuit

    def _answered(self, outage: Outage) -> None:
        self.has_answered = True
        outage.well()


class Lease(NamedTuple):  # made for each page: a frozen dataclass takes four times as long
    """A request that may start now; its host is busy with it until `HostSchedule.done`."""

    request: Request
    turn_s: float  # waited for its host's turn, since it entered the window
    started_at: float  # monotonic seconds
    urgent: bool = False  # it had a turn before
    probe: bool = False  # it tries whether its host, or the network, is back
    given_up: bool = False  # its host is: nothing is to be sent
    spaced: bool = False  # its host starts nothing until `HostSchedule.sent`


def depth_of(entry: tuple[float, Request]) -> tuple[int, int]:
    """What sorts a window with `deepest_first`: the newest of the deepest is the last."""
    return entry[1].depth, entry[1].id


def rule_of(host: str, rules: Mapping[str, HostRule], *, default: HostRule) -> HostRule:
    """The rule of "name:port": the one for that port wins over the one for the name."""
    return rules.get(host) or rules.get(host.rpartition(":")[0]) or default
