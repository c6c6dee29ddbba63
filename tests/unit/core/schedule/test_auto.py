"""`refresh: auto`: who is due when, and what it brings beside a fixed `refresh`."""

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.refresh import WEBS, Trial, fixed, learnt
from scraper.core.schedule.auto import DAY_S, Auto, Schedule, Survey
from scraper.core.schedule.change import NOTHING, Seen, seen

kinds = st.lists(
    st.tuples(
        st.sampled_from(["list", "page", None]),
        st.builds(seen, st.integers(0, 300), st.floats(0, 1e7), st.floats(0, 1e8)),
        st.integers(1, 1000),
    ),
    max_size=8,
)
autos = st.builds(
    Auto,
    like_s=st.floats(3600.0, 1e7),
    per_day=st.none() | st.integers(1, 10_000),
    least_s=st.floats(60.0, 7200.0),
    most_s=st.floats(DAY_S, 1e8),
)


def survey_of(pages, auto, owner=None):
    made = Survey(owner, auto)
    for rule, known, many in pages:
        made.add(rule, known, many)
    return made


@given(kinds, autos)
def test_the_budget_and_the_bounds_are_kept(pages, auto):
    survey = survey_of(pages, auto)
    schedule = survey.schedule()
    each = [schedule.interval_s(rule, known) for rule, known, _ in pages]
    assert all(auto.least_s <= interval <= auto.most_s for interval in each)
    total = sum(many for *_, many in pages)
    allowed = max(auto.visits_per_s(total), total / auto.most_s)
    spent = sum(many / interval for (*_, many), interval in zip(pages, each, strict=True))
    assert spent <= allowed * 1.001
    assert survey.outlook(schedule).visits_per_day == pytest.approx(spent * DAY_S)
    assert Schedule.of_json(json.loads(json.dumps(schedule.as_json()))) == schedule


def test_pages_of_which_nothing_is_known_are_visited_as_if_all_were_alike():
    survey = survey_of([(None, NOTHING, 10), ("page", NOTHING, 5)], Auto())
    schedule = survey.schedule()
    assert schedule.interval_s("page", NOTHING) == schedule.interval_s("new", NOTHING) == DAY_S
    assert schedule.rate("page", NOTHING) is None
    assert survey.outlook(schedule).fresh is None
    assert Survey(None, Auto(like_s=7.0, least_s=1.0)).schedule().fixed_s == 7.0
    counted = survey_of([(None, NOTHING, 500)], Auto(per_day=100)).schedule()
    assert counted.fixed_s == 5 * DAY_S


def test_what_changes_is_visited_often_and_what_does_not_seldom():
    daily, never = Seen(10, seen(10, 9 * DAY_S, DAY_S).step), seen(0, 0.0, 10 * DAY_S)
    survey = survey_of([("page", daily, 10), ("page", never, 990)], Auto(like_s=4 * DAY_S))
    schedule = survey.schedule()
    assert schedule.interval_s("page", daily) < 2 * DAY_S
    assert schedule.interval_s("page", never) > 4 * DAY_S
    planned, alike = survey.outlook(schedule), survey.outlook(schedule, 4 * DAY_S)
    assert planned.visits_per_day <= alike.visits_per_day * 1.001 == pytest.approx(250.25)
    assert planned.age_s < alike.age_s


AGES = dict(zip(WEBS, (1.15, 1.05, 0.85, 0.75, 0.6), strict=True))  # at most, of the fixed one's


@pytest.mark.parametrize("web", WEBS)
def test_it_is_as_fresh_as_a_fixed_refresh_and_fresher_where_pages_differ(web):
    """With as many visits, after 20 days of learning; the truth is known to the judge alone."""
    rates = [WEBS[web](Random(f"page {n}")) for n in range(100)]
    trial = Trial(rates, every=0.5, days=80, measured_from=20)
    found = trial.run(learnt(Auto(like_s=3 * DAY_S)))
    alike = trial.run(fixed(1 / found.visits))
    assert found.fresh > alike.fresh - 0.02
    assert found.age < AGES[web] * alike.age
