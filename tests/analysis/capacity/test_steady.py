"""Steady or not, and how much of the beginning to leave out."""

import math
import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from entsurge.analysis.capacity.steady import settled_after, steadiness, steady


def test_noise_is_steady_and_a_growing_queue_is_not() -> None:
    """Thirty noisy seconds are steady; the same with times that double over them are not."""
    chance = random.Random(3)
    noisy = [0.1 * (1 + 0.2 * chance.random()) for _ in range(30)]
    assert steady(steadiness(noisy))
    growing = [value * (1 + second / 12) for second, value in enumerate(noisy)]
    assert not steady(steadiness(growing))
    assert steadiness(growing).rise > 1


def test_a_slow_second_is_no_trend() -> None:
    """One stall of ten times the usual time does not make a step unsteady."""
    values = [0.1] * 30
    values[-2] = 1.0
    assert steady(steadiness(values))


def test_the_beginning_is_found() -> None:
    """A queue that takes ten seconds to fill: about ten seconds are to be left out, none of a flat series."""
    filling = np.array([0.05 + 0.005 * min(second, 10) for second in range(60)])
    assert settled_after(filling) in (5, 10)
    chance = random.Random(1)
    assert settled_after(np.array([0.1 + 0.001 * chance.random() for _ in range(60)])) in (0, 5, 10, None)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=40))
def test_no_series_makes_it_stumble(values: list[float]) -> None:
    """Whatever the seconds: a judgement, never an exception."""
    found = steadiness([min(abs(each), 3600.0) if math.isfinite(each) else each for each in values])
    assert isinstance(steady(found), bool)
