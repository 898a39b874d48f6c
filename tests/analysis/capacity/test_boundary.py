"""The boundary and its interval, from steps whose truth is known."""

import math
import random
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entsurge.analysis.capacity.boundary import boundary, bracket, disagree, enough
from entsurge.analysis.capacity.search import GROWTH, Next, Stop, following
from entsurge.errors import UsageError
from entsurge.findings.capacity import Boundary
from entsurge.findings.search import Settings


@dataclass
class Asked:
    """A step as the search sees it."""

    rate: float
    margin: float
    used: float = 0.0


def margin_at(rate: float, truth: float, noise: float, chance: random.Random) -> float:
    """Margins as real steps have them: flat far below, steep at the boundary, noisy near it."""
    off = math.log(rate / truth)
    mean = 6 * off if off > -0.2 else -1.2 + 1.5 * (off + 0.2)
    return max(-2.0, min(3.0, mean)) + chance.gauss(0, noise if abs(off) < 0.3 else noise / 3)


def searched(truth: float, noise: float, seed: int, asking: Settings) -> list[Asked]:
    """The steps of a whole search in a world with this boundary."""
    chance, steps = random.Random(seed), []
    while isinstance(asked := following(steps, None, asking), Next):
        steps.append(Asked(asked.rate, margin_at(asked.rate, truth, noise, chance)))
    return steps


@pytest.mark.parametrize("noise", [0.2, 0.4])
def test_intervals_contain_the_truth(noise: float) -> None:
    """Over 100 searches the interval holds the boundary at least 9 times in 10; the middle is within 7 % as often."""
    inside = close = 0
    for seed in range(100):
        start = 0.2 + random.Random(seed).random() / 3
        found = boundary(searched(0.8, noise, seed, Settings(start=start)))
        inside += found.low <= 0.8 <= found.high
        close += abs(found.value / 0.8 - 1) <= 0.07
    assert inside >= 90
    assert close >= 90


def test_without_noise_the_boundary_is_exact() -> None:
    """Margins on a straight line: the zero of that line, with an interval of no width."""
    steps = [Asked(rate, 6 * math.log(rate / 1.1)) for rate in (0.95, 1.0, 1.05, 1.15, 1.2)]
    found = boundary(steps)
    assert (found.how, found.steps) == ("line", 5)
    assert found.value == pytest.approx(1.1)
    assert found.low == pytest.approx(found.high)


def test_one_sided_knowledge_is_said() -> None:
    """Nothing missed: at least; nothing held: at most, no surer of the end than of a bracket's; nothing asked: none."""
    held = boundary([Asked(0.5, -1), Asked(0.7, -0.5)])
    assert (held.how, held.value, held.high) == ("at-least", pytest.approx(0.7 / 1.1), math.inf)
    missed = boundary([Asked(0.5, 1), Asked(0.25, 0.5)])
    assert (missed.how, missed.value, missed.low) == ("at-most", pytest.approx(0.25 * 1.1), 0.0)
    assert boundary([]) is None


@pytest.mark.parametrize(
    ("ends", "how", "said"),
    [
        ((1.2, 1.01, 1.4), "line", "yes"), ((0.8, 0.7, 0.99), "bracket", "no"), ((1.2, 0.99, 1.4), "line", "unsure"),
        ((0.9, 0.7, 1.0), "bracket", "unsure"), ((1.2, 1.2, math.inf), "at-least", "yes"),
        ((0.9, 0.9, math.inf), "at-least", "unknown"), ((0.9, 0.0, 0.9), "at-most", "no"),
        ((1.2, 0.0, 1.2), "at-most", "unknown"),
    ],
)  # fmt: skip
def test_enough_is_said_only_by_the_whole_interval(ends: tuple[float, float, float], how: str, said: str) -> None:
    """Yes and no where both ends agree; otherwise that it cannot be told, and for want of which end."""
    assert enough(Boundary(*ends, how, 9)) == said


def test_steps_that_disagree_widen_the_bracket() -> None:
    """A higher rate held than one missed: it is noticed, and the bracket holds both."""
    steps = [Asked(0.5, -1), Asked(0.8, 0.2), Asked(0.9, -0.1), Asked(1.2, 1)]
    assert disagree(steps)
    found = boundary(steps)
    assert found.how == "bracket"
    assert found.low < 0.8
    assert found.high > 0.9


@given(st.lists(st.tuples(st.floats(0.01, 60), st.floats(-3, 3)), min_size=1, max_size=20))
def test_no_steps_make_it_stumble(pairs: list[tuple[float, float]]) -> None:
    """Whatever the steps: an interval around the value, never an exception."""
    steps = [Asked(*pair) for pair in pairs]
    found = boundary(steps)
    assert found.low <= found.value * (1 + 1e-9)
    assert found.value <= found.high * (1 + 1e-9)
    low, high = bracket(steps)
    assert low <= high


@settings(max_examples=40)
@given(truth=st.floats(0.02, 50), noise=st.floats(0, 1), seed=st.integers(0, 10_000), steps=st.integers(2, 30))
def test_every_search_ends_within_its_steps(truth: float, noise: float, seed: int, steps: int) -> None:
    """However noisy and wherever the boundary: no more steps than allowed, all rates within the bounds asked for."""
    asking = Settings(steps=steps)
    asked = searched(truth, noise, seed, asking)
    assert len(asked) <= steps
    assert all(0 < each.rate <= asking.highest * 1.1 for each in asked)


def test_raising_stops_at_what_the_generator_can_give() -> None:
    """A ceiling of the generator's own is approached from below and never passed."""
    steps: list[Asked] = [Asked(0.5, -1)]
    ceiling = 0.5 * GROWTH
    while isinstance(asked := following(steps, ceiling, Settings()), Next):
        assert asked.rate < ceiling
        steps.append(Asked(asked.rate, -1))
    assert asked == Stop("ceiling")


def test_the_target_s_own_word_makes_the_search_careful() -> None:
    """A resource that the target calls nearly used up: the next step is nearer."""
    bold, careful = (following([Asked(0.5, -1, used)], None, Settings()) for used in (0.3, 0.9))
    assert careful.rate < bold.rate


def test_a_target_that_degrades_at_once_is_said() -> None:
    """Missed at every rate: lower and lower, then the reason to stop."""
    steps: list[Asked] = []
    while isinstance(asked := following(steps, None, Settings(steps=30)), Next):
        steps.append(Asked(asked.rate, 1))
    assert asked == Stop("degrades at once")
    assert [step.rate for step in steps] == sorted((step.rate for step in steps), reverse=True)


def test_objectives_that_are_never_missed_are_said() -> None:
    """Held up to the highest rate allowed."""
    steps: list[Asked] = []
    while isinstance(asked := following(steps, None, Settings(steps=40, highest=8)), Next):
        steps.append(Asked(asked.rate, -1))
    assert asked == Stop("never missed")
    assert steps[-1].rate <= 8


@pytest.mark.parametrize("wrong", [{"start": 100}, {"tolerance": 0}, {"start": 0}])
def test_impossible_settings_are_refused(wrong: dict) -> None:
    """Said at once, with what is possible."""
    with pytest.raises(UsageError):
        Settings(**wrong)


def test_a_line_that_hardly_rises_is_no_line() -> None:
    """Steps whose margins say nothing of the rate: a bracket, never an overflow nor an interval that spans worlds."""
    chance = random.Random(1)
    for _ in range(3000):
        steps = [
            Asked(math.exp(chance.uniform(-0.2, 0.2)), chance.choice((-1, 1)) * chance.random())
            for _ in range(chance.randint(5, 8))
        ]
        found = boundary(steps)
        if found.how == "line":
            assert found.value / 4 <= found.low <= found.high <= found.value * 4


@pytest.mark.parametrize("steps", [7, 9, 11])
def test_few_steps_promise_no_more_than_they_know(steps: int) -> None:
    """A short search's interval, a bracket most often, holds the boundary at least 9 times in 10 too."""
    found = []
    for seed in range(200):
        start = 0.3 + random.Random(seed).random() / 3
        found.append(boundary(searched(0.8, 0.3, seed, Settings(start=start, steps=steps))))
    assert sum(each.low <= 0.8 <= each.high for each in found) >= 180


def test_margins_of_no_size_are_no_line() -> None:
    """Differences too small to be squared: a bracket, no division by nought."""
    pairs = [(4.0, 0.0), (4.0, 0.0), (4.0, 0.0), (4.0, -9.78e-168), (5.0, 3.99e-230)]
    assert boundary([Asked(rate, margin) for rate, margin in pairs]).how == "bracket"
