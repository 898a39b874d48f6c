"""The run's progress keeps the last seconds alone, whoever is shown them."""

import numpy as np
import pytest

from entsurge.engine.progress import RECENT_SECONDS, Progress
from entsurge.record.recorder import Fold
from entsurge.record.schema import Key

MANIFEST = {"name": "unit", "phases": [{"name": "surge", "start_s": 0.0, "end_s": 10_000.0}]}
KEY = Key("page", "student", "g", "home", "home", "surge", "ok")


@pytest.mark.parametrize("shown", [True, False])
def test_what_is_kept_does_not_grow_with_the_run(shown: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """A thousand seconds of two processes, with progress and with --quiet: ten seconds' pages, and the sums of all."""
    progress = Progress(MANIFEST, shown=shown)
    for second in range(1000):
        for _ in range(2):
            progress.fold(Fold(second, {KEY: 3}, {KEY: np.array([1e6, 2e6, 3e6])}))
        progress.gauge(second + 1, {"offered": 0, "started": 0, "lost": 0, "retries": 0}, {})
        progress.show()
    assert {persona: len(recent) <= 2 * (RECENT_SECONDS + 2) for persona, recent in progress.recent.items()} == {
        "student": True, "teacher": True, "parent": True, "staff": True,
    }  # fmt: skip
    assert progress.outcomes["student"]["ok"] == 6000
    assert progress.p95_seconds("student") == pytest.approx(3.0)
    assert bool(capsys.readouterr().err) == shown
