"""Windows on the plan's clock: what the operator writes, in seconds of the run."""

import contextlib
import string
from pathlib import Path

import pytest
from chaos_subject import experiment
from hypothesis import given
from hypothesis import strategies as st

from entsurge.chaos.experiment import Experiment, load
from entsurge.chaos.timeline import Clock, Span, phases, plan
from entsurge.errors import UsageError

CLOCK = Clock(begin_s=20, end_s=60, run_end_s=75, begin_minute=9 * 60, compression=45)


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        ("09:00", 0), ("09:03", 4), ("09:30", 40), ("25%", 10), ("100 %", 40), ("7s", 7), ("1.5 s", 1.5), ("3min", 4),
        ("08:59", 1439 * 60 / 45),
    ],
)  # fmt: skip
def test_a_moment_in_seconds_after_the_window_s_begin(moment: str, seconds: float) -> None:
    """The day's clock and minutes are compressed, seconds are not, shares are of the window."""
    assert CLOCK.seconds(Span(start=moment).start) == pytest.approx(seconds)


@given(st.text(string.printable, max_size=12))
def test_whatever_is_written_is_a_moment_or_a_usage_error(text: str) -> None:
    """No text ends in a traceback."""
    span = Span()
    with contextlib.suppress(UsageError):
        span = Span.parse(text)
    assert not span.start or CLOCK.seconds(span.start) >= 0


def a_fault(folder: Path, name: str, when: str = "", **extension: object) -> Experiment:
    path = folder / f"{name}.json"
    experiment(path, "command", {"on": ["true"]}, **extension)
    return load(f"{path}@{when}" if when else str(path))


def test_by_default_a_fault_lasts_as_long_as_it_may(tmp_path: Path) -> None:
    """Without a timeline: from before the first arrival, to its maximum; a measure until the run ends."""
    fault, measure = plan(
        [a_fault(tmp_path, "f", most_seconds=30), a_fault(tmp_path, "m", kind="measure", most_seconds=30)], CLOCK
    )
    assert (fault.whole_run, fault.end_s) == (True, 30)
    assert (measure.whole_run, measure.end_s) == (True, 75)


def test_faults_come_one_at_a_time(tmp_path: Path) -> None:
    """Two that overlap are refused by name; not when both say that they may; a measure may always."""
    first, second = a_fault(tmp_path, "first", "09:03+6min"), a_fault(tmp_path, "second", "09:06+6min")
    with pytest.raises(UsageError, match="first and second: two faults at a time"):
        plan([first, second], CLOCK)
    both = [a_fault(tmp_path, name, "09:03+6min", together=True) for name in ("one", "two")]
    assert len(plan(both, CLOCK)) == 2
    assert len(plan([first, a_fault(tmp_path, "m", "09:04", kind="measure")], CLOCK)) == 2


def test_every_window_that_does_not_fit_is_named(tmp_path: Path) -> None:
    """Both are said at once."""
    with pytest.raises(UsageError) as caught:
        plan([a_fault(tmp_path, "late", "09:40"), a_fault(tmp_path, "never", "100%")], CLOCK)
    assert "late: begins at" in str(caught.value)
    assert "never: begins at" in str(caught.value)


def test_the_window_is_cut_into_baseline_fault_and_recovery(tmp_path: Path) -> None:
    """By the faults alone, in run seconds; nothing without a fault."""
    planned = plan([a_fault(tmp_path, "f", "09:03+6min"), a_fault(tmp_path, "m", "09:20", kind="measure")], CLOCK)
    assert [(each["name"], each["start_s"], each["end_s"]) for each in phases(planned, CLOCK)] == [
        ("baseline", 20, 24), ("fault", 24, 32), ("recovery", 32, 60),
    ]  # fmt: skip
    assert phases(planned[1:], CLOCK) == []


def test_what_lies_outside_the_window_is_said_by_the_clock() -> None:
    """The operator wrote hours and is answered in hours."""
    clock = Clock(begin_s=4.0, end_s=44.0, run_end_s=50.0, begin_minute=8 * 60, compression=22.5)
    assert clock.said(4.0) == "08:00"
    assert clock.said(44.0) == "08:15"
    assert clock.said(clock.begin_s + clock.seconds("10:00")) == "10:00"
