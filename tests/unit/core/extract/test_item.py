"""An item as it is stored: its JSON and its identity."""

import json
import math

from hypothesis import example, given, settings
from hypothesis import strategies as st

from scraper.core.extract.item import (
    DEEPEST,
    content_key,
    encoded,
    is_too_deep,
    key_of,
    known_key,
)

texts = st.text(st.characters() | st.just("\0") | st.just("\ud800"), max_size=4)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def is_clean(value):
    if isinstance(value, str):
        value.encode()
        return "\0" not in value
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(is_clean(name) and is_clean(one) for name, one in value.items())
    return all(map(is_clean, value)) if isinstance(value, list) else True


@example({"a": "\ud800"})
@example({"a": "\0", "b": [{"\ud800": "x\ud83d"}]})
@example({"a": float("inf"), "b": [1.5, True, float("nan")]})
@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("abc"), values))
def test_every_reader_takes_it(found):
    data, clean = encoded(found)
    data.encode()
    assert json.loads(data) == clean
    assert list(clean) == list(found)
    assert is_clean(clean)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("abc"), st.text("xyzü") | st.integers() | st.none()))
def test_what_is_clean_stays_as_it_is(found):
    assert encoded(found) == (json.dumps(found, ensure_ascii=False, separators=(",", ":")), found)


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=9), st.integers(-3, 3), st.booleans())
def test_what_is_nested_too_deeply_is_known(levels, more, beside):
    value = 1
    depth = DEEPEST + more
    for n in range(depth):
        value = [value] if n < len(levels) and levels[n] else {"a": value, "b": beside}
    assert is_too_deep(value) == (depth > DEEPEST)
    assert is_too_deep([1, value]) == (depth > DEEPEST - 1)


def test_the_key_of_one_field_is_its_text_and_of_several_a_list():
    found = {"a": "x", "b": 1, "c": None}
    assert key_of(found, ("a",)) == "x"
    assert key_of(found, ("b",)) == "1"
    assert key_of(found, ("a", "b", "c")) == '["x",1,null]'


def test_the_key_of_what_was_rejected_is_known_where_all_of_it_is():
    data = '{"a":"x","b":1,"c":null,"d":[]}'
    assert known_key(data, ("a",)) == "x"
    assert known_key(data, ("a", "b")) == '["x",1]'
    assert [known_key(data, names) for names in [(), ("a", "c"), ("d",), ("e",)]] == [None] * 4


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])), st.text("ab"))
def test_the_key_of_content_is_that_of_equal_content_alone(one, other):
    assert (content_key(one) == content_key(other)) == (one == other)
