"""Cookies go back to the origin that set them, or to the domain that they name."""

import asyncio

import aiohttp
import pytest
from yarl import URL

from scraper.fetch.cookies import Cookies

HOME = "https://shop.example/a"


async def sent(said: str, by: str, *to: str) -> list[bool]:
    """Whether each of these URLs is sent the cookie that one of them has set."""
    jar = Cookies()
    jar.update_cookies_from_headers((said,), URL(by))
    return ["pass" in jar.filter_cookies(URL(url)) for url in to]


@pytest.mark.parametrize(
    ("by", "to", "goes"),
    [
        (HOME, "https://shop.example/b", True),
        (HOME, "http://shop.example/b", False),
        (HOME, "https://shop.example:8443/b", False),
        (HOME, "https://www.shop.example/b", False),
        (HOME, "https://other.example/b", False),
        ("http://shop.example/a", HOME, True),  # sites send on to https
        ("http://shop.example:8080/a", HOME, False),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/x", True),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8081/x", False),
        ("http://[::1]:8080/", "http://[::1]:8080/x", True),
    ],
)
async def test_a_cookie_belongs_to_its_origin(by: str, to: str, goes: bool):
    assert await sent("pass=sesame; Path=/", by, to) == [goes]


async def test_a_cookie_that_names_a_domain_goes_to_it():
    to = "https://www.shop.example/", "http://shop.example:8080/", "https://other.example/"
    for domain in ("shop.example", ".shop.example"):
        said = f"pass=sesame; Path=/; Domain={domain}"
        assert await sent(said, HOME, HOME, *to) == [True, True, True, False]
    assert await sent("pass=1; Path=/; Domain=shop.example; Secure", HOME, *to[:2]) == [True, False]


@pytest.mark.parametrize("domain", ["example", ".example", "other.example", "www.shop.example"])
async def test_a_domain_that_is_not_its_own_is_none(domain: str):
    to = HOME, "https://other.example/", "https://www.shop.example/"
    assert await sent(f"pass=1; Path=/; Domain={domain}", HOME, *to) == [False] * 3


async def test_an_address_names_no_domain():
    said, here = "pass=1; Path=/; Domain=127.0.0.1", "http://127.0.0.1:8080/"
    assert await sent(said, here, here, "http://127.0.0.1:8081/") == [True, False]


async def test_what_is_set_last_wins_and_what_is_over_is_gone():
    jar, url = Cookies(), URL("https://shop.example/")
    jar.update_cookies_from_headers(("pass=old; Path=/",), URL("http://shop.example/"))
    jar.update_cookies_from_headers(("pass=new; Path=/", "b=2; Path=/"), url)
    assert {name: one.value for name, one in jar.filter_cookies(url).items()} == {
        "pass": "new",
        "b": "2",
    }
    jar.update_cookies_from_headers(("b=; Path=/; Max-Age=0",), url)
    assert "b" not in jar.filter_cookies(url)


async def test_a_stranger_leaves_nothing_in_the_jars_of_others(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("scraper.fetch.cookies.JARS", 1)
    jar, url = Cookies(), URL("https://a.example/")
    jar.update_cookies_from_headers(("pass=1; Path=/; Domain=a.example",), url)
    jar.update_cookies_from_headers(("x=1; Path=/; Domain=a.example",), URL("https://b.example/"))
    jar.update_cookies_from_headers(("x=1; Path=/; Domain=c.example",), URL("https://b.example/"))
    assert list(jar.filter_cookies(url)) == ["pass"]


@pytest.mark.parametrize("domain", ["", "; Domain=h{}.example"])
async def test_only_so_many_hosts_keep_cookies_those_used_last(
    domain: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("scraper.fetch.cookies.JARS", 3)
    jar = Cookies()
    for number in range(9):
        url = URL(f"https://h{number}.example/")
        jar.update_cookies_from_headers((f"pass=sesame; Path=/{domain.format(number)}",), url)
        assert "pass" in jar.filter_cookies(URL("https://h0.example/")), "it is used all the time"
    kept = [n for n in range(9) if "pass" in jar.filter_cookies(URL(f"https://h{n}.example/"))]
    assert kept == [0, 7, 8]


@pytest.mark.parametrize("domain", ["co.uk", ".co.uk", "github.io", "uk", "localhost"])
async def test_a_public_suffix_is_no_domain(domain: str):
    own = f"https://{domain.strip('.')}/"
    to = f"https://a.{domain.strip('.')}/", f"https://b.{domain.strip('.')}/"
    said = f"pass=1; Path=/; Domain={domain}"
    assert await sent(said, to[0], own, *to) == [False] * 3
    assert await sent(said, own, own, *to) == [True, False, False]


@pytest.mark.parametrize("value", ["a=b==", "a:b/c", '{"k":1}', '"in quotes"', "a,b c", "[x]", ""])
async def test_a_cookie_goes_back_as_it_came(value: str):
    jar, url = Cookies(), URL(HOME)
    jar.update_cookies_from_headers((f"own={value}; Path=/",), url)
    jar.update_cookies_from_headers((f"wide={value}; Domain=shop.example",), url)
    request = aiohttp.ClientRequest("GET", url, loop=asyncio.get_running_loop())
    request.update_cookies(jar.filter_cookies(url))
    assert request.headers["Cookie"] == f"own={value}; wide={value}"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("__Host-pass=1; Secure; Path=/", True),
        ("__host-pass=1; path=/ ; secure", True),
        ("__Host-pass=1; Path=/", False),
        ("__Host-pass=1; Secure; Path=/a", False),
        ("__Host-pass=1; Secure; Path=/; Domain=shop.example", False),
        ("__Secure-pass=1; Secure; Domain=shop.example", True),
        ("__Secure-pass=1", False),
    ],
)
async def test_a_cookie_is_what_its_prefix_says(said: str, kept: bool):
    for by, expected in ((HOME, kept), (HOME.replace("https", "http"), False)):
        jar = Cookies()
        jar.update_cookies_from_headers((said,), URL(by))
        assert bool(jar.filter_cookies(URL(HOME))) == expected
