"""Laws of one host of the window."""

from hypothesis import given
from hypothesis import strategies as st

from scraper.core.model import Request
from scraper.core.plan import HostRule
from scraper.core.schedule.circuit import FAILURES, PROBES
from scraper.core.schedule.host import Host
from scraper.core.schedule.pace import FIRST_OPEN, Pace

REQUEST = Request(url="http://a/", key=b"", host="a:80")


def host(*, per_host: int = 9, delay_s: float = 0.0, probing: bool = False, **more) -> Host:
    made = Host("a:80", HostRule(per_host, delay_s), probing=probing, **more)
    made.queue.append((0.0, REQUEST))
    return made


@given(st.floats(0, 9), st.floats(0, 9), st.floats(0, 9), st.floats(0, 99), st.floats(0, 99))
def test_a_start_keeps_the_longest_delay_and_the_rest(own_s, robots_s, slow_s, started, paused):
    made = host(delay_s=own_s, crawl_delay_s=robots_s, pace=Pace(slow_s))
    made.started_at, made.paused_until = started, paused
    assert made.asked_delay_s == max(own_s, robots_s)
    assert made.next_at == max(started + max(own_s, robots_s, slow_s), paused)


@given(st.integers(1, 9), st.integers(0, 9), st.booleans(), st.booleans())
def test_no_more_are_open_than_it_may_bear(per_host, open_, probing, is_dead):
    made = host(per_host=per_host, probing=probing)
    made.open = open_
    if is_dead:
        made.circuit.failed(0.0, started_at=0.0, at_once=True)
    limit = 1 if probing or is_dead else min(per_host, FIRST_OPEN)
    assert made.may_open == (open_ < limit)


def test_a_host_that_is_given_up_waits_for_nothing():
    made = host(delay_s=9.0, probing=True)
    made.started_at = made.paused_until = 1e9
    for now in range(FAILURES + PROBES):
        made.circuit.failed(float(now), started_at=float(now))
    made.open = 1
    assert made.next_at < 0
    assert made.may_open


def test_a_reserved_host_with_a_delay_opens_nothing():
    assert host(reserved=True).may_open
    assert not host(reserved=True, delay_s=1.0).may_open


def test_it_is_idle_when_it_has_nothing_to_do_and_nothing_was_learnt():
    made = host()
    assert not made.idle
    made.queue.clear()
    assert made.idle
    assert not made.may_open
    made.circuit.failed(0.0, started_at=0.0)
    assert not made.idle
    slowed = host(pace=Pace(1.0))
    slowed.queue.clear()
    assert not slowed.idle
