"""A trial that is killed and taken up again ends as one that never was; another is refused by what differs."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.analysis.trials import outcome

from entsurge.analysis.measures.design import arm_id
from entsurge.analysis.measures.served import RunOutcome
from entsurge.client.failure import ClientError
from entsurge.commands.measuring import Measuring, Progress, Trial
from entsurge.commands.rest import FirstPage
from entsurge.errors import GuardStop, InvalidMeasurement, TargetUnreachable, UsageError

TRIAL = Trial(
    profile="p", url="http://127.0.0.1:9", name="t", measures=("a", "b", "c", "d"), files=("a", "b", "c", "d"),
    pairs=None, blocks=6, seed=3,
)  # fmt: skip
EFFECTS = {"a": 90, "b": 60, "c": 30, "d": -20}


class Killed(Exception):
    """Stands for SIGKILL."""


class Target:
    """Runs that write what they served; `dies_at` is the number of the run in which the machine stops."""

    def __init__(self, dies_at: int = 0, broken: frozenset[int] = frozenset()) -> None:
        self.dies_at, self.broken, self.made, self.waits = dies_at, broken, 0, 0

    def run(self, path: Path, arm: tuple[str, ...]) -> None:
        self.made += 1
        path.mkdir(parents=True)
        if self.made == self.dies_at:
            raise Killed
        luck = np.random.default_rng([len(path.parent.parts), *map(ord, arm_id(arm))]).normal(0, 3)
        row = {"pupils": 500 + sum(EFFECTS[each] for each in arm) + luck, "broken": self.made in self.broken}
        (path / "served.json").write_text(json.dumps(row))

    def seconds(self) -> float:
        return 0.1

    def wait(self, rest_seconds: float) -> bool:
        self.waits += 1
        return rest_seconds == 0.1


def read(path: Path) -> RunOutcome:
    row = json.loads((path / "served.json").read_text())
    return outcome(row["pupils"], broken="the generator gave out" if row["broken"] else "")


def measuring(folder: Path, target: Target, trial: Trial = TRIAL, **more: Any) -> Measuring:
    said: list[str] = []
    made = Measuring(trial, folder, run=target.run, rest=target, say=said.append, read=more.pop("read", read), **more)
    made.begin(["digest"])
    return made


def results(progress: Progress) -> set[tuple[str, int, tuple[str, ...], RunOutcome]]:
    return {(run.stage, run.block, run.arm, run.outcome.personas["student"].pages) for run in progress.runs.runs}


@pytest.mark.parametrize("dies_at", [1, 2, 17, 30, 31, 45])
def test_killed_and_resumed_equals_uninterrupted(tmp_path: Path, dies_at: int) -> None:
    """In either stage, at a block's begin or in its middle: the same runs, no run known twice, none lost."""
    whole = measuring(tmp_path / "one", Target()).go()
    with pytest.raises(Killed):
        measuring(tmp_path / "two", Target(dies_at)).go()
    target = Target()
    resumed = measuring(tmp_path / "two", target).go()
    assert results(resumed) == results(whole)
    assert target.made == len(whole.runs.runs) - (dies_at - 1)
    assert len(whole.runs.runs) == 6 * 5 + 6 * 7
    assert resumed.rest_seconds == whole.rest_seconds == 0.1


def test_a_trial_that_is_whole_runs_nothing_again(tmp_path: Path) -> None:
    """The page is made once more of what there is."""
    measuring(tmp_path, Target()).go()
    target = Target()
    assert len(measuring(tmp_path, target).go().runs.runs) == 72
    assert target.made == 0


def test_pairs_that_are_named_run_in_the_blocks_of_the_singles(tmp_path: Path) -> None:
    """One stage: none, four alone, one pair."""
    found = measuring(tmp_path, Target(), replace(TRIAL, pairs=(("a", "d"),))).go()
    assert {run.stage for run in found.runs.runs} == {"alone"}
    assert len(found.runs.runs) == 6 * 6


def test_the_target_is_brought_to_rest_before_every_run(tmp_path: Path) -> None:
    """As many waits as runs, each against what was measured before the first."""
    target = Target()
    assert measuring(tmp_path, target).go().unsettled == 0
    assert target.waits == target.made == 72


def test_runs_before_which_the_target_was_not_at_rest_are_counted(tmp_path: Path) -> None:
    """Over a kill too."""

    class Restless(Target):
        def wait(self, rest_seconds: float) -> bool:
            return super().wait(rest_seconds) and self.waits not in (2, 5)

    with pytest.raises(Killed):
        measuring(tmp_path, Restless(4)).go()
    assert measuring(tmp_path, Restless()).go().unsettled == 3


def test_a_run_that_is_not_to_be_believed_is_made_once_more(tmp_path: Path) -> None:
    """In the same block; what breaks twice is left out, and the trial goes on."""
    once = measuring(tmp_path / "once", Target(broken=frozenset({4}))).go()
    assert len(once.runs.believed) == 72
    target = Target(broken=frozenset({4, 5}))
    twice = measuring(tmp_path / "twice", target).go()
    assert (len(twice.runs.runs), len(twice.runs.believed), target.made) == (72, 71, 73)


def test_a_budget_ends_a_trial_between_blocks(tmp_path: Path) -> None:
    """Two blocks of five runs of a minute fit into eleven minutes; with another budget it goes on."""
    clock = iter(range(0, 100_000, 300))
    short = measuring(tmp_path, Target(), clock=lambda: float(next(clock)))
    found = short.go(ends=660, run_seconds=60)
    assert found.stop == "budget"
    assert found.runs.blocks == [("alone", 1), ("alone", 2)]
    assert len(measuring(tmp_path, Target()).go().runs.runs) == 72


@pytest.mark.parametrize("changed", [{"profile": "q"}, {"url": "x"}, {"measures": ("a",)}, {"pairs": ()}, {"seed": 4}])
def test_another_trial_is_refused(tmp_path: Path, changed: dict[str, Any]) -> None:
    """Exit 2, and what differs; more blocks are no other trial."""
    measuring(tmp_path, Target())
    with pytest.raises(UsageError, match=f"another trial .*{next(iter(changed))}"):
        measuring(tmp_path, Target(), replace(TRIAL, **changed))
    measuring(tmp_path, Target(), replace(TRIAL, blocks=8))


def test_another_plan_in_the_middle_is_no_measurement(tmp_path: Path) -> None:
    """The same visits in every run, or nothing can be compared."""
    count = iter(range(100))
    with pytest.raises(InvalidMeasurement, match="its plan is another"):
        measuring(tmp_path, Target(), read=lambda _: outcome(1, digest=f"{next(count)}")).go()


def test_a_run_that_ends_early_ends_the_trial_and_leaves_it_to_be_taken_up(tmp_path: Path) -> None:
    """As a guard does: exit 5; the next try makes that run again."""

    class Guarded(Target):
        def run(self, path: Path, arm: tuple[str, ...]) -> None:
            if self.made == 3:
                raise GuardStop("a guard ended it")
            super().run(path, arm)

    with pytest.raises(GuardStop):
        measuring(tmp_path, Guarded()).go()
    assert len(measuring(tmp_path, Target()).go().runs.runs) == 72


def first_page(*times: float) -> FirstPage:
    """A target whose first page takes these seconds in turn; below 0 it does not answer. Time passes by waiting."""
    left, now = list(times), [0.0]

    def ask() -> float:
        took = left.pop(0) if len(left) > 1 else left[0]
        if took < 0:
            raise ClientError("silence")
        return took

    def sleep(seconds: float) -> None:
        now[0] += seconds

    return FirstPage(ask, clock=lambda: now[0], sleep=sleep)


def test_rest_is_three_first_pages_in_a_row_as_fast_as_before() -> None:
    """Slow, silent, fast, slow again, then at rest; and two minutes of slowness are the most that is waited."""
    assert first_page(0.9, -1, 0.1, 0.9, 0.1, 0.1, 0.1).wait(0.1)
    assert not first_page(0.9).wait(0.1)
    assert first_page(0.1, 0.2, 0.3, 0.4, 0.5).seconds() == 0.3
    with pytest.raises(TargetUnreachable):
        first_page(-1).seconds()


def test_what_a_killed_run_had_in_force_is_known(tmp_path: Path) -> None:
    """Its leases are waited for before the next run."""
    stage_order = [run.arm for run in measuring(tmp_path / "whole", Target()).go().runs.runs]
    with pytest.raises(Killed):
        measuring(tmp_path / "killed", Target(4)).go()
    assert measuring(tmp_path / "killed", Target()).progress.broken_off == stage_order[3]


@pytest.mark.parametrize("row", [{"kind": "rest"}, {"kind": "run", "number": 1}, {"number": 1},
                                 {"kind": "run", "number": 1, "state": "begun", "arm": 3},
                                 {"kind": "run", "number": 1, "state": "known", "stage": "alone", "block": 1,
                                  "arm": ["a"], "path": "9" * 400}])  # fmt: skip
def test_a_row_that_lacks_what_it_must_say_is_refused(tmp_path: Path, row: dict[str, Any]) -> None:
    """By the file's name, in the words of our own errors."""
    trial = measuring(tmp_path, Target())
    trial.journal.write(row)
    with pytest.raises(UsageError, match=r"measures\.jsonl: damaged: "):
        measuring(tmp_path, Target())
