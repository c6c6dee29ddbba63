"""Conversions are exact and finite, or a ValueError."""

import json
import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.extract.dates import DateStyle
from scraper.core.extract.types import CONVERTERS, USUAL, as_text, converter

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


def convert(kind: str, value: object) -> object:
    """What the converter gives, or the word "invalid"."""
    try:
        return CONVERTERS[kind](value)
    except ValueError:
        return "invalid"


@pytest.mark.parametrize(
    ("kind", "value", "result"),
    [
        ("int", "22", 22),
        ("int", " +1,024 ", 1024),
        ("int", "-1.024.000", -1024000),
        ("int", "1 024", 1024),
        ("int", "1'024", 1024),
        ("int", "1,024.000", "invalid"),
        ("int", "12,34", "invalid"),
        ("int", "3.0", "invalid"),
        ("int", "22 available", "invalid"),
        ("int", "1_000", "invalid"),
        ("int", "9" * 5000, "invalid"),
        ("int", 4.0, 4),
        ("int", 4.5, "invalid"),
        ("int", True, "invalid"),
        ("int", None, "invalid"),
        ("float", "1.5", 1.5),
        ("float", "-1,5", -1.5),
        ("float", "1.234,5", 1234.5),
        ("float", "1e3", 1000.0),
        ("float", "1e999", "invalid"),
        ("float", "nan", "invalid"),
        ("float", "1_0", "invalid"),
        ("float", "12,34.56,78.9", "invalid"),
        ("float", "n/a", "invalid"),
        ("float", 3, 3.0),
        ("decimal", "1.234,56 EUR", "1234.56"),
        ("decimal", "£51.77", "51.77"),
        ("decimal", "51.70", "51.70"),
        ("decimal", "+5", "5"),
        ("decimal", "CHF 12.-", "12"),
        ("decimal", "$1,00,000.50", "100000.50"),
        ("decimal", "USD -5,00", "-5.00"),
        ("decimal", "-$5.00", "-5.00"),
        ("decimal", "\u22125,00", "-5.00"),
        ("decimal", "5-10", "5"),
        ("decimal", "item-5", "5"),
        ("decimal", "-0,00", "0.00"),
        ("decimal", "1.234", "1234"),
        ("decimal", "0.005", "0.005"),
        ("decimal", "1234.567", "1234.567"),
        ("decimal", "CHF 1\u2019234.50", "1234.50"),
        ("decimal", "0,005 \u20ac", "0.005"),
        ("decimal", "$0.005 a call.", "0.005"),
        ("decimal", "10,005", "10005"),
        ("decimal", "1234,567 kg", "1234.567"),
        ("decimal", "1 234,567", "1234.567"),
        ("float", "1234,567", 1234.567),
        ("decimal", "from Rs.500", "500"),
        ("decimal", "was kr.1.299,50", "1299.50"),
        ("decimal", "only $.50", "0.50"),
        ("decimal", "-12,5%", "-12.5"),
        ("decimal", "50 %", "50"),
        ("decimal", "12,5% off, now 99,00 kr (-10%)", "99.00"),
        ("decimal", "5,000 (0,005 off)", "5000"),
        ("decimal", "\uff11\uff0c\uff12\uff10\uff10\u5186", "1200"),
        ("decimal", "\u0661\u066c\u0662\u0663\u0664\u066b\u0665", "1234.5"),
        ("int", "\u22127", -7),
        ("int", "1\u2019000", 1000),
        ("int", "0,005", "invalid"),
        ("float", "\u22122,5", -2.5),
        ("float", "0,005", 0.005),
        ("float", "\uff11.\uff15", 1.5),
        ("decimal", "n/a", "invalid"),
        ("decimal", "3.999.99", "invalid"),
        ("decimal", 1.5, "1.5"),
        ("decimal", 1e21, "1000000000000000000000"),
        ("decimal", math.inf, "invalid"),
        ("decimal", [1], "invalid"),
        ("bool", "Yes", True),
        ("bool", "", True),
        ("bool", "0", False),
        ("bool", False, False),
        ("bool", "maybe", "invalid"),
        ("json", '{"a": [1, 2.5]}', {"a": [1, 2.5]}),
        ("json", [1], [1]),
        ("json", "[NaN]", "invalid"),
        ("json", "1e999", "invalid"),
        ("json", "{", "invalid"),
        ("json", "[" * 100_000, "invalid"),
        ("date", "23.11.2026", "2026-11-23"),
        ("datetime", "2026-11-23", "2026-11-23T00:00:00"),
        ("datetime", 1.5, "invalid"),
    ],
)
def test_conversions(kind, value, result):
    assert convert(kind, value) == result


@given(st.sampled_from(sorted(CONVERTERS)), json_values | st.text("0123456789.,- '$€x\u00a0"))
def test_any_value_converts_to_finite_json_or_is_a_value_error(kind, value):
    result = convert(kind, value)
    if kind != "json" or isinstance(value, str):
        json.dumps(result, allow_nan=False)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=0, max_value=10**9))
def test_prices_are_read_exactly_in_every_notation(price: Decimal):
    english, plain = f"{price:,}", str(price)
    german = english.translate(str.maketrans(",.", ".,"))
    for text in (plain, f"${english}", f"{german} EUR", f"€ {german.replace('.', ' ')}"):
        assert Decimal(convert("decimal", text)) == price


@given(st.sampled_from(sorted(USUAL)), st.text("0123456789.,- $€EUR\u0661", max_size=20))
def test_what_is_written_as_usual_needs_no_converter(kind, text):
    usual = USUAL[kind](text)
    assert usual is None or usual == convert(kind, text)


@given(st.integers(-(10**15), 10**15))
def test_whole_numbers_are_read_grouped_or_not(number):
    assert convert("int", str(number)) == convert("int", f"{number:,}") == number


@pytest.mark.parametrize(
    ("value", "text"), [("é", "é"), (1.5, "1.5"), (None, "null"), ({"a": ["é"]}, '{"a": ["é"]}')]
)
def test_a_value_as_text_is_itself_or_json(value, text):
    assert as_text(value) == text


def test_dates_are_read_in_the_style_that_is_given():
    style = DateStyle(order="dmy", language="pl")
    assert converter("date", style)("3/5/2026") == "2026-05-03"
    assert converter("datetime", style)("3 listopada 2026") == "2026-11-03T00:00:00"
    with pytest.raises(ValueError, match="first"):
        converter("date")("3/5/2026")
