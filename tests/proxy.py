"""A proxy of sockets and bytes: HTTP with CONNECT, or SOCKS5; well behaved, or broken.

    async with HttpProxy(login="user:secret") as proxy:
        ... proxy.url ... proxy.asked ... proxy.heads ...

It connects to where it is asked to; `reach` sends a name elsewhere, as a name server of its own
would. `instead` answers every request or greeting in its own way. `ProxyThread` is the same in a
thread of its own, for tests of the whole command.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from types import TracebackType
from urllib.parse import urlsplit

Instead = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def saying(answer: bytes, *, after_head: bool = True) -> Instead:
    """These bytes instead of an answer, and the end."""

    async def instead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if after_head:
            await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    return instead


def endless(piece: bytes, *, interval_s: float = 0.0) -> Instead:
    """An answer that never ends."""

    async def instead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(interval_s)

    return instead


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Nothing at all, with the connection open."""
    while await reader.read(65536):
        pass


@dataclass(eq=False)
class Proxy:
    """What the two kinds have in common."""

    login: str | None = None
    tls: ssl.SSLContext | None = None
    instead: Instead | None = None
    reach: dict[str, tuple[str, int]] = field(default_factory=dict)
    host: str = "127.0.0.1"
    port: int = 0
    asked: list[str] = field(default_factory=list)  # "host:port" of each target, in order
    heads: list[bytes] = field(default_factory=list)  # everything that was said to the proxy itself
    connections: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _server: asyncio.Server | None = None

    scheme = "http"

    @property
    def url(self) -> str:
        login = f"{self.login}@" if self.login else ""
        scheme = f"{self.scheme}s" if self.tls else self.scheme
        return f"{scheme}://{login}{self.host}:{self.port}"

    @property
    def bare(self) -> str:
        """The URL without the login: as messages show it."""
        return self.url.replace(f"{self.login}@", "")

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(
            self._connected, self.host, self.port, ssl=self.tls
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        try:
            if self.instead is not None:
                await self.instead(reader, writer)
            else:
                await self.speak(reader, writer)
            writer.close()
        except (OSError, EOFError, asyncio.LimitOverrunError):
            pass
        finally:
            if not writer.transport.is_closing():
                writer.transport.abort()

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError

    async def open(self, host: str, port: int) -> Streams:
        self.asked.append(f"{host}:{port}")
        there = await asyncio.open_connection(*self.reach.get(host, (host.strip("[]"), port)))
        self._writers.append(there[1])
        return there


class HttpProxy(Proxy):
    """Forwards absolute URLs, and tunnels by CONNECT."""

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                return
            self.heads.append(head)
            if not self._knows(head):
                writer.write(b"HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n")
                continue
            method, target, _ = head.decode("latin-1").split("\r\n")[0].split(" ")
            if method == "CONNECT":
                await self._tunnel(target, reader, writer)
                return
            await self._forward(head, target, reader, writer)

    def _knows(self, head: bytes) -> bool:
        wanted = base64.b64encode((self.login or "").encode())
        return self.login is None or b"Proxy-Authorization: Basic " + wanted in head

    async def _tunnel(
        self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        host, _, port = target.rpartition(":")
        try:
            there = await self.open(host, int(port))
        except OSError:
            writer.write(b"HTTP/1.1 502 Nobody there\r\nContent-Length: 0\r\n\r\n")
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await both_ways((reader, writer), there)

    async def _forward(
        self, head: bytes, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        url = urlsplit(target)
        path = target[len(f"{url.scheme}://{url.netloc}") :] or "/"
        lines = [
            line
            for line in head.decode("latin-1").split("\r\n")[1:-2]
            if not line.lower().startswith(("proxy-authorization:", "connection:"))
        ]
        method = head.split(b" ", 1)[0].decode()
        length = [int(line.split(":")[1]) for line in lines if line.lower().startswith("content-l")]
        body = await reader.readexactly(length[0]) if length else b""
        try:
            there, out = await self.open(url.hostname or "", url.port or 80)
        except OSError:
            writer.write(b"HTTP/1.1 502 Nobody there\r\nContent-Length: 0\r\n\r\n")
            return
        sent = "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "Connection: close", "", ""])
        out.write(sent.encode("latin-1") + body)
        answer = await there.read()
        out.close()
        writer.write(answer)


class SocksProxy(Proxy):
    """SOCKS5, CONNECT alone."""

    scheme = "socks5"
    reply = 0

    @property
    def by_name(self) -> str:
        return self.url.replace("socks5:", "socks5h:")

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greeting = await reader.readexactly(2)
        methods = await reader.readexactly(greeting[1])
        method = 2 if self.login else 0
        writer.write(bytes([5, method if method in methods else 0xFF]))
        if method not in methods or (method and not await self._knows(reader, writer)):
            return
        kind = (await reader.readexactly(4))[3]
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            host = str(ip_address(await reader.readexactly(4 if kind == 1 else 16)))
        port = int.from_bytes(await reader.readexactly(2), "big")
        try:
            there = await self.open(host, port)
        except OSError:
            writer.write(b"\x05\x05\x00\x01" + bytes(6))
            return
        writer.write(bytes([5, self.reply, 0, 3, 4]) + b"here" + b"\x00\x01")
        await both_ways((reader, writer), there)

    async def _knows(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        await reader.readexactly(1)
        user = await reader.readexactly((await reader.readexactly(1))[0])
        password = await reader.readexactly((await reader.readexactly(1))[0])
        self.heads.append(user + b":" + password)
        known = self.heads[-1].decode() == self.login
        writer.write(bytes([1, not known]))
        return known


async def both_ways(one: Streams, other: Streams) -> None:
    """Pass on bytes until one side has enough."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()

    ways = [
        asyncio.ensure_future(pass_on(one[0], other[1])),
        asyncio.ensure_future(pass_on(other[0], one[1])),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


class ProxyThread:
    """A proxy in a thread of its own."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    def __enter__(self) -> Proxy:
        self._thread.start()
        if not self._ready.wait(10):
            raise TimeoutError("the proxy did not start")
        return self.proxy

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
        async with self.proxy:
            self._ready.set()
            await self._stop.wait()
