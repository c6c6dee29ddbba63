"""The bytes of a form, read back by others."""

import string
from email import message_from_bytes
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.extract.formdata import Entry, FormEncoder

URLENCODED, MULTIPART, PLAIN = (
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/plain",
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=8)
PAIRS = st.lists(st.tuples(TEXTS, TEXTS), max_size=4)
ODD = st.text(max_size=6)
CHARSETS = st.sampled_from(["utf-8", "windows-1252", "shift_jis", "iso-2022-jp", "gbk", "koi8-r"])


def body(enctype: str, pairs, charset: str = "utf-8") -> tuple[str, bytes]:
    return FormEncoder(enctype, charset).body([Entry(*pair) for pair in pairs])


@given(PAIRS)
def test_urlencoded_is_read_back(pairs):
    kind, made = body(URLENCODED, pairs)
    assert kind == URLENCODED
    assert parse_qsl(made.decode("ascii"), keep_blank_values=True) == pairs


@given(PAIRS)
def test_a_query_is_what_the_body_would_be(pairs):
    entries = [Entry(*pair) for pair in pairs]
    assert FormEncoder(PLAIN, "utf-8").query(entries).encode() == body(URLENCODED, pairs)[1]


def test_only_these_stay_as_they_are_in_urlencoded():
    """URL standard: the application/x-www-form-urlencoded percent-encode set, space as plus."""
    for code in range(128):
        char = chr(code)
        if char in "\r\n":
            continue
        kept = char in string.ascii_letters + string.digits + "*-._"
        wanted = char if kept else "+" if char == " " else f"%{code:02X}"
        assert body(URLENCODED, [(char, "")])[1].decode() == f"{wanted}="


@given(PAIRS)
def test_multipart_is_read_back(pairs):
    kind, made = body(MULTIPART, pairs)
    parts = message_from_bytes(b"Content-Type: %s\r\n\r\n" % kind.encode() + made)
    found = [] if not pairs else [part.get_payload(decode=True) for part in parts.get_payload()]
    assert found == [value.encode() for _, value in pairs]
    assert made.count(b'form-data; name="') >= len(pairs)


def test_multipart_names_and_files():
    kind, made = FormEncoder(MULTIPART, "utf-8").body(
        [Entry('a"\r\né', "1\n2"), Entry("f", "", is_file=True)]
    )
    mark = kind.removeprefix("multipart/form-data; boundary=").encode()
    assert made == (
        b'--%s\r\nContent-Disposition: form-data; name="a%%22%%0D%%0A\xc3\xa9"\r\n\r\n1\r\n2\r\n'
        b'--%s\r\nContent-Disposition: form-data; name="f"; filename=""\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n\r\n--%s--\r\n"
    ) % (mark, mark, mark)


def test_plain_text_is_lines():
    assert body(PLAIN, [("a", "1\r2"), ("b", "é")]) == ("text/plain", b"a=1\r\n2\r\nb=\xc3\xa9\r\n")


@pytest.mark.parametrize(
    ("charset", "made"),
    [("windows-1252", b"a=%E9%26%238364%3B"), ("utf-8", b"a=%C3%A9%E2%82%AC")],
)
def test_what_an_encoding_does_not_have_is_a_reference(charset: str, made: bytes):
    charset = "iso-8859-2" if charset == "windows-1252" else charset
    assert body(URLENCODED, [("a", "é€")], charset)[1] == made


@given(st.lists(st.tuples(ODD, ODD), max_size=3), CHARSETS)
def test_equal_forms_are_equal_requests_whatever_they_hold(pairs, charset: str):
    for enctype in (URLENCODED, MULTIPART, PLAIN):
        encoder = FormEncoder(enctype, charset)
        entries = [Entry(*pair) for pair in pairs]
        first = encoder.body(entries)
        assert first == encoder.body(entries) == body(enctype, pairs, charset)
        assert first[0].isprintable()


@given(st.lists(st.tuples(ODD, ODD), min_size=1, max_size=3))
def test_boundary_is_in_no_part(pairs):
    kind, made = body(MULTIPART, pairs)
    assert made.count(kind.rpartition("=")[2].encode()) == len(pairs) + 1
