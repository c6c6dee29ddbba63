"""JMESPath: what is wrong is told when the config is read, and a search never raises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.errors import SelectorError
from scraper.core.extract.jsonpath import compile_path

VALUE = {"a": {"b": [1, 2, {"c": None}]}, "n": "x", "e": []}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b[0]", 1),
        ("@", VALUE),
        ("a.nope", None),
        ("length(a.b)", 3),
        ("length(a.nope)", None),
        ("join(',', [n, 'y'])", "x,y"),
        ("merge(a, {d: n})", {"b": [1, 2, {"c": None}], "d": "x"}),
        ("sort_by(e, &c)", []),
        ("a.b[?c]", []),
        ("e[].x", []),
        ("a.b[:2]", [1, 2]),
        ("n == `x`", True),
    ],
)
def test_what_is_found(path, found):
    assert compile_path(path)(VALUE) == found


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("", "it is empty"),
        ("a.[", "it ends too early"),
        ("a b", "'b' at position 2 is not understood"),
        ("a.b!c", "'!c' at position 3 is not understood"),
        ("nope(@)", "there is no function nope()"),
        ("a[?nope(@)].b", "there is no function nope()"),
        ("length(a, b)", "length() takes 1 arguments, got 2"),
        ("merge()", "merge() takes at least 1 arguments, got 0"),
        ("&a", "& stands in calls alone"),
        ("{a: &b}", "& stands in calls alone"),
        ("[" * 5000, "nested too deeply"),
        ("a" * 20_000, "is too long"),
    ],
)
def test_a_wrong_expression_says_where(path, says):
    with pytest.raises(SelectorError) as error:
        compile_path(path)
    assert says in str(error.value)


pieces = st.sampled_from(
    [
        *"abc.[]{}()*@&|?,:'`\"<=!0123- ",
        "length(",
        "max_by(",
        "to_number(",
        "ceil(",
        "[]",
        "[?",
        "&a",
    ]
)


@given(st.lists(pieces, max_size=12).map("".join) | st.text(max_size=12), json_values)
def test_any_text_is_an_expression_or_an_error_and_finds_json_in_any_value(path, value):
    try:
        search = compile_path(path)
    except SelectorError:
        return
    assert isinstance(search(value), bool | int | float | str | list | dict | None)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("ceil(a)", {"a": float("inf")}),
        ("floor(a)", {"a": float("nan")}),
        ("max_by(@, &a)", [{"a": 1}, {"a": "x"}]),
        ("sort(@)", [1, "x"]),
        ("a < b", {"a": 1, "b": "x"}),
        ("sum(@)", ["x"]),
        ("avg(@)", []),
    ],
)
def test_what_a_function_refuses_is_not_found(path, value):
    assert compile_path(path)(value) is None
