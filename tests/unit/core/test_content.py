import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scraper.core.charsets import decode_as, name_of
from scraper.core.content import as_utf8, decode, encoding, kind_of, media_type

BOMS = [(b"\xef\xbb\xbf", "utf-8"), (b"\xfe\xff", "utf-16be"), (b"\xff\xfe", "utf-16le")]
PIECES = [
    *(b"<", b"<!--", b"-->", b"<meta ", b"<META/", b">", b"<a ", b"</", b"<?xml ", b"<?", b"'"),
    *(b'"', b"=", b" ", b"charset", b"http-equiv", b"content", b"content-type", b"utf-8", b"/"),
    *(b"iso-8859-2", b"text/html; charset=", b"utf-16", b"\xff", b"\xc3\xa9", b"\0", b"\x1b$B"),
]
MARKUP = st.lists(st.sampled_from(PIECES), max_size=25).map(b"".join)
BODIES = st.one_of(st.binary(), MARKUP)
TYPES = st.one_of(
    st.text(),
    st.sampled_from(["", "text/html", "text/html; charset=gbk", "text/xml", "charset=unheard"]),
)
DECLARED = st.sampled_from(["utf-8", "iso-8859-2", "gbk", "shift_jis", "koi8-r"])


@given(BODIES, TYPES)
def test_every_body_has_a_text_whatever_its_header(body, content_type):
    name = encoding(body, content_type)
    assert name_of(name) == name
    text = decode(body, content_type)
    assert as_utf8(body, content_type).decode() == text
    if not any(body.startswith(mark) for mark, _ in BOMS):
        assert text == decode_as(body, name)


@given(st.text())
@example("")
@example("<meta charset=utf-8>h\u00e9")
def test_utf8_is_handed_on_untouched(text):
    body = text.encode()
    if not body.startswith(BOMS[0][0]):
        assert as_utf8(body, "text/html; charset=UTF-8") is body


@given(st.text(st.characters(max_codepoint=127), min_size=1))
def test_ascii_is_handed_on_untouched_where_ascii_bytes_mean_ascii(text):
    for label in ("latin1", "gbk", "euc-jp", "utf-8"):
        body = text.encode()
        assert as_utf8(body, f"text/plain; charset={label}") is body
    assert as_utf8(body, "a/b; charset=utf-16le") == decode_as(body, "utf-16le").encode()


@given(st.sampled_from(BOMS), BODIES, TYPES)
def test_a_byte_order_mark_beats_everything_and_is_no_text(bom, body, content_type):
    mark, name = bom
    assert encoding(mark + body, content_type) == name
    assert decode(mark + body, content_type) == decode_as(body, name)
    assert as_utf8(mark + body, content_type) == decode_as(body, name).encode()


@given(DECLARED, DECLARED, DECLARED)
def test_the_header_beats_meta_and_meta_beats_the_xml_declaration(header, meta, xml):
    body = f'<?xml version="1.0" encoding="{xml}"?><meta charset={meta}>'.encode()
    assert encoding(body, f"text/html; charset={header}") == header
    assert encoding(body, "text/html") == meta
    assert encoding(body, "application/xhtml+xml") == xml
    assert encoding(body[: body.index(b"<meta")], "text/html") == xml


@given(st.text(st.characters(min_codepoint=0xA1, max_codepoint=0x17F), min_size=1))
def test_undeclared_utf8_is_utf8(text):
    assert encoding(text.encode(), "text/html") == "utf-8"


@pytest.mark.parametrize(
    ("content_type", "name"),
    [
        ("text/html;charset=iso-8859-2", "iso-8859-2"),
        ('text/html; Charset = "ISO-8859-2"; x=y', "iso-8859-2"),
        ("text/html; charset='iso-8859-2'", "iso-8859-2"),
        ("text/html; charset=iso-8859-2, text/html; charset=gbk", "iso-8859-2"),
        ("text/html; charset=unheard", "windows-1252"),
        ('text/html; charset="iso-8859-2', "windows-1252"),
        ("text/html; charset=", "windows-1252"),
    ],
)
def test_charset_of_the_header(content_type, name):
    assert encoding(b"a", content_type) == name


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"<meta charset=iso-8859-2>", "iso-8859-2"),
        (b"<META/CHARSET='iso-8859-2'/>", "iso-8859-2"),
        (b'<meta\ncharset = "iso-8859-2" >', "iso-8859-2"),
        (b"<!DOCTYPE html><html lang=x><title>t</title><meta charset=gbk>", "gbk"),
        (b"<meta charset=utf-16>", "utf-8"),
        (b"<meta charset=x-user-defined>", "windows-1252"),
        (b'<meta http-equiv=Content-Type content="text/html; charset=gbk">', "gbk"),
        (b"<meta content=\"charset gbk charset = 'gbk'\" http-equiv=content-type>", "gbk"),
        (b"<meta content='text/html; charset=\"gbk' http-equiv=content-type>", None),
        (b'<meta content="text/html; charset=gbk">', None),
        (b'<meta http-equiv=refresh content="text/html; charset=gbk">', None),
        (b"<meta http-equiv=content-type>", None),
        (b"<meta charset=unheard http-equiv=content-type content='charset=gbk'>", None),
        (b"<meta charset=gbk charset=koi8-r>", "gbk"),
        (b"<meta charset=unheard><meta charset=gbk>", "gbk"),
        (b"<!-- <meta charset=gbk> -->", None),
        (b"<!--><meta charset=gbk>", "gbk"),
        (b"<!-- <meta charset=gbk>", None),
        (b"<a title='<meta charset=koi8-r>'><meta charset=gbk>", "gbk"),
        (b"<a<meta charset=koi8-r><meta charset=gbk>", "gbk"),
        (b"</a title='<meta charset=koi8-r>'><meta charset=gbk>", "gbk"),
        (b"</ <meta charset=koi8-r><meta charset=gbk>", "gbk"),
        (b"<metal charset=gbk>", None),
        (b"<meta charset=gbk", None),
        (b"<meta charset=gbk /", None),
        (b"<meta charset='gbk>", None),
        (b"<meta charset=>", None),
        (b"<meta =charset=gbk charset=gbk>", "gbk"),
        (b"<? <meta charset=koi8-r><meta charset=gbk>", "gbk"),
        (b"<?xml version='1.0' encoding = 'gbk' ?>", "gbk"),
        (b"<?xml encoding='utf-16'?>", "utf-8"),
        (b"<?xml encoding='unheard'?>", None),
        (b"<?xml encoding=''?>", None),
        (b"<\0?\0x\0m\0l\0", "utf-16le"),
        (b"\0<\0?\0x\0m\0l", "utf-16be"),
        (b"x" * 1000 + b"<meta charset=gbk>", "gbk"),
    ],
)
def test_what_the_first_bytes_declare(head, name):
    assert encoding(head, "") == (name or "windows-1252")


def test_a_late_meta_counts_only_where_the_body_is_not_utf8():
    late = b"x" * 3000 + b"<meta charset=iso-8859-2>"
    assert encoding(late + b"\xff", "") == "iso-8859-2"
    assert encoding(late + "\u00e9".encode(), "") == "utf-8"


def test_an_undeclared_body_is_guessed_from_its_first_bytes():
    russian = "Съешь же ещё этих мягких французских булок, да выпей чаю. " * 5
    assert encoding(russian.encode("cp1251"), "") == "windows-1251"
    assert encoding(b"x" * 20_000 + russian.encode("koi8-r"), "") == "koi8-r"
    assert (
        encoding("日本語の文章です。これはテストです。".encode("shift_jis") * 4, "") == "shift_jis"
    )
    assert encoding("日本語".encode("iso-2022-jp"), "") == "iso-2022-jp"


def test_what_cannot_be_guessed_is_windows_1252():
    assert encoding(b"", "") == "windows-1252"
    assert encoding(b"plain", "") == "windows-1252"
    assert encoding(b"\xff", "") == "windows-1252"
    assert encoding(b"price \xa3100", "") == "windows-1252"
    assert encoding("El niño comió una piña en España".encode("latin-1"), "") == "windows-1252"


def test_a_broken_byte_among_many_good_ones_leaves_utf8():
    assert encoding("café naïve ".encode() * 9 + b"\xff", "") == "utf-8"


def test_broken_utf8_is_mended():
    body = b"a\xffb"
    assert decode(body, "text/html; charset=utf-8") == "a\ufffdb"
    assert as_utf8(body, "text/html; charset=utf-8") == "a\ufffdb".encode()


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("Text/HTML; charset=utf-8", "text/html"),
        ("application/json", "application/json"),
        ("text/html, text/html", "text/html"),
        (" text/xml ;", "text/xml"),
        ("", ""),
    ],
)
def test_media_type(content_type, expected):
    assert media_type(content_type) == expected


@pytest.mark.parametrize(
    ("media", "kind"),
    [
        ("text/html", "html"), ("application/xhtml+xml", "html"), ("application/json", "json"),
        ("application/ld+json", "json"), ("text/xml", "xml"), ("application/rss+xml", "xml"),
        ("text/plain", "text"), ("text/csv", "text"), ("image/svg+xml", None), ("image/png", None),
        ("application/pdf", None), ("", None),
    ],
)  # fmt: skip
def test_kind_of_a_media_type(media, kind):
    assert kind_of(media) == kind


@given(st.text())
def test_kind_of_anything_is_one_that_a_config_can_name(media):
    assert kind_of(media_type(media)) in {"html", "json", "xml", "text", None}


def test_a_late_meta_says_in_what_the_forms_of_an_ascii_page_are_sent():
    """A parser that meets one changes the encoding (HTML standard section 13.2.3.5)."""
    late = b"<!--" + b"x" * 8200 + b"--><meta charset=iso-8859-2>"
    assert encoding(late, "text/html") == "iso-8859-2"
    assert encoding(late[: late.index(b"<meta")], "text/html") == "windows-1252"
    assert encoding("\u00e9".encode() + late, "text/html") == "utf-8", "as its bytes say"
