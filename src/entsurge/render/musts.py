"""Objectives in words: what `p95 < 1600ms` demands, and what was measured beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.audience.objective import parse_objective
from entsurge.catalogue import catalogue
from entsurge.render.numbers import NARROW, Numbers

if TYPE_CHECKING:
    from entsurge.audience.objective import Must


def must_in_words(must: str, language: str) -> str:
    """What must hold: `95 pages sur 100 en 1,6 s au plus`; a text that is no objective as it is."""
    try:
        wanted = parse_objective(must)
    except ValueError:
        return must
    words, numbers = catalogue("common", language), Numbers(language)
    return _timed(wanted, str(words["must"][_kind(wanted)]), language, bound=_bound(wanted, numbers))


def measured_in_words(must: str, value: float | None, language: str) -> str:
    """What was measured, and what must hold: `pages servies : 85 % (minimum 90 %)`."""
    wanted = parse_objective(must)
    words, numbers = catalogue("common", language), Numbers(language)
    text = str(words["measured"][_kind(wanted)])
    return _timed(wanted, text, language, bound=_bound(wanted, numbers), value=_value(value, wanted, numbers))


def in_seconds(value: float, numbers: Numbers) -> str:
    """A time as people say it: `1,6 s`, `0,45 s`."""
    return f"{numbers.plain(round(value, 3 if value < 0.01 else 2 if value < 10 else 1))}{NARROW}s"


def _kind(wanted: Must) -> str:
    return "relative" if wanted.relative else wanted.measure


def _timed(wanted: Must, text: str, language: str, **fields: str) -> str:
    numbers = Numbers(language)
    threshold = "" if wanted.threshold_seconds is None else in_seconds(wanted.threshold_seconds, numbers)
    said = text.format(percentile=numbers.plain(wanted.percentile or 50.0), threshold=threshold, **fields)
    plain = wanted.timing == "corrected"
    return said if plain else str(catalogue("common", language)["must"]["of-service"]).format(must=said)


def _bound(wanted: Must, numbers: Numbers) -> str:
    if wanted.relative or wanted.measure == "apdex":
        return numbers.plain(wanted.bound)
    if wanted.measure in ("latency", "recovery"):
        return in_seconds(wanted.bound, numbers)
    return numbers.share(wanted.bound)


def _value(value: float | None, wanted: Must, numbers: Numbers) -> str:
    if value is None or wanted.relative or wanted.measure == "apdex":
        return numbers.number(value, 2)
    return in_seconds(value, numbers) if wanted.measure in ("latency", "recovery") else numbers.ratio(value)
