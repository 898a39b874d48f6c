"""The brief and the comparison in headless Chromium: no violation that axe-core knows, in light and dark."""

from pathlib import Path

import pytest
from tests.render.test_accessibility import AXE, browser, violations
from tests.render.test_brief import MEASURE, day

from entsurge.analysis.brief import brief
from entsurge.analysis.comparison_data import comparison_data
from entsurge.render.brief import render_brief_html
from entsurge.render.comparison import render_comparison_html

__all__ = ["browser"]  # a fixture
pytestmark = [pytest.mark.needs("chromium", "chromedriver"), pytest.mark.slow]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_core_finds_no_violation(browser, scheme: str, tmp_path: Path) -> None:
    """A brief of a bad day and of one with measures, and a comparison of the two."""
    assert AXE.is_file(), "needs axe-core in .node (npm install --no-save --prefix .node axe-core@4)"
    bad, helped = day(tmp_path, served=0), day(tmp_path, perturbations=(MEASURE,))
    pages = {
        "bad": render_brief_html(brief(bad), "fr"),
        "helped": render_brief_html(brief(helped, bad), "en"),
        "comparison": render_comparison_html(comparison_data([bad.path, helped.path]), "fr"),
    }
    for name, text in pages.items():
        (tmp_path / f"{name}.html").write_text(text, encoding="utf-8")
        assert violations(browser, tmp_path / f"{name}.html", scheme) == []
