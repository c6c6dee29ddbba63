"""The scripted network: answers as the world tells, and shows every exchange to the laws."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from random import Random
from typing import TypeAlias

from scraper.core.errors import FetchError, ParseError
from scraper.core.extract.plan import PageRule
from scraper.core.model import Item, Link, Parsed, Reason, Request, Response
from scraper.core.model import Page as Found
from scraper.core.schedule.revalidate import conditions
from scraper.core.url import parse
from tests.simulation.laws import EPOCH, Diary, Manners
from tests.simulation.vanishing import links
from tests.simulation.world import HUNG_S, NEVER_ACCEPTED, Page, Site, World

Sent: TypeAlias = Callable[[], Awaitable[None]] | None

DROPPED = 0.03  # of the exchanges
ELSEWHERE = "/elsewhere.txt"  # where a robots.txt may have moved


class Web:
    """What outlives a run: how often each address was asked for in a cycle, and hosts when last."""

    def __init__(self) -> None:
        self.asked: Counter[tuple[str, int]] = Counter()
        self.sent: Counter[tuple[str, int]] = Counter()  # forms that may have been accepted
        self.started: dict[str, float] = {}


class Network:
    """Pages, robots.txt and what is found on a page, for one process."""

    def __init__(
        self, world: World, web: Web, manners: Manners, diary: Diary, chance: Random
    ) -> None:
        self.cycle = 0
        self._connects = Random(f"connects {world.seed} {diary.now}")
        self._world, self._web, self._manners = world, web, manners
        self._diary, self._chance = diary, chance

    # As `Fetcher`

    async def fetch(
        self,
        request: Request,
        *,
        cut_bytes: int | None = None,
        any_type: bool = False,
        sent: Sent = None,
    ) -> Response:
        if any_type and cut_bytes is not None:
            return await self._sitemap(request.asked, sent)
        page = self._world.page(request.asked)
        self._manners.asks(request, page)
        with self._manners.exchange(page.site, f"{request.verb} {page.url} #{request.attempt}"):
            if request.verb != "GET":
                self._web.sent[page.url, self.cycle] += 1
            try:
                response = await self._answer(page, request, sent)
            except FetchError as error:
                self._took_back(page, request, error.reason)
                self._manners.failed(request)
                raise
            if response.status in {429, 503}:
                self._manners.troubled(page.site)
            self._took_back(page, request, f"http_{response.status}")
            return response

    async def look_up(self, name: str, _port: int) -> list[dict[str, str]]:
        """The addresses of a host."""
        await asyncio.sleep(0.1)
        address = self._world.address[name]
        if address is None:
            raise OSError("no such host")
        return [{"host": address}]

    async def _sitemap(self, url: str, sent: Sent) -> Response:
        site = self._world.by_host[parse(url).host]
        with self._manners.exchange(site, url):
            await self._connect(site, sent)
            await self._reach(site)
        return Response(url, 200, {"content-type": "text/xml"}, self._world.sitemaps[url])

    async def fetch_url(
        self, url: str, *, max_bytes: int, home: str = "", sent: Sent = None
    ) -> Response:
        origin, _, path = url[len("http://") :].partition("/")
        site = self._world.by_host[origin if ":" in origin else f"{origin}:80"]
        path, _, of = path.partition("?")
        if f"/{path}" == ELSEWHERE:
            return await self._elsewhere(url, site, self._world.by_host[of], sent)
        with self._manners.exchange(site, "robots.txt"):
            try:
                response = await self._robots(site, url, sent)
            except FetchError:
                self._manners.in_vain = True
                raise
        if response.status in {200, 404}:
            self._manners.told(site)
        if response.status >= 500:
            self._manners.in_vain = True
            self._manners.troubled(site)
        return response

    async def _elsewhere(self, url: str, site: Site, of: Site, sent: Sent) -> Response:
        """A robots.txt that has moved, in a turn of where it is."""
        with self._manners.exchange(site, "robots.txt that has moved"):
            await self._connect(site, sent)
            await asyncio.sleep(site.wait_s)
        self._manners.told(of, elsewhere=site is not of)
        return Response(url, 200, {}, of.robots_text)

    async def _robots(self, site: Site, url: str, sent: Sent) -> Response:
        await self._connect(site, sent)
        await self._reach(site)
        if site.robots.startswith("http_"):
            return Response(url, int(site.robots[5:]), {}, b"")
        if site.robots in {"redirect", "away"}:
            origin = site.moved_to.origin if site.moved_to else ""
            return Response(url, 301, {"location": f"{origin}{ELSEWHERE}?{site.host}"}, b"")
        if site.robots:
            raise FetchError(site.robots, "as told")
        if self._asked(url) <= site.robots_fails:
            return Response(url, 503, {}, b"")
        return Response(url, 200, {}, site.robots_text)

    async def _answer(self, page: Page, request: Request, sent: Sent) -> Response:
        site = page.site
        slot_s = self._chance.choice((0.0, 0.0, 0.01))
        await asyncio.sleep(slot_s)
        await self._connect(site, sent)
        if request.verb == "GET" and self._connects.random() < DROPPED:
            await asyncio.sleep(0.01)
            await self._connect(site, sent)  # the connection was kept, and closed meanwhile
        if site.hangs or (page.fails == Reason.TIMEOUT and not page.times):
            await asyncio.sleep(HUNG_S)
            raise FetchError(Reason.TIMEOUT, "as told")
        await self._reach(site)
        count = self._asked(page.url)
        if site.throttle and count and self._web.asked["", 0] % site.throttle == 0:
            return self._rest(page, site)
        if page.fails and (not page.times or count <= page.times):
            if page.fails.startswith("http_"):
                return Response(request.asked, int(page.fails[5:]), {}, b"")
            raise FetchError(page.fails, "as told", sent=page.fails not in NEVER_ACCEPTED)
        if self.cycle in page.dies:
            return Response(request.asked, int(page.dies_as[5:]), {}, b"")
        if page.to is not None:
            to = page.to if isinstance(page.to, str) else page.to.url
            return Response(request.asked, page.status, {"location": to}, b"")
        return self._page(page, request, slot_s)

    def _page(self, page: Page, request: Request, slot_s: float) -> Response:
        version = page.version(self.cycle)
        day = datetime.fromtimestamp(EPOCH + version * 86_400, UTC)
        headers = {
            "ETag": f'W/"{page.name.replace(" ", "-")}.{version}"',
            "Last-Modified": format_datetime(day, usegmt=True),
        }
        told = {n: v for n, v in headers.items() if page.validates in (n, "both")}
        lower = {name.lower(): value for name, value in told.items()}
        name = "If-None-Match" if "ETag" in told else "If-Modified-Since"
        asked = dict(conditions(request)).get(name)
        if asked is not None and asked in told.values():
            return Response(request.asked, 304, lower, b"", slot_s=slot_s)
        return Response(request.asked, 200, lower, page.name.encode(), 9, slot_s=slot_s)

    async def _connect(self, site: Site, sent: Sent) -> None:
        """Look up and connect, or take a connection that was kept."""
        chance = self._connects.random()
        await asyncio.sleep(0.3 * max(2 * chance - 1, 0.0))
        is_down = site.is_down(asyncio.get_running_loop().time())
        if is_down:
            await asyncio.sleep(site.wait_s)
            raise FetchError(Reason.CONNECT, "down", sent=False)
        if sent is not None:
            await sent()
        self._manners.sees(site)

    async def _reach(self, site: Site) -> None:
        """Wait for the answer."""
        await asyncio.sleep(site.wait_s * self._chance.uniform(0.5, 1.5))
        if site.is_down(asyncio.get_running_loop().time()):
            raise FetchError(Reason.CONNECT, "down", sent=False)

    def _rest(self, page: Page, site: Site) -> Response:
        rest_s, value = site.rest_s, str(int(site.rest_s))
        now = EPOCH + asyncio.get_running_loop().time()
        if self._chance.random() < 0.5:
            at = float(int(now + rest_s))
            rest_s, value = at - now, format_datetime(datetime.fromtimestamp(at, UTC), usegmt=True)
        self._manners.rests(site, min(rest_s, self._world.plan.fetch.retry.longest_s))
        status = self._chance.choice((429, 503))
        return Response(page.url, status, {"retry-after": value}, b"")

    def _asked(self, url: str) -> int:
        self._web.asked["", 0] += 1
        self._web.asked[url, self.cycle] += 1
        return self._web.asked[url, self.cycle]

    def _took_back(self, page: Page, request: Request, reason: str) -> None:
        if request.verb != "GET" and reason in {*NEVER_ACCEPTED, "too_soon"}:
            self._web.sent[page.url, self.cycle] -= 1

    # As `Parser`

    async def room(self) -> None:
        await asyncio.sleep(0)

    async def parse(self, response: Response, rule: PageRule, request: Request) -> Parsed:
        await asyncio.sleep(self._chance.choice((0.0, 0.002, 0.05)))
        page = self._world.page(response.url)
        if page.unreadable:
            raise ParseError(Reason.PARSE_ERROR, "as told")
        items = [
            Item("book", key, f'{{"name": "{told}"}}', place)
            for place, (key, told) in enumerate(page.items(self.cycle).items())
        ]
        found = (
            Link(link.url.replace("b=1&a=2", "a=2&b=1"), to) for link, to in links(page, self.cycle)
        )
        return Parsed(Found(tuple(items), tuple(found)), "inline", 0.0, 0.0)
