"""With the sandbox's limits lifted, what is achieved meets what was published."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from tests.verdicts import agrees, reasons

from entsurge.analysis import report


@pytest.mark.slow
def test_achieved_figures_meet_the_published_ones(entsurge, free_sandbox, tmp_path: Path) -> None:
    """Values within 3 % and changes within 3 points, both runs whole: +43, +147, +120, +72 %."""
    names = ("ordinary-week", "lockdown-2020")

    def run(name: str) -> CompletedProcess[str]:
        return entsurge("run", name, "--target", free_sandbox[0], "--out", name, "--exporter-port", "0", "--quiet")

    with ThreadPoolExecutor() as both:  # at the same time: nothing limits the sandbox
        for name, done in zip(names, both.map(run, names), strict=True):
            assert agrees(tmp_path / name, done.returncode), done.stdout + done.stderr
            assert reasons(tmp_path / name) == []
    ordinary, lockdown = report([tmp_path / "ordinary-week", tmp_path / "lockdown-2020"]).runs
    published = {"minutes_per_visit": (4.545, 10, 120), "pages_per_visit": (4.68, 8.09, 72)}
    for name, (before, after, change) in published.items():
        assert getattr(ordinary.figures, name).opened.value == pytest.approx(before, rel=0.03), name
        assert getattr(lockdown.figures, name).opened.value == pytest.approx(after, rel=0.03), name
        assert getattr(lockdown.figures, name).opened.change_percent == pytest.approx(change, abs=3), name
    assert lockdown.figures.visits.opened.change_percent == pytest.approx(43, abs=3)
    assert lockdown.figures.page_views.opened.change_percent == pytest.approx(147, abs=3)
    for run in (ordinary, lockdown):
        assert run.figures.visits.opened.value == run.figures.visits.window.value
