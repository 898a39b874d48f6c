"""Days and instants as the store writes them: the school's local time, as text that sorts."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def now() -> str:
    """This instant, `YYYY-MM-DDTHH:MM:SS`."""
    return datetime.now(PARIS).strftime("%Y-%m-%dT%H:%M:%S")


def today() -> date:
    """This day, in Paris."""
    return datetime.now(PARIS).date()


def day_after(day: str, days: int) -> str:
    """The day so many days after (or before) another."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def with_offset(instant: str) -> str:
    """An instant of the store with its offset from UTC, as the mobile API writes it."""
    return datetime.fromisoformat(instant).replace(tzinfo=PARIS).isoformat(timespec="milliseconds")
