"""Whose turn it is: the window of requests in memory, and the order in which hosts may start.

A state machine that is told the time (monotonic seconds) and never waits. Its laws, whatever
happens in whatever order:

- at most `per_host` turns are open on a host, one while its robots.txt is unknown ("probing");
- beyond the first `FIRST_OPEN` turns a host earns each further one by ending one: with every round
  of answers it is asked for twice as many. So nobody is hit with a hundred requests before it has
  shown that it can bear them, and a slow host does not take the slots that others could use;
- between two starts on a host lies at least its delay: the larger of the config's and robots.txt's;
- a paused host starts nothing before its pause ends;
- of the hosts that may start, the one that could for the longest time is next, so that no host
  starves another;
- a request that was added is handed out once, or given back by `shed`.

A heap holds one entry per host that has something to start and a free turn, ordered by the time
from which it may: `take` costs O(log hosts). An entry is void when its host's stamp has moved on;
nothing is ever searched for in the heap.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from itertools import count

from scraper.core.model import Request
from scraper.core.plan import HostRule, PolitenessPlan

FIRST_OPEN = 4  # the default of politeness.per_host


@dataclass(slots=True)
class _Host:
    name: str
    rule: HostRule
    probing: bool
    earned: int = FIRST_OPEN  # turns that may be open, as far as `per_host` allows
    reserved: bool = False  # a turn will send something only later
    crawl_delay_s: float = 0.0
    urgent: deque[tuple[float, Request]] = field(default_factory=deque)  # next hops: half-done work
    queue: deque[tuple[float, Request]] = field(default_factory=deque)  # (entered at, request)
    open: int = 0
    started_at: float = float("-inf")  # the last start
    started_before: float = float("-inf")  # the start before that one
    paused_until: float = float("-inf")
    stamp: int = -1  # the heap entry that counts; -1: none

    @property
    def delay_s(self) -> float:
        return max(self.rule.delay_s, self.crawl_delay_s)

    @property
    def next_at(self) -> float:
        """The delay allows no start before."""
        return self.started_at + self.delay_s

    @property
    def may_open(self) -> bool:
        if self.reserved and self.delay_s:
            return False
        limit = 1 if self.probing else min(self.rule.per_host, self.earned)
        return self.open < limit and bool(self.urgent or self.queue)

    @property
    def idle(self) -> bool:
        return not (self.open or self.urgent or self.queue or self.reserved)


@dataclass(frozen=True, slots=True)
class Turn:
    """A request that may start now; its host is busy with it until `HostSchedule.done`."""

    request: Request
    waited_s: float  # since the request entered the window
    urgent: bool  # it had a turn before
    started_at: float


class HostSchedule:
    """The window: requests by host, and which may start when."""

    def __init__(self, plan: PolitenessPlan) -> None:
        self._plan = plan
        self._hosts: dict[str, _Host] = {}
        self._heap: list[tuple[float, int, _Host]] = []
        self._stamps = count()
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
        (host.urgent if urgent else host.queue).append((now, request))
        self.waiting += 1
        if host.stamp < 0:
            self._offer(host, now)

    def take(self, now: float) -> Turn | None:
        """Return the next request that may start, its host now busy with it; or None."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            _, stamp, host = heappop(heap)
            if stamp == host.stamp:
                return self._start(host, now)
        return None

    def done(self, host_name: str, now: float, *, started_at: float, sent_at: float | None) -> None:
        """End a turn of this host.

        Args:
            started_at: when the turn was taken.
            sent_at: when something was sent in it, after looking up a name or connecting, so that
                the delay is kept as the server sees it; None: nothing was, so the turn was no
                start, unless another one has followed.
        """
        host = self._hosts[host_name]
        host.open -= 1
        self.open -= 1
        before = host.started_at
        if sent_at is not None:
            host.started_at = max(before, sent_at)
            host.earned += 1
        elif started_at == before:
            host.started_at = host.started_before
        if host.started_at != before or host.stamp < 0:
            self._offer(host, now)

    def wake_at(self) -> float | None:
        """When `take` can succeed next; None: only after an `add` or a `done`."""
        heap = self._heap
        while heap and heap[0][1] != heap[0][2].stamp:
            heappop(heap)
        return heap[0][0] if heap else None

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
        if asked:
            host.reserved = False
            host.started_at = max(host.started_at, now)
        elif not host.probing and crawl_delay_s == host.crawl_delay_s:
            return
        host.probing = False
        host.crawl_delay_s = crawl_delay_s
        self._offer(host, now)

    def delay_s(self, host_name: str) -> float:
        """How long lies between two starts on this host."""
        return self._host(host_name).delay_s

    def rule(self, host_name: str) -> HostRule:
        """How this host is treated: the config's rule, with the delay of robots.txt."""
        host = self._host(host_name)
        if host.delay_s == host.rule.delay_s:
            return host.rule
        return HostRule(host.rule.per_host, host.delay_s)

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
            while len(host.queue) > keep:
                dropped.append(host.queue.pop()[1])
        self.waiting -= len(dropped)
        return dropped

    def forget_idle(self, now: float) -> int:
        """Forget hosts with nothing to do and nothing to remember; returns how many.

        A host whose delay or pause still runs is kept, so that no law is broken when it returns.
        What robots.txt said is asked for again from the robots stage, which keeps it.
        """
        idle = [
            name
            for name, host in self._hosts.items()
            if host.idle and host.next_at <= now and host.paused_until <= now
        ]
        for name in idle:
            self._hosts.pop(name).stamp = -1
        return len(idle)

    def busiest(self) -> str | None:
        """The host with most to start; one look at each host, so not for every page."""
        waiting = {name: len(h.queue) + len(h.urgent) for name, h in self._hosts.items()}
        return max(waiting, key=lambda name: waiting[name], default=None)

    def _start(self, host: _Host, now: float) -> Turn:
        urgent = bool(host.urgent)
        entered_at, request = (host.urgent or host.queue).popleft()
        self.waiting -= 1
        self.open += 1
        host.open += 1
        host.started_before, host.started_at = host.started_at, now
        self._offer(host, now)
        return Turn(request, now - entered_at, urgent, now)

    def _offer(self, host: _Host, now: float) -> None:
        """Put the host into the heap at the time from which it may start, or take it out."""
        if not host.may_open:
            host.stamp = -1
            return
        host.stamp = next(self._stamps)
        heappush(self._heap, (max(now, host.next_at, host.paused_until), host.stamp, host))
        if len(self._heap) > 64 + 4 * len(self._hosts):  # void entries of hosts seldom reached
            self._heap = [entry for entry in self._heap if entry[1] == entry[2].stamp]
            heapify(self._heap)

    def _host(self, name: str) -> _Host:
        host = self._hosts.get(name)
        if host is None:
            rule = rule_of(name, self._plan.hosts, default=self._plan.default)
            host = self._hosts[name] = _Host(name, rule, probing=self._plan.robots)
        return host


def rule_of(host: str, rules: Mapping[str, HostRule], *, default: HostRule) -> HostRule:
    """The rule of "name:port": the one for that port wins over the one for the name."""
    return rules.get(host) or rules.get(host.rpartition(":")[0]) or default
