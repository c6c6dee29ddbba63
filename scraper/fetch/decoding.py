"""Content codings, undone piece by piece.

aiohttp could do this, but it takes a body that ends in the middle of its gzip for a success and
passes on `x-gzip` and `gzip, gzip` as they are. Here a decoder

- yields pieces of bounded size, so that a bomb costs no more memory than one piece,
- knows whether the coded stream came to its end (`complete`),
- accepts gzip members and zstd frames one after another, and ignores garbage behind the last one,
  as browsers do.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

import brotli  # type: ignore[import-untyped]  # it ships no types

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# isal, if it is there, inflates in half the time of zlib and has the same interface.
deflate: Any = import_module("isal.isal_zlib") if find_spec("isal") else zlib

PIECE_BYTES = 256 * 1024
MAX_CODINGS = 3
MAX_MEMBERS = 1000  # each costs a copy of what follows it
MAX_WINDOW_LOG = 23  # 8 MiB: RFC 9659 section 3
ACCEPT_ENCODING = "gzip, deflate, br, zstd"


class CodingError(ValueError):
    """The body is not what its Content-Encoding says, or that is unknown."""


class Decoder(Protocol):
    """A streaming decoder of one coding."""

    @property
    def complete(self) -> bool:
        """Whether the coded stream has ended properly."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what these coded bytes decode to; CodingError when they cannot be decoded."""


def decoder(content_encoding: str) -> Decoder | None:
    """Return the decoder for a Content-Encoding header; None when there is nothing to undo."""
    names = [name.strip().lower() for name in content_encoding.split(",")]
    codings = [name for name in names if name not in NO_CODING]
    if len(codings) > MAX_CODINGS:
        raise CodingError(f"more than {MAX_CODINGS} content codings: {content_encoding[:100]!r}")
    unknown = [name for name in codings if name not in CODINGS]
    if unknown:
        raise CodingError(f"unknown content coding {unknown[0][:100]!r}")
    decoders = [CODINGS[name]() for name in reversed(codings)]
    if len(decoders) < 2:
        return decoders[0] if decoders else None
    return Chain(decoders)


class Chain:
    """Several codings, the outermost first."""

    def __init__(self, decoders: list[Decoder]) -> None:
        self._decoders = decoders

    @property
    def complete(self) -> bool:
        return all(decoder.complete for decoder in self._decoders)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """See `Decoder.feed`."""
        return self._through(data, 0)

    def _through(self, data: bytes, depth: int) -> Iterator[bytes]:
        if depth == len(self._decoders):
            yield data
            return
        for piece in self._decoders[depth].feed(data):
            yield from self._through(piece, depth + 1)


class Inflater(Protocol):
    """What zlib and isal give."""

    eof: bool
    unconsumed_tail: bytes
    unused_data: bytes

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Return at most so many bytes."""


class Deflate:
    """`deflate`: zlib format, or the raw format that some servers send under this name."""

    def __init__(self) -> None:
        self._stream: Inflater | None = None  # made when the format is known
        self._start = b""

    @property
    def complete(self) -> bool:
        return self._stream is not None and self._stream.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        """See `Decoder.feed`."""
        if self._stream is None:
            self._start += data
            if len(self._start) < 2:
                return
            data, self._start = self._start, b""
            self._stream = deflate.decompressobj(15 if _is_zlib(data) else -15)
        if not self._stream.eof:
            yield from _inflate(self._stream, data)


def _is_zlib(start: bytes) -> bool:
    """RFC 1950 section 2.2: the method is 8 and the first two bytes are a multiple of 31."""
    return start[0] & 15 == 8 and (start[0] * 256 + start[1]) % 31 == 0


def _inflate(stream: Inflater, data: bytes) -> Iterator[bytes]:
    while not stream.eof:
        try:
            piece = stream.decompress(data, PIECE_BYTES)
        except (zlib.error, deflate.error) as error:
            raise CodingError(str(error)) from error
        data = stream.unconsumed_tail
        if piece:
            yield piece
        if not data and len(piece) < PIECE_BYTES:
            return


class Members:
    """Coded streams that may stand one after another: gzip (RFC 1952), zstd (RFC 8878)."""

    def __init__(self, fresh: Callable[[], Member]) -> None:
        self._fresh = fresh
        self._member = fresh()
        self._count = 1
        self._start = b""  # of what follows a member, too short to tell what it is
        self._garbage = False

    @property
    def complete(self) -> bool:
        return self._member.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        """See `Decoder.feed`."""
        while data and not self._garbage:
            if self._member.eof:
                data = self._next_member(data)
            if data:
                yield from self._member.inflate(data)
                data = self._member.rest

    def _next_member(self, data: bytes) -> bytes:
        """Begin another member if there is one; return the bytes to give to it."""
        start = self._start + data
        begins = self._member.begins(start)
        if begins is None:
            self._start = start
            return b""
        self._start = b""
        if not begins:
            self._garbage = True
            return b""
        self._count += 1
        if self._count > MAX_MEMBERS:
            raise CodingError(f"more than {MAX_MEMBERS} members in one body")
        self._member = self._fresh()
        return start


class Member(Protocol):
    """One stream of several."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended properly."""

    @property
    def rest(self) -> bytes:
        """What was fed beyond the end."""

    def begins(self, start: bytes) -> bool | None:
        """Whether another member begins with these bytes; None: too short to tell."""

    def inflate(self, data: bytes) -> Iterator[bytes]:
        """Yield what the data decodes to, in bounded pieces."""


class GzipMember:
    """See `Member`."""

    def __init__(self) -> None:
        self._stream: Inflater = deflate.decompressobj(31)

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def rest(self) -> bytes:
        return self._stream.unused_data

    def begins(self, start: bytes) -> bool | None:
        """See `Member.begins`."""
        return None if start == b"\x1f" else start.startswith(b"\x1f\x8b")

    def inflate(self, data: bytes) -> Iterator[bytes]:
        """See `Member.inflate`."""
        return _inflate(self._stream, data)


class ZstdMember:
    """See `Member`."""

    def __init__(self) -> None:
        options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: MAX_WINDOW_LOG}
        self._stream = zstd.ZstdDecompressor(options=options)

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def rest(self) -> bytes:
        return self._stream.unused_data

    def begins(self, start: bytes) -> bool | None:
        """See `Member.begins`; a frame may be one to skip."""
        if len(start) < 4:
            return None
        skippable = start[0] >> 4 == 5 and start[1:4] == b"\x2a\x4d\x18"
        return skippable or start[:4] == b"\x28\xb5\x2f\xfd"

    def inflate(self, data: bytes) -> Iterator[bytes]:
        """See `Member.inflate`."""
        while not self._stream.eof:
            try:
                piece = self._stream.decompress(data, PIECE_BYTES)
            except zstd.ZstdError as error:
                raise CodingError(str(error)) from error
            data = b""
            if piece:
                yield piece
            if self._stream.needs_input:
                return


class Brotli:
    """`br`: RFC 7932, one stream, and nothing behind it."""

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    @property
    def complete(self) -> bool:
        return bool(self._stream.is_finished())

    def feed(self, data: bytes) -> Iterator[bytes]:
        """See `Decoder.feed`."""
        while not self._stream.is_finished():
            try:
                piece = self._stream.process(data, output_buffer_limit=PIECE_BYTES)
            except brotli.error as error:
                raise CodingError(str(error)) from error
            data = b""
            if piece:
                yield piece
            if len(piece) < PIECE_BYTES:  # no limit was met: everything is out
                return


NO_CODING = frozenset({"", "identity", "none", "utf-8"})  # the last two are seen in the wild
CODINGS: dict[str, Callable[[], Decoder]] = {
    "gzip": lambda: Members(GzipMember),
    "x-gzip": lambda: Members(GzipMember),
    "deflate": Deflate,
    "br": Brotli,
    "zstd": lambda: Members(ZstdMember),
}
