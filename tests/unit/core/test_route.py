from hypothesis import given
from hypothesis import strategies as st

from scraper.core.extract.plan import PageRule
from scraper.core.globs import Pattern
from scraper.core.model import Hop
from scraper.core.request import make_request
from scraper.core.route import Router
from scraper.core.url import parse

MATCHES = [(), ("/a/*",), ("/b/**", "/a/x"), ("re:q=1$",), ("/none",)]
RULES = st.lists(st.sampled_from(MATCHES), max_size=4).map(
    lambda matches: tuple(PageRule(f"r{n}", match) for n, match in enumerate(matches))
)
URLS = st.sampled_from(["http://h/a/x", "http://h/b/c/d?q=1", "http://h/c", "http://h/a/y?q=1"])
NAMES = st.sampled_from([None, "r0", "r1", "r2", "r3", "gone"])


@given(RULES, URLS, NAMES)
def test_a_name_wins_else_the_first_that_fits(rules, text, name):
    url = parse(text)
    expected = next((rule for rule in rules if rule.name == name), None)
    if expected is None:
        expected = next(
            (r for r in rules if not r.match or Pattern(r.match).fits(url.path, url.href)), None
        )
    assert Router(rules).rule(make_request(url, page=name)) is expected


def test_the_requested_url_decides_wherever_redirects_led():
    router = Router((PageRule("old", ("/old",)), PageRule("new", ("/new",))))
    request = make_request(parse("http://h/old"))
    moved = request.__class__(
        url=request.url,
        key=request.key,
        host=request.host,
        hop=Hop("http://h/new", "GET", ("http://h/old",)),
    )
    rule = router.rule(moved)
    assert rule is not None
    assert rule.name == "old"


def test_repr_names_the_rules():
    assert repr(Router((PageRule("a"), PageRule("b")))) == "<Router a b>"
