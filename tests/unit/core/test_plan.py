"""What the plan says of proxies."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.extract.plan import PageRule
from scraper.core.plan import (
    FetchPlan,
    LoginPlan,
    Plan,
    Proxy,
    ProxyPlan,
    SeedFile,
    SeedPlan,
    SeedRequest,
    SeedSitemap,
    StorePlan,
    is_https_alone,
    refresh_of,
)

SCHEMES = st.sampled_from(["http", "https", "socks5", "socks5h"])
PROXIES = st.builds(
    Proxy,
    scheme=SCHEMES,
    host=st.sampled_from(["a.example", "[::1]"]),
    port=st.integers(1, 65535),
    user=st.sampled_from([None, "QzX"]),
    password=st.sampled_from(["", "XzQ"]),
)


@given(PROXIES)
def test_no_text_of_a_plan_holds_the_credentials_of_a_proxy(proxy):
    plan = FetchPlan(user_agent="t", proxies=ProxyPlan(http=(proxy,)))
    for text in (str(proxy), repr(proxy), repr(plan)):
        assert "QzX" not in text
        assert "XzQ" not in text
    assert str(proxy) == f"{proxy.scheme}://{proxy.host}:{proxy.port}"
    assert proxy.speaks_socks == (proxy.scheme in ("socks5", "socks5h"))


@given(st.lists(PROXIES, max_size=4), st.lists(PROXIES, max_size=4))
def test_each_proxy_counts_once(http, https):
    every = ProxyPlan(http=tuple(http), https=tuple(https)).every
    assert len(set(every)) == len(every)
    assert set(every) == {*http, *https}


def test_pages_are_visited_again_as_their_rule_says_else_the_run():
    rules = (PageRule("news", refresh_s=60.0),)
    plan = Plan("x", SeedPlan(), FetchPlan("bot"), StorePlan("x.db"), pages=rules)
    assert refresh_of(plan).all_s() == {60.0, plan.run.refresh_s}
    assert refresh_of(replace(plan, pages=())).all_s() == {plan.run.refresh_s}


@pytest.mark.parametrize(
    ("seeds", "expected"),
    [
        ({"urls": ("https://a.example/{1..5}", "HTTPS://b.example/")}, True),
        ({"urls": ("https://a.example/", "http://b.example/")}, False),
        ({"urls": ("https://a.example/",), "files": (SeedFile("list.txt"),)}, False),
        ({"requests": (SeedRequest("http://a.example/"),)}, False),
        ({"sitemaps": (SeedSitemap("https://a.example/"), SeedSitemap(None))}, True),
        ({"sitemaps": (SeedSitemap("http://a.example/"),)}, False),
    ],
)
def test_a_crawl_of_https_alone_is_one_where_every_seed_says_so(seeds, expected):
    plan = Plan("x", SeedPlan(**seeds), FetchPlan("bot"), StorePlan("x.db"))
    assert is_https_alone(plan) is expected
    login = LoginPlan("http://a.example/", "form", (), "a")
    assert not is_https_alone(replace(plan, login=login))
