"""Asking whether a page has changed: RFC 9110 sections 8.8 and 13."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.model import Hop, Response, Validators
from scraper.core.request import make_request
from scraper.core.schedule.revalidate import (
    MOST_CHARACTERS,
    conditions,
    renewed,
    validators_of,
)
from scraper.core.url import parse

URL = "https://shop.example/a"
REQUEST = make_request(parse(URL))
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
KNOWN = Validators('"1"', DATE, URL, b"basis")


def kept(headers, *, request=REQUEST, status=200):
    return validators_of(request, Response(URL, status, headers, b""))


def asked(**more):
    return dict(conditions(replace(REQUEST, **{"validators": KNOWN, **more})))


@given(st.text(), st.text())
def test_whatever_a_server_says_what_is_sent_is_one_line_of_ascii(etag, date):
    for said in kept({"etag": etag, "last-modified": date}):
        assert said is None or (said.isascii() and said.isprintable() and said in (etag, date))


@pytest.mark.parametrize(
    ("etag", "is_kept"),
    [
        ('"1"', True),
        ('W/"1"', True),
        ('""', True),
        ("1", False),
        ('"a b"', False),
        ('"1", "2"', False),
        ('"\x7f"', False),
        ('"é"', False),
        ('"1"\r\nX: y', False),
        ('"1"\n', False),
        (f'"{"x" * (MOST_CHARACTERS - 2)}"', True),
        (f'"{"x" * (MOST_CHARACTERS - 1)}"', False),
    ],
)
def test_an_etag_is_kept_as_it_came_or_not_at_all(etag, is_kept):
    assert kept({"etag": etag})[0] == (etag if is_kept else None)


@pytest.mark.parametrize(
    ("date", "is_kept"),
    [
        (DATE, True),
        ("Sunday, 06-Nov-94 08:49:37 GMT", True),
        ("Sun Nov  6 08:49:37 1994", True),
        ("yesterday", False),
        ("0", False),
        (f"{DATE}, {DATE}", False),
        (f"{DATE}\n", False),
    ],
)
def test_last_modified_is_kept_when_it_looks_like_a_date(date, is_kept):
    assert kept({"last-modified": date})[1] == (date if is_kept else None)


def test_last_modified_of_the_second_in_which_it_was_sent_proves_nothing():
    assert kept({"last-modified": DATE, "date": DATE}) == (None, None)
    later = "Sun, 06 Nov 1994 08:49:38 GMT"
    assert kept({"last-modified": DATE, "date": later}) == (None, DATE)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (replace(REQUEST, method="POST"), 200),
        (replace(REQUEST, body=b"x"), 200),
        (REQUEST, 206),
        (REQUEST, 203),
    ],
)
def test_only_a_plain_get_and_a_whole_page_have_validators(request_, status):
    assert kept({"etag": '"1"'}, request=request_, status=status) == (None, None)


def test_both_are_sent_when_both_are_known():
    assert asked() == {"If-None-Match": '"1"', "If-Modified-Since": DATE}
    assert asked(validators=replace(KNOWN, etag=None)) == {"If-Modified-Since": DATE}
    assert asked(validators=replace(KNOWN, last_modified=None)) == {"If-None-Match": '"1"'}


def test_validators_belong_to_the_url_that_answered():
    target = "https://shop.example/b"
    hop = Hop(target, "GET", (URL,))
    assert asked(hop=hop) == {}
    assert asked(hop=hop, validators=replace(KNOWN, url=target))
    assert asked(validators=replace(KNOWN, url=target)) == {}
    assert asked(method="POST") == {}
    assert conditions(REQUEST) == ()


def test_what_a_304_says_anew_counts_from_now_on():
    def again(**headers):
        reading = renewed(KNOWN, Response(URL, 304, headers, b""))
        assert (reading.content, reading.basis) == (None, b"basis")
        return reading.etag, reading.last_modified

    assert again() == ('"1"', DATE)
    assert again(etag='"2"') == ('"2"', DATE)
    assert again(etag="nonsense") == ('"1"', DATE)
