"""The smallest change that a comparison can show, against answers known by other means and by simulation."""

import numpy as np
import pytest

from entsurge.analysis.comparison import compare
from entsurge.analysis.family import findings, with_power
from entsurge.analysis.measured import SAME, TOLD, Measured, Page
from entsurge.analysis.power import deviations_shown, smallest_shifts, spread
from entsurge.analysis.ranks import ALPHA

NOISE = 0.05
PERSONAS, SERVICES = ("parent", "student", "teacher"), ("files", "home", "homework", "messages")
CHANGED: Page = ("student", "homework", "*")


def test_the_deviation_is_that_within_the_sides() -> None:
    """A difference between the sides is none within them; a level common to all series is seen as common."""
    random = np.random.default_rng(1)
    labels = np.array([False] * 400 + [True] * 400)
    logs = 0.03 * random.normal(size=(800, 1)) + 0.04 * random.normal(size=(800, 3)) + 2 * labels[:, None]
    found = spread(logs, labels)
    assert found is not None
    assert found.deviations == pytest.approx([0.05] * 3, rel=0.06)
    assert found.common == pytest.approx(0.36, abs=0.06)
    assert spread(logs[399:401], labels[399:401]) is None


@pytest.mark.parametrize("sides", [(1, 1), (3, 3), (10, 1)])
def test_what_cannot_be_shown_has_no_smallest_change(sides: tuple[int, int]) -> None:
    """Where the smallest p is above 5 %, no change is shown, however large."""
    assert deviations_shown(*sides, 1, 0, ALPHA) == np.inf
    assert deviations_shown(3, 4, 1, 0, 0.05) == np.inf  # the least two-sided p of 3 + 4 is .057
    assert deviations_shown(4, 4, 1, 0, 0.02) == np.inf  # and of 4 + 4 .029


def test_four_a_side_show_what_sets_them_wholly_apart() -> None:
    """One series, 4 + 4: shown if every candidate is above every baseline, which needs no relabelling to be known."""
    random = np.random.default_rng(2)
    old, new = random.normal(size=(2, 200_000, 4))
    needed = old.max(axis=1) - new.min(axis=1)
    estimated = np.sqrt(random.chisquare(6, 200_000) / 6)
    assert deviations_shown(4, 4, 1, 0, 0.05) == pytest.approx(np.quantile(needed / estimated, 0.8), rel=0.04)


def test_more_runs_show_less_and_more_series_hide_more() -> None:
    """In the order that it must have; the deviation scales it."""
    runs = [deviations_shown(*sides, 5, 5, 0.05) for sides in ((4, 4), (5, 5), (10, 5), (10, 10))]
    series = [deviations_shown(10, 3, series, 0, 0.05) for series in (1, 5, 25)]
    assert runs == sorted(runs, reverse=True)
    assert series == sorted(series)
    labels = np.array([False] * 4 + [True] * 4)
    logs = np.random.default_rng(3).normal(size=(8, 2))
    small, large = (smallest_shifts(4, 4, spread(scale * logs, labels), 0.05) for scale in (0.1, 0.2))
    assert large == pytest.approx(2 * small)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("baselines", "candidates", "series", "common"),
    [
        (4, 4, 1, 0.0),
        pytest.param(4, 4, 12, 0.2, marks=pytest.mark.thorough),
        pytest.param(10, 3, 12, 0.6, marks=pytest.mark.thorough),
    ],
)
def test_four_of_five_comparisons_show_the_change_that_is_said(
    baselines: int, candidates: int, series: int, common: float
) -> None:
    """Known answer: what one A/A comparison says could be shown, put into the next: found in 80 ± 3 %; A/A ≤ 5 %."""
    random, trials = np.random.default_rng(4), 1500
    labels = np.array([False] * baselines + [True] * candidates)
    names = [("student", f"service-{number}", "*") for number in range(series)]
    found = alarms = 0

    def drawn() -> np.ndarray:
        shared = np.sqrt(common) * random.normal(size=(len(labels), 1))
        return NOISE * (shared + np.sqrt(1 - common) * random.normal(size=(len(labels), series)))

    for _ in range(trials):
        same, slower = drawn(), drawn()
        said = with_power(findings(names, same, labels, 0.0), same, labels, 0.0)
        alarms += any(each.state == "regression" for each in said)
        slower[labels, 0] += np.log(said[0].smallest)
        found += findings(names, slower, labels, 0.0)[0].state == "regression"
    assert found / trials == pytest.approx(0.80, abs=0.03)
    assert alarms / trials <= 0.05


def runs(random: np.random.Generator, sides: tuple[int, int], slower: float = 1.0) -> list[Measured]:
    """Runs whose scopes lie within each other; the candidates' homework of pupils slower by a factor."""
    found = []
    for at in range(sum(sides)):
        shared = random.normal() * np.sqrt(0.3)
        logs = {
            (persona, service, "*"): NOISE * (shared + np.sqrt(0.7) * random.normal())
            for persona in PERSONAS
            for service in SERVICES
        }
        of_pages = {(*name[:2], "page"): value for name, value in logs.items()}
        logs |= {
            (persona, "*", "*"): float(np.mean([logs[persona, service, "*"] for service in SERVICES]))
            for persona in PERSONAS
        }
        logs["*", "*", "*"] = float(np.mean([logs[persona, "*", "*"] for persona in PERSONAS]))
        if at >= sides[0]:
            logs[CHANGED] += float(np.log(slower))
        seconds, scopes = ({name: float(np.exp(log)) for name, log in each.items()} for each in (of_pages, logs))
        asked = dict.fromkeys(of_pages, 100)
        plan = dict.fromkeys((*SAME, *TOLD))
        found.append(Measured("r", "r", plan, seconds, asked, {}, 0.0, 0.0, scopes, asked))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("sides", [(4, 4), pytest.param((10, 3), marks=pytest.mark.thorough)])
def test_a_whole_comparison_cries_no_wolf_and_keeps_its_word(sides: tuple[int, int]) -> None:
    """Three families, any difference counted: A/A ≤ 5 % in all; the change that it says is found in about 80 %."""
    random, trials, found, alarms = np.random.default_rng(5), 400, 0, 0
    for _ in range(trials):
        same = runs(random, sides)
        said = compare(same[: sides[0]], same[sides[0] :], least_effect=0.0)
        alarms += said.worse
        [smallest] = [each.smallest for each in said.scopes if (each.persona, each.service, each.page) == CHANGED]
        slower = runs(random, sides, smallest)
        again = compare(slower[: sides[0]], slower[sides[0] :], least_effect=0.0)
        found += any((each.persona, each.service, each.page) == CHANGED for each in again.regressions)
    assert alarms / trials <= 0.05
    assert found / trials == pytest.approx(0.80, abs=0.06)


def test_how_many_runs_would_do_do() -> None:
    """What is named shows the least effect on the same deviation; one candidate fewer does not."""
    random = np.random.default_rng(6)
    labels = np.array([False] * 4 + [True] * 4)
    logs = 0.6 * NOISE * random.normal(size=(8, 4))
    names = [("student", f"service-{number}", "*") for number in range(4)]
    found = with_power(findings(names, logs, labels, 0.10), logs, labels, 0.10)
    how = spread(logs, labels)
    assert all(each.blind for each in found)
    for each, deviation in zip(found, how.deviations, strict=True):
        baselines, candidates = each.would_do
        shown = [
            deviations_shown(max(4, runs), runs, 4, round(10 * how.common), ALPHA / 1.5) * deviation
            for runs in (candidates - 1, candidates)
        ]
        assert baselines == max(4, candidates)
        assert shown[0] > np.log(1.10) >= shown[1]
