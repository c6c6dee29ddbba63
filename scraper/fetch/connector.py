"""Connections: who may be connected to, how long they are kept, and when they were made."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from aiohttp import TCPConnector

from scraper.core.plan import FetchPlan
from scraper.fetch.exchange import CURRENT, now
from scraper.fetch.guard import Guard
from scraper.fetch.resolver import Resolver

if TYPE_CHECKING:
    from aiohttp import ClientRequest, ClientTimeout
    from aiohttp.connector import Connection

DNS_TTL_S = 60
DNS_NAMES = 4096
KEEPALIVE_S = 15.0


class Connector(TCPConnector):
    """Gives out connections and notes when they were asked for and when they stood.

    Args:
        lone: makes the connections for exchanges that want one of their own.
    """

    def __init__(self, lone: TCPConnector, **options: Any) -> None:  # noqa: ANN401  # those of TCPConnector
        super().__init__(**options)
        self._lone = lone

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
        exchange.connected_at = now()
        return connection

    async def close(self, *, abort_ssl: bool = False) -> None:
        """Close every connection."""
        await self._lone.close(abort_ssl=abort_ssl)
        await super().close(abort_ssl=abort_ssl)


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
    lone = TCPConnector(force_close=True, **options)
    return Connector(lone, keepalive_timeout=KEEPALIVE_S, **options)
