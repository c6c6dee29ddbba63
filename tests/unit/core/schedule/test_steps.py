"""The order of trials: whatever pays, it moves within its bounds and comes to an end."""

from hypothesis import given
from hypothesis import strategies as st

from scraper.core.schedule.steps import COARSEST, FINE, FINEST, LONGEST_REST_S, REST_S, Steps


def always(_level: int) -> bool:
    return True


def never(_level: int) -> bool:
    return False


def tried(steps: Steps, at: int) -> list[int]:
    """The levels that are tried if none pays."""
    levels = []
    while (level := steps.next(at, 0.0, may=always)) is not None:
        levels.append(level)
        steps.failed()
    return levels


@given(st.integers(4, 1000), st.booleans())
def test_a_search_looks_far_away_first_on_both_sides_and_ends(at, closer):
    steps = Steps(4, 1000)
    if closer:
        steps.look_closer([-1, 1])
    levels = tried(steps, at)
    assert steps.holds
    above = [level for level in levels if level > at]
    below = [level for level in levels if level < at]
    assert above == sorted(above, reverse=True)
    assert below == sorted(below)
    assert len(levels) <= (10 if closer else 4)
    assert all(at / 2**FINE - 1 <= level <= 2 * at for level in levels)


def test_steps_go_on_where_they_pay_and_get_smaller_where_they_bring_little():
    steps = Steps(4, 1000)
    assert steps.next(32, 0.0, may=always) == 64
    steps.paid(1, steep=True)
    assert steps.next(64, 0.0, may=always) == 128
    steps.paid(1, steep=False)
    assert steps.next(128, 0.0, may=always) == 181
    steps.paid(1, steep=True)
    assert (steps.size, steps.next(181, 0.0, may=always)) == (COARSEST, 362)


def test_what_may_not_be_tried_is_not():
    steps = Steps(4, 1000)
    assert steps.next(32, 0.0, may=never) is None
    assert steps.holds


def test_a_look_comes_after_a_rest_that_grows_until_something_pays():
    steps, now, rests_s = Steps(4, 1000), 0.0, []
    for _ in range(5):
        steps.next(100, now, may=never)
        assert not steps.is_due(now)
        assert steps.next(100, now + 1, may=always) is None  # that puts nothing off
        rest_s = next(s for s in range(100) if steps.is_due(now + s))
        rests_s.append(rest_s)
        now += rest_s
        steps.look(100, down=False)
    assert rests_s == [REST_S, 2 * REST_S, 4 * REST_S, LONGEST_REST_S, LONGEST_REST_S]
    steps.paid(1, steep=True)
    steps.next(100, now, may=never)
    assert steps.is_due(now + REST_S)


def test_a_look_is_at_one_level_a_small_step_away_where_a_large_one_did_harm():
    steps = Steps(4, 1000)
    for down, level in ((True, 71), (False, 141)):
        steps.look(100, down=down)
        assert tried(steps, 100)[0] == level
    steps.look_closer([1])
    steps.look(100, down=False)
    assert steps.next(100, 0.0, may=always) == round(100 * 2**FINEST)
    steps.look(5, down=False)
    assert steps.next(5, 0.0, may=always) == 6  # a step is one at least


def test_the_last_of_a_size_is_followed_by_half_of_it():
    steps = Steps(4, 1000)
    assert steps.next(100, 0.0, may=always) == 200
    steps.failed(last=True)
    assert steps.next(100, 0.0, may=always) == 141
    assert repr(steps) == "<Steps of 0.5 down to 0.5, [1, -1]>"
