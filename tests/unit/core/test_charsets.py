import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.charsets import _LABELS, codec_of, decode_as, encode_as, name_of

LABELS = ["utf-8", "latin1", "gb2312", "x-sjis", "ks_c_5601-1987", "big5", "euc-jp", "koi8-r"]
ENCODINGS = [
    *("utf-8", "ibm866", "iso-8859-2", "iso-8859-8-i", "iso-8859-16", "koi8-u", "macintosh"),
    *("windows-874", "windows-1252", "windows-1255", "x-mac-cyrillic", "gbk", "gb18030", "big5"),
    *("euc-jp", "iso-2022-jp", "shift_jis", "euc-kr", "utf-16be", "utf-16le", "replacement"),
    *("x-user-defined", "iso-8859-6", "windows-1253", "windows-1257", "iso-8859-10"),
]


@given(st.binary(), st.sampled_from(ENCODINGS))
def test_every_body_has_a_text_in_every_encoding(body, name):
    decode_as(body, name).encode()


@given(st.text(), st.sampled_from(["utf-8", "utf-16le", "utf-16be", "gb18030"]))
def test_unicode_survives_a_round_trip(text, name):
    codec = {"utf-16le": "utf-16-le", "utf-16be": "utf-16-be"}.get(name, name)
    assert decode_as(text.encode(codec), name) == text


@given(st.sampled_from(ENCODINGS), st.text(st.sampled_from("\t\n\f\r "), max_size=2))
def test_an_encoding_is_a_label_of_itself_in_any_case_and_with_space_around(name, space):
    assert name_of(f"{space}{name.upper()}{space}") == name


@given(st.text())
def test_any_label_is_known_or_none(label):
    assert name_of(label) in {None, *map(name_of, [*ENCODINGS, label])}


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("ISO-8859-1", "windows-1252"),
        ("us-ascii", "windows-1252"),
        ("iso-8859-9", "windows-1254"),
        ("gb2312", "gbk"),
        ("unicode", "utf-16le"),
        ("utf8", "utf-8"),
        ("hz-gb-2312", "replacement"),
        ("utf-7", None),
        ("utf-32", None),
        ("", None),
        ("utf-8\x0b", None),
        ("\xa0utf-8", None),
    ],
)
def test_labels_of_the_web(label, name):
    assert name_of(label) == name


@pytest.mark.parametrize(
    ("body", "name", "text"),
    [
        (b"\x80\x81\x8d\xe9", "windows-1252", "\u20ac\x81\x8d\xe9"),
        (b"\x80\xd2", "windows-1253", "\u20ac\ufffd"),
        (b"\x81\xdb", "windows-874", "\x81\ufffd"),
        (b"\xad\xa1", "euc-jp", "\u2460"),
        (b"\x87\x40", "shift_jis", "\u2460"),
        (b"\xa4\xa2\xff", "euc-jp", "\u3042\ufffd"),
        (b"\xa3\xe1\xff", "big5", "\u20ac\ufffd"),
        (b"a\x80\xff", "x-user-defined", "a\uf780\uf7ff"),
        (b"anything", "replacement", "\ufffd"),
        (b"", "replacement", ""),
        (b'\x1b$B$"\x1b(B', "iso-2022-jp", "\u3042"),
        (b"a\xff", "utf-8", "a\ufffd"),
    ],
)
def test_bytes_mean_what_the_standard_says(body, name, text):
    assert decode_as(body, name) == text


def test_every_name_has_a_codec_that_reads_piece_by_piece():
    for name in _LABELS:
        decoder = codecs.getincrementaldecoder(codec_of(name))("replace")
        assert decoder.decode(b"", final=True) == ""


@pytest.mark.parametrize(
    ("text", "name", "body"),
    [
        ("\u20ac\xe9", "windows-1252", b"\x80\xe9"),
        ("\u20ac", "iso-8859-2", b"&#8364;"),
        ("\u3042", "shift_jis", b"\x82\xa0"),
        ("\xe9", "utf-16le", b"\xc3\xa9"),
        ("\xe9", "replacement", b"\xc3\xa9"),
        ("\xe9", "x-user-defined", b"\xc3\xa9"),
        ("a\ud800", "utf-8", b"a\xef\xbf\xbd"),
    ],
)
def test_text_in_an_encoding(text, name, body):
    assert encode_as(text, name) == body


@given(st.text(max_size=8), st.sampled_from(sorted(_LABELS)))
def test_every_text_has_bytes_in_every_encoding(text, name):
    assert isinstance(encode_as(text, name), bytes)
