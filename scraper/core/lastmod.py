"""When a page was changed, as its sitemap says."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_TIME = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?"
    r" ?(Z|[+-]\d\d(?::?\d\d)?)?)?)?)?",
    re.ASCII | re.IGNORECASE,
)
_ANYWHERE = timedelta(hours=12)  # a time without a zone may be that of the last one to reach it


def changed_by(text: str) -> float | None:
    """The end of the time that a `lastmod` stands for (seconds since the epoch); None: no time.

    A day ends when it has ended everywhere, a month with its longest day: a page that was visited
    later than that was visited after its change.

    Source: W3C "Date and Time Formats", which sitemaps.org asks for.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, zone = match.groups()
    lasts = timedelta(days=366 if month is None else 31 if day is None else 1)
    if hour is not None:
        lasts = timedelta(minutes=1) if second is None else timedelta(seconds=1)
    try:
        begin = datetime(
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            min(int(second or 0), 59),  # a leap second
            tzinfo=UTC,
        )
        return (begin + lasts + (_ANYWHERE if zone is None else -_offset(zone))).timestamp()
    except (ValueError, OverflowError):
        return None


def _offset(zone: str) -> timedelta:
    if zone in "Zz":
        return timedelta()
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:].removeprefix(":") or 0))
    return -offset if zone[0] == "-" else offset
