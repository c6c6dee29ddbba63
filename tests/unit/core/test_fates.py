import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.extract.plan import FollowPlan, PageRule
from scraper.core.fates import left_out, links_fates, outside, why_not
from scraper.core.model import Link
from scraper.core.plan import FetchPlan, Plan, ScopePlan, SeedPlan, StorePlan, UrlPlan
from scraper.core.request import make_request
from scraper.core.scope import Scope
from scraper.core.url import parse

PAGES = (PageRule("list", ("/list*",)), PageRule("book", ("/b/*",)), PageRule("named", ("/n",)))
HERE = make_request(parse("http://a.example/list?p=1"), seed=True)
HOSTS = frozenset({"a.example"})


def planned(scope=None, pages=PAGES, url=UrlPlan()):  # noqa: B008 - it is frozen
    fetch = FetchPlan(user_agent="t")
    store, bounds = StorePlan(""), scope or ScopePlan()
    return Plan("x", SeedPlan(), fetch, store, scope=bounds, pages=pages, url=url)


def fates(*links, scope=None, pages=PAGES):
    found = links_fates(links, HERE, "list", planned(scope, pages), HOSTS)
    return [(fate.fate, fate.why, fate.rule) for fate in found]


def test_followed_links_say_which_rule_reads_them():
    assert fates(
        Link("http://a.example/b/1", None),
        Link("http://a.example/x", "named"),
        Link("http://a.example/x", None),
    ) == [
        ("followed", "as book, by its match", "book"),
        ("followed", "as named, named by follow", "named"),
        ("followed", "no page rule fits: it is fetched and nothing is taken", None),
    ]


def test_the_page_itself_is_known_unless_another_method_asks():
    url = "http://a.example/list?p=1"
    assert fates(Link(url, None), Link(url, None, method="POST", body=b"x")) == [
        ("same page", "is this page itself, which is known already", None),
        ("followed", "as list, by its match", "list"),
    ]


@pytest.mark.parametrize(
    ("scope", "url", "fate", "why"),
    [
        (
            ScopePlan(), "http://b.example/", "scope",
            "hosts: seeds, and b.example is the host of none",
        ),
        (
            ScopePlan(hosts=("x.example", "*.y.example")), "http://a.example/", "scope",
            "hosts: a.example:80 is none of x.example, *.y.example",
        ),
        (ScopePlan(deny=("/a", "/b/**")), "http://a.example/b/1", "scope", "deny[2] /b/**"),
        (
            ScopePlan(allow=("/a", "/c")), "http://a.example/b/1", "scope",
            "allow: /b/1 fits none of /a, /c",
        ),
        (
            ScopePlan(max_depth=0), "http://a.example/b/1", "depth",
            "max_depth: it would be 1 links deep, at most 0 are allowed",
        ),
        (ScopePlan(hosts="any", max_depth=1), "http://b.example/b/1", "followed",
         "as book, by its match"),
    ],
)  # fmt: skip
def test_the_line_of_the_config_that_keeps_a_link_out_is_named(scope, url, fate, why):
    assert fates(Link(url, None), scope=scope)[0][:2] == (fate, why)


patterns = st.lists(st.sampled_from(["/a", "/b/**", "/*", "re:x", "**/c"]), max_size=2).map(tuple)


@given(
    hosts=st.sampled_from(["seeds", "any", ("a.example",), ("*.b.example",)]),
    allow=patterns, deny=patterns, max_depth=st.sampled_from([None, 0, 1]),
    url=st.sampled_from(["http://a.example/a", "http://x.b.example/b/c", "http://c.example/x/c"]),
    depth=st.integers(0, 2),
)  # fmt: skip
def test_what_is_told_is_what_the_scope_decides(hosts, allow, deny, max_depth, url, depth):
    plan = ScopePlan(hosts, allow, deny, max_depth)
    told = outside(plan, parse(url), depth=depth, hosts=HOSTS)
    reason = Scope(plan, seed_hosts=HOSTS).refuses(parse(url), depth=depth)
    assert (told is None) == (reason is None)
    if told is not None:
        assert told.startswith("max_depth") == (reason == "depth")


def test_what_is_no_link_is_told_too():
    rule = PageRule("list", follow=(FollowPlan("a"), FollowPlan("b", limit=1), FollowPlan("c")))
    links = [Link("http://a.example/1", None), Link("http://a.example/2", None)]
    found = [["/1", "mailto:x", "/1#y", "http://[", "", 5, None], ["/2", "/3"]]
    told = left_out(found, links, rule, "http://a.example/list")
    assert [(one.url, one.fate) for one in told] == [
        ("mailto:x", "not http"),
        ("http://a.example/1", "duplicate"),
        ("http://[", "not http"),
        ("", "not http"),
        ("", "not http"),
        ("", "not http"),
        ("http://a.example/3", "limit"),
    ]


def test_every_other_rule_says_why_it_does_not_read_the_page():
    pages = (*PAGES, PageRule("rest"))
    assert why_not(pages, HERE, pages[0]) == {
        "book": "match /b/* does not fit /list",
        "named": "match /n does not fit /list",
        "rest": "it fits, but list stands before it",
    }
    named = make_request(parse("http://a.example/n"), page="book")
    assert why_not(PAGES[:2], named, PAGES[1]) == {
        "list": "book is named, so no match is looked at"
    }
    assert why_not(PAGES[1:], HERE, None) == {
        "book": "match /b/* does not fit /list",
        "named": "match /n does not fit /list",
    }


def test_what_a_link_sends_and_carries_is_told():
    link = Link("http://a.example/b/1", None, {"n": 1}, "POST", (("x-page", "2"),), b"q=\xff")
    (fate,) = links_fates([link], HERE, "list", planned(), HOSTS)
    assert (fate.method, fate.headers, fate.body, fate.carry) == (
        "POST", {"x-page": "2"}, "q=\ufffd", {"n": 1},
    )  # fmt: skip


def test_a_long_form_is_shortened_name_by_name():
    pairs = [("state", "x" * 5000), *((f"n{n}", "1") for n in range(200))]
    body = "&".join(f"{name}={value}" for name, value in pairs).encode()
    form = (("Content-Type", "application/x-www-form-urlencoded"),)
    link = Link("http://a.example/b/1", None, {}, "POST", form, body)
    (fate,) = links_fates([link], HERE, "list", planned(), HOSTS)
    assert fate.body_bytes == len(body)
    assert len(fate.body) < 400
    assert "...&n0=1&" in fate.body
    short = Link("http://a.example/b/1", None, {}, "POST", form, b"a=1")
    assert next(links_fates([short], HERE, "list", planned(), HOSTS)).body == "a=1"


def test_a_trap_is_told_and_urls_are_as_a_crawl_asks_for_them():
    deep = Link("http://a.example/" + "a/" * 30, None)
    tracked = Link("http://a.example/b/1?utm_x=1", None)
    plan = planned(url=UrlPlan(drop=("utm_*",)))
    trapped, followed = links_fates([deep, tracked], HERE, "list", plan, HOSTS)
    assert (trapped.fate, bool(trapped.why)) == ("trap", True)
    assert (followed.fate, followed.url) == ("followed", "http://a.example/b/1")
