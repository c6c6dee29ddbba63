"""The time of a page's regular expressions: tame ones need no limit, the others have two."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.errors import ParseError
from scraper.core.extract.watch import SHORT_CHARACTERS, Watch, is_tame, stopped


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_searches_add_up_and_the_one_too_many_is_told():
    clock = Clock()
    watch = Watch(clock, 1.0)
    for _ in range(8):
        began = watch.clock()
        clock.now += 0.125
        watch.add(began, "price")
        clock.now += 5.0  # other work is not counted
    assert watch.spent_s == 1.0
    clock.now += 0.2
    with pytest.raises(ParseError, match=r"parse_timeout: .* more than 1 s, the last .* of name"):
        watch.add(clock.now - 0.2, "name")


def test_texts_are_watched_one_by_one():
    clock = Clock()
    watch = Watch(clock, 1.0)
    seen = []

    def search():
        for text in watch.each("abcdef", "data"):
            seen.append(text)
            clock.now += 0.4

    with pytest.raises(ParseError, match="parse_timeout"):
        search()
    assert seen == ["a", "b", "c"]
    assert list(Watch(stopped, 0.0).each("ab", "data")) == ["a", "b"]


@pytest.mark.parametrize(
    "pattern",
    [
        r"\((\d+) available\)", r"star-rating (\w+)", "^a.*$", "[a-z_]+x", "[^<>]*", "colou?r",
        "a|b|c", "(?:in )(.*?)", r"\$\d+", "", "\u00a3(.+)", r"[\d.,]+", "(a)(b)", "x*?y",
    ],
)  # fmt: skip
def test_tame(pattern):
    assert is_tame(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+", "(a|a)*", "a*a*", "a?a?a?a?", "(?:a)?", r"(a)\1", "(?i)a", "(?=a)a", "a{2,}",
        "a++", "a?+", "a|*", r"\b", r"\p{L}+", "[[a]--[b]]", "[a&&b]", "a|b|c|d|e", "a??", "*", "?",
        r"\L<x>", r"[[:alpha:]]+", "a*+", "(?P<n>a)", "\\", "[", "]a", "{", "a?*",
    ],
)  # fmt: skip
def test_not_tame(pattern):
    assert not is_tame(pattern)


PIECES = ["a", "b", ".", r"\w", "[ab]", "[^b]", "(", ")", "(?:", "|", "*", "+", "?", "^", "$", "x"]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.sampled_from("abx "))
def test_a_tame_pattern_is_quick_on_a_short_text(pattern, last):
    try:
        compiled = regex.compile(pattern)
    except regex.error:
        return
    if is_tame(pattern):
        for text in ("a" * SHORT_CHARACTERS, "ab" * (SHORT_CHARACTERS // 2)):
            compiled.search(text[:-1] + last, timeout=5)  # a catastrophic one needs ages
