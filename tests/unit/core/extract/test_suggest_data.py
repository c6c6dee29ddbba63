from hypothesis import given
from hypothesis import strategies as st

from scraper.core.extract import Source
from scraper.core.extract.document import Document
from scraper.core.extract.jsonpath import compile_path
from scraper.core.extract.suggest_data import (
    longest_list,
    next_link,
    of_feed,
    of_jsonld,
    of_metas,
    of_objects,
)
from tests.unit.core.extract import practice

SOURCE = Source("http://a.example/", "http://a.example/")


def test_longest_list_of_objects_is_found():
    value = {"a": [{"x": 1}], "b c": {"d": [{"y": 1}, {"y": 2}, 3]}, "e": [1, 2, 3, 4]}
    assert longest_list(value) == ('"b c".d[]', 2, [{"y": 1}, {"y": 2}])
    assert longest_list([{}, {}]) == ("[]", 2, [{}, {}])
    assert longest_list({"a": [1]}) is None


values = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=15,
)  # fmt: skip


@given(values)
def test_the_path_finds_the_list(value):
    found = longest_list(value)
    if found is not None:
        path, count, objects = found
        got = [one for one in compile_path(path)(value) if isinstance(one, dict)]
        assert len(got) >= count  # a list in the list is part of it for JMESPath
        assert all(one in got for one in objects)


def test_fields_of_objects_are_their_plain_values():
    objects = [{"id": 1, "a b": None, "c": {"d": "x", "e": [1]}, "f": [{"g": 1}], "tags": ["t"]}]
    found = [(one.hint, one.written["json"]) for one in of_objects(objects)]
    assert found == [("id", "id"), ("a_b", '"a b"'), ("c_d", "c.d"), ("tags", "tags")]


def test_next_link_of_a_response():
    assert next_link({"x": "y", "next_page": "/2"}) == "next_page"
    assert (
        next_link({"u": "http://x", "links": {"self": "/1", "next": "http://a/2"}}) == "links.next"
    )
    assert next_link({"next": None, "links": {"a": "b"}, "n": [1]}) is None
    assert next_link([1]) is None


def test_thing_of_a_page():
    found = of_jsonld(Document(practice.PRODUCT.encode(), SOURCE))
    assert found is not None
    name, fields = found
    assert name == "Product"
    assert {one.hint: one.written["jsonld"] for one in fields} == {
        "name": "Product.name", "sku": "Product.sku", "image": "Product.image",
        "brand_name": "Product.brand.name", "price": "Product.offers[0].price",
        "offers_price_currency": "Product.offers[0].priceCurrency",
    }  # fmt: skip
    assert of_jsonld(Document(b"<p>", SOURCE)) is None


def test_metas_that_are_there():
    found = of_metas(
        Document(b"<meta name=author content=x><meta property=og:x content=y>", SOURCE)
    )
    assert [one.hint for one in found] == ["title", "page_title", "author"]


def test_feeds_have_dates():
    assert {"type": "datetime", "css": "pubDate"} in [one.written for one in of_feed()]
