"""Dates in the notations of pages, to ISO 8601. Nothing is guessed: what may be two dates is none.

Read in this order: ISO 8601 (whatever `datetime.fromisoformat` takes) and seconds or milliseconds
since the epoch; else a time of day with its zone is looked for, and what is left must be a date:

- day and year with the name of a month, in any order, in the languages of `datenames`. A name that
  is another month in another language (`listopad`) counts where the style names the language.
- numbers: `23.11.2026` is day, month, year; `2026/11/23` year, month, day. `3/5/2026` is two
  dates, unless the style says the order; `23/5/2026` is one.

Beside it only names of weekdays may stand, and little words such as "at" and "de". A year of two
digits counts where the style says the order, and is 1969 to 2068, as in POSIX. What is relative
("yesterday") or lacks the year would need a clock: it is no date.

A text without a time of day is midnight as a datetime. A zone is kept as its offset; without one
the datetime has none. Zones have the names that mean one offset, and those of RFC 5322: `CST` is
American; `BST` and `IST` are several and no dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Final
from unicodedata import combining, normalize

from scraper.core.extract.datenames import LITTLE, MONTHS, WEEKDAYS

ORDERS: Final = ("dmy", "mdy", "ymd")
LANGUAGES: Final = tuple(MONTHS)
_MOST_CHARACTERS = 100
_ISO = re.compile(  # Python reads more: 1710112312345 as of 1710, 10.30 as 10 and part of a second
    r"(?P<day>\d{4}-\d\d-\d\d|\d{8}|\d{4}-?W\d\d(?:-?\d)?)"
    r"(?P<time>[T ]\d\d(?::?\d\d(?::?\d\d(?:[.,]\d+)?)?)?)?"
    r"(?P<zone>Z|[+-]\d\d(?::?\d\d(?::\d\d)?)?)?",
    re.ASCII | re.IGNORECASE,
)
_EPOCH = re.compile(r"\d{10}|\d{13}", re.ASCII)
_EAST_ASIAN = re.compile(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]?")
_DOTLESS = str.maketrans({"ı": "i", "−": "-", "’": "'"})  # noqa: RUF001 - Turkish, and signs
_CLOCK = re.compile(
    r"(?<![\d.:+-])(?P<hour>\d{1,2})"
    r"(?:(?::|h)(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<part>\d{1,6}))?)?|h|(?=\s?[ap]\.?m))"
    r"(?!\d)(?:\s?(?P<half>[ap])\.?m(?:\b|\.))?"
)
_DOTTED_CLOCK = re.compile(
    r"\b(?:(?:kl|klo|um|ore|alle|godz)\.?\s(?P<hour>\d{1,2})\.(?P<minute>\d\d)"
    r"|(?P<hour_>\d{1,2})\.(?P<minute_>\d\d)(?=\suhr\b))(?![\d.])"
)
_OFFSET = re.compile(
    r"\s*(?:\b(?P<name>utc|gmt|z))?\s?(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d\d)?(?!\d)"
    r"(?:\s*\([^()]*\))?"
)
_RANGE = re.compile(r"\d{1,2}:\d\d-\d{1,2}:\d\d", re.ASCII)
_ZONE = re.compile(r"\s*[(\[]?\b(?P<name>[a-z]{1,5})\b[)\]]?")
_ZONE_AT_END = re.compile(r"[\s(\[]+(?P<name>[a-z]{1,5})[)\]]?$")
_HOURS: Final = {
    name: hours
    for hours, names in {
        -10: "hst",
        -9: "akst",
        -8: "pst akdt",
        -7: "mst pdt",
        -6: "cst mdt",
        -5: "est cdt",
        -4: "edt",
        0: "z utc gmt ut wet",
        1: "west cet mez",
        2: "cest mesz eet sast",
        3: "eest msk",
        8: "hkt sgt awst",
        9: "jst kst",
        9.5: "acst",
        10: "aest",
        10.5: "acdt",
        11: "aedt",
        12: "nzst",
        13: "nzdt",
    }.items()
    for name in names.split()
}
_FARTHEST = timedelta(hours=14)
_LITTLE: Final = frozenset(LITTLE.split())
_WORD = re.compile(r"[^\W\d_]+")
_ORDINAL = re.compile(r"(\d)(?:st|nd|rd|th|er|re|e|o|a)\b")
_NUMBERS = re.compile(r"(\d{1,4})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{1,4})\.?", re.ASCII)
_BESIDE = " ,.;()[]'\"|·/-\u2013\u2014"  # what may stand beside day, month and year
_OF_HTTP = re.compile(r"\d\d-\s*-\d\d", re.ASCII)  # RFC 850: its year has two digits


@dataclass(frozen=True, slots=True)
class DateStyle:
    """What a config says of the dates of a field; empty: nothing."""

    order: str = ""
    language: str = ""


PLAIN = DateStyle()


def to_date(text: str, style: DateStyle = PLAIN) -> str:
    """`2026-11-23`.

    Raises:
        ValueError: no date in a notation we read, or more than one.
    """
    return _read(text, style).date().isoformat()


def to_datetime(text: str, style: DateStyle = PLAIN) -> str:
    """`2026-11-23T20:05:34+01:00`.

    Raises:
        ValueError: no date in a notation we read, or more than one.
    """
    return _read(text, style).isoformat()


def _read(text: str, style: DateStyle) -> datetime:
    if len(text) > _MOST_CHARACTERS:
        raise ValueError("too long for a date")
    if iso := _ISO.fullmatch(text):
        try:
            return datetime.fromisoformat(
                text if iso["time"] or not iso["zone"] else f"{iso['day']}T00:00{iso['zone']}"
            )
        except ValueError:
            pass
    if _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(text) / (1 if len(text) == 10 else 1000), UTC)
    folded = _folded(_EAST_ASIAN.sub(r"\1/\2/\3", text))
    rest, clock, zone = _without_time(folded)
    year, month, day = _day_of(rest, style, is_http=zone == timedelta(0))
    return datetime(year, month, day, *clock, tzinfo=None if zone is None else timezone(zone))


def _folded(text: str) -> str:
    """The text in lower case, without accents."""
    text = text.casefold().translate(_DOTLESS)
    if text.isascii():
        return text
    return "".join(char for char in normalize("NFKD", text) if not combining(char))


def _without_time(text: str) -> tuple[str, tuple[int, int, int, int], timedelta | None]:
    """The text without its time of day and zone; the time; the zone's offset, or None."""
    match = _CLOCK.search(text) or _DOTTED_CLOCK.search(text)
    if match is None:
        return text, (0, 0, 0, 0), None
    clock = _clock(match.groupdict())
    before, after = text[: match.start()], text[match.end() :]
    if offset := _OFFSET.match(after):
        if _RANGE.fullmatch(text[match.start() : match.end() + offset.end()]):
            raise ValueError(f"{text!r}: an offset, or until when?")
        return f"{before} {after[offset.end() :]}", clock, _offset(offset)
    for where, side in ((_ZONE.match, after), (_ZONE_AT_END.search, before + after)):
        found = where(side)
        if found and (hours := _HOURS.get(found["name"])) is not None:
            rest = side[: found.start()] + " " + side[found.end() :]
            return (f"{before} {rest}" if side is after else rest), clock, timedelta(hours=hours)
    return f"{before} {after}", clock, None


def _clock(parts: Mapping[str, str | None]) -> tuple[int, int, int, int]:
    hour = int(parts["hour"] or parts.get("hour_") or 0)
    minute = int(parts["minute"] or parts.get("minute_") or 0)
    if half := parts.get("half"):
        if not 1 <= hour <= 12:
            raise ValueError(f"no hour of a half day: {hour}")
        hour = hour % 12 + (12 if half == "p" else 0)
    part = (parts.get("part") or "").ljust(6, "0")
    return hour, minute, int(parts.get("second") or 0), int(part)


def _offset(match: re.Match[str]) -> timedelta:
    offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
    if offset > _FARTHEST:
        raise ValueError(f"{match[0]!r} is no offset")
    return -offset if match["sign"] == "-" else offset


def _day_of(text: str, style: DateStyle, *, is_http: bool) -> tuple[int, int, int]:
    """Year, month and day of a text without a time of day."""
    words = _WORD.findall(text := _ORDINAL.sub(r"\1", text))
    month = _month_of(words, style)
    numbers = _WORD.sub(" ", text).strip(_BESIDE)
    if month is not None:
        of_http = "dmy" if is_http and _OF_HTTP.fullmatch(numbers) else ""
        return _named(numbers, month, style.order or of_http)
    match = _NUMBERS.fullmatch(numbers)
    if match is None:
        raise ValueError(f"{text!r} is no date")
    return _numbered((match[1], match[3], match[4]), match[2], style.order)


def _named(numbers: str, month: int, order: str) -> tuple[int, int, int]:
    """Year and day beside the name of a month."""
    found = re.split(r"\D+", numbers)
    if len(found) != 2 or any(char not in _BESIDE for char in re.sub(r"\d", "", numbers)):
        raise ValueError(f"{numbers!r} is no day and year")
    years = [one for one in found if len(one) == 4]
    if len(years) == 1:
        found.remove(years[0])
        return int(years[0]), month, int(found[0])
    if not order or max(map(len, found)) > 2:
        raise ValueError(f"{numbers!r}: a year has four digits, unless `order` is given")
    year, day = found if order == "ymd" else reversed(found)
    return _century(year), month, int(day)


def _numbered(parts: tuple[str, str, str], separator: str, order: str) -> tuple[int, int, int]:
    """Year, month and day that are numbers."""
    if len(parts[0]) == 4:
        order = "ymd"
    elif len(parts[2]) != 4 and not order:
        raise ValueError("a year has four digits, unless `order` is given")
    elif not order:
        order = "dmy" if separator == "." else _order(int(parts[0]), int(parts[1]))
    named = dict(zip(order, parts, strict=True))
    return _century(named["y"]), int(named["m"]), int(named["d"])


def _order(first: int, second: int) -> str:
    """Which of two numbers is the day, where only one can be."""
    if first <= 12 and second <= 12 and first != second:
        raise ValueError("day or month first? Give `order`")
    return "dmy" if first > 12 else "mdy"


def _century(year: str) -> int:
    """The year; that of two digits as in POSIX."""
    if len(year) == 4:
        return int(year)
    if len(year) != 2:
        raise ValueError(f"{year!r} is no year")
    return int(year) + (1900 if int(year) >= 69 else 2000)


def _month_of(words: Iterable[str], style: DateStyle) -> int | None:
    """The month that is named; None: none is, and nothing else is said."""
    months, weekdays = _months(style.language), _weekdays()
    named = [word for word in words if word in months]
    if len({months[word] for word in named}) > 1:  # "mar" is Tuesday too
        named = [word for word in named if word not in weekdays]
    for word in words:
        if word not in months and word not in weekdays and word not in _LITTLE:
            raise ValueError(f"{word!r} is no part of a date")
    found = {months[word] for word in named}
    if len(found) > 1 or 0 in found:
        raise ValueError(f"{named} may be several months: give `language`")
    return found.pop() if found else None


@cache
def _months(language: str) -> Mapping[str, int]:
    """Name -> month; 0: it is several."""
    months: dict[str, int] = {}
    for name, month in _names([language] if language else LANGUAGES):
        months[name] = month if months.get(name, month) == month else 0
    return months


def _names(languages: Iterable[str]) -> Iterator[tuple[str, int]]:
    for language in languages:
        for month, names in enumerate(MONTHS[language].split(), 1):
            for name in names.split("|"):
                yield name, month


@cache
def _weekdays() -> frozenset[str]:
    return frozenset(name for names in WEEKDAYS.values() for name in names.split())
