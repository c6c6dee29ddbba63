"""Addresses that are not public are refused when they are about to be connected to.

The name server is a table: `socket.getaddrinfo` is what the resolver asks.
"""

import asyncio
import socket
import threading

import pytest

from scraper.core.errors import FetchError
from scraper.core.model import Hop, Reason, Request
from scraper.core.plan import FetchPlan, PrivatePlan
from scraper.core.url import parse
from scraper.fetch import Fetcher
from tests.site import Site, html

PLAN = FetchPlan(user_agent="t", timeout_s=3, connect_timeout_s=1)


def allowing(*hosts: str, networks: tuple[str, ...] = ()) -> FetchPlan:
    private = PrivatePlan(hosts=frozenset(hosts), networks=networks)
    return FetchPlan(user_agent="t", timeout_s=3, connect_timeout_s=1, private=private)


def ask(url: str, **more) -> Request:
    return Request(url=url, key=bytes(16), host="here", **more)


@pytest.fixture
async def site():
    async with Site(hosts=("127.0.0.1", "127.0.0.2")) as site:
        site.route("/", html("inside"))
        yield site


@pytest.fixture
def names(monkeypatch):
    """The table of the name server: name -> addresses, an OSError, or an event to wait for."""
    table: dict[str, list[str] | OSError | threading.Event] = {}

    def look_up(host, port, family=0, type=0, proto=0, flags=0):  # noqa: A002
        found = table[host]
        if isinstance(found, threading.Event):
            found.wait(10)
            found = OSError("too late")
        if isinstance(found, OSError):
            raise found
        return [
            (socket.AF_INET6, type, 6, "", (ip, port, 0, 0))
            if ":" in ip
            else (socket.AF_INET, type, 6, "", (ip, port))
            for ip in found
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return table


async def refusal(plan: FetchPlan, url: str, **more) -> FetchError:
    async with Fetcher(plan) as fetcher:
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(ask(url, **more))
    assert (caught.value.reason, caught.value.sent) == (Reason.PRIVATE_ADDRESS, False)
    return caught.value


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f.1", "017700000001", "127.0.0.1."),
        *("\uff10x7f.0.0.\uff11", "\u2460\u2461\u2466.0.0.1", "%31%32%37.0.0.1"),
        *("0.0.0.0", "0", "localhost", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
        *(
            "10.0.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "[fe80::1]",
            "[fd00::1]",
            "[64:ff9b::a00:1]",
        ),
    ],
)
async def test_private_addresses_are_refused_in_every_notation(site, host):
    error = await refusal(PLAN, parse(f"http://{host}:{site.port}/").href)
    assert "fetch.private_addresses" in error.detail
    assert site.connections == 0


async def test_the_message_says_what_to_write(site):
    error = await refusal(PLAN, site.url("/"))
    entry = f"127.0.0.1:{site.port}"
    assert error.detail == (
        f'{entry} is a loopback address: add "{entry}" to fetch.private_addresses to allow it'
    )
    async with Fetcher(allowing(entry)) as fetcher:
        assert (await fetcher.fetch(ask(site.url("/")))).body == b"inside"


async def test_a_name_that_resolves_to_a_private_address_is_refused(site, names):
    names["shop.example"] = ["127.0.0.1"]
    error = await refusal(PLAN, f"http://shop.example:{site.port}/")
    assert error.detail.startswith(f"shop.example resolves to 127.0.0.1:{site.port}, a loopback")
    assert site.connections == 0


async def test_one_hop_further_it_is_refused_just_as_well(site):
    plan = allowing(f"127.0.0.1:{site.port}")
    hop = Hop(site.url("/", host="127.0.0.2"), "GET", (site.url("/"),))
    await refusal(plan, site.url("/"), hop=hop)
    assert site.connections == 0


async def test_robots_are_fetched_under_the_same_guard(site):
    async with Fetcher(PLAN) as fetcher:
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch_url(site.url("/robots.txt"), max_bytes=100)
    assert caught.value.reason == Reason.PRIVATE_ADDRESS


@pytest.mark.parametrize("entry", ["127.0.0.1:{}", "shop.example:{}"])
async def test_an_allowed_address_or_name_is_reached(site, names, entry):
    names["shop.example"] = ["127.0.0.1"]
    async with Fetcher(allowing(entry.format(site.port))) as fetcher:
        response = await fetcher.fetch(ask(f"http://shop.example:{site.port}/"))
    assert response.body == b"inside"
    assert site.visits[0].host == f"shop.example:{site.port}"


async def test_an_allowed_network_is_reached_and_no_other(site):
    plan = allowing(networks=("127.0.0.2/32",))
    async with Fetcher(plan) as fetcher:
        assert (await fetcher.fetch(ask(site.url("/", host="127.0.0.2")))).body == b"inside"
    await refusal(plan, site.url("/"))


async def test_a_kept_connection_does_not_open_the_door_to_another_name(site, names):
    names["shop.example"] = names["evil.example"] = ["127.0.0.1"]
    async with Fetcher(allowing(f"shop.example:{site.port}")) as fetcher:
        await fetcher.fetch(ask(f"http://shop.example:{site.port}/"))
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(ask(f"http://evil.example:{site.port}/"))
    assert caught.value.reason == Reason.PRIVATE_ADDRESS


@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.1", "127.0.0.1"], ["127.0.0.1", "10.0.0.1"], ["::1", "10.0.0.1", "127.0.0.1"]],
    ids=["first", "last", "mixed"],
)
async def test_of_mixed_addresses_only_the_permitted_are_tried(site, names, addresses):
    names["shop.example"] = addresses
    async with Fetcher(allowing(f"127.0.0.1:{site.port}")) as fetcher:
        assert (await fetcher.fetch(ask(f"http://shop.example:{site.port}/"))).body == b"inside"


async def test_of_only_refused_addresses_none_is_tried(names):
    names["shop.example"] = ["10.0.0.1", "::1", "192.168.0.1"]
    error = await refusal(PLAN, "http://shop.example/")
    assert "10.0.0.1" in error.detail or "::1" in error.detail


async def test_when_the_permitted_address_fails_it_is_a_failed_connection(names):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    names["shop.example"] = ["10.0.0.1", "127.0.0.1"]
    async with Fetcher(allowing(f"127.0.0.1:{port}")) as fetcher:
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(ask(f"http://shop.example:{port}/"))
    assert (caught.value.reason, caught.value.sent) == (Reason.CONNECT, False)


@pytest.mark.parametrize(
    "code", [socket.EAI_NONAME, socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_NODATA]
)
async def test_a_name_without_an_address_is_a_dns_failure(names, code):
    names["gone.example"] = socket.gaierror(code, "not known")
    async with Fetcher(PLAN) as fetcher:
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(ask("http://gone.example/"))
    assert (caught.value.reason, caught.value.sent) == (Reason.DNS, False)


async def test_an_answer_of_no_addresses_is_a_dns_failure(names):
    names["empty.example"] = []
    async with Fetcher(PLAN) as fetcher:
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(ask("http://empty.example/"))
    assert (caught.value.reason, caught.value.sent) == (Reason.DNS, False)


async def test_lookups_that_hang_hold_up_nobody_else(site, names):
    never = threading.Event()
    names["shop.example"] = ["127.0.0.1"]
    for number in range(10):
        names[f"slow{number}.example"] = never
    plan = allowing(f"127.0.0.1:{site.port}")
    async with Fetcher(plan) as fetcher:
        hanging = [
            asyncio.ensure_future(fetcher.fetch(ask(f"http://slow{number}.example/")))
            for number in range(10)
        ]
        good = await fetcher.fetch(ask(f"http://shop.example:{site.port}/"))
        assert good.body == b"inside"
        assert not any(task.done() for task in hanging)
        outcomes = await asyncio.gather(*hanging, return_exceptions=True)
    never.set()
    assert {(outcome.reason, outcome.sent) for outcome in outcomes} == {(Reason.TIMEOUT, False)}


async def test_a_name_is_looked_up_once_for_all_who_ask(site, names, monkeypatch):
    names["shop.example"] = ["127.0.0.1"]
    table, asked = socket.getaddrinfo, []

    def counting(host, *more, **options):
        asked.append(host)
        return table(host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", counting)
    async with Fetcher(allowing(f"127.0.0.1:{site.port}")) as fetcher:
        url = f"http://shop.example:{site.port}/"
        responses = await asyncio.gather(*(fetcher.fetch(ask(url)) for _ in range(20)))
    assert asked == ["shop.example"]
    assert all(response.dns_s >= 0 for response in responses)
