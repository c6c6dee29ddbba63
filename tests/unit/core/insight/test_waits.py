from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.insight.estimate import Load, bound
from scraper.core.insight.waits import left_waiting, patient, waited_for

least = partial(bound, concurrency=10)


def seconds(loads: list[Load], max_wait_s: float | None) -> float:
    return patient(least, lambda: loads, max_wait_s).seconds


RESTING = Load("resting", 5, rest_s=56.0)


@pytest.mark.parametrize(
    ("busy_s", "max_wait_s", "at_least_s"),
    [
        (0.0, None, 56.0),
        (0.0, 60.0, 56.0),
        (0.0, 5.0, 0.0),
        (30.0, 5.0, 30.0),
        (52.0, 5.0, 56.0),  # by then it rests for 4 s more
        (60.0, 5.0, 60.0),
    ],
)
def test_a_rest_counts_unless_the_run_ends_before(
    busy_s: float, max_wait_s: float | None, at_least_s: float
):
    loads = [RESTING, Load("busy", 2, delay_s=busy_s)]
    assert seconds(loads, max_wait_s) == at_least_s


def test_of_a_host_with_a_late_retry_what_lasts_until_then_counts():
    short = Load("a", 3, delay_s=1.0, last_due_s=40.0)
    long = Load("b", 100, delay_s=1.0, last_due_s=40.0)
    assert seconds([short], 5.0) == 0.0
    assert seconds([short], 40.0) == 40.0
    assert seconds([long], 5.0) == 99.0


@given(
    st.lists(st.builds(Load, st.just("a"), st.integers(0, 9), rest_s=st.floats(0, 99))),
    st.floats(0, 99),
)
def test_no_run_takes_longer_for_waiting_less(loads: list[Load], max_wait_s: float):
    told: Any = list(waited_for(loads, max_wait_s))
    assert all(load.rest_s <= max_wait_s and load.pages for load in told)
    assert seconds(loads, max_wait_s) <= seconds(loads, None)


def test_hosts_whose_waits_end_one_after_another_are_all_waited_for():
    loads = [Load(f"h{each}", 1, rest_s=4.0 * each) for each in range(1, 4)]
    assert seconds(loads, 5.0) == 12.0


def test_who_is_left_waiting_is_told():
    loads = [Load("a", 1, rest_s=20.0), RESTING, Load("none", 0, rest_s=99.0)]
    assert left_waiting(loads, 0.0, 5.0) == RESTING
    assert left_waiting(loads, 52.0, 5.0) is None
    assert left_waiting(loads, 0.0, None) is None
    assert left_waiting([], 0.0, 5.0) is None
