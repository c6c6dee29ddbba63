"""Connections: who may be connected to, how long they are kept, and when they were made."""

from __future__ import annotations

import resource
import socket
from functools import partial
from typing import TYPE_CHECKING, Any

from aiohttp import TCPConnector
from aiohttp.client_proto import ResponseHandler

from scraper.core.plan import FetchPlan
from scraper.fetch.answers import Answers
from scraper.fetch.exchange import CURRENT, now
from scraper.fetch.guard import Guard
from scraper.fetch.resolver import Resolver

if TYPE_CHECKING:
    from aiohttp import ClientRequest, ClientTimeout
    from aiohttp.client_reqrep import ConnectionKey
    from aiohttp.connector import Connection

DNS_TTL_S = 60
DNS_NAMES = 4096
KEEPALIVE_S = 15.0
MAX_KEPT_HOSTS = 1000
CONNECTIONS_A_HOST = 4  # idle, at most as a rule: the default of politeness.per_host


class Bounded(TCPConnector):
    """Makes connections that bound what a server may send before its answer."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  # those of TCPConnector
        super().__init__(**options)
        # private: should it go away, so does the bound, nothing else
        self._factory = partial(Answers, loop=self._loop)  # type: ignore[assignment]  # a subclass


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
        exchange.connected_at = now()
        return connection

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


def connector(plan: FetchPlan) -> Connector:
    """Return the connector for this plan."""
    options: dict[str, Any] = {
        "limit": 0,  # the semaphore of the fetcher is the limit
        "ssl": plan.verify_tls,
        "resolver": Resolver(),
        "ttl_dns_cache": DNS_TTL_S,
        "dns_cache_max_size": DNS_NAMES,
        "family": socket.AF_UNSPEC,
        "socket_factory": Guard(plan.private),
    }
    lone = Bounded(force_close=True, **options)
    kept_hosts = kept_hosts_of(resource.getrlimit(resource.RLIMIT_NOFILE)[0], plan.concurrency)
    return Connector(lone, kept_hosts=kept_hosts, keepalive_timeout=KEEPALIVE_S, **options)


def kept_hosts_of(files: int, concurrency: int) -> int:
    """Return for how many hosts idle connections may be kept.

    Args:
        files: that the process may open; infinite when negative.
    """
    if files < 0:
        return MAX_KEPT_HOSTS
    return min(MAX_KEPT_HOSTS, max(1, (files // 2 - concurrency) // CONNECTIONS_A_HOST))
