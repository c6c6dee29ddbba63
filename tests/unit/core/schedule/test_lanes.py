"""Laws of the caps for many hosts on one server, whatever happens in whatever order."""

from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from scraper.core.model import Request
from scraper.core.plan import HostRule, PolitenessPlan
from scraper.core.schedule.lanes import Lanes
from scraper.core.schedule.politeness import HostSchedule

DOMAINS = {
    "a.x.example:80": "x.example",
    "b.x.example:80": "x.example",
    "b.x.example:81": "x.example",
    "a.y.example:80": "y.example",
    "b.y.example:80": "y.example",
    "10.0.0.1:80": "10.0.0.1",
    "[::1]:80": "::1",
}
HOSTS = tuple(DOMAINS)
ADDRESSES = ("10.0.0.1", "10.0.0.2", "::1")
AT = {
    "a.x.example:80": {"10.0.0.1"},
    "b.x.example:80": {"10.0.0.2"},
    "b.x.example:81": {"10.0.0.1", "10.0.0.2"},
    "a.y.example:80": {"10.0.0.1"},
    "b.y.example:80": {"10.0.0.2"},
}
hosts = st.sampled_from(HOSTS)


def request(host: str, id_: int = 0) -> Request:
    return Request(url=f"http://{host}/{id_}", key=b"", host=host, id=id_)


def polite(*, per_host: int = 9, delay_s: float = 0.0, **caps: int | None) -> PolitenessPlan:
    return PolitenessPlan(robots=False, default=HostRule(per_host, delay_s), **caps)


class Whatever(RuleBasedStateMachine):
    """Hosts come, are located, start, end, rest and are forgotten in any order."""

    @initialize(
        per_host=st.sampled_from([2, 1]),
        domain=st.sampled_from([2, 1, None, 4]),
        address=st.sampled_from([1, 2, None, 3]),
        delay=st.sampled_from([0.0, 0.0, 2.0]),
        at_once=st.booleans(),
    )
    def begin(self, per_host, domain, address, delay, at_once):
        self.at_once = at_once
        self.caps = {"domain": domain, "address": address}
        plan = polite(per_host=per_host, per_domain=domain, per_address=address, delay_s=delay)
        self.schedule = HostSchedule(plan)
        self.met = []
        self.schedule.lanes.meet = self.met.append
        self.guests = dict.fromkeys(HOSTS, 0)
        self.now, self.ids = 100.0, 0
        self.inside, self.open = set(), []
        self.at = {}

    def groups(self, host):
        found = {("domain", DOMAINS[host])} if self.caps["domain"] else set()
        if self.caps["address"]:
            literal = DOMAINS[host] if host in {"10.0.0.1:80", "[::1]:80"} else None
            where = {literal} if literal else self.at.get(host, set())
            found |= {("address", each) for each in where}
        return found

    def open_in(self, group):
        return sum(group in groups for _, _, groups in self.open)

    def is_full(self, host):
        return any(self.open_in(group) >= self.caps[group[0]] for group in self.groups(host))

    @rule(host=hosts, count=st.integers(1, 3), urgent=st.booleans())
    def add(self, host, count, urgent):
        for _ in range(count):
            self.ids += 1
            self.inside.add(self.ids)
            self.schedule.add(request(host, self.ids), self.now, urgent=urgent)
        while self.at_once and self.met:
            self.locate(AT[self.met[-1]], -1)

    @rule()
    def add_everywhere(self):
        for host in HOSTS:
            self.add(host, 1, urgent=False)

    @rule(where=st.sets(st.sampled_from(ADDRESSES)), which=st.integers(0, 9))
    def locate(self, where, which):
        if self.met:
            host = self.met.pop(which % len(self.met))
            known = self.schedule.hosts.get(host)
            if known is not None and not known.located:
                self.at[host] = where
            self.schedule.located(host, where, self.now)

    @rule(count=st.integers(1, 9))
    def take(self, count):
        for _ in range(count):
            lease = self.schedule.take(self.now)
            if lease is None:
                self.nobody_could_start()
                return
            host = lease.request.host
            self.inside.remove(lease.request.id)
            assert not self.is_full(host)
            self.open.append((host, lease.started_at, self.groups(host)))

    def nobody_could_start(self):
        """No wake-up is lost: whoever has something to start has a reason not to."""
        kept = {g for name in HOSTS if self.keeps_place(name) for g in self.groups(name)}
        for host in self.schedule.hosts.each():
            if host.may_open and host.next_at <= self.now and not self.is_full(host.name):
                taken = {g for g in self.groups(host.name) & kept if self.is_kept(g)}
                assert taken, (host.name, self.open)

    def keeps_place(self, name):
        host = self.schedule.hosts.get(name)
        return host is not None and host.place_kept

    def is_kept(self, group):
        """Whether all free places of a group are kept for guests."""
        waiting = sum(self.keeps_place(name) and group in self.groups(name) for name in HOSTS)
        return self.open_in(group) + waiting >= self.caps[group[0]]

    @rule(which=st.integers(0, 99))
    def next(self, which):
        """One ends, and others start."""
        self.done(which, sent=True)
        self.take(9)

    @rule(which=st.integers(0, 99), sent=st.booleans())
    def done(self, which, sent):
        if self.open:
            host, started_at, _ = self.open.pop(which % len(self.open))
            self.schedule.done(host, self.now, started_at=started_at, sent=sent)

    @rule(which=st.integers(0, 99))
    def sent(self, which):
        if self.open:
            host, started_at, _ = self.open[which % len(self.open)]
            self.schedule.sent(host, self.now, started_at=started_at)
            self.take(9)

    @rule(host=hosts)
    def expect(self, host):
        self.guests[host] += 1
        self.schedule.expect(host)

    @rule(host=hosts)
    def guest(self, host):
        if not self.guests[host]:
            return
        wait_s = self.schedule.begin(host, self.now)
        if wait_s is None:
            assert not self.is_full(host)
            self.guests[host] -= 1
            self.open.append((host, self.now, self.groups(host)))
        elif wait_s == inf and self.caps["address"] is None:
            assert self.is_full(host) or not self.schedule.hosts.get(host).has_room

    @rule(host=hosts)
    def dismiss(self, host):
        if self.guests[host]:
            self.guests[host] -= 1
            self.schedule.dismiss(host, self.now)

    @rule(host=hosts, seconds=st.sampled_from([1.0, 7.0]))
    def pause(self, host, seconds):
        self.schedule.pause(host, self.now + seconds, self.now)

    @rule(seconds=st.sampled_from([0.5, 2.0, 10.0]))
    def wait(self, seconds):
        self.now += seconds

    @rule(urgent=st.booleans())
    def shed(self, urgent):
        for shed in self.schedule.shed(urgent=urgent):
            self.inside.remove(shed.id)

    @rule()
    def forget(self):
        self.schedule.hosts.forget_idle(self.now)

    @invariant()
    def caps_hold(self):
        for group in {group for _, _, groups in self.open for group in groups}:
            assert self.open_in(group) <= self.caps[group[0]]

    def teardown(self):
        """All that is left comes to its turn."""
        if not hasattr(self, "schedule"):
            return
        for host, count in self.guests.items():
            for _ in range(count):
                self.schedule.dismiss(host, self.now)
        for _ in range(10_000):
            while self.met:
                self.locate({"10.0.0.1"}, 0)
            self.now += 10.0
            self.take(9)
            while self.open:
                self.done(0, sent=True)
            if not self.inside:
                break
        assert not self.inside
        self.now += 10.0
        self.forget()
        assert repr(self.schedule.lanes) == "<Lanes 0, 0 groups>"  # memory is for who is there


TestWhatever = Whatever.TestCase
TestWhatever.settings = settings(stateful_step_count=40)


def filled(**caps: int) -> HostSchedule:
    """Hosts of x.example and y.example at one address each, all with a request."""
    schedule = HostSchedule(polite(**caps))
    schedule.lanes.meet = lambda host: schedule.located(host, AT[host], 0.0)
    for number, host in enumerate(AT):
        if len(AT[host]) == 1:
            schedule.add(request(host, number), 0.0)
    return schedule


def started(schedule: HostSchedule, now: float) -> list[str]:
    found = []
    while lease := schedule.take(now):
        found.append(lease.request.host)
    return found


def done(schedule: HostSchedule, host: str, now: float = 0.0) -> None:
    schedule.done(host, now, started_at=now, sent=True)


@pytest.mark.parametrize("asleep", [True, False])
def test_a_place_that_is_not_used_is_passed_on(asleep):
    """Both hosts at 10.0.0.1 want it; the first cannot take it after all."""
    schedule = filled(per_address=1, per_domain=9)
    assert started(schedule, 0.0) == ["a.x.example:80", "b.x.example:80"]
    if asleep:
        schedule.pause("a.y.example:80", 50.0, 0.0)  # it waits for the place, and cannot use it
        schedule.add(request("10.0.0.1:80"), 1.0)
        assert started(schedule, 1.0) == []
        done(schedule, "a.x.example:80", 2.0)
        assert started(schedule, 2.0) == ["10.0.0.1:80"]
        return
    schedule.add(request("10.0.0.1:80"), 1.0)
    assert started(schedule, 1.0) == []
    done(schedule, "a.x.example:80", 2.0)  # the place is promised to a.y
    schedule.pause("a.y.example:80", 50.0, 2.0)
    assert started(schedule, 2.0) == ["10.0.0.1:80"]


def test_a_host_that_waits_until_it_is_sent_keeps_no_place_from_others():
    """It lets a place go to the next one, and stands in line again when its turn is sent."""
    schedule = HostSchedule(polite(per_domain=2, delay_s=1.0))
    for number, host in enumerate(("a.x.example:80", "a.x.example:80", "b.x.example:80")):
        schedule.add(request(host, number), 0.0)
    assert started(schedule, 0.0) == ["a.x.example:80", "b.x.example:80"]
    schedule.add(request("b.x.example:81", 3), 0.0)
    schedule.sent("a.x.example:80", 0.0, started_at=0.0)
    assert started(schedule, 1.0) == []  # both wait for a place
    schedule.expect("a.x.example:80")
    done(schedule, "b.x.example:80", 1.0)
    assert schedule.begin("a.x.example:80", 1.0) is None  # a guest: a.x starts nothing meanwhile
    schedule.done("a.x.example:80", 2.0, started_at=0.0, sent=True)
    assert started(schedule, 2.0) == ["b.x.example:81"]
    schedule.sent("a.x.example:80", 2.0, started_at=1.0)
    done(schedule, "b.x.example:81", 3.0)
    assert started(schedule, 3.0) == ["a.x.example:80"]


def test_a_guest_takes_the_next_place_of_its_group_and_no_page_does():
    schedule = filled(per_domain=1)
    assert started(schedule, 0.0) == ["a.x.example:80", "a.y.example:80"]
    schedule.expect("b.x.example:81")
    for _ in range(2):  # it looks again, and has one place kept
        assert schedule.begin("b.x.example:81", 0.0) == inf
    done(schedule, "a.x.example:80")
    assert started(schedule, 0.0) == []
    assert schedule.begin("b.x.example:81", 0.0) is None
    done(schedule, "b.x.example:81")
    assert started(schedule, 0.0) == ["b.x.example:80"]


def test_hosts_that_must_wait_for_another_group_move_there_together():
    schedule = HostSchedule(polite(per_address=1, per_domain=1))
    schedule.lanes.meet = lambda host: schedule.located(host, ["10.0.0.1"], 0.0)
    for number, host in enumerate(("a.y.example:80", "a.x.example:80", "b.x.example:80")):
        schedule.add(request(host, number), 0.0)
    schedule.lanes.meet = lambda host: schedule.located(host, ["10.0.0.2"], 0.0)
    assert started(schedule, 0.0) == ["a.y.example:80"]  # the others sleep at their address
    schedule.add(request("c.x.example:80"), 0.0)
    assert started(schedule, 0.0) == ["c.x.example:80"]
    done(schedule, "a.y.example:80")
    assert started(schedule, 0.0) == []  # now they wait for their domain
    done(schedule, "c.x.example:80")
    (one,) = started(schedule, 0.0)
    done(schedule, one)
    (other,) = started(schedule, 0.0)
    assert {one, other} == {"a.x.example:80", "b.x.example:80"}


def test_an_address_that_is_written_out_is_not_looked_up():
    schedule = HostSchedule(polite(per_address=1))
    met = []
    schedule.lanes.meet = met.append
    for number, host in enumerate(("10.0.0.1:80", "10.0.0.1:81", "[::1]:80", "h:80", "g:80")):
        schedule.add(request(host, number), 0.0)
    assert started(schedule, 0.0) == ["10.0.0.1:80", "[::1]:80"]
    assert met == ["h:80", "g:80"]
    schedule.located("h:80", ["10.0.0.1"], 0.0)
    schedule.located("g:80", [], 0.0)  # it has none
    assert started(schedule, 0.0) == ["g:80"]
    assert schedule.begin("h:80", 0.0) == inf


def test_a_guest_that_does_not_come_gives_its_place_back():
    schedule = filled(per_domain=1)
    assert started(schedule, 0.0) == ["a.x.example:80", "a.y.example:80"]
    schedule.expect("b.x.example:81")
    assert schedule.begin("b.x.example:81", 0.0) == inf
    done(schedule, "a.x.example:80")
    assert started(schedule, 0.0) == []
    schedule.dismiss("b.x.example:81", 0.0)
    assert started(schedule, 0.0) == ["b.x.example:80"]


def test_a_place_is_kept_for_a_guest_only_while_its_host_may_start():
    schedule = filled(per_domain=1)
    assert started(schedule, 0.0) == ["a.x.example:80", "a.y.example:80"]
    schedule.expect("b.x.example:81")
    assert schedule.begin("b.x.example:81", 0.0) == inf
    done(schedule, "a.x.example:80")
    schedule.pause("b.x.example:81", 9.0, 0.0)
    assert schedule.begin("b.x.example:81", 0.0) == 9.0
    assert started(schedule, 0.0) == ["b.x.example:80"]


@given(st.lists(hosts, min_size=1, max_size=40), st.integers(1, 3))
def test_the_hosts_of_a_group_take_turns(names, cap):
    """Between two starts of a host every other host of its domain with work starts once."""
    schedule = HostSchedule(polite(per_domain=cap))
    for number, host in enumerate(names):
        schedule.add(request(host, number), 0.0)
    order, now = [], 0.0
    while len(order) < len(names):
        leases = []
        while lease := schedule.take(now):
            leases.append(lease)
        assert leases
        order += [lease.request.host for lease in leases]
        now += 1.0
        for lease in leases:
            schedule.done(lease.request.host, now, started_at=now - 1, sent=True)
    for domain in set(DOMAINS.values()):
        ours = [host for host in order if DOMAINS[host] == domain]
        for place, host in enumerate(ours):
            before = ours[:place]
            mates = {each for each in ours if each != host}
            behind = [each for each in mates if before.count(each) < min(1, before.count(host))]
            assert not behind


@pytest.mark.parametrize(
    ("name", "caps"),
    [
        ("h{}.x.example:80", {"per_domain": 3}),
        ("h{}.x.example:80", {"per_domain": 40, "per_address": 3}),
        ("x{}.example:80", {"per_domain": 1, "per_address": 3}),
    ],
)
def test_a_choice_looks_at_no_host_that_is_blocked(monkeypatch, name, caps):
    """Ten thousand hosts on one server: each start looks at a lane or two."""
    looks = []
    for looked in ("admits", "_next"):
        before = getattr(Lanes, looked)
        counted = lambda *args, before=before: looks.append(1) or before(*args)  # noqa: E731
        monkeypatch.setattr(Lanes, looked, counted)
    schedule = HostSchedule(polite(**caps))
    schedule.lanes.meet = lambda host: schedule.located(host, ["10.0.0.1"], 0.0)
    for number in range(10_000):
        schedule.add(request(name.format(number), number), 0.0)
    for _ in range(1_000):
        leases = []
        while lease := schedule.take(0.0):
            leases.append(lease)
        assert len(leases) == 3
        for lease in leases:
            schedule.done(lease.request.host, 0.0, started_at=0.0, sent=True)
    assert len(looks) < 10_000 + 3 * 3_000  # each falls asleep once


def test_a_host_sleeps_in_one_place_whatever_is_added():
    schedule = filled(per_domain=1)
    started(schedule, 0.0)
    for number in range(100):
        schedule.add(request("b.x.example:80", number), 0.0)
        schedule.pause("b.x.example:80", float(number), 0.0)
        assert started(schedule, 0.0) == []
    (lane,) = {host.lane for host in schedule.hosts.each() if host.name == "b.x.example:80"}
    assert len(lane.sleeping) == 1
    done(schedule, "a.x.example:80", 1.0)
    assert schedule.wake_at() == 99.0  # it rests, and takes part again when it has
    assert started(schedule, 99.0) == ["b.x.example:80"]


def test_a_host_that_shares_no_cap_comes_and_goes_alone():
    schedule = HostSchedule(PolitenessPlan(robots=False))
    schedule.add(request("a.x.example:80"), 0.0)
    schedule.hosts.forget_idle(0.0)
    started(schedule, 0.0)
    done(schedule, "a.x.example:80", 0.0)
    assert schedule.hosts.forget_idle(0.0) == 1
    assert repr(schedule.lanes) == "<Lanes 0, 0 groups>"


def test_it_tells_where_a_host_is_once_that_is_known():
    schedule = HostSchedule(polite(per_domain=1, per_address=1))
    for name in HOSTS:
        host = schedule.hosts.named(name)
        if name in AT:
            assert schedule.lanes.addresses(host) == ()
            schedule.located(name, AT[name], 0.0)
        assert set(schedule.lanes.addresses(host)) == AT.get(name, {DOMAINS[name]})
