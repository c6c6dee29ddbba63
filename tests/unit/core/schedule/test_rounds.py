"""What the first turns at another level say: for servers that are alike, whatever their size."""

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.schedule.flow import Flow, Level, Window
from scraper.core.schedule.news import Sign
from scraper.core.schedule.rounds import (
    ROUND,
    SETTLE,
    first_rate,
    is_in_vain,
    is_steep,
    rate_at_once,
    worth,
)

TURN_S = 0.5
levels = st.integers(8, 500)


def turns(good: int, *, open_: int = 10, turn_s: float = TURN_S) -> Window:
    flow = Flow()
    window = Window(flow, 0.0)
    window.add(open_=open_, full=True, lag_s=0.0)
    for _ in range(good):
        flow.ended(Sign.WELL, 0.0, turn_s, answers=True)
    return window


def base(limit: int) -> Level:
    return Level(limit, limit / TURN_S, 1000, 0.0)


@given(levels, st.floats(1.5, 4.0))
def test_slots_that_are_served_as_the_others_pay_and_are_not_in_vain(limit, times):
    more = round(limit * times) + 20
    for rounds in (1.01, 2.0, 8.0):
        answers = turns(int(more * rounds))
        rate = rate_at_once(base(limit), answers, more, rounds * TURN_S)
        assert rate is not None
        assert 0.8 * more / TURN_S <= rate <= 1.01 * more / TURN_S
        assert not is_in_vain(base(limit), answers, more, rounds * TURN_S)


@given(levels)
def test_slots_that_are_added_to_a_queue_are_in_vain_when_that_is_sure(limit):
    for rounds in (1.0, 2.0, ROUND + 0.4, 100.0):
        answers = turns(int(limit * rounds))
        assert rate_at_once(base(limit), answers, 2 * limit, rounds * TURN_S) is None
        said = is_in_vain(base(limit), answers, 2 * limit, rounds * TURN_S)
        assert not (said and rounds < ROUND)
        assert said or rounds < 100.0


@given(levels)
def test_slots_that_are_left_and_hang_are_in_vain_and_those_that_answer_are_not(limit):
    fewer, passed_s = limit // 2, (SETTLE + 1) * TURN_S
    assert is_in_vain(base(limit), turns(0), fewer, passed_s)
    assert not is_in_vain(base(limit), turns(0), fewer, SETTLE * TURN_S)
    assert not is_in_vain(base(limit), turns(int(fewer * 2.25)), fewer, passed_s)
    assert not is_in_vain(base(limit), turns(0), limit, passed_s)  # it is the level itself


def test_the_first_rate_counts_no_time_before_the_first_answer():
    assert first_rate(turns(10, open_=100, turn_s=1.0), since_s=0.5) == 20.0
    assert first_rate(turns(10, open_=10, turn_s=1.0), since_s=0.0) == 10.0  # in one burst


@pytest.mark.parametrize(("late", "up", "down"), [(False, 1.072, 0.966), (True, 1.149, 0.933)])
def test_what_twice_as_many_must_bring_and_half_as_many_may_lose(late, up, down):
    assert worth(2.0, late=late) == pytest.approx(log(up), abs=1e-3)
    assert worth(0.5, late=late) == pytest.approx(log(down), abs=1e-3)


def test_a_gain_of_half_of_what_is_in_proportion_is_steep():
    assert is_steep(log(1.5), 20, base(10))
    assert not is_steep(log(1.2), 20, base(10))
