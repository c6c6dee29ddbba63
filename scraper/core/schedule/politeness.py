"""Whose turn it is: the window of requests in memory, and the order in which hosts may start.

A state machine that is told the time (monotonic seconds) and never waits. Its laws, whatever
happens in whatever order:

- at most `per_host` turns are open on a host, one while its robots.txt is unknown ("probing");
- beyond the first `FIRST_OPEN` turns a host earns each further one by answers (`pace`), so nobody
  is hit with a hundred requests before it has shown that it can bear them, and a slow host does
  not take the slots that others could use;
- between two starts on a host lies at least its delay: the larger of the config's, robots.txt's
  and what was learnt. It counts from when a request was written, as the host sees it: meanwhile a
  host with a delay starts nothing else, and a turn that failed before that counts from its end.
  The next turn begins a little before the delay is over, so that its connection stands by then;
- a paused host starts nothing before its pause ends;
- a host that is not reached rests, then is asked for one page at a time; given up, its pages are
  handed out to be failed, without a wait (`circuit`);
- while the network is gone one page at a time is handed out, now and then;
- of the hosts that may start, the one that could for the longest time and the one with most left
  are next in turn, so that no host starves another and the tail is short (`order`);
- a domain and an address have caps of their own, over all their hosts (`lanes`);
- a request that was added is handed out once, or given back by `shed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf

from scraper.core.model import Request
from scraper.core.plan import HostRule, PolitenessPlan
from scraper.core.schedule.circuit import Outage
from scraper.core.schedule.flow import Flow
from scraper.core.schedule.host import Host, Lease
from scraper.core.schedule.hosts import Hosts
from scraper.core.schedule.lanes import Lanes
from scraper.core.schedule.news import NO_NEWS, News
from scraper.core.schedule.order import Order

HOST_COSTS = 2  # times the memory of a request


class HostSchedule:
    """The window: requests by host, and which may start when."""

    def __init__(self, plan: PolitenessPlan) -> None:
        self._plan = plan
        self.deepest_first = plan.deepest_first
        self._order = Order()
        self.lanes = Lanes(plan, self._put)
        self.hosts = Hosts(plan, self.lanes)
        self._host = self.hosts.named
        self.outage = Outage()
        self.flow = Flow()  # what the turns come to
        self.waiting = 0  # requests in the window
        self.open = 0  # turns taken and not yet done

    def __repr__(self) -> str:
        hosts = len(self.hosts)
        return f"<HostSchedule {self.waiting} waiting on {hosts} hosts, {self.open} in flight>"

    @property
    def load(self) -> int:
        """What it holds, in requests; a host costs as much as some, unless a turn of it is open."""
        return self.waiting + HOST_COSTS * max(len(self.hosts) - self.open, 0)

    def waiting_on(self, host: str) -> int:
        """How many requests of this host are in the window."""
        state = self.hosts.get(host)
        return len(state.queue) if state else 0

    def add(self, request: Request, now: float, *, urgent: bool = False) -> None:
        """Let a request wait for its host's turn; an urgent one goes before the others."""
        host = self._host(request.host)
        host.push(request, now, urgent=urgent, deepest_first=self.deepest_first)
        self.waiting += 1
        if host.stamp < 0:
            self._offer(host, now)

    def take(self, now: float) -> Lease | None:
        """Return the next request that may start, its host now busy with it; or None."""
        outage = self.outage
        if outage.since is not None and (outage.probe_at is None or outage.probe_at > now):
            return None
        while (host := self._order.pop(now)) is not None:
            if self.lanes.admits(host, now):
                return self._start(host, now)
        return None

    def done(
        self,
        host_name: str,
        now: float,
        *,
        started_at: float,
        sent: bool,
        news: News = NO_NEWS,
    ) -> None:
        """End a turn of this host.

        Args:
            started_at: when the turn was taken.
            sent: something was, or was tried to be, and the delay counts from now unless `sent`
                has told when; else the turn was no start, unless another one has followed.
            news: what it tells of the host.
        """
        host = self._host(host_name)
        self.open -= 1
        before = host.started_at
        host.end(now, started_at=started_at, sent=sent)
        self.lanes.done(host, now)
        slower = host.hear(news, self.outage, now, started_at=started_at, rest_s=self._plan.rest_s)
        self.flow.ended(news.sign, started_at, now, answers=host.has_answered)
        if slower or host.started_at != before or host.stamp < 0:
            self._offer(host, now)

    def stands(
        self, host_name: str, now: float, *, started_at: float, took_s: float | None = None
    ) -> float:
        """Hear that a turn has its connection; returns how much too early it is to send, if it is.

        Args:
            took_s: to connect, if that is known: later turns begin so much before they may send.
        """
        return self._host(host_name).stands(now, started_at=started_at, took_s=took_s)

    def sent(self, host_name: str, now: float, *, started_at: float) -> None:
        """Hear that a turn taken at `started_at` sends something: the delay counts from now."""
        host = self._host(host_name)
        host.sees(now)
        if host.unsent == started_at:
            host.unsent = None
        self._offer(host, now)

    def free_in_s(self, host_name: str, now: float) -> float:
        """How long nothing may be sent within a turn that has sent nothing, of any host."""
        host = self._host(host_name)
        return max(host.seen_at + host.delay_s - now, 0.0)

    def asked(self, host_name: str, now: float) -> None:
        """Hear that something is; the delay counts from now."""
        host = self._host(host_name)
        host.sees(now)
        self._offer(host, now)

    def expect(self, host_name: str) -> None:
        """Let a guest, what is asked for and is no request here, take turns with the pages.

        `begin` or `dismiss` ends that.
        """
        host = self._host(host_name)
        host.guests += 1
        if not host.may_open:
            self._take_out(host)

    def begin(self, host_name: str, now: float) -> float | None:
        """Start the turn of a guest that is expected; it ends with `done`.

        Returns None when it has started; else how long it cannot, infinite: until a `done`.
        """
        host = self._host(host_name)
        at = host.guest_at(self.outage)
        if at > now:
            self.lanes.release(host, now)
            return at - now
        if not self.lanes.lets_in(host):
            return inf
        host.guests -= 1
        host.yields = True
        self._open(host, now)
        self.lanes.release(host, now)
        return None

    def dismiss(self, host_name: str, now: float) -> None:
        """A guest that was expected does not come."""
        host = self._host(host_name)
        host.guests -= 1
        self.lanes.release(host, now)
        self._offer(host, now)

    def leave_for_robots(self, host_name: str, now: float) -> None:
        """A page is away to ask for the host's robots.txt where it has moved to.

        Until it is `back` the host starts nothing but pages of others that do so here.
        """
        host = self._host(host_name)
        host.away += 1
        self._offer(host, now)

    def back(self, host_name: str, now: float) -> None:
        """The page has been there, or will not be."""
        host = self._host(host_name)
        host.away -= 1
        self._offer(host, now)

    def located(self, host_name: str, addresses: Iterable[str], now: float) -> None:
        """Hear at which addresses a host is that was met; none: nobody knows."""
        host = self.hosts.get(host_name)
        if host is not None and not host.located:
            self.lanes.locate(host, addresses)
            self._offer(host, now)

    def wake_at(self) -> float | None:
        """When `take` can succeed next; None: only after an `add` or a `done`."""
        at, outage = self._order.next_at(), self.outage
        if at is None or outage.since is None:
            return at
        return None if outage.probe_at is None else max(at, outage.probe_at)

    def pause(self, host_name: str, until: float, now: float) -> None:
        """Let the whole host rest until then; a longer pause is never shortened."""
        host = self.hosts.get(host_name)
        if host is None:
            self.hosts.pause(host_name, until)
            return
        host.paused_until = max(host.paused_until, until)
        self._offer(host, now)

    def has_given_up(self, host_name: str) -> bool:
        """Whether the host was tried often enough; its pages are failed."""
        return self._host(host_name).circuit.is_given_up

    def is_busy(self, host_name: str) -> bool:
        """Whether the host answered last that it is too busy."""
        return self._host(host_name).circuit.is_busy

    def must_wait(self, host_name: str, now: float) -> bool:
        """Whether a request of the host could not start now."""
        host = self._host(host_name)
        busy = not host.has_room or host.urgent or host.away or self.outage.since is not None
        return bool(busy) or host.next_at > now

    def rests_s(self, host_name: str, now: float) -> float:
        """How long the host wants to be left alone from now on."""
        return max(self._host(host_name).paused_until - now, 0.0)

    def robots_known(
        self, host_name: str, now: float, *, crawl_delay_s: float = 0.0, asked: bool = False
    ) -> bool:
        """Open the host to its limit, with the delay of its robots.txt; returns whether it is news.

        Args:
            asked: robots.txt was fetched in this turn: the delay counts from now.
        """
        host = self._host(host_name)
        crawl_delay_s = min(crawl_delay_s, self._plan.max_crawl_delay_s)
        if asked:
            host.sees(now)
        elif not host.probing and crawl_delay_s == host.crawl_delay_s:
            return False
        host.probing = False
        host.crawl_delay_s = crawl_delay_s
        if asked or not host.delay_s:
            host.unsent = None
        self._offer(host, now)
        return True

    def is_too_soon(self, host_name: str, now: float, *, crawl_delay_s: float) -> bool:
        """Whether the host's first turn, after an earlier run, is too soon by a kept robots.txt.

        `stands` would tell so too, but late: after a connection in vain, with a form marked as
        sent, and the delay would count from the end of this turn.
        """
        host = self._host(host_name)
        if not host.probing:
            return False
        self.robots_known(host_name, now, crawl_delay_s=crawl_delay_s)
        return host.started_before + host.delay_s > now

    def delay_s(self, host_name: str) -> float:
        """How long lies between two starts on this host."""
        return self._host(host_name).delay_s

    def rule(self, host_name: str) -> HostRule:
        """How this host is treated: the config's rule, with the delay of robots.txt."""
        host = self._host(host_name)
        if host.asked_delay_s == host.rule.delay_s:
            return host.rule
        return HostRule(host.rule.per_host, host.asked_delay_s)

    def learn(self, slow: Mapping[str, float], *, asked_until: float = float("-inf")) -> None:
        """Begin with what earlier runs have learnt: seconds between two starts, by host.

        Args:
            asked_until: they may have asked any host until then; the delay counts from it.
        """
        self.hosts.asked_until = asked_until
        self.hosts.learn(slow)

    def shed(self, *, urgent: bool = False) -> list[Request]:
        """Empty the window, of next hops too if `urgent`; returns what was in it."""
        shed: list[Request] = []
        for host in self.hosts.each():
            shed += host.shed(urgent=urgent)
            if not host.may_open:
                self._take_out(host)
        self.waiting -= len(shed)
        return shed

    def trim(self, keep: int) -> list[Request]:
        """Leave at most `keep` requests to each host, next hops not counted; returns the rest."""
        deepest_first, hosts = self.deepest_first, self.hosts.each()
        dropped = [row for h in hosts for row in h.trim(keep, deepest_first=deepest_first)]
        self.waiting -= len(dropped)
        return dropped

    def _start(self, host: Host, now: float) -> Lease:
        urgent = bool(host.urgent)
        entered_at, request = host.pop(deepest_first=self.deepest_first)
        self.waiting -= 1
        host.known -= 1
        host.yields = False
        probe = self._open(host, now) or host.circuit.is_open
        given_up = host.circuit.is_given_up
        spaced = host.unsent is not None
        return Lease(request, now - entered_at, now, urgent, probe, given_up, spaced)

    def _open(self, host: Host, now: float) -> bool:
        """Begin a turn; returns whether it probes the network."""
        self.open += 1
        host.begin(now)
        self.lanes.opened(host)
        self._offer(host, now)
        if self.outage.since is None:
            return False
        self.outage.probes()
        return True

    def _offer(self, host: Host, now: float) -> None:
        """Let the host wait for the time from which it may start, or not at all."""
        if host.asleep:
            return
        if not host.may_open:
            self._take_out(host)
            return
        if host.token is not None and host.next_at > now:
            self.lanes.pass_on(host)
        self._put(host, now)

    def _put(self, host: Host, now: float) -> None:
        self._order.put(host, now, hosts=len(self.hosts))

    def _take_out(self, host: Host) -> None:
        host.stamp = -1
        self.lanes.pass_on(host)
        if not host.is_busy:
            self.hosts.note(host)
