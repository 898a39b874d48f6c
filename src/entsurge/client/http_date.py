"""Dates as servers write them, read as browsers read them: the cookie-date algorithm of RFC 6265, 5.1.1.

It takes the three forms of an HTTP-date (RFC 9110, 5.6.7) and what else is seen in cookies (two-digit years, hyphens,
other orders); zones are not looked at, all is UTC. Chromium keeps no year before 1601 apart, nor does this.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

_LONGEST = 256
_TOKEN = re.compile(r"[^\t -/;-@\[-`{-~]+")
_TIME = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?!\d)", re.ASCII)
_DAY = re.compile(r"(\d{1,2})(?!\d)", re.ASCII)
_YEAR = re.compile(r"(\d{2,4})(?!\d)", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def seconds_of(text: str) -> float | None:
    """The moment that a date names, in seconds of the epoch; None for what is no date."""
    time = day = month = year = None
    for token in _TOKEN.findall(text[:_LONGEST]):
        if time is None and (match := _TIME.match(token)):
            time = (int(match[1]), int(match[2]), int(match[3]))
        elif day is None and (match := _DAY.match(token)):
            day = int(match[1])
        elif month is None and token[:3].lower() in _MONTHS:
            month = _MONTHS.index(token[:3].lower()) + 1
        elif year is None and (match := _YEAR.match(token)):
            year = _whole_year(int(match[1]))
    if time is None or day is None or month is None or year is None:
        return None
    try:
        return (datetime(year, month, day, *time, tzinfo=UTC) - _EPOCH).total_seconds()
    except ValueError:
        return None


def _whole_year(year: int) -> int:
    """Two digits from 70 are of the last century, those before it of this one."""
    if 70 <= year <= 99:
        return year + 1900
    return year + 2000 if year <= 69 else year
