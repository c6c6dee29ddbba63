"""What the plan says of proxies."""

from hypothesis import given
from hypothesis import strategies as st

from scraper.core.plan import FetchPlan, Proxy, ProxyPlan

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
