"""The steps from what was found to a value."""

from __future__ import annotations

import pytest

from scraper.core.errors import ParseError
from scraper.core.extract.document import Absent, Document, Source
from scraper.core.extract.plan import FieldPlan
from scraper.core.extract.steps import Place, refiner
from scraper.core.model import Json

SOURCE = Source("http://a.example/", "http://a.example/dir/")


def refine(
    value: Json, document: Document | None = None, *, css: str | None = "p", **plan: object
) -> Json | Absent:
    steps = refiner(FieldPlan("f", css=css, **plan), Place("item", 0.05, "f"))
    assert steps is not None
    return steps(value, document or Document(b"", SOURCE))


@pytest.mark.parametrize(
    ("plan", "value", "result"),
    [
        ({"regex": r"(\d+)"}, "a 12", "12"),
        ({"regex": r"\d+"}, 125, "125"),
        ({"regex": r"(x)?\d"}, "1", Absent.MISSING),
        ({"regex": "nope", "type": "int"}, "1", Absent.MISSING),
        ({"regex": "nope", "map": {"1": 2}, "type": "int"}, "1", Absent.MISSING),
        ({"regex": "\\d+", "replace": (("2", "3"),), "type": "int"}, "a 12", 13),
        ({"map": {"1": "one", "true": "yes"}}, True, "yes"),
        ({"map": {"1": "one"}}, "2", Absent.UNMAPPED),
        ({"type": "int"}, "12", 12),
        ({"type": "int"}, "x", Absent.INVALID),
        ({"type": "int"}, " ", Absent.MISSING),
        ({"type": "int", "map": {"x": None}}, "x", Absent.MISSING),
        ({"type": "date", "order": "dmy"}, "3/5/26", "2026-05-03"),
        ({"type": "bool", "attr": "checked"}, "", True),
        ({"type": "url"}, "../x", "http://a.example/x"),
        ({"type": "url"}, "http://[", Absent.INVALID),
        ({"json": "a.b"}, '{"a": {"b": [1]}}', [1]),
        ({"json": "a.b"}, "{}", Absent.MISSING),
        ({"json": "a.b"}, "{", Absent.INVALID),
        ({"json": "[]", "type": "int"}, '["1", "x", " ", null]', [1, None]),
        ({"replace": ((",-", ""), (r"(\d) (\d)", r"\1\2")), "type": "int"}, "1 234,-", 1234),
        ({"split": ","}, "a, b,, c ", ["a", "b", "c"]),
        ({"split": ","}, "", []),
        ({"split": ";", "type": "int"}, "1; x", [1, None]),
        ({"split": ";", "strip": "()", "map": {"a": 1}}, "(a); (b)", [1, None]),
        ({"strip": "\u201c\u201d"}, "\u201c a \u201d", "a"),
        ({"strip": "x", "raw_text": True}, "x a x", " a "),
        ({"regex": r"=(.*)", "json": "@", "type": "text"}, "x=[1, true]", ["1", "true"]),
    ],
)
def test_steps_on_a_text(plan, value, result):
    assert refine(value, **plan) == result


@pytest.mark.parametrize(
    ("plan", "value", "result"),
    [
        ({"type": "text"}, 1.5, "1.5"),
        ({"type": "text"}, {"a": "é"}, '{"a": "é"}'),
        ({"type": "text"}, [True, [None, "x"]], ["true", [None, "x"]]),
        ({"type": "int"}, ["1", 2, "", "x"], [1, 2, None]),
        ({"regex": r"\d", "type": "int"}, ["a1", "b", None], [1, None]),
        ({"type": "json"}, ["[1]"], ["[1]"]),
        ({"type": "json"}, "[1]", [1]),
        ({"type": "decimal"}, 5.125, "5.125"),
    ],
)
def test_a_list_goes_through_the_steps_element_by_element(plan, value, result):
    assert refine(value, css=None, json="x", **plan) == result


def test_what_does_not_convert_in_a_list_is_counted():
    document = Document(b"", SOURCE)
    refine(["1", "x", ["y"]], document, css=None, jsonld="A", type="int")
    assert document.invalid == {"item": {"f": 2}}


@pytest.mark.parametrize("plan", [{"type": "text"}, {"type": ""}, {"type": "", "css": None}])
def test_without_steps_there_is_nothing_to_do(plan):
    assert refiner(FieldPlan("f", **{"css": "p", **plan}), Place("item", 1)) is None


def test_a_search_that_takes_too_long_says_which():
    with pytest.raises(ParseError, match=r"parse_timeout: the regex of f took more than 0.05 s"):
        refine("a" * 60 + "!", regex="^(a|a|aa)+$")
    with pytest.raises(ParseError, match=r"parse_timeout: the regex of f took more than 0.05 s"):
        refine("a" * 60 + "!", replace=(("^(a|a|aa)+$", ""),))
