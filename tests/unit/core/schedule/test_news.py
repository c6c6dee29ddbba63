"""What a turn tells of its host."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.errors import FetchError
from scraper.core.model import Reason, Response
from scraper.core.schedule.news import NO_NEWS, Sign, news_of


@given(st.integers(100, 599), st.floats(0, 60))
def test_every_answer_is_a_sign_of_life(status, latency_s):
    news = news_of(Response("http://a.example/", status, {}, b"", first_byte_s=latency_s))
    assert news.sign is (Sign.BUSY if status in (429, 503) else Sign.WELL)
    assert news.latency_s == latency_s
    assert not news.is_silence


@pytest.mark.parametrize(
    ("reason", "sign"),
    [
        (Reason.CONNECT, Sign.DEAD),
        (Reason.DNS, Sign.DEAD),
        (Reason.TLS, Sign.DEAD),
        (Reason.RESET, Sign.DEAD),
        (Reason.TIMEOUT, Sign.LATE),
        (Reason.PROTOCOL, Sign.WELL),
        (Reason.TRUNCATED, Sign.WELL),
        (Reason.PRIVATE_ADDRESS, Sign.NONE),
        ("http_429", Sign.NONE),
    ],
)
def test_what_an_error_tells(reason, sign):
    news = news_of(FetchError(reason))
    assert (news.sign, news.latency_s, news.is_shut) == (sign, None, False)
    assert news.is_silence == (sign in (Sign.DEAD, Sign.LATE))


def test_a_host_whose_robots_txt_cannot_be_had_is_shut():
    news = news_of(FetchError("http_503", again_in_s=4.0, shut=True))
    assert (news.sign, news.rest_s, news.is_shut) == (Sign.DEAD, 4.0, True)
    assert news_of(FetchError("http_503", shut=True)).rest_s == 0.0


def test_a_host_that_may_not_be_reached_at_all_is_not_tried_again():
    assert news_of(FetchError(Reason.PRIVATE_ADDRESS, shut=True)) is NO_NEWS


def test_nothing_asked_is_no_news():
    assert news_of(None) is NO_NEWS
    assert not NO_NEWS.is_silence
