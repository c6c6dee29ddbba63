"""What tells whether a page has changed: what is taken of it, and on which basis."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.extract.plan import FieldPlan, FollowPlan, ItemPlan, PageRule
from scraper.core.follow import Followed
from scraper.core.model import Half, Item, Link, Page, Rejected, Response, Validators
from scraper.core.plan import FetchPlan, Plan, RunPlan, ScopePlan, SeedPlan, StorePlan
from scraper.core.reading import Readings, fingerprint
from scraper.core.request import make_request
from scraper.core.scope import Scope
from scraper.core.url import parse

BOOK = PageRule("book", items=(ItemPlan("book", (FieldPlan("title", css="h1"),)),))
NOTHING = PageRule("nothing")
PLAN = Plan("x", SeedPlan(), FetchPlan("bot"), StorePlan("x.db"), pages=(BOOK, NOTHING))
ANSWER = Response("https://shop.example/a", 200, {}, b"<h1>A</h1>")
ITEM = Item("book", "a", '{"title":"A"}', 0)
texts = st.text(max_size=3)
items = st.lists(st.builds(Item, texts, texts, texts.map(repr), st.just(0)), max_size=3)


def request(path="a", **more):
    return make_request(parse(f"https://shop.example/{path}"), **more)


def links(*paths, outside=()):
    found = tuple(request(path) for path in paths)
    return Followed(found, len(found), 0, outside)


def scope(*hosts):
    return Scope(ScopePlan(), seed_hosts=hosts)


def reading(page=Page(), links_=links(), *, plan=PLAN, rule=BOOK, of=None, hosts=(), version="1"):  # noqa: B008
    readings = Readings(plan, version=version)
    return readings.of_page(of or request(), ANSWER, rule, page, links_, scope(*hosts))


@given(items, items)
def test_pages_say_the_same_if_the_same_is_taken_of_them(some, others):
    same = [(one.type, one.data) for one in some] == [(one.type, one.data) for one in others]
    assert (fingerprint(Page(tuple(some)), ()) == fingerprint(Page(tuple(others)), ())) == same


def test_pages_whose_items_say_nearly_the_same_are_likely_to_share_a_sketch():
    words = [f"word{n}" for n in range(60)]
    one, other = (Item("book", "a", repr(" ".join([*words, last])), 0) for last in ("x", "y"))
    short = reading(Page((ITEM,)))
    assert short.near is None
    assert reading(Page((one,))).near == reading(Page((other,))).near is not None
    assert reading(Page((one,))).content != reading(Page((other,))).content


@given(st.permutations("abc"))
def test_the_order_of_links_says_nothing_and_where_they_lead_does(order):
    said = fingerprint(Page(), links(*order, "a").requests)
    assert said == fingerprint(Page(), links("a", "b", "c").requests)
    assert said != fingerprint(Page(), links("a", "b").requests)


@pytest.mark.parametrize(
    "page",
    [
        Page((replace(ITEM, data='{"title":"B"}'),)),
        Page(halves=(Half("book", "a", ITEM.data, 0),)),
        Page(rejected=(Rejected("book", "title", "missing", 0, ITEM.data),)),
        Page(rejected=(Rejected("book", "title", "invalid", 0, ITEM.data),)),
        Page((replace(ITEM, data='{"title":"\ud800"}'),)),
        Page(),
    ],
)
def test_whatever_is_taken_of_a_page_counts(page):
    assert reading(page).content != reading(Page((ITEM,))).content
    assert reading(page).basis == reading(Page((ITEM,))).basis


def test_markup_says_nothing_unless_nothing_is_taken():
    readings, other = Readings(PLAN, version="1"), replace(ANSWER, body=b"<h1 id=1>A</h1>")

    def read(rule, answer):
        return readings.of_page(request(), answer, rule, Page((ITEM,)), links(), scope()).content

    assert read(BOOK, ANSWER) == read(BOOK, other)
    assert read(NOTHING, ANSWER) != read(NOTHING, other)
    assert readings.of_body(request(), ANSWER).content == read(NOTHING, ANSWER)


def basis(**more):
    return reading(**more).basis


@pytest.mark.parametrize(
    "plan",
    [
        replace(PLAN, pages=(replace(BOOK, follow=(FollowPlan("a"),)),)),
        replace(PLAN, scope=ScopePlan(deny=("/x/**",))),
        replace(PLAN, fetch=FetchPlan("bot", headers=(("Accept-Language", "en"),))),
        replace(PLAN, store=StorePlan("x.db", bodies="zstd")),
    ],
)
def test_what_decides_what_is_taken_is_the_basis(plan):
    assert basis(plan=plan, rule=plan.pages[0]) != basis()


def test_what_decides_nothing_of_a_page_is_not():
    secret = FetchPlan("bot", headers=(("Authorization", "Bearer x"),))
    rest = replace(PLAN, scope=ScopePlan(max_pages=5), run=RunPlan(refresh_s=1), fetch=secret)
    rest = replace(rest, pages=(replace(BOOK, refresh_s=60.0), NOTHING))
    assert basis(plan=rest) == basis()
    assert basis(of=request(depth=3)) == basis()
    assert basis(hosts=("shop.example",)) == basis()


def test_a_basis_is_of_a_rule_a_version_and_what_the_request_brings():
    deep = replace(PLAN, scope=ScopePlan(max_depth=4))
    told = [
        basis(),
        basis(rule=NOTHING),
        basis(version="2"),
        basis(of=request(carry={"a": "\ud800"})),
        basis(of=request(carry={"a": 2})),
        basis(plan=deep),
        basis(plan=deep, of=request(depth=1)),
        Readings(PLAN, version="1").of_body(request(), ANSWER).basis,
    ]
    assert len(set(told)) == len(told)


def test_links_that_were_out_of_scope_count_on_the_hosts_that_may_join_it():
    cut = links(outside=(("deny", 1), ("hosts", 2)))
    assert basis(links_=cut, hosts=("a.example", "b.example")) == basis(
        links_=cut, hosts=("b.example", "a.example")
    )
    assert basis(links_=cut, hosts=("a.example",)) != basis(links_=cut)
    closed = replace(PLAN, scope=ScopePlan(hosts="any"))
    assert basis(links_=cut, plan=closed, hosts=("a.example",)) == basis(plan=closed)


SAID = replace(ANSWER, headers={"etag": '"1"'})


def test_a_page_that_was_read_whole_has_validators():
    readings = Readings(PLAN, version="1")
    assert readings.of_body(request(), SAID).etag == '"1"'
    page = readings.of_page(request(), SAID, BOOK, Page(), links("b"), scope())
    assert page.etag == '"1"'


def test_a_page_whose_links_carry_on_what_was_carried_to_it_has_none():
    onward = replace(request("b"), carry={"a": None}, half=0)
    readings = Readings(PLAN, version="1")
    found = Followed((onward,), 1, 0)
    assert readings.of_page(request(), SAID, BOOK, Page(), found, scope()).etag is None


@pytest.mark.parametrize("cut", [(), (("hosts", 1),)])
def test_validators_hold_where_the_page_would_be_read_the_same(cut):
    readings, hosts = Readings(PLAN, version="1"), scope("shop.example")
    read = readings.of_page(request(), SAID, BOOK, Page(), links(outside=cut), hosts)
    known = Validators('"1"', None, request().url, read.basis)
    again = replace(request(), validators=known)
    assert readings.holds(again, BOOK, hosts)
    assert readings.holds(again, BOOK, None) == (not cut)
    assert readings.holds(again, BOOK, scope("shop.example", "new.example")) == (not cut)
    assert not readings.holds(again, NOTHING, hosts)
    assert not readings.holds(request(), BOOK, hosts)
    assert not Readings(PLAN, version="2").holds(again, BOOK, hosts)


def test_headers_of_a_request_count_unless_they_hold_a_secret():
    assert basis(of=request(headers=(("X-Shop", "1"),))) != basis()
    one, other = (request(headers=(("Authorization", word),)) for word in "ab")
    assert basis(of=one) == basis(of=other)


def test_a_link_is_no_reading():
    assert fingerprint(Page(links=(Link("https://a.example/", None),)), ()) == fingerprint(
        Page(), ()
    )
