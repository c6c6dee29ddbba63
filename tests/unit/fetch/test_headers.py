"""What is sent to whom: secrets go to the hosts that the config names."""

import pytest
from yarl import URL

from scraper.core.model import Hop
from scraper.core.plan import FetchPlan, ScopePlan
from scraper.core.request import make_request
from scraper.core.scope import Scope
from scraper.core.url import parse
from scraper.fetch.headers import Headers

PLAN = FetchPlan(
    user_agent="t",
    headers=(("X-Api-Key", "sesame"), ("X-Site", "sesame"), ("Accept-Language", "en")),
    secret_headers=frozenset({"x-site"}),
    auth={"a.example": "Basic sesame", "a.example:81": "Basic sesame"},
)


def sent(
    url: str, *, hop: str | None = None, https_alone: bool = False, **more: object
) -> set[str]:
    """The names of the headers that a request is sent with; b.example is there by a redirect."""
    scope = Scope(ScopePlan(), seed_hosts={"a.example"})
    scope.join("b.example", led=True)
    headers = Headers(PLAN)
    scope.join("c.example")
    scope.join("d.example", led=True)
    headers.trusts, headers.https_alone = scope.trusts, https_alone
    request = make_request(parse(url), **more)
    if hop is not None:
        object.__setattr__(request, "hop", Hop(hop, "GET", (url,)))
    return set(headers.of(request, URL(hop or url), URL(url)))


ALL = {"X-Api-Key", "X-Site", "Accept-Language"}
SOME = {"Accept-Language"}


@pytest.mark.parametrize(
    ("url", "hop", "expected"),
    [
        ("http://a.example/", None, ALL | {"Authorization"}),
        ("https://a.example:8080/", None, ALL | {"Authorization"}),
        ("https://a.example/", "https://a.example/x", ALL | {"Authorization"}),
        ("http://a.example/", "https://a.example/", SOME | {"Authorization"}),
        ("https://a.example/", "http://a.example/", SOME),  # not in the clear
        ("http://a.example/", "http://b.example/", SOME),
        ("http://b.example/", None, SOME),
        ("http://b.example/", "http://b.example/x", SOME),
        ("http://b.example/", "http://a.example/", SOME | {"Authorization"}),
    ],
)
def test_secrets_go_to_hosts_that_the_config_names(url: str, hop: str | None, expected: set[str]):
    assert sent(url, hop=hop) == expected


def test_a_seed_is_named_and_what_a_request_says_for_itself_is_its_own():
    assert sent("http://c.example/", seed=True) == ALL
    assert sent("http://d.example/", seed=True) == SOME  # a sitemap says that it is one
    assert sent("http://b.example/", headers=(("X-Own", "1"), (":again", "1"))) == SOME | {"X-Own"}


@pytest.mark.parametrize(
    ("url", "hop", "expected"),
    [
        ("https://a.example/", None, ALL | {"Authorization"}),
        ("http://a.example/", None, SOME),
        ("http://a.example/", "https://a.example/", SOME | {"Authorization"}),
        ("http://a.example/", "http://a.example/x", SOME),
        ("http://a.example:81/", None, SOME | {"Authorization"}),  # the config says this port
    ],
)
def test_secrets_are_for_https_alone_where_all_seeds_are(url: str, hop: str | None, expected):
    assert sent(url, hop=hop, https_alone=True) == expected
