"""Laws of the window, whatever happens in whatever order."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from scraper.core.model import Request
from scraper.core.plan import HostRule, PolitenessPlan
from scraper.core.schedule.census import busiest
from scraper.core.schedule.circuit import FAILURES, LOST, PROBE_S, PROBES, RESTS
from scraper.core.schedule.host import GIVES_WAY_S
from scraper.core.schedule.news import News, Sign
from scraper.core.schedule.pace import FIRST_OPEN
from scraper.core.schedule.politeness import HOST_COSTS, HostSchedule

HOSTS = ("a:80", "b:80", "c:8080")


def request(host: str, id_: int = 0) -> Request:
    return Request(url=f"http://{host}/{id_}", key=b"", host=host, id=id_)


def polite(*, robots: bool = False, per_host: int = 1, delay_s: float = 0.0) -> PolitenessPlan:
    return PolitenessPlan(robots=robots, default=HostRule(per_host=per_host, delay_s=delay_s))


class Whatever(RuleBasedStateMachine):
    """Adds, takes, ends, pauses and waits in any order; the laws hold after each step."""

    @initialize(
        robots=st.booleans(),
        per_host=st.integers(1, 7),
        delay=st.sampled_from([0, 2.0]),
        asked_until=st.sampled_from([-1e9, 99.0]),
    )
    def begin(self, robots, per_host, delay, asked_until):
        override = HostRule(per_host=2, delay_s=5.0)
        self.plan = PolitenessPlan(
            robots=robots, default=HostRule(per_host, delay), hosts={"c": override}
        )
        self.schedule = HostSchedule(self.plan)
        self.schedule.learn({}, asked_until=asked_until)
        self.now = 100.0
        self.ids = 0
        self.inside = set()
        self.open = dict.fromkeys(HOSTS, 0)
        self.ended = dict.fromkeys(HOSTS, 0)  # turns in which something was sent
        self.started = dict.fromkeys(HOSTS, asked_until)  # an earlier run may have
        self.before = dict(self.started)  # the start before the last one
        self.paused = {}
        self.crawl_delay = {}
        self.probing = dict.fromkeys(HOSTS, robots)
        self.turns = {host: [] for host in HOSTS}  # when they began
        self.unsent = {}  # when the turn began that has yet to send, if the host waits for that
        self.guests = dict.fromkeys(HOSTS, 0)
        self.yields = set()  # hosts whose last turn was a guest's

    def rule_of(self, host):
        return self.plan.hosts["c"] if host == "c:8080" else self.plan.default

    def delay(self, host):
        return max(self.rule_of(host).delay_s, self.crawl_delay.get(host, 0.0))

    @rule(host=st.sampled_from(HOSTS), urgent=st.booleans())
    def add(self, host, urgent):
        self.ids += 1
        self.inside.add(self.ids)
        self.schedule.add(request(host, self.ids), self.now, urgent=urgent)

    @rule()
    def take(self):
        allowed = self.may_start()
        for host in HOSTS:  # a request that came now, behind those that go first
            first = self.schedule.hosts.get(host)
            if not (first and first.urgent):
                assert self.schedule.must_wait(host, self.now) is (host not in self.free(HOSTS))
        turn = self.schedule.take(self.now)
        if turn is None:
            assert not allowed
            return
        host = turn.request.host
        assert host in allowed
        self.inside.remove(turn.request.id)
        self.yields.discard(host)
        assert turn.started_at == self.now
        self.begins(host)
        assert turn.spaced == (host in self.unsent)

    def begins(self, host):
        self.open[host] += 1
        self.turns[host].append(self.now)
        self.before[host] = self.started[host]
        self.started[host] = self.now
        if self.probing[host] or self.delay(host):
            self.unsent[host] = self.now

    def ends(self, host, which):
        self.open[host] -= 1
        return self.turns[host].pop(which % len(self.turns[host]))

    def was_unsent(self, host, began):
        is_unsent = self.unsent.get(host) == began
        if is_unsent:
            del self.unsent[host]
        return is_unsent

    def may_start(self):
        waiting = {host for host in HOSTS if self.schedule.waiting_on(host)}
        return self.free(h for h in waiting if not self.guests[h] or h in self.yields)

    def free(self, hosts):
        return {
            host
            for host in hosts
            if self.open[host] < (1 if self.probing[host] else self.rule_of(host).per_host)
            and self.open[host] < FIRST_OPEN + self.ended[host]
            and self.now >= self.started[host] + self.delay(host)
            and self.now >= self.paused.get(host, 0.0)
            and host not in self.unsent
        }

    @rule(host=st.sampled_from(HOSTS))
    def expect(self, host):
        self.guests[host] += 1
        self.schedule.expect(host)

    @rule(host=st.sampled_from(HOSTS))
    def dismiss(self, host):
        if self.guests[host]:
            self.guests[host] -= 1
            self.schedule.dismiss(host, self.now)

    @rule(host=st.sampled_from(HOSTS))
    def guest(self, host):
        """A guest starts when a page might, one of each in turn, and learns else how long not."""
        if not self.guests[host]:
            return
        free = bool(self.free([host]))
        if host in self.yields and self.schedule.waiting_on(host):
            may_at = max(self.started[host] + self.delay(host), self.paused.get(host, 0.0))
            free = free and self.now >= may_at + GIVES_WAY_S
        wait_s = self.schedule.begin(host, self.now)
        assert (wait_s is None) == free
        if wait_s is not None:
            assert wait_s > 0
            return
        self.guests[host] -= 1
        self.yields.add(host)
        self.begins(host)

    @rule(host=st.sampled_from(HOSTS), which=st.integers(0, 6), more=st.booleans())
    def sent(self, host, which, more):
        """Something is sent in one of the turns, perhaps not the last thing."""
        if self.open[host]:
            began = self.turns[host][which % self.open[host]]
            self.started[host] = self.now
            if not more:
                self.was_unsent(host, began)
            self.schedule.sent(host, self.now, started_at=None if more else began)

    @rule(host=st.sampled_from(HOSTS), which=st.integers(0, 6))
    def done(self, host, which):
        """Something was sent; who has not said when has done so at the end."""
        if self.open[host]:
            began = self.ends(host, which)
            self.ended[host] += 1
            if self.was_unsent(host, began):
                self.started[host] = self.now
            news = News(Sign.WELL, 0.1)
            self.schedule.done(host, self.now, started_at=began, sent=True, news=news)

    @rule(host=st.sampled_from(HOSTS), which=st.integers(0, 6))
    def done_unused(self, host, which):
        """The turn sent nothing: it counts as no start, unless another one has followed."""
        if self.open[host]:
            began = self.ends(host, which)
            self.was_unsent(host, began)
            self.schedule.done(host, self.now, started_at=began, sent=False)
            if self.started[host] == began:
                self.started[host] = self.before[host]

    @rule(host=st.sampled_from(HOSTS), seconds=st.sampled_from([1.0, 7.0]))
    def pause(self, host, seconds):
        self.paused[host] = max(self.paused.get(host, 0.0), self.now + seconds)
        self.schedule.pause(host, self.now + seconds, self.now)
        assert self.schedule.rests_s(host, self.now) == self.paused[host] - self.now

    @rule(host=st.sampled_from(HOSTS), delay=st.sampled_from([0.0, 3.0]), asked=st.booleans())
    def robots(self, host, delay, asked):
        if not asked:  # what is kept: only a fresh answer can be another one
            delay = self.crawl_delay.get(host, 0.0)
        self.crawl_delay[host] = delay
        if asked:
            self.started[host] = self.now
        self.probing[host] = False
        if asked or not self.delay(host):
            self.unsent.pop(host, None)
        self.schedule.robots_known(host, self.now, crawl_delay_s=delay, asked=asked)
        assert self.schedule.rule(host).delay_s == self.delay(host)

    @rule(urgent=st.booleans())
    def shed(self, urgent):
        for shed in self.schedule.shed(urgent=urgent):
            self.inside.remove(shed.id)

    @rule(keep=st.integers(1, 3))
    def trim(self, keep):
        for dropped in self.schedule.trim(keep):
            self.inside.remove(dropped.id)

    @rule(seconds=st.sampled_from([0.5, 2.0, 10.0]))
    def wait(self, seconds):
        self.now += seconds

    @rule()
    def forget(self):
        """Whoever has nothing to do goes, and its delay and its rest hold when it returns."""
        for host in HOSTS:
            at_rest = not self.open[host] and not self.guests[host]
            if at_rest and not self.schedule.waiting_on(host):
                self.ended[host] = 0
                self.yields.discard(host)
        self.schedule.hosts.forget_idle(self.now)
        for host in HOSTS:  # forgotten or not, robots.txt is told again as the pipeline does
            if not self.probing[host]:
                delay = self.crawl_delay.get(host, 0.0)
                self.schedule.robots_known(host, self.now, crawl_delay_s=delay)

    @invariant()
    def nothing_is_lost(self):
        assert self.schedule.waiting == len(self.inside)
        assert self.schedule.open == sum(self.open.values())
        at_rest = len(self.schedule.hosts) - sum(map(bool, self.open.values()))
        assert len(self.inside) <= self.schedule.load <= len(self.inside) + HOST_COSTS * at_rest

    @invariant()
    def wakes_when_something_may_start(self):
        at = self.schedule.wake_at()
        if self.may_start():
            assert at is not None
            assert at <= self.now
        elif at is not None:
            assert at > self.now
            assert self.schedule.waiting_on(busiest(self.schedule.hosts.each()).name)


TestWhatever = Whatever.TestCase


class Troubles(RuleBasedStateMachine):
    """Hosts answer, fail and fall silent in any order: they rest, and nothing is lost."""

    @initialize(robots=st.booleans(), per_host=st.integers(1, 7))
    def begin(self, robots, per_host):
        self.plan = PolitenessPlan(robots=robots, default=HostRule(per_host, 0.5), rest_s=1.0)
        self.schedule = HostSchedule(self.plan)
        self.now, self.ids = 100.0, 0
        self.inside, self.open = set(), []
        self.given_up = set()

    @rule(host=st.sampled_from(HOSTS), count=st.integers(1, 9))
    def add(self, host, count):
        for _ in range(count):
            self.ids += 1
            self.inside.add(self.ids)
            self.schedule.add(request(host, self.ids), self.now)

    @rule()
    def take(self):
        lease = self.schedule.take(self.now)
        if lease is None:
            return
        host = lease.request.host
        self.inside.remove(lease.request.id)
        self.open.append(lease)
        assert lease.given_up == (host in self.given_up)
        on_host = [each for each in self.open if each.request.host == host]
        assert len(on_host) <= self.plan.default.per_host
        if not lease.given_up:
            starts = [e.started_at for e in on_host if e is not lease and not e.given_up]
            assert all(self.now - at >= 0.5 for at in starts)

    @rule(which=st.integers(0, 99), sign=st.sampled_from(Sign), shut=st.booleans())
    def done(self, which, sign, shut):
        """A turn ends, whether it was said before that it has sent something or not."""
        if not self.open:
            return
        lease = self.open.pop(which % len(self.open))
        host, news = lease.request.host, News(sign, 0.1, is_shut=shut)
        if lease.given_up:
            news = News()
        sent = news.sign is not Sign.NONE
        self.schedule.done(host, self.now, started_at=lease.started_at, sent=sent, news=news)
        if sign is Sign.WELL and not lease.given_up:
            self.schedule.robots_known(host, self.now)
        if self.schedule.has_given_up(host):
            self.given_up.add(host)

    @rule(which=st.integers(0, 99))
    def sent(self, which):
        if self.open:
            lease = self.open[which % len(self.open)]
            at, host = lease.started_at, lease.request.host
            self.schedule.sent(host, self.now, started_at=at)

    @rule(seconds=st.sampled_from([0.5, 5.0, 40.0]))
    def wait(self, seconds):
        self.now += seconds

    @rule()
    def forget(self):
        self.schedule.hosts.forget_idle(self.now)

    @invariant()
    def nothing_is_lost(self):
        assert self.schedule.waiting == len(self.inside)
        assert self.schedule.open == len(self.open)

    @invariant()
    def with_nothing_open_it_knows_when_to_go_on(self):
        if self.inside and not self.open:
            at = self.schedule.wake_at()
            assert at is not None
            assert at <= self.now + 60.0


TestTroubles = Troubles.TestCase


def test_a_turn_in_which_nothing_was_sent_is_no_start():
    schedule = HostSchedule(polite(per_host=2, delay_s=2.0))
    for number in range(4):
        schedule.add(request("a:80", number), 0.0)
    first = schedule.take(0.0)
    schedule.sent("a:80", 0.0, started_at=first.started_at)
    skipped = schedule.take(2.0)
    schedule.done("a:80", 2.0, started_at=skipped.started_at, sent=False)
    assert schedule.wake_at() == 2.0
    last = schedule.take(2.0)
    assert last.request.id == 2
    schedule.sent("a:80", 2.0, started_at=last.started_at)
    schedule.done("a:80", 2.5, started_at=1.0, sent=False)  # another one has followed
    assert schedule.wake_at() == 4.0


@given(st.floats(0, 1e6), st.floats(0, 100), st.floats(0, 1000))
def test_a_crawl_delay_counts_up_to_the_longest_that_is_waited(asked_s, own_s, longest_s):
    plan = PolitenessPlan(default=HostRule(delay_s=own_s), max_crawl_delay_s=longest_s)
    schedule = HostSchedule(plan)
    schedule.robots_known("a:80", 0.0, crawl_delay_s=asked_s)
    assert schedule.rule("a:80").delay_s == max(own_s, min(asked_s, longest_s))


def test_a_host_with_a_delay_starts_nothing_until_the_last_turn_has_sent():
    schedule = HostSchedule(polite(per_host=3, delay_s=1.0))
    for number in range(4):
        schedule.add(request("a:80", number), 0.0)
    first = schedule.take(0.0)
    assert first.spaced
    assert schedule.take(5.0) is None, "it still connects"
    schedule.sent("a:80", 5.0, started_at=first.started_at)
    assert schedule.wake_at() == 6.0
    second = schedule.take(6.0)
    schedule.done("a:80", 6.5, started_at=first.started_at, sent=True)
    assert schedule.take(9.0) is None, "another turn has ended, not the one that connects"
    schedule.done("a:80", 9.0, started_at=second.started_at, sent=True)  # in vain
    assert schedule.wake_at() == 10.0
    third = schedule.take(10.0)
    schedule.done("a:80", 12.0, started_at=third.started_at, sent=False)
    assert schedule.take(12.0) is not None, "it was no start"


def test_a_request_that_is_no_turn_delays_the_next_one_as_a_turn_does():
    schedule = HostSchedule(polite(per_host=3, delay_s=1.0))
    schedule.add(request("a:80"), 0.0)
    assert schedule.free_in_s("a:80", 0.0) == 0.0
    schedule.asked("a:80", 0.25)
    assert [schedule.free_in_s("a:80", now) for now in (0.25, 1.0, 9.0)] == [1.0, 0.25, 0.0]
    assert schedule.take(1.0) is None
    assert schedule.wake_at() == 1.25
    assert schedule.take(1.25) is not None


def test_a_kept_crawl_delay_counts_from_when_the_first_page_is_sent():
    schedule = HostSchedule(polite(robots=True, per_host=2))
    for number in range(2):
        schedule.add(request("a:80", number), 0.0)
    turn = schedule.take(0.0)
    schedule.robots_known("a:80", 0.0, crawl_delay_s=2.0)
    assert schedule.take(3.0) is None
    schedule.sent("a:80", 3.0, started_at=turn.started_at)
    assert schedule.wake_at() == 5.0


def test_a_pause_voids_the_offer_made_before():
    schedule = HostSchedule(polite(per_host=2))
    for number in range(3):
        schedule.add(request("a:80", number), 0.0)
    schedule.take(0.0)
    schedule.pause("a:80", 5.0, 0.0)
    schedule.done("a:80", 1.0, started_at=0.0, sent=True)
    assert schedule.take(4.0) is None
    assert schedule.take(5.0).request.id == 1
    assert [request.id for request in schedule.trim(0)] == [2]


@given(st.floats(0, 9), st.floats(0, 9), st.floats(0, 9))
def test_a_crawl_delay_that_was_kept_counts_from_the_run_before(own_s, robots_s, ago_s):
    schedule = HostSchedule(polite(robots=True, per_host=2, delay_s=own_s))
    schedule.learn({}, asked_until=-ago_s)
    for number in range(3):
        schedule.add(request("a:80", number), 0.0)
    now = max(schedule.wake_at(), 0.0)
    assert now == max(own_s - ago_s, 0.0)
    lease = schedule.take(now)
    too_soon = schedule.is_too_soon("a:80", now, crawl_delay_s=robots_s)
    assert too_soon == (max(own_s, robots_s) - ago_s > now)
    if too_soon:
        schedule.done("a:80", now, started_at=now, sent=False)
        assert schedule.wake_at() == max(own_s, robots_s) - ago_s
        lease = schedule.take(schedule.wake_at())
    assert not schedule.is_too_soon("a:80", lease.started_at, crawl_delay_s=robots_s)
    schedule.sent("a:80", lease.started_at, started_at=lease.started_at)
    assert schedule.wake_at() == lease.started_at + max(own_s, robots_s)


@given(st.lists(st.sampled_from(HOSTS), min_size=1, max_size=40))
def test_hosts_that_may_start_take_turns(hosts):
    """Between two starts of a host every other host with work starts once."""
    schedule = HostSchedule(polite(per_host=100))
    for number, host in enumerate(hosts):
        schedule.add(request(host, number), 0.0)
    order = []
    while turn := schedule.take(0.0):
        order.append(turn.request.host)
        schedule.done(turn.request.host, 0.0, started_at=0.0, sent=True)
    assert sorted(order) == sorted(hosts)
    rounds = {host: hosts.count(host) for host in hosts}
    for place, host in enumerate(order):
        done = order[: place + 1].count(host)
        assert all(order[:place].count(other) >= min(done - 1, n) for other, n in rounds.items())


@given(st.lists(st.booleans(), max_size=20))
def test_next_hops_go_first_and_the_rest_in_order(urgent):
    schedule = HostSchedule(polite(per_host=100))
    for number, first in enumerate(urgent):
        schedule.add(request("a:80", number), 0.0, urgent=first)
    taken = []
    while turn := schedule.take(0.0):
        taken.append(turn.request.id)
        schedule.done("a:80", 0.0, started_at=0.0, sent=True)
    expected = [n for n, first in enumerate(urgent) if first]
    assert taken == expected + [n for n, first in enumerate(urgent) if not first]


def test_a_host_is_asked_for_twice_as_many_with_every_round_of_answers():
    schedule = HostSchedule(polite(per_host=20))
    for number in range(100):
        schedule.add(request("a:80", number), 0.0)
    opened = []
    for now in range(4):
        turns = []
        while turn := schedule.take(float(now)):
            turns.append(turn)
        opened.append(len(turns))
        for turn in turns:
            schedule.done(
                "a:80",
                now + 0.5,
                started_at=turn.started_at,
                sent=True,
                news=News(Sign.WELL, 0.4),
            )
    assert opened == [4, 8, 16, 20]


def test_a_turn_tells_how_long_the_request_waited():
    schedule = HostSchedule(polite())
    schedule.add(request("a:80"), 5.0)
    turn = schedule.take(7.5)
    assert turn is not None
    assert turn.turn_s == 2.5
    assert "1 in flight" in repr(schedule)


def test_memory_does_not_grow_with_pauses():
    schedule = HostSchedule(polite(delay_s=1.0))
    schedule.add(request("a:80"), 0.0)
    for second in range(1_000):
        schedule.pause("a:80", float(second), 0.0)
    assert schedule._order._entries < 200
    assert schedule.wake_at() == 999.0


def failing(schedule: HostSchedule, now: float, sign: Sign = Sign.DEAD, **news) -> None:
    """Take a turn and fail in it."""
    lease = schedule.take(now)
    host = lease.request.host
    schedule.done(host, now, started_at=now, sent=True, news=News(sign, **news))


def test_a_host_that_cannot_be_reached_rests_then_is_tried_and_at_last_given_up():
    schedule = HostSchedule(polite(per_host=4, delay_s=1.0))
    for number in range(20):
        schedule.add(request("a:80", number), 0.0)
    now = 0.0
    for _ in range(FAILURES):
        now = max(now, schedule.wake_at())
        failing(schedule, now)
    rests = []
    for _ in range(PROBES):
        rests.append(schedule.wake_at() - now)
        now = schedule.wake_at()
        lease = schedule.take(now)
        assert (lease.probe, lease.given_up) == (True, False)
        assert schedule.take(now + 9.0) is None  # one at a time
        schedule.done("a:80", now, started_at=now, sent=True, news=News(Sign.DEAD))
    assert rests == list(RESTS)
    assert schedule.has_given_up("a:80")
    left = [schedule.take(now) for _ in range(4)]
    assert all(lease.given_up for lease in left)  # at once, whatever the delay
    schedule.pause("a:80", now + 60.0, now)
    assert schedule.wake_at() is None
    schedule.done("a:80", now, started_at=now, sent=False)
    assert schedule.wake_at() == now


def test_an_answer_closes_the_circuit():
    schedule = HostSchedule(polite(per_host=4))
    for number in range(20):
        schedule.add(request("a:80", number), 0.0)
    failing(schedule, 0.0, is_shut=True, rest_s=9.0)
    assert schedule.wake_at() == 9.0
    failing(schedule, 9.0, Sign.WELL)
    assert not schedule.take(9.0).probe
    assert schedule.hosts.forget_idle(9.0) == 0, "it has pages"


def test_a_host_that_has_too_much_to_do_is_slowed_and_that_is_learnt():
    schedule = HostSchedule(polite(per_host=1))
    for number in range(9):
        schedule.add(request("a:80", number), 0.0)
    failing(schedule, 0.0, Sign.BUSY)
    assert schedule.wake_at() == 0.5
    failing(schedule, 0.5, Sign.LATE)
    assert schedule.wake_at() == 1.5
    learnt = schedule.hosts.learnt()
    assert learnt == {"a:80": 1.0}
    assert schedule.rule("a:80").delay_s == 0.0  # as configured: what was learnt may pass
    again = HostSchedule(polite(per_host=1))
    again.learn(learnt)
    for number in range(2):
        again.add(request("a:80", number), 0.0)
    again.take(0.0)
    again.done("a:80", 0.0, started_at=0.0, sent=True)
    assert again.wake_at() == 1.0
    assert again.hosts.forget_idle(100.0) == 0, "it has pages"


def test_while_the_network_is_gone_one_page_now_and_then_probes_it():
    schedule = HostSchedule(polite(per_host=1))
    hosts = [f"h{n}:80" for n in range(LOST)]
    for host in hosts:
        for number in range(3):
            schedule.add(request(host, number), 0.0)
    for _ in hosts:
        failing(schedule, 0.0, Sign.WELL)
    for _ in hosts:
        failing(schedule, 1.0)
    assert schedule.outage.since == 1.0
    assert schedule.must_wait("another:80", 1.0)
    assert schedule.take(1.0) is None
    assert schedule.wake_at() == 1.0 + PROBE_S
    now = 1.0 + PROBE_S
    probe = schedule.take(now)
    assert probe.probe
    assert schedule.take(now + 99.0) is None
    assert schedule.wake_at() is None
    schedule.done(probe.request.host, now, started_at=now, sent=True, news=News(Sign.DEAD))
    assert schedule.wake_at() == now + 2 * PROBE_S
    now += 2 * PROBE_S
    probe = schedule.take(now)
    schedule.done(probe.request.host, now, started_at=now, sent=True, news=News(Sign.BUSY))
    assert schedule.outage.since is None
    assert schedule.take(now) is not None
    assert not any(schedule.has_given_up(host) for host in hosts)
    assert [host for host in hosts if schedule.is_busy(host)] == [probe.request.host]


@given(st.lists(st.integers(0, 4)), st.lists(st.integers(0, 4)), st.integers(0, 3))
def test_deepest_first_is_by_depth_whenever_it_came(first, later, keep):
    schedule = HostSchedule(PolitenessPlan(robots=False, deepest_first=True))
    rows = [replace(request("a:80", n), depth=d) for n, d in enumerate([*first, *later])]
    left = sorted(rows, key=lambda row: (row.depth, row.id))
    for row in rows[: len(first)]:
        schedule.add(row, 0.0)
    dropped = schedule.trim(keep)  # of a window that is too large the shallow ones
    assert dropped == [row for row in left if row.id < len(first)][: len(dropped)]
    for row in rows[len(first) :]:
        schedule.add(row, 0.0)
    hop = replace(request("a:80", 99), depth=0)
    schedule.add(hop, 0.0, urgent=True)
    started = []
    while (turn := schedule.take(0.0)) is not None:
        started.append(turn.request)
        schedule.done("a:80", 0.0, started_at=0.0, sent=True)
    assert started == [hop, *(row for row in reversed(left) if row not in dropped)]


def test_a_host_without_a_delay_waits_for_no_connection():
    schedule = HostSchedule(polite(robots=True, per_host=3))
    for number in range(3):
        schedule.add(request("a:80", number), 0.0)
    schedule.take(0.0)
    schedule.robots_known("a:80", 0.0)  # kept: the page is still to be sent
    turns = [schedule.take(0.0) for _ in range(2)]
    assert [turn.spaced for turn in turns] == [False, False]


def test_a_host_with_most_in_the_table_starts_first_whether_it_is_known_yet():
    schedule = HostSchedule(polite())
    for host in ("a:80", "b:80", "c:80"):
        schedule.add(request(host), 0.0)
    schedule.hosts.counted({"c:80": 1000, "d:80": 2000})
    schedule.add(request("d:80"), 0.0)
    schedule.add(request("e:80"), 0.0)
    started = [schedule.take(0.0).request.host for _ in range(5)]
    assert started == ["a:80", "d:80", "b:80", "c:80", "e:80"]


def test_pages_and_guests_take_turns():
    schedule = HostSchedule(polite(delay_s=2.0))
    for id_ in range(2):
        schedule.add(request("a:80", id_), 0.0)
        schedule.expect("a:80")
    assert schedule.take(0.0) is None, "the page waits for the guest"
    assert schedule.begin("a:80", 0.0) is None
    schedule.sent("a:80", 0.0, started_at=0.0)
    assert schedule.begin("a:80", 9.0) == float("inf"), "the first one is still there"
    schedule.done("a:80", 9.0, started_at=0.0, sent=True)
    schedule.expect("a:80")
    assert schedule.begin("a:80", 2.0) == GIVES_WAY_S, "it is the page's turn"
    assert schedule.begin("a:80", 9.0) is None, "but nobody takes it"
    schedule.done("a:80", 9.0, started_at=9.0, sent=True)
    assert schedule.take(11.0) is not None
    schedule.sent("a:80", 11.0, started_at=11.0)
    schedule.done("a:80", 11.5, started_at=11.0, sent=True)
    assert schedule.take(99.0) is None
    assert schedule.begin("a:80", 11.5) == 1.5
    schedule.dismiss("a:80", 11.5)
    assert schedule.take(12.9) is None
    assert schedule.take(13.0) is not None


def test_a_host_waits_for_its_page_that_asks_for_robots_elsewhere():
    schedule = HostSchedule(polite(per_host=2))
    for number in range(2):
        schedule.add(request("a:80", number), 0.0)
    schedule.leave_for_robots("a:80", 0.0)
    schedule.leave_for_robots("a:80", 0.0)
    schedule.back("a:80", 1.0)
    schedule.expect("a:80")
    assert schedule.take(1.0) is None, "one is still away"
    assert schedule.wake_at() is None
    assert schedule.begin("a:80", 1.0) == float("inf"), "guests wait, too"
    schedule.dismiss("a:80", 1.0)
    assert schedule.hosts.forget_idle(1e9) == 0
    schedule.back("a:80", 2.0)
    assert schedule.take(2.0) is not None


def test_hosts_that_send_each_other_away_do_not_wait_for_ever():
    """Each robots.txt has moved to the next host: what asks for it goes before all others there."""
    schedule, ring = HostSchedule(polite()), ["a:80", "b:80", "c:80"]
    for place, host in enumerate(ring):
        schedule.leave_for_robots(host, 0.0)
        schedule.expect(host)
        schedule.add(request(host, 1), 0.0, urgent=True)
        schedule.add(replace(request(ring[place - 1], 2), host=host), 0.0, urgent=True)
    away = [schedule.take(0.0) for _ in ring]
    assert {lease.request.host for lease in away} == set(ring)
    assert {lease.request.id for lease in away} == {2}
    assert schedule.take(0.0) is None
    for lease in away:
        schedule.done(lease.request.host, 1.0, started_at=0.0, sent=True)
    assert schedule.begin("a:80", 1.0) == float("inf"), "its own page is still away"
    schedule.back("a:80", 1.0)
    assert schedule.take(1.0) is None, "the guest is first"
    assert schedule.begin("a:80", 1.0) is None


@given(st.lists(st.floats(0, 3), min_size=8, max_size=8))
def test_starts_are_a_delay_apart_however_long_it_takes_to_connect(connects_s):
    """A turn begins so much sooner as it took to connect of late; what comes early waits."""
    schedule = HostSchedule(polite(delay_s=2.0))
    for number in range(20):
        schedule.add(request("a:80", number), 0.0)
    sent_at, now = [], 0.0
    for took_s in [*connects_s, *[0.4] * 12]:
        now = max(now, schedule.wake_at())
        turn = schedule.take(now)
        now += took_s
        early_s = schedule.stands("a:80", now, started_at=turn.started_at, took_s=took_s)
        now += max(early_s, 0.0)
        schedule.sent("a:80", now, started_at=turn.started_at)
        sent_at.append(now)
        again_s = schedule.stands("a:80", now, started_at=turn.started_at)
        assert again_s == pytest.approx(2.0), "what is sent again in this turn would wait, too"
        schedule.done("a:80", now, started_at=turn.started_at, sent=True)
    gaps = [later - before for before, later in pairwise(sent_at)]
    assert min(gaps) > 2.0 - 1e-9
    assert gaps[-1] < 2.001


def test_while_the_network_is_gone_a_guest_takes_the_turn_of_a_probe():
    schedule = HostSchedule(polite(per_host=1))
    hosts = [f"h{n}:80" for n in range(LOST)]
    for host in hosts:
        for number in range(2):
            schedule.add(request(host, number), 0.0)
    for sign in (Sign.WELL, Sign.DEAD):
        for _ in hosts:
            failing(schedule, 1.0, sign)
    schedule.expect("a:80")
    schedule.expect("b:80")
    assert schedule.begin("a:80", 1.0) == PROBE_S
    now = 1.0 + PROBE_S
    assert schedule.begin("a:80", now) is None
    assert schedule.begin("b:80", now) == float("inf"), "one probe at a time"
    schedule.done("a:80", now, started_at=now, sent=True, news=News(Sign.WELL))
    assert schedule.begin("b:80", now) is None


def test_delay_of_a_host_is_that_of_its_robots_where_that_is_longer():
    schedule = HostSchedule(polite(delay_s=2.0))
    assert schedule.delay_s("a:80") == 2.0
    schedule.robots_known("a:80", 0.0, crawl_delay_s=5.0)
    assert schedule.delay_s("a:80") == 5.0


def test_what_began_before_an_outage_says_nothing_of_it():
    schedule = HostSchedule(polite(per_host=1))
    for n in range(LOST + 1):
        schedule.add(request(f"h{n}:80", 1), 0.0)
        schedule.add(request(f"h{n}:80", 2), 0.0)
    for _ in range(LOST + 1):
        failing(schedule, 0.0, Sign.WELL)
    leases = [schedule.take(1.0) for _ in range(LOST + 1)]
    for lease in leases[:-1]:
        host = lease.request.host
        schedule.done(host, 2.0, started_at=1.0, sent=True, news=News(Sign.DEAD))
    assert schedule.outage.since == 2.0
    before = schedule.outage.probe_at
    host = leases[-1].request.host
    schedule.done(host, 3.0, started_at=1.0, sent=True, news=News(Sign.DEAD))
    assert schedule.outage.probe_at == before


def test_a_window_that_is_shed_keeps_what_is_half_done():
    schedule = HostSchedule(polite())
    schedule.add(request("a:80", 1), 0.0)
    schedule.add(request("a:80", 2), 0.0, urgent=True)
    assert [each.id for each in schedule.shed()] == [1]
    assert schedule.take(0.0).request.id == 2


def test_a_host_starts_nothing_before_it_is_located_and_its_address_has_room():
    """More in `test_lanes`."""
    schedule = HostSchedule(PolitenessPlan(robots=False, per_address=1))
    met = []
    schedule.lanes.meet = met.append
    for number, host in enumerate(("a:80", "b:80", "b:80")):
        schedule.add(request(host, number), 0.0)
    assert met == ["a:80", "b:80"]
    assert schedule.take(0.0) is None
    for host in ("gone:80", *met, *met):
        schedule.located(host, ["10.0.0.1"], 0.0)
    assert schedule.take(0.0).request.host == "a:80"
    assert schedule.take(0.0) is None
    schedule.add(request("b:80", 3), 0.0)
    schedule.expect("a:80")
    assert schedule.begin("a:80", 0.0) == float("inf")
    schedule.dismiss("a:80", 0.0)
    schedule.done("a:80", 1.0, started_at=0.0, sent=True)
    schedule.pause("b:80", 9.0, 1.0)  # it was woken for the place
    assert schedule.take(1.0) is None
    assert schedule.take(9.0).request.host == "b:80"
