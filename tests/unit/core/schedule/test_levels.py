"""What is known of levels, by Little's law, for servers of any size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.schedule.flow import Flow, Window
from scraper.core.schedule.levels import Levels
from scraper.core.schedule.news import Sign

limits = st.integers(8, 500)


def window(good: int = 1000, *, turn_s: float = 0.2, lag_s: float = 0.0) -> Window:
    flow = Flow()
    made = Window(flow, 0.0)
    made.add(open_=10, full=True, lag_s=lag_s)
    for _ in range(good):
        flow.ended(Sign.WELL, 0.0, turn_s, answers=True)
    return made


def kept(limit: int, rate: float, **seen: int | float) -> Levels:
    levels = Levels()
    levels.learn(limit, window(**seen), rate)
    return levels


@given(limits, st.floats(0.05, 5.0))
def test_fewer_are_not_tried_where_turns_take_no_longer_than_with_still_fewer(limit, turn_s):
    levels = kept(2 * limit, 2 * limit / turn_s)
    levels.tried(limit, limit / turn_s)
    assert not levels.may_do(round(1.4 * limit), 0.0)
    assert not levels.may_do(limit, 0.0)


@given(limits, st.floats(0.05, 5.0))
def test_fewer_may_do_where_turns_queue(limit, turn_s):
    levels = kept(2 * limit, limit / turn_s)
    levels.tried(limit, limit / turn_s)
    assert levels.may_do(limit, 0.0)


@given(limits, st.floats(0.05, 5.0))
def test_where_nothing_is_known_of_fewer_the_shortest_turn_says_what_they_may_do(limit, turn_s):
    levels = kept(limit, limit / turn_s)
    assert levels.may_do(limit // 2, 0.0)
    assert levels.may_do(limit // 2, turn_s / 4)
    assert not levels.may_do(limit // 2, turn_s)


def test_where_all_is_quicker_now_fewer_are_not_taken_for_slow():
    levels = kept(64, 64.0)
    levels.tried(128, 64.0)
    levels.learn(128, window(), 512.0)
    levels.learn(128, window(), 100.0)
    assert levels.may_do(64, 0.0)


def test_more_are_not_tried_beyond_what_did_harm_until_that_is_out_of_date():
    levels = kept(64, 300.0)
    levels.tried(100, 200.0)
    assert levels.may_do(99, 0.0)
    assert not levels.may_do(100, 0.0)
    assert not levels.may_do(128, 0.0)
    levels.forget_above(64)
    assert levels.may_do(128, 0.0)


def test_what_has_changed_replaces_what_was_known_and_what_has_not_is_averaged():
    levels = kept(64, 300.0)
    levels.tried(100, 200.0)
    assert not levels.learn(64, window(), 330.0)
    assert levels.base.rate == pytest.approx(315.0)
    assert not levels.may_do(100, 0.0)
    assert levels.learn(64, window(), 150.0)
    assert levels.base.rate == 150.0
    assert levels.may_do(100, 0.0)


def test_what_is_rough_is_replaced_and_is_no_change():
    levels = Levels()
    levels.learn(32, window(turn_s=0.1), 160.0, rough=True)
    assert levels.may_do(32, 0.0)
    assert not levels.learn(32, window(), 320.0)
    assert (levels.base.rate, levels.base.rough) == (320.0, False)


def test_a_first_burst_is_not_taken_for_a_queue():
    """The turns of a first burst say more than its rate: nothing could come before the first."""
    levels = Levels()
    levels.learn(32, window(turn_s=0.2), 64.0, rough=True)
    levels.learn(45, window(), 160.0)
    assert levels.may_do(32, 0.0)


def test_a_late_loop_is_forgotten_slowly_and_lets_fewer_lose_more():
    levels = kept(100, 500.0, lag_s=0.3)
    levels.tried(50, 450.0)
    assert levels.is_late
    assert levels.may_do(50, 0.0)
    levels.learn(100, window(), 500.0)
    assert levels.is_late
    for _ in range(10):
        levels.learn(100, window(), 500.0)
    assert not levels.is_late
    assert not levels.may_do(50, 0.0)
    assert repr(levels).endswith(", 2 known>")
    assert not Levels().is_late
