"""A request with one value changed: what was asked for is in it, and nothing else is touched."""

import json
from contextlib import suppress
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scraper.core.amend import (
    KINDS,
    MOST_CHARACTERS,
    AmendError,
    Draft,
    Spot,
    amended,
    settled,
    spot_of,
    value_at,
)
from scraper.core.url import parse

URL = "http://a.example/list"
FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
JSON = (("content-type", "application/json; charset=utf-8"),)
HAL = (("Content-Type", "application/hal+json"),)
names = st.text(min_size=1).filter(lambda text: text.isprintable() and not text.isspace())
texts = st.text(st.characters(exclude_categories=("Cs",)))
raw_pairs = st.lists(
    st.from_regex(r"[a-zA-Z0-9%~+._-]{0,8}(=[a-zA-Z0-9%~+._-]{0,8})?", fullmatch=True)
)
words = st.text("ab0\u00e9", max_size=2)
leaves = st.none() | st.booleans() | st.integers() | words
values = leaves | st.lists(leaves, max_size=3) | st.dictionaries(words, leaves, max_size=3)


@given(raw_pairs, names, texts)
def test_query_holds_the_value_and_leaves_the_other_pairs_as_they_were(pairs, name, value):
    query = "&".join(pairs)
    before = Draft(f"{URL}?{query}" if query else URL)
    after = amended(before, Spot("query", name), value)
    assert value_at(after, Spot("query", name)) == value
    old, new = query.split("&") if query else [], after.url.partition("?")[2].split("&")
    changed = [at for at, pair in enumerate(old) if pair != new[at]]
    assert len(changed) + len(new) - len(old) <= 1
    assert parse(after.url).href == after.url  # normalised, as it was
    assert (after.method, after.headers, after.body) == (before.method, before.headers, None)


def test_nothing_is_found_where_nothing_is():
    assert value_at(Draft(f"{URL}?a=1&&b"), Spot("query", "c")) is None
    assert value_at(Draft(f"{URL}?a=1&&b"), Spot("query", "b")) == ""
    assert value_at(Draft(URL, body=b"x=%201+2"), Spot("form", "x")) == " 1 2"


@given(st.lists(st.tuples(names, texts)), names, texts)
def test_form_holds_the_value_as_a_browser_would_send_it(pairs, name, value):
    body = "&".join(f"{quote(key, safe='')}={quote(one, safe='')}" for key, one in pairs)
    after = amended(Draft(URL, "POST", FORM, body.encode()), Spot("form", name), value)
    found = parse_qsl((after.body or b"").decode(), keep_blank_values=True)
    expected, at = list(pairs), next((n for n, (key, _) in enumerate(pairs) if key == name), None)
    if at is None:
        expected.append((name, value))
    else:
        expected[at] = (name, value)
    assert found == expected


@given(st.dictionaries(words, values, max_size=3), st.lists(words, min_size=1, max_size=3))
def test_json_holds_the_value_and_nothing_else_changes(body, steps):
    spot, draft = Spot("json", ".".join(steps)), Draft(URL, "POST", JSON, json.dumps(body).encode())
    try:
        after = amended(draft, spot, "new")
    except AmendError:
        assert "[" in json.dumps(body)  # a list on the way
        return
    assert value_at(after, spot) == "new"
    made = json.loads(after.body or b"")
    assume(isinstance(body.get(steps[0]), dict | list) or len(steps) == 1)
    assert {k: v for k, v in made.items() if k != steps[0]} == {
        k: v for k, v in body.items() if k != steps[0]
    }


@given(st.sampled_from(KINDS), texts, values)
def test_any_value_goes_in_or_is_refused_with_a_reason(kind, name, value):
    draft = Draft(URL, "POST", JSON, b'{"list":[1,{"a":2}]}')
    with suppress(AmendError):  # and nothing else
        after = amended(draft, Spot(kind, name), value)
        assert after != draft or value == value_at(draft, Spot(kind, name))


@given(texts)
def test_spot_is_written_as_it_is_read(text):
    assert str(spot_of(text)) == text


@pytest.mark.parametrize(
    ("draft", "kind"),
    [
        (Draft(URL), "query"),
        (Draft(URL, "POST", JSON, b"{}"), "json"),
        (Draft(URL, "POST", HAL, b"{}"), "json"),
        (Draft(f"{URL}?page=1", "POST", JSON, b"{}"), "query"),
        (Draft(URL, "POST", FORM, b"a=b"), "form"),
        (Draft(URL, "POST", (("Content-Type", "text/plain"),), b"a=b"), "query"),
        (Draft(URL, "POST", (), b"a=b"), "query"),
        (Draft(URL, "POST", JSON), "query"),
    ],
)
def test_bare_name_is_where_the_request_has_its_parameters(draft, kind):
    assert settled(spot_of("page"), draft) == Spot(kind, "page")
    assert settled(Spot("header", "page"), draft) == Spot("header", "page")


def test_header_replaces_one_of_the_same_name():
    draft = Draft(URL, headers=(("x-token", "old"), ("Accept", "*/*")))
    after = amended(draft, Spot("header", "X-Token"), 7)
    assert after.headers == (("Accept", "*/*"), ("X-Token", "7"))


@pytest.mark.parametrize("value", ["a\r\nB: c", "a\0b", "\x7f", "\u00e9"])
def test_header_takes_nothing_that_could_end_it(value):
    with pytest.raises(AmendError, match="header:x: the value cannot go into a header"):
        amended(Draft(URL), Spot("header", "x"), value)


def test_value_of_a_stranger_has_a_bound():
    amended(Draft(URL), Spot("query", "x"), "y" * MOST_CHARACTERS)
    with pytest.raises(AmendError, match="more than 65,536 characters"):
        amended(Draft(URL), Spot("query", "x"), "y" * (MOST_CHARACTERS + 1))


def test_dots_lead_into_objects_and_lists():
    body = b'{"variables":{"list":[{"a":1},{"a":2}]},"x":1}'
    draft = Draft(URL, "POST", JSON, body)
    for name, value in [("variables.list.1.a", 2), ("variables.none.a", None), ("x.y", None)]:
        assert value_at(draft, Spot("json", name)) == value
    after = amended(draft, Spot("json", "variables.list.1.a"), [True])
    assert after.body == b'{"variables":{"list":[{"a":1},{"a":[true]}]},"x":1}'
    after = amended(draft, Spot("json", "variables.list.0"), 3)
    assert after.body == b'{"variables":{"list":[3,{"a":2}]},"x":1}'
    assert amended(draft, Spot("json", "x.y"), 1).body is not None  # the number gives way


@pytest.mark.parametrize(
    ("body", "name", "said"),
    [
        (None, "a", "json:a: the request has no JSON body to put it in"),
        (b"nope", "a", "json:a: the request has no JSON body to put it in"),
        (b"7", "a", "json:a: the request has no JSON body to put it in"),
        (b"[" * 100_000, "a", "json:a: the request has no JSON body to put it in"),
        (b"[1]", "1", "json:1: there is no place for '1' in the request's JSON body"),
        (b"[1]", "x.y", "json:x.y: there is no place for 'x' in the request's JSON body"),
        (b'{"a":NaN}', "b", "json:b: a number in the JSON body is not finite"),
    ],
)
def test_body_that_cannot_carry_it(body, name, said):
    with pytest.raises(AmendError) as error:
        amended(Draft(URL, "POST", JSON, body), Spot("json", name), 1)
    assert str(error.value) == said


def test_half_a_character_is_replaced_and_never_stops_a_crawl():
    half = "\ud800"
    assert amended(Draft(URL), Spot("query", "x"), half).url == f"{URL}?x=%3F"
    assert amended(Draft(URL, body=b"{}"), Spot("json", "x"), half).body == b'{"x":"?"}'
    assert amended(Draft(URL, body=b"\xff=1"), Spot("form", "x"), "2").body == b"\xff=1&x=2"
