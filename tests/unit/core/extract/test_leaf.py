"""Texts and attributes of one element, of all, and of the cells of rows."""

import pytest

from scraper.core.extract.document import Absent, Document, Source
from scraper.core.extract.leaf import Leaf, Leaves, is_empty
from scraper.core.extract.plan import FieldPlan
from scraper.core.extract.steps import Place

PLACE = Place("t", 1.0, "f")
PAGE = b"<p id=1> a  b </p><p>7</p><p></p><i>x</i>"


def document():
    return Document(PAGE, Source("http://a.example/", "http://a.example/"))


def read(kind, **plan):
    page = document()
    value = kind(FieldPlan("f", **plan), PLACE).read(page.root, page)
    return value, page.invalid.get("t", {}).get("f", 0), page.lacking


@pytest.mark.parametrize(
    ("plan", "value", "invalid", "lacking"),
    [
        ({"css": "p"}, "a b", 0, []),
        ({"css": "p", "type": "int"}, Absent.INVALID, 1, []),
        ({"css": "b"}, Absent.MISSING, 0, []),
        ({"css": "b", "default": 3}, 3, 0, []),
        ({"css": "b", "default": 3, "required": True}, 3, 0, []),
        ({"css": "i", "map": {}, "default": 3}, Absent.UNMAPPED, 0, []),
        ({"css": "p", "required": True}, "a b", 0, []),
        ({"css": "b", "required": True}, Absent.MISSING, 0, [("f", Absent.MISSING)]),
        ({"css": "i", "type": "int", "required": True}, Absent.INVALID, 1, [("f", Absent.INVALID)]),
        ({"css": "p:nth-child(3)", "required": True}, "", 0, [("f", Absent.MISSING)]),
    ],
)
def test_the_first_element_counts(plan, value, invalid, lacking):
    assert read(Leaf, **plan) == (value, invalid, lacking)


def test_an_attribute_or_the_element_itself():
    assert read(Leaf, css="p", attr="id")[0] == "1"
    assert read(Leaf, css="i", attr="id")[0] is Absent.MISSING
    assert read(Leaf, css="", attr="lang")[0] is Absent.MISSING
    page = document()
    assert Leaf(FieldPlan("f", css="i"), PLACE).value(page.root, page) == "x"


def test_all_elements():
    assert read(Leaves, css="p", all=True)[0] == ["a b", "7", ""]
    assert read(Leaves, css="p", all=True, type="int")[:2] == ([None, 7], 1)
    assert read(Leaves, css="p", all=True, split=" ")[0] == ["a", "b", "7"]
    assert read(Leaves, css="b", all=True, default=[1])[0] == [1]
    assert read(Leaves, css="", all=True, regex="b.*x")[0] == ["b 7x"]


def test_what_is_empty_is_not_enough_for_a_required_field():
    assert [is_empty(value) for value in ("", None, [], Absent.MISSING, 0, False, "a")] == [
        *[True] * 4,
        *[False] * 3,
    ]
