import pickle
from dataclasses import FrozenInstanceError, replace

import pytest

from scraper.core.model import (
    Hop,
    Link,
    Page,
    PageResult,
    Reading,
    Reason,
    Request,
    Response,
    State,
    http_reason,
)

REQUEST = Request("https://a.example/form", b"k" * 16, "a.example:443", method="POST", body=b"q=1")


def test_request_asks_its_own_url_until_a_redirect_leads_elsewhere():
    assert (REQUEST.asked, REQUEST.verb) == ("https://a.example/form", "POST")
    hop = Hop("https://b.example/done", "GET", seen=(REQUEST.url,))
    moved = replace(REQUEST, hop=hop)
    assert (moved.asked, moved.verb) == ("https://b.example/done", "GET")
    assert (moved.url, moved.key) == (REQUEST.url, REQUEST.key)
    elsewhere = replace(moved, host="b.example:443")
    assert (REQUEST.home, moved.home, elsewhere.home) == ("a.example:443",) * 3


def test_a_turn_of_another_host_than_that_of_the_url_is_an_errand():
    hop = Hop("https://b.example/done", "GET", seen=(REQUEST.url,))
    at_home, moved = replace(REQUEST, host="a.example:443"), replace(REQUEST, hop=hop)
    assert not at_home.is_errand
    assert not replace(moved, host="b.example:443").is_errand
    assert replace(at_home, host="c.example:443").is_errand
    assert replace(moved, host="a.example:443").is_errand


def test_http_reason_names_the_status():
    assert http_reason(404) == "http_404"


def test_stored_words_stay_as_they_are():
    """They are in databases and dashboards; see the docstrings of `State` and `Reason`."""
    assert {state.value for state in State} == {"waiting", "done", "failed", "skipped"}
    assert {reason.value for reason in Reason} >= {
        "timeout", "connect", "dns", "tls", "reset", "truncated", "protocol", "too_large",
        "redirects", "encoding", "content_type", "private_address", "invalid_page",
        "parse_timeout", "parse_crash", "parse_error", "host_unreachable", "login",
        "robots_disallowed", "scope", "max_pages", "trap", "depth",
    }  # fmt: skip


def test_values_are_frozen_and_travel_between_processes():
    result = PageResult(REQUEST, State.FAILED, Reason.TIMEOUT)
    with pytest.raises(FrozenInstanceError):
        result.state = State.DONE  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(result)) == result
    page = Page(links=(Link("http://a.example/", None),))
    assert pickle.loads(pickle.dumps(page)) == page


def test_an_attempt_that_does_not_count_leaves_the_number_as_it_was():
    tried = replace(REQUEST, attempt=2)
    assert PageResult(replace(tried, attempt=1)).is_free(tried)
    assert not PageResult(tried).is_free(tried)


def test_what_is_as_it_was_was_not_read():
    request = Request("http://a.example/", b"", "a.example:80")
    read = PageResult(request, reading=Reading(b"1", b""))
    assert not read.is_unmodified
    assert not PageResult(request).is_unmodified
    assert PageResult(request, reading=Reading(None, b"")).is_unmodified
    assert Response(request.url, 304, {}, b"").is_unmodified
    assert not Response(request.url, 200, {}, b"").is_unmodified
