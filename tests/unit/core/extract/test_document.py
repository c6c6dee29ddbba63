"""What is relative on a page becomes absolute, whatever the page says of itself."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.extract.document import Absent, Document, NotJsonError, Source
from scraper.core.url import key

SOURCE = Source("http://a.example/asked?b=1&a=2", "http://a.example/dir/page.html")


def document(body: bytes) -> Document:
    return Document(body, SOURCE)


@pytest.mark.parametrize(
    ("head", "base"),
    [
        (b"", "http://a.example/dir/page.html"),
        (b"<base href='/other/'>", "http://a.example/other/"),
        (b"<base target=x><base href=//b.example/x><base href=/late>", "http://b.example/x"),
        (b"</head><body><base href=/body/>", "http://a.example/body/"),
        (b"<base href='http://['>", "http://a.example/dir/page.html"),
        (b"<base href='data:text/html,x'>", "http://a.example/dir/page.html"),
        (b"<base href>", "http://a.example/dir/page.html"),
    ],
)
def test_base_is_the_first_base_element_or_the_final_url(head, base):
    page = document(b"<head>" + head)
    assert page.base.href == base
    assert page.base.href == base  # the second look is the same


def test_what_is_no_url_stays_as_it_is_written():
    page = document(b"")
    assert page.absolute("../x y#f") == "http://a.example/x%20y#f"
    assert page.absolute("http://[") == "http://["


@pytest.mark.parametrize(
    ("srcset", "absolute"),
    [
        ("a.jpg", "http://a.example/dir/a.jpg"),
        ("/a.jpg 1x, /b.jpg 2x", "http://a.example/a.jpg 1x, http://a.example/b.jpg 2x"),
        ("/a.jpg,  /b.jpg", "http://a.example/a.jpg, http://a.example/b.jpg"),
        (
            " /a.jpg 100w ,\n/b.jpg 200w,",
            "http://a.example/a.jpg 100w, http://a.example/b.jpg 200w",
        ),
        ("data:x,y 1x", "data:x,y 1x"),
        (" , ,", ""),
    ],
)
def test_every_candidate_of_a_srcset_becomes_absolute(srcset, absolute):
    assert document(b"").absolute_set(srcset) == absolute


@given(st.text("ab, \t/:12xw", max_size=60))
def test_a_srcset_made_absolute_stays_as_it_is(srcset):
    page = document(b"")
    once = page.absolute_set(srcset)
    assert page.absolute_set(once) == once


def test_the_identity_of_a_page_is_the_key_of_the_requested_url():
    page = document(b"")
    assert page.url_key == page.url_key == key(SOURCE.url)


@given(st.binary(max_size=60))
def test_any_bytes_have_a_root(body):
    assert document(body).root.tag == "html"


def test_invalid_values_are_counted_by_type_and_field():
    page = document(b"")
    for field in ("a", "b", "a"):
        page.count_invalid("item", field)
    assert page.invalid == {"item": {"a": 2, "b": 1}}


def test_requests_of_one_url_with_other_bodies_are_other_pages():
    assert document(b"").url_key == key(SOURCE.url)
    forms = [replace(SOURCE, sent=f"POST {number}") for number in range(2)]
    keys = {Document(b"", source).url_key for source in (SOURCE, *forms)}
    assert len(keys) == 3


def test_a_page_is_parsed_when_something_in_it_is_needed_and_once():
    page = document(b'<script>a</script><script src=x></script><script>{"@type":"T"}</script>')
    assert not page.is_html
    assert page.parser is page.parser
    assert page.is_html
    assert page.headed is page.headed
    assert page.scripts is page.scripts
    assert page.scripts == ["a", '{"@type":"T"}']
    assert page.jsonld is page.jsonld
    assert page.jsonld == {}
    block = document(b'<script type="application/ld+json">{"@type":"T"}</script>')
    assert block.jsonld == {"T": [{"@type": "T"}]}


def test_a_page_is_json_or_says_why_it_is_none():
    page = document(b'{"a": [1]}')
    assert page.json is page.json
    assert page.json == {"a": [1]}
    for body in (b"", b"<p>", b"\xff", b"[" * 100_000):
        broken = document(body)
        for _ in range(2):
            with pytest.raises(NotJsonError, match="parse_error: the page is no JSON"):
                _ = broken.json


def test_markup_in_a_text_of_json_is_no_base():
    page = document(b'{"html": "<base href=http://evil.example/>"}')
    assert page.json
    assert page.base.href == SOURCE.final_url


def test_why_a_field_has_no_value_is_told_by_name():
    told = [repr(why) for why in (Absent.MISSING, Absent.UNMAPPED, Absent.INVALID)]
    assert told == ["<Absent missing>", "<Absent unmapped>", "<Absent invalid>"]
