import json
import math

from hypothesis import given
from hypothesis import strategies as st

from scraper.core.insight.quantiles import ERROR, LARGEST_S, SMALLEST_S, Quantiles

durations = st.lists(st.floats(0, 1e4), min_size=1, max_size=200)
shares = st.floats(0, 1)


def sketch(values):
    made = Quantiles()
    for value in values:
        made.add(value)
    return made


def exact(values, share):
    return sorted(values)[max(1, math.ceil(share * len(values))) - 1]


@given(durations, shares)
def test_every_quantile_is_within_the_error_of_the_exact_one(values, share):
    got = sketch(values).quantile(share)
    want = exact(values, share)
    assert abs(got - want) <= want * ERROR * 1.0001 + SMALLEST_S


@given(durations, shares, shares)
def test_quantiles_ascend_and_never_exceed_the_maximum(values, one, two):
    low, high = sketch(values).quantiles((min(one, two), max(one, two)))
    assert low <= high <= max(values)


@given(durations)
def test_json_brings_the_same_sketch_back(values):
    made = sketch(values)
    back = Quantiles.from_json(json.loads(json.dumps(made.as_json())))
    assert back.as_json() == made.as_json()
    assert back.count == made.count


def test_nothing_added_has_no_quantile():
    assert Quantiles().quantile(0.5) is None
    assert Quantiles().max == 0.0


def test_memory_is_bounded_whatever_is_added():
    made = sketch(10.0 ** (exponent / 100) for exponent in range(-2000, 2000))
    assert len(made._buckets) < 1000
    assert made.quantile(0.5) <= made.quantile(1) <= LARGEST_S
    assert made.max > LARGEST_S


def test_the_very_small_and_the_negative_count_as_nothing():
    made = sketch([-1.0, 0.0, 1e-9])
    assert made.count == 3
    assert made.quantile(1) == 0.0


def test_the_maximum_stands_for_shares_above_one():
    assert sketch([1.0, 2.0]).quantile(1.5) == 2.0


def test_repr_says_how_many():
    assert repr(sketch([2.0])) == "<Quantiles of 1, max 2 s>"
