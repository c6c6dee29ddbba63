"""Each source, with the truth on a written page."""

import pytest

from scraper.core.errors import ParseError
from scraper.core.extract.document import Document, Source
from scraper.core.extract.plan import FieldPlan
from scraper.core.extract.sources import every, finder, first
from scraper.core.extract.steps import Place
from scraper.core.model import Json

PAGE = """<meta property="og:image" content=" /i.png "><meta name=Author content="A  B">
<meta property="og:image" content="/j.png"><meta name=empty content="">
<div><table><tr><th>A<tr><td>1</table></div>
<table><tr><th>B<tr><td>2</table>
<div itemscope><meta itemprop=price content=5><meta name=author content=inner></div>
<div itemscope><meta itemprop=price content=6></div><meta name="a&quot;]b" content=odd>
<script type="application/ld+json">{"@type": "Product", "sku": 1, "tags": ["a", null]}</script>
<script type="Application/LD+JSON; charset=utf-8">{"@type": "Product", "sku": 2}</script>
<script>var id = ' k '; var data = {"n": [1, 2]};</script><script src=x.js></script>"""
SOURCE = Source("http://a.example/", "http://a.example/final", 203, {"etag": "x"}, {"rank": 7})
PLACE = Place("item", 0.05, "f")


def document(body: str = PAGE) -> Document:
    return Document(body.encode(), SOURCE)


def test_value_of_a_function_is_what_it_gave_under_the_name():
    found = finder(FieldPlan("f", source="python"), PLACE)
    assert found is not None
    for given, value in [({"f": [1]}, [1]), ({"g": 1}, None), (document().root, None)]:
        assert list(found(given, document())) == [value]


def find(scope: object = None, body: str = PAGE, /, **plan: object) -> list[Json]:
    """All values that a source finds in the page, or in the element of a selector."""
    page = document(body)
    inside = page.root.css_first(scope) if isinstance(scope, str) else scope or page.root
    found = finder(FieldPlan("f", **plan), PLACE)
    assert found is not None
    return list(found(inside, page))


@pytest.mark.parametrize(
    ("plan", "values"),
    [
        ({"source": "url"}, ["http://a.example/"]),
        ({"source": "final_url"}, ["http://a.example/final"]),
        ({"source": "status"}, [203]),
        ({"source": "header: ETag"}, ["x"]),
        ({"source": "header:nope"}, [None]),
        ({"source": "rank"}, [7]),
        ({"source": "nope"}, [None]),
        ({"table": "table"}, [[{"A": "1"}], [{"B": "2"}]]),
        ({"table": "div"}, [[{"A": "1"}]]),
        ({"table": "h6"}, []),
        ({"table": "", "page": True}, [[{"A": "1"}]]),
        ({"meta": "og:image"}, ["/i.png", "/j.png"]),
        ({"meta": "og:image", "raw_text": True}, [" /i.png ", "/j.png"]),
        ({"meta": "AUTHOR"}, ["A  B", "inner"]),
        ({"meta": "price"}, ["5", "6"]),
        ({"meta": "empty"}, []),
        ({"meta": 'a"]b'}, ["odd"]),
        ({"jsonld": "Product.sku"}, [1, 2]),
        ({"jsonld": "Product.tags"}, [["a", None], None]),
        ({"jsonld": "Book"}, []),
        ({"script": "id = '(.*?)'"}, ["k"]),
        ({"script": "data = (.*)", "json": "n[1]"}, [2]),
        ({"script": "data = (.*)", "json": "nope"}, [None]),
    ],
)
def test_what_a_source_finds_in_a_page(plan, values):
    assert find(**plan) == values


@pytest.mark.parametrize(
    ("plan", "values"),
    [
        ({"meta": "price"}, ["6"]),
        ({"table": "table"}, []),
        ({"table": "table", "page": True}, [[{"A": "1"}], [{"B": "2"}]]),
        ({"meta": "author"}, ["A  B", "inner"]),
        ({"jsonld": "Product.sku"}, [1, 2]),
        ({"script": "id = '(.*?)'"}, ["k"]),
    ],
)
def test_only_an_itemprop_belongs_to_the_element_it_stands_in(plan, values):
    assert find("div[itemscope] + div", **plan) == values


def test_json_is_that_of_the_item_or_of_the_response():
    assert find({"a": [1]}, json="a[0]") == [1]
    assert find(None, '{"a": [2]}', json="a[0]") == [2]
    assert find({"a": 1}, meta="price") == ["5", "6"]


def test_other_fields_have_no_source_of_this_kind():
    for plan in ({"css": "h1"}, {"css": "h1", "json": "a"}):
        assert finder(FieldPlan("f", **plan), PLACE) is None


@pytest.mark.parametrize("path", [None, "@"])
def test_a_hostile_script_is_one_error(path):
    with pytest.raises(ParseError, match="parse_timeout: the regex of f took"):
        find(None, f"<script>{'a' * 60}!</script>", script="^(a|a|aa)+$", json=path)


def test_the_first_value_and_all_of_them():
    assert first([None, 0, 1]) == 0
    assert first([]) is None
    assert every([None, [1, None, [2]], "x", []]) == [1, [2], "x"]
