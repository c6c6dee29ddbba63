import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.errors import SelectorError
from scraper.core.globs import Pattern

GLOBS = st.text(st.sampled_from("a/b*."), max_size=12).map(lambda text: "/" + text)
STARRED = st.lists(st.sampled_from(["a", "b", "/", "*", "**"]), max_size=10).map(
    lambda tokens: "**" + "".join(tokens)
)
PATHS = st.text(st.sampled_from("ab/"), max_size=14).map(lambda text: "/" + text)


def naive(glob, path):
    """The meaning, by dynamic programming over characters."""
    tokens = re.findall(r"\*\*+|\*|[^*]", glob)
    reached = {0}
    for token in tokens:
        following = set()
        for at in reached:
            if token[0] != "*":
                if path.startswith(token, at):
                    following.add(at + 1)
                continue
            end = len(path) if len(token) > 1 else (path + "/").index("/", at)
            following.update(range(at, min(end, len(path)) + 1))
        reached = following
    return len(path) in reached


@given(st.one_of(GLOBS, STARRED), PATHS)
def test_a_star_stays_in_its_segment_and_two_go_across(glob, path):
    assert Pattern((glob,)).fits(path, "http://h" + path) == naive(glob, path)


@given(st.lists(GLOBS, max_size=3), PATHS)
def test_one_of_several_is_enough_and_none_fits_nothing(globs, path):
    assert Pattern(tuple(globs)).fits(path, "") == any(naive(glob, path) for glob in globs)


@pytest.mark.parametrize(
    ("glob", "path", "fits"),
    [
        ("/catalogue/page-*.html", "/catalogue/page-12.html", True),
        ("/catalogue/page-*.html", "/catalogue/page-1/2.html", False),
        ("/catalogue/*/index.html", "/catalogue/a-light_1000/index.html", True),
        ("/quotes/**", "/quotes/", True),
        ("/quotes/**", "/quotes", False),
        ("**/print/**", "/a/print/b", True),
        ("**/print/**", "/print/", True),
        ("**/print/**", "/a/printer/b", False),
        ("/**a*b**bc", "/ab/abc", True),
        ("/**a*b**c", "/ab/c/ab", False),
        ("/**", "/", True),
        ("**", "/x", True),
        ("/a.b", "/axb", False),
        ("/caf\u00e9 *", "/caf%C3%A9%20x", True),
        ("/a/b", "/a/b\n", False),
        ("/a[1]", "/a[1]", True),
    ],
)
def test_globs_as_people_write_them(glob, path, fits):
    assert Pattern((glob,)).fits(path, "http://h" + path) is fits


def test_expressions_search_the_whole_url():
    pattern = Pattern((r"re:[?&]id=\d+$", "/x"))
    assert pattern.fits("/y", "http://h/y?id=12")
    assert pattern.fits("/x", "http://h/x")
    assert not pattern.fits("/y", "http://h/y?id=a")
    assert Pattern((r"re:(?<!no)shop",)).fits("/", "http://shop.example/")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("re:(", "regular expression '('"),
        ("re:a{99999999999999999999}", "regular expression"),
        ("page-*.html", 'must begin with "/"'),
        ("", 'must begin with "/"'),
        ("/search?q=*", "sees the path only"),
        ("/a#b", "sees the path only"),
        ("/page-{1..5}.html", "{1..5} stands for itself here"),
        ("/*.{jpg,png}", "{jpg,png} stands for itself here"),
    ],
)
def test_a_pattern_that_cannot_fit_is_refused(text, says):
    with pytest.raises(SelectorError, match=re.escape(says)):
        Pattern((text,))


@pytest.mark.parametrize(
    "glob",
    ["/*a*a*a*a*b", "**a**a**a**a**b", "**a*b**a*b**c", "/a*b**a*c*d", "**/a/**/a/**/b", "**a*b*c"],
)
@pytest.mark.parametrize("unit", ["a", "a/", "ab", "/a"])
def test_no_glob_is_slow_on_a_hostile_path(glob, unit):
    path = "/" + unit * 20_000
    pattern = Pattern((glob,))
    begun = time.process_time()
    pattern.fits(path, "")
    assert time.process_time() - begun < 0.2


def test_an_expression_that_takes_too_long_does_not_fit():
    pattern = Pattern((r"re:(a|aa)+$",))
    begun = time.process_time()
    assert not pattern.fits("/", "http://h/" + "a" * 200 + "b")
    assert time.process_time() - begun < 1.0


def test_repr_shows_the_patterns():
    assert repr(Pattern(("/a", "re:b"))) == "<Pattern /a re:b>"


def test_braces_that_are_no_alternatives_stand_for_themselves():
    assert Pattern(("/{id}/*",)).fits("/%7Bid%7D/x", "")
