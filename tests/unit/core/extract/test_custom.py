# ruff: noqa: E501  # messages stand here as they are
"""Functions of the user's own: what they see, what they may give back, how they fail."""

import json
from contextlib import suppress
from decimal import Decimal
from enum import IntEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.errors import ParseError
from scraper.core.extract.custom import (
    PythonPage,
    call,
    is_made,
    item_of,
    made_of,
    plans,
)
from scraper.core.extract.document import Document, Source
from scraper.core.extract.plan import FieldPlan, ItemPlan, PageRule, PythonPlan

PARSE = PythonPlan("m:parse", pages=("p", "q"))
CLEAN = PythonPlan("m:clean")
BOOK = ItemPlan("book", (FieldPlan("title", source="python"),))
OTHER = ItemPlan("other", (FieldPlan("title", css="h1"),), python=CLEAN)
RULE = PageRule("p", items=(BOOK, OTHER), python=PARSE)
BODY = "<base href=/b/><h1>caf\u00e9 UPC</h1>".encode("latin-1")


def page(body: bytes = BODY, raw_type: str = "text/html; charset=latin-1", *, is_xml: bool = False):
    source = Source(
        "http://a.example/asked", "http://a.example/dir/", 203, {"etag": "x"}, {"rank": 7},
        raw=body, raw_type=raw_type,
    )  # fmt: skip
    return PythonPage(Document(body, source, is_xml=is_xml))


def test_page_shows_what_was_answered():
    seen = page()
    assert (seen.url, seen.final_url) == ("http://a.example/asked", "http://a.example/dir/")
    assert (seen.status, seen.headers, seen.carry) == (203, {"etag": "x"}, {"rank": 7})
    assert seen.body == BODY
    assert seen.text == seen.text == BODY.decode("latin-1")
    assert [node.tag for node in seen.css("h1:contains('UPC')")] == ["h1"]
    assert seen.absolute("x") == "http://a.example/b/x"
    assert repr(seen) == "<page http://a.example/asked>"
    assert page(b'{"a": [1]}').json == {"a": [1]}
    with pytest.raises(ParseError, match="the page is no JSON"):
        call(lambda one: one.json, "m:f", seen)


def test_selectors_find_elements_of_xml_by_their_names():
    assert len(page(b"<x-link>1</x-link>", is_xml=True).css("link")) == 1


def test_what_a_rule_names():
    assert plans(RULE) == [PARSE, CLEAN]
    assert plans(PageRule("p", items=(BOOK,))) == []
    assert [is_made(RULE, item) for item in RULE.items] == [True, False]
    assert not is_made(PageRule("p", items=(BOOK,)), BOOK)


def boom(*_: object) -> None:
    raise ValueError("no\x1b such thing")


def chatty(_: object) -> None:
    try:
        boom()
    except ValueError as error:
        raise KeyError("x" * 9_000) from error


def deep(n: int) -> int:
    return deep(n + 1)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (boom, "m:f raised ValueError: no\x1b such thing"),
        (chatty, "m:f raised KeyError: 'xxx"),
        (deep, "m:f raised RecursionError: maximum recursion depth exceeded"),
        (lambda _: exit(1), "m:f raised SystemExit: 1"),
        (lambda: None, "m:f raised TypeError: "),
    ],
)
def test_what_it_raises_fails_the_page_with_a_traceback(function, said):
    with pytest.raises(ParseError) as caught:
        call(function, "m:f", 0)
    assert caught.value.reason == "parse_error"
    first, _, trace = caught.value.detail.partition("\n")
    assert first.startswith(said)
    assert len(caught.value.detail) < 5_000
    assert "extract/custom.py" not in trace  # our own call is of no use to anybody


def test_out_of_memory_is_for_the_process_to_say():
    def hungry(_: object) -> None:
        raise MemoryError

    with pytest.raises(MemoryError):
        call(hungry, "m:f", 0)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "must return two values, items and links, not None"),
        (({}, [], 1), "must return two values, items and links, not a tuple"),
        (([], []), "must return the items by type, a dict of lists, not a list"),
        (({"bok": []}, []), "returned items of type 'bok'; those that it may make: book"),
        (({"other": []}, []), "returned items of type 'other'; those that it may make: book"),
        (({"book": {}}, []), "must return a list for book, not a dict"),
        (({"book": [{}, "x"]}, []), "must return a dict for book[1], not a str"),
        (({"book": [{1: "x"}]}, []), "book[0] has a field 1: names are texts that do not begin with _"),
        (({"book": [{"_url": "x"}]}, []), "book[0] has a field '_url': names are texts that do not begin with _"),
        (({"book": [{"a": [Decimal(1)]}]}, []), "book[0].a[0] is a Decimal: give text, a number, a bool, None, a list or a dict"),
        (({"book": [{"a": {"b": b"x"}}]}, []), "book[0].a.b is a bytes: give text, a number, a bool, None, a list or a dict"),
        (({"book": [{"a": float("nan")}]}, []), "book[0].a is the number nan: give text, a number, a bool, None, a list or a dict"),
        (({"book": [{"a": 2**2000}]}, []), "book[0].a is a number of more than 1024 bits: give text, a number, a bool, None, a list or a dict"),
        (({"book": [{"a": {1: 2}}]}, []), "book[0].a is a dict: give text, a number, a bool, None, a list or a dict"),
        (({}, "http://a"), "must return a list of links, not a str"),
        (({}, [7]), "must return links as URLs or (URL, page rule), not an int"),
        (({}, [("a", None)]), "must return links as URLs or (URL, page rule), not a tuple"),
        (({}, [("a", "r")]), "returned a link to a page rule 'r' that is not there"),
    ],
)  # fmt: skip
def test_what_it_may_not_give_back(given, said):
    with pytest.raises(ParseError) as caught:
        made_of(given, RULE, "m:parse")
    assert caught.value.detail == f"m:parse {said}"


def test_type_that_nothing_may_make():
    with pytest.raises(ParseError, match=r"those that it may make: none"):
        made_of(({"x": []}, []), PageRule("p"), "m:parse")
    with pytest.raises(ParseError, match=r"a page rule 'p' that is not there"):
        made_of(({}, [("a", "p")]), PageRule("p"), "m:parse")


def test_nested_without_end():
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(ParseError, match="is nested too deeply"):
        item_of({"a": endless}, "book", "m:f")


class Colour(IntEnum):
    RED = 3


class Text(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "another"


def test_what_it_may_give_back():
    items = ({"title": Text("a"), "n": Colour.RED, "t": (True, None, 1.5)}, {})
    made, links = made_of(({"book": items}, ["/x", ("/y", "q")]), RULE, "m:parse")
    assert made == {"book": [{"title": "a", "n": 3, "t": [True, None, 1.5]}, {}]}
    assert {type(one) for one in made["book"][0].values()} == {str, int, list}
    assert links == [("/x", None), ("/y", "q")]


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats()
    | st.text(max_size=3)
    | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=3), values, max_size=3))
def test_any_dict_becomes_json_or_is_refused(given):
    with suppress(ParseError):  # and nothing else
        item = item_of(given, "book", "m:f")
        assert json.loads(json.dumps(item, allow_nan=False)) == given
