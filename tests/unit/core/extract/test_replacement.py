"""Replacing what a regular expression finds."""

import pytest

from scraper.core.errors import SelectorError
from scraper.core.extract.replacement import compile_replacement


@pytest.mark.parametrize(
    ("pattern", "text", "value", "result"),
    [
        (",-", "", "12,-", "12"),
        (r"(\d+)/(\d+)", r"\2-\1", "1/2 3/4", "2-1 4-3"),
        (r"\d", r"<\0>", "a1", "a<1>"),
        (r"(x)?y", r"[\1]", "y xy", "[] [x]"),
        ("a", r"\\1", "a", r"\1"),
        ("a", r"\n", "a", r"\n"),
    ],
)
def test_every_match_is_replaced(pattern, text, value, result):
    assert compile_replacement(pattern, text)(value) == result


@pytest.mark.parametrize(
    ("pattern", "text", "says"),
    [("(", "", "is no regular expression: missing )"), ("(a)", r"\2", "names group 2")],
)
def test_a_wrong_pair_says_why(pattern, text, says):
    with pytest.raises(SelectorError) as error:
        compile_replacement(pattern, text)
    assert says in str(error.value)


def test_a_search_that_takes_too_long_is_a_time_out():
    with pytest.raises(TimeoutError):
        compile_replacement(r"^(a|a|aa)+$", "", timeout_s=0.05)("a" * 60 + "!")
