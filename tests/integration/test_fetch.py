"""The fetcher and a site that behaves well, over real sockets."""

import asyncio
from dataclasses import replace

import pytest

from scraper.core.errors import FetchError, TooSoonError
from scraper.core.model import Hop, Reason, Request, Validators
from scraper.core.plan import FetchPlan, PrivatePlan
from scraper.fetch import Fetcher
from scraper.fetch.budget import Budget
from tests.site import (
    MIB,
    Site,
    Wire,
    chunked,
    closing,
    compress,
    encoded,
    endless,
    hang_up,
    html,
    raw,
    redirect,
    reset,
    sequence,
    slow,
    status,
    truncated,
)

ALL = PrivatePlan(every=True)
PLAN = FetchPlan(user_agent="test-bot/1", timeout_s=5, private=ALL)
PAGE = b"<p>hello" * 1000


def ask(url: str, **more) -> Request:
    return Request(url=url, key=bytes(16), host="here", **more)


@pytest.fixture
async def site():
    async with Site() as site:
        site.route("/page", html(PAGE))
        yield site


@pytest.fixture
async def fetcher():
    async with Fetcher(PLAN) as fetcher:
        yield fetcher


async def test_a_page_comes_whole(site, fetcher):
    response = await fetcher.fetch(ask(site.url("/page")))
    assert (response.status, response.body, response.url) == (200, PAGE, site.url("/page"))
    assert response.wire_bytes == len(PAGE)
    assert response.headers["content-type"] == "text/html; charset=utf-8"


class Watched(Budget):
    """Remembers the most that was held."""

    most = 0

    def hold(self, reader: object, size_bytes: int) -> None:
        super().hold(reader, size_bytes)
        self.most = max(self.most, self.held_bytes)


@pytest.mark.parametrize("coding", ["identity", "gzip"])
async def test_large_pages_wait_for_each_other_and_come_whole(site, fetcher, coding):
    large = bytes(5 * MIB)
    body = large if coding == "identity" else compress(large, coding)
    site.route("/large", html(body, headers={"Content-Encoding": coding}))
    fetcher.budget = budget = Watched(MIB)
    asked = [fetcher.fetch(ask(site.url("/large"))) for _ in range(12)]
    responses = await asyncio.gather(*asked)
    assert [len(response.body) for response in responses] == [len(large)] * 12
    assert budget.most < 12 * len(large) / 2
    assert budget.held_bytes == 0


async def test_a_page_is_asked_whether_it_has_changed(site, fetcher):
    site.route("/same", status(304))
    url = site.url("/same")
    date = "Sun, 06 Nov 1994 08:49:37 GMT"
    known = Validators('W/"1"', date, url, b"")
    mine = (("If-None-Match", '"mine"'),)
    response = await fetcher.fetch(ask(url, validators=known, headers=mine))
    headers = site.visits[-1].headers
    assert (headers["if-none-match"], headers["if-modified-since"]) == ('W/"1"', date)
    assert (response.status, response.body) == (304, b"")
    await fetcher.fetch(ask(url, validators=replace(known, url=site.url("/other"))))
    assert "if-modified-since" not in site.visits[-1].headers


async def test_body_of_an_unwanted_type_is_not_read(site):
    site.route("/film", endless(headers={"Content-Type": "Video/MP4; x=y"}))
    site.route("/untyped", hang_up(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"))
    site.route("/gone", status(404, headers={"Content-Type": "image/png"}))
    async with Fetcher(replace(PLAN, types=frozenset({"html", "json"}))) as fetcher:
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(ask(site.url("/film")))
        said = (caught.value.reason, caught.value.detail)
        assert said == (Reason.CONTENT_TYPE, "video/mp4 is not in scope.types")
        assert (await fetcher.fetch(ask(site.url("/page")))).body == PAGE
        assert (await fetcher.fetch(ask(site.url("/untyped")))).body == b"ab"
        assert (await fetcher.fetch(ask(site.url("/gone")))).status == 404


async def test_notes_among_the_headers_are_not_sent(site, fetcher):
    await fetcher.fetch(ask(site.url("/page"), headers=((":again", "1"), ("X-A", "1"))))
    assert site.visits[-1].headers["x-a"] == "1"
    assert not any("again" in name for name in site.visits[-1].headers)


async def test_an_empty_query_is_sent_as_it_was_seen(site, fetcher):
    """`/x?` and `/x` are two pages (RFC 3986 section 6.2.3), so each is asked for as it is."""
    for path in ("/x?", "/x", "/x%3F", "/?"):
        await fetcher.fetch(ask(site.url(path)))
    assert site.paths()[-4:] == ["/x?", "/x", "/x%3F", "/?"]


async def test_repeated_headers_are_joined(site, fetcher):
    site.route("/", hang_up(b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 0\r\n\r\n"))
    assert (await fetcher.fetch(ask(site.url("/")))).headers["x-a"] == "1, 2"


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "raw-deflate", "br", "zstd"])
async def test_a_compressed_page_is_decompressed(site, fetcher, coding):
    site.route("/", encoded(PAGE, coding, declared=coding.removeprefix("raw-")))
    response = await fetcher.fetch(ask(site.url("/")))
    assert response.body == PAGE
    assert response.wire_bytes < 200
    asked_for = site.visits[0].headers["accept-encoding"]
    assert coding in asked_for or coding in ("x-gzip", "raw-deflate")


async def test_a_page_in_chunks_of_a_page_in_two_codings(site, fetcher):
    coded = compress(compress(PAGE, "gzip"), "gzip")
    parts = [coded[at : at + 7] for at in range(0, len(coded), 7)]
    site.route("/", chunked(*parts, headers={"Content-Encoding": "gzip, gzip"}))
    assert (await fetcher.fetch(ask(site.url("/")))).body == PAGE


async def test_the_url_goes_out_as_it_was_given(site, fetcher):
    path = "/a%2Fb/%7Ec/d|e?q=%C3%A4+%20&&x[]=1"
    await fetcher.fetch(ask(site.url(path)))
    assert site.paths() == [path]


async def test_the_plan_s_headers_go_with_every_request_and_the_request_s_own_win(site):
    plan = FetchPlan(user_agent="test-bot/1", private=ALL, headers=(("X-A", "1"), ("X-B", "1")))
    async with Fetcher(plan) as fetcher:
        await fetcher.fetch(ask(site.url("/"), headers=(("x-b", "2"), ("X-C", "3"))))
    sent = site.visits[0].headers
    assert (sent["x-a"], sent["x-b"], sent["x-c"]) == ("1", "2", "3")
    assert sent["user-agent"] == "test-bot/1"


async def test_a_post_carries_its_body(site, fetcher):
    json = (("Content-Type", "application/json"),)
    await fetcher.fetch(ask(site.url("/api"), method="POST", body=b'{"q": 1}', headers=json))
    (visit,) = site.visits
    assert (visit.method, visit.body) == ("POST", b'{"q": 1}')
    assert visit.headers["content-type"] == "application/json"


async def test_a_body_of_some_mebibytes_is_sent(site, fetcher):
    await fetcher.fetch(ask(site.url("/api"), method="POST", body=bytes(3_000_000)))
    assert len(site.visits[0].body) == 3_000_000


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_answer_and_not_followed(site, fetcher, code):
    site.route("/", redirect("/page", status=code))
    response = await fetcher.fetch(ask(site.url("/")))
    assert (response.status, response.headers["location"]) == (code, "/page")
    assert site.paths() == ["/"]


@pytest.mark.parametrize("code", [400, 404, 429, 500, 503, 999])
async def test_an_error_status_is_an_answer(site, fetcher, code):
    site.route("/", status(code, body="sorry"))
    response = await fetcher.fetch(ask(site.url("/")))
    assert (response.status, response.body) == (code, b"sorry")


@pytest.mark.parametrize(
    "broken",
    [
        hang_up(b"HTTP/1.1 503 x\r\nRetry-After: 7\r\nContent-Length: 9\r\n\r\nabc"),
        reset(b"HTTP/1.1 503 x\r\nRetry-After: 7\r\nContent-Length: 9\r\n\r\nabc"),
        html("no gzip", status=503, headers={"Retry-After": "7", "Content-Encoding": "gzip"}),
        html(bytes(20_000_000), status=503, headers={"Retry-After": "7"}),
    ],
    ids=["truncated", "reset", "not gzip", "too large"],
)
async def test_an_error_status_counts_whatever_becomes_of_its_body(site, fetcher, broken):
    site.route("/", broken)
    response = await fetcher.fetch(ask(site.url("/")))
    assert (response.status, response.headers["retry-after"]) == (503, "7")


async def test_head_and_no_content_have_no_body(site, fetcher):
    site.route("/big", html(bytes(20_000_000)))  # a HEAD names the length of what it does not send
    site.route("/204", status(204))
    assert (await fetcher.fetch(ask(site.url("/big"), method="HEAD"))).body == b""
    assert (await fetcher.fetch(ask(site.url("/204")))).body == b""
    assert (await fetcher.fetch(ask(site.url("/page")))).body == PAGE
    assert site.connections == 1


async def test_connections_are_kept(site, fetcher):
    for _ in range(5):
        await fetcher.fetch(ask(site.url("/page")))
    assert site.connections == 1


async def test_a_get_survives_a_kept_connection_that_the_server_closed(site, fetcher):
    site.route("/first", closing(html("x")))
    await fetcher.fetch(ask(site.url("/first")))
    assert (await fetcher.fetch(ask(site.url("/page")))).body == PAGE


async def test_a_get_that_meets_a_dead_connection_is_sent_again_on_a_fresh_one(site, fetcher):
    await fetcher.fetch(ask(site.url("/page")))
    site.route("/", sequence([reset(), html("second")]))
    assert fetcher.resent == 0
    assert (await fetcher.fetch(ask(site.url("/")))).body == b"second"
    assert site.paths() == ["/page", "/", "/"]
    assert fetcher.resent == 1


@pytest.mark.parametrize(
    "unasked",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong", b"garbage\r\n\r\n"],
    ids=["a whole answer", "garbage"],
)
async def test_what_a_server_sends_unasked_is_not_the_next_answer(site, fetcher, unasked):
    async def talkative(wire: Wire) -> None:
        await html("x")(wire)
        await asyncio.sleep(0.02)
        await wire.send(unasked)

    site.route("/first", talkative)
    await fetcher.fetch(ask(site.url("/first")))
    await asyncio.sleep(0.04)
    assert (await fetcher.fetch(ask(site.url("/page")))).body == PAGE


async def test_a_get_that_meets_leftovers_is_sent_again_on_a_fresh_connection(site, fetcher):
    await fetcher.fetch(ask(site.url("/page")))
    site.route("/", sequence([hang_up(b"end of the last page\r\n\r\n"), html("second")]))
    assert (await fetcher.fetch(ask(site.url("/")))).body == b"second"


async def test_interim_answers_are_passed_over(site, fetcher):
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    site.route("/", hang_up(hints * 3 + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    assert (await fetcher.fetch(ask(site.url("/")))).body == b"ok"


@pytest.mark.parametrize("fault", [reset(), hang_up()], ids=["reset", "closed"])
async def test_a_get_on_a_fresh_connection_is_sent_once(site, fetcher, fault):
    site.route("/", fault)
    with pytest.raises(FetchError):
        await fetcher.fetch(ask(site.url("/")))
    assert site.paths() == ["/"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_what_changes_the_server_is_never_sent_twice(site, fetcher, method):
    await fetcher.fetch(ask(site.url("/page")))
    site.route("/", reset())
    with pytest.raises(FetchError) as caught:
        await fetcher.fetch(ask(site.url("/"), method=method, body=b"x"))
    assert caught.value.sent
    assert site.paths() == ["/page", "/"]


async def test_a_post_gets_a_connection_of_its_own(site, fetcher):
    """So that it cannot meet one that the server is just closing."""
    await fetcher.fetch(ask(site.url("/page")))
    await fetcher.fetch(ask(site.url("/page"), method="POST", body=b"x"))
    await fetcher.fetch(ask(site.url("/page")))
    assert [visit.connection for visit in site.visits] == [1, 2, 1]


async def test_the_headers_of_a_request_stay_with_its_origin():
    """The same host on another port is another origin."""
    secret = (("X-Api-Key", "secret"), ("Content-Type", "text/csv"))
    async with Site() as home, Site() as elsewhere, Fetcher(PLAN) as fetcher:
        seen = (home.url("/"),)
        for site in (home, elsewhere):
            hop = Hop(site.url("/next"), "POST", seen)
            await fetcher.fetch(
                ask(home.url("/"), method="POST", body=b"a,b", headers=secret, hop=hop)
            )
        assert home.visits[0].headers["x-api-key"] == "secret"
        assert "x-api-key" not in elsewhere.visits[0].headers
        assert elsewhere.visits[0].headers["content-type"] == "text/csv"
        assert elsewhere.visits[0].body == b"a,b"


async def test_a_hop_that_became_a_get_has_no_body(site, fetcher):
    hop = Hop(site.url("/done"), "GET", (site.url("/"),))
    await fetcher.fetch(ask(site.url("/"), method="POST", body=b"x", hop=hop))
    assert (site.visits[0].method, site.visits[0].body) == ("GET", b"")


async def test_credentials_in_a_url_are_sent_with_that_request_alone(site, fetcher):
    await fetcher.fetch(ask(site.url("/a").replace("//", "//user:pa%20ss@")))
    await fetcher.fetch(ask(site.url("/b")))
    assert site.visits[0].headers["authorization"] == "Basic dXNlcjpwYSBzcw=="
    assert "authorization" not in site.visits[1].headers


async def test_an_authorization_header_wins_over_credentials_in_the_url(site, fetcher):
    url = site.url("/a").replace("//", "//user:pass@")
    await fetcher.fetch(ask(url, headers=(("authorization", "Bearer x"),)))
    assert site.visits[0].headers["authorization"] == "Bearer x"


@pytest.mark.parametrize("kept", [True, False])
async def test_cookies_come_back_only_when_they_are_wanted(site, kept):
    site.route("/set", html("x", headers={"Set-Cookie": "a=1"}))
    async with Fetcher(FetchPlan(user_agent="t", private=ALL, cookies=kept)) as fetcher:
        await fetcher.fetch(ask(site.url("/set")))
        await fetcher.fetch(ask(site.url("/page")))
        await fetcher.fetch_url(site.url("/robots.txt"), max_bytes=10)
    cookies = [visit.headers.get("cookie") for visit in site.visits]
    assert cookies == [None, "a=1" if kept else None, None]


async def test_fetch_url_cuts_and_sends_nothing_of_the_plan(site):
    plan = FetchPlan(user_agent="test-bot/1", private=ALL, headers=(("X-A", "1"),))
    async with Fetcher(plan) as fetcher:
        response = await fetcher.fetch_url(site.url("/page"), max_bytes=100)
    assert response.body == PAGE[:100]
    assert site.visits[0].headers["user-agent"] == "test-bot/1"
    assert "x-a" not in site.visits[0].headers


async def test_no_more_than_the_slots_are_open_and_each_is_announced_when_free(site):
    site.route("/slow", slow(0.05, html("x")))
    freed: list[int] = []
    open_at_once: list[int] = []
    async with Fetcher(FetchPlan(user_agent="t", private=ALL, concurrency=3)) as fetcher:
        fetcher.on_free = lambda: freed.append(fetcher.free)

        async def one() -> float:
            response = await fetcher.fetch(ask(site.url("/slow")))
            open_at_once.append(fetcher.open)
            return response.slot_s

        waits = await asyncio.gather(*(one() for _ in range(9)))
        assert fetcher.open == 0
        assert fetcher.free == 3
    assert site.connections == 3
    assert max(open_at_once) <= 3
    assert len(freed) == 9
    assert min(freed) >= 1
    assert sum(wait > 0.02 for wait in waits) == 6


async def test_a_failed_or_cancelled_fetch_gives_its_slot_back(site, fetcher):
    site.route("/bad", truncated())
    site.route("/slow", slow(9, html("x")))
    with pytest.raises(FetchError):
        await fetcher.fetch(ask(site.url("/bad")))
    task = asyncio.ensure_future(fetcher.fetch(ask(site.url("/slow"))))
    await site.asked("/slow")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert fetcher.open == 0


async def test_the_phases_say_where_the_time_went(site, fetcher):
    site.route("/slow", slow(0.05, html("x")))
    first = await fetcher.fetch(ask(site.url("/page")))
    slow_one = await fetcher.fetch(ask(site.url("/slow")))
    assert first.connect_s > slow_one.connect_s
    assert slow_one.first_byte_s >= 0.04
    phases = (first.slot_s, first.dns_s, first.connect_s, first.first_byte_s, first.body_s)
    assert all(0 <= phase < 1 for phase in phases)


async def test_it_says_when_the_connection_stands_before_the_server_hears_anything(site, fetcher):
    heard: list[int] = []

    async def sent() -> None:
        heard.append(len(site.visits))

    await fetcher.fetch(ask(site.url("/page")), sent=sent)
    await fetcher.fetch(ask(site.url("/page")), sent=sent)  # over a connection that was kept
    await fetcher.fetch_url(site.url("/robots.txt"), max_bytes=10, sent=sent)
    with pytest.raises(FetchError):
        await fetcher.fetch(ask("http://127.0.0.1:1/"), sent=sent)
    assert heard == [0, 1, 2]


async def test_what_is_too_soon_to_be_sent_again_is_not(site, fetcher):
    """The delay of its host: over a kept connection it was sent in vain."""
    heard = []

    async def sent() -> None:
        heard.append(len(site.visits))
        if len(heard) > 2:
            raise TooSoonError("h", 2.0)

    await fetcher.fetch(ask(site.url("/page")), sent=sent)
    site.route("/", reset())
    with pytest.raises(TooSoonError):
        await fetcher.fetch(ask(site.url("/")), sent=sent)
    assert (heard, site.paths()) == ([0, 1, 2], ["/page", "/"])
    assert fetcher.resent == 1, "in another turn"


@pytest.mark.parametrize(
    "url", ["ftp://a/", "file:///etc/passwd", "data:,x", "http://", "http://[::1", ""]
)
async def test_only_http_is_spoken(fetcher, url):
    with pytest.raises(FetchError) as caught:
        await fetcher.fetch(ask(url))
    assert (caught.value.reason, caught.value.sent) == (Reason.PROTOCOL, False)


@pytest.mark.parametrize(
    "headers", [(("X-A", "1\r\nX-B: 2"),), (("X A\n", "1"),)], ids=["value", "name"]
)
async def test_a_header_with_a_line_end_is_not_sent(site, fetcher, headers):
    with pytest.raises(FetchError) as caught:
        await fetcher.fetch(ask(site.url("/"), headers=headers))
    assert caught.value.reason == Reason.PROTOCOL
    assert not site.visits


async def test_idle_connections_are_kept_for_a_bounded_number_of_hosts():
    hosts = tuple(f"127.0.0.{n}" for n in range(1, 8))
    async with Site(hosts=hosts) as site, Fetcher(PLAN) as fetcher:
        fetcher._connector._kept_hosts = 3
        for _ in range(2):
            for host in hosts:
                await fetcher.fetch(ask(site.url("/", host=host)))
        assert site.connections == 3 + 4 * 2
        assert len(fetcher._connector._conns) == 3


async def test_a_longer_body_is_cut_whatever_its_type_and_with_cookies(site):
    """A sitemap is no page: `scope.types` says nothing of it, and it is behind the same login."""
    site.route("/in", html("x", headers={"Set-Cookie": "a=1"}))
    site.route("/map", raw(b"abc", "application/xml"))
    plan = replace(PLAN, types=frozenset({"html"}), cookies=True)
    async with Fetcher(plan) as fetcher:
        await fetcher.fetch(ask(site.url("/in")))
        sitemap = await fetcher.fetch(ask(site.url("/map")), cut_bytes=2, any_type=True)
        assert sitemap.body == b"ab"
    assert site.visits[-1].headers["cookie"] == "a=1"
