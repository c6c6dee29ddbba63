"""Laws of traps: what grows without end is one in the end, and no page of an ordinary site is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.schedule.traps import LONGEST, MOST_PARAMETERS, MOST_SEGMENTS, trap
from scraper.core.url import parse

H = "http://h.example"
segments = st.text("abc0", min_size=1, max_size=5)


@given(st.lists(segments, min_size=1, max_size=4), st.lists(segments, max_size=3))
def test_a_path_that_goes_round_is_a_trap_before_long(group, before):
    def path(times):
        return H + "/" + "/".join([*before, *group * times])

    assert any(trap(parse(path(times))) for times in range(1, 10))
    assert trap(parse(path(9)))


@given(st.lists(segments, max_size=20, unique=True), st.integers(0, MOST_PARAMETERS))
def test_a_path_without_repetition_is_none(path, parameters):
    query = "&".join(f"p{n}=x" for n in range(parameters))
    assert trap(parse(f"{H}/{'/'.join(path)}?{query}")) is None


@pytest.mark.parametrize(
    "path",
    ["/", "/a/a/a/abc.html", "/2011/11/11/11/11", "/tiles/0/0/0/0/0.png", "/f/f/f/f/f/ff.png",
     "/x/news/news/news", "/a/b/a/b/a/b", "/1/2/1/2/1/2", "/news/x/news/y/news", "///////",
     "/en/shop/en/shop"],
)  # fmt: skip
def test_what_ordinary_sites_have_is_none(path):
    assert trap(parse(H + path)) is None


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/" + "x" * (LONGEST - len(H)), "longer than 2,000 characters"),
        ("/?" + "&".join("x" * (MOST_PARAMETERS + 1)), "more than 30 parameters"),
        ("/" + "/".join(map(str, range(MOST_SEGMENTS + 1))), "more than 50 segments in its path"),
        ("/abc/x/abc/y/abc/z/abc", "'abc' is 4 times in its path"),
        ("/a" * 9, "'a' is 9 times in its path"),
        ("/0/news/x/news/x/news/x/1", "'news/x' is 3 times in a row in its path"),
    ],
)
def test_traps_say_why(path, why):
    assert trap(parse(H + path)) == why


def test_bounds_are_exact():
    assert trap(parse(H + "/" + "x" * (LONGEST - len(H) - 1))) is None
    assert trap(parse(H + "/?" + "&".join("x" * MOST_PARAMETERS))) is None
    assert trap(parse(H + "/" + "/".join(map(str, range(MOST_SEGMENTS))))) is None
    assert trap(parse(H + "/abc/x/abc/y/abc")) is None
    assert trap(parse(H + "/a" * 8)) is None
