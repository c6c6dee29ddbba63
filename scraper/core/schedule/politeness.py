"""Whose turn it is: the window of requests in memory, and the order in which hosts may start.

A state machine that is told the time (monotonic seconds) and never waits. Its laws, whatever
happens in whatever order:

- at most `per_host` turns are open on a host, one while its robots.txt is unknown ("probing");
- beyond the first `FIRST_OPEN` turns a host earns each further one by answers (`pace`), so nobody
  is hit with a hundred requests before it has shown that it can bear them, and a slow host does
  not take the slots that others could use;
- between two starts on a host lies at least its delay: the larger of the config's, robots.txt's
  and what was learnt;
- a paused host starts nothing before its pause ends;
- a host that is not reached rests, then is asked for one page at a time; given up, its pages are
  handed out to be failed, without a wait (`circuit`);
- while the network is gone one page at a time is handed out, now and then;
- of the hosts that may start, the one that could for the longest time is next, so that no host
  starves another;
- a request that was added is handed out once, or given back by `shed`.

A heap holds one entry per host that has something to start and a free turn, ordered by the time
from which it may: `take` costs O(log hosts). An entry is void when its host's stamp has moved on;
nothing is ever searched for in the heap.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import count

from scraper.core.model import Request
from scraper.core.plan import HostRule, PolitenessPlan
from scraper.core.schedule.circuit import Outage
from scraper.core.schedule.host import Host
from scraper.core.schedule.news import NO_NEWS, News, Sign
from scraper.core.schedule.pace import Pace


@dataclass(frozen=True, slots=True)
class Lease:
    """A request that may start now; its host is busy with it until `HostSchedule.done`."""

    request: Request
    turn_s: float  # waited for its host's turn, since it entered the window
    started_at: float  # monotonic seconds
    urgent: bool = False  # it had a turn before
    probe: bool = False  # it tries whether its host, or the network, is back
    given_up: bool = False  # its host is: nothing is to be sent


def _depth(entry: tuple[float, Request]) -> tuple[int, int]:
    """What sorts a window with `deepest_first`: the newest of the deepest is the last."""
    return entry[1].depth, entry[1].id


class HostSchedule:
    """The window: requests by host, and which may start when."""

    def __init__(self, plan: PolitenessPlan) -> None:
        self._plan = plan
        self._deepest_first = plan.deepest_first
        self._hosts: dict[str, Host] = {}
        self._heap: list[tuple[float, int, Host]] = []
        self._stamps = count()
        self.outage = Outage()
        self.waiting = 0  # requests in the window
        self.open = 0  # turns taken and not yet done

    def __repr__(self) -> str:
        return (
            f"<HostSchedule {self.waiting} waiting on {len(self._hosts)} hosts, "
            f"{self.open} in flight>"
        )

    @property
    def hosts(self) -> int:
        """How many hosts the window knows."""
        return len(self._hosts)

    def waiting_on(self, host: str) -> int:
        """How many requests of this host are in the window."""
        state = self._hosts.get(host)
        return len(state.urgent) + len(state.queue) if state else 0

    def add(self, request: Request, now: float, *, urgent: bool = False) -> None:
        """Let a request wait for its host's turn; an urgent one goes before the others."""
        host = self._host(request.host)
        if self._deepest_first and not urgent:
            insort(host.queue, (now, request), key=_depth)
        else:
            (host.urgent if urgent else host.queue).append((now, request))
        self.waiting += 1
        if host.stamp < 0:
            self._offer(host, now)

    def take(self, now: float) -> Lease | None:
        """Return the next request that may start, its host now busy with it; or None."""
        heap, outage = self._heap, self.outage
        if outage.since is not None and (outage.probe_at is None or outage.probe_at > now):
            return None
        while heap and heap[0][0] <= now:
            _, stamp, host = heappop(heap)
            if stamp == host.stamp:
                return self._start(host, now)
        return None

    def done(
        self,
        host_name: str,
        now: float,
        *,
        started_at: float,
        sent_at: float | None,
        news: News = NO_NEWS,
    ) -> None:
        """End a turn of this host.

        Args:
            started_at: when the turn was taken.
            sent_at: when something was sent in it, after looking up a name or connecting, so that
                the delay is kept as the server sees it; None: nothing was, so the turn was no
                start, unless another one has followed.
            news: what it tells of the host.
        """
        host = self._hosts[host_name]
        host.open -= 1
        self.open -= 1
        before = host.started_at
        if sent_at is not None:
            host.started_at = max(before, sent_at)
        elif started_at == before:
            host.started_at = host.started_before
        slower = self._hear(host, now, started_at, news)
        if slower or host.started_at != before or host.stamp < 0:
            self._offer(host, now)

    def _hear(self, host: Host, now: float, started_at: float, news: News) -> bool:
        """Learn from a turn; returns whether the host may do less than before."""
        sign, outage = news.sign, self.outage
        if sign is Sign.WELL:
            host.has_answered = True
            outage.well()
            host.circuit.well()
            return host.pace.answered(now, started_at=started_at, latency_s=news.latency_s)
        if sign is Sign.BUSY:
            host.has_answered = True
            outage.well()
            host.circuit.well()
        elif outage.since is not None:
            if started_at >= outage.since:
                outage.probed(now, in_vain=sign is not Sign.NONE)
            return False
        if sign is Sign.NONE:
            return False
        if sign is not Sign.DEAD:
            host.pace.troubled(now, started_at=started_at, most=host.rule.per_host)
        if sign is not Sign.BUSY and not (host.has_answered and outage.lost(host.name, now)):
            self._count_failure(host, now, started_at, news)
        return True

    def _count_failure(self, host: Host, now: float, started_at: float, news: News) -> None:
        rests = host.circuit.failed(now, started_at=started_at, at_once=news.is_shut)
        if rests is not None:
            rest_s = max(rests * self._plan.rest_s, news.rest_s)
            host.paused_until = max(host.paused_until, now + rest_s)

    def wake_at(self) -> float | None:
        """When `take` can succeed next; None: only after an `add` or a `done`."""
        heap, outage = self._heap, self.outage
        while heap and heap[0][1] != heap[0][2].stamp:
            heappop(heap)
        if not heap or outage.since is None:
            return heap[0][0] if heap else None
        return None if outage.probe_at is None else max(heap[0][0], outage.probe_at)

    def pause(self, host_name: str, until: float, now: float) -> None:
        """Let the whole host rest until then; a longer pause is never shortened."""
        host = self._host(host_name)
        host.paused_until = max(host.paused_until, until)
        self._offer(host, now)

    def reserve(self, host_name: str) -> None:
        """Start nothing on a host with a delay until an open turn has sent what it has to send.

        `robots_known` with `asked` ends that.
        """
        host = self._host(host_name)
        host.reserved = True
        if not host.may_open:
            host.stamp = -1

    def has_given_up(self, host_name: str) -> bool:
        """Whether the host was tried often enough; its pages are handed out to be failed."""
        return self._host(host_name).circuit.is_given_up

    def rests_s(self, host_name: str, now: float) -> float:
        """How long the host wants to be left alone from now on."""
        return max(self._host(host_name).paused_until - now, 0.0)

    def robots_known(
        self, host_name: str, now: float, *, crawl_delay_s: float = 0.0, asked: bool = False
    ) -> None:
        """Open the host to its full limit, with the delay that its robots.txt asks for.

        Args:
            asked: robots.txt was fetched in this turn, or the turn was reserved: the delay counts
                from now.
        """
        host = self._host(host_name)
        crawl_delay_s = min(crawl_delay_s, self._plan.max_crawl_delay_s)
        if asked:
            host.reserved = False
            host.started_at = max(host.started_at, now)
        elif not host.probing and crawl_delay_s == host.crawl_delay_s:
            return
        host.probing = False
        host.crawl_delay_s = crawl_delay_s
        self._offer(host, now)

    def rule(self, host_name: str) -> HostRule:
        """How this host is treated: the config's rule, with the delay of robots.txt."""
        host = self._host(host_name)
        if host.asked_delay_s == host.rule.delay_s:
            return host.rule
        return HostRule(host.rule.per_host, host.asked_delay_s)

    def learn(self, slow: Mapping[str, float]) -> None:
        """Begin with what an earlier run has learnt: seconds between two starts, by host."""
        for name, slow_s in slow.items():
            self._host(name).pace = Pace(slow_s)

    def learnt(self) -> dict[str, float]:
        """The hosts that need a pause between two starts beyond what is asked for."""
        return {name: h.pace.slow_s for name, h in self._hosts.items() if h.pace.slow_s}

    def shed(self, *, urgent: bool = False) -> list[Request]:
        """Empty the window, of next hops too if `urgent`; returns what was in it."""
        shed: list[Request] = []
        for host in self._hosts.values():
            shed += [request for _, request in host.queue]
            host.queue.clear()
            if urgent:
                shed += [request for _, request in host.urgent]
                host.urgent.clear()
            if not host.may_open:
                host.stamp = -1
        self.waiting -= len(shed)
        return shed

    def trim(self, keep: int) -> list[Request]:
        """Leave at most `keep` requests to each host, next hops not counted; returns the rest."""
        dropped: list[Request] = []
        for host in self._hosts.values():
            drop = host.queue.popleft if self._deepest_first else host.queue.pop
            while len(host.queue) > keep:
                dropped.append(drop()[1])
        self.waiting -= len(dropped)
        return dropped

    def forget_idle(self, now: float) -> int:
        """Forget hosts with nothing to do and nothing to remember; returns how many.

        A host whose delay or pause still runs is kept, so that no law is broken when it returns.
        What robots.txt said is asked for again from the robots stage, which keeps it.
        """
        idle = [name for name, host in self._hosts.items() if host.idle and host.next_at <= now]
        for name in idle:
            self._hosts.pop(name).stamp = -1
        return len(idle)

    def busiest(self) -> str | None:
        """The host with most to start; one look at each host, so not for every page."""
        waiting = {name: len(h.queue) + len(h.urgent) for name, h in self._hosts.items()}
        return max(waiting, key=lambda name: waiting[name], default=None)

    def _start(self, host: Host, now: float) -> Lease:
        urgent = bool(host.urgent)
        if self._deepest_first and not urgent:
            entered_at, request = host.queue.pop()
        else:
            entered_at, request = (host.urgent or host.queue).popleft()
        self.waiting -= 1
        self.open += 1
        host.open += 1
        host.started_before, host.started_at = host.started_at, now
        self._offer(host, now)
        circuit, probe = host.circuit, self.outage.since is not None
        if probe:
            self.outage.probes()
        probe |= circuit.is_open
        return Lease(request, now - entered_at, now, urgent, probe, circuit.is_given_up)

    def _offer(self, host: Host, now: float) -> None:
        """Put the host into the heap at the time from which it may start, or take it out."""
        if not host.may_open:
            host.stamp = -1
            return
        host.stamp = next(self._stamps)
        heappush(self._heap, (max(now, host.next_at), host.stamp, host))
        if len(self._heap) > 64 + 4 * len(self._hosts):  # void entries of hosts seldom reached
            self._heap = [entry for entry in self._heap if entry[1] == entry[2].stamp]
            heapify(self._heap)

    def _host(self, name: str) -> Host:
        host = self._hosts.get(name)
        if host is None:
            rule = rule_of(name, self._plan.hosts, default=self._plan.default)
            host = self._hosts[name] = Host(name, rule, probing=self._plan.robots)
        return host


def rule_of(host: str, rules: Mapping[str, HostRule], *, default: HostRule) -> HostRule:
    """The rule of "name:port": the one for that port wins over the one for the name."""
    return rules.get(host) or rules.get(host.rpartition(":")[0]) or default
