"""Laws of the ranges in seed URLs."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.ranges import expand, size

bounds = st.integers(0, 30)
plain = st.text(st.characters(exclude_characters="{}"), max_size=5)


def written(first: int, last: int, zeros: int = 0) -> str:
    return f"{{{'0' * zeros}{first}..{last}}}"


@st.composite
def patterns(draw):
    """Texts with up to three ranges, and the numbers of each."""
    text, ranges = draw(plain), []
    for _ in range(draw(st.integers(0, 3))):
        first, last = draw(bounds), draw(bounds)
        step = 1 if first <= last else -1
        ranges.append([str(number) for number in range(first, last + step, step)])
        text += written(first, last) + "-" + draw(plain)
    return text, ranges


@given(patterns())
def test_as_many_urls_as_size_says(pattern):
    text, ranges = pattern
    count = 1
    for numbers in ranges:
        count *= len(numbers)
    assert size(text) == count
    assert sum(1 for _ in itertools.islice(expand(text), 30_000)) == min(count, 30_000)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=4))
def test_every_combination_once_and_the_last_range_runs_fastest(ranges):
    text = "/".join(written(first, last) for first, last in ranges)
    numbers = [
        range(first, last + (1 if first <= last else -1), 1 if first <= last else -1)
        for first, last in ranges
    ]
    expected = ["/".join(map(str, each)) for each in itertools.product(*numbers)]
    assert list(expand(text)) == expected


@given(plain)
def test_a_text_without_a_range_is_itself(text):
    assert list(expand(text)) == [text]
    assert size(text) == 1


@given(st.text("{}.0159a", max_size=14))
def test_any_text_is_a_pattern(text):
    urls = list(itertools.islice(expand(text), 1_000))
    assert len(urls) == min(size(text), 1_000)


@given(bounds, bounds, st.integers(1, 3))
def test_a_leading_zero_pads_to_the_longer_bound(first, last, zeros):
    width = max(len(str(first)) + zeros, len(str(last)))
    numbers = list(expand(written(first, last, zeros)))
    assert {len(number) for number in numbers} == {width}
    assert [int(number) for number in numbers] == [
        int(number) for number in expand(written(first, last))
    ]


@given(bounds, bounds)
def test_a_range_runs_downwards_as_it_runs_upwards(first, last):
    assert list(expand(written(first, last))) == list(expand(written(last, first)))[::-1]


@pytest.mark.parametrize(
    ("pattern", "urls"),
    [
        ("p-{1..3}.html", ["p-1.html", "p-2.html", "p-3.html"]),
        ("{08..10}", ["08", "09", "10"]),
        ("{8..010}", ["008", "009", "010"]),
        ("{0..1}", ["0", "1"]),
        ("{00..1}", ["00", "01"]),
        ("{5..5}", ["5"]),
        ("{3..1}", ["3", "2", "1"]),
        ("{1..2}{1..2}", ["11", "12", "21", "22"]),
        ("{1..2", ["{1..2"]),
        ("{1...2}", ["{1...2}"]),
        ("{-1..2}", ["{-1..2}"]),
        ("{a..c}", ["{a..c}"]),
        ("{{1..2}}", ["{1}", "{2}"]),
        ("{1..2}..3}", ["1..3}", "2..3}"]),
        ("{1..\u0663}", ["{1..\u0663}"]),
        ("{\u0661..3}", ["{\u0661..3}"]),  # digits of other scripts are text
    ],
)
def test_what_is_a_range(pattern, urls):
    assert list(expand(pattern)) == urls
    assert size(pattern) == len(urls)


def test_the_first_urls_of_an_endless_range_come_at_once():
    pattern = "{1..999999999999999999}/{1..999999999999999999}"
    assert list(itertools.islice(expand(pattern), 2)) == ["1/1", "1/2"]
    assert size(pattern) == 999999999999999999**2
