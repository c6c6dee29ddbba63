"""Dates in the notations of pages become ISO 8601, or a ValueError."""

import re
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.extract.dates import to_date, to_datetime


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-03",
        "20261103",
        "2026-W45-2",
        "2026-11-03T20:05:34Z",
        "3.11.2026",
        "03. 11. 2026",
        "03.11.2026 20:05",
        "2026/11/3",
        "11/3/2026",
        "3 November 2026",
        "3. Nov. 2026",
        "3-Nov-2026",
        "Tuesday, 3rd of November, 2026",
        "Nov 3, 2026",
        "November 3rd 2026 at 8:05 pm",
        "Tue, 03 Nov 2026 20:05:34 GMT",
    ],
)
def test_notations_of_one_day(text):
    assert to_date(text) == "2026-11-03"


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-11-23", "2026-11-23T00:00:00"),
        ("2026-11-23T20:05:34.5+01:00", "2026-11-23T20:05:34.500000+01:00"),
        ("Mon, 23 Nov 2026 20:05:34 +0100", "2026-11-23T20:05:34+01:00"),
        ("23.11.2026, 20:05:34", "2026-11-23T20:05:34"),
        ("23.11.2026 20:05 UTC", "2026-11-23T20:05:00+00:00"),
        ("11/23/2026 12:30 am", "2026-11-23T00:30:00"),
        ("11/23/2026 12:30 PM", "2026-11-23T12:30:00"),
        ("23/11/2026 1:30 p.m.", "2026-11-23T13:30:00"),
    ],
)
def test_a_time_of_day_and_an_offset_are_kept(text, iso):
    assert to_datetime(text) == iso


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "13/13/2026",
        "1/1/2026 13:00 pm",
        "30 February 2026",
        "2026",
        "9" * 200,
        "Mon, 99 Nov 2026 20:05:34 GMT",
        "Mon, 23 Nov 2026 20:05:34 +9999999999999",
    ],
)
def test_what_is_no_date_is_a_value_error(text):
    with pytest.raises(ValueError, match=re.compile("")):
        to_datetime(text)


@given(st.text(max_size=120) | st.from_regex(r"[0-9 ./,:+ZNovembrTadp-]{0,40}"))
def test_any_text_is_a_date_or_a_value_error(text):
    try:
        read = to_datetime(text)
    except ValueError:
        return
    assert datetime.fromisoformat(read).isoformat() == read
    assert to_date(text) == read[:10]


@given(st.dates())
def test_every_date_is_read_in_every_notation(day: date):
    name = f"{date(2000, day.month, 1):%B}"
    for text in (
        f"{day.day}.{day.month}.{day.year:04}",
        f"{day.month}/{day.day}/{day.year:04}",
        f"{day.year:04}/{day.month}/{day.day}",
        f"{day.day} {name} {day.year:04}",
        f"{name[:3]} {day.day}, {day.year:04}",
    ):
        assert to_date(text) == day.isoformat()
