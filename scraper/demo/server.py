"""A small, fast HTTP/1.1 server for `pages`: keep-alive and pipelining, GET and HEAD, nothing else.

A bare `asyncio.Protocol` and not a web framework, because the site must cost less than the client
that is shown with it. Requests are answered as they arrive; a client that does not read its
answers is not read from either, so nothing piles up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast
from zlib import crc32

from scraper.demo import pages

HTML = "text/html; charset=utf-8"
MAX_HEAD_BYTES = 16 * 1024
_REASONS = {200: "OK", 304: "Not Modified", 400: "Bad Request"} | {
    404: "Not Found",
    405: "Method Not Allowed",
}


@asynccontextmanager
async def serve(host: str, port: int, *, or_free: bool = False) -> AsyncIterator[str]:
    """Serve the site, from entering to leaving; yields its address, e.g. http://127.0.0.1:8799.

    Args:
        port: 0 for any free one.
        or_free: take a free port when this one is taken, instead of raising OSError.
    """
    connections: set[asyncio.Transport] = set()
    loop = asyncio.get_running_loop()
    try:
        server = await loop.create_server(lambda: _Connection(connections), host, port)
    except OSError:
        if not or_free:
            raise
        server = await loop.create_server(lambda: _Connection(connections), host, 0)
    shown = f"[{host}]" if ":" in host else host
    try:
        yield f"http://{shown}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for transport in tuple(connections):  # or wait_closed() would wait for idle clients
            transport.abort()
        await server.wait_closed()


class _Connection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, connections: set[asyncio.Transport]) -> None:
        self._connections = connections
        self._unread = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's name
        self._connections.discard(self._transport)

    def pause_writing(self) -> None:
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        *heads, self._unread = (self._unread + data).split(b"\r\n\r\n")
        for head in heads:
            answer, keep = respond(head)
            self._transport.write(answer)
            if not keep:
                self._transport.close()
                return
        if len(self._unread) > MAX_HEAD_BYTES:
            self._transport.close()


def respond(head: bytes) -> tuple[bytes, bool]:
    """Return the answer to one request, and whether the connection stays open.

    Args:
        head: the request line and headers, without the empty line.
    """
    line, _, headers = head.partition(b"\r\n")
    words = line.split(b" ")
    if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
        return _answer(400, b"bad request\n", "text/plain", keep=False), False
    method, target, version = words
    if method not in {b"GET", b"HEAD"}:  # a body may follow, which nobody reads: close
        return _answer(405, b"only GET and HEAD\n", "text/plain", keep=False), False
    lower = headers.lower()
    keep = version == b"HTTP/1.1" and b"connection: close" not in lower
    status, body, content_type = route(target.decode("latin-1"))
    etag = f'"{crc32(body):08x}"' if status == 200 else ""
    if etag and _has(lower, etag):
        status, body = 304, b""
    head_only = method == b"HEAD"
    return _answer(status, body, content_type, keep=keep, etag=etag, head_only=head_only), keep


def _has(headers: bytes, etag: str) -> bool:
    """Whether the client has this version already (RFC 9110 section 13.1.2)."""
    _, found, rest = headers.partition(b"if-none-match:")
    return bool(found) and etag.encode() in rest.partition(b"\r\n")[0]


def route(target: str) -> tuple[int, bytes, str]:
    """Return status, body and content type of a path; a query is ignored."""
    path = target.partition("?")[0]
    if path in _PLAIN:
        return 200, *_PLAIN[path]
    folder, _, name = path.rpartition("/")
    make, last, content_type = _FOLDERS.get(folder, (None, 0, ""))
    number = _number(name.removesuffix(".jpg") if folder == "/img" else name)
    if make is None or not 1 <= number <= last:
        return 404, b"there is no such page\n", "text/plain"
    return 200, make(number), content_type


def _number(text: str) -> int:
    """The number that a path ends in; 0 when it is none or not in its one spelling."""
    plain = text.isascii() and text.isdecimal() and len(text) <= 6 and not text.startswith("0")
    return int(text) if plain else 0


def _answer(
    status: int,
    body: bytes,
    content_type: str,
    *,
    keep: bool,
    etag: str = "",
    head_only: bool = False,
) -> bytes:
    length = "" if status == 304 else f"Content-Length: {len(body)}\r\n"
    validator = f"ETag: {etag}\r\n" if etag else ""
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nServer: scraper-demo\r\n"
        f"Content-Type: {content_type}\r\n{length}{validator}"
        f"Connection: {'keep-alive' if keep else 'close'}\r\n\r\n"
    ).encode("latin-1")
    return head if head_only else head + body


_PLAIN: dict[str, tuple[bytes, str]] = {
    "/": (pages.front(), HTML),
    "/robots.txt": (pages.ROBOTS, "text/plain; charset=utf-8"),
    "/private/ledger": (b"Income: none. Expenses: none.\n", "text/plain; charset=utf-8"),
}
_FOLDERS: dict[str, tuple[Callable[[int], bytes], int, str]] = {
    "/product": (pages.product, pages.PRODUCTS, HTML),
    "/list": (pages.listing, pages.LISTS, HTML),
    "/img": (pages.cover, pages.PRODUCTS, "image/svg+xml"),
}
