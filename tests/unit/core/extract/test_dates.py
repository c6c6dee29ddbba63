"""Dates in the notations of pages become ISO 8601, or a ValueError."""

import re
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.extract.datenames import MONTHS
from scraper.core.extract.dates import LANGUAGES, ORDERS, DateStyle, to_date, to_datetime


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
        "3 November 2026",
        "3. Nov. 2026",
        "3-Nov-2026",
        "Tuesday, 3rd of November, 2026",
        "Nov 3, 2026",
        "November 3rd 2026 at 8:05 pm",
        "Tue, 03 Nov 2026 20:05:34 GMT",
        "Tue Nov  3 20:05:34 2026",
        "Tuesday, 03-Nov-26 20:05:34 GMT",
        "Dienstag, 3. November 2026, 20.05 Uhr",
        "mardi 3 novembre 2026 à 20h05",
        "3 de noviembre de 2026",
        "terça-feira, 3 de novembro de 2026 às 20:05",
        "3 d\u2019novembre de 2026",
        "3 listopadu 2026",
        "вт, 3 ноября 2026 \u0433., 20:05",
        "2026. november 3.",
        "2026 m. lapkričio 3 d.",
        "2026. gada 3. novembris",
        "3 KASIM 2026",
        "3 Νοεμβρίου 2026",
        "3 november 2026 kl. 20.05",
        "mar 3 nov 2026",
        "2026年11月3日",
        "2026년 11월 3일",
        "1793736000",
        "1793736000000",
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
        ("Nov 23, 2026 8pm EST", "2026-11-23T20:00:00-05:00"),
        ("23 Nov 2026 20:05:34.25 CET", "2026-11-23T20:05:34.250000+01:00"),
        ("2026-11-23 20:05 GMT-03:30", "2026-11-23T20:05:00-03:30"),
        ("2026-11-23 20:05 -0500", "2026-11-23T20:05:00-05:00"),
        ("20:05, 23 November 2026 (UTC)", "2026-11-23T20:05:00+00:00"),
        (
            "Mon Nov 23 2026 20:05:34 GMT+0100 (Central European Standard Time)",
            "2026-11-23T20:05:34+01:00",
        ),
        ("23 Nov 2026 14h ACST", "2026-11-23T14:00:00+09:30"),
    ],
)
def test_a_time_of_day_and_an_offset_are_kept(text, iso):
    assert to_datetime(text) == iso


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2 hours ago",
        "3/5/2026",
        "26 Nov",
        "November 2026",
        "not 26 Nov 2026",
        "26 listopada 2026",
        "26 Nov 26",
        "26 Nov 226",
        "3 Nov 4 2026",
        "3.5.26",
        "2026/11/226",
        "3.5.226",
        "jan apr 3 2026",
        "3.5.2026 20:05 BST",
        "3.5.2026 20:05 +1500",
        "3.5.2026 10:30-11:30",
        "24.5.2026 25:00",
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
        f"{day.year:04}/{day.month}/{day.day}",
        f"{day.day} {name} {day.year:04}",
        f"{name[:3]} {day.day}, {day.year:04}",
    ):
        assert to_date(text) == day.isoformat()


@given(st.dates(), st.sampled_from(ORDERS), st.sampled_from("/.-"))
def test_an_order_tells_which_number_is_what(day: date, order: str, sign: str):
    parts = {"d": f"{day.day}", "m": f"{day.month}", "y": f"{day.year:04}"}
    text = sign.join(parts[part] for part in order)
    assert to_date(text, DateStyle(order=order)) == day.isoformat()
    if sign == "." and order == "mdy":  # is day.month.year
        return
    try:
        assert to_date(text) == day.isoformat()
    except ValueError:
        assert sign != "."
        assert order != "ymd"
        assert day.day <= 12
        assert day.day != day.month


@given(st.dates(date(1969, 1, 1), date(2068, 12, 31)), st.sampled_from(ORDERS))
def test_with_an_order_a_year_may_have_two_digits(day: date, order: str):
    parts = {"d": f"{day.day}", "m": f"{day.month}", "y": f"{day.year % 100:02}"}
    style = DateStyle(order=order)
    assert to_date("/".join(parts[part] for part in order), style) == day.isoformat()
    named = (
        f"{parts['y']} May {parts['d']}" if order == "ymd" else f"May {parts['d']}, {parts['y']}"
    )
    assert to_date(named, style) == f"{day.year}-05-{day.day:02}"


@given(st.sampled_from(LANGUAGES), st.integers(1, 12), st.integers(1, 28))
def test_every_name_of_a_month_is_read_in_its_language(language: str, month: int, day: int):
    for name in MONTHS[language].split()[month - 1].split("|"):
        wanted = f"2026-{month:02}-{day:02}"
        assert to_date(f"{day}. {name.upper()}. 2026", DateStyle(language=language)) == wanted
        try:
            assert to_date(f"{name} {day}, 2026") == wanted
        except ValueError:
            assert name in {"listopad", "listopada", "lis", "lip", "srp"}


@pytest.mark.parametrize("text", ["3/5/226", "3/5/6", "3 May 6"])
def test_a_year_has_two_digits_or_four(text):
    with pytest.raises(ValueError, match="year"):
        to_date(text, DateStyle(order="dmy"))


@given(st.integers(10**12, 10**13 - 1))
def test_thirteen_digits_are_milliseconds_whatever_day_they_look_like(number):
    assert datetime.fromisoformat(to_datetime(str(number))).timestamp() == number / 1000
    assert to_datetime("1710112312345") == "2024-03-10T23:11:52.345000+00:00"


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-11-03+02:00", "2026-11-03T00:00:00+02:00"),  # a date of XML Schema
        ("2026-11-03Z", "2026-11-03T00:00:00+00:00"),
        ("2026-11-03t20:05z", "2026-11-03T20:05:00+00:00"),
        ("2026-11-03 10.30", None),
        ("2026-11-03 10:30.5", None),
        ("2026-11-03x10:30", None),
        ("2026-13-03", None),
    ],
)
def test_of_what_looks_like_iso_only_that_is_read(text, iso):
    if iso is not None:
        assert to_datetime(text) == iso
        return
    with pytest.raises(ValueError, match=r"."):
        to_datetime(text)
