"""TLS is verified unless the plan says otherwise. The certificate here is signed by nobody."""

import asyncio
import ssl
from pathlib import Path

import pytest

from scraper.core.errors import FetchError
from scraper.core.model import Reason, Request
from scraper.core.plan import FetchPlan, PrivatePlan
from scraper.fetch import Fetcher
from tests.site import Site, SiteThread, html

CERTIFICATE = Path(__file__).parent / "tls" / "self-signed.pem"


def plan(*, verify: bool = True) -> FetchPlan:
    return FetchPlan(
        user_agent="t",
        timeout_s=3,
        connect_timeout_s=0.5,
        verify_tls=verify,
        private=PrivatePlan(every=True),
    )


def ask(url: str) -> Request:
    return Request(url=url, key=bytes(16), host="here")


@pytest.fixture
def context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


async def test_a_certificate_that_nobody_signed_is_refused(context):
    async with Site(tls=context) as site, Fetcher(plan()) as fetcher:
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(ask(site.url("/")))
    assert (caught.value.reason, caught.value.sent) == (Reason.TLS, False)
    assert "self-signed" in caught.value.detail.replace("self signed", "self-signed")
    assert not site.visits


async def test_unless_the_plan_does_not_verify(context):
    async with Site(tls=context) as site, Fetcher(plan(verify=False)) as fetcher:
        site.route("/", html("<p>hello"))
        for _ in range(2):
            assert (await fetcher.fetch(ask(site.url("/")))).body == b"<p>hello"
        assert site.connections == 1


async def test_a_server_that_does_not_speak_tls_is_a_tls_failure():
    def refuse(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 This port speaks plain HTTP\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server, Fetcher(plan()) as fetcher:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(ask(f"https://127.0.0.1:{port}/"))
    assert (caught.value.reason, caught.value.sent) == (Reason.TLS, False)


async def test_a_server_that_never_finishes_its_handshake_is_a_timeout():
    async with Site() as site, Fetcher(plan()) as fetcher:
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(ask(site.url("/").replace("http:", "https:")))
    assert (caught.value.reason, caught.value.sent) == (Reason.TIMEOUT, False)


async def test_the_site_in_a_thread_answers_like_the_other():
    with SiteThread() as site:
        site.route("/", html("<p>hello"))
        async with Fetcher(plan()) as fetcher:
            assert (await fetcher.fetch(ask(site.url("/")))).body == b"<p>hello"
        assert site.paths() == ["/"]
