"""Laws of what is remembered of hosts that have left."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from scraper.core.plan import HostRule
from scraper.core.schedule import past
from scraper.core.schedule.circuit import Circuit
from scraper.core.schedule.host import Host
from scraper.core.schedule.pace import Pace
from scraper.core.schedule.past import LEAST, SHARDS, Past

NAMES = st.sampled_from([f"h{n}:80" for n in range(6)])
DELAY_S = 3.0


def host(name: str, *, started_at: float = -inf, until: float = -inf, slow_s: float = 0.0) -> Host:
    made = Host(name, HostRule(delay_s=DELAY_S), probing=True, started_at=started_at)
    made.paused_until, made.pace, made.circuit = until, Pace(slow_s), Circuit()
    return made


def facts(made: Host) -> tuple[object, ...]:
    return (
        made.next_at,
        made.paused_until,
        made.crawl_delay_s,
        made.pace.slow_s,
        made.circuit.state,
    )


class Whatever(RuleBasedStateMachine):
    """Hosts leave and come again in any order: each may do what it might have done."""

    def __init__(self):
        super().__init__()
        self.past, self.now = Past(DELAY_S), 100.0
        self.model: dict[str, Host] = {}

    @rule(
        name=NAMES,
        ago_s=st.sampled_from([0.0, 2.0, 9.0]),
        rest_s=st.sampled_from([-1.0, 20.0]),
        crawl_delay_s=st.sampled_from([0.0, 12.0]),
        slow_s=st.sampled_from([0.0, 4.0]),
        failures=st.integers(0, 9),
        busy=st.integers(0, 2),
    )
    def leave(self, name, ago_s, rest_s, crawl_delay_s, slow_s, failures, busy):
        if name in self.model:
            self.come(name)
        made = host(name, started_at=self.now - ago_s, until=self.now + rest_s, slow_s=slow_s)
        made.crawl_delay_s = crawl_delay_s
        for number in range(failures):
            made.circuit.failed(self.now + number, started_at=self.now + number)
        for number in range(busy):
            made.circuit.busy(self.now + number)
        self.past.keep(made, self.now)
        self.model[name] = made

    @rule(name=NAMES)
    def come(self, name):
        before = self.model.pop(name, host(name))
        again = host(name)
        self.past.recall(again)
        if before.next_at > self.now or before.pace.slow_s or any(before.circuit.state[:2]):
            assert facts(again) == facts(before)
        assert again.next_at <= max(before.next_at, self.now)
        assert again.kept_slow_s == again.pace.slow_s
        self.past.recall(third := host(name))
        assert facts(third) == facts(host(name)), "it is told once"

    @rule(name=NAMES, rest_s=st.sampled_from([1.0, 50.0]), slow_s=st.sampled_from([0.0, 7.0]))
    def add(self, name, rest_s, slow_s):
        made = self.model.setdefault(name, host(name))
        if made.circuit.is_given_up:
            return
        made.paused_until = max(made.paused_until, self.now + rest_s)
        made.pace = Pace(max(made.pace.slow_s, slow_s))
        self.past.add(name, rests_until=self.now + rest_s, slow_s=slow_s)

    @rule(seconds=st.sampled_from([1.0, 30.0]))
    def wait(self, seconds):
        self.now += seconds

    @invariant()
    def rests_are_known(self):
        for name, made in self.model.items():
            until = -inf if made.circuit.is_given_up else made.paused_until
            if until > self.now:
                assert self.past.paused_until(name) == until
            else:
                assert self.past.paused_until(name) <= self.now


TestWhatever = Whatever.TestCase


def test_a_host_of_which_there_is_nothing_to_remember_costs_nothing():
    kept = Past(DELAY_S)
    kept.keep(host("a:80", started_at=1.0, until=3.0), 9.0)
    assert repr(kept) == "<Past of 0 hosts>"
    assert kept.paused_until("a:80") == -inf


@pytest.mark.parametrize("delay_s", [DELAY_S, 0.0])
def test_those_whose_delay_and_rest_are_over_are_forgotten(delay_s):
    """So that memory grows with what is asked in the time of a delay, not with the crawl."""
    kept = Past(delay_s)
    for now in range(40 * SHARDS):
        kept.keep(host(f"{now}:80", started_at=now), float(now))
    assert len(kept) <= 2 * LEAST * SHARDS // 3
    kept.recall(last := host(f"{now}:80"))
    assert last.started_at == now


def test_what_was_learnt_is_not_forgotten_however_many_come(monkeypatch):
    monkeypatch.setattr(past, "LEAST", 1)
    kept = Past(0.0)
    kept._full_at = [1] * SHARDS
    for number in range(4 * SHARDS):
        kept.add(f"{number}:80", slow_s=1.0)
        kept.keep(host(f"x{number}:80", started_at=0.0, until=float(number)), number - 1.0)
    for number in range(4 * SHARDS):
        kept.recall(made := host(f"{number}:80"))
        assert made.pace.slow_s == 1.0


@given(st.lists(st.text(min_size=1, max_size=4), unique=True))
def test_hosts_are_told_apart(names):
    kept = Past(0.0)
    for number, name in enumerate(names):
        kept.add(name, rests_until=float(number))
    assert [kept.paused_until(name) for name in names] == list(map(float, range(len(names))))


def test_a_host_that_could_connect_and_not_send_yet_keeps_its_delay():
    made, kept = host("h:80", started_at=0.0), Past(DELAY_S)
    made.lead_s = 1.0
    kept.keep(made, DELAY_S - 0.5)
    back = host("h:80")
    kept.recall(back)
    assert back.next_at == DELAY_S
