from hypothesis import given
from hypothesis import strategies as st

from scraper.core.schedule.flow import Flow, Window, deviation
from scraper.core.schedule.news import Sign


def told(flow, sign, *, took_s=0.2, started_at=0.0, answers=True):
    flow.ended(sign, started_at, started_at + took_s, answers=answers)


@given(st.lists(st.sampled_from(list(Sign))))
def test_a_turn_is_good_or_bad_or_says_nothing(signs):
    flow = Flow()
    for sign in signs:
        told(flow, sign)
    assert flow.good == signs.count(Sign.WELL)
    assert flow.bad == len(signs) - flow.good - signs.count(Sign.NONE)


def test_a_host_that_never_answered_says_nothing_of_the_level():
    flow = Flow()
    told(flow, Sign.DEAD, answers=False)
    assert (flow.good, flow.bad) == (0, 0)


def test_what_began_before_a_change_is_not_held_against_it():
    flow = Flow()
    flow.since = 10.0
    told(flow, Sign.LATE, started_at=9.0)
    told(flow, Sign.LATE, started_at=10.0)
    assert flow.bad == 1


def test_a_window_sees_what_came_after_its_begin():
    flow = Flow()
    told(flow, Sign.WELL)
    window = Window(flow, 5.0)
    assert (window.good, window.bad, window.bad_share, window.turn_s) == (0, 0, 0.0, None)
    for took_s in (0.25, 0.75):
        told(flow, Sign.WELL, took_s=took_s)
    for _ in range(2):
        told(flow, Sign.BUSY)
    assert (window.good, window.bad, window.bad_share, window.turn_s) == (2, 2, 0.5, 0.5)
    assert flow.least_s == 0.2
    assert repr(flow) == "<Flow 3 good, 2 bad>"
    assert repr(window) == "<Window 2 good, 2 bad, 0 of 0 full>"


def test_a_window_is_full_when_most_pulses_are():
    window = Window(Flow(), 0.0)
    assert not window.is_full
    assert window.lag_s == 0.0
    for pulse in range(10):
        window.add(open_=pulse, full=pulse > 3, lag_s=pulse / 10)
    assert (window.full, window.pulses, window.is_full, window.open) == (6, 10, True, 4.5)
    assert window.lag_s == 0.9


def test_a_rate_is_counted_and_never_zero():
    flow = Flow()
    window = Window(flow, 0.0)
    assert window.rate(0.0) > 0
    for _ in range(100):
        told(flow, Sign.WELL, took_s=0.0)
    assert window.rate(10.0) == 10.05


def test_a_burst_too_many_is_not_believed():
    """10 slots, turns of 1 s: 10 a second, whatever a window happens to hold."""
    flow = Flow()
    window = Window(flow, 0.0)
    window.add(open_=10, full=True, lag_s=0.0)
    for _ in range(20):
        told(flow, Sign.WELL, took_s=1.0)
    assert window.rate(1.01) == 10.0


def test_whole_turns_are_told_once_each():
    window = Window(Flow(), 0.0)
    told_at = [now / 10 for now in range(1, 31) if window.has_turned(now / 10 + 1e-9, 1.0)]
    assert told_at == [1.0, 2.0, 3.0]
    assert window.has_turned(4.0, 0.0)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_answers_tell_more(one, other):
    assert deviation(one + 1, other) <= deviation(one, other)
