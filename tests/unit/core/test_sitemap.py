"""Laws of sitemaps: every entry once, however it is written, packed and cut; bounds; own errors."""

import gzip
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core import sitemap as module
from scraper.core.charsets import _NAMES, codec_of
from scraper.core.sitemap import LONGEST, LONGEST_TAG, PIECE, Reader, SitemapError, unpacked

NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
locs = st.lists(
    st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_characters="<&\x7f"))
    .filter(lambda text: text.strip() == text and text.isprintable() and "]]>" not in text)
    .map(lambda text: f"http://a.example/{text}"),
    max_size=20,
)
encodings = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])


def read(body: bytes, *, content_type: str = "", step: int = PIECE):
    reader = Reader(url="http://a.example/dir/s.xml", content_type=content_type)
    found = []
    for piece in unpacked(body):
        for at in range(0, len(piece), step):
            found += reader.feed(piece[at : at + step])
    return found + reader.close(), reader.bound


def urls(body: bytes, **how):
    found, bound = read(body, **how)
    assert bound is None
    return [entry.loc for entry in found]


def urlset(*entries: str, root: str = f"urlset {NS}", declared: str = "") -> str:
    inside = "".join(f"<url>{entry}</url>\n" for entry in entries)
    return f"<?xml version='1.0'{declared}?>\n<{root}>{inside}</{root.split(maxsplit=1)[0]}>"


# What is read


@given(locs, encodings, st.integers(1, 3000), st.booleans(), st.booleans())
def test_every_entry_is_given_once_and_in_order(found, encoding, step, packed, as_text):
    text = "\n".join(found) if as_text else urlset(*(f"<loc>{loc}</loc>" for loc in found))
    header = (
        "text/plain; charset=" + encoding.replace("16-", "16") if encoding.endswith("e") else ""
    )
    body = text.encode(encoding)
    if as_text and not found:
        with pytest.raises(SitemapError, match="it is empty"):
            urls(body)
        return
    cut = max(1, len(body) // 2)
    body = gzip.compress(body[:cut]) + gzip.compress(body[cut:]) + b"\0" * 9 if packed else body
    assert urls(body, content_type=header, step=step) == found


@pytest.mark.parametrize("prefix", ["", "sm:"])
@pytest.mark.parametrize("space", ["", NS])
def test_names_count_and_not_their_spaces(prefix, space):
    body = (
        f"\n\n<{prefix}urlset {space}><{prefix}url><image:image><image:loc>no</image:loc>"
        f"</image:image><{prefix}loc> http://a/?b&amp;<![CDATA[&]]>c&nbsp;</{prefix}loc>"
        f"<other:loc>no</other:loc><{prefix}loc>no</{prefix}loc>"
        f"<{prefix}lastmod>2020-01-01T00:00:00Z</{prefix}lastmod></{prefix}url>"
        f"<{prefix}loc>no</{prefix}loc><{prefix}url><{prefix}loc/></{prefix}url></{prefix}urlset>"
    )
    assert read(body.encode())[0] == [(3, "http://a/?b&&c", 1577836801.0, False)]


def test_an_index_names_sitemaps():
    body = b"<sitemapindex><sitemap><loc>http://a/1</loc></sitemap></sitemapindex>"
    assert read(body)[0] == [(1, "http://a/1", None, True)]


def test_feeds():
    item = "<item><title>no</title><link>http://a/1</link><pubDate>2020-01-01</pubDate></item>"
    rss = f"<rss><channel><link>no</link><atom:link href='no'/>{item}</channel></rss>"
    assert read(rss.encode())[0] == [(1, "http://a/1", None, False)]
    assert urls(f"<rdf:RDF>{item}</rdf:RDF>".encode()) == ["http://a/1"]
    links = "<link rel='self' href='no'/><link href='../x'>no</link><link href='no'/>"
    atom = f"<feed><link href='no'/><entry>{links}<updated>2020</updated></entry></feed>"
    ((_, loc, changed, _),) = read(atom.encode())[0]
    assert loc == "http://a.example/x"
    assert changed is not None
    assert urls(b"<feed><entry><link href='http://[/'/></entry></feed>") == ["http://[/"]
    assert urls(b"<feed><entry><link/></entry></feed>") == []
    bases = (
        "<feed xml:base='/f/'><entry xml:base='e/'><link href='a'/></entry><entry>{}</entry></feed>"
    )
    atom = bases.format("<link xml:base='//b' href='c'/>").encode()
    assert urls(atom) == ["http://a.example/f/e/a", "http://b/c"]
    assert urls(bases.format("<link xml:base='http://[/' href='c'/>").encode())[1:] == ["c"]


@pytest.mark.parametrize(
    ("guid", "found"),
    [
        ("<guid>http://a/g</guid>", ["http://a/g"]),
        ("<guid isPermaLink='true'>http://a/g</guid>", ["http://a/g"]),
        ("<guid isPermaLink='false'>http://a/g</guid>", []),
        ("<guid>urn-17</guid>", []),
        ("<guid>http://a/g</guid><link>http://a/1</link>", ["http://a/1"]),
    ],
)
def test_an_item_without_a_link_is_where_its_permalink_says(guid, found):
    assert urls(f"<rss><channel><item>{guid}</item></channel></rss>".encode()) == found


def test_the_encoding_is_that_of_header_or_declaration_and_else_utf_8():
    declared = urlset("<loc>http://a/\u0436</loc>", declared=" encoding='windows-1251'")
    assert urls(declared.encode("cp1251")) == ["http://a/\u0436"]
    assert urls(("\r\n" + declared).encode("cp1251")) == ["http://a/\u0436"]
    assert urls(declared.encode(), content_type="text/xml; charset=utf-8") == ["http://a/\u0436"]
    sets = urlset(*["<loc>http://a/1</loc>"] * 100, "<loc>http://a/\u0436</loc>")
    assert urls(sets.encode())[-1] == "http://a/\u0436"
    assert urls(b"http://a/\xff") == ["http://a/\ufffd"]


def test_every_encoding_can_be_read_piece_by_piece():
    for label, name in _NAMES.items():
        body = "http://a/1".encode(codec_of(name))
        assert urls(body, content_type=f"text/plain; charset={label}", step=3) == ["http://a/1"]
    assert codec_of("replacement") == "utf-8"


def test_lines_of_a_list_are_counted():
    body = b"\n\r\nhttp://a/1\r\n\rhttp://a/2\n  \nnot a URL"
    assert [entry[:2] for entry in read(body)[0]] == [
        (3, "http://a/1"), (5, "http://a/2"), (7, "not a URL"),
    ]  # fmt: skip


# Bounds


def test_a_location_is_cut_where_it_is_too_long_to_be_one():
    long = "http://a/" + "x" * 3 * PIECE
    for body in (urlset(f"<loc>{long}</loc>"), long, urlset(f"<loc>{long.replace('x', '&lt;')}x")):
        with suppress(SitemapError):  # the last one is broken: nothing piles up before that is seen
            assert {len(url) for url in urls(body.encode())} == {LONGEST + 1}


def test_more_entries_than_the_bound_are_left_out(monkeypatch):
    monkeypatch.setattr(module, "MOST_ENTRIES", 3)
    for count in (2, 3, 4, 9):
        for step in (7, 5000):
            found, bound = read(b"http://a/\n" * count, step=step)
            assert len(found) == min(count, 3)
            assert bound == (None if count <= 3 else "more than 3 entries")


def test_more_bytes_than_the_bound_are_left_out(monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 2 * PIECE)
    body = gzip.compress(b"http://a/1\n" + b" " * 100 * PIECE)
    found, bound = read(body)
    assert [entry.loc for entry in found] == ["http://a/1"]
    assert bound == "more than 0 MiB"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "it is empty"),
        (b"\n" * 5000, "it is empty"),
        (b"<html><body>", "it is no sitemap: it begins with <html>"),
        (b"<!DOCTYPE html><p>", "it is no sitemap: it is an HTML page"),
        (b"not here", "it is no sitemap: neither XML nor a list of URLs"),
        (b'{"a":\n' + b"1,\n" * 50_000, "it is no sitemap: neither XML nor a list of URLs"),
        (b"<urlset><url>", "its XML is broken: no element found: line 1, column 13"),
        (b"<urlset>" + b"<a>" * 100, "its XML is nested too deeply"),
        (b"<urlset " + b'a="b" ' * (LONGEST_TAG // 4), "its XML has a tag without an end"),
        (
            b"<!DOCTYPE x [<!ENTITY a 'b'>]><urlset/>",
            "its XML declares entities: these are not read",
        ),
        (b"<!DOCTYPE x [<!ENTITY % a SYSTEM 'file:///etc/passwd'>%a;]><urlset/>", "entities"),
        (gzip.compress(b"http://a/" + bytes(range(256)))[:-9], "its gzip ends too soon"),
        (b"\x1f\x8b\x09xx", "its gzip is broken: Error -3"),
    ],
)
def test_what_cannot_be_read_is_told(body, message):
    with pytest.raises(SitemapError) as caught:
        urls(body)
    assert message in str(caught.value)


def test_what_was_read_before_it_broke_is_good():
    reader = Reader(url="http://a/")
    body = urlset(*["<loc>http://a/1</loc>"] * 50)[:-9].encode()
    assert len(reader.feed(body)) == 50
    with pytest.raises(SitemapError):
        reader.close()


def test_an_external_document_type_is_not_asked_for():
    body = b"<!DOCTYPE rss SYSTEM 'http://x/y.dtd'><rss><channel><item><link>http://a/&eacute;"
    assert urls(body + b"</link></item></channel></rss>") == ["http://a/\u00e9"]


@given(
    st.binary(max_size=200)
    | st.text("<>urlset/ loc&;![CDATA'\"= \n?x", max_size=200).map(str.encode)
)
def test_any_bytes_return_or_raise_an_error_of_ours(body):
    for packed in (body, gzip.compress(body), b"\x1f\x8b" + body):
        with suppress(SitemapError):
            read(packed, step=7)
