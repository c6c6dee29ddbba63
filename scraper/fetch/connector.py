"""Connections: who may be connected to, how long they are kept, and when they were made."""

from __future__ import annotations

import resource
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from aiohttp import TCPConnector
from aiohttp.client_proto import ResponseHandler

from scraper.core.plan import FetchPlan, PrivatePlan
from scraper.fetch.answers import Answers
from scraper.fetch.exchange import CURRENT, Exchange, now
from scraper.fetch.guard import Guard
from scraper.fetch.resolver import Resolver
from scraper.fetch.through import Through

if TYPE_CHECKING:
    from ssl import SSLContext

    from aiohttp import ClientRequest, ClientTimeout
    from aiohttp.abc import ResolveResult
    from aiohttp.client_reqrep import ConnectionKey
    from aiohttp.connector import Connection

DNS_TTL_S = 60
DNS_NAMES = 4096
KEPT_NAMES = 16_384  # where a name keeps its addresses: more than the frontier's window has hosts
KEEPALIVE_S = 15.0
MAX_KEPT_HOSTS = 1000
CONNECTIONS_A_HOST = 4  # idle, at most as a rule: the default of politeness.per_host


class Bounded(TCPConnector):
    """Makes connections that bound what a server may send before its answer.

    Args:
        through: the proxy that every connection goes through; None: they are direct.
    """

    def __init__(self, *, through: Through | None = None, **options: Any) -> None:  # noqa: ANN401  # those of TCPConnector
        super().__init__(**options)
        self._through = through
        # private: should it go away, so does the bound, nothing else
        self._factory = partial(Answers, loop=self._loop)  # type: ignore[assignment]  # a subclass

    async def look_up(self, name: str, port: int) -> list[ResolveResult]:
        """Return the addresses of a name, kept for a while; OSError when there are none."""
        return await self._resolve_host(name, port)

    # The methods below are private to aiohttp, and made to be overridden: its own connectors and
    # those of other packages do. Should they go away, `connect` lets nothing through.

    async def _create_connection(
        self,
        req: ClientRequest,
        traces: list[Any],
        timeout: ClientTimeout,  # noqa: ASYNC109  # aiohttp's signature
    ) -> ResponseHandler:
        through = self._through
        if through is None:
            return await super()._create_connection(req, traces, timeout)
        host, port = req.url.raw_host or "", req.url.port or 0
        told = await through.judge(host, port)
        CURRENT.get().judged = True
        with through.blamed():
            if not through.proxy.speaks_socks:
                return await super()._create_connection(req, traces, timeout)
            sock = await through.dial(self.look_up, host=told, port=port)
            context = self._get_ssl_context(req)
            _, protocol = await self._wrap_existing_connection(
                self._factory,
                req=req,
                timeout=timeout,
                sock=sock,
                ssl=context,
                server_hostname=host.rstrip(".") if context else None,
            )
            return protocol

    async def _create_direct_connection(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401  # aiohttp's
        made = await super()._create_direct_connection(*args, **options)
        CURRENT.get().reached = True
        return made


class Connector(Bounded):
    """Gives out connections and notes when they were asked for and when they stood.

    Args:
        lone: makes the connections for exchanges that want one of their own.
        kept_hosts: hosts that idle connections are kept for.
    """

    def __init__(self, lone: Bounded, *, kept_hosts: int, **options: Any) -> None:  # noqa: ANN401  # those of TCPConnector
        super().__init__(**options)
        self._lone = lone
        self._kept_hosts = kept_hosts

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Any],
        timeout: ClientTimeout,  # noqa: ASYNC109  # aiohttp's signature
    ) -> Connection:
        """Return a connection, a kept one if there is any."""
        exchange = CURRENT.get()
        exchange.name = req.url.raw_host or ""
        exchange.asked_at = now()
        if exchange.alone:
            connection = await self._lone.connect(req, traces, timeout)
        else:
            connection = await super().connect(req, traces, timeout)
            if not exchange.dialled and _has_leftovers(connection):
                connection.close()
                connection = await self._lone.connect(req, traces, timeout)
        if self._through is not None and exchange.dialled and not exchange.judged:
            connection.close()
            raise RuntimeError("this aiohttp connects without asking who may be connected to")
        if exchange.sent is not None:
            await self._wait_to_send(exchange, exchange.sent, connection)
        exchange.connected_at = now()
        return connection

    async def _wait_to_send(
        self, exchange: Exchange, sent: Callable[[], Awaitable[None]], connection: Connection
    ) -> None:
        """Whether the connection was fast or slow says nothing of how long this takes."""
        stood_at = now()
        try:
            await sent()
        except BaseException:
            connection.close()
            raise
        waited_s = now() - stood_at
        exchange.asked_at += waited_s
        if exchange.dialled_at:
            exchange.dialled_at += waited_s

    def _release(
        self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False
    ) -> None:
        """Keep the connection for later, unless those of many hosts are kept already.

        aiohttp has no bound on idle connections, and a crawl of many hosts would run out of file
        descriptors. Should this private method go away, so does the bound, nothing else.
        """
        full = len(self._conns) >= self._kept_hosts and key not in self._conns
        super()._release(key, protocol, should_close=should_close or full)

    async def close(self, *, abort_ssl: bool = False) -> None:
        """Close every connection."""
        await self._lone.close(abort_ssl=abort_ssl)
        await super().close(abort_ssl=abort_ssl)


def _has_leftovers(connection: Connection) -> bool:
    """Whether the server has sent something since the last answer: it would pass for the next."""
    return connection.protocol is not None and connection.protocol.should_close


def connector(plan: FetchPlan, context: SSLContext | bool) -> Connector:
    """Return the connector for this plan."""
    kept_hosts = kept_hosts_of(resource.getrlimit(resource.RLIMIT_NOFILE)[0], plan.concurrency)
    return _connector(context, Guard(plan.private), kept_hosts, keeps_names=plan.keeps_names)


def connector_through(plan: FetchPlan, context: SSLContext | bool, through: Through) -> Connector:
    """Return the connector for one of the plan's proxies.

    The proxy's own address is allowed by being named; the target is judged by `through`.
    """
    kept_hosts = kept_hosts_of(resource.getrlimit(resource.RLIMIT_NOFILE)[0], plan.concurrency)
    share = max(1, kept_hosts // len(plan.proxies.every))
    return _connector(context, Guard(PrivatePlan(every=True)), share, through)


def _connector(
    context: SSLContext | bool,
    guard: Guard,
    kept_hosts: int,
    through: Through | None = None,
    *,
    keeps_names: bool = False,
) -> Connector:
    options: dict[str, Any] = {
        "limit": 0,  # the semaphore of the fetcher is the limit
        "ssl": context,
        "through": through,
        "resolver": Resolver(),
        "ttl_dns_cache": None if keeps_names else DNS_TTL_S,
        "dns_cache_max_size": KEPT_NAMES if keeps_names else DNS_NAMES,
        "family": socket.AF_UNSPEC,
        "socket_factory": guard,
    }
    lone = Bounded(force_close=True, **options)
    return Connector(lone, kept_hosts=kept_hosts, keepalive_timeout=KEEPALIVE_S, **options)


def kept_hosts_of(files: int, concurrency: int) -> int:
    """Return for how many hosts idle connections may be kept.

    Args:
        files: that the process may open; infinite when negative.
    """
    if files < 0:
        return MAX_KEPT_HOSTS
    return min(MAX_KEPT_HOSTS, max(1, (files // 2 - concurrency) // CONNECTIONS_A_HOST))
