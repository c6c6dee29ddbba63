"""Pages through proxies: real sockets, and proxies and servers that note what they are told."""

import asyncio
import logging
import random
import socket
import ssl
import threading
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest
import uvloop

from scraper.clock import SystemClock
from scraper.config.proxies import read
from scraper.core.errors import FetchError, TooSoonError
from scraper.core.model import Reason, Request, Response
from scraper.core.plan import FetchPlan, HostRule, PolitenessPlan, PrivatePlan, ProxyPlan
from scraper.core.schedule.proxies import SEVERAL
from scraper.fetch import Fetcher
from scraper.fetch.connector import Bounded
from scraper.frontier.frontier import Frontier
from tests.proxy import HttpProxy, Proxy, SocksProxy, endless, saying, silent
from tests.site import Site, html, redirect, slow, status

CERTIFICATE = Path(__file__).parent / "tls" / "self-signed.pem"
LOGIN = "who:sesame-9!"
ALL = PrivatePlan(every=True)
PLAN = FetchPlan(
    user_agent="t", timeout_s=20, stall_s=10, connect_timeout_s=10, verify_tls=False, private=ALL
)


def through(*urls: str, plan: FetchPlan = PLAN, **more) -> FetchPlan:
    proxies = tuple(map(read, urls))
    return replace(plan, proxies=ProxyPlan(http=proxies, https=proxies), **more)


def ask(url: str, **more) -> Request:
    return Request(url=url, key=bytes(16), host="here", **more)


async def get(plan: FetchPlan, url: str, **more) -> Response:
    async with Fetcher(plan) as fetcher:
        return await fetcher.fetch(ask(url, **more))


async def failure(plan: FetchPlan, url: str, **more) -> FetchError:
    with pytest.raises(FetchError) as caught:
        await get(plan, url, **more)
    return caught.value


async def failures(fetcher: Fetcher, url: str) -> list[FetchError]:
    """As many as cost a proxy its place, all at once."""
    asked = (fetcher.fetch(ask(url)) for _ in range(SEVERAL + 1))
    ended = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(error, FetchError) for error in ended), ended
    return ended


def closed_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture
def context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


@pytest.fixture
async def site():
    async with Site() as site:
        site.route("/*", html("<p>plain"))
        yield site


@pytest.fixture
async def secure(context):
    async with Site(tls=context) as site:
        site.route("/*", html("<p>secure"))
        yield site


KINDS = ["http", "https", "socks5", "socks5h"]


def make(kind: str, context: ssl.SSLContext, **more) -> Proxy:
    if kind.startswith("socks"):
        proxy = SocksProxy(**more)
        proxy.scheme = kind
        return proxy
    return HttpProxy(tls=context if kind == "https" else None, **more)


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_proxy_is_the_way_to_both_kinds_of_page(kind, context, site, secure):
    async with make(kind, context, login=LOGIN) as proxy, Fetcher(through(proxy.url)) as fetcher:
        for server, body in ((site, b"<p>plain"), (secure, b"<p>secure")):
            for _ in range(2):
                assert (await fetcher.fetch(ask(server.url("/a?b=1")))).body == body
            robots = await fetcher.fetch_url(server.url("/robots.txt"), max_bytes=100)
            assert robots.status == 200
            assert server.paths() == ["/a?b=1", "/a?b=1", "/robots.txt"]
        assert set(proxy.asked) == {f"127.0.0.1:{site.port}", f"127.0.0.1:{secure.port}"}
        assert secure.connections == 1, "the tunnel is kept"
        assert proxy.connections == 2, "one for each server"
        for server in (site, secure):
            for visit in server.visits:
                assert "sesame" not in repr(visit)
                assert not [name for name in visit.headers if "proxy" in name or "auth" in name]


async def test_a_post_goes_through_with_its_body(context, site, secure):
    async with HttpProxy(login=LOGIN) as proxy, Fetcher(through(proxy.url)) as fetcher:
        for server in (site, secure):
            for body in (b"x", b"y" * 2 * 1024 * 1024):
                await fetcher.fetch(ask(server.url("/"), method="POST", body=body))
                assert server.visits[-1].body == body


@pytest.mark.parametrize("kind", KINDS)
async def test_wrong_credentials_are_told_without_them(kind, context, site, secure, caplog):
    async with make(kind, context, login=LOGIN) as proxy:
        wrong = proxy.url.replace("sesame-9", "mallow-7")
        for server in (site, secure):
            error = await failure(through(wrong), server.url("/"))
            assert (error.reason, error.sent) == (Reason.CONNECT, False)
            assert error.detail.startswith(f"proxy {proxy.bare}: it does not accept")
            assert error.again_in_s == pytest.approx(5, abs=1)
            assert not server.visits
            for told in (str(error), repr(error.__cause__), caplog.text):
                assert "mallow" not in told


async def test_the_next_proxy_takes_over_at_once_and_the_dead_one_rests(site, caplog):
    dead = f"http://127.0.0.1:{closed_port()}"
    caplog.set_level(logging.WARNING)
    async with HttpProxy() as proxy, Fetcher(through(dead, proxy.url)) as fetcher:
        for name in range(20):  # some of them are the dead one's
            proxy.reach[f"h{name}.example"] = ("127.0.0.1", site.port)
            response = await fetcher.fetch(ask(f"http://h{name}.example/"))
            assert response.body == b"<p>plain"
    warnings = [record.getMessage() for record in caplog.records]
    assert len(warnings) == 1, "once per change"
    assert warnings[0].startswith(f"proxy {dead} is set aside for 5 s: Connect call failed")


@pytest.mark.parametrize("delay_s", [0.2, 3.0])
async def test_the_delay_of_a_host_lies_between_a_proxy_that_refuses_and_the_next(site, delay_s):
    """Who says 407 may have been the server; a longer delay takes another turn of the host."""
    politeness = PolitenessPlan(robots=False, default=HostRule(1, delay_s))
    async with HttpProxy(login=LOGIN) as refusing, HttpProxy() as proxy:
        proxies = through(refusing.url.replace("sesame", "wrong"), proxy.url)
        async with Fetcher(proxies) as fetcher:
            for name in range(50):  # half of them are the first one's, which then rests
                host, sent_at = f"h{name}.example", []
                proxy.reach[host] = ("127.0.0.1", site.port)
                frontier = Frontier(queue=None, politeness=politeness, slots=1, clock=SystemClock())
                frontier.schedule.add(replace(ask(f"http://{host}/"), host=f"{host}:80"), 0.0)
                sending = frontier.sending(frontier.schedule.take(monotonic()))

                async def sent(sending=sending, sent_at=sent_at) -> None:
                    await sending()
                    sent_at.append(monotonic())

                told = await asyncio.gather(
                    fetcher.fetch(ask(f"http://{host}/"), sent=sent), return_exceptions=True
                )
                if refusing.heads:
                    break
    if delay_s > 1:
        assert (type(told[0]), len(sent_at)) == (TooSoonError, 1)
    else:
        assert (told[0].status, len(sent_at)) == (200, 2)
        assert sent_at[1] - sent_at[0] >= delay_s


async def test_when_all_are_bad_pages_fail_for_a_while(site):
    dead = [f"http://u:sesame@127.0.0.1:{closed_port()}", f"socks5://127.0.0.1:{closed_port()}"]
    async with Fetcher(through(*dead)) as fetcher:
        for _ in range(3):
            with pytest.raises(FetchError) as caught:
                await fetcher.fetch(ask(site.url("/")))
            error = caught.value
            assert (error.reason, error.sent) == (Reason.CONNECT, False)
            assert 3 < (error.again_in_s or 0) <= 5
            assert "127.0.0.1:" in error.detail
            assert "sesame" not in str(error)
        assert "set aside" in error.detail
    assert not site.visits


async def test_a_server_that_cannot_be_reached_does_not_cost_the_proxy(site):
    nobody = closed_port()
    for kind in (HttpProxy, SocksProxy):
        async with kind() as proxy, Fetcher(through(proxy.url)) as fetcher:
            for _ in range(12):
                with pytest.raises(FetchError) as caught:
                    await fetcher.fetch(ask(f"https://127.0.0.1:{nobody}/"))
                assert (caught.value.reason, caught.value.sent) == (Reason.CONNECT, False)
                assert caught.value.again_in_s is None
                assert str(proxy.port) in caught.value.detail
            assert (await fetcher.fetch(ask(site.url("/")))).status == 200


async def test_a_slow_server_does_not_cost_the_proxy(site, secure):
    """Over a kept connection too: nothing shows there that the proxy was reached."""
    proxy = HttpProxy()
    plan = replace(PLAN, timeout_s=1.5)
    async with proxy, Fetcher(through(proxy.url, plan=plan)) as fetcher:
        for server in (site, secure):
            await fetcher.fetch(ask(server.url("/")))
            server.route("/slow", slow(9, html("x")))
            for error in await failures(fetcher, server.url("/slow")):
                assert (error.reason, error.sent) == (Reason.TIMEOUT, True)
            assert (await fetcher.fetch(ask(server.url("/")))).status == 200


async def test_a_name_server_that_is_slow_does_not_cost_the_proxy(monkeypatch, site):
    release = threading.Event()

    def look_up(host, port, family=0, type=0, proto=0, flags=0):  # noqa: A002
        if host == "slow.example":
            release.wait(10)
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    hurried = replace(PLAN, connect_timeout_s=2, private=PrivatePlan())
    proxy = HttpProxy(reach={"a.example": ("127.0.0.1", site.port)})
    async with proxy, Fetcher(through(proxy.url, plan=hurried)) as fetcher:
        for error in await failures(fetcher, "http://slow.example/"):
            assert (error.reason, error.sent) == (Reason.TIMEOUT, False)
        release.set()
        assert (await fetcher.fetch(ask("http://a.example/"))).status == 200
        assert proxy.asked == ["a.example:80"]


async def test_a_tunnel_is_asked_for_without_what_is_for_the_server(secure):
    plan = replace(PLAN, headers=(("Authorization", "mallow"), ("X-Page", "mallow")), cookies=True)
    secure.route("/set", html("x", headers={"Set-Cookie": "a=mallow"}))
    async with HttpProxy(login=LOGIN) as proxy, Fetcher(through(proxy.url, plan=plan)) as fetcher:
        await fetcher.fetch(ask(secure.url("/set")))
        await fetcher.fetch(ask(secure.url("/page?mallow"), method="POST", body=b"mallow"))
    assert secure.visits[1].headers["authorization"] == "mallow"
    assert secure.visits[1].headers["cookie"] == "a=mallow"
    assert len(proxy.heads) == 2
    assert all(head.startswith(b"CONNECT 127.0.0.1:") for head in proxy.heads)
    assert not any(b"mallow" in head or b"page" in head for head in proxy.heads)


async def test_a_certificate_is_checked_inside_the_tunnel(secure):
    for kind in (HttpProxy, SocksProxy):
        async with kind() as proxy:
            error = await failure(through(proxy.url, verify_tls=True), secure.url("/"))
        assert (error.reason, error.sent) == (Reason.TLS, False)
        assert f"(through proxy {proxy.url})" in error.detail
    assert not secure.visits


async def test_the_certificate_of_the_proxy_is_checked(context, site):
    async with HttpProxy(tls=context, login=LOGIN) as proxy:
        error = await failure(through(proxy.url, verify_tls=True), site.url("/"))
    assert (error.reason, error.sent) == (Reason.CONNECT, False)
    assert "certificate" in error.detail.lower()
    assert not proxy.heads


async def test_hosts_of_no_proxy_are_asked_directly(site, secure):
    async with HttpProxy() as proxy:
        only_http = replace(PLAN, proxies=ProxyPlan(http=(read(proxy.url),)))
        async with Fetcher(only_http) as fetcher:
            await fetcher.fetch(ask(secure.url("/")))
            assert not proxy.asked
            await fetcher.fetch(ask(site.url("/")))
            assert len(proxy.asked) == 1
        bypass = replace(only_http.proxies, bypass=("127.0.0.0/8",))
        await get(replace(PLAN, proxies=bypass), site.url("/"))
        assert len(proxy.asked) == 1
    assert len(site.visits) == 2


@pytest.fixture
def names(monkeypatch):
    """The name server here: name -> addresses; what it lacks does not resolve."""
    table: dict[str, list[str]] = {}

    def look_up(host, port, family=0, type=0, proto=0, flags=0):  # noqa: A002
        if host not in table:
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET, type, 6, "", (ip, port)) for ip in table[host]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return table


GUARDED = replace(PLAN, private=PrivatePlan())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "[::1]", "[::ffff:7f00:1]", "169.254.169.254", "10.0.0.1", "localhost"),
        *("metadata.internal", "intranet", "a.localhost", "printer.local"),
    ],
)
async def test_private_targets_are_refused_before_the_proxy_hears_of_them(
    kind, host, context, names
):
    names["localhost"] = names["a.localhost"] = ["127.0.0.1"]
    async with make(kind, context) as proxy:
        for scheme in ("http", "https"):
            error = await failure(through(proxy.url, plan=GUARDED), f"{scheme}://{host}/")
            assert (error.reason, error.sent) == (Reason.PRIVATE_ADDRESS, False)
            assert "fetch.private_addresses" in error.detail
        assert proxy.connections == 0


@pytest.mark.parametrize("kind", ["http", "socks5h"])
async def test_an_aiohttp_that_works_otherwise_lets_nothing_through(
    kind, context, site, monkeypatch
):
    monkeypatch.delattr(Bounded, "_create_connection")
    async with make(kind, context) as proxy:
        error = await failure(through(proxy.url), site.url("/"))
    assert (error.reason, error.sent) == (Reason.CONNECT, False)
    assert "this aiohttp" in error.detail
    assert not site.visits


@pytest.mark.parametrize("kind", KINDS)
async def test_a_name_is_judged_by_all_that_it_resolves_to(kind, context, names, site):
    names["evil.example"] = ["93.184.216.34", "127.0.0.1"]
    names["fine.example"] = ["93.184.216.34"]
    async with make(kind, context) as proxy:
        there = ("127.0.0.1", site.port)
        proxy.reach = dict.fromkeys(("fine.example", "93.184.216.34", "only-there.example"), there)
        plan = through(proxy.url, plan=GUARDED)
        error = await failure(plan, "http://evil.example/")
        assert error.reason == Reason.PRIVATE_ADDRESS
        assert "evil.example resolves to 127.0.0.1:80" in error.detail
        assert proxy.connections == 0
        await get(plan, "http://fine.example/")
        await get(plan, "http://only-there.example/")
    told = "93.184.216.34:80" if kind == "socks5" else "fine.example:80"
    assert proxy.asked == [told, "only-there.example:80"]


@pytest.mark.parametrize(
    "private", [PrivatePlan(hosts=frozenset({"box.internal:80"})), PrivatePlan(every=True)]
)
async def test_what_is_allowed_is_not_looked_up(private, names, site):
    async with HttpProxy(reach={"box.internal": ("127.0.0.1", site.port)}) as proxy:
        await get(through(proxy.url, private=private), "http://box.internal/")
        assert proxy.asked == ["box.internal:80"]


async def test_a_redirect_to_a_private_address_is_another_request_and_refused(names):
    """A redirect is an answer like any other, whoever gave it: the proxy or the server."""
    to = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n"
    async with HttpProxy(instead=saying(to)) as proxy:
        plan = through(proxy.url, plan=GUARDED)
        assert (await get(plan, "http://fine.example/")).headers["location"] == "http://127.0.0.1/"
        error = await failure(plan, "https://fine.example/")
        assert error.detail.endswith("it answered 302 when asked to connect")
        assert (await failure(plan, "http://127.0.0.1/")).reason == Reason.PRIVATE_ADDRESS


HOSTILE = {
    "garbage": saying(b"\x00\xff nonsense\r\n\r\n"),
    "nothing": saying(b""),
    "at once": saying(b"SSH-2.0-x\r\n", after_head=False),
    "silent": silent,
    "headers without end": endless(b"X-A: " + b"y" * 1000 + b"\r\n"),
    "one header without end": endless(b"y" * 65536),
    "flood": endless(b"\r\n" + b"y" * 65536),
    "drip": endless(b"y", interval_s=0.05),
    "interim": endless(b"\r\nHTTP/1.1 100 Continue\r\n"),
    "a body": saying(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
    "login": saying(b"HTTP/1.1 407 sesame\r\nContent-Length: 0\r\nX: sesame\r\n\r\n"),
    "socks": saying(b"\x05\x02\x01\x00", after_head=False),
    "socks name": saying(b"\x05\x00\x05\x00\x00\x03\xff", after_head=False),
    "socks kind": saying(b"\x05\x00\x05\x00\x00\x09\x00", after_head=False),
}


@pytest.mark.parametrize("kind", ["http", "socks5h"])
@pytest.mark.parametrize("how", HOSTILE)
async def test_a_hostile_proxy_is_a_failure_in_time(kind, how, caplog):
    caplog.set_level(logging.DEBUG)
    impatient = replace(PLAN, timeout_s=1.0, stall_s=0.5, connect_timeout_s=0.5)
    async with HttpProxy(instead=HOSTILE[how], login=LOGIN) as proxy:
        plan = through(proxy.url.replace("http:", f"{kind}:"), plan=impatient)
        async with asyncio.timeout(30):
            error = await failure(plan, "https://there.example/")
    assert error.reason in (Reason.CONNECT, Reason.TIMEOUT, Reason.TLS)
    assert not error.sent
    assert f"{kind}://127.0.0.1:{proxy.port}" in error.detail
    for told in (error.detail, str(error), repr(error.__cause__), caplog.text):
        assert "sesame" not in told


async def test_a_server_that_says_407_takes_the_proxy_from_nobody(site):
    site.route("/407", status(407))
    async with HttpProxy(login=LOGIN) as proxy, Fetcher(through(proxy.url)) as fetcher:
        assert (await fetcher.fetch(ask(site.url("/page")))).status == 200
        for _ in range(SEVERAL - 1):
            with pytest.raises(FetchError, match="407"):
                await fetcher.fetch(ask(site.url("/407")))
        assert (await fetcher.fetch(ask(site.url("/page")))).status == 200
    async with HttpProxy(login=LOGIN) as proxy:
        bare = through(proxy.url.replace("sesame", "wrong"))
        async with Fetcher(bare) as fetcher:
            for why in ("it does not accept", "set aside: it does not accept"):
                with pytest.raises(FetchError, match=why):
                    await fetcher.fetch(ask(site.url("/page")))


VALID = {
    "http": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello",
    "socks5h": b"\x05\x00\x05\x00\x00\x03\x04here\x00\x50" + b"HTTP/1.1 200 OK\r\n\r\nhello",
}


@pytest.mark.parametrize("kind", VALID)
async def test_whatever_a_proxy_says_is_an_answer_or_an_error(kind):
    """Valid bytes, cut, turned over, doubled: from a seed, so that what fails fails again."""
    chance = random.Random(20261126)
    said = b""

    async def instead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(said)
        writer.write_eof()
        await reader.read()

    endings, told = set(), []
    async with HttpProxy(instead=instead, login=LOGIN) as proxy:
        url = proxy.url.replace("http:", f"{kind}:")
        for number in range(200):
            said = spoilt(VALID[kind], chance)
            async with asyncio.timeout(60), Fetcher(through(url)) as fetcher:
                try:
                    page = await fetcher.fetch(ask(f"http{'s' * (number % 2)}://a.example/"))
                    endings.add(page.status)
                except FetchError as error:
                    endings.add(error.reason)
                    told.append(str(error))
    assert not [text for text in told if "sesame" in text]
    assert 200 in endings
    assert len(endings) > 3


def spoilt(said: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randrange(3)):
        at = chance.randrange(len(said) + 1)
        how = chance.choice(["cut", "turn", "double", "insert"])
        if how == "cut":
            said = said[:at]
        elif how == "turn":
            said = said[:at] + bytes(byte ^ 0xFF for byte in said[at : at + 1]) + said[at + 1 :]
        elif how == "double":
            said = said[:at] * 2 + said[at:]
        else:
            said = said[:at] + chance.randbytes(4) + said[at:]
    return said


async def test_cookies_are_the_same_whatever_the_proxy(site):
    site.route("/set", html("x", headers={"Set-Cookie": "a=1"}))
    async with HttpProxy() as one, HttpProxy() as other:
        plan = through(one.url, other.url, cookies=True)
        async with Fetcher(plan) as fetcher:
            await fetcher.fetch(ask(site.url("/set")))
            await fetcher.fetch(ask(site.url("/next")))
            await fetcher.fetch_url(site.url("/robots.txt"), max_bytes=10)
    assert [visit.headers.get("cookie") for visit in site.visits] == [None, "a=1", None]


async def test_statuses_of_servers_are_answers(site):
    site.route("/gone", status(410))
    site.route("/to", redirect("/gone"))
    async with HttpProxy() as proxy, Fetcher(through(proxy.url)) as fetcher:
        assert (await fetcher.fetch(ask(site.url("/gone")))).status == 410
        assert (await fetcher.fetch(ask(site.url("/to")))).headers["location"] == "/gone"


@pytest.mark.parametrize("kind", KINDS)
def test_the_loop_that_crawls_run_on_can_do_it_too(kind, context):
    async def crawl() -> None:
        site, secure = Site(), Site(tls=context)
        proxy = make(kind, context, login=LOGIN)
        async with site, secure, proxy, Fetcher(through(proxy.url)) as fetcher:
            for server in (site, secure):
                server.route("/", html("x"))
                for _ in range(2):
                    assert (await fetcher.fetch(ask(server.url("/")))).status == 200
                with pytest.raises(FetchError) as caught:
                    await fetcher.fetch(ask(f"https://127.0.0.1:{closed_port()}/"))
                assert caught.value.reason == Reason.CONNECT

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(crawl())
