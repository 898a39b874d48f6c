"""Means over lucks with their 95 % interval: Student's, since few lucks are all that is ever simulated."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit  # scipy.stats takes half a second to import

from entsurge.findings.perturbation import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

TWO_SIDED = 0.975
NOTHING = Estimate(None, None, None)


def mean(values: Sequence[float], low: float = -math.inf, high: float = math.inf) -> Estimate:
    """The mean of one value a luck, its bounds within `low` and `high`: no bounds of a single one, nothing of none."""
    if not values:
        return NOTHING
    found = np.asarray(values, float)
    middle = float(found.mean())
    if len(found) == 1:
        return Estimate(middle, None, None)
    half = float(stdtrit(len(found) - 1, TWO_SIDED)) * float(found.std(ddof=1)) / math.sqrt(len(found))
    return Estimate(middle, max(low, middle - half), min(high, middle + half))


def percent(values: Sequence[float]) -> Estimate:
    """The mean of percentages."""
    return mean(values, 0.0, 100.0)


def paired(before: dict[int, float], after: dict[int, float]) -> Estimate:
    """The mean difference of what both have, luck by luck."""
    return mean([after[luck] - before[luck] for luck in sorted(before.keys() & after.keys())])


def apart(difference: Estimate) -> bool:
    """Whether a difference's interval excludes 0."""
    return difference.low is not None and difference.high is not None and (difference.low > 0 or difference.high < 0)
