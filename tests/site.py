"""A web server of sockets and bytes: well behaved, or broken in a way of your choice.

    async with Site() as site:
        site.route("/a", html("<p>hello"))
        site.route("/shop/*", html(lambda visit: page_for(visit.path)))
        site.route("/flaky", [status(503), html("second try")])  # used up, the last one stays
        ... site.url("/a") ... site.visits ...

It listens on 127.0.0.1 and a free port; `Site(hosts=(...))` listens on more loopback addresses,
same port. `SiteThread` is the same in a thread of its own, for tests of the whole command.
A path without a route answers 404, robots.txt included.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import json
import socket
import ssl
import struct
import threading
import time
import zlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, TypeAlias

MAX_VISITS = 200_000
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Visit:
    """One request as the site saw it."""

    at: float  # time.monotonic()
    method: str
    path: str  # the request target: path and query
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    connection: int  # which connection it came on: equal numbers mean keep-alive

    @property
    def host(self) -> str:
        return self.headers.get("host", "")


@dataclass(slots=True)
class Wire:
    """What a handler writes its answer to."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    visit: Visit
    keep: bool = True  # the connection, for the next request

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self, code: int, headers: Iterable[tuple[str, str]]) -> None:
        lines = [f"HTTP/1.1 {code} Whatever", *(f"{name}: {value}" for name, value in headers)]
        await self.send("\r\n".join([*lines, "", ""]).encode("latin-1"))

    async def answer(self, code: int, body: bytes, headers: Mapping[str, str]) -> None:
        lines = [
            f"HTTP/1.1 {code} Whatever",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        if (
            code not in (204, 304)
            and code >= 200
            and "content-length" not in map(str.lower, headers)
        ):
            lines.append(f"Content-Length: {len(body)}")
        sent = b"" if self.visit.method == "HEAD" or code in (204, 304) else body
        await self.send("\r\n".join([*lines, "", ""]).encode("latin-1") + sent)

    async def gone(self) -> None:
        """Wait until the client has left."""
        self.keep = False
        await self.reader.read()

    def reset(self) -> None:
        """Close with a TCP reset instead of an orderly end."""
        self.keep = False
        sock = self.writer.get_extra_info("socket")
        if sock is not None:  # uvloop: the client has left already
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Handler: TypeAlias = Callable[[Wire], Awaitable[None]]
Body: TypeAlias = "str | bytes | Callable[[Visit], str | bytes]"


def _bytes(body: Body, visit: Visit) -> bytes:
    value = body(visit) if callable(body) else body
    return value.encode() if isinstance(value, str) else value


# --- well-behaved answers


def html(body: Body, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Handler:
    """A page; a callable makes the body from the visit."""
    extra = {"Content-Type": "text/html; charset=utf-8", **(headers or {})}

    async def handler(wire: Wire) -> None:
        await wire.answer(status, _bytes(body, wire.visit), extra)

    return handler


def raw(body: Body, media_type: str, *, headers: Mapping[str, str] | None = None) -> Handler:
    """Any other document."""
    return html(body, headers={"Content-Type": media_type, **(headers or {})})


def text(body: Body, *, headers: Mapping[str, str] | None = None) -> Handler:
    """Plain text, e.g. a robots.txt."""
    return raw(body, "text/plain; charset=utf-8", headers=headers)


def as_json(value: Any, *, status: int = 200) -> Handler:
    """A JSON document."""
    return html(json.dumps(value), status=status, headers={"Content-Type": "application/json"})


def status(code: int, *, headers: Mapping[str, str] | None = None, body: Body = "") -> Handler:
    """A bare status."""
    return html(body, status=code, headers=headers)


def redirect(to: str, *, status: int = 302, body: Body = "moved") -> Handler:
    """A redirect."""
    return html(body, status=status, headers={"Location": to})


def retry_after(value: str, *, status: int = 503) -> Handler:
    """Come back later: seconds or an HTTP date."""
    return html("later", status=status, headers={"Retry-After": value})


def computed(choose: Callable[[Visit], Handler]) -> Handler:
    """Any handler, chosen by the visit."""

    async def handler(wire: Wire) -> None:
        await choose(wire.visit)(wire)

    return handler


def sequence(handlers: Sequence[Handler]) -> Handler:
    """One handler after the other, visit by visit; the last one stays."""
    left = deque(handlers)

    async def handler(wire: Wire) -> None:
        await (left.popleft() if len(left) > 1 else left[0])(wire)

    return handler


def chunked(*parts: bytes, headers: Mapping[str, str] | None = None) -> Handler:
    """A body in chunked framing, one chunk a part."""

    async def handler(wire: Wire) -> None:
        extra = {"Content-Type": "text/html", **(headers or {}), "Transfer-Encoding": "chunked"}
        await wire.head(200, extra.items())
        for part in parts:
            await wire.send(b"%x\r\n%s\r\n" % (len(part), part))
        await wire.send(b"0\r\n\r\n")

    return handler


def encoded(body: bytes, coding: str, *, declared: str | None = None) -> Handler:
    """A page with a content coding: gzip, deflate, raw-deflate, br, zstd."""
    return html(compress(body, coding), headers={"Content-Encoding": declared or coding})


def closing(then: Handler) -> Handler:
    """Answer, and close the connection without having announced it."""

    async def handler(wire: Wire) -> None:
        await then(wire)
        wire.keep = False

    return handler


def slow(seconds: float, then: Handler) -> Handler:
    """Think first."""

    async def handler(wire: Wire) -> None:
        await asyncio.sleep(seconds)
        await then(wire)

    return handler


# --- broken answers


def reset(after: bytes = b"") -> Handler:
    """A TCP reset, after these bytes."""

    async def handler(wire: Wire) -> None:
        if after:
            await wire.send(after)
            await asyncio.sleep(0.02)  # so that the bytes arrive before the reset drops them
        wire.reset()

    return handler


def hang_up(after: bytes = b"") -> Handler:
    """An orderly close without an answer, or after these bytes."""

    async def handler(wire: Wire) -> None:
        if after:
            await wire.send(after)
        wire.keep = False

    return handler


def garbage(data: bytes = b"\x00\x01 this is not HTTP\r\n\r\n") -> Handler:
    """Bytes that are no HTTP answer."""
    return hang_up(data)


def truncated(body: bytes = b"<p>half", *, how: str = "length") -> Handler:
    """A body that ends too soon: by "length", "chunked" framing, or cut inside its "gzip"."""
    if how == "gzip":
        whole = gzip.compress(body * 50)
        return html(whole[: len(whole) - 12], headers={"Content-Encoding": "gzip"})
    if how == "chunked":
        return hang_up(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s" % (len(body) + 9, body)
        )
    return hang_up(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body) + 100, body))


def endless(piece: bytes = b"x" * 65536, *, headers: Mapping[str, str] | None = None) -> Handler:
    """A body that never ends."""

    async def handler(wire: Wire) -> None:
        await wire.head(200, {**(headers or {}), "Transfer-Encoding": "chunked"}.items())
        while True:
            await wire.send(b"%x\r\n%s\r\n" % (len(piece), piece))

    return handler


def drip(interval_s: float, piece: bytes = b"x") -> Handler:
    """An endless body, one piece at a time."""

    async def handler(wire: Wire) -> None:
        await wire.head(200, [("Content-Length", "1000000")])
        while True:
            await wire.send(piece)
            await asyncio.sleep(interval_s)

    return handler


def silent(after: bytes = b"") -> Handler:
    """These bytes and then nothing, with the connection open."""

    async def handler(wire: Wire) -> None:
        await wire.send(after)
        await wire.gone()

    return handler


def bomb(coding: str = "gzip", size: int = 64 * MIB) -> Handler:
    """A small body that decompresses to `size` bytes of zeros."""
    parts = list(compressed_zeros(coding, size))

    async def handler(wire: Wire) -> None:
        head = {"Content-Encoding": coding, "Transfer-Encoding": "chunked"}
        await wire.head(200, head.items())
        for part in parts:
            if part:
                await wire.send(b"%x\r\n%s\r\n" % (len(part), part))
        await wire.send(b"0\r\n\r\n")

    return handler


def big_headers(count: int = 1000, size: int = 1000) -> Handler:
    """More headers than anybody needs."""
    return html("x", headers={f"X-Big-{n}": "y" * size for n in range(count)})


def tiny_chunks(count: int, piece: bytes = b"x") -> Handler:
    """A body in chunks of one byte."""

    async def handler(wire: Wire) -> None:
        await wire.head(200, [("Transfer-Encoding", "chunked")])
        block = b"%x\r\n%s\r\n" % (len(piece), piece)
        for _ in range(count // 1000):
            await wire.send(block * 1000)
        await wire.send(block * (count % 1000) + b"0\r\n\r\n")

    return handler


# --- content codings


def compress(body: bytes, coding: str) -> bytes:
    """The body in a content coding."""
    maker = _compressor(coding)
    return maker[0](body) + maker[1]()


def compressed_zeros(coding: str, size: int) -> Iterable[bytes]:
    """`size` zero bytes in a content coding, piece by piece."""
    feed, finish = _compressor(coding)
    zeros = bytes(MIB)
    for _ in range(size // MIB):
        yield feed(zeros)
    yield finish()


def _compressor(coding: str) -> tuple[Callable[[bytes], bytes], Callable[[], bytes]]:
    if coding in ("gzip", "x-gzip", "deflate", "raw-deflate"):
        bits = {"deflate": 15, "raw-deflate": -15}.get(coding, 31)
        deflate = zlib.compressobj(1, zlib.DEFLATED, bits)
        return deflate.compress, deflate.flush
    if coding == "br":
        import brotli

        squeeze = brotli.Compressor(quality=4)
        return squeeze.process, squeeze.finish
    if coding == "zstd":
        try:
            from compression import zstd  # Python 3.14
        except ImportError:
            from backports import zstd
        squash = zstd.ZstdCompressor()
        return squash.compress, squash.flush
    raise ValueError(coding)


# --- the server


@dataclass(eq=False)
class Site:
    """The server; see the head of this file."""

    hosts: tuple[str, ...] = ("127.0.0.1",)
    tls: ssl.SSLContext | None = None
    port: int = 0
    visits: deque[Visit] = field(default_factory=lambda: deque(maxlen=MAX_VISITS))
    connections: int = 0  # accepted so far
    open: int = 0  # connections
    _routes: dict[str, Handler] = field(default_factory=dict)
    _awaited: dict[str, asyncio.Event] = field(default_factory=dict)
    _servers: list[asyncio.Server] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _numbers: Iterable[int] = field(default_factory=itertools.count)

    def route(self, path: str, handler: Handler | Sequence[Handler]) -> None:
        """Answer this path so; "/shop/*" means everything that begins so, the longest one wins.

        A path with a query fits that query only; without one, any.
        """
        self._routes[path] = handler if callable(handler) else sequence(handler)

    def url(self, path: str = "/", *, host: str | None = None) -> str:
        scheme = "https" if self.tls else "http"
        return f"{scheme}://{host or self.hosts[0]}:{self.port}{path}"

    def paths(self) -> list[str]:
        """What was asked, in order."""
        return [visit.path for visit in self.visits]

    async def asked(self, path: str) -> None:
        """Wait until this path is asked for, from now on."""
        await self._awaited.setdefault(path, asyncio.Event()).wait()

    async def __aenter__(self) -> Site:
        for host in self.hosts:
            server = await asyncio.start_server(
                self._connected, host, self.port, ssl=self.tls, backlog=1024
            )
            self._servers.append(server)
            self.port = server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        for server in self._servers:
            server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # aborted transports close in the next turn of the loop
        self._servers.clear()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        number = self.connections
        try:
            while (visit := await _read_request(reader, number)) is not None:
                self.visits.append(visit)
                if visit.path in self._awaited:
                    self._awaited.pop(visit.path).set()
                wire = Wire(reader, writer, visit)
                await self._handler(visit.path)(wire)
                if not wire.keep or visit.headers.get("connection", "").lower() == "close":
                    break
            writer.close()
        except (OSError, EOFError, asyncio.LimitOverrunError):
            pass  # the client has left
        finally:
            self.open -= 1
            if not writer.transport.is_closing():
                writer.transport.abort()

    def _handler(self, target: str) -> Handler:
        path = target.partition("?")[0]
        for exact in (target, path):
            if exact in self._routes:
                return self._routes[exact]
        fitting = [
            route for route in self._routes if route.endswith("*") and path.startswith(route[:-1])
        ]
        return self._routes[max(fitting, key=len)] if fitting else status(404, body="not here")


async def _read_request(reader: asyncio.StreamReader, connection: int) -> Visit | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    method, target, _ = first.split(" ", 2)
    pairs = (line.split(":", 1) for line in lines)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Visit(time.monotonic(), method, target, headers, body, connection)


class SiteThread:
    """A `Site` in a thread of its own."""

    def __init__(self, **options: Any) -> None:
        self.site = Site(**options)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="site", daemon=True)

    @property
    def visits(self) -> deque[Visit]:
        return self.site.visits

    def route(self, path: str, handler: Handler | Sequence[Handler]) -> None:
        self.site.route(path, handler)

    def url(self, path: str = "/", *, host: str | None = None) -> str:
        return self.site.url(path, host=host)

    def paths(self) -> list[str]:
        return self.site.paths()

    @property
    def port(self) -> int:
        return self.site.port

    def __enter__(self) -> SiteThread:
        self._thread.start()
        if not self._ready.wait(10):
            raise TimeoutError("the site did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        async with self.site:
            self._ready.set()
            await self._stop.wait()
