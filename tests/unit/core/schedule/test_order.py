"""Laws of whose turn it is: nobody starves, and the tail is short."""

from heapq import heappop, heappush
from itertools import count
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from scraper.core.model import Request
from scraper.core.plan import HostRule, PolitenessPlan
from scraper.core.schedule.host import Host
from scraper.core.schedule.news import News, Sign
from scraper.core.schedule.order import CLASSES, Order
from scraper.core.schedule.politeness import HostSchedule


def host(name: str, pages: int = 1, *, delay_s: float = 0.0) -> Host:
    made = Host(name, HostRule(1, delay_s), probing=False)
    made.queue.extend((0.0, Request(f"http://{name}/", b"", name)) for _ in range(pages))
    return made


class Lines(RuleBasedStateMachine):
    """Hosts come, start, rest and leave in any order; the laws hold after each step."""

    @initialize(pages=st.lists(st.sampled_from([1, 1, 3, 40, 1000]), min_size=1, max_size=9))
    def begin(self, pages):
        self.order, self.now = Order(), 100.0
        self.hosts = [host(f"h{n}", each) for n, each in enumerate(pages)]
        self.overtaken = {}  # those that may start -> starts of others since they may

    def one(self, number):
        return self.hosts[number % len(self.hosts)]

    @rule(number=st.integers(0, 8))
    def put(self, number):
        self.order.put(self.one(number), self.now, hosts=len(self.hosts))

    @rule(number=st.integers(0, 8))
    def take_out(self, number):
        self.one(number).stamp = -1

    @rule(number=st.integers(0, 8), seconds=st.sampled_from([0.0, 1.0, 5.0]))
    def rest(self, number, seconds):
        one = self.one(number)
        one.paused_until = max(one.paused_until, self.now + seconds)
        if one.stamp >= 0:
            self.order.put(one, self.now, hosts=len(self.hosts))

    @rule(seconds=st.sampled_from([0.5, 4.0]))
    def wait(self, seconds):
        self.now += seconds

    @rule()
    def pop(self):
        started = self.order.pop(self.now)
        assert (started.name if started else None) in (set(self.overtaken) or {None})
        if started:
            assert started.stamp == -1
            del self.overtaken[started.name]
            self.overtaken = {name: starts + 1 for name, starts in self.overtaken.items()}
            assert all(starts < 2 * len(self.hosts) for starts in self.overtaken.values())

    @invariant()
    def knows_when_the_next_may_start(self):
        waiting = [each for each in self.hosts if each.stamp >= 0]
        ready = {each.name for each in waiting if each.next_at <= self.now}
        self.overtaken = {name: self.overtaken.get(name, 0) for name in ready}
        at = self.order.next_at()
        assert (at is None) == (not waiting)
        if at is not None:
            assert (at <= self.now) == bool(ready)
            assert ready or at == min(each.next_at for each in waiting)


TestLines = Lines.TestCase


def test_every_second_start_goes_to_who_has_most_left_and_the_longest_waiting_of_equals():
    order = Order()
    small, also_small = host("a", 10), host("b", 10)
    large, also_large = host("c", 1000), host("d", 1001)
    for each in (small, large, also_small, also_large):
        order.put(each, 0.0, hosts=4)
    names = [order.pop(0.0).name]
    order.put(small, 1.0, hosts=4)
    names += [order.pop(1.0).name for _ in range(4)]
    assert names == ["a", "c", "b", "d", "a"]
    assert order.pop(1.0) is None
    assert "0 may start" in repr(order)


@given(st.lists(st.sampled_from([1, 40, 10**6]), min_size=1, max_size=9))
def test_while_one_may_start_less_than_twice_as_many_starts_as_hosts_go_to_others(pages):
    order, hosts = Order(), [host(f"h{n}", min(each, 99)) for n, each in enumerate(pages)]
    for one, each in zip(hosts, pages, strict=True):
        one.known = each
        order.put(one, 0.0, hosts=len(hosts))
    since = {one.name: 0 for one in hosts}
    for start in range(1, 100):
        started = order.pop(0.0)
        assert start - since[started.name] <= 2 * len(hosts)
        since[started.name] = start
        order.put(started, 0.0, hosts=len(hosts))
    assert min(since.values()) >= 100 - 2 * len(hosts)


def test_who_is_taken_out_while_it_waits_does_not_start():
    order, one = Order(), host("a", delay_s=5.0)
    one.started_at = 0.0
    order.put(one, 0.0, hosts=1)
    one.stamp = -1
    assert order.pop(9.0) is None


def test_who_may_start_keeps_its_place_when_it_is_put_again():
    order = Order()
    first, second = host("a"), host("b", delay_s=5.0)
    order.put(first, 0.0, hosts=2)
    order.put(second, 0.0, hosts=2)
    first.started_at = 0.5
    order.put(first, 1.0, hosts=2)
    assert order.pop(1.0) is first
    second.started_at = 1.0
    order.put(second, 2.0, hosts=2)
    assert order.next_at() == 6.0
    assert order.pop(5.9) is None
    assert order.pop(6.0) is second


def test_memory_is_bounded_by_the_hosts():
    order, hosts = Order(), [host(f"h{n}", 2**n) for n in range(10)]
    for number in range(5_000):
        one = hosts[number % 10]
        one.paused_until = float(number % 7)
        order.put(one, float(number % 3), hosts=10)
        if number % 4 == 0:
            order.pop(float(number % 3))
    assert order._entries < 64 + 4 * 10 + 10
    parts = (order._later, order._line, order._new, *order._classes)
    assert sum(map(len, parts)) == order._entries
    assert len(order._classes) == CLASSES


def makespan(sizes, *, slots, per_host, latency_s, delay_s=0.0, ended=lambda *_: None):
    """How long a crawl takes in which nothing but politeness, latency and slots takes time."""
    schedule = HostSchedule(PolitenessPlan(robots=False, default=HostRule(per_host, delay_s)))
    ids, now, running = count(), 0.0, []
    for number in range(max(sizes)):
        for name, pages in enumerate(sizes):
            if number < pages:
                schedule.add(Request(f"http://h{name}/", b"", f"h{name}:80", id=next(ids)), now)
    while running or schedule.waiting:
        while len(running) < slots and (lease := schedule.take(now)) is not None:
            schedule.sent(lease.request.host, now, started_at=lease.started_at)
            seconds = latency_s(int(lease.request.host[1:-3]))
            heappush(running, (now + seconds, lease.request.id, lease))
        ends_at = running[0][0] if running else float("inf")
        starts_at = schedule.wake_at() if len(running) < slots else None
        now = min(ends_at, ends_at if starts_at is None else max(starts_at, now))
        if running and running[0][0] <= now:
            _, _, lease = heappop(running)
            start = lease.started_at
            news = News(Sign.WELL, now - start)
            schedule.done(lease.request.host, now, started_at=start, sent=True, news=news)
            ended(now, int(lease.request.host[1:-3]), schedule)
    return now


ZIPF = [max(1, 2000 // n) for n in range(1, 201)]
SHAPES = {
    "one large, many small": [1000, *[10] * 600],
    "skewed": ZIPF,
    "a few large": [*[400] * 8, *[10] * 400],
    "alike": [40] * 80,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_tail_is_short(shape):
    """The whole takes little longer than what must take longest: a host, or all in all slots."""
    pages, chance, told_s = SHAPES[shape], Random(shape), []

    def latency_s(_):
        told_s.append(chance.uniform(0.1, 0.3))
        return told_s[-1]

    took_s = makespan(pages, slots=20, per_host=4, latency_s=latency_s)
    assert took_s <= 1.02 * max(0.2 * max(pages) / 4, sum(told_s) / 20)


def test_a_host_that_is_slow_by_itself_starts_first():
    """What is left is told in seconds: 20 pages at 10 s are more than 200 at 0.2 s."""
    pages = [*[200] * 40, 20]
    took_s = makespan(pages, slots=20, per_host=4, latency_s=lambda n: 10.0 if n == 40 else 0.2)
    assert took_s <= 1.02 * max((200 * 40 * 0.2 + 20 * 10.0) / 20, 20 * 10.0 / 4)


@pytest.mark.parametrize("per_host", [1, 4])
def test_a_host_that_takes_long_for_a_page_delays_no_others(per_host):
    """It holds no more than its own limit, though what is left of it takes longest."""

    def others_took_s(late_pages):
        ended_at, open_on_it = [0.0], []

        def latency_s(number):
            return 10.0 if number == 99 else 0.2

        def ended(now, number, schedule):
            if number < 99:
                ended_at.append(now)
            open_on_it.append(sum(h.open for h in schedule.hosts.each() if h.name == "h99:80"))

        pages = [*[20] * 99, *[late_pages] * bool(late_pages)]
        makespan(pages, slots=100, per_host=per_host, latency_s=latency_s, ended=ended)
        assert max(open_on_it) <= per_host
        return max(ended_at)

    assert others_took_s(100) <= 1.1 * others_took_s(0)


def test_with_a_delay_the_largest_host_takes_little_longer_than_by_itself():
    pages, chance = [max(2, 300 // n) for n in range(1, 101)], Random(1)
    took_s = makespan(
        pages, slots=30, per_host=4, latency_s=lambda _: chance.uniform(0.1, 0.3), delay_s=0.1
    )
    assert took_s <= 1.04 * (299 * 0.1 + 0.2)


def test_of_hosts_that_were_all_taken_out_none_starts():
    order, hosts = Order(), [host("a"), host("b"), host("c")]
    for each in hosts:
        order.put(each, 0.0, hosts=3)
    assert order.pop(0.0) is hosts[0]
    for each in hosts[1:]:
        each.stamp = -1
    assert order.pop(0.0) is None, "of those with most left"
    order.put(hosts[0], 1.0, hosts=3)
    assert order.pop(1.0) is hosts[0]
    assert order.pop(1.0) is order.next_at() is None

    order.put(hosts[1], 2.0, hosts=3)
    hosts[1].stamp = -1
    assert order.pop(2.0) is None, "of those in turn"
