"""Looking at sitemaps for a plan: politely, not for long, and never again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from scraper.core.errors import FetchError
from scraper.core.model import Response
from scraper.core.request import make_request
from scraper.core.robotstxt import Rules
from scraper.core.url import parse
from scraper.planning.sitemaps import LONGEST_S, SitemapLook
from tests.virtual import VirtualClock, run_virtual

A = "http://a.example"


class Web:
    """Answers by URL: a status, or where it leads."""

    def __init__(self, answers: dict[str, int | str], robots: str = "") -> None:
        self.answers, self.robots, self.knows = answers, robots, True
        self.asked: list[tuple[float, str]] = []

    async def fetch(self, request: Any, *, cut_bytes: int, any_type: bool) -> Response:
        assert any_type
        assert cut_bytes > 50_000_000
        self.asked.append((asyncio.get_running_loop().time(), request.asked))
        answer = self.answers[request.asked]
        if isinstance(answer, str):
            return Response(request.asked, 302, {"location": answer}, b"")
        return Response(request.asked, answer, {}, b"x")

    def answer(self, _url: str) -> Rules | None:
        return Rules.parse(self.robots, "bot") if self.knows else None

    async def ask(self, url: str) -> Rules:
        self.asked.append((asyncio.get_running_loop().time(), f"{url} robots"))
        return Rules.parse(self.robots, "bot")


def look(web: Web, *, delay_s: float = 2.0) -> SitemapLook:
    return SitemapLook(
        fetcher=web,
        robots=web,
        delay_s=lambda _host, crawl_s: max(delay_s, crawl_s),
        max_redirects=3,
        clock=VirtualClock(),
    )


def fetched(web: Web, *urls: str, named: bool = True, **more: Any) -> list[str]:
    """What became of each."""

    async def main() -> list[str]:
        made, became = look(web, **more), []
        for url in urls:
            try:
                response = await made.fetch(make_request(parse(url)), named=named)
                became.append(response.url)
            except FetchError as error:
                again_at = made.again_at(make_request(parse(url)), error)
                became.append(str(error) if again_at is None else f"again at {again_at}")
        return became

    return run_virtual(main())


def test_between_two_looks_at_a_host_lies_its_delay():
    web = Web(
        {f"{A}/1": 200, f"{A}/2": 200, "http://b.example/": 200}, "User-agent: *\nCrawl-delay: 5"
    )
    assert fetched(web, f"{A}/1", "http://b.example/", f"{A}/2") == [
        f"{A}/1", "http://b.example/", f"{A}/2",
    ]  # fmt: skip
    assert [at for at, _ in web.asked] == [0.0, 0.0, 5.0]


def test_robots_txt_is_such_a_look():
    web = Web({f"{A}/1": 200}, "User-agent: *\nCrawl-delay: 5")
    web.knows = False
    fetched(web, f"{A}/1")
    assert web.asked == [(0.0, f"{A}/1 robots"), (5.0, f"{A}/1")]


def test_redirects_are_followed_and_judged():
    web = Web({f"{A}/1": "/2", f"{A}/2": f"{A}/no", f"{A}/no": 200}, "User-agent: *\nDisallow: /no")
    assert fetched(web, f"{A}/1") == [f"{A}/no"]
    assert fetched(web, f"{A}/1", named=False) == ["robots_disallowed: robots.txt disallows it"]
    assert fetched(Web({f"{A}/1": "/1"}), f"{A}/1")[0].startswith("redirects: a loop")


def test_what_is_refused_is_not_asked_for_again():
    (became,) = fetched(Web({f"{A}/1": 503}), f"{A}/1")
    assert became.startswith("http_503")


def test_a_plan_does_not_wait_for_long():
    web = Web({f"{A}/{n}": 200 for n in range(5)})
    became = fetched(web, *web.answers, delay_s=LONGEST_S / 2)
    assert len(web.asked) == 3
    assert became[3] == f"timeout: a plan reads sitemaps for no longer than {LONGEST_S:.0f} s"


def test_nothing_is_waited_for():
    async def main() -> None:
        made = look(Web({}))
        await made.wait(make_request(parse(A)), 1e9)
        assert asyncio.get_running_loop().time() == 0.0
        assert repr(made) == "<SitemapLook at 0 hosts>"

    run_virtual(main())


@pytest.mark.parametrize("text", ["", "Sitemap: http://a.example/s"])
def test_robots_txt_says_where_sitemaps_are(text: str):
    async def main() -> tuple[str, ...]:
        return (await look(Web({}, text)).rules(make_request(parse(A)))).sitemaps

    assert run_virtual(main()) == (("http://a.example/s",) if text else ())
