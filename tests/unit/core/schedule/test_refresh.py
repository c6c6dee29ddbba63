"""When a page is visited again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.extract.plan import PageRule
from scraper.core.schedule.refresh import DUE_SHARE, Refresh, due, up_to

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
    assert Refresh.of_rules(60.0, RULES).seconds(page, URL + path) == refresh_s
    assert Refresh.of_rules(60.0, (REST,)) == Refresh(60.0)
    assert Refresh.of_rules(60.0, (NEWS,)).seconds(None, URL + "/") == 60.0


@given(st.dictionaries(st.integers(1, 9), times), times, times, times)
def test_a_page_is_due_when_its_cycle_began_long_enough_ago(began_at, now, news_s, default_s):
    rules = (PageRule("news", match=("/news/*",), refresh_s=news_s), REST)
    found = due(Refresh.of_rules(default_s, rules), began_at, now)
    for path, refresh_s in (("/news/1", news_s), ("/", default_s)):
        old = [id_ for id_, at in began_at.items() if at + DUE_SHARE * refresh_s <= now]
        assert found.cycle(None, URL + path) == max(old, default=0)


def test_without_a_refresh_all_pages_of_a_cycle_are_due_alike():
    assert up_to(3).cycle(None, URL + "/") == up_to(3).cycle("news", "") == 3
