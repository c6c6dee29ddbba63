"""Laws of what is made of URLs: nothing unless asked, once is enough, and a page stays itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.plan import UrlPlan
from scraper.core.url import parse
from scraper.core.urlrules import UrlRules, without_session

HEX = "0123456789abcdef" * 2
pairs = st.sampled_from(
    ["a=1", "b=2", "b=3", "utm_source=x", "utm%5Fid=y", "UTM_x=1", "", "=", "sid=" + HEX, "a",
     "PHPSESSID=1", "a%20b=1", "c=%2526"]
)  # fmt: skip
paths = st.lists(st.sampled_from(["a", "b;jsessionid=1", "(S(x" + HEX + "))", ";x=1", ""]))
hrefs = st.builds(
    lambda path, query: "http://h.example/" + "/".join(path) + "?" * bool(query) + "&".join(query),
    paths,
    st.lists(pairs),
)  # fmt: skip
plans = st.builds(
    UrlPlan, st.booleans(), st.sampled_from([(), ("utm_*",), ("*",), ("a b", "b")]), st.booleans()
)


@given(hrefs)
def test_nothing_is_changed_unless_asked(href):
    url = parse(href)
    assert UrlRules(UrlPlan(sessions=False)).apply(url) == url
    assert UrlRules(UrlPlan()).apply(url).href == url.href


@given(plans, hrefs)
def test_the_rules_applied_twice_change_nothing_more(plan, href):
    rules = UrlRules(plan)
    once = rules.parse(href)
    assert rules.apply(once) == once
    assert rules.parse(once.href) == once


@given(st.permutations(["b=1", "a=2", "c=3"]))
def test_a_sorted_query_is_the_same_in_any_order(some):
    rules = UrlRules(UrlPlan(sort_query=True))
    assert (
        rules.parse("http://h.example/?" + "&".join(some)).href == "http://h.example/?a=2&b=1&c=3"
    )


@given(st.lists(pairs))
def test_dropped_parameters_are_gone_and_the_others_keep_their_order(some):
    rules = UrlRules(UrlPlan(drop=("utm_*",), sessions=False))
    kept = [pair for pair in some if not pair.startswith(("utm_", "utm%5F"))]
    query = "&".join(kept)
    expected = f"http://h.example/?{query}" if kept or not some else "http://h.example/"
    assert rules.parse("http://h.example/?" + "&".join(some)).href == (
        expected if some else "http://h.example/?"
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/p;jsessionid=1a?x=1", "/p;jsessionid=2b?x=1"),
        ("/p;JSESSIONID=1a", "/p"),
        (f"/(S({HEX}))/p", "/p"),
        ("/p?PHPSESSID=a&x=1", "/p?x=1"),
        ("/p?x=1&PHPSESSID=a", "/p?x=1"),
        (f"/p?sid={HEX}", "/p"),
        (f"/p?a=1&sid={HEX}&z=2", f"/p?a=1&sid={HEX[::-1]}&z=2"),
        ("/p?aspsessionidABC=x", "/p"),
        (f"/p?session_id={HEX}", "/p?CFID=1&CFTOKEN=2"),
    ],
)
def test_a_session_identifier_makes_no_other_page(one, other):
    rules = UrlRules(UrlPlan())
    first, second = (rules.parse("http://h.example" + path) for path in (one, other))
    assert first.key == second.key
    assert first.href == "http://h.example" + one, "what is fetched is what the site gave"
    kept = UrlRules(UrlPlan(sessions=False))
    assert len({kept.parse("http://h.example" + path).key for path in (one, other)}) == 2


@pytest.mark.parametrize(
    "path",
    ["/p?sid=12", f"/p?sid={HEX[:24]}", f"/p?sid={HEX}-x", "/p?session=2024", "/p?xsid=" + HEX,
     "/p?q=sid=" + HEX, "/jsessionid=1", "/p?", "/(S(x))/p", "/a(b)", "/a;b=1"],
)  # fmt: skip
def test_what_only_looks_like_one_is_kept(path):
    url = parse("http://h.example" + path)
    assert without_session(url.key) == url.key


def test_its_parts_are_shown():
    assert repr(UrlRules(UrlPlan(drop=("utm_*",)))) == "<UrlRules sort=False drop=utm_.*>"


def test_a_session_in_a_user_name_is_none():
    """Two hosts would be one page."""
    one, other = (parse(f"http://u;jsessionid=1@{name}.example/") for name in "ab")
    assert without_session(one.key) == one.key != without_session(other.key)
