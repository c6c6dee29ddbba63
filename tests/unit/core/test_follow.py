"""Laws of the links of a page."""

from hypothesis import given
from hypothesis import strategies as st

from scraper.core.follow import follow, joined, without
from scraper.core.model import Link, Page
from scraper.core.plan import ScopePlan, UrlPlan
from scraper.core.request import OF_FORM, is_asked_for, make_request, of_form
from scraper.core.scope import Scope
from scraper.core.url import parse
from scraper.core.urlrules import UrlRules

URLS = [
    "http://a.example/1",
    "http://a.example/print/1",
    "http://b.example/1",
]
RULES = UrlRules(UrlPlan())
rules = st.sampled_from([None, "listing", "book"])
links = st.lists(
    st.tuples(st.sampled_from(URLS), rules, st.dictionaries(st.just("n"), st.integers())).map(
        lambda parts: Link(*parts)
    ),
    max_size=12,
)


def scope(max_depth: int | None = None) -> Scope:
    plan = ScopePlan(deny=("/print/**",), max_depth=max_depth)
    return Scope(plan, seed_hosts=("a.example",))


def parent(depth: int = 0):
    return make_request(parse("http://a.example/"), depth=depth, seed=True)


@given(links, st.integers(0, 3), st.none() | st.integers(0, 3))
def test_every_link_is_followed_or_counted(found, depth, max_depth):
    followed = follow(Page(links=tuple(found)), parent(depth), "listing", scope(max_depth), RULES)
    assert followed.found == len(found)
    assert followed.out_of_scope == len(found) - len(followed.requests)
    assert sum(count for _, count in followed.outside) == followed.out_of_scope
    assert {key for key, _ in followed.outside} <= {"hosts", "deny", "max_depth"}


@given(links, st.integers(0, 3), st.none() | st.integers(0, 3))
def test_what_is_followed_is_in_scope_and_in_the_order_of_the_page(found, depth, max_depth):
    followed = follow(Page(links=tuple(found)), parent(depth), "listing", scope(max_depth), RULES)
    expected = [
        ("http://a.example/1", link.page, link.carry)
        for link in found
        if link.url.startswith("http://a.example/1")
        and (max_depth is None or depth + (link.page != "listing") <= max_depth)
    ]
    assert [(each.url, each.page, each.carry) for each in followed.requests] == expected


@given(links, st.integers(0, 9))
def test_pagination_adds_no_depth_and_every_other_link_adds_one(found, depth):
    followed = follow(Page(links=tuple(found)), parent(depth), "listing", scope(), RULES)
    for each in followed.requests:
        assert each.depth == (depth if each.page == "listing" else depth + 1)


@given(links)
def test_a_link_is_a_get_and_no_seed(found):
    followed = follow(Page(links=tuple(found)), parent(), "listing", scope(), RULES)
    assert all(
        (each.method, each.seed, each.hop) == ("GET", False, None) for each in followed.requests
    )


def test_a_page_at_the_limit_of_depth_still_leads_to_its_next_pages():
    found = (Link("http://a.example/2", "listing"), Link("http://a.example/3", "book"))
    followed = follow(Page(links=found), parent(2), "listing", scope(2), RULES)
    assert [each.url for each in followed.requests] == ["http://a.example/2"]
    assert followed.out_of_scope == 1


@given(links, st.integers(0, 12))
def test_judged_in_parts_it_comes_to_the_same(found, cut):
    def judge(some):
        return follow(Page(links=tuple(some)), parent(), "listing", scope(), RULES)

    assert joined([judge(found[:cut]), judge(found[cut:])]) == judge(found)


def test_no_links_are_no_links():
    nothing = joined([])
    assert (nothing.requests, nothing.found, nothing.out_of_scope) == ((), 0, 0)


@given(st.sampled_from(["GET", "POST"]), st.none() | st.just(b"a=1"), st.booleans())
def test_a_form_is_a_request_with_its_method_body_and_headers(method, body, has_headers):
    headers = (("Content-Type", "x/y"),) if has_headers else ()
    form = Link(URLS[0], "book", {"n": 1}, method, headers, body)
    plain = Link(URLS[0], "book", {"n": 1})
    page = Page(links=(plain, form))
    first, second = follow(page, parent(), "listing", scope(), RULES).requests
    assert second == make_request(
        parse(URLS[0]),
        method=method,
        body=body,
        headers=headers,
        page="book",
        depth=1,
        carry={"n": 1},
    )
    assert (first.key == second.key) == (method == "GET" and not body)


def test_a_form_notes_the_rule_that_it_was_found_by():
    form = Link(URLS[0], "book", method="POST", headers=(("X", "1"), OF_FORM))
    (first,) = follow(Page(links=(form,)), parent(), "listing", scope(), RULES).requests
    assert first.headers == of_form(form.headers, before=(), rule="listing")
    (other,) = follow(Page(links=(form,)), first, "listing", scope(), RULES).requests
    assert is_asked_for(first.headers)
    assert not is_asked_for(other.headers)


TRAP = "http://a.example" + "/go/round" * 4


@given(links, st.integers(0, 3))
def test_a_trap_is_counted_for_itself_and_never_followed(found, traps):
    every = [*found, *[Link(TRAP, None)] * traps, Link(TRAP.replace("a.", "b."), None)]
    followed = follow(Page(links=tuple(every)), parent(), "listing", scope(), RULES)
    assert followed.trapped == traps
    assert followed.found == len(every)
    assert followed.out_of_scope == len(every) - traps - len(followed.requests)
    assert TRAP not in {each.url for each in followed.requests}


def test_a_trap_is_followed_where_the_config_says_so():
    some = Page(links=(Link(TRAP, None),))
    lenient = Scope(ScopePlan(traps=False), seed_hosts=("a.example",))
    followed = follow(some, parent(), "listing", lenient, RULES)
    assert (followed.trapped, len(followed.requests)) == (0, 1)


@given(st.lists(st.sampled_from(["a=1", "b=2", "utm_x=3"]), unique=True))
def test_the_rules_of_urls_make_one_request_of_many_links(pairs):
    some = UrlRules(UrlPlan(drop=("utm_*",), sort_query=True))
    link = Link("http://a.example/?" + "&".join(pairs), None)
    (one,) = follow(Page(links=(link,)), parent(), "listing", scope(), some).requests
    kept = sorted(pair for pair in pairs if not pair.startswith("utm_"))
    assert one.url == "http://a.example/?" + "&".join(kept) or not kept
    again = parse(one.url)
    assert (one.key, one.url) == (make_request(again).key, again.href)


@given(links)
def test_links_taken_out_later_count_as_traps(found):
    followed = follow(Page(links=tuple(found)), parent(), "listing", scope(), RULES)
    kept = without(followed, lambda each: each.page == "book")
    assert [each.page for each in kept.requests if each.page == "book"] == []
    assert kept.found == len(kept.requests) + kept.trapped + kept.out_of_scope
