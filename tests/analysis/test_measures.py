"""Which measure buys what, on trials whose truth is known: told apart, ranked, added up, and never out of nothing."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.records import objective, pages, record, visit
from tests.analysis.trials import TITLES, outcome, trial

from entsurge.analysis.measures.assessment import Assessed, assess, bought
from entsurge.analysis.measures.design import ALONE, NONE, PAIRS, Stage, first_stage, most_runs, order, second_stage
from entsurge.analysis.measures.report import About, measures_report
from entsurge.analysis.measures.served import Served, read_outcome
from entsurge.analysis.measures.trial_runs import TrialRun, TrialRuns
from entsurge.findings.measures import ArmEffect
from entsurge.findings.statement import Statement

A, B, C = ("a",), ("b",), ("c",)


def assessed(runs: TrialRuns, factor: float = 1, limit_percent: float = 10) -> Assessed:
    return assess(runs, TITLES, factor=factor, limit_percent=limit_percent)


def of(found: Assessed, name: str) -> ArmEffect:
    return next(each for each in found.arms if each.id == name)


def test_an_effect_is_found_beneath_the_luck_of_blocks() -> None:
    """100 pages bought, runs of one block 5 apart, blocks 40: the interval holds the truth and excludes nothing."""
    found = of(assessed(trial({A: 100, B: 0})), "a")
    assert found.told_apart
    assert found.bought.low is not None
    assert 80 < found.bought.low < 100 < found.bought.high < 120
    assert found.blocks == 6


def test_figures_are_of_the_whole_region_with_the_sample_beside() -> None:
    """At scale 1/86 a page of the sample stands for 86."""
    one, whole = (of(assessed(trial({A: 100}), factor), "a").bought for factor in (1, 86))
    assert whole.value == pytest.approx(86 * one.value)
    assert (whole.low, whole.high) == pytest.approx((86 * one.low, 86 * one.high))
    assert whole.sample == one.sample == one.value


@settings(max_examples=25)
@given(st.integers(-60, 60).map(lambda each: 5 * each), st.integers(0, 99))
def test_what_is_added_to_every_run_changes_nothing(shift: int, seed: int) -> None:
    """Effects, intervals, ranks and pairs are of differences within blocks."""
    effects = {A: 60, B: 20, C: 0, ("a", "b"): 70}
    plain, moved = (assessed(trial(effects, seed=seed, shift=each)) for each in (0, shift))
    assert plain == moved


def test_nothing_is_told_apart_in_at_most_one_experiment_in_twenty() -> None:
    """500 trials of three measures without effect: that any is separated, or ranked, is a false alarm."""
    alarms = 0
    for seed in range(500):
        found = assessed(trial({A: 0, B: 0, C: 0}, seed=seed))
        alarms += any(each.told_apart for each in found.arms)
        assert not any(each.rank for each in found.arms if not each.told_apart)
    assert alarms <= 500 * 0.05 + 3 * np.sqrt(500 * 0.05 * 0.95)


def test_five_blocks_tell_nothing_however_large_the_effect() -> None:
    """Estimates without interval, no rank, no best; the conclusion says so."""
    found = assessed(trial({A: 300, B: 100}, blocks=5))
    assert found.conclusion == "too-few-blocks"
    assert [(each.bought.low, each.told_apart, each.rank, each.within) for each in found.arms] == [
        (None, False, None, False)
    ] * 2
    assert found.best == []


def test_measures_are_ranked_where_intervals_separate_them() -> None:
    """100 and 50 with luck of 5: first and second; 60 and 58: neither; what buys nothing has no rank."""
    clear = assessed(trial({A: 100, B: 50, C: 0}))
    assert [of(clear, name).rank for name in "abc"] == [1, 2, None]
    near = assessed(trial({A: 60, B: 58, C: 0}))
    assert [of(near, name).rank for name in "abc"] == [None, None, None]


def test_the_best_is_that_within_the_limit_and_whatever_is_not_told_from_it() -> None:
    """The greatest costs parents all; of the others two cannot be told apart; a limit of 100 % lets the greatest in."""
    effects, costs = {A: 200, B: 60, C: 59}, {A: 800, B: 20}
    found = assessed(trial(effects, costs=costs, blocks=8))
    assert set(found.best) == {"b", "c"}
    assert of(found, "a").cost.value == pytest.approx(800, abs=10)
    assert not of(found, "a").within
    assert assessed(trial(effects, costs=costs, blocks=8), limit_percent=100).best == ["a"]


def test_who_bears_the_cost_is_told_by_persona() -> None:
    """Parents lose 30 of 100 pages, pupils none of theirs."""
    pupils, parents = of(assessed(trial({A: 50}, costs={A: 300})), "a").personas
    assert (pupils.persona, pupils.protected, parents.persona, parents.protected) == ("student", True, "parent", False)
    assert 27 < parents.lost.low <= parents.lost.high < 33
    assert pupils.lost.high < 0


@pytest.mark.parametrize(("whole", "adding"), [(150, "adds"), (105, "less"), (220, "more")])
def test_pairs_are_held_against_the_sum_of_each_alone(whole: float, adding: str) -> None:
    """100 and 50: 150 together add up, 105 is less, 220 more, each beyond chance."""
    (found,) = assessed(trial({A: 100, B: 50, ("a", "b"): whole}, blocks=8)).together
    assert found.adding == adding
    assert found.difference.value == pytest.approx(whole - 150, abs=15)
    assert found.sum.value == pytest.approx(150, abs=10)


def test_a_pair_of_which_too_little_is_known_is_not_said_to_add_up() -> None:
    """Luck as large as the effects: an interval that holds 0 is no proof of a sum."""
    (found,) = assessed(trial({A: 20, B: 20, ("a", "b"): 40}, luck=30)).together
    assert found.adding == "unknown"


def test_a_run_that_is_not_to_be_believed_leaves_its_block_for_that_arm_alone() -> None:
    """One arm has a block less, the other all."""
    runs = trial({A: 100, B: 50}, blocks=7)
    rows = [
        run._replace(outcome=replace(run.outcome, broken=Statement("light.edge")))
        if (run.block, run.arm) == (3, A)
        else run
        for run in runs.runs
    ]
    found = assessed(TrialRuns(rows))
    assert (of(found, "a").blocks, of(found, "b").blocks) == (6, 7)
    assert of(found, "a").told_apart


def test_a_trial_without_a_run_says_nothing() -> None:
    """Not an error: too few blocks."""
    assert assessed(TrialRuns([])) == Assessed([], [], [], "too-few-blocks")
    only_none = TrialRuns([TrialRun(ALONE, 1, NONE, "runs/1", outcome(500))])
    assert assessed(only_none).conclusion == "too-few-blocks"
    assert bought(only_none) == {}


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, unique=True), st.integers(1, 50), st.integers(-(2**40), 2**40))
def test_a_block_holds_each_arm_once_in_an_order_of_its_own(measures: list[str], block: int, seed: int) -> None:
    """None among them; the same for the same seed."""
    stage = first_stage(measures, ())
    drawn = order(stage, block, seed)
    assert sorted(drawn) == sorted([NONE, *((each,) for each in measures)])
    assert drawn == order(stage, block, seed)


def test_orders_differ_between_blocks_and_stages() -> None:
    """No arm always comes after the same one."""
    stage = first_stage("abcde", ())
    assert len({tuple(order(stage, block, 1)) for block in range(20)}) > 15
    assert order(stage, 1, 1) != order(Stage(PAIRS, stage.arms), 1, 1)


def test_pairs_are_those_of_the_three_with_the_largest_estimate() -> None:
    """What seems to buy nothing is in no pair; of one alone there is none."""
    second = second_stage({"a": 5.0, "b": 9.0, "c": 1.0, "d": -3.0, "e": 7.0})
    assert second is not None
    assert second.arms == (NONE, A, B, ("e",), ("a", "b"), ("a", "e"), ("b", "e"))
    assert second_stage({"a": 5.0, "b": 0.0}) is None


def test_runs_are_reckoned_with_the_pairs_that_may_come() -> None:
    """Six blocks of none and four measures, and of seven arms; two measures have one pair; none where none is asked."""
    assert most_runs(4, None, 6) == 6 * (5 + 7)
    assert most_runs(2, None, 1) == 3 + 4
    assert (most_runs(4, 0, 6), most_runs(4, 2, 6), most_runs(1, None, 6)) == (30, 42, 12)


def test_what_a_run_served_is_read_from_its_directory(tmp_path) -> None:
    """Pages within the time owed, sign-on and late ones apart; people who got a page; a run that was never whole."""
    rows = [
        *pages(seconds=0.3, count=5), *pages(seconds=2.5, count=2), *pages(service="sign-on", page="sign-on", count=9),
        *pages(outcome="shed", count=3), *pages(persona="parent", seconds=2.5, count=4),
    ]  # fmt: skip
    visits = [visit(), visit(ok=0, failed=1), visit(persona="parent")]
    planned = {who: {"visits": 2, "page_views": 12, "services": {}} for who in ("student", "parent")}
    path = record(tmp_path, rows, visits, objectives=[objective("p95 < 1600ms"), objective("p50 < 100ms")],
                  planned=planned, protected=["student"])  # fmt: skip
    found = read_outcome(path)
    assert found.personas == {"student": Served(12, 5, 1), "parent": Served(12, 4, 1)}
    assert found.protected == ("student",)


def test_the_report_holds_all_that_was_run(tmp_path) -> None:
    """Runs with their blocks, the digest, what none served; the largest effect first, pairs after singles."""
    runs = trial({A: 20, B: 100, ("a", "b"): 110})
    about = About(
        name="p", title={"fr": "p", "en": "p"}, target="t", profile="p", scale=Fraction(1, 10), compression=1.0,
        window={"day": "monday", "from": "09:00", "to": "09:30"}, seed=1, personas=[], blocks_asked=6,
        limit_percent=10, titles=TITLES, left_out=[],
    )  # fmt: skip
    found = measures_report(about, runs)
    assert [each.id for each in found.arms] == ["b", "a", "a + b"]
    assert (len(found.runs), found.blocks, found.plan_digest, found.factor) == (24, 6, "d", 10)
    assert found.none_pages == pytest.approx(500, abs=60)
