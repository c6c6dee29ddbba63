"""Nothing secret reaches another origin, whatever redirect leads there."""

import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from scraper.core.errors import FetchError
from scraper.core.model import Request, Response
from scraper.core.plan import FetchPlan, PrivatePlan
from scraper.core.redirect import is_redirect, next_hop
from scraper.core.url import parse
from scraper.fetch import Fetcher
from scraper.robots import Robots
from tests.site import Site, html, redirect
from tests.virtual import VirtualClock

GENERAL = ("Authorization", "Cookie", "X-Api-Key", "X-Auth-Token", "X-Site")
PLAN = FetchPlan(
    user_agent="t",
    private=PrivatePlan(every=True),
    verify_tls=False,
    headers=(
        *((name, f"sesame {name}") for name in GENERAL),
        ("Accept-Language", "en"),
    ),
    secret_headers=frozenset({"x-site"}),  # its value is of the environment
)
OWN = (("X-Own", "sesame own"), ("X-Token", "sesame token"), ("Content-Type", "text/plain"))
STATUSES = [301, 302, 303, 307, 308]


@pytest.fixture
async def home():
    async with Site(hosts=("127.0.0.1", "127.0.0.2")) as site:
        site.route("/*", html("home"))
        yield site


@pytest.fixture
async def other():
    async with Site() as site:
        site.route("/*", html("other"))
        yield site


@pytest.fixture
async def secure():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(Path(__file__).parent / "tls" / "self-signed.pem")
    async with Site(tls=context) as site:
        site.route("/*", html("secure"))
        yield site


async def follow(url: str, *, method: str = "GET") -> Response:
    """Ask as a crawl does, hop by hop."""
    request = Request(
        url=parse(url).href,
        key=bytes(16),
        host="here",
        method=method,
        headers=OWN,
        body=b"sent" if method == "POST" else None,
    )
    async with Fetcher(PLAN) as fetcher:
        response = await fetcher.fetch(request)
        while is_redirect(response):
            hop, _ = next_hop(
                request, response.status, response.headers["location"], longest=9, may_repeat=True
            )
            request = replace(request, hop=hop)
            response = await fetcher.fetch(request)
    return response


def told(site: Site) -> list[str]:
    return [repr(visit) for visit in site.visits]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_another_port_scheme_or_host_hears_no_secret(home, other, secure, status, method):
    targets = {"port": other.url("/"), "scheme": secure.url("/"), "logged in": other.url("/in")}
    targets["logged in"] = targets["logged in"].replace("//", "//user:pass@")
    targets["host"] = home.url("/elsewhere", host="127.0.0.2")
    for target in targets.values():
        home.route("/go", redirect(target, status=status))
        start = home.url("/go").replace("//", "//me:sesame@")
        if (method, status) in {("POST", 307), ("POST", 308)}:  # its body may hold secrets, too
            with pytest.raises(FetchError, match="would send the body on to http"):
                await follow(start, method=method)
        else:
            await follow(start, method=method)
    if (method, status) in {("POST", 307), ("POST", 308)}:
        assert (len(home.visits), len(other.visits), len(secure.visits)) == (4, 0, 0)
        return
    away = [visit for visit in home.visits if visit.path == "/elsewhere"]
    at_home = [visit for visit in home.visits if visit.path == "/go"]
    assert (len(at_home), len(away), len(other.visits), len(secure.visits)) == (4, 1, 2, 1)
    for visit in at_home:
        assert repr(visit).count("sesame") == len(GENERAL) + 2
    for visit in (*away, *other.visits, *secure.visits):
        assert "sesame" not in repr(visit)
        assert "me:" not in repr(visit)
        assert "referer" not in visit.headers
        assert visit.headers["accept-language"] == "en"
        assert visit.headers["content-type"] == "text/plain"
    given = [visit.headers.get("authorization") for visit in other.visits]
    assert given == [None, "Basic dXNlcjpwYXNz"], "what the redirect itself says is not ours"


async def test_a_subdomain_is_another_origin(monkeypatch, home):
    import socket

    def look_up(host, port, family=0, type=0, proto=0, flags=0):  # noqa: A002
        return [(socket.AF_INET, type, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    home.route("/go", redirect(home.url("/sub", host="www.a.example")))
    await follow(home.url("/go", host="a.example"))
    assert [visit.path for visit in home.visits] == ["/go", "/sub"]
    assert "sesame" in told(home)[0]
    assert "sesame" not in told(home)[1]


@pytest.mark.parametrize("status", STATUSES)
async def test_on_the_way_there_and_back_only_home_hears_them(home, other, status):
    home.route("/go", redirect(other.url("/back"), status=status))
    other.route("/back", redirect(home.url("/end"), status=status))
    await follow(home.url("/go"))
    assert [visit.path for visit in home.visits] == ["/go", "/end"]
    assert all("sesame own" in text for text in told(home))
    assert "sesame" not in told(other)[0]


async def test_what_is_kept_back_is_said_once_an_origin(home, other, caplog):
    home.route("/go", redirect(other.url("/in").replace("//", "//user:sesame@")))
    async with Fetcher(PLAN) as fetcher:
        first = Request(url=home.url("/go"), key=bytes(16), host="here")
        to = (await fetcher.fetch(first)).headers["location"]
        hop, _ = next_hop(first, 302, to, longest=9)
        for _ in range(2):
            await fetcher.fetch(replace(first, hop=hop))
    (line,) = caplog.messages
    names = ", ".join(GENERAL)
    assert line == (f"a redirect leads to {other.url('')}: it is not sent {names} of fetch.headers")


@pytest.mark.parametrize("to_http", [False, True])
async def test_a_login_follows_no_robots_txt_into_the_clear(home, secure, to_http):
    plan = replace(PLAN, auth={"127.0.0.1": "Basic sesame"})
    moved = home.url("/rules") if to_http else "/rules"
    secure.route("/robots.txt", redirect(moved))
    async with Fetcher(plan) as fetcher:
        robots = Robots(fetcher=fetcher, agent="t", obey=True, clock=VirtualClock())
        await robots.ask(secure.url("/page"))
    assert told(secure)[0].count("sesame") == 1
    assert told(home if to_http else secure)[-1].count("sesame") == (0 if to_http else 1)
