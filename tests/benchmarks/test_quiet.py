"""When a benchmark's machine counts as quiet, what is measured again, and what is marked."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from quiet import Calibration, Disturbance, Watch, calibrate, disturbance, footnote, mark

QUIET, SLOW, SHARED = Calibration(0.3, 0.3), Calibration(0.4, 0.4), Calibration(0.3, 0.6)


def watch(calibrations: Iterable[Calibration], said: list[str] | None = None, repeats: int = 1) -> Watch:
    """A watch whose calibrations are given, in their order."""
    say = [].append if said is None else said.append
    return Watch(repeats=repeats, calibrate=iter(calibrations).__next__, say=say)


def clock(*instants: float) -> Callable[[], float]:
    return iter(instants).__next__


def counter() -> Callable[[], int]:
    """A step that returns how often it has been taken."""
    taken = []

    def step() -> int:
        taken.append(1)
        return len(taken)

    return step


def test_a_calibration_is_the_difference_of_both_clocks() -> None:
    """Processor and wall time of the work alone, by the clocks that are given."""
    done = []
    found = calibrate(lambda: done.append(1), processor=clock(10.0, 10.3), wall=clock(500.0, 500.6))
    assert found == pytest.approx((0.3, 0.6))
    assert found.sharing == pytest.approx(2.0)
    assert done == [1]


@pytest.mark.parametrize(
    ("calibrations", "sharing", "drift"),
    [
        ([QUIET, QUIET], 1.0, 1.0),
        ([QUIET, SLOW], 1.0, 4 / 3),
        ([SLOW, QUIET], 1.0, 4 / 3),
        ([QUIET, SHARED], 2.0, 1.0),
        ([QUIET, SLOW, SHARED], 2.0, 4 / 3),
    ],
)
def test_disturbance_is_the_worst_of_all(calibrations: list[Calibration], sharing: float, drift: float) -> None:
    """Sharing by each calibration, drift by the extremes, whichever came first."""
    assert disturbance(calibrations) == pytest.approx((sharing, drift))


@pytest.mark.parametrize(("sharing", "drift", "words"), [(1.15, 1.15, []), (1.2, 1.0, ["shared"]), (1.0, 1.2, ["pace"]),
                                                          (1.2, 1.2, ["shared", "pace"])])  # fmt: skip
def test_the_limit_itself_is_quiet(sharing: float, drift: float, words: list[str]) -> None:
    """Beyond it, the reason names what went beyond."""
    reason = Disturbance(sharing, drift).reason(1.15)
    assert [word for word in ("shared", "pace") if word in reason] == words


def test_a_quiet_round_is_measured_once() -> None:
    """A calibration before the first step and after each."""
    found = watch([QUIET] * 3).round({"a": counter(), "b": counter()})
    assert (found.found, found.reason, found.attempts) == ({"a": 1, "b": 1}, "", 1)


def test_a_disturbed_round_is_measured_again_and_the_quiet_one_kept() -> None:
    """Whatever the first one found; it is said."""
    said: list[str] = []
    found = watch([QUIET, SLOW, QUIET, QUIET], said).round({"a": counter()})
    assert (found.found, found.reason, found.attempts) == ({"a": 2}, "", 2)
    assert len(said) == 1
    assert "measured again" in said[0]


def test_a_disturbance_between_two_steps_is_seen() -> None:
    """Even when the calibrations at both ends of the round agree."""
    assert watch([QUIET, SLOW, QUIET], repeats=0).round({"a": counter(), "b": counter()}).reason


def test_what_stays_disturbed_is_kept_and_marked() -> None:
    """The least disturbed attempt of all, after as many repeats as are allowed and no more."""
    said: list[str] = []
    found = watch([QUIET, SHARED, QUIET, SLOW, QUIET, SHARED], said, repeats=2).round({"a": counter()})
    assert (found.found, found.attempts) == ({"a": 2}, 3)
    assert "pace" in found.reason
    assert "marked" in said[-1]
    quiet = watch([QUIET, QUIET]).round({"a": counter()})
    assert (mark([quiet]), mark([quiet, found])) == ("", "†")
    assert footnote([quiet, found]).startswith("† 1 of 2 rounds")
    assert "round 2" in footnote([quiet, found])
    assert "1.15" in footnote([quiet])


def test_what_a_step_raises_goes_through() -> None:
    """A peer that is not served is no disturbance."""

    def broken() -> int:
        raise RuntimeError("not served")

    with pytest.raises(RuntimeError, match="not served"):
        watch([QUIET] * 9).round({"a": broken})
