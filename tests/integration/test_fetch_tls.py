"""TLS is verified unless the plan says otherwise. The certificate here is signed by nobody."""

import asyncio
import ssl
from pathlib import Path

import pytest

from scraper.core.errors import FetchError, UsageError
from scraper.core.model import Reason, Request
from scraper.core.plan import FetchPlan, PrivatePlan
from scraper.fetch import Fetcher
from tests.site import Site, SiteThread, html

TLS = Path(__file__).parent / "tls"
CERTIFICATE = TLS / "self-signed.pem"


def plan(*, verify: bool = True, **more) -> FetchPlan:
    return FetchPlan(
        user_agent="t",
        timeout_s=3,
        connect_timeout_s=0.5,
        verify_tls=verify,
        private=PrivatePlan(every=True),
        **more,
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


async def test_a_certificate_of_the_ca_file_is_trusted_and_its_names_are_checked(context):
    trusting = plan(ca_file=str(CERTIFICATE))
    async with Site(hosts=("127.0.0.1", "127.0.0.2"), tls=context) as site:
        site.route("/", html("<p>hello"))
        async with Fetcher(trusting) as fetcher:
            assert (await fetcher.fetch(ask(site.url("/")))).body == b"<p>hello"
            with pytest.raises(FetchError) as caught:
                await fetcher.fetch(ask(site.url("/", host="127.0.0.2")))
    assert caught.value.reason == Reason.TLS
    assert "127.0.0.2" in caught.value.detail
    assert len(site.visits) == 1


@pytest.mark.parametrize("verify", [True, False])
async def test_the_client_certificate_is_shown_to_who_asks_for_it(context, verify):
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(TLS / "client.pem")
    files = {"ca_file": str(CERTIFICATE)} if verify else {}
    async with Site(tls=context) as site:
        site.route("/", html("<p>hello"))
        shown = plan(verify=verify, client_cert=(str(TLS / "client.pem"), None), **files)
        async with Fetcher(shown) as fetcher:
            assert (await fetcher.fetch(ask(site.url("/")))).body == b"<p>hello"
        async with Fetcher(plan(verify=verify, **files)) as fetcher:
            with pytest.raises(FetchError):
                await fetcher.fetch(ask(site.url("/")))
    assert len(site.visits) == 1


@pytest.mark.parametrize(
    ("files", "key"),
    [
        ({"ca_file": "gone.pem"}, "fetch.ca_file"),
        ({"client_cert": ("gone.pem", None)}, "fetch.client_cert"),
        ({"client_cert": (str(TLS / "passphrase.pem"), None)}, "fetch.client_cert"),
    ],
)
async def test_a_file_that_has_changed_since_the_check_ends_the_command(files, key):
    with pytest.raises(UsageError, match=f"{key}: cannot be read any more"):
        async with Fetcher(plan(**files)):
            pass


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
