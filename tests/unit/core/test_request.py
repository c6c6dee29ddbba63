from hypothesis import given
from hypothesis import strategies as st

from scraper.core.request import (
    MOST_IN_A_ROW,
    OF_FORM,
    counted,
    is_asked_for,
    is_trap,
    make_request,
    of_form,
    sent_headers,
    times,
)
from scraper.core.url import parse

urls = st.sampled_from(["http://a.example/?a=1&b=2", "http://a.example/x", "https://a.example/x"])
methods = st.sampled_from(["GET", "POST"])
bodies = st.one_of(st.none(), st.binary(max_size=3))


@given(urls, urls, methods, methods, bodies, bodies)
def test_identity_is_method_url_key_and_body(url_a, url_b, method_a, method_b, body_a, body_b):
    a = make_request(parse(url_a), method=method_a, body=body_a)
    b = make_request(parse(url_b), method=method_b, body=body_b)
    same = (url_a, method_a, body_a or b"") == (url_b, method_b, body_b or b"")
    assert (a.key == b.key) == same
    assert len(a.key) == 16


@given(
    st.dictionaries(st.sampled_from("ab"), st.integers()),
    st.integers(0, 9),
    st.booleans(),
    st.sampled_from([None, "book"]),
)
def test_nothing_else_is_identity(carry, depth, seed, page):
    plain = make_request(parse("http://a.example/?b=1&a=2#x"))
    other = make_request(
        parse("HTTP://A.example:80/?a=2&b=1"),
        method="get",
        headers=(("X", "1"),),
        page=page,
        depth=depth,
        seed=seed,
        carry=carry,
    )
    assert other.key == plain.key
    assert (other.depth, other.seed, other.page, other.carry) == (depth, seed, page, carry)


def test_the_key_never_changes_between_versions():
    # Stored in the database: a new way to make keys would visit every page again.
    assert make_request(parse("http://a.example/")).key.hex() == "276bb82aa7833fcb83e723d051091997"
    assert (
        make_request(parse("http://a.example/"), method="POST", body=b"q").key.hex()
        == "ce479bb9af9bb76695286f30c693313f"
    )


def test_what_is_asked_is_the_url_as_seen_and_the_host_has_its_port():
    request = make_request(parse("https://a.example/?b=1&a=2#x"), headers=(("X", "1"),), body=b"y")
    assert request.url == "https://a.example/?b=1&a=2"
    assert request.host == "a.example:443"
    assert (request.method, request.headers, request.body) == ("GET", (("X", "1"),), b"y")


headers = st.lists(st.tuples(st.sampled_from(["A", "b"]), st.text("xy"))).map(tuple)


@given(headers, st.integers(0, MOST_IN_A_ROW + 9))
def test_count_is_noted_once_and_never_sent(before, number):
    noted = counted(counted(before, 5), number)
    assert sent_headers(noted) == before
    assert len(noted) == len(before) + 1
    assert times(noted) == min(number, MOST_IN_A_ROW)
    assert is_trap(noted) is (number >= MOST_IN_A_ROW)


@given(headers)
def test_what_is_not_counted_is_the_first(before):
    assert (times(before), is_trap(before)) == (0, False)
    assert not is_asked_for(before)


@given(headers, st.integers(1, MOST_IN_A_ROW + 9))
def test_the_page_once_more_is_asked_for_until_that_is_a_trap(before, number):
    assert is_asked_for(counted(before, number)) is (number < MOST_IN_A_ROW)


rules = st.lists(st.sampled_from("abcd"), min_size=1, max_size=9)


@given(headers, rules, st.booleans())
def test_a_form_is_asked_for_until_it_goes_round(before, rules, more):
    """One after the other, each form stands on the page that the one before has led to."""
    parent = ()
    for number, rule in enumerate(rules):
        note = of_form((*before, OF_FORM), before=parent, rule=rule)
        assert sent_headers(note) == before
        parent = counted(note, 1) if more and len(set(rules)) == len(rules) else note
        assert is_asked_for(note) is (len(set(rules[: number + 1])) == number + 1)
        assert of_form(before, before=parent, rule=rule) == before, "a link is no form"
