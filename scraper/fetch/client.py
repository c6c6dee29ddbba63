"""The HTTP client: one exchange per slot, bounded in every direction.

- It follows no redirect: each hop is an exchange of its own, judged by the caller.
- It sends a request again only when a GET or HEAD met a kept connection that the server had
  closed or spoiled meanwhile, and then over a fresh one. Anything but GET and HEAD gets a
  connection of its own from the start, so that a failure never leaves open whether it was an old
  connection's.
- Credentials written in a URL are sent with that request alone, as basic authorization; for other
  secrets see `headers` and `cookies`.
- The body of an answer whose type is not wanted (`scope.types`) is not read.
- What an answer below 300 lacks is an error. Any other status is the answer by itself: its body
  is read as far as it goes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from types import TracebackType
from typing import TYPE_CHECKING

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from scraper.core.content import kind_of, media_type
from scraper.core.errors import FetchError
from scraper.core.model import Reason, Request, Response
from scraper.core.plan import FetchPlan, Proxy
from scraper.core.reference import filled
from scraper.core.url import parts
from scraper.fetch.body import Body
from scraper.fetch.budget import Budget
from scraper.fetch.connector import connector, connector_through
from scraper.fetch.cookies import Cookies
from scraper.fetch.decoding import ACCEPT_ENCODING
from scraper.fetch.exchange import CURRENT, Exchange, now
from scraper.fetch.faults import DROPPED, FAULTS, fetch_error
from scraper.fetch.headers import Headers
from scraper.fetch.proxies import Proxies, Sessions
from scraper.fetch.targets import LookUp, Targets
from scraper.fetch.through import Through, http_url
from scraper.fetch.tls import tls

if TYPE_CHECKING:
    from aiohttp import ClientResponse

MIB = 1024 * 1024
SAFE = frozenset({"GET", "HEAD"})  # may be sent twice
BODILESS = frozenset({204, 205, 304})
MAX_HEADERS = 256
MAX_HEADER_BYTES = 16 * 1024  # one header, and the status line
NO_ROUNDING = 1e9  # seconds: aiohttp rounds time-outs above its threshold up to whole seconds


@dataclass(frozen=True, slots=True)
class Call:
    """What to send, and how much to take."""

    method: str
    href: str
    url: URL
    limit_bytes: int
    cut: bool = False  # a longer body is cut, not refused
    plain: bool = False  # robots.txt: no cookies
    headers: CIMultiDict[str] | None = None
    data: bytes | None = None
    types: frozenset[str] = frozenset()  # of answers that are read; empty: all
    sent: Callable[[], Awaitable[None]] | None = None


class Fetcher:
    """Makes HTTP exchanges, `plan.concurrency` of them at most at a time.

    Attributes:
        headers: that are sent.
        budget: of bytes, over all bodies.
        open: exchanges under way.
        resent: requests that were sent in vain over a kept connection, and are sent again.
        on_free: called each time that a slot becomes free.
    """

    def __init__(self, plan: FetchPlan) -> None:
        self._plan = plan
        self._slots = asyncio.Semaphore(plan.concurrency)
        self.headers = Headers(plan)
        self.budget = Budget()
        self.open = 0
        self.resent = 0
        self.on_free: Callable[[], None] | None = None

    @property
    def free(self) -> int:
        """Slots that are left."""
        return self._plan.concurrency - self.open

    @property
    def look_up(self) -> LookUp:
        """What looks names up, as the connections do."""
        return self._connector.look_up

    async def __aenter__(self) -> Fetcher:
        plan = self._plan
        context = tls(plan)
        self._connector = connector(plan, context)
        jar = Cookies() if plan.cookies else aiohttp.DummyCookieJar()
        self._direct = _sessions(plan, self._connector, jar)
        self._proxies: Proxies | None = None
        if plan.proxies.every:
            targets = Targets(plan.private, self._connector.look_up)

            def through(proxy: Proxy) -> Sessions:
                way = connector_through(plan, context, Through(proxy, targets))
                return _sessions(plan, way, jar, proxy)

            self._proxies = Proxies(plan, through)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self._proxies is not None:
            await self._proxies.close()
        await self._direct.close()

    async def fetch(
        self,
        request: Request,
        *,
        cut_bytes: int | None = None,
        any_type: bool = False,
        sent: Callable[[], Awaitable[None]] | None = None,
    ) -> Response:
        """Make the exchange that the request asks for now, whatever the status of the answer.

        Args:
            cut_bytes: a longer body is cut there; None: it is refused beyond `max_body_bytes`.
            any_type: it is no page of the crawl, and read whatever `scope.types` says.
            sent: awaited when the connection stands, just before the request goes out; again when
                it is sent again. What it raises ends the exchange.

        Raises:
            FetchError: there is no answer, or none that may be used.
        """
        href, verb = request.asked, request.verb
        url = _http_url(href)
        if request.headers:
            request = filled(request, self._plan.references)
        headers = self.headers.of(request, url, _http_url(request.url) if request.hop else url)
        if "@" in href and "Authorization" in headers:
            url = url.with_user(None)  # what is written out wins
        body = request.body if verb == request.method else None  # GET after a redirected POST
        call = Call(
            method=verb,
            href=href,
            url=url,
            limit_bytes=self._plan.max_body_bytes if cut_bytes is None else cut_bytes,
            cut=cut_bytes is not None,
            headers=headers,
            data=body,
            types=frozenset() if any_type else self._plan.types,
            sent=sent,
        )
        return await self._in_slot(call)

    async def fetch_url(
        self,
        url: str,
        *,
        max_bytes: int,
        home: str | None = None,
        sent: Callable[[], Awaitable[None]] | None = None,
    ) -> Response:
        """GET a URL with neither cookies nor configured headers, its host's login excepted.

        Args:
            max_bytes: a longer body is cut.
            home: what was asked for before redirects led here; None: none did.
            sent: as in `fetch`.
        """
        call = Call(
            method="GET",
            href=url,
            url=_http_url(url),
            limit_bytes=max_bytes,
            cut=True,
            plain=True,
            headers=CIMultiDict(self.headers.login(url, home=parts(home or url).scheme)),
            sent=sent,
        )
        return await self._in_slot(call)

    async def _in_slot(self, call: Call) -> Response:
        asked_at = now()
        await self._slots.acquire()
        self.open += 1
        try:
            alone, slot_s = call.method not in SAFE, now() - asked_at
            new = partial(Exchange, alone=alone, slot_s=slot_s, sent=call.sent)
            if self._proxies is None:
                return await self._in_time(call, self._direct, new())
            send = partial(self._in_time, call)
            return await self._proxies.send(call.url, send, direct=self._direct, exchange=new)
        finally:
            self.open -= 1
            self._slots.release()
            if self.on_free is not None:
                self.on_free()

    async def _in_time(self, call: Call, sessions: Sessions, exchange: Exchange) -> Response:
        CURRENT.set(exchange)
        session = sessions.plain if call.plain else sessions.pages
        timeout = asyncio.timeout(self._plan.timeout_s)
        body = Body(call.limit_bytes, cut=call.cut, room=partial(self._room, timeout))
        try:
            async with timeout:
                await _exchange(call, session, exchange, body)
        except (FetchError, *FAULTS) as error:
            if exchange.status < 300:
                raise fetch_error(error, exchange) from error
        finally:
            self.budget.release(body)
            self.resent += exchange.resent
        return Response(
            url=call.href,
            status=exchange.status,
            headers=exchange.headers,
            body=body.data,
            wire_bytes=body.wire_bytes,
            slot_s=exchange.slot_s,
            dns_s=exchange.dns_s,
            connect_s=exchange.connect_s,
            first_byte_s=exchange.head_at - exchange.connected_at,
            body_s=now() - exchange.head_at,
        )

    async def _room(self, timeout: asyncio.Timeout, body: Body) -> None:  # noqa: ASYNC109 - moved on
        self.budget.hold(body, body.size_bytes)
        await self.budget.room(body, timeout)


async def _exchange(
    call: Call, session: aiohttp.ClientSession, exchange: Exchange, body: Body
) -> None:
    try:
        answer = await _send(call, session)
    except DROPPED as error:
        if not exchange.reused or isinstance(error, (aiohttp.ClientConnectorError, TimeoutError)):
            raise  # else closed by the server meanwhile, or with leftovers on it
        exchange.begin_again()
        answer = await _send(call, session)
    try:
        exchange.head_at = now()
        exchange.status = answer.status
        exchange.headers = _headers(answer)
        if answer.status < 200:
            raise FetchError(Reason.PROTOCOL, f"status {answer.status} is no answer to a request")
        if call.types and answer.status < 300:
            _check_type(exchange.headers.get("content-type", ""), call.types)
        if call.method != "HEAD" and answer.status not in BODILESS:
            await body.read(answer)
    finally:
        answer.release()  # for the next request when it was read to its end, else to be closed


def _check_type(content_type: str, wanted: frozenset[str]) -> None:
    """Refuse a body before it is read; one that says nothing of its type is read."""
    media = media_type(content_type)
    if media and kind_of(media) not in wanted:
        raise FetchError(Reason.CONTENT_TYPE, f"{media[:200]} is not in scope.types")


async def _send(call: Call, session: aiohttp.ClientSession) -> ClientResponse:
    data = BytesIO(call.data) if call.data and len(call.data) > MIB else call.data  # in pieces
    return await session.request(
        call.method, call.url, headers=call.headers, data=data, allow_redirects=False
    )


def _headers(answer: ClientResponse) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in answer.headers.items():
        lower = name.lower()
        headers[lower] = f"{headers[lower]}, {value}" if lower in headers else value
    return headers


def _sessions(
    plan: FetchPlan,
    connector: aiohttp.BaseConnector,
    jar: aiohttp.abc.AbstractCookieJar,
    proxy: Proxy | None = None,
) -> Sessions:
    plain = _session(plan, connector, aiohttp.DummyCookieJar(), proxy)
    return Sessions(plain, _session(plan, connector, jar, proxy), connector)


def _session(
    plan: FetchPlan,
    connector: aiohttp.BaseConnector,
    jar: aiohttp.abc.AbstractCookieJar,
    proxy: Proxy | None,
) -> aiohttp.ClientSession:
    session = aiohttp.ClientSession(
        connector=connector,
        proxy=http_url(proxy) if proxy else None,
        connector_owner=False,
        cookie_jar=jar,
        headers={
            "User-Agent": plan.user_agent,
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "Accept-Encoding": ACCEPT_ENCODING,
        },
        timeout=aiohttp.ClientTimeout(
            connect=plan.connect_timeout_s,
            sock_read=plan.stall_s,
            ceil_threshold=NO_ROUNDING,
        ),
        auto_decompress=False,
        max_line_size=MAX_HEADER_BYTES,
        max_field_size=MAX_HEADER_BYTES,
        max_headers=MAX_HEADERS,
    )
    # Private, and set by aiohttp's own test client too: else it sends a request a second time on
    # its own, unseen. A middleware could catch that, at a twentieth of the cost of an exchange.
    session._retry_connection = False
    return session


def _http_url(href: str) -> URL:
    if not href.startswith(("http://", "https://")):
        raise FetchError(Reason.PROTOCOL, f"not an http(s) URL: {href[:200]!r}", sent=False)
    try:
        if href.endswith("?"):  # yarl takes an empty query for none, and would not send the "?"
            url = URL(href[:-1], encoded=True)
            return url.with_path(f"{url.raw_path}?", encoded=True)
        return URL(href, encoded=True)
    except ValueError as error:
        raise FetchError(Reason.PROTOCOL, str(error), sent=False) from error
