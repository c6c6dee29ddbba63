from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.keeping import FAILED, ZSTD, Fate, fate, headers, is_success, wanted
from scraper.core.model import Page, PageResult, Rejected, Request, Response, State
from scraper.core.request import make_request
from scraper.core.url import parse

REQUEST: Request = make_request(parse("https://shop.example/a"))
REJECTED = Page(rejected=(Rejected("book", "title", "missing", 0, "{}"),))


def response(status: int = 200, body: bytes = b"x") -> Response:
    return Response(REQUEST.url, status, {}, body)


results = st.builds(
    PageResult,
    st.just(REQUEST),
    st.sampled_from(State),
    rule=st.sampled_from([None, "book"]),
    page=st.sampled_from([Page(), REJECTED]),
    status=st.none() | st.sampled_from([200, 204, 304, 404, 500]),
    answer=st.none() | st.builds(response, st.sampled_from([200, 404])),
    again=st.sampled_from([None, REQUEST]),
)
answers = st.builds(response, st.sampled_from([200, 201, 404, 503]), st.sampled_from([b"", b"x"]))


@given(results, answers)
def test_what_failed_keeps_zstd_keeps_too(result: PageResult, answer: Response):
    assert not wanted(FAILED, result, answer) or wanted(ZSTD, result, answer)


@given(results, answers, st.sampled_from([FAILED, ZSTD]))
def test_only_the_end_of_a_visit_is_kept(result: PageResult, answer: Response, mode: str):
    if result.again is not None or result.state in (State.WAITING, State.SKIPPED):
        assert not wanted(mode, result, answer)


@pytest.mark.parametrize(
    ("result", "answer", "failed", "zstd"),
    [
        (PageResult(REQUEST, rule="book"), response(), False, True),
        (PageResult(REQUEST, rule="book"), response(body=b""), False, True),
        (PageResult(REQUEST), response(), False, False),  # no rule fits it
        (PageResult(REQUEST, rule="book", page=REJECTED), response(), True, True),
        (PageResult(REQUEST, State.FAILED, "invalid_page", rule="book"), response(), True, True),
        (PageResult(REQUEST, State.FAILED, "http_404"), response(404), True, True),
        (PageResult(REQUEST, State.FAILED, "http_404"), response(404, b""), False, False),
    ],
)
def test_what_is_kept(result: PageResult, answer: Response, failed: bool, zstd: bool):
    assert (wanted(FAILED, result, answer), wanted(ZSTD, result, answer)) == (failed, zstd)


@given(results, st.none() | st.sampled_from([200, 404]))
def test_a_kept_body_is_the_latest_page_that_was_read(result: PageResult, before: int | None):
    found = fate(result, before)
    if result.answer is not None and is_success(result.answer.status):
        assert found is Fate.KEEP
    elif result.answer is not None:
        assert found is (Fate.LEAVE if before == 200 else Fate.KEEP)
    elif before is not None and result.status in (200, 204):
        assert found is Fate.DROP
    else:
        assert found is Fate.LEAVE


def test_headers_that_let_somebody_in_are_not_kept():
    given_ = {"content-type": "text/html", "set-cookie": "id=1", "date": "today"}
    kept = headers(Response(REQUEST.url, 200, given_, b""))
    assert kept == {"content-type": "text/html", "date": "today"}
