"""What stands in a cell of an export: counts, durations, dates, hours and profiles, in the forms that people write."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import pandas as pd

from entsurge.audience.persona import PERSONAS
from entsurge.audience.shape import DAYS
from entsurge.calibration.observed import ALL
from entsurge.spreadsheet import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
DAY_NAMES = {name: number for names in (DAYS, JOURS) for number, name in enumerate(names)}
PROFILES = (
    (r"eleve|student|pupil", "student"), (r"enseign|prof|teacher", "teacher"),
    (r"parent|respons|relative|famille", "parent"), (r"person|admin|vie|staff|direction|agent", "staff"),
)  # fmt: skip
MOST = 1e9  # of one cell: more is no number of visits
YEARS = range(2000, 2100)
DATES = (
    r"\s*(?P<year>\d{4})[-/](?P<month>\d\d)[-/](?P<day>\d\d)(?!\d)",
    r"\s*(?P<day>\d\d?)[-/.](?P<month>\d\d?)[-/.](?P<year>\d{4})(?!\d)",
)


def numbers(column: pd.Series[Any]) -> pd.Series[Any]:
    """Counts as numbers: signs between thousands and decimal commas are read, anything else is missing.

    A count has no three decimals: 1.234 and 1,234 are thousands.
    """
    cleaned = column.str.replace(r"[\s\u00a0\u202f'’]", "", regex=True)
    thousands = cleaned.str.fullmatch(r"\d{1,3}(?:(?:\.\d{3})+|(?:,\d{3})+)")
    cleaned = cleaned.mask(thousands, cleaned.str.replace(r"[.,]", "", regex=True)).str.replace(",", ".")
    found = pd.to_numeric(cleaned.where(cleaned.str.fullmatch(r"\d{1,12}(?:\.\d+)?")), errors="coerce")
    return found.where(found <= MOST).astype("float64")


def seconds(column: pd.Series[Any]) -> pd.Series[Any]:
    """HH:MM:SS as seconds; missing where it is none."""
    parts = column.str.extract(r"^(\d{1,9}):([0-5]?\d):([0-5]?\d)$").astype("float64")
    return parts[0] * 3600 + parts[1] * 60 + parts[2]


def dates(column: Iterable[str]) -> dict[str, str | None]:
    """Each text of a column, and the ISO date that it begins with; None without any."""
    return {text: iso(text) for text in set(column)}


def iso(text: str) -> str | None:
    """The date that a cell begins with, such as 2026-01-12 or 12/01/2026, as 2026-01-12."""
    date = _date(text)
    return date.isoformat() if date else None


def _date(text: str) -> dt.date | None:
    found = next((found for form in DATES if (found := re.match(form, text))), None)
    if found is None or int(found["year"]) not in YEARS:
        return None
    try:
        return dt.date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return None


def day(text: str) -> tuple[float | None, str]:
    """The day of the week (0 Monday) of a name, a number from 1 to 7 or a date; and the date, if it is one."""
    name = plain(text)
    if name in DAY_NAMES:
        return DAY_NAMES[name], name
    if re.fullmatch(r"[1-7]", name):
        return int(name) - 1, name
    date = _date(text)
    return (date.weekday(), date.isoformat()) if date else (None, "")


def hour(text: str) -> float | None:
    """The hour that begins a slot: 8, 08h, 08:00, 8h-9h."""
    found = re.match(r"\s*(\d{1,2})\s*(?:[hH:]|-|–|$)", text)
    return int(found[1]) if found and int(found[1]) < 24 else None


def persona(text: str) -> str:
    """The persona that a profile's name means; `*` for none of them."""
    found = plain(text)
    if found in PERSONAS:
        return found
    return next((persona for pattern, persona in PROFILES if re.search(pattern, found)), ALL)
