"""The guard that ends a run."""

import numpy as np
import pytest
from pydantic import ValidationError

from entsurge.record.recorder import Fold
from entsurge.record.schema import Key
from entsurge.targets.guard import Guard, Watch


def fold(second: int, outcome: str, count: int, seconds: float) -> Fold:
    key = Key("page", "student", "A", "home", "open-home", "surge", outcome)
    return Fold(second, {key: count}, {key: np.full(count, int(seconds * 1e6))})


def test_too_many_failures() -> None:
    """Over the last seconds, and only once there are enough pages; sheds and the generator's own losses are none."""
    watch = Watch(Guard(failed_share=0.2, seconds=5, pages=10))
    watch.fold(fold(0, "failed", 5, 0.1))
    assert watch.trips(0) == ""
    watch.fold(fold(1, "ok", 5, 0.1))
    assert "50% of 10 pages failed in 5 s; the limit is 20%" in watch.trips(1)
    for second in range(2, 8):
        watch.fold(fold(second, "ok", 5, 0.1))
        watch.fold(fold(second, "shed", 5, 0.1))
        watch.fold(fold(second, "lost", 50, 9.0))
    assert watch.trips(7) == ""


def test_too_slow() -> None:
    """The mean over the window; processes may report a second in any order."""
    watch = Watch(Guard(mean_seconds=1.0, seconds=3, pages=4))
    watch.fold(fold(2, "ok", 2, 0.2))
    watch.fold(fold(1, "ok", 2, 2.0))
    assert "took 1.10 s in the mean; the limit is 1 s" in watch.trips(2)
    watch.fold(fold(4, "ok", 4, 0.2))
    assert watch.trips(4) == ""


def test_a_guard_guards_something() -> None:
    """One of the two limits must be given."""
    with pytest.raises(ValidationError, match="failed_share or mean_seconds"):
        Guard()
