"""How many pages a visit has, and how its time divides into gaps.

Pages: 1 + negative binomial of shape 2, truncated at twice the mean, its parameter solved so that the mean holds.
Gaps: gamma of shape 2, scaled to sum to the visit's time; drawn as every second spacing of 2P−1 uniform points.
"""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal, localcontext
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from entsurge.plan.chance import WHOLE, below

if TYPE_CHECKING:
    from fractions import Fraction

STEPS = 120


@lru_cache(maxsize=64)
def page_thresholds(mean: Fraction) -> tuple[int, ...]:
    """64-bit thresholds of P(pages ≤ 1), P(pages ≤ 2) … for this mean; ValueError below one page a visit."""
    if mean < 1:
        raise ValueError(f"{float(mean):.3g} pages per visit: a visit has at least one")
    most = max(1, int(2 * mean))
    with localcontext() as context:
        context.prec = 40
        wanted = Decimal(mean.numerator) / Decimal(mean.denominator) - 1
        weights = _weights(_solve(wanted, most), most)
        total, so_far, result = sum(weights), Decimal(0), []
        for weight in weights:
            so_far += weight
            result.append(int(so_far / total * WHOLE))
    result[-1] = WHOLE
    return tuple(result)


def _weights(ratio: Decimal, most: int) -> list[Decimal]:
    return [(k + 1) * ratio**k if k else Decimal(1) for k in range(most)]


def _solve(wanted: Decimal, most: int) -> Decimal:
    low, high = Decimal(0), Decimal(4)
    for _ in range(STEPS):
        middle = (low + high) / 2
        weights = _weights(middle, most)
        mean = sum(k * weight for k, weight in enumerate(weights)) / sum(weights)
        low, high = (middle, high) if mean < wanted else (low, middle)
    return (low + high) / 2


def pages(raw: int, mean: Fraction) -> int:
    """Pages of a visit from a raw 64-bit quantile."""
    return bisect_right(page_thresholds(mean), raw) + 1


def gaps(raws: list[int], total_us: int) -> list[int]:
    """P gaps in µs that sum to `total_us`, from 2P−1 raw draws."""
    points = sorted(below(raw, total_us + 1) for raw in raws)
    edges = [0, *points[1::2], total_us]
    return [after - before for before, after in pairwise(edges)]
