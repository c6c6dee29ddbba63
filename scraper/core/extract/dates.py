"""Dates in the notations that pages use, to ISO 8601. English month names only.

Read in this order: ISO 8601 (whatever `datetime.fromisoformat` takes), the date of mails and
HTTP (RFC 5322), then day.month.year, year/month/day, month/day/year (day/month/year where the
first number is above 12), `23 November 2026`, `November 23rd, 2026`; a time may follow. A text
without a time of day is midnight as a datetime; an offset is kept as it is written.
"""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parsedate_to_datetime

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_TIME = (
    r"(?:,?(?:\s+at)?[\sT]+(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?"
    r"\s*(?P<half>[ap]\.?m\.?)?\s*(?P<zone>Z|UTC|GMT)?)?"
)
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\.?,?\s+)?"
_NOTATIONS = tuple(
    re.compile(_WEEKDAY + date + _TIME, re.IGNORECASE | re.ASCII)
    for date in (
        r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4})",
        r"(?P<year>\d{4})[/.-](?P<month>\d{1,2})[/.-](?P<day>\d{1,2})",
        r"(?P<month>\d{1,2})[/-](?P<day>\d{1,2})[/-](?P<year>\d{4})",
        rf"{_DAY}[\s-]+(?:of\s+)?{_NAME},?[\s-]+(?P<year>\d{{4}})",
        rf"{_NAME}\s+{_DAY},?\s+(?P<year>\d{{4}})",
    )
)
_MOST_CHARACTERS = 100


def to_date(text: str) -> str:
    """`2026-11-23`.

    Raises:
        ValueError: no date in a notation we read.
    """
    return _read(text).date().isoformat()


def to_datetime(text: str) -> str:
    """`2026-11-23T20:05:34+01:00`.

    Raises:
        ValueError: no date in a notation we read.
    """
    return _read(text).isoformat()


def _read(text: str) -> datetime:
    if len(text) > _MOST_CHARACTERS:
        raise ValueError("too long for a date")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for notation in _NOTATIONS:
        if match := notation.fullmatch(text):
            return _made(match)
    try:
        return parsedate_to_datetime(text)
    except (TypeError, IndexError, OverflowError) as error:
        raise ValueError(f"{text!r} is no date") from error


def _made(match: re.Match[str]) -> datetime:
    parts = match.groupdict()
    day = int(parts["day"])
    name = parts.get("name")
    month = _MONTHS.index(name[:3].lower()) + 1 if name else int(parts["month"])
    if not name and month > 12 and match.re is _NOTATIONS[2]:
        day, month = month, day
    hour = int(parts["hour"] or 0)
    if half := parts["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(f"no hour of a half day: {hour}")
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    made = datetime(  # noqa: DTZ001 - a page that names no zone means none
        int(parts["year"]), month, day, hour, int(parts["minute"] or 0), int(parts["second"] or 0)
    )
    return datetime.fromisoformat(made.isoformat() + "+00:00") if parts["zone"] else made
