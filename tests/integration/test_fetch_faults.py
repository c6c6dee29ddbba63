"""Every way in which a site can fail an exchange, over real sockets, has its reason."""

import asyncio
import random
import socket
import tracemalloc
from dataclasses import replace

import pytest

from scraper.core.errors import FetchError
from scraper.core.model import Reason, Request
from scraper.core.plan import FetchPlan, PrivatePlan
from scraper.fetch import Fetcher
from tests.site import (
    MIB,
    Handler,
    Site,
    big_headers,
    bomb,
    drip,
    endless,
    garbage,
    hang_up,
    html,
    reset,
    silent,
    slow,
    tiny_chunks,
    truncated,
)

PLAN = FetchPlan(
    user_agent="t",
    timeout_s=0.4,
    stall_s=0.15,
    connect_timeout_s=0.2,
    max_body_bytes=2 * MIB,
    private=PrivatePlan(every=True),
)
PATIENT = replace(PLAN, timeout_s=30, stall_s=20, connect_timeout_s=20)
OK = b"HTTP/1.1 200 OK\r\n"
CASES: dict[str, tuple[Handler, Reason]] = {
    "reset before the answer": (reset(), Reason.RESET),
    "reset inside the head": (reset(OK + b"Content-"), Reason.RESET),
    "reset inside the body": (reset(OK + b"Content-Length: 9\r\n\r\nabc"), Reason.RESET),
    "closed before the answer": (hang_up(), Reason.RESET),
    "closed inside the head": (hang_up(OK + b"Content-"), Reason.RESET),
    "shorter than its length": (truncated(), Reason.TRUNCATED),
    "chunks without an end": (truncated(how="chunked"), Reason.TRUNCATED),
    "gzip without an end": (truncated(how="gzip"), Reason.TRUNCATED),
    "endless": (endless(), Reason.TOO_LARGE),
    "longer than the limit": (html(bytes(2 * MIB + 1)), Reason.TOO_LARGE),
    "dripping": (drip(0.02), Reason.TIMEOUT),
    "silent": (silent(), Reason.TIMEOUT),
    "silent inside the head": (silent(OK + b"Content-"), Reason.TIMEOUT),
    "silent inside the body": (silent(OK + b"Content-Length: 9\r\n\r\nabc"), Reason.TIMEOUT),
    "slower than the stall": (slow(5, html("x")), Reason.TIMEOUT),
    "gzip bomb": (bomb("gzip"), Reason.TOO_LARGE),
    "deflate bomb": (bomb("deflate"), Reason.TOO_LARGE),
    "br bomb": (bomb("br"), Reason.TOO_LARGE),
    "zstd bomb": (bomb("zstd"), Reason.TOO_LARGE),
    "many headers": (big_headers(count=1000, size=10), Reason.PROTOCOL),
    "a long header": (big_headers(count=1, size=100_000), Reason.PROTOCOL),
    "no HTTP": (garbage(), Reason.PROTOCOL),
    "no head": (garbage(b"<html>hello</html>"), Reason.PROTOCOL),
    "another protocol": (garbage(b"SSH-2.0-OpenSSH_9.6\r\n"), Reason.PROTOCOL),
    "two lengths": (
        garbage(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        Reason.PROTOCOL,
    ),
    "a negative length": (garbage(OK + b"Content-Length: -1\r\n\r\nab"), Reason.PROTOCOL),
    "bad chunks": (garbage(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nab"), Reason.PROTOCOL),
    "other protocols only": (
        garbage(b"HTTP/1.1 101 x\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"),
        Reason.PROTOCOL,
    ),
    "interim answers without end": (
        silent(b"HTTP/1.1 100 Continue\r\n\r\n" * 50),
        Reason.PROTOCOL,
    ),
    "not gzip": (html("plain", headers={"Content-Encoding": "gzip"}), Reason.ENCODING),
    "unknown coding": (html("x", headers={"Content-Encoding": "sdch"}), Reason.ENCODING),
}


def ask(url: str, **more) -> Request:
    return Request(url=url, key=bytes(16), host="here", **more)


async def failure(url: str, plan: FetchPlan = PLAN) -> FetchError:
    async with Fetcher(plan) as fetcher:
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(ask(url))
        assert fetcher.open == 0
    return caught.value


@pytest.mark.parametrize("name", CASES)
async def test_every_fault_has_its_reason(name):
    fault, reason = CASES[name]
    async with Site() as site:
        site.route("/", fault)
        # patient where no time-out is looked for: a busy machine must not make one
        error = await failure(site.url("/"), PLAN if reason is Reason.TIMEOUT else PATIENT)
        assert error.reason == reason
        assert error.detail
        assert error.sent
        assert len(site.visits) == 1


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
async def test_a_bomb_costs_no_more_memory_than_the_limit(coding):
    async with Site() as site:
        site.route("/", bomb(coding, 256 * MIB))
        tracemalloc.start()
        try:
            await failure(site.url("/"))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 8 * MIB


async def test_chunks_of_one_byte_end_at_the_limit_or_in_time():
    """They cost the client far more than the server."""
    async with Site() as site:
        site.route("/", tiny_chunks(3 * MIB))
        error = await failure(site.url("/"))
        assert error.reason in (Reason.TIMEOUT, Reason.TOO_LARGE)


@pytest.mark.slow
async def test_every_fault_at_once_leaves_the_good_pages_alone():
    plan = replace(PATIENT, timeout_s=10, stall_s=4, concurrency=99)
    async with Site() as site, Fetcher(plan) as fetcher:
        for number, (fault, _) in enumerate(CASES.values()):
            site.route(f"/bad/{number}", fault)
        site.route("/good/*", html("fine"))
        bad = [fetcher.fetch(ask(site.url(f"/bad/{n}"))) for n in range(len(CASES))]
        good = [fetcher.fetch(ask(site.url(f"/good/{n}"))) for n in range(50)]
        outcomes = await asyncio.gather(*bad, *good, return_exceptions=True)
        assert fetcher.open == 0
    assert all(isinstance(outcome, FetchError) for outcome in outcomes[: len(bad)])
    found = [getattr(outcome, "body", outcome) for outcome in outcomes[len(bad) :]]
    assert found == [b"fine"] * 50


async def test_nobody_listens():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        error = await failure(f"http://127.0.0.1:{free.getsockname()[1]}/")
    assert (error.reason, error.sent) == (Reason.CONNECT, False)


async def test_a_server_that_does_not_accept_is_a_timeout_and_nothing_was_sent():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with socket.create_connection(full.getsockname()):
            error = await failure(f"http://127.0.0.1:{full.getsockname()[1]}/")
    assert (error.reason, error.sent) == (Reason.TIMEOUT, False)
    assert "fetch.connect_timeout" in error.detail


@pytest.mark.parametrize("host", ["a" * 70 + ".example", "a..example"])
async def test_a_name_that_cannot_exist(host):
    error = await failure(f"http://{host}/")
    assert (error.reason, error.sent) == (Reason.DNS, False)


FRAGMENTS = (
    b"HTTP/1.1 200 OK\r\n~HTTP/1.0 404 No\r\n~HTTP/1.1 100 Continue\r\n\r\n~HTTP/1.1 304 x\r\n~"
    b"HTTP/1.1 302 x\r\nLocation: /a\r\n~HTTP/9.9 1 x\r\n~Content-Length: 5\r\n~"
    b"Content-Length: 99999999999999999999\r\n~Transfer-Encoding: chunked\r\n~Set-Cookie: a=b\r\n~"
    b"Content-Encoding: gzip\r\n~Content-Encoding: br\r\n~Connection: close\r\n~\r\n~\r\n\r\n~\r~ "
    b"~hello~5\r\nhello\r\n~0\r\n\r\n~ffffffffffffffff\r\n~\x00\xff\xfe~:~\t~\x1f\x8b\x08\x00"
).split(b"~")


async def test_any_bytes_give_an_answer_or_a_fetch_error():
    chance = random.Random(20261124)
    plan = replace(PLAN, timeout_s=1, stall_s=0.2, cookies=True, concurrency=50)
    known = set(Reason)
    async with Site() as site, Fetcher(plan) as fetcher:
        for number in range(400):
            parts = chance.choices(FRAGMENTS, k=chance.randrange(1, 12))
            noise = [
                bytes([chance.randrange(256)]) if chance.random() < 0.05 else b"" for _ in parts
            ]
            start = FRAGMENTS[0] if chance.random() < 0.6 else b""
            data = start + b"".join(part + bad for part, bad in zip(parts, noise, strict=True))
            ending = chance.choice([hang_up, reset, silent]) if number % 4 else hang_up
            site.route(f"/{number}", ending(data))
        outcomes = await asyncio.gather(
            *(fetcher.fetch(ask(site.url(f"/{number}"))) for number in range(400)),
            return_exceptions=True,
        )
        assert fetcher.open == 0
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            assert isinstance(outcome, FetchError), repr(outcome)
            assert outcome.reason in known
    assert any(isinstance(outcome, FetchError) for outcome in outcomes)
    assert any(not isinstance(outcome, BaseException) for outcome in outcomes)
