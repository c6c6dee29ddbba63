"""The body of an answer: read in bounded pieces, decoded, never more than the limit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from scraper.core.errors import FetchError
from scraper.core.model import Reason
from scraper.fetch.budget import FREE_BYTES
from scraper.fetch.decoding import CodingError, Decoder, decoder

if TYPE_CHECKING:
    from aiohttp import ClientResponse, StreamReader

BREATH_BYTES = 1024 * 1024  # decoded without a pause: a few milliseconds

MAX_REDIRECT_BODY_BYTES = 64 * 1024


class Body:
    """Collects a body up to a limit.

    Args:
        limit_bytes: of the decoded body; the coded one may not be longer either, or a coding that
            grows could send for ever.
        cut: keep what fits instead of failing.
        room: waits until a body that is long already may be read on.
    """

    def __init__(
        self, limit_bytes: int, *, cut: bool, room: Callable[[Body], Awaitable[None]]
    ) -> None:
        self._limit_bytes = limit_bytes
        self._room = room
        self._cut = cut
        self._pieces: list[bytes] = []
        self.size_bytes = 0
        self.wire_bytes = 0

    @property
    def data(self) -> bytes:
        """What was read so far."""
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        return data if self.size_bytes <= self._limit_bytes else data[: self._limit_bytes]

    async def read(self, answer: ClientResponse) -> None:
        """Read to the end, or as much as may be kept; FetchError when it cannot be had."""
        if answer.status >= 300:
            self._settle_for_less(answer.status)
        try:
            coding = answer.headers.get("Content-Encoding")
            decode = decoder(coding) if coding else None
            if decode is None:
                await self._read_plain(answer)
            else:
                await self._read_coded(answer.content, decode)
        except CodingError as error:
            raise FetchError(Reason.ENCODING, str(error)) from error

    def _settle_for_less(self, status: int) -> None:
        self._cut = True
        if status < 400:  # nobody looks at it: read so that the connection can be kept
            self._limit_bytes = min(self._limit_bytes, MAX_REDIRECT_BODY_BYTES)

    async def _read_plain(self, answer: ClientResponse) -> None:
        if (answer.content_length or 0) > self._limit_bytes and not self._cut:
            raise self._too_large(f"Content-Length is {answer.content_length}")
        stream = answer.content
        while not stream.at_eof():
            piece = await stream.readany()
            self.wire_bytes += len(piece)
            if not self._keep(piece):
                return
            if self.size_bytes > FREE_BYTES:
                await self._room(self)

    async def _read_coded(self, stream: StreamReader, decode: Decoder) -> None:
        pause_at = BREATH_BYTES
        while not stream.at_eof():
            coded = await stream.readany()
            self.wire_bytes += len(coded)
            for piece in decode.feed(coded):
                if not self._keep(piece):
                    return
                if self.size_bytes > pause_at:
                    pause_at = self.size_bytes + BREATH_BYTES
                    await asyncio.sleep(0)
                    await self._room(self)
            if self.wire_bytes > self._limit_bytes:
                raise self._too_large("before decompression")
        if self.wire_bytes and not decode.complete:
            raise FetchError(Reason.TRUNCATED, "the body ends before its compressed stream does")

    def _keep(self, piece: bytes) -> bool:
        """Whether there is room for more after this piece."""
        if piece:
            self._pieces.append(piece)
        self.size_bytes += len(piece)
        if self.size_bytes <= self._limit_bytes:
            return True
        if self._cut:
            return False
        raise self._too_large("after decompression, counted while reading")

    def _too_large(self, how: str) -> FetchError:
        limit = f"more than fetch.max_body, {self._limit_bytes} bytes"
        return FetchError(Reason.TOO_LARGE, f"{limit} ({how})")
