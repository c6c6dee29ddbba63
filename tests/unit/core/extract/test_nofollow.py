"""What a page asks of robots about its links."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.extract.document import Document, Source
from scraper.core.extract.nofollow import header_says, link_says, page_says

SOURCE = Source("http://a.example/", "http://a.example/")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("nofollow", True),
        ("NOINDEX, NoFollow", True),
        ("none", True),
        ("max-snippet: 5, nofollow", True),
        ("unavailable_after: 25 Jun 2030, nofollow", True),
        ("otherbot: nofollow", False),
        ("otherbot: noindex, nofollow", False),
        ("otherbot: noindex, *: nofollow", True),
        ("noindex", False),
        ("", False),
    ],
)
def test_header(value, says):
    assert header_says(value) is says


@given(st.text())
def test_header_of_any_text_is_read(value):
    assert header_says(value) in (True, False)


@pytest.mark.parametrize(
    ("page", "says"),
    [
        (b"<meta name=robots content='noindex, nofollow'>", True),
        (b"<meta name=ROBOTS content=NONE>", True),
        (b"<meta name=robots content=noindex><meta name=robots content=nofollow>", True),
        (b"<meta name=robots content=noindex>", False),
        (b"<meta name=robots>", False),
        (b"<meta name=otherbot content=nofollow>", False),
        (b"<p>nofollow", False),
    ],
)
def test_meta(page, says):
    assert page_says(Document(page, SOURCE)) is says


def test_xml_has_no_meta():
    assert not page_says(Document(b"<meta name=robots content=none>", SOURCE, is_xml=True))


def test_link():
    page = Document(b"<a rel='x NoFollow'>1</a><a rel=ugc>2</a><a rel>3</a><a>4</a>", SOURCE)
    assert [link_says(node) for node in page.parser.css("a")] == [True, False, False, False]
