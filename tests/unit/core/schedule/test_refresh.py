"""When a page is visited again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.extract.plan import PageRule
from scraper.core.schedule.auto import DAY_S, Auto, Survey
from scraper.core.schedule.change import seen
from scraper.core.schedule.refresh import AHEAD_S, DUE_SHARE, Refresh, due, due_at, up_to

URL = "https://shop.example"
NEWS = PageRule("news", match=("/news/*",), refresh_s=3600.0)
REST = PageRule("rest")
RULES = (NEWS, REST)
times = st.floats(0, 1e6)


@pytest.mark.parametrize(
    ("page", "path", "refresh_s"),
    [
        (None, "/news/1", 3600.0),
        ("news", "/other", 3600.0),
        ("rest", "/news/1", 60.0),
        ("gone", "/news/1", 3600.0),  # a name that the config no longer has is none
        (None, "/other", 60.0),
    ],
)
def test_the_rule_of_the_page_says_it_else_the_run(page, path, refresh_s):
    assert Refresh.of_rules(60.0, RULES).terms(page, URL + path).refresh_s == refresh_s
    assert Refresh.of_rules(60.0, (REST,)) == Refresh(60.0)
    assert Refresh.of_rules(60.0, (NEWS,)).terms(None, URL + "/").refresh_s == 60.0


@given(st.dictionaries(st.integers(1, 9), times), times, times, times)
def test_a_page_is_due_when_its_cycle_began_long_enough_ago(began_at, now, news_s, default_s):
    began_at = {id_: min(at, now) for id_, at in began_at.items()}  # by a clock that goes right
    rules = (PageRule("news", match=("/news/*",), refresh_s=news_s), REST)
    found = due(Refresh.of_rules(default_s, rules), began_at, now)
    for path, refresh_s in (("/news/1", news_s), ("/", default_s)):
        for cycle, at in began_at.items():
            newer = [id_ for id_, at in began_at.items() if at + DUE_SHARE * refresh_s <= now]
            assert found.holds(None, URL + path, cycle) == (cycle <= max(newer, default=0))
            assert at + DUE_SHARE * refresh_s > now or found.holds(None, URL + path, cycle)


def test_without_a_refresh_all_pages_of_a_cycle_are_due_alike():
    assert up_to(3).holds(None, URL + "/", 3)
    assert not up_to(3).holds("news", "", 4)


def test_where_it_is_learnt_each_rule_has_its_own_rate_and_its_own_budget_if_it_says_so():
    own = PageRule("own", match=("/own/*",), auto=Auto(like_s=7 * DAY_S))
    refresh = Refresh.of_rules(60.0, (own, *RULES), Auto())
    assert refresh.learns
    assert refresh.autos() == {None: Auto(), "own": own.auto}
    assert refresh.all_s() == {3600.0}
    told = [refresh.terms(None, URL + path) for path in ("/own/1", "/news/1", "/")]
    assert [(each.owner, each.rule) for each in told if each.auto] == [
        ("own", "own"),
        (None, "rest"),
    ]
    assert not Refresh.of_rules(60.0, RULES).learns


def test_a_page_is_due_when_its_schedule_says_so():
    refresh = Refresh.of_rules(60.0, (REST,), Auto())
    survey = Survey(None, Auto())
    often, never = seen(20, 15 * DAY_S, 5 * DAY_S), seen(0, 0.0, 90 * DAY_S)
    survey.add("rest", often)
    survey.add("rest", never, 9)
    schedules = {None: survey.schedule()}
    found = due(refresh, {1: 0.0}, 2 * DAY_S, schedules)
    assert found.holds("rest", URL, 1, often)
    assert found.holds("rest", URL, 1)  # nothing is known of it
    assert not found.holds("rest", URL, 1, never)
    assert due(refresh, {1: 0.0}, 30 * DAY_S, schedules).holds("rest", URL, 1, never)


@given(times, st.floats(0, 1e6), st.booleans())
def test_a_clock_that_was_ahead_keeps_no_page_from_being_visited(now, each_s, far):
    began = {1: now + AHEAD_S + (1.0 if far else -1.0)}
    assert due(Refresh(each_s), began, now).cycles[each_s] == far
    assert due_at(began[1], each_s, now=now) <= now + AHEAD_S + each_s
