from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.extract.plan import FieldPlan, FollowPlan, ItemPlan, PageRule
from scraper.core.model import Item, Link, Page, Rejected
from scraper.core.recorded import MOST_LINES, differences, header_names, told

words = st.text("ab.é\x1b", max_size=3)
values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=5,
)
items = st.builds(
    lambda kind, key, data, n: Item(kind, key, json.dumps(data), n),
    st.sampled_from(["book", "cd"]),
    words,
    st.dictionaries(words, values, max_size=3),
    st.just(0),
)
links = st.builds(
    Link,
    words,
    st.none() | words,
    st.dictionaries(words, words, max_size=1),
    st.sampled_from(["GET", "POST"]),
    body=st.none() | st.binary(max_size=3),
)
rejected = st.builds(Rejected, words, words, st.just("missing"), st.just(0), st.just("{}"))
pages = st.builds(
    Page,
    st.lists(items, max_size=4).map(tuple),
    st.lists(links, max_size=3).map(tuple),
    st.lists(rejected, max_size=2).map(tuple),
)
tellings = st.builds(told, st.none() | words, pages, st.none() | words)


@given(tellings, tellings)
def test_a_difference_is_told_exactly_when_there_is_one(one, other):
    written = json.loads(json.dumps(one))
    assert differences(written, one) == []
    same = json.dumps(one) == json.dumps(other)
    assert (differences(one, other) == []) is same


@given(tellings, st.data())
def test_one_changed_field_is_named_alone(one, data):
    if one["items"]:
        item = data.draw(st.sampled_from(one["items"]))
        changed: Any = json.loads(json.dumps(one))
        changed["items"][one["items"].index(item)]["data"]["price"] = "changed"
        lines = differences(one, changed)
        assert len(lines) == 1
        assert "price: " in lines[0]
        assert '"changed"' in lines[0]


def book(key: str, **data: Any) -> Item:
    return Item("book", key, json.dumps(data), 0)


@pytest.mark.parametrize(
    ("before", "now", "lines"),
    [
        (
            [book("k", price="51.77", tags=["a", "b"])],
            [book("k", price=None, tags=["a", "c"])],
            [
                'book "k": price: expected "51.77", found null',
                'book "k": tags[1]: expected "b", found "c"',
            ],
        ),
        ([book("k"), book("l")], [book("l")], ['book "k": missing']),
        ([], [book("l")], ['book "l": not expected']),
        (
            [book("k", n=1)],
            [book("l", n=2)],
            ['book "k": key: expected "k", found "l"', 'book "k": n: expected 1, found 2'],
        ),
        (
            [book("k", offers=[{"price": "1", "by": "x"}])],
            [book("k", offers=[{"price": "2"}])],
            [
                'book "k": offers[0].price: expected "1", found "2"',
                'book "k": offers[0].by: expected "x", no such field',
            ],
        ),
        ([book("k", a=1)], [book("k", a=1, b=2)], ['book "k": b: a new field, 2']),
        ([book("k", a=1, b=2)], [book("k", b=2, a=1)], ['book "k": fields in another order']),
        ([book("k", a=[1])], [book("k", a=[1, 2])], ['book "k": a: expected [1], found [1, 2]']),
        ([book("k", a=1)], [book("k", a=True)], ['book "k": a: expected 1, found true']),
        ([book("k"), book("l")], [book("l"), book("k")], ["items: in another order"]),
        (
            [book("k", text="x" * 200 + "a")],
            [book("k", text="x" * 200 + "b")],
            ['book "k": text: expected ...xxxxxxxxxxxxxxxxxxxxa", found ...xxxxxxxxxxxxxxxxxxxxb"'],
        ),
        (
            [book("k", text="y" * 100)],
            [book("k", text=None)],
            [f'book "k": text: expected "{"y" * 79}..., found null'],
        ),
    ],
)
def test_differences_of_items_in_words(before, now, lines):
    assert differences(told("book", Page(tuple(before))), told("book", Page(tuple(now)))) == lines


def test_differences_of_the_rest_in_words():
    one = Page(links=(Link("http://a/1", None), Link("http://a/2", "listing")))
    other = Page(
        links=(Link("http://a/1", None), Link("http://a/3", None, {"q": 1}, "POST", body=b"x=1")),
        rejected=(Rejected("book", "title", "missing", 0, "{}"),),
    )
    assert differences(told("a", one), told(None, other, "invalid_page: nothing fits h1")) == [
        'page rule: expected "a", found null',
        'error: expected null, found "invalid_page: nothing fits h1"',
        "rejected book field title missing: not expected",
        "link http://a/2 page listing: missing",
        "link http://a/3 method POST body x=1 carry {'q': 1}: not expected",
    ]
    turned = Page(links=one.links[::-1])
    assert differences(told("a", one), told("a", turned)) == ["links: in another order"]


def test_many_differences_are_counted():
    many = Page(links=tuple(Link(f"http://a/{n}", None) for n in range(MOST_LINES + 7)))
    lines = differences(told("a", many), told("a", Page()))
    assert (len(lines), lines[-1]) == (MOST_LINES + 1, "and 7 more")


def test_deep_values_are_compared_as_wholes():
    deep: Any = 1
    for _ in range(900):
        deep = [deep]
    one, other = told("a", Page((book("k", v=1),))), told("a", Page((book("k", v=1),)))
    one["items"][0]["data"]["v"] = deep  # type: ignore[index,call-overload]
    assert len(differences(one, other)) == 1


def test_the_headers_that_a_rule_needs():
    fields = (
        FieldPlan("a", source="header:Date"),
        FieldPlan("b", source="url"),
        FieldPlan("c", any=(FieldPlan("", source="header:etag"),)),
        FieldPlan("d", css="x", fields=(FieldPlan("e", source="header:Set-Cookie"),)),
    )
    rule = PageRule("book", items=(ItemPlan("book", fields),))
    assert header_names(rule) == {"content-type", "date", "etag"}
    assert header_names(None) == {"content-type"}


def test_headers_that_links_read_are_recorded_too():
    link = FollowPlan(
        set=(FieldPlan("query.p", source="header:next"),),
        condition=FieldPlan("while", source="header:more"),
    )
    rule = PageRule("book", follow=(link, FollowPlan("a")), nofollow="rel")
    assert header_names(rule) == {"content-type", "next", "more", "x-robots-tag"}


def test_what_a_rejected_item_has_is_compared_unless_an_older_recording_does_not_say_it():
    def page(name: str) -> Page:
        return Page(rejected=(Rejected("author", "quote", "missing", 0, f'{{"name": "{name}"}}'),))

    before, now = told("author", page("Ann")), told("author", page("Bob"))
    assert differences(before, before) == []
    assert differences(before, now) == ['rejected author: name: expected "Ann", found "Bob"']
    older = {**before, "rejected": [{"type": "author", "field": "quote", "reason": "missing"}]}
    assert differences(older, now) == []
    assert differences(older, told("author", Page())) == [
        "rejected author field quote missing: missing"
    ]
