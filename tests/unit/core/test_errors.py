import pytest

from scraper.core import errors


def test_fetch_error_says_reason_and_detail():
    assert str(errors.FetchError("timeout", "no byte for 15 s")) == "timeout: no byte for 15 s"
    assert str(errors.FetchError("http_500")) == "http_500"


def test_fetch_error_is_taken_as_sent_unless_known_better():
    assert errors.FetchError("reset").sent
    assert not errors.FetchError("dns", sent=False).sent


def test_parse_error_says_reason_and_detail():
    error = errors.ParseError("parse_error", "bad charset")
    assert (error.reason, error.detail) == ("parse_error", "bad charset")
    assert str(error) == "parse_error: bad charset"
    assert str(errors.ParseError("parse_crash")) == "parse_crash"


@pytest.mark.parametrize("kind", [errors.ConfigError, errors.SelectorError])
def test_what_a_user_wrote_wrongly_is_a_usage_error(kind: type[Exception]):
    assert issubclass(kind, errors.UsageError)


@pytest.mark.parametrize(
    "kind", [errors.UsageError, errors.FetchError, errors.ParseError, errors.StoreError,
             errors.LockedError]
)  # fmt: skip
def test_every_error_is_a_scraper_error(kind: type[Exception]):
    assert issubclass(kind, errors.ScraperError)


def test_a_host_that_is_asked_too_soon_loses_no_attempt():
    error = errors.TooSoonError("a.example:80", 1.25)
    assert str(error) == "too_soon: a.example:80 may be asked in 1.2 s"
    assert not error.sent
