"""A connection through one proxy, and whose fault it is when there is none.

aiohttp speaks HTTP to proxies (absolute URLs for http pages, CONNECT for https pages); SOCKS5 is
spoken here. What fails before the connection stands is told apart by who it was: the proxy
(`ProxyError`: it cannot be used), or the proxy on behalf of the target (a `FetchError`). What
aiohttp says of its own is not repeated where it could hold the proxy's URL with its password.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from scraper.core.errors import FetchError
from scraper.core.model import Reason
from scraper.core.plan import Proxy
from scraper.core.socks import SocksError, SocksRefusedError, handshake
from scraper.fetch.exchange import CURRENT, now
from scraper.fetch.targets import LookUp, Targets

NEEDS_LOGIN = 407
REFUSED = "it does not accept the user and password (407)"


class ProxyError(FetchError):
    """The proxy itself cannot be used; nothing has reached the server.

    Args:
        in_doubt: the server may have said so in its place.
    """

    def __init__(self, proxy: Proxy, why: str, *, in_doubt: bool = False) -> None:
        super().__init__(Reason.CONNECT, f"proxy {proxy}: {why}", sent=False)
        self.why = why
        self.in_doubt = in_doubt


class Through:
    """The way through one proxy.

    Args:
        targets: judges who is asked for.
    """

    def __init__(self, proxy: Proxy, targets: Targets) -> None:
        self.proxy = proxy
        self._targets = targets

    async def judge(self, name: str, port: int) -> str:
        """Return the host as the proxy is told it; FetchError when it may not be asked for."""
        address = await self._targets.judge(name, port, resolve=self.proxy.scheme == "socks5")
        return address if self.proxy.scheme == "socks5" else name

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Say of what goes wrong inside whose fault it is."""
        try:
            yield
        except FetchError:
            raise
        except aiohttp.ClientHttpProxyError as error:
            raise self._refused(error.status) from error
        except aiohttp.ClientConnectorError as error:
            if not self._is_own(error):
                raise  # the server's TLS, in the tunnel
            raise ProxyError(self.proxy, _words(error.os_error)) from error
        except (
            aiohttp.ClientError,
            HttpProcessingError,
            OSError,
            ValueError,
            RuntimeError,
        ) as error:
            raise ProxyError(self.proxy, f"its answer cannot be read ({_kind(error)})") from error

    def _refused(self, status: int) -> FetchError:
        if status == NEEDS_LOGIN:
            return ProxyError(self.proxy, REFUSED)
        detail = f"proxy {self.proxy}: it answered {status} when asked to connect"
        return FetchError(Reason.CONNECT, detail, sent=False)

    def _is_own(self, error: aiohttp.ClientConnectorError) -> bool:
        return (error.host, error.port) == (self.proxy.host.strip("[]"), self.proxy.port)

    async def dial(self, look_up: LookUp, *, host: str, port: int) -> socket.socket:
        """Return a socket that a SOCKS proxy has connected to the host."""
        sock = await self._dial_proxy(look_up)
        try:
            await self._shake_hands(sock, host, port)
        except BaseException:
            sock.close()
            raise
        return sock

    async def _dial_proxy(self, look_up: LookUp) -> socket.socket:
        exchange = CURRENT.get()
        try:
            found = await look_up(self.proxy.host.strip("[]"), self.proxy.port)
        except (OSError, UnicodeError) as error:
            raise ProxyError(self.proxy, _words(error)) from error
        failed: OSError = OSError("no address")
        for each in found:
            exchange.dialled_at, exchange.dialled = exchange.dialled_at or now(), True
            family = socket.AF_INET6 if ":" in each["host"] else socket.AF_INET
            try:
                return await _connected(family, (each["host"], self.proxy.port))
            except OSError as error:
                failed = error
        raise ProxyError(self.proxy, _words(failed)) from failed

    async def _shake_hands(self, sock: socket.socket, host: str, port: int) -> None:
        CURRENT.get().reached = True
        proxy = self.proxy
        login = None if proxy.user is None else (proxy.user, proxy.password)
        steps = handshake(login, host=host.strip("[]"), port=port)
        loop = asyncio.get_running_loop()
        try:
            step = next(steps)
            while True:
                await loop.sock_sendall(sock, step.send)
                step = steps.send(await _exactly(sock, step.read))
        except StopIteration:
            return
        except SocksRefusedError as error:
            detail = f"proxy {proxy}: it did not connect: {error}"
            raise FetchError(Reason.CONNECT, detail, sent=False) from error
        except (SocksError, OSError) as error:
            raise ProxyError(proxy, _words(error)) from error


def http_url(proxy: Proxy) -> URL | None:
    """Return what aiohttp is told of a proxy, credentials included; None: it hears of none."""
    if proxy.speaks_socks:
        return None
    return URL.build(
        scheme=proxy.scheme,
        host=proxy.host.strip("[]"),
        port=proxy.port,
        user=proxy.user,
        password=proxy.password if proxy.user is not None else None,
    )


async def _connected(family: int, address: tuple[str, int]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


async def _exactly(sock: socket.socket, count: int) -> bytes:
    loop, read = asyncio.get_running_loop(), b""
    while len(read) < count:
        piece = await loop.sock_recv(sock, count - len(read))
        if not piece:
            raise SocksError("it closed the connection without an answer")
        read += piece
    return read


def _words(error: BaseException) -> str:
    """What the operating system says, or the name of the error."""
    return getattr(error, "strerror", None) or str(error) or _kind(error)


def _kind(error: BaseException) -> str:
    return type(error).__name__
