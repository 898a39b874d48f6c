"""Was a step steady? Where its own beginning is still in the figures, and whether times still rose when it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import theilslopes

from entsurge.findings.search import Steadiness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FEWEST = 6
RISE = 0.5  # a step whose times rise by more than half of their median over its length is not steady
BATCH = 5


def steady(found: Steadiness) -> bool:
    """Whether nothing proves that the queue was still growing."""
    return found.low <= RISE


def steadiness(seconds: Sequence[float]) -> Steadiness:
    """Judge one figure per second, the mean time of a page.

    The slope is Theil and Sen's, the median of the slopes of all pairs: a few slow seconds do not make a trend.
    """
    values = np.asarray([each for each in seconds if np.isfinite(each)], float)
    if len(values) < FEWEST or np.median(values) <= 0:
        return Steadiness(0.0, 0.0, None)
    slope, _, low, _ = theilslopes(values, alpha=0.95)
    length, middle = len(values) - 1, float(np.median(values))
    return Steadiness(float(slope) * length / middle, float(low) * length / middle, settled_after(values))


def settled_after(values: NDArray[np.float64]) -> int | None:
    """MSER-5: leave out the beginning that makes the mean of the rest most certain; None beyond the first half.

    The rule takes means of five values and minimises their variance over the square of how many are kept.
    """
    batches = values[: len(values) // BATCH * BATCH].reshape(-1, BATCH).mean(axis=1)
    if len(batches) < 4:
        return None
    doubt = [float(np.var(batches[cut:]) / (len(batches) - cut)) for cut in range(len(batches) - 2)]
    cut = int(np.argmin(doubt))
    return cut * BATCH if cut <= len(batches) // 2 else None
