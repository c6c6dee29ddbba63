"""Sitemaps, read piece by piece: XML by sitemaps.org, RSS, Atom, or a plain list of URLs.

- gzip is known by its first bytes, whatever the file is called.
- Names count, not name spaces: an element is taken by its place (`urlset/url/loc`) and by having
  the prefix of its root, so that `image:loc` is no page, and a file without a name space, or with
  an undeclared one, is read.
- No entity may be declared (a few of them can stand for gigabytes) and nothing outside the file is
  asked for. Elements may be nested `DEEPEST` times, and a tag be `LONGEST_TAG` long.
- The encoding is that of a byte order mark, else of the header, else of the declaration, else
  UTF-8. Broken bytes become U+FFFD.
- By the protocol a file holds 50,000 entries, 50 MiB and locations below 2,048 characters. The
  rest of a larger one is left out, and `Reader.bound` says so.

A sitemap's location must be absolute ("must begin with the protocol"): a relative one is handed
on as it is, and is no URL. Those of Atom may be relative, to `xml:base` (RFC 4287 section 2). An
item of RSS without a link is where its `guid` says, if that is a permalink.
"""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import NamedTuple
from xml.parsers import expat

from scraper.core.charsets import codec_of
from scraper.core.content import encoding
from scraper.core.errors import ScraperError
from scraper.core.lastmod import changed_by
from scraper.core.plan import SeedSitemap
from scraper.core.url import join

MOST_LEVELS = 4  # files from the one that the config names: three indexes and what they list
MOST_FILES = 50_000  # in all
MOST_BYTES = 50 * 1024 * 1024  # of a file, decompressed
MOST_ENTRIES = 50_000  # of a file
LONGEST = 2_047  # characters of a location
LONGEST_TAG = 1024 * 1024  # bytes
DEEPEST = 100
MOST_OTHER_LINES = 100  # of a list, before the first URL
PIECE = 32 * 1024  # bytes; some 5 ms with what is made of them

_GZIP = b"\x1f\x8b"
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)
_HEAD_BYTES = 1024
_LINE_END = re.compile(r"\r\n?|\n")


class SitemapError(ScraperError):
    """A sitemap cannot be read, or not to its end; what came before is good."""


class Entry(NamedTuple):
    """One location of a sitemap."""

    line: int  # where it ends
    loc: str  # as written, without white space around it; may be no URL
    changed_by: float | None  # the page was not changed later (seconds since the epoch); None: ?
    is_sitemap: bool  # of an index


@dataclass(frozen=True, slots=True)
class Listed:
    """A page that a sitemap names."""

    sitemap: str  # its URL, as it may be told
    entry: Entry
    source: SeedSitemap  # what the config says of it


@dataclass(frozen=True, slots=True)
class _Dialect:
    """Where the entries of a kind of XML file are."""

    path: tuple[str, ...]  # from the root's child to the element of an entry
    loc: str
    changed: str | None = None  # `pubDate` of RSS tells when a page appeared, not when it changed
    prefixed: bool = True  # with the prefix of the root; else with none
    attribute: str | None = None  # that holds the location; None: it is the text
    is_index: bool = False
    permalink: str | None = None  # an element that stands for a missing location


_DIALECTS = {
    "urlset": _Dialect(("url",), "loc", "lastmod"),
    "sitemapindex": _Dialect(("sitemap",), "loc", "lastmod", is_index=True),
    "rss": _Dialect(("channel", "item"), "link", prefixed=False, permalink="guid"),
    "rdf": _Dialect(("item",), "link", prefixed=False),
    "feed": _Dialect(("entry",), "link", "updated", attribute="href"),
}


def unpacked(body: bytes) -> Iterator[bytes]:
    """The body in pieces, decompressed if it is gzip; a piece may be empty.

    Raises:
        SitemapError: the gzip stream is broken, or ends too soon.
    """
    pieces = (body[at : at + PIECE] for at in range(0, len(body), PIECE))
    if not body.startswith(_GZIP):
        yield from pieces
        return
    try:
        yield from _inflated(pieces)
    except zlib.error as error:
        raise SitemapError(f"its gzip is broken: {error}") from error


def _inflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The members of a gzip file, one behind the other; padding behind them is passed over."""
    decoder, is_new = zlib.decompressobj(zlib.MAX_WBITS | 16), False
    for piece in pieces:
        rest = piece
        while rest:
            if is_new and not _GZIP.startswith(rest[: len(_GZIP)]):
                return
            yield decoder.decompress(rest, PIECE)
            rest, is_new = decoder.unconsumed_tail, decoder.eof
            if decoder.eof:
                rest, decoder = decoder.unused_data, zlib.decompressobj(zlib.MAX_WBITS | 16)
    if not is_new:
        raise SitemapError("its gzip ends too soon")


class Reader:
    """Takes the pieces of one file, decompressed; gives what entries are in them.

    Args:
        url: of the file.
        content_type: the header.
    """

    def __init__(self, *, url: str, content_type: str = "") -> None:
        self.bound: str | None = None  # what is too much; the rest was left out
        self._url = url
        self._content_type = content_type
        self._head = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._form: _Xml | _List | None = None
        self._skipped = 0  # empty lines at the beginning
        self._bytes = 0
        self._entries = 0

    def feed(self, piece: bytes) -> list[Entry]:
        """The entries that end in this piece.

        Raises:
            SitemapError: the file cannot be read any further.
        """
        if self.bound is not None:
            return []
        self._bytes += len(piece)
        if self._bytes > MOST_BYTES:
            self.bound = f"more than {MOST_BYTES // 1024**2} MiB"
            return []
        if self._decoder is None:
            self._head += piece
            if len(self._head) < _HEAD_BYTES:
                return []
            piece = self._head
        return self._take(piece, last=False)

    def close(self) -> list[Entry]:
        """The last entries.

        Raises:
            SitemapError: the file is empty, or ends too soon.
        """
        if self.bound is not None:
            return []
        return self._take(self._head if self._decoder is None else b"", last=True)

    def _take(self, piece: bytes, *, last: bool) -> list[Entry]:
        if self._decoder is None:
            name = _encoding(piece, self._content_type)
            self._decoder = codecs.getincrementaldecoder(codec_of(name))("replace")
        text = self._decoder.decode(piece, last)
        if self._form is None:
            white = len(text) - len(text.lstrip("\ufeff \t\r\n"))
            self._skipped += len(_LINE_END.findall(text[:white]))
            text = text[white:]
            if not text:
                if last:
                    raise SitemapError("it is empty")
                return []
            if text[:14].lower() == "<!doctype html":
                raise SitemapError("it is no sitemap: it is an HTML page")
            self._form = _Xml(self._url, self._skipped) if text[0] == "<" else _List(self._skipped)
        found = self._form.feed(text, last=last)
        self._entries += len(found)
        if self._entries > MOST_ENTRIES:
            self.bound = f"more than {MOST_ENTRIES:,} entries"
            del found[MOST_ENTRIES - self._entries :]
        return found


class _List:
    """One URL a line."""

    def __init__(self, line: int) -> None:
        self._line = line
        self._rest = ""
        self._has_url = False

    def feed(self, text: str, *, last: bool) -> list[Entry]:
        *lines, rest = _LINE_END.split(self._rest + text)
        self._rest = rest[: LONGEST + 1]  # what is longer is no URL, and may be cut
        if last:
            lines.append(self._rest)
        found = []
        for line in lines:
            self._line += 1
            if loc := line.strip():
                found.append(Entry(self._line, loc, None, is_sitemap=False))
                self._has_url = self._has_url or "://" in loc
        if not self._has_url and (last or self._line >= MOST_OTHER_LINES):
            raise SitemapError("it is no sitemap: neither XML nor a list of URLs")
        return found


class _Xml:
    """The entries of an XML file."""

    def __init__(self, url: str, line: int) -> None:
        self._bases = [url]  # of the elements that are open and those around the root
        self._line = line
        self._fed = 0
        self._open: list[str] = []  # the names of the elements that are open
        self._names: tuple[str, ...] = ()  # of an entry's element and those around it
        self._dialect = _DIALECTS["urlset"]
        self._fields = frozenset[str]()
        self._field: list[str] | None = None  # the text of a field, as far as it was read
        self._entry: dict[str, str] = {}
        self._found: list[Entry] = []
        self._parser = parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.UseForeignDTD(True)  # so that `&nbsp;` is no error
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.SkippedEntityHandler = self._skipped
        parser.EntityDeclHandler = self._declared

    def feed(self, text: str, *, last: bool) -> list[Entry]:
        octets = text.encode("utf-8", "replace")
        self._fed += len(octets)
        try:
            self._parser.Parse(octets, last)
        except expat.ExpatError as error:
            raise SitemapError(f"its XML is broken: {error}") from error
        if self._fed - self._parser.CurrentByteIndex > LONGEST_TAG:
            raise SitemapError("its XML has a tag without an end")
        found, self._found = self._found, []
        return found

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if not self._open:
            self._root(name)
        self._open.append(name)
        self._bases.append(self._base(attributes))
        depth = len(self._open)
        if depth > DEEPEST:
            raise SitemapError("its XML is nested too deeply")
        if depth == len(self._names) + 1 and name in self._fields and self._is_in_entry():
            if self._dialect.attribute is not None and name == self._loc:
                self._link(attributes)
            elif name != self._dialect.permalink or attributes.get("isPermaLink") != "false":
                self._field = []

    def _base(self, attributes: Mapping[str, str]) -> str:
        """What relative locations in the element are relative to."""
        base, around = attributes.get("xml:base", "")[: LONGEST + 1].strip(), self._bases[-1]
        return _joined(around, base) if base else around

    def _root(self, name: str) -> None:
        prefix, _, local = name.rpartition(":")
        dialect = _DIALECTS.get(local.lower())
        if dialect is None:
            raise SitemapError(f"it is no sitemap: it begins with <{name[:40]}>")
        before = f"{prefix}:" if prefix and dialect.prefixed else ""
        self._dialect = dialect
        self._names = (name, *(before + each for each in dialect.path))
        self._loc, self._changed = before + dialect.loc, before + (dialect.changed or "")
        self._fields = frozenset({self._loc, self._changed, dialect.permalink or ""})

    def _is_in_entry(self) -> bool:
        return tuple(self._open[:-1]) == self._names

    def _link(self, attributes: Mapping[str, str]) -> None:
        """Atom: the link to the page, not one to comments or to the feed itself."""
        if attributes.get("rel", "alternate") == "alternate" and self._loc not in self._entry:
            href = attributes.get(self._dialect.attribute or "", "")
            self._entry[self._loc] = _joined(self._bases[-1], href.strip()[: LONGEST + 1])

    def _text(self, text: str) -> None:
        if self._field is not None and len(self._field) <= LONGEST:
            self._field.append(text[: LONGEST + 1])

    def _skipped(self, name: str, *_: object) -> None:
        self._text(unescape(f"&{name};"))

    def _declared(self, *_: object) -> None:
        raise SitemapError("its XML declares entities: these are not read")

    def _end(self, name: str) -> None:
        if self._field is not None and len(self._open) == len(self._names) + 1:
            value = "".join(self._field).strip()[: LONGEST + 1]
            self._field = None
            if value:
                self._entry.setdefault(name, value)
        elif tuple(self._open) == self._names:
            self._finish()
        self._open.pop()
        self._bases.pop()

    def _finish(self) -> None:
        entry, self._entry = self._entry, {}
        guid = entry.get(self._dialect.permalink or "", "")
        if loc := entry.get(self._loc) or ("://" in guid and guid):
            line = self._line + self._parser.CurrentLineNumber
            changed = changed_by(entry.get(self._changed, ""))
            self._found.append(Entry(line, loc, changed, self._dialect.is_index))


def _joined(base: str, href: str) -> str:
    try:
        return join(base, href) if href else ""
    except ValueError:
        return href


def _encoding(head: bytes, content_type: str) -> str:
    """The encoding by mark, header or declaration; what is not declared is UTF-8, not a guess."""
    if head.startswith(_MARKS):
        return encoding(head, content_type)
    declared = head[:_HEAD_BYTES].lstrip(b" \t\r\n").decode("ascii", "ignore").encode()
    return encoding(declared + "\u00e9".encode(), content_type)
