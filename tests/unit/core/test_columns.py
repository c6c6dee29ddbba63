"""Kinds of columns, and values that are of a kind exactly or not at all."""

import json
import math
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.columns import KINDS, Kind, as_text, fitted, joined, kind_of
from scraper.core.extract.plan import FieldPlan
from scraper.core.extract.types import CONVERTERS

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["1.50", "2026-11-23", "2026-11-23T10:00:00+01:00", "NaN", "1e9999999999"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(json_values, st.sampled_from(Kind))
def test_a_value_is_of_a_kind_without_loss_or_refused(value, kind):
    try:
        made = fitted(value, kind)
    except ValueError:
        return
    if value is None:
        assert made is None
    elif kind is Kind.JSON:
        assert json.loads(made) == value or value != value or "\\u" in made or "nan" in made.lower()
    elif kind is Kind.TEXT:
        assert made == as_text(value)
        made.encode()
    elif kind is Kind.DECIMAL:
        assert made == Decimal(str(value))
    elif kind in (Kind.DATE, Kind.DATETIME):
        assert type(made).fromisoformat(value) == made
    else:
        assert made == value
        assert isinstance(made, bool) == isinstance(value, bool)


@pytest.mark.parametrize(
    ("kind", "value", "made"),
    [
        (Kind.INT, 3, 3),
        (Kind.FLOAT, 3, 3.0),
        (Kind.FLOAT, 0.1, 0.1),
        (Kind.DECIMAL, "1.50", Decimal("1.50")),
        (Kind.DECIMAL, 0.1, Decimal("0.1")),
        (Kind.BOOL, False, False),
        (Kind.DATE, "2026-11-23", date(2026, 11, 23)),
        (Kind.DATETIME, "2026-11-23T10:00:00Z", datetime(2026, 11, 23, 10, tzinfo=UTC)),
        (Kind.TEXT, "a\ud800", "a\\ud800"),
        (Kind.TEXT, ["a", 1], '["a", 1]'),
        (Kind.JSON, "a", '"a"'),
        (Kind.INT, None, None),
    ],
)
def test_what_fits(kind, value, made):
    assert fitted(value, kind) == made


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Kind.INT, ["3", True, 2**63, -(2**63) - 1, 1.0, []]),
        (Kind.FLOAT, ["1.5", False, 2**53 + 1, 10**400, math.nan, {}]),
        (Kind.DECIMAL, ["n/a", "NaN", "Infinity", True, [], math.inf]),
        (Kind.BOOL, ["true", 1, 0]),
        (Kind.DATE, ["soon", 20261123, None or [], "2026-13-01"]),
        (Kind.DATETIME, ["soon", 0, {}]),
    ],
)
def test_what_does_not_fit(kind, values):
    for value in values:
        with pytest.raises(ValueError):  # noqa: PT011 - the caller has the words
            fitted(value, kind)


def ways(*types):
    return tuple(FieldPlan("", css="i", type=one) for one in types)


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ({"css": "h1"}, "text"),
        ({"css": "h1", "type": "url"}, "text"),
        ({"css": "h1", "type": "decimal"}, "decimal"),
        ({"css": "h1", "type": "decimal", "default": "0"}, "decimal"),
        ({"css": "h1", "type": "decimal", "default": "unknown"}, "text"),
        ({"css": "h1", "type": "int", "all": True}, "json"),
        ({"css": "h1", "split": ","}, "json"),
        ({"css": "h1", "fields": ways("int")}, "json"),
        ({"table": "table"}, "json"),
        ({"css": "h1", "count": True, "type": "int"}, "int"),
        ({"any": ways("int", "int")}, "int"),
        ({"any": ways("int", "text")}, "text"),
        ({"css": "i", "map": {"One": 1, "Two": None}}, "int"),
        ({"css": "i", "map": {"One": 1, "Two": 2.5}}, "text"),
        ({"css": "i", "map": {"yes": True}}, "bool"),
        ({"css": "i", "map": {}}, "text"),
        ({"is_const": True, "const": 1.5}, "float"),
        ({"is_const": True, "const": "x"}, "text"),
        ({"is_const": True, "const": ["x"]}, "json"),
        ({"source": "status"}, "int"),
        ({"source": "url"}, "text"),
        ({"json": "n"}, "text"),
    ],
)
def test_the_kind_is_what_the_config_promises(field, kind):
    assert kind_of(FieldPlan("f", **field)) == kind


def test_every_type_of_a_field_has_a_kind():
    for type_ in CONVERTERS:
        assert kind_of(FieldPlan("f", css="i", type=type_)) == type_
        assert type_ in KINDS


def test_kinds_that_differ_are_text():
    assert joined([Kind.INT, Kind.INT]) is Kind.INT
    assert joined([Kind.INT, Kind.JSON]) is Kind.TEXT
    assert joined([]) is Kind.TEXT
