"""Exchanges through the proxies of the plan.

Each proxy has sessions and connections of its own, made when it is first used: what belongs to one
proxy cannot go to another, or out directly. Cookies are shared. When a proxy turns out to be of no
use before anything was sent, the next one is tried at once, while `fetch.connect_timeout` lasts.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp
from yarl import URL

from scraper.core.bypass import Bypass
from scraper.core.errors import FetchError
from scraper.core.model import Reason, Response
from scraper.core.plan import FetchPlan, Proxy
from scraper.core.schedule.proxies import Rotation
from scraper.fetch.exchange import Exchange, now
from scraper.fetch.through import NEEDS_LOGIN, REFUSED, ProxyError

log = logging.getLogger(__name__)

# What may be the proxy's fault. Any other failure is what a server sent, or was ours.
_DOUBTFUL = frozenset(
    {Reason.CONNECT, Reason.TIMEOUT, Reason.RESET, Reason.TLS, Reason.PROTOCOL, Reason.TRUNCATED}
)


@dataclass(frozen=True, slots=True)
class Sessions:
    """How to speak to servers by one way: directly, or through one proxy."""

    plain: aiohttp.ClientSession  # no cookies, for robots.txt
    pages: aiohttp.ClientSession
    connector: aiohttp.BaseConnector

    async def close(self) -> None:
        """Close every connection."""
        await self.plain.close()
        await self.pages.close()
        await self.connector.close()


Send = Callable[[Sessions, Exchange], Awaitable[Response]]


class Proxies:
    """Chooses a proxy for each exchange, and learns from what becomes of it.

    Args:
        open_: makes the sessions of a proxy.
    """

    def __init__(self, plan: FetchPlan, open_: Callable[[Proxy], Sessions]) -> None:
        self._by_scheme = {"http": plan.proxies.http, "https": plan.proxies.https}
        self._rotation = Rotation(self._by_scheme)
        self._bypass = Bypass(plan.proxies.bypass)
        self._patience_s = plan.connect_timeout_s
        self._open = open_
        self._sessions: dict[Proxy, Sessions] = {}
        self._let_in: set[Proxy] = set()  # answered, and not with 407
        self._why: dict[Proxy, str] = {}  # it was set aside the last time

    async def close(self) -> None:
        """Close what was opened."""
        for sessions in self._sessions.values():
            await sessions.close()

    async def send(
        self, url: URL, send: Send, *, direct: Sessions, exchange: Callable[[], Exchange]
    ) -> Response:
        """Make an exchange through a proxy, or directly where none is meant for the URL.

        Args:
            exchange: makes a new one for each proxy that is tried.
        """
        among = self._meant_for(url)
        if not among:
            return await send(direct, exchange())
        tried_until = now() + self._patience_s
        left = len(among)
        while True:
            proxy = self._choose(among, url)
            left -= 1
            try:
                return await self._send(proxy, url, send, exchange())
            except ProxyError as error:
                if not left or now() > tried_until:
                    error.again_in_s = self._rotation.rests_s(url.scheme, now())
                    raise

    def _meant_for(self, url: URL) -> tuple[Proxy, ...]:
        among = self._by_scheme[url.scheme]
        if among and self._bypass.covers(url.raw_host or "", url.port or 0):
            return ()
        return among

    def _choose(self, among: tuple[Proxy, ...], url: URL) -> Proxy:
        proxy = self._rotation.choose(url.scheme, url.raw_host or "", now())
        if proxy is None:
            rests_s = self._rotation.rests_s(url.scheme, now())
            more = "" if len(among) == 1 else f" and {len(among) - 1} more"
            detail = f"proxy {among[0]}{more}: set aside: {self._why.get(among[0], 'it failed')}"
            raise FetchError(Reason.CONNECT, detail, sent=False, again_in_s=rests_s)
        return proxy

    async def _send(self, proxy: Proxy, url: URL, send: Send, exchange: Exchange) -> Response:
        try:
            response = await send(self._sessions_of(proxy), exchange)
            if response.status == NEEDS_LOGIN and not proxy.speaks_socks and url.scheme == "http":
                # one that let us in before: a server that says so could take it from all others
                in_doubt = proxy in self._let_in
                raise ProxyError(proxy, REFUSED, in_doubt=in_doubt)
        except FetchError as error:
            judged = self._judged(proxy, error, exchange)
            if judged is error:
                raise
            raise judged from error
        self._let_in.add(proxy)
        if self._rotation.worked(proxy):
            log.info("proxy %s works again", proxy)
        return response

    def _sessions_of(self, proxy: Proxy) -> Sessions:
        if proxy not in self._sessions:
            self._sessions[proxy] = self._open(proxy)
        return self._sessions[proxy]

    def _judged(self, proxy: Proxy, error: FetchError, exchange: Exchange) -> FetchError:
        """Note whose fault it was; returns the error to raise."""
        stood = exchange.connected_at > 0
        if error.reason not in _DOUBTFUL or not (stood or exchange.judged):
            return error  # a name that is looked up for too long is not the proxy's fault
        if error.reason == Reason.TIMEOUT and not (stood or exchange.reached):
            error = ProxyError(proxy, error.detail)
        proven = isinstance(error, ProxyError) and not error.in_doubt
        rest_s = self._rotation.failed(proxy, now(), proven=proven)
        if rest_s is not None:
            why = error.why if isinstance(error, ProxyError) else error.detail
            self._why[proxy] = why
            log.warning("proxy %s is set aside for %.0f s: %s", proxy, rest_s, why)
        if proven or stood or str(proxy) in error.detail:
            return error
        return FetchError(error.reason, f"{error.detail} (through proxy {proxy})", sent=error.sent)
