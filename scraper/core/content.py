"""What the bytes of a page say: its media type, its encoding, its text.

An encoding is looked for in the order of the HTML standard (section 13.2.3.2): byte order mark,
`charset` of the header, what the first 1024 bytes declare (`<meta>`, XML declaration). Where
nothing is declared: UTF-8 if the body is valid UTF-8, a late `<meta>` (a browser would change its
mind on meeting it), a guess from the bytes, windows-1252.

Every function returns for every input: no bytes and no header raise.
"""

from __future__ import annotations

import re
from functools import lru_cache

import cchardet

from scraper.core.charsets import REPLACEMENT, USER_DEFINED, decode_as, name_of

DEFAULT = "windows-1252"
PRESCAN_BYTES = 1024
GUESS_BYTES = 16 * 1024
HEADERS = 256  # that are remembered: a site says few things of its pages
MENDABLE = 4  # UTF-8 with one broken character among as many good ones is still UTF-8

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xfe\xff", "utf-16be"), (b"\xff\xfe", "utf-16le"))
_UTF16_XML = ((b"<\0?\0x\0", "utf-16le"), (b"\0<\0?\0x", "utf-16be"))
# ASCII bytes mean other characters than ASCII in these
_NOT_ASCII = frozenset({"utf-16be", "utf-16le", "iso-2022-jp", REPLACEMENT})
# guessed for short Western texts; the web does not use them (and UTF-8 it is not, as was seen)
_UNLIKELY = frozenset(
    {"utf-8", "iso-8859-3", "iso-8859-4", "iso-8859-10", "iso-8859-14", "iso-8859-16", "macintosh"}
)
_XML_ENCODING = re.compile(
    rb"<\?xml[^>]*?encoding[\0-\x20]*=[\0-\x20]*(?:\"([^\">]*)\"|'([^'>]*)')"
)
_CHARSET = re.compile(
    r"charset[\t\n\f\r ]*=[\t\n\f\r ]*(?:\"([^\"]*)\"|'([^']*)'|([^\"'\t\n\f\r ;][^\t\n\f\r ;]*)|)",
    re.IGNORECASE,
)
_MARKUP = re.compile(
    rb"<(?:!--|(?P<meta>meta)(?=[\t\n\f\r /])|(?P<tag>/?[a-z][^\t\n\f\r >]*)|[!/?])", re.IGNORECASE
)
_ATTRIBUTE = re.compile(
    rb"[\t\n\f\r /]*(?:(?P<close>>)|(?P<name>[^\t\n\f\r />][^\t\n\f\r />=]*)"
    rb"(?:[\t\n\f\r ]*=[\t\n\f\r ]*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'"
    rb"|(?P<cut>[\"'])|(?P<plain>[^\t\n\f\r >]*)))?)"
)

HTML = "html"  # of `kind_of`


@lru_cache(HEADERS)
def media_type(content_type: str) -> str:
    """Return the media type of a Content-Type header in lower case, "" if it has none."""
    return re.split(r"[;,]", content_type, maxsplit=1)[0].strip().lower()


def kind_of(media: str) -> str | None:
    """Return what a media type is to a config: html, json, xml or text; None: something else."""
    if media in {"text/html", "application/xhtml+xml"}:
        return HTML
    if media in {"application/json", "text/json", "application/x-ndjson"}:
        return "json"
    if media in {"application/xml", "text/xml"}:
        return "xml"
    if media.endswith(("+json", "+xml")) and not media.startswith("image/"):
        return media.rpartition("+")[2]
    return "text" if media.startswith("text/") else None


def encoding(body: bytes, content_type: str) -> str:
    """Return the WHATWG name of the body's encoding, e.g. "utf-8"."""
    return _mark(body)[0] or _without_mark(body, content_type)


def decode(body: bytes, content_type: str) -> str:
    """Return the text of the body, without a byte order mark; broken bytes become U+FFFD."""
    name, mark_bytes = _mark(body)
    if name is not None:
        return decode_as(body[mark_bytes:], name)
    return decode_as(body, _without_mark(body, content_type))


def as_utf8(body: bytes, content_type: str) -> bytes:
    """Return the text of the body as UTF-8 bytes: the body itself if it is that already."""
    name, mark_bytes = _mark(body)
    if name is None:
        name = _without_mark(body, content_type)
        if body.isascii() and name not in _NOT_ASCII:
            return body
    if name != "utf-8":
        return decode_as(body[mark_bytes:], name).encode("utf-8", "replace")
    rest = body[mark_bytes:] if mark_bytes else body
    try:
        rest.decode()
    except UnicodeDecodeError:
        return rest.decode("utf-8", "replace").encode()
    return rest


def _mark(body: bytes) -> tuple[str | None, int]:
    """Return the encoding that a byte order mark names, and the mark's length."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return name, len(mark)
    return None, 0


def _without_mark(body: bytes, content_type: str) -> str:
    return _named(content_type) or _declared(body, content_type) or _guessed(body)


@lru_cache(HEADERS)
def _named(content_type: str) -> str | None:
    label = _charset_in(content_type)
    return name_of(label.partition(",")[0]) if label else None


def _declared(body: bytes, content_type: str) -> str | None:
    """Return the encoding that the first bytes declare, or None."""
    head = body[:PRESCAN_BYTES]
    for start, name in _UTF16_XML:
        if head.startswith(start):
            return name
    declared = _xml_declared(head)
    if declared and media_type(content_type).endswith("xml"):
        return declared
    return _prescan(head) or declared


def _xml_declared(head: bytes) -> str | None:
    match = _XML_ENCODING.match(head)
    return _readable((match[1] or match[2] or b"").decode("latin-1")) if match else None


def _guessed(body: bytes) -> str:
    """Return what an undeclared body is most likely in."""
    if body.isascii():  # the text is the same in most; a form of the page is sent in this one
        head = body[:GUESS_BYTES]
        late = _prescan(head) if b"charset" in head.lower() else None
        return late or ("iso-2022-jp" if b"\x1b$" in head else DEFAULT)
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return _prescan(body[:GUESS_BYTES]) or _detected(body, error.start)
    return "utf-8"


def _detected(body: bytes, broken_at: int) -> str:
    """Return what the bytes look like; `broken_at` is the first that is not UTF-8."""
    start = 0 if broken_at < GUESS_BYTES else broken_at
    sample = body[start : start + GUESS_BYTES]
    text = sample.decode("utf-8", "replace")
    wide, broken = len(text) - len(text.encode("ascii", "ignore")), text.count("\ufffd")
    if wide > MENDABLE * broken:
        return "utf-8"
    name = name_of(cchardet.detect(sample)["encoding"] or "")
    return DEFAULT if name is None or name in _UNLIKELY else name


def _prescan(head: bytes) -> str | None:
    """Return the encoding that a `<meta>` declares (the standard's "prescan a byte stream")."""
    at = 0
    while at >= 0 and (markup := _MARKUP.search(head, at)) is not None:
        if markup["meta"] is None and markup["tag"] is None:
            end = b"-->" if markup[0] == b"<!--" else b">"
            at = head.find(end, markup.start() + 2)
            continue
        attributes, at = _attributes(head, markup.end())
        found = _of_meta(attributes) if markup["meta"] is not None and at >= 0 else None
        if found:
            return found
    return None


def _attributes(head: bytes, at: int) -> tuple[dict[bytes, str], int]:
    """Return a tag's attributes, the first of each name, and where its ">" is.

    Where the bytes end within the tag, that is -1: the standard then gives up.
    """
    attributes: dict[bytes, str] = {}
    while (match := _ATTRIBUTE.match(head, at)) is not None:
        at = match.end()
        if match["close"] is not None:
            return attributes, at
        if match["cut"] is not None or at == len(head):
            break
        value = match["double"] or match["single"] or match["plain"] or b""
        attributes.setdefault(match["name"].lower(), value.decode("latin-1"))
    return attributes, -1


def _of_meta(attributes: dict[bytes, str]) -> str | None:
    """Return the encoding that the attributes of a `<meta>` declare."""
    if b"charset" in attributes:  # wins over the pragma, even with a label that nobody knows
        return _readable(attributes[b"charset"])
    if attributes.get(b"http-equiv", "").lower() != "content-type":
        return None
    return _readable(_charset_in(attributes.get(b"content", "")) or "")


def _charset_in(text: str) -> str | None:
    """Return the label behind "charset=", or None."""
    match = _CHARSET.search(text)
    return (match[1] or match[2] or match[3]) if match else None


def _readable(label: str) -> str | None:
    """Return the encoding of a declaration; one read as ASCII cannot declare UTF-16."""
    name = name_of(label)
    if name == USER_DEFINED:
        return DEFAULT
    return "utf-8" if name in {"utf-16be", "utf-16le"} else name
