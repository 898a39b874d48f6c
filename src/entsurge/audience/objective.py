"""Objectives in one grammar: `p95 < 1600ms`, `errors < 1%`, `served >= 95%`, `apdex(500ms) >= 0.85` and the like."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Measure = Literal["latency", "errors", "availability", "apdex", "served"]
_UNITS = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}
_NUMBER = r"(\d+(?:\.\d+)?)"
_DURATION = rf"{_NUMBER}\s*(us|µs|ms|s|min)"
_LATENCY = re.compile(rf"p{_NUMBER}\s*(<=|<)\s*{_DURATION}")
_RATIO = re.compile(rf"(errors|availability|served)\s*(<=|<|>=|>)\s*{_NUMBER}\s*%")
_APDEX = re.compile(rf"apdex\(\s*{_DURATION}\s*\)\s*(>=|>)\s*{_NUMBER}")
EXPECTED = (
    'expected such as "p95 < 1600ms", "errors < 1%", "availability >= 99%", "served >= 95%", "apdex(500ms) >= 0.85"'
)


@dataclass(frozen=True, slots=True)
class Must:
    """What must hold: a measure, a comparison, a bound (seconds for latency, a ratio from 0 to 1 otherwise).

    `percentile` (0 to 100) belongs to latency, `threshold_seconds` to Apdex.
    """

    measure: Measure
    comparison: Literal["<", "<=", ">", ">="]
    bound: float
    percentile: float | None = None
    threshold_seconds: float | None = None

    def holds(self, value: float) -> bool:
        """Whether a value keeps the objective."""
        if self.comparison == "<":
            return value < self.bound
        if self.comparison == "<=":
            return value <= self.bound
        return value > self.bound if self.comparison == ">" else value >= self.bound


def parse_objective(text: str) -> Must:
    """What `text` demands. Raises ValueError, saying what is expected."""
    text = text.strip()
    if found := _LATENCY.fullmatch(text):
        percentile = float(found[1])
        if not 0 < percentile < 100:
            raise ValueError(f"p{found[1]}: a percentile lies between 0 and 100")
        return Must("latency", found[2], float(found[3]) * _UNITS[found[4]], percentile=percentile)  # type: ignore[arg-type]
    if found := _RATIO.fullmatch(text):
        return _ratio(found)
    if found := _APDEX.fullmatch(text):
        bound = float(found[4])
        if bound > 1:
            raise ValueError("an Apdex lies between 0 and 1")
        return Must("apdex", found[3], bound, threshold_seconds=float(found[1]) * _UNITS[found[2]])  # type: ignore[arg-type]
    raise ValueError(f"no objective; {EXPECTED}")


def _ratio(found: re.Match[str]) -> Must:
    bound = float(found[3]) / 100
    if bound > 1:
        raise ValueError(f"{found[3]} %: a share lies between 0 and 100 %")
    upward = found[2] in (">", ">=")
    if upward == (found[1] == "errors"):
        raise ValueError(f"{found[1]} {found[2]}: the comparison points the wrong way; {EXPECTED}")
    return Must(found[1], found[2], bound)  # type: ignore[arg-type]
