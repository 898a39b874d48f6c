"""How long an answer may be used without asking again, and how old it is already: RFC 9111 4.2, for a private cache.

Where the RFC leaves the choice this is what Chromium does: the first `max-age` counts, one that is no number counts as
none, `Pragma: no-cache` is honoured, and a heuristic takes a tenth of the time since the last change.
"""

from __future__ import annotations

import re
from calendar import timegm
from email.utils import parsedate
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from entsurge.client.response import Headers

HEURISTIC = frozenset((200, 203, 300, 301, 308, 404, 405, 410, 414, 501))
"""Statuses that may be kept where nothing says for how long (RFC 9110 15.1; Chromium leaves 204 out, and so do we)."""
FOR_GOOD = frozenset((300, 301, 308, 410))
"""Statuses that Chromium keeps until told otherwise where not even a last change is known."""
LONGEST_SECONDS = 2.0**31  # RFC 9111 1.2.2: what is more counts as this

_DIRECTIVE = re.compile(r'\s*+([^\s,;="]*+)\s*+(?:=\s*+(?:"([^"]*+)"?|([^,]*+)))?+[^,]*+,?')
_DIGITS = re.compile(r"-?\d+")


class Control(NamedTuple):
    """What Cache-Control says to a private cache; `max_age` in seconds, None where it says none."""

    no_store: bool
    no_cache: bool
    max_age: float | None


@lru_cache(maxsize=4096)
def control(text: str) -> Control:
    """Cache-Control taken apart, its lines joined by commas. `no-cache` of single fields is none of the answer."""
    said: dict[str, str] = {}
    at = 0
    while at < len(text):
        match = _DIRECTIVE.match(text, at)
        if match is None or match.end() == at:
            break
        at = match.end()
        said.setdefault(match[1].lower(), match[2] if match[2] is not None else (match[3] or "").strip())
    return Control("no-store" in said, said.get("no-cache") == "", _seconds(said.get("max-age", "")))


def may_be_kept(status: int, headers: Headers) -> bool:
    """Whether keeping an answer is allowed, and of any use."""
    says = _control(headers)
    if says.no_store or status < 200 or status in (206, 304):
        return False
    provable = bool(headers.get("etag") or headers.get("last-modified"))
    if says.max_age is not None or headers.get("expires"):
        return provable or says.max_age != 0
    return status in HEURISTIC and (provable or status in FOR_GOOD)


def always_asked(headers: Headers) -> bool:
    """Whether an answer says itself that it is not to be used again without asking, whatever the time."""
    says = _control(headers)
    return says.no_cache or says.no_store or says.max_age == 0 or control(headers.get("pragma")).no_cache


def lifetime_seconds(status: int, headers: Headers, now: float) -> float:
    """How long an answer is fresh from its own date on; 0 for one that is asked for again each time."""
    says = _control(headers)
    if says.no_cache or says.no_store or control(headers.get("pragma")).no_cache:
        return 0.0
    if says.max_age is not None:
        return says.max_age
    dated = _date(headers.get("date"))
    dated = now if dated is None else dated
    expires = headers.get("expires")
    if expires:
        until = _date(expires)
        return 0.0 if until is None else min(max(until - dated, 0.0), LONGEST_SECONDS)
    if status not in HEURISTIC:
        return 0.0
    modified = _date(headers.get("last-modified"))
    if modified is not None and modified <= dated:
        return (dated - modified) / 10
    return LONGEST_SECONDS if status in FOR_GOOD and modified is None else 0.0


def age_seconds(headers: Headers, now: float, took_seconds: float) -> float:
    """How old an answer is that has just come (RFC 9111 4.2.3); `took_seconds` lie between asking and having it."""
    dated = _date(headers.get("date"))
    apparent = 0.0 if dated is None else max(now - dated, 0.0)
    said = headers.get("age").strip()
    passed = min(float(said), LONGEST_SECONDS) if said.isascii() and said.isdigit() else 0.0
    return max(apparent, passed + took_seconds)


def _control(headers: Headers) -> Control:
    return control(headers.joined("cache-control"))


def _seconds(text: str) -> float | None:
    """The whole number at a text's beginning, between 0 and the longest; None where there is none."""
    match = _DIGITS.match(text)
    return None if match is None else min(max(float(match[0]), 0.0), LONGEST_SECONDS)


@lru_cache(maxsize=4096)
def _date(text: str) -> float | None:
    """An HTTP date, any of the three forms, in seconds since 1970; None for none."""
    try:
        parts = parsedate(text) if text else None
        return None if parts is None else float(timegm((*parts[:6], 0, 0, 0)))
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
