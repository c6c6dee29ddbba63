from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from scraper.core.gone import (
    MISSING,
    Going,
    in_words,
    is_asked_again,
    may_go,
    missed,
    stays_beside,
    suspects,
    too_many,
    unsought_in_words,
)


@given(st.integers(1, 10**7), st.integers(0, 100))
def test_no_more_may_go_than_the_share_and_one_always_may_unless_none_is_allowed(
    live: int, percent: int
) -> None:
    most = may_go(live, percent / 100)
    assert most == (max(1, live * percent // 100) if percent else 0)


@given(st.integers(2, 10**6), st.integers(1, 100), st.data())
def test_what_may_go_at_once_may_go_in_parts(live: int, percent: int, data: st.DataObject) -> None:
    """A cycle that is judged again after a crash judges alike."""
    most = min(may_go(live, percent / 100), live - 1)
    part = data.draw(st.integers(0, most))
    assert most - part <= max(may_go(live - part, percent / 100), 0)


def test_each_type_is_judged_by_itself() -> None:
    books, authors = Going("book", 50, 10_000), Going("author", 50, 50)
    assert too_many([books, authors], 0.1) == [authors]
    assert too_many([books, authors], 0.0) == [books, authors]
    assert too_many([books, authors], 1.0) == []


@given(
    st.sets(st.sampled_from("1234"), min_size=1),
    st.lists(st.tuples(st.sets(st.sampled_from("1234")), st.lists(st.sampled_from("xyz")))),
)
def test_an_item_that_is_rejected_is_suspected_until_all_items_are_shown_again(
    items: set[str], readings: list[tuple[set[str], list[str]]]
) -> None:
    beside: Counter[str] = Counter()
    for broken, adverts in readings:
        now = [*(broken & items), *adverts]
        assert broken & items <= suspects(now, beside).keys()
        beside = stays_beside(now, beside, missing=bool(broken & items))


def test_what_stood_beside_an_item_is_not_suspected_of_being_it() -> None:
    assert not suspects("xxy", "yxx")
    assert suspects("xxx", "xx") == {"x": 1}
    assert stays_beside("xz", "xxy", missing=True) == {"x": 1}


def test_what_is_replaced_is_not_lost() -> None:
    assert too_many([Going("quote", 900, 1000, 850), Going("quote", 1, 10, 5)], 0.1) == []
    assert too_many([Going("quote", 900, 1000, 700)], 0.1) != []
    assert Going("quote", 1, 10, 5).lost == 0


def test_it_is_told_in_figures_and_in_words() -> None:
    going = Going("book", 450, 1000, 50, ("https://a.example/1",))
    assert missed(going, 0.125) == {
        "what": "items.book.gone",
        "wanted": "<= 12.5%",
        "got": 0.4,
        "before": None,
        "examples": ["https://a.example/1"],
    }
    told = in_words(going, 0.1)
    assert "400 of 1,000 items of book" in told
    assert "(such as https://a.example/1)" in told
    assert "10%" in told
    assert "such as" not in in_words(Going("book", 1, 1), 0.0)
    assert "1,000 items of book are as they were" in unsought_in_words("book", 1000)


def test_only_these_answers_say_that_a_page_is_not_there() -> None:
    assert MISSING == ("http_404", "http_410")


def test_a_page_that_may_be_back_is_asked_for_ever_more_seldom():
    asked = [0]
    for day in range(1, 101):
        if is_asked_again(gone_at=0, asked_at=asked[-1], now=day):
            asked.append(day)
    assert asked == [0, 1, 2, 4, 8, 16, 32, 64]
