"""How a page's time varies around its mean: always the same, or drawn from a distribution."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

CONSTANT = "constant"
KNOWN = "constant, exponential, gamma:SHAPE or lognormal:SIGMA"


def factor(spread: str, chance: random.Random) -> float:
    """A number whose mean is 1, drawn from a distribution named as `fault` understands it."""
    name, _, parameter = spread.partition(":")
    match name:
        case "exponential":
            return chance.expovariate(1.0)
        case "gamma":
            shape = float(parameter)
            return chance.gammavariate(shape, 1.0 / shape)
        case "lognormal":
            sigma = float(parameter)
            return chance.lognormvariate(-sigma * sigma / 2, sigma)
        case _:
            return 1.0


def fault(spread: str) -> str | None:
    """What is wrong with a distribution's name; none when it is right."""
    name, colon, parameter = spread.partition(":")
    if name in (CONSTANT, "exponential") and not colon:
        return None
    if name in ("gamma", "lognormal"):
        try:
            value = float(parameter)
        except ValueError:
            value = math.nan
        if 0 < value < 100:
            return None
    return f"spread is {spread!r}, expected {KNOWN}"
