"""The Universal Scalability Law X(N) = γN / (1 + α(N − 1) + βN(N − 1)), fitted with its uncertainty."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import curve_fit

from entsurge.errors import UsageError
from entsurge.findings.capacity import FEWEST_FOR_LAW, Fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ROUNDS = 500
LEVEL = 0.95


def law(load: NDArray[np.float64], alpha: float, beta: float, gamma: float) -> NDArray[np.float64]:
    """X(N) for each N."""
    result: NDArray[np.float64] = gamma * load / (1 + alpha * (load - 1) + beta * load * (load - 1))
    return result


def peak(alpha: float, beta: float, gamma: float) -> tuple[float | None, float | None]:
    """Where X is highest, N = √((1 − α)/β), and how high; None where it never turns down."""
    if beta <= 0 or alpha >= 1:
        return None, None
    at = math.sqrt((1 - alpha) / beta)
    return at, float(law(np.array([at]), alpha, beta, gamma)[0])


def fit(load: Sequence[float], served: Sequence[float], *, seed: int = 1) -> Fit:
    """Fit to at least six steps: their load N (pages inside, or users) and throughput X (pages/s).

    Bounded least squares on scaled parameters. Raises UsageError with fewer steps than six.
    """
    if len(load) < FEWEST_FOR_LAW:
        raise UsageError(
            f"{len(load)} steady steps; the Universal Scalability Law needs at least {FEWEST_FOR_LAW}",
            hint="a longer --budget gives more steps, or name more runs after --from",
        )
    n, x = np.asarray(load, float), np.asarray(served, float)
    alpha, beta, gamma = _fitted(n, x)
    at, high = peak(alpha, beta, gamma)
    fitted = law(n, alpha, beta, gamma)
    rounds = _rounds(n, x, seed)
    peaks = [peak(*each)[1] for each in rounds]
    known = [each for each in peaks if each is not None]
    observed = at is not None and bool(at < n.max() and x[n.argmax()] < x.max())
    return Fit(
        alpha=alpha, beta=beta, gamma=gamma, peak_load=at, peak_served=high, peak_observed=observed,
        residuals=tuple(float(each) for each in x - fitted),
        relative_error=float(np.sqrt(np.mean(((x - fitted) / x) ** 2))),
        alpha_interval=_interval([each[0] for each in rounds]),
        beta_interval=_interval([each[1] for each in rounds]),
        peak_served_interval=_interval(known) if len(known) > len(rounds) * LEVEL else None,
    )  # fmt: skip


def _fitted(n: NDArray[np.float64], x: NDArray[np.float64]) -> tuple[float, float, float]:
    """α, β, γ by bounded least squares; N and X are scaled so that every parameter is of the order of one."""
    size, height = n.max(), x.max()
    start = float(np.max(x / n) * size / height)

    def scaled(load: NDArray[np.float64], a: float, b: float, c: float) -> NDArray[np.float64]:
        result: NDArray[np.float64] = law(load, a / size, b / size**2, c * height / size) / height
        return result

    found, _ = curve_fit(
        scaled,
        n,
        x / height,
        p0=(0.1, 0.1, start),
        bounds=(0, (size, size**2, np.inf)),
        maxfev=20_000,
        ftol=1e-14,
        xtol=1e-14,
        gtol=1e-14,
    )
    return float(found[0] / size), float(found[1] / size**2), float(found[2] * height / size)


def _rounds(n: NDArray[np.float64], x: NDArray[np.float64], seed: int) -> list[tuple[float, float, float]]:
    """Parameters of resampled steps; a sample of too few different loads is drawn again."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(ROUNDS):
        chosen = random.integers(0, len(n), len(n))
        if len(np.unique(n[chosen])) < 4:
            continue
        try:
            found.append(_fitted(n[chosen], x[chosen]))
        except RuntimeError:  # the sample determines nothing
            continue
    return found


def _interval(values: list[float]) -> tuple[float, float] | None:
    if not values:
        return None
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)
