"""How many may be signed on, and after how much silence a session ends: from when newcomers were turned away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from entsurge.simulation.fit.service_times import Estimate

if TYPE_CHECKING:
    from entsurge.simulation.fit.observed import Observed

SILENCES = (5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0)  # minutes, as operators set them
FEWEST = 10  # newcomers turned away
AS_GOOD = 1.25  # a silence whose sessions vary no more than so many times the best one's may be the true one


@dataclass(frozen=True)
class Places:
    """The limit and the silence; `silences` are those that explain the refusals as well, in minutes."""

    limit: Estimate
    idle_minutes: float
    silences: tuple[float, ...]


def places(runs: list[Observed]) -> Places | None:
    """The silence for which as many sessions are open whenever somebody is turned away; None where few are."""
    seen = [run.signed_on() for run in runs]
    compression = [float(run.run.manifest["compression"]) for run in runs]
    if sum(len(refused) for _, _, refused in seen) < FEWEST:
        return None
    counts = {
        minutes: np.concatenate(
            [_open(*of, minutes * 60 / by) for of, by in zip(seen, compression, strict=True) if len(of[2])]
        )
        for minutes in SILENCES
    }
    varies = {minutes: float(np.std(of) / max(1.0, np.mean(of))) for minutes, of in counts.items()}
    least = min(varies.values())
    good = tuple(minutes for minutes, much in varies.items() if much <= AS_GOOD * least + 1e-3)
    best = min(good, key=lambda minutes: varies[minutes])
    if len({tuple(counts[minutes].tolist()) for minutes in good}) < len(good):
        best = 60.0 if 60.0 in good else best
    low, middle, high = np.quantile(counts[best], [0.025, 0.5, 0.975])
    every = np.concatenate([counts[minutes] for minutes in good])
    low, high = min(low, float(np.quantile(every, 0.025))), max(high, float(np.quantile(every, 0.975)))
    return Places(Estimate(float(middle), float(low), float(high)), best, good)


def _open(begin: Any, end: Any, refused: Any, idle_s: float) -> Any:
    """How many sessions are open at each refusal."""
    return np.searchsorted(np.sort(begin), refused) - np.searchsorted(np.sort(end + idle_s), refused)
