"""One field on one page: what is found, what is missing, what is invalid."""

from __future__ import annotations

import pytest

from scraper.core.errors import ParseError
from scraper.core.extract.document import Absent, Document, Source
from scraper.core.extract.fields import compile_fields, read_object
from scraper.core.extract.plan import FieldPlan
from scraper.core.extract.steps import Place
from scraper.core.model import Json

BODY = """
<base href="/shop/"><h1>  A \n <b>title</b> </h1>
<img class=cover src=" i.png " srcset="s.png 1x" alt=" two  words "><input checked><a href>no</a>
<p class="star-rating Two">x</p><i class=n>1</i><i class=n>many</i><i class=n>3</i><em></em>
<table><tr class=offer><td class=s>X</td><td class=p>1,50</td></tr>
<tr class=offer><td class=s>Y</td><td class=p>n/a</td></tr></table>
<script>{"a": [1]}</script><meta name=k content=12><meta name=k content=x>
<script type="application/ld+json">[{"@type": "T", "n": 1, "l": [{"p": "1"}, {"p": "x"}]},
{"@type": "T", "n": "2"}]</script><div data-x='{"a": {"b": "3"}}'>broken</div>
"""
SOURCE = Source(
    "http://a.example/asked",
    "http://a.example/final",
    203,
    {"content-type": "text/html"},
    {"rank": 7, "name": " n "},
)


def page(body: str = BODY) -> Document:
    return Document(body.encode(), SOURCE)


def read(document: Document | None = None, /, **plan: object) -> Json | Absent:
    """The value of a field of that plan."""
    document = document or page()
    [field] = compile_fields([FieldPlan("f", **plan)], Place("item", 0.05))
    return field.read(document.root, document)


@pytest.mark.parametrize(
    ("plan", "value"),
    [
        # text and attributes
        ({"css": "h1"}, "A title"),
        ({"css": "h1", "raw_text": True}, "  A \n title "),
        ({"css": "em"}, ""),
        ({"css": "h6"}, Absent.MISSING),
        ({"css": "", "attr": "lang"}, Absent.MISSING),
        ({"css": "img", "attr": "alt"}, "two  words"),
        ({"css": "img", "attr": "alt", "raw_text": True}, " two  words "),
        ({"css": "img", "attr": "src"}, "http://a.example/shop/i.png"),
        ({"css": "img", "attr": "srcset"}, "http://a.example/shop/s.png 1x"),
        ({"css": "img", "attr": "nope"}, Absent.MISSING),
        ({"css": "a", "attr": "href"}, ""),
        # all
        ({"css": "i.n", "all": True}, ["1", "many", "3"]),
        ({"css": "i.n", "all": True, "type": "int"}, [1, None, 3]),
        ({"css": "i.n", "all": True, "regex": "[a-z]+"}, ["many"]),
        ({"css": "i.n", "all": True, "map": {"1": "one"}}, ["one", None, None]),
        ({"css": "i.n", "all": True, "attr": "nope"}, []),
        ({"css": "h6", "all": True}, []),
        ({"css": "h6", "all": True, "default": "x"}, []),
        ({"css": "h6", "all": True, "default": ["x"]}, ["x"]),
        ({"css": "", "attr": "lang", "all": True}, []),
        # regex, map, type
        ({"css": "p", "attr": "class", "regex": r"star-rating (\w+)"}, "Two"),
        ({"css": "p", "attr": "class", "regex": r"(nope)?\w+$"}, Absent.MISSING),
        ({"css": "p", "attr": "class", "regex": r"\w+$"}, "Two"),
        ({"css": "p", "regex": "nope", "default": "d"}, "d"),
        ({"css": "i", "map": {"1": "one"}}, "one"),
        ({"css": "i", "map": {"2": "two"}, "default": "d"}, Absent.UNMAPPED),
        ({"css": "i", "regex": "1", "map": {"1": "2"}, "type": "int"}, 2),
        ({"css": "i", "regex": "no", "map": {"1": "2"}, "type": "int"}, Absent.MISSING),
        ({"css": "h1", "type": "int", "default": 5}, Absent.INVALID),
        ({"css": "em", "type": "int", "default": 5}, 5),
        ({"css": "em", "type": "bool"}, Absent.MISSING),
        ({"css": "input", "attr": "checked", "type": "bool"}, True),
        ({"css": "h1", "attr": "checked", "type": "bool", "default": False}, False),
        ({"css": "h1", "type": "url"}, "http://a.example/shop/A%20title"),
        ({"css": "h1", "regex": "()", "map": {"": "http://["}, "type": "url"}, Absent.INVALID),
        ({"css": "script", "type": "json"}, {"a": [1]}),
        ({"css": "i", "map": {"1": None}, "type": "int"}, Absent.MISSING),
        # other sources
        ({"source": "url"}, "http://a.example/asked"),
        ({"source": "final_url", "regex": r"\w+$"}, "final"),
        ({"source": "status"}, 203),
        ({"source": "header:Content-Type"}, "text/html"),
        ({"source": "header:etag", "default": "none"}, "none"),
        ({"source": "rank"}, 7),
        ({"source": "name"}, " n "),
        ({"source": "nobody"}, Absent.MISSING),
        ({"is_const": True, "const": None}, None),
        ({"is_const": True, "const": [1]}, [1]),
        # other sources
        ({"meta": "k", "type": "int"}, 12),
        ({"meta": "k", "all": True, "type": "int"}, [12, None]),
        ({"meta": "k", "all": True}, ["12", "x"]),
        ({"meta": "nope"}, Absent.MISSING),
        ({"meta": "nope", "default": 5}, 5),
        ({"jsonld": "T.n"}, 1),
        ({"jsonld": "T.n", "all": True}, [1, "2"]),
        ({"jsonld": "T.n", "all": True, "type": "int"}, [1, 2]),
        ({"jsonld": "T.l[].p", "type": "int"}, [1, None]),
        ({"script": r'"a": \[(\d)'}, "1"),
        ({"css": "div", "attr": "data-x", "json": "a.b", "type": "int"}, 3),
        ({"css": "div", "json": "a"}, Absent.INVALID),
        # what is done first
        ({"css": "h1", "remove": "b"}, "A"),
        ({"css": "i.n", "split": "a", "all": True}, ["1", "m", "ny", "3"]),
        ({"css": "nope", "split": ","}, Absent.MISSING),
        ({"css": "em", "html": True}, "<em></em>"),
        ({"table": "table"}, [{"X": "Y", "1,50": "n/a"}]),
        ({"next": "i"}, Absent.MISSING),
        ({"next": "i", "all": True}, []),
        # any
        ({"any": (FieldPlan("", css="h6"), FieldPlan("", css="em"), FieldPlan("", css="i"))}, "1"),
        ({"any": (FieldPlan("", css="h1"), FieldPlan("", css="i")), "type": "int"}, 1),
        ({"any": (FieldPlan("", css="h1", type="int"), FieldPlan("", css="h6"))}, Absent.INVALID),
        ({"any": (FieldPlan("", css="h6", all=True), FieldPlan("", css="h6"))}, []),
        ({"any": (FieldPlan("", css="h6"),), "default": 5}, 5),
        ({"any": (FieldPlan("", json="a"), FieldPlan("", is_const=True, const=7))}, 7),
        ({"any": (FieldPlan("", css="i", count=True),)}, 3),
        ({"any": (FieldPlan("", css="i", map={}), FieldPlan("", source="status"))}, 203),
    ],
)
def test_values(plan, value):
    assert read(**plan) == value


def test_nested_fields_are_looked_for_inside_their_element():
    inner = (FieldPlan("s", css="td.s"), FieldPlan("p", css="td.p", type="decimal"))
    document = page()
    assert read(document, css="tr.offer", all=True, fields=inner) == [
        {"s": "X", "p": "1.50"},
        {"s": "Y", "p": None},
    ]
    assert document.invalid == {"item": {"f.p": 1}}
    assert read(css="tr.offer", fields=inner) == {"s": "X", "p": "1.50"}
    assert read(css="tr.nope", fields=inner) is Absent.MISSING
    assert read(css="tr.nope", fields=inner, default={}) == {}
    assert read(css="tr.nope", all=True, fields=inner) == []
    assert read(css="", fields=inner[:1]) == {"s": "X"}
    assert read(css=None, all=True, fields=inner[:1]) == [{"s": "X"}]


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        ({"css": "h6"}, Absent.MISSING),
        ({"css": "em"}, Absent.MISSING),
        ({"css": "h6", "all": True}, Absent.MISSING),
        ({"css": "h1", "type": "int"}, Absent.INVALID),
        ({"css": "i", "map": {}}, Absent.UNMAPPED),
        ({"source": "nobody"}, Absent.MISSING),
        ({"css": "h6", "fields": (FieldPlan("x", css="b"),)}, Absent.MISSING),
    ],
)
def test_a_required_field_that_is_empty_is_lacking(plan, why):
    document = page()
    read(document, **plan, required=True)
    assert document.lacking == [("f", why)]


@pytest.mark.parametrize(
    "plan",
    [
        {"css": "h1"},
        {"css": "h6", "default": "d"},
        {"css": "i", "type": "int"},
        {"css": "i", "all": True},
    ],
)
def test_a_required_field_with_a_value_lacks_nothing(plan):
    document = page()
    read(document, **plan, required=True)
    assert document.lacking == []


def test_invalid_values_are_counted_once_each():
    document = page()
    read(document, css="h1", type="int")
    read(document, css="i.n", all=True, type="int")
    assert document.invalid == {"item": {"f": 2}}


def test_a_regex_that_takes_too_long_fails_the_page_and_says_which():
    with pytest.raises(ParseError, match=r"parse_timeout: the regex of f took") as error:
        read(page(f"<p>{'a' * 60}!</p>"), css="p", regex=r"^(a|a|aa)+$")
    assert error.value.reason == "parse_timeout"


def test_an_object_has_its_fields_in_order_and_absent_ones_as_null():
    plans = [FieldPlan("z", css="h6"), FieldPlan("a", css="h1")]
    document = page()
    fields = compile_fields(plans, Place("item", 1))
    assert list(read_object(fields, document.root, document).items()) == [
        ("z", None),
        ("a", "A title"),
    ]


def test_nested_fields_are_looked_for_in_json_too():
    inner = (FieldPlan("p", json="p", type="int"), FieldPlan("h", css="h1"))
    document = page()
    assert read(document, jsonld="T.l", all=True, fields=inner) == [
        {"p": 1, "h": "A title"},
        {"p": None, "h": "A title"},
    ]
    assert document.invalid == {"item": {"f.p": 1}}
    assert read(jsonld="T.l", fields=inner[:1]) == {"p": 1}
    assert read(jsonld="T.nope", fields=inner) is Absent.MISSING


def test_a_page_that_is_no_json_is_an_error_unless_something_else_is_wanted_too():
    with pytest.raises(ParseError, match="the page is no JSON"):
        read(json="a")
    assert read(any=(FieldPlan("", json="a"), FieldPlan("", css="h1"))) == "A title"


def test_an_element_in_an_item_of_json_is_looked_for_in_the_whole_page():
    document = page()
    plans = [
        FieldPlan("h", css="h1"),
        FieldPlan("n", css="i", count=True),
        FieldPlan("a", any=(FieldPlan("", json="nope"), FieldPlan("", css="h1"))),
        FieldPlan("j", json="x"),
    ]
    fields = compile_fields(plans, Place("item", 1, in_json=True))
    found = read_object(fields, {"x": [0]}, document)
    assert found == {"h": "A title", "n": 3, "a": "A title", "j": [0]}


def test_what_stands_behind_an_item_up_to_the_next():
    document = page("<h2>A</h2><p id=x>1</p><p>2</p><h2>B</h2>")
    plans = [
        FieldPlan("one", next="p"),
        FieldPlan("id", next="p", attr="id"),
        FieldPlan("all", next="p", all=True, type="int"),
        FieldPlan("none", next="b", default=0),
        FieldPlan("group", next="p", all=True, fields=(FieldPlan("n", css=""),)),
        FieldPlan("top", css="h2", page=True),
        FieldPlan("ways", any=(FieldPlan("", next="b"), FieldPlan("", next="p"))),
    ]
    fields = compile_fields(plans, Place("item", 1, each="h2"))
    first, second = (read_object(fields, node, document) for node in document.root.css("h2"))
    assert first == {"one": "1", "id": "x", "all": [1, 2], "none": 0,
                     "group": [{"n": "1"}, {"n": "2"}], "top": "A", "ways": "1"}  # fmt: skip
    assert second == {"one": None, "id": None, "all": [], "none": 0, "group": [], "top": "A",
                      "ways": None}  # fmt: skip


def test_a_required_field_behind_an_item_is_lacking_where_nothing_stands():
    document = page("<h2>A</h2><p>x</p><h2>B</h2>")
    fields = compile_fields([FieldPlan("f", next="p", required=True)], Place("i", 1, each="h2"))
    for node in document.root.css("h2"):
        read_object(fields, node, document)
    assert document.lacking == [("f", Absent.MISSING)]


def test_an_object_for_each_row_is_that_of_the_row_by_itself():
    body = "".join(f"<tr><td>{n}<td><b>{n}{n}</b>" for n in range(4)) + "<tr><td>x"
    document = page(f"<table>{body}</table>")
    row = (FieldPlan("n", css="td", type="int"), FieldPlan("b", css="b", default="no"))
    found = read(document, css="tr", all=True, fields=row)
    alone = [
        read_object(compile_fields(row, Place("item", 1, label="f.")), node, document)
        for node in document.root.css("tr")
    ]
    assert found == alone
    assert found[-2:] == [{"n": 3, "b": "33"}, {"n": None, "b": "no"}]
