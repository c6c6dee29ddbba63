import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.errors import SelectorError
from scraper.core.globs import Pattern
from scraper.core.model import Reason
from scraper.core.plan import ScopePlan
from scraper.core.scope import Hosts, Scope
from scraper.core.url import parse

NAMES = ["a.example", "www.a.example", "b.example", "xa.example"]
URLS = st.builds(
    "http://{}{}{}".format,
    st.sampled_from(NAMES),
    st.sampled_from(["", ":8080"]),
    st.sampled_from(["/", "/x/1", "/x/print/1", "/y?p=1"]),
)
PLANS = st.builds(
    ScopePlan,
    hosts=st.sampled_from(["seeds", "any", ("a.example",), ("*.a.example", "b.example")]),
    allow=st.sampled_from([(), ("/x/**",), ("re:p=1",)]),
    deny=st.sampled_from([(), ("**/print/**",)]),
    max_depth=st.sampled_from([None, 0, 2]),
)


def knows(hosts, name):
    if hosts == "any":
        return True
    if hosts == "seeds":
        return name == "a.example"
    return name in hosts or any(h[0] == "*" and name.endswith(h[1:]) for h in hosts)


@given(PLANS, URLS, st.integers(0, 3), st.booleans())
def test_every_border_holds_and_seeds_pass_all_but_deny(plan, text, depth, seed):
    url = parse(text)
    refused = Scope(plan, seed_hosts=["a.example"]).refuses(url, depth=depth, seed=seed)
    denied = Pattern(plan.deny).fits(url.path, url.href)
    allowed = not plan.allow or Pattern(plan.allow).fits(url.path, url.href)
    inside = knows(plan.hosts, url.hostname) and allowed
    if denied or (not seed and not inside):
        assert refused is Reason.SCOPE
    elif not seed and plan.max_depth is not None and depth > plan.max_depth:
        assert refused is Reason.DEPTH
    else:
        assert refused is None


@given(PLANS, URLS, st.integers(0, 4))
def test_the_key_that_refuses_a_link_is_named(plan, text, depth):
    scope, url = Scope(plan, seed_hosts=("a.example",)), parse(text)
    reason, line = scope.refuses(url, depth=depth), scope.line(url, depth=depth)
    assert scope.line(url, depth=depth, seed=True) == ("deny" if line == "deny" else None)
    assert (reason is None) == (line is None)
    assert (reason is Reason.DEPTH) == (line == "max_depth")
    if line == "deny":
        assert Pattern(plan.deny).fits(url.path, url.href)
    elif line == "hosts":
        assert plan.hosts != "any"
    elif line == "allow":
        assert not Pattern(plan.allow).fits(url.path, url.href)


def test_the_first_border_that_is_crossed_gives_the_reason():
    plan = ScopePlan(allow=("/x/**",), deny=("**/print/**",), max_depth=2)
    scope = Scope(plan, seed_hosts=["a.example"])
    inside, outside = parse("http://a.example/x/1"), parse("http://b.example/x/1")
    assert scope.refuses(inside, depth=2) is None
    assert scope.refuses(inside, depth=3) is Reason.DEPTH
    assert scope.refuses(outside, depth=3) is Reason.SCOPE
    assert scope.refuses(outside, depth=3, seed=True) is None
    assert scope.refuses(parse("http://a.example/y"), depth=0) is Reason.SCOPE
    assert scope.refuses(parse("http://a.example/x/print/"), depth=0, seed=True) is Reason.SCOPE


def test_a_host_that_a_seed_redirects_to_joins_scope_seeds_alone():
    url = parse("http://b.example:8080/")
    for hosts, expected in (("seeds", None), (("a.example",), Reason.SCOPE)):
        scope = Scope(ScopePlan(hosts=hosts), seed_hosts={"a.example"})
        assert scope.refuses(url, depth=1) is Reason.SCOPE
        assert scope.join("b.example") is (expected is None)
        assert not scope.join("b.example")
        assert scope.refuses(url, depth=1) is expected


def test_a_host_that_a_redirect_let_in_is_not_named_until_a_seed_names_it():
    scope, url = Scope(ScopePlan(), seed_hosts={"a.example"}), parse("https://b.example:8080/")
    assert scope.names(parse("https://a.example:8080/"))
    assert not scope.names(url)
    assert scope.join("b.example", led=True)
    assert not scope.join("a.example", led=True)
    assert [scope.is_led(f"{name}.example") for name in "abc"] == [False, True, False]
    assert scope.refuses(url, depth=0) is None
    assert [scope.names(parse(f"http://{name}.example/")) for name in "ab"] == [True, False]
    assert not scope.join("b.example"), "it is in scope"
    assert not scope.is_led("b.example")
    assert scope.names(url)
    listed = Scope(ScopePlan(hosts=("*.a.example",)), seed_hosts=())
    assert listed.names(parse("https://x.a.example/"))
    assert not listed.names(url)
    assert not Scope(ScopePlan(hosts="any"), seed_hosts={"b.example"}).names(url)


@pytest.mark.parametrize("hosts", ["seeds", ("a.example",)])
def test_secrets_are_for_hosts_that_the_config_names_not_a_site(hosts):
    a, b, c, d = (parse(f"http://{name}.example/") for name in "abcd")
    scope = Scope(ScopePlan(hosts=hosts), seed_hosts=("a.example", "b.example"))
    assert scope.join("c.example", led=True)
    assert not scope.join("b.example", led=True)
    assert [scope.trusts(url, seed=True) for url in (a, b, c)] == [True, True, False]
    assert [scope.trusts(url, seed=False) for url in (a, c, d)] == [True, False, False]
    scope.join("c.example")
    assert scope.trusts(c, seed=True)


@pytest.mark.parametrize(
    ("pattern", "url", "fits"),
    [
        ("Books.Example", "https://books.example:444/", True),
        ("books.example:8080", "http://books.example:8080/", True),
        ("books.example:8080", "http://books.example/", False),
        ("books.example:80", "http://books.example/", True),
        ("*.books.example", "http://books.example/", False),
        ("*.books.example", "http://a.b.books.example/", True),
        ("*.books.example", "http://evilbooks.example/", False),
        ("*.books.example:81", "http://a.books.example:81/", True),
        ("b\u00fccher.example", "http://xn--bcher-kva.example/", True),
        ("::1", "http://[::1]:5/", True),
        ("[::1]:5", "http://[::1]:5/", True),
        ("[::1]:5", "http://[::1]/", False),
        ("127.1", "http://127.0.0.1:99/", True),
    ],
)
def test_host_patterns(pattern, url, fits):
    assert Hosts((pattern,)).fits(parse(url)) is fits


@pytest.mark.parametrize(
    "text", ["", "a b", "http://a.example", "a/b", "u@a", "a#b", "a?b", "a:99999"]
)
def test_what_is_no_host_is_refused(text):
    with pytest.raises(SelectorError, match="is no host"):
        Hosts((text,))


def test_repr_shows_the_hosts():
    assert repr(Scope(ScopePlan(), seed_hosts=["a.example"])) == "<Scope of 1 hosts>"
    assert repr(Scope(ScopePlan(hosts="any"), seed_hosts=[])) == "<Scope of any host>"


@given(st.lists(st.sampled_from(NAMES)), st.lists(st.sampled_from(NAMES)))
def test_scopes_with_the_same_hosts_have_one_fingerprint(some, others):
    one, other = (Scope(ScopePlan(), seed_hosts=names) for names in (some, others))
    assert (one.fingerprint == other.fingerprint) == (set(some) == set(others))
