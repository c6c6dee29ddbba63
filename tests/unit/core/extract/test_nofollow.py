"""What a page asks of robots about its links."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.extract.document import Document, Source
from scraper.core.extract.nofollow import NOFOLLOW, NOINDEX, header_asks, link_says, page_asks

SOURCE = Source("http://a.example/", "http://a.example/")


@pytest.mark.parametrize(
    ("value", "asks"),
    [
        ("nofollow", {NOFOLLOW}),
        ("NOINDEX, NoFollow", {NOFOLLOW, NOINDEX}),
        ("none", {NOFOLLOW, NOINDEX}),
        ("max-snippet: 5, nofollow", {NOFOLLOW}),
        ("unavailable_after: 25 Jun 2030, nofollow", {NOFOLLOW}),
        ("otherbot: nofollow", set()),
        ("otherbot: noindex, nofollow", set()),
        ("otherbot: noindex, *: nofollow", {NOFOLLOW}),
        ("noindex", {NOINDEX}),
        ("", set()),
    ],
)
def test_header(value, asks):
    assert header_asks(value) == asks


@given(st.text(), st.text())
def test_header_of_any_text_is_read(value, robot):
    assert header_asks(value) <= header_asks(value, robot) <= {NOFOLLOW, NOINDEX}


ROBOTS = st.sampled_from(["", "*", "books-bot", "Books-Bot", "books", "books-bot-2", "scraper"])
WORDS = {"nofollow": {NOFOLLOW}, "noindex": {NOINDEX}, "none": {NOFOLLOW, NOINDEX}, "all": set()}
SAID = st.lists(st.tuples(ROBOTS, st.lists(st.sampled_from(sorted(WORDS)), min_size=1)))


@given(SAID)
def test_what_is_said_to_all_and_to_us_is_heard_and_nothing_else(said):
    """In a header and in the page alike, in whatever order and however often."""
    to_us = [words for name, words in said if name.lower() in ("", "*", "books-bot")]
    asked = set().union(*(WORDS[word] for words in to_us for word in words))
    header = ", ".join(f"{name or '*'}: {', '.join(words)}" for name, words in said)
    assert header_asks(header, "books-bot") == asked
    metas = (
        f'<meta name="{"robots" if name in ("", "*") else name}" content="{", ".join(words)}">'
        for name, words in said
    )
    assert page_asks(Document("".join(metas).encode(), SOURCE), "books-bot") == asked


@pytest.mark.parametrize(
    ("page", "asks"),
    [
        (b"<meta name=robots content='noindex, nofollow'>", {NOFOLLOW, NOINDEX}),
        (b"<meta name=ROBOTS content=NONE>", {NOFOLLOW, NOINDEX}),
        (
            b"<meta name=robots content=noindex><meta name=robots content=nofollow>",
            {NOFOLLOW, NOINDEX},
        ),
        (b"<meta name=robots content=noindex>", {NOINDEX}),
        (b"<meta name=robots>", set()),
        (b"<meta name=otherbot content=nofollow>", set()),
        (b"<base href=/ name=robots content=nofollow><meta name='' content=nofollow>", set()),
        (b"<p>nofollow", set()),
    ],
)
def test_meta(page, asks):
    assert page_asks(Document(page, SOURCE)) == asks


def test_xml_has_no_meta():
    assert not page_asks(Document(b"<meta name=robots content=none>", SOURCE, is_xml=True))


def test_link():
    page = Document(b"<a rel='x NoFollow'>1</a><a rel=ugc>2</a><a rel>3</a><a>4</a>", SOURCE)
    assert [link_says(node) for node in page.parser.css("a")] == [True, False, False, False]
