"""Exact binomial limits (Clopper-Pearson), and the interval of a difference (Agresti-Caffo)."""

from __future__ import annotations

import math

from scipy.special import betaincinv, ndtri  # scipy.stats takes half a second to import

from entsurge.audience.objective import CONFIDENCE

ONE_SIDED = CONFIDENCE
MOST_TIMES = 100
"""As many times the pages as there are is the most that is asked for: beyond it no run of bearable length decides."""


def upper(events: int, total: int, confidence: float = ONE_SIDED) -> float:
    """The one-sided upper limit of a share; 1 of nothing."""
    if total == 0 or events >= total:
        return 1.0
    return float(betaincinv(events + 1, total - events, confidence))


def lower(events: int, total: int, confidence: float = ONE_SIDED) -> float:
    """The one-sided lower limit of a share; 0 of nothing."""
    if total == 0 or events <= 0:
        return 0.0
    return float(betaincinv(events, total - events + 1, 1 - confidence))


def needed(events: int, total: int, allowed: float) -> int | None:
    """How many pages would tell whether a share is allowed, were it as it is here; None where too many would.

    The least number (within 2 %) at which the upper limit is at most `allowed`, or the lower one above it.
    """
    if not total or not 0 < allowed < 1:
        return None

    def decides(count: int) -> bool:
        same = round(events * count / total)
        return upper(same, count) <= allowed or lower(same, count) > allowed

    count = total
    while not decides(count):
        count = math.ceil(1.02 * count)
        if count > MOST_TIMES * total:
            return None
    return count


def difference(events: int, total: int, base_events: int, base_total: int) -> tuple[float, float]:
    """The 95 % interval of share − baseline share, pages taken as independent; (−1, 1) of nothing."""
    if not total or not base_total:
        return -1.0, 1.0
    one, two = (events + 1) / (total + 2), (base_events + 1) / (base_total + 2)
    spread = math.sqrt(one * (1 - one) / (total + 2) + two * (1 - two) / (base_total + 2))
    half = float(ndtri(0.975)) * spread
    return max(-1.0, one - two - half), min(1.0, one - two + half)
