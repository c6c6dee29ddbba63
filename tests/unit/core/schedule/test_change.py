"""What visits tell of how often a page changes."""

from math import exp, isclose, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.schedule.change import NOTHING, Prior, Seen, exposure_s, prior, rate, seen

DAY_S = 86_400.0
times = st.floats(0, 1e9)
counts = st.integers(0, 10**6)
priors = st.builds(Prior, st.floats(1e-6, 2.0), st.floats(1.0, 1e9))
STEP_OF_A_DAY = seen(0, 0.0, DAY_S).step


@given(st.integers(1, 1000), st.floats(1.0, 1e7), st.data())
def test_of_regular_visits_it_is_the_estimator_of_cho_and_garcia_molina(visits, every_s, data):
    changes = data.draw(st.integers(1, visits))
    found = changes / exposure_s(changes, changes * every_s, (visits - changes) * every_s)
    assert isclose(found, log((visits + 0.5) / (visits - changes + 0.5)) / every_s, rel_tol=1e-9)


@given(st.floats(0.01, 3.0), st.floats(0.05, 1.0))
def test_many_visits_tell_the_rate_whatever_their_intervals(per_visit, shorter):
    """As many changes as are expected, at two intervals in turn: the truth is found within 10 %."""
    moved_s = still_s = changes = 0.0
    for every_s in (DAY_S, DAY_S * shorter):
        share = 1 - exp(-per_visit * every_s / DAY_S)
        changes += 1e5 * share
        moved_s += 1e5 * share * every_s
        still_s += 1e5 * (1 - share) * every_s
    found = round(changes) / exposure_s(round(changes), moved_s, still_s)
    assert found * DAY_S == pytest.approx(per_visit, rel=0.1)


@given(counts, times, times, priors)
def test_it_is_bounded_whatever_was_written_down(changes, moved_s, still_s, before):
    known = seen(changes, moved_s, still_s)
    most = (known.changes + before.changes) / before.exposure_s
    assert 0 < rate(known, before) <= most
    assert known.exposure_s == 0.0 or known.exposure_s >= 0.9


@given(st.integers(1, 500), st.floats(60.0, 1e6), priors, st.data())
def test_a_visit_that_finds_a_change_raises_it_one_that_finds_none_lowers_it(
    visits, every_s, before, data
):
    changes = data.draw(st.integers(0, visits - 1))

    def told(changes: int, still: int) -> float:
        kept = exposure_s(changes, changes * every_s, still * every_s)
        return (changes + before.changes) / (kept + before.exposure_s)

    still = visits - changes
    assert told(changes + 1, still - 1) > told(changes, still) > told(changes, still + 1)


@given(counts, st.floats(1.0, 1e9), st.floats(1.0, 1e9))
def test_pages_are_few_kinds_and_rounding_costs_less_than_a_twentieth(changes, moved_s, still_s):
    known = seen(changes, moved_s, still_s)
    assert known.changes == pytest.approx(changes, rel=0.05, abs=0.5)
    exact_s = exposure_s(changes, moved_s, still_s)
    assert known == NOTHING or known.exposure_s == pytest.approx(exact_s, rel=0.05)


def test_what_was_not_seen_is_as_the_other_pages_of_the_rule():
    assert seen(0, 0.0, 0.0) == seen(3, 0.0, 0.0) == seen(0, 0.0, -5.0) == NOTHING
    assert prior([(NOTHING, 3)]) is None
    before = prior([(Seen(2, STEP_OF_A_DAY), 9), (Seen(0, STEP_OF_A_DAY), 3), (NOTHING, 5)])
    assert before is not None
    assert rate(NOTHING, before) * DAY_S == pytest.approx(18.5 / 12, rel=0.05)


def test_pages_that_are_alike_tell_more_of_each_other():
    alike = prior([(Seen(4, STEP_OF_A_DAY), 10), (Seen(6, STEP_OF_A_DAY), 10)])
    differ = prior([(Seen(0, STEP_OF_A_DAY), 10), (Seen(10, STEP_OF_A_DAY), 10)])
    assert alike is not None
    assert differ is not None
    assert alike.exposure_s > differ.exposure_s
    assert rate(NOTHING, alike) == pytest.approx(rate(NOTHING, differ))


@given(st.integers(1, 10**6), st.integers(1, 300))
def test_a_page_that_always_changes_is_soon_known_among_any_number_that_never_do(others, days):
    one, rest = seen(days, days * DAY_S, 0.0), seen(0, 0.0, days * DAY_S)
    before = prior([(one, 1), (rest, others)])
    assert before is not None
    assert rate(one, before) * DAY_S > 0.4
    assert rate(rest, before) <= rate(one, before) / 2
