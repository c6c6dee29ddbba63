"""Data in scripts: what the expression finds, and the JSON that begins there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.errors import SelectorError
from scraper.core.extract.script import ScriptPattern

SCRIPTS = [
    "var other = 1;",
    'var data =\n  [{"text": "a;b",\n "n": 1}];\nvar data = [2];',
    "var data = nothing;",
]


def texts(pattern: str, *scripts: str) -> list[str]:
    return list(ScriptPattern(pattern, timeout_s=1).texts(scripts or SCRIPTS))


def values(pattern: str, *scripts: str) -> list[object]:
    return list(ScriptPattern(pattern, timeout_s=1).values(scripts or SCRIPTS))


def test_a_dot_matches_line_ends():
    assert texts("data =(.*?);", SCRIPTS[1]) == ['\n  [{"text": "a', " [2]"]


def test_json_is_read_from_the_start_of_the_group_to_its_own_end():
    assert values("var data = ?(.*?);") == [[{"text": "a;b", "n": 1}], [2]]


def test_a_group_that_took_no_part_finds_nothing():
    assert texts("other|(data)", "other data") == ["data"]
    assert values("other|(1)", "other 1") == [1]


@pytest.mark.parametrize(
    ("pattern", "says"),
    [("data = .*;", "has no group"), ("(?:data)", "has no group"), ("(", "no regular expression")],
)
def test_a_wrong_pattern_says_what_to_write(pattern, says):
    with pytest.raises(SelectorError, match=says):
        ScriptPattern(pattern)


def test_a_search_that_takes_too_long_is_a_time_out():
    hostile = ScriptPattern(r"^(a|a|aa)+$", timeout_s=0.05)
    with pytest.raises(TimeoutError):
        list(hostile.texts(["a" * 60 + "!"]))
    with pytest.raises(TimeoutError):
        list(hostile.values(["a" * 60 + "!"]))


@given(st.lists(st.text(max_size=20) | st.sampled_from(["x=[", "x={}", "x=" + "[" * 5000])))
def test_any_scripts_give_values_or_none(scripts):
    pattern = ScriptPattern("x=(.*)", timeout_s=1)
    assert all(text in "".join(scripts) for text in pattern.texts(scripts))
    assert len(list(pattern.values(scripts))) <= len(scripts)
