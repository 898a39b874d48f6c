"""Brief, comparison and capacity note in headless Chromium: no violation that axe-core knows, in light and dark."""

import math
from pathlib import Path

import pytest
from tests.render.test_accessibility import AXE, browser, violations
from tests.render.test_brief import MEASURE, day

from entsurge.analysis.brief import brief
from entsurge.analysis.capacity.search import Progress
from entsurge.analysis.capacity.step import Step
from entsurge.analysis.comparison_report import comparison_report
from entsurge.analysis.report import findings_of
from entsurge.audience import profile as profiles
from entsurge.commands import capacity
from entsurge.findings.search import Steadiness
from entsurge.render.brief import render_brief_html
from entsurge.render.brief_picture import draw_brief
from entsurge.render.comparison import render_comparison_html

__all__ = ["browser"]  # a fixture
pytestmark = [pytest.mark.needs("chromium", "chromedriver"), pytest.mark.slow]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_core_finds_no_violation(browser, scheme: str, tmp_path: Path) -> None:
    """A brief of a bad day and of one with measures, and a comparison of the two."""
    assert AXE.is_file(), "needs axe-core in .node (npm install --no-save --prefix .node axe-core@4)"
    bad, helped = day(tmp_path, served=0), day(tmp_path, perturbations=(MEASURE,))
    pages = {
        "bad": render_brief_html(brief(bad), "fr", report="report.html", pictures=draw_brief(findings_of(bad), "fr")),
        "helped": render_brief_html(brief(helped, bad), "en"),
        "comparison": render_comparison_html(comparison_report([bad.path, helped.path]), "fr"),
    }
    for name, text in pages.items():
        (tmp_path / f"{name}.html").write_text(text, encoding="utf-8")
        assert violations(browser, tmp_path / f"{name}.html", scheme) == []


def note(folder: Path, *, most: float) -> None:
    """The note of steps up to `most` times the lockdown, of a target that takes 1.2 times it."""
    folder.mkdir()
    replay = profiles.load("lockdown-2020").file.replay
    search = capacity.plan_search(
        "lockdown-2020", "http://127.0.0.1:9", budget=120, hold=30, warm_up=None, start=0.5, highest=4, tolerance=0.07,
        chaos=(), source=(), processes=1, scale=str(replay.scale), compression=str(replay.compression), seed=None,
        driver=None, scrape=(), resource=(),
    )  # fmt: skip
    rates = [rate for rate in (0.5, 0.7, 0.98, 1.08, 1.13, 1.17, 1.22, 1.26, 1.32, 1.4) if rate <= most]
    steps = [
        Step(
            name=f"step-{rate}", path="", rate=rate, offered_pages=50 * rate, offered_visits=6 * rate,
            served_pages=min(50 * rate, 62), page_seconds=0.3 / max(0.1, 1.3 - rate), margin=6 * math.log(rate / 1.2),
            binding="student * p95 < 1600ms", steadiness=Steadiness(0.0, 0.0, 0), used=min(1.0, rate / 1.3),
        )
        for rate in rates
    ]  # fmt: skip
    progress = Progress(steps=steps, number=len(steps), stop="certain")
    capacity.conclude(search, progress, folder, what_if=True, nodes=4, schools=2)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_capacity_note_has_no_violation(browser, scheme: str, tmp_path: Path) -> None:
    """With its what-if: one whose limit was found, and one that was never missed."""
    assert AXE.is_file(), "needs axe-core in .node (npm install --no-save --prefix .node axe-core@4)"
    for name, most in (("found", 2.0), ("never-missed", 1.1)):
        note(tmp_path / name, most=most)
        for lang in ("fr", "en"):
            assert violations(browser, tmp_path / name / f"capacity.{lang}.html", scheme) == []
