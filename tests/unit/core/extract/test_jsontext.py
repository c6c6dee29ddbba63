"""JSON as browsers read it, and no error but ValueError."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.extract.jsontext import read_json, read_json_at

DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (' \ufeff{"a": [1, 2.5, null]}\n', {"a": [1, 2.5, None]}),
        ('["line\nend\ttab"]', ["line\nend\ttab"]),
        ("[NaN, Infinity, -Infinity, 1e999, -1e999]", [None] * 5),
        (f"[{'9' * 5000}, {'9' * 30}]", [None, int("9" * 30)]),
        ('"x"', "x"),
    ],
)
def test_what_is_read(text, value):
    assert read_json(text) == value


@pytest.mark.parametrize("text", ["", "{", "{a: 1}", "[1,]", "undefined", "1 2", DEEP, "'x'"])
def test_what_is_no_json_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"(?s)."):
        read_json(text)


def test_a_value_is_read_to_its_own_end():
    text = 'var data = \n[{"t": "a;b]"}]; more'
    assert read_json_at(text, 10) == [{"t": "a;b]"}]
    for at in (0, len(text), len(text) + 5):
        with pytest.raises(ValueError, match=r"(?s)."):
            read_json_at(text, at)
    with pytest.raises(ValueError, match="nested too deeply"):
        read_json_at(DEEP, 0)


@given(st.text(max_size=30) | st.lists(st.sampled_from('[]{}:,"a1eN '), max_size=20).map("".join))
def test_any_text_is_finite_json_or_a_value_error(text):
    for read in (read_json, lambda whole: read_json_at(whole, 0)):
        try:
            value = read(text)
        except ValueError:
            continue
        json.dumps(value, allow_nan=False)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_what_python_writes_is_read_back_but_for_what_is_no_number(value):
    def finite(one):
        if isinstance(one, list):
            return [finite(each) for each in one]
        if isinstance(one, dict):
            return {name: finite(each) for name, each in one.items()}
        return None if isinstance(one, float) and not math.isfinite(one) else one

    assert read_json(json.dumps(value)) == finite(value)
