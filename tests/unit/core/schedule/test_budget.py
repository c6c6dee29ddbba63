"""How visits are shared out."""

from itertools import pairwise
from math import inf, log1p

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.schedule.budget import LEAST_CHANCE, age_s, freshness, interval_s, price

DAY_S = 86_400.0
rates = st.floats(1e-9, 1e-1)  # from one change in 30 years to one in 10 s
webs = st.dictionaries(rates, st.integers(1, 10_000), min_size=1, max_size=6)


def spent(pages, at, least_s=0.0, most_s=inf):
    each = {rate: min(max(interval_s(rate, at), least_s), most_s) for rate in pages}
    return sum(many / each[rate] for rate, many in pages.items())


@given(webs, st.floats(1e-6, 10.0))
def test_the_budget_is_spent_and_no_more(pages, visits_per_s):
    at = price(pages, visits_per_s, least_s=60.0, most_s=1e12)
    free = price(pages, 1e12, least_s=60.0, most_s=1e12)
    wanted = min(visits_per_s, spent(pages, free, 60.0, 1e12))
    assert spent(pages, at, 60.0, 1e12) == pytest.approx(wanted, rel=1e-3)


@given(webs, st.floats(1e-6, 10.0))
def test_the_longest_interval_goes_before_the_budget(pages, visits_per_s):
    at = price(pages, visits_per_s, least_s=60.0, most_s=30 * DAY_S)
    total = spent(pages, at, 60.0, 30 * DAY_S)
    least = sum(pages.values()) / (30 * DAY_S)
    assert total <= max(visits_per_s, least) * 1.001


@given(st.lists(rates, min_size=2, max_size=9, unique=True), st.floats(1.0, 1e14))
def test_who_changes_more_often_is_visited_more_often_but_less_than_in_proportion(each, at):
    for slow, fast in pairwise(sorted(each)):
        ratio = interval_s(slow, at) / interval_s(fast, at)
        assert 0.999999 <= ratio <= fast / slow * 1.000001


@given(rates, st.floats(1.0, 1e14), st.floats(1.0, 1e14))
def test_a_higher_price_makes_no_interval_shorter_and_no_visit_is_in_vain(rate, one, other):
    low, high = sorted((one, other))
    assert interval_s(rate, low) <= interval_s(rate, high) < inf
    assert -log1p(-LEAST_CHANCE) / rate <= interval_s(rate, low) * 1.000001


@given(st.lists(rates, min_size=2, max_size=5, unique=True), st.integers(0, 3))
def test_no_other_shares_of_the_same_visits_give_a_lower_age(each, other):
    """What one page gets more, and another less, makes things worse."""
    pages = dict.fromkeys(each, 1)
    at = price(pages, len(each) / DAY_S, least_s=1.0, most_s=1e15)
    intervals = {rate: interval_s(rate, at) for rate in each}
    held = [rate for rate in each if intervals[rate] * rate > -log1p(-LEAST_CHANCE) * 1.01]
    if len(held) < 2:
        return
    more, less = held[other % len(held)], held[(other + 1) % len(held)]
    shift = 0.2 * min(1 / intervals[more], 1 / intervals[less])
    moved = {more: 1 / (1 / intervals[more] + shift), less: 1 / (1 / intervals[less] - shift)}
    before = sum(age_s(rate, intervals[rate]) for rate in moved)
    assert sum(age_s(rate, moved[rate]) for rate in moved) >= before * 0.9999


@given(rates, st.floats(1e-3, 1e9), st.floats(1e-3, 1e9))
def test_what_is_visited_less_is_less_fresh_and_older(rate, one, other):
    short, long = sorted((one, other))
    assert 1 >= freshness(rate, short) >= freshness(rate, long) > 0
    assert 0 <= age_s(rate, short) <= age_s(rate, long) * 1.001
    assert age_s(rate, long) <= long / 2
    assert freshness(rate, 0.0) == 1.0
    assert interval_s(1e-200, 1.0) > 1e190  # no rate is too small
