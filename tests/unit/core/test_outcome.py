"""Laws of what becomes of a visit."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.errors import FetchError, ParseError
from scraper.core.follow import Followed
from scraper.core.model import (
    Hop,
    Item,
    Page,
    PageResult,
    Parsed,
    Reason,
    Request,
    Response,
    State,
    Timing,
    Validators,
)
from scraper.core.outcome import (
    Moment,
    answered,
    extracted,
    failed,
    is_safe,
    is_spent,
    refused,
    skipped,
    unmodified,
    unreachable,
    unreadable,
    visited,
)
from scraper.core.plan import RetryPlan
from scraper.core.request import make_request
from scraper.core.schedule.retry import RETRYABLE, RetryPolicy
from scraper.core.url import parse

NOW = 1_800_000_000.0
SAFE = ("GET", "HEAD", "OPTIONS")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
URL = "http://a.example/page"
OURS = {Reason.PARSE_TIMEOUT, Reason.PARSE_CRASH}  # fetched already: nothing to fetch again
TRANSIENT = sorted(RETRYABLE - OURS)
FINAL = [*OURS, Reason.REDIRECTS, Reason.TOO_LARGE, Reason.PRIVATE_ADDRESS, "http_404", "http_410"]

safe = st.sampled_from(SAFE)
unsafe = st.sampled_from(UNSAFE)
transient = st.sampled_from(TRANSIENT)
attempts = st.integers(1, 6)
chances = st.floats(0, 1, exclude_max=True)


def request(method: str = "GET", attempt: int = 1) -> Request:
    return replace(make_request(parse(URL), method=method), id=7, attempt=attempt)


def after(method: str, *verbs: str) -> Request:
    """A request that was redirected, asked with these methods since."""
    hopped = request(method)
    for verb in verbs:
        seen = (*hopped.hop.seen, hopped.asked) if hopped.hop else (hopped.url,)
        hopped = replace(hopped, hop=Hop("http://b.example/", verb, seen))
    return hopped


def response(status: int, retry_after: str | None = None, body: bytes = b"body") -> Response:
    headers = {} if retry_after is None else {"retry-after": retry_after}
    return Response("http://b.example/", status, headers, body, 3, 0.1, 0.2, 0.3, 0.4, 0.5)


def fail(
    asked: Request, error: FetchError, *, chance=0.5, attempts=4, longest_s=300.0, answer=None
) -> PageResult:
    policy = RetryPolicy(RetryPlan(attempts, 1.0, longest_s))
    return failed(asked, error, Moment(NOW, chance), policy, response=answer)


# Failures


@given(safe, transient, attempts, chances, st.integers(1, 5), st.booleans())
def test_what_may_pass_waits_for_its_retry_until_the_last_attempt(
    method, reason, attempt, chance, most, sent
):
    asked = request(method, attempt)
    result = fail(asked, FetchError(reason, "why", sent=sent), chance=chance, attempts=most)
    assert (result.request, result.reason, result.detail) == (asked, reason, "why")
    if attempt >= most:
        assert (result.state, result.retry_at) == (State.FAILED, None)
    else:
        assert result.state is State.WAITING
        assert NOW <= result.retry_at <= NOW + 2.0 ** (attempt - 1)


@given(st.sampled_from(SAFE + UNSAFE), st.sampled_from(FINAL), attempts, st.booleans())
def test_what_does_not_pass_is_final_at_once(method, reason, attempt, sent):
    result = fail(request(method, attempt), FetchError(reason, sent=sent))
    assert (result.state, result.reason, result.retry_at) == (State.FAILED, reason, None)


@given(unsafe, transient, st.booleans())
def test_what_changes_the_world_is_sent_again_only_when_it_did_nothing(method, reason, sent):
    """It was not sent at all, or the server says that it did not do it."""
    result = fail(request(method), FetchError(reason, sent=sent))
    undone = not sent or reason in ("http_429", "http_503")
    assert result.state is (State.WAITING if undone else State.FAILED)


@given(unsafe, transient, st.booleans(), st.lists(unsafe, max_size=3), st.integers(1, 5))
def test_what_was_done_and_led_to_a_get_is_gone_on_from_there(method, reason, sent, verbs, attempt):
    """At the first URL the form would be sent twice; the GET behind it may be."""
    hopped = replace(after(method, *(method for _ in verbs), "GET"), attempt=attempt)
    assert is_spent(hopped)
    result = fail(hopped, FetchError(reason, sent=sent))
    assert result.state is (State.WAITING if attempt < 4 else State.FAILED)
    assert result.request == hopped


@given(unsafe, transient, st.booleans())
def test_what_was_only_sent_on_is_judged_by_its_last_place(method, reason, sent):
    """307 and 308: the first server did nothing with it."""
    assert not is_spent(after(method, method))
    result = fail(after(method, method), FetchError(reason, sent=sent))
    assert result.state is fail(request(method), FetchError(reason, sent=sent)).state


@given(safe, transient)
def test_a_safe_request_is_retried_wherever_redirects_led(method, reason):
    assert fail(after(method, method, "GET"), FetchError(reason)).state is State.WAITING
    assert not is_spent(after(method, method, "GET"))


# Retry-After


@given(st.sampled_from(["http_503", "http_429"]), st.integers(0, 10_000), chances)
def test_retry_after_rests_the_whole_host_and_no_retry_comes_before(reason, seconds, chance):
    result = fail(request(), FetchError(reason), chance=chance, answer=response(503, str(seconds)))
    assert result.pause_until == NOW + min(seconds, 300.0)
    assert result.retry_at >= result.pause_until


def test_retry_after_may_be_a_date():
    answer = response(503, "Fri, 15 Jan 2027 08:02:00 GMT")
    result = fail(request(), FetchError("http_503"), answer=answer)
    assert result.pause_until == result.retry_at == NOW + 120.0


@pytest.mark.parametrize("value", [None, "", "soon", "-5", "1e9", "\u0661"])
def test_what_is_no_retry_after_rests_nobody(value):
    result = fail(request(), FetchError("http_503"), answer=response(503, value))
    assert result.pause_until is None
    assert NOW <= result.retry_at <= NOW + 1.0


@given(st.sampled_from(["http_503", "http_404"]), attempts)
def test_a_host_rests_also_when_the_page_is_given_up(reason, attempt):
    result = fail(request(attempt=attempt), FetchError(reason), answer=response(503, "60"))
    assert result.pause_until == NOW + 60.0


@given(st.floats(0, 900), chances)
def test_an_error_that_knows_when_to_come_again_rests_the_page_alone(seconds, chance):
    error = FetchError(Reason.CONNECT, sent=False, again_in_s=seconds)
    result = fail(request(), error, chance=chance)
    assert result.retry_at >= NOW + seconds
    assert result.pause_until is None


@given(st.floats(1, 900), chances)
def test_a_robots_txt_that_asks_for_a_rest_rests_the_whole_host(seconds, chance):
    error = FetchError("http_503", sent=False, again_in_s=seconds, shut=True, rests=True)
    result = fail(request(), error, chance=chance, longest_s=900.0)
    assert result.pause_until == NOW + seconds
    assert result.retry_at >= NOW + seconds


# What is known of the answer


def test_a_failure_keeps_what_the_answer_told():
    result = fail(request(), FetchError("http_404"), answer=response(404))
    assert (result.status, result.final_url) == (404, "http://b.example/")
    assert (result.body_bytes, result.wire_bytes) == (4, 3)
    assert result.timing == Timing(None, 0.1, 0.2, 0.3, 0.4, 0.5)


def test_a_failure_without_an_answer_has_none():
    result = fail(request(), FetchError(Reason.RESET))
    assert (result.status, result.final_url, result.body_bytes) == (None, None, 0)
    assert result.timing == Timing()


def test_a_page_that_answered_is_done_with_all_that_is_known():
    asked = request()
    result = answered(asked, response(200))
    assert result == PageResult(
        asked,
        status=200,
        final_url="http://b.example/",
        body_bytes=4,
        wire_bytes=3,
        timing=Timing(None, 0.1, 0.2, 0.3, 0.4, 0.5),
    )
    assert result.state is State.DONE


def test_a_page_that_was_extracted_keeps_its_answer():
    page = Page(items=(Item("book", "1", "{}", 0),))
    links = Followed((request(),), found=3, out_of_scope=2)
    result = answered(request(), response(200))
    done = extracted(request(), response(200), "books", Parsed(page, "pool", 0.6, 0.7), links)
    assert done == replace(
        result,
        rule="books",
        page=page,
        links=(request(),),
        links_found=3,
        links_out_of_scope=2,
        placed="pool",
        timing=Timing(None, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7),
    )


def test_a_page_that_cannot_be_read_has_failed_and_keeps_its_answer():
    result = answered(request(), response(200))
    error = ParseError(Reason.PARSE_TIMEOUT, "30 s")
    assert unreadable(request(), response(200), "books", error) == replace(
        result, rule="books", state=State.FAILED, reason=Reason.PARSE_TIMEOUT, detail="30 s"
    )


def test_a_visit_adds_its_wait_and_its_end_and_changes_nothing_else():
    result = answered(request(), response(200))
    timing = Timing(7.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    told = visited(result, turn_s=7.0, finished_at=9.0)
    assert told == replace(result, timing=timing, finished_at=9.0)


@given(st.sampled_from([Reason.SCOPE, Reason.DEPTH, Reason.ROBOTS_DISALLOWED]))
def test_what_is_not_visited_says_why(reason):
    result = skipped(request(), reason)
    assert (result.state, result.reason, result.retry_at) == (State.SKIPPED, reason, None)


@given(st.integers(100, 599))
def test_an_answer_is_a_success_or_a_reason_with_its_number(status):
    error = refused(response(status))
    assert (error is None) == (status // 100 == 2)
    if error is not None:
        assert error.reason == (f"http_{status}" if status != 304 else Reason.PROTOCOL)
        assert str(status) in error.detail


@given(st.integers(100, 599))
def test_an_answer_that_leads_on_is_no_error(status):
    answer = Response("http://b.example/", status, {"location": "/next"}, b"")
    leads_on = status in (301, 302, 303, 307, 308)
    assert (refused(answer) is None) == (leads_on or status // 100 == 2)


@given(st.sampled_from([*SAFE, *UNSAFE, "get", ""]))
def test_safe_are_the_methods_that_change_nothing(method):
    assert is_safe(method) == (method in SAFE)


@pytest.mark.parametrize("reason", [Reason.CONNECT, Reason.TIMEOUT])
@pytest.mark.parametrize("attempts", [1, 4])
def test_an_attempt_that_only_tries_the_host_does_not_count(reason, attempts):
    policy = RetryPolicy(RetryPlan(attempts, 1.0, 300.0))
    request = replace(make_request(parse("http://a.example/")), attempt=attempts)
    error = FetchError(reason, again_in_s=7.0)
    result = failed(request, error, Moment(NOW, 0.5), policy, free=True)
    assert result.state is State.WAITING
    assert result.retry_at >= NOW + 7.0
    assert result.is_free(request)
    assert not failed(request, error, Moment(NOW, 0.5), policy).is_free(request)


def test_a_form_that_may_have_been_sent_is_never_tried_again_for_free():
    request = make_request(parse("http://a.example/"), method="POST")
    error = FetchError(Reason.TIMEOUT, sent=True)
    result = failed(request, error, Moment(NOW, 0.5), RetryPolicy(RetryPlan()), free=True)
    assert (result.state, result.is_free(request)) == (State.FAILED, False)


def test_a_page_of_a_host_that_was_given_up_is_failed():
    request = make_request(parse("http://a.example/"))
    result = unreachable(request)
    assert (result.state, result.reason) == (State.FAILED, Reason.HOST_UNREACHABLE)
    assert "next cycle" in result.detail
    assert "429 or 503" in unreachable(request, busy=True).detail
    robots = FetchError(Reason.TIMEOUT, "robots.txt: too late")
    assert unreachable(request, robots=robots).detail.startswith("robots.txt: too late")


@pytest.mark.parametrize(
    ("reason", "told"),
    [("http_503", Reason.HOST_UNREACHABLE), (Reason.DNS, Reason.DNS)],
)
def test_the_last_try_of_a_host_shows_why_it_was_given_up(reason, told):
    request = make_request(parse("http://a.example/"))
    result = unreachable(request, FetchError(reason, "the cause"))
    assert (result.state, result.reason) == (State.FAILED, told)
    assert "the cause" in result.detail


KNOWN = Validators('"1"', None, URL, b"basis")


def test_a_304_is_an_answer_to_who_asked_for_it():
    asked, answer = replace(request(), validators=KNOWN), Response(URL, 304, {"etag": '"2"'}, b"")
    assert refused(answer, asked) is None
    result = unmodified(asked, answer, "book")
    assert (result.state, result.status, result.rule) == (State.DONE, 304, "book")
    assert result.is_unmodified
    assert (result.placed, result.page, result.body_bytes) == (None, Page(), 0)
    assert result.reading is not None
    assert result.reading.etag == '"2"'
    assert not answered(asked, answer).is_unmodified


@pytest.mark.parametrize(
    "asked",
    [
        None,
        request(),
        replace(request(), validators=replace(KNOWN, url="http://b.example/")),
        replace(request("POST"), validators=KNOWN),
    ],
)
def test_a_304_that_nobody_asked_for_is_an_error_of_the_protocol(asked):
    error = refused(Response(URL, 304, {}, b""), asked)
    assert error is not None
    assert error.reason == Reason.PROTOCOL


def test_a_page_that_redirects_have_led_where_nobody_answers_says_where():
    hopped = replace(request(), hop=Hop("http://b.example/x", "GET", (request().url,)))
    error = FetchError(Reason.DNS, "no such host", sent=False)
    for result in (fail(hopped, error), unreachable(hopped), unreachable(hopped, error)):
        assert result.final_url == "http://b.example/x"
    assert fail(request(), error).final_url is None
