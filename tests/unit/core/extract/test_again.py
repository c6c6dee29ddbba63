"""The next request: what it changes, where it ends, and that it ends."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.amend import Draft, Spot
from scraper.core.errors import ParseError
from scraper.core.extract.again import (
    Condition,
    Lone,
    Values,
    again,
    is_again,
    is_end,
    is_true,
    with_values,
)
from scraper.core.extract.document import Document, Source
from scraper.core.extract.plan import FieldPlan, FollowPlan, IncrementPlan
from scraper.core.model import Link
from scraper.core.request import MOST_IN_A_ROW, is_trap, times

URL = "http://a.example/list"
JSON = (("Content-Type", "application/json"),)
PAGE = b"""<meta name=token content=abc><a data-next="c 2" data-no=false>x</a><i>0</i>
<script>var s = {"cursor": "d3"};</script>"""


def page(body: bytes = b"{}", ask: Draft | None = None, **more: object) -> Document:
    return Document(body, Source(ask.url if ask else URL, URL, ask=ask, **more))


def counting(spot: str = "page", by: int = 1, first: int = 1, limit: int | None = None):
    return FollowPlan(increment=IncrementPlan(spot, by, first), page="list", limit=limit)


def urls(plan: FollowPlan, most: int, ask: Draft) -> list[str]:
    """The URLs that a page leads to, one after another."""
    out: list[str] = []
    while len(out) < most:
        link = again(plan, [], page(ask=ask))
        if link is None:
            break
        out.append(link.url)
        ask = Draft(link.url, link.method, link.headers, link.body)
    return out


def test_numbers_follow_each_other():
    assert urls(counting(), 3, Draft(URL)) == [f"{URL}?page={n}" for n in (2, 3, 4)]
    offsets = urls(counting("query:offset", by=20, first=0), 3, Draft(f"{URL}?q=%41&offset="))
    assert offsets == [f"{URL}?q=%41&offset={n}" for n in (20, 40, 60)]
    assert urls(counting(), 2, Draft(f"{URL}?page=-1")) == [f"{URL}?page=0", f"{URL}?page=1"]


@pytest.mark.parametrize("now", ["x", "1.5", "9" * 20, "true"])
def test_what_is_no_number_ends_it(now):
    assert urls(counting(), 3, Draft(f"{URL}?page={now}")) == []
    body = json.dumps({"page": True if now == "true" else now}).encode()
    assert again(counting(), [], page(ask=Draft(URL, "POST", JSON, body))) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [({"n": 1}, {"n": 1, "page": 2}), ({"page": 7}, {"page": 8}), ({"page": "7"}, {"page": "8"})],
)
def test_number_in_a_json_body_keeps_its_kind(before, after):
    ask = Draft(URL, "POST", JSON, json.dumps(before).encode())
    link = again(counting(), [], page(ask=ask))
    assert link is not None
    assert (link.method, json.loads(link.body or b"")) == ("POST", after)
    assert link.headers[0] == JSON[0]


@given(st.integers(1, 30))
def test_limit_is_the_pages_in_a_row_the_first_included(limit):
    assert len(urls(counting(limit=limit), 99, Draft(URL))) == limit - 1


def test_without_a_limit_the_chain_becomes_a_trap():
    ask = Draft(URL, headers=((":again", str(MOST_IN_A_ROW - 2)),))
    last = again(counting(), [], page(ask=ask))
    assert last is not None
    assert not is_trap(last.headers)
    beyond = again(counting(), [], page(ask=Draft(last.url, headers=last.headers)))
    assert beyond is not None
    assert is_trap(beyond.headers)
    more = again(counting(limit=10**6), [], page(ask=Draft(URL, headers=beyond.headers)))
    assert more is not None
    assert times(more.headers) == MOST_IN_A_ROW


def test_values_of_a_page_go_into_its_request():
    values = Values(
        (
            FieldPlan("cursor", css="a", attr="data-next"),
            FieldPlan("s", script="s = (.*?);", json="cursor"),
            FieldPlan("header:X-Token", meta="token"),
        ),
        1.0,
    )(page(PAGE))
    assert values == [
        (Spot("", "cursor"), "c 2"), (Spot("", "s"), "d3"), (Spot("header", "X-Token"), "abc"),
    ]  # fmt: skip
    link = again(FollowPlan(page="p"), values or [], page(PAGE))
    assert link is not None
    assert (link.url, link.page) == (f"{URL}?cursor=c%202&s=d3", "p")
    assert link.headers == (("X-Token", "abc"), (":again", "1"))


def test_a_value_that_is_not_there_is_the_end():
    plans = (FieldPlan("a", json="a"), FieldPlan("b", json="b", default=1))
    for body in (b'{"a": null}', b'{"a": ""}', b'{"a": false}', b'{"a": []}', b"{}"):
        assert Values(plans, 1.0)(page(body)) is None
    assert Values(plans, 1.0)(page(b'{"a": 0}')) == [(Spot("", "a"), 0), (Spot("", "b"), 1)]


def test_what_does_not_convert_is_nothing_and_is_not_counted():
    document = page(b'{"a": "x"}')
    assert Lone(FieldPlan("a", json="a", type="int"), 1.0)(document) is None
    assert document.invalid == {}


def test_page_that_is_no_json_fails_unless_there_is_another_way():
    with pytest.raises(ParseError, match="the page is no JSON"):
        Lone(FieldPlan("a", json="a"), 1.0)(page(PAGE))
    either = FieldPlan("a", any=(FieldPlan("a", json="a"), FieldPlan("a", css="i")))
    assert Lone(either, 1.0)(page(PAGE)) == "0"
    assert Lone(either, 1.0)(page(b'{"a": 5}')) == 5
    assert Lone(FieldPlan("a", source="header:x"), 1.0)(page(headers={"x": "h"})) == "h"


@pytest.mark.parametrize(
    ("plan", "holds"),
    [
        (FieldPlan("while", css="a"), True),
        (FieldPlan("while", css="h6"), False),
        (FieldPlan("while", css="i"), False),  # 0
        (FieldPlan("while", css="a", attr="data-no"), False),  # false
        (FieldPlan("while", css="h6, a", count=True), True),
        (FieldPlan("while", css="h6", count=True), False),
    ],
)
def test_while(plan, holds):
    assert Condition(plan, 1.0)(page(PAGE)) is holds


def test_what_is_the_request_again():
    assert [is_again(plan) for plan in (counting(), FollowPlan(set=(FieldPlan("a"),)))] == [
        True
    ] * 2
    links = (FollowPlan("a"), FollowPlan(json="a"), FollowPlan(script="(a)"))
    assert not any(map(is_again, links))


def test_truth_and_end():
    for value in (None, False, 0, 0.0, "", " ", "false", "FALSE", "0", "null", [], {}):
        assert not is_true(value)
    for value in (True, 1, -1, 0.5, "no more?", "a", [0], {"a": None}):
        assert is_true(value)
    assert [is_end(value) for value in (None, False, " ", [], {})] == [True] * 5
    assert not any(is_end(value) for value in (0, True, "0", "false", [1]))


def test_links_take_values_and_headers_stay_with_the_host():
    values = [(Spot("query", "t"), "1&2"), (Spot("header", "X-T"), "s")]
    near = with_values(Link("http://a.example/x?y=1", "p"), values, page())
    assert near == Link("http://a.example/x?y=1&t=1%262", "p", headers=(("X-T", "s"),))
    for other in ("http://b.example/", "https://a.example/", "http://a.example:81/"):
        assert with_values(Link(other, None), values, page()).headers == ()


def test_request_without_a_place_for_a_value_fails_the_page():
    with pytest.raises(ParseError, match=r"parse_error: follow: json:a: the request has no JSON"):
        again(FollowPlan(), [(Spot("json", "a"), 1)], page())
    with pytest.raises(ParseError, match="cannot go into a header"):
        with_values(Link(URL, None), [(Spot("header", "a"), "\n")], page())
