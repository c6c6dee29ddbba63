"""Laws of `lastmod`: what it stands for has ended by the time that is told."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.lastmod import changed_by

HOUR = 3600.0
zones = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
times = st.datetimes(datetime(1971, 1, 1), datetime(2900, 1, 1), timezones=zones)  # noqa: DTZ001


@given(times, st.sampled_from(["%Y", "%Y-%m", "%Y-%m-%d"]))
def test_no_part_of_a_day_month_or_year_comes_later_wherever_it_was_written(at, form):
    told = changed_by(at.strftime(form))
    assert told is not None
    assert told >= at.timestamp()
    assert told - at.timestamp() <= (366 + 3) * 24 * HOUR


@given(times)
def test_a_time_with_its_zone_is_told_to_the_second(at):
    at = at.replace(microsecond=0)
    for text in (at.isoformat(), at.isoformat().replace("T", " ")):
        assert changed_by(text) == at.timestamp() + 1
    if not at.second:
        assert changed_by(at.isoformat(timespec="minutes")) == at.timestamp() + 60


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-01-01T00:00:00Z", 1577836801.0),
        ("2020-01-01t00:00:00.123z", 1577836801.0),
        ("2020-01-01T00:00:60Z", 1577836860.0),
        ("2020-01-01T02:00:00+0200", 1577836801.0),
        ("2020-01-01T00:00:00-01", 1577840401.0),
        ("2020-01-01T00:00:00", 1577836801.0 + 12 * HOUR),
        ("2020-01-01T00:00", 1577836860.0 + 12 * HOUR),
        ("2020-01-01", 1577836800.0 + 36 * HOUR),
    ],
)
def test_forms(text, expected):
    assert changed_by(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "0000", "2020-13", "2020-02-30", "2020-01-01T25:00Z", "20200101", "9999"],
)
def test_what_is_no_time_says_nothing(text):
    assert changed_by(text) is None


@given(st.text(max_size=30) | st.from_regex(r"[0-9]{4}(-[0-9]{2}){0,2}(T[0-9:.+Z-]{0,15})?"))
def test_any_text_returns(text):
    told = changed_by(text)
    assert told is None or told > datetime(1, 1, 1, tzinfo=UTC).timestamp()
