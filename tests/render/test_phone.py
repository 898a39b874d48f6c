"""On a phone of 360 px nothing is cut: wide tables scroll inside themselves and say so, a long title is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.render.records import record
from tests.render.test_accessibility import browser
from tests.render.test_brief import day
from tests.render.test_measures_page import found
from tests.render.test_small_pages import note

from entsurge.analysis.brief import brief
from entsurge.analysis.comparison_report import comparison_report
from entsurge.analysis.report import findings_of
from entsurge.render import write_report
from entsurge.render.brief import render_brief_html
from entsurge.render.brief_picture import draw_brief
from entsurge.render.comparison import render_comparison_html
from entsurge.render.measures import render_measures_html

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from selenium import webdriver

__all__ = ["browser"]  # a fixture
pytestmark = pytest.mark.needs("chromium", "chromedriver")
WIDTH = 360
LONG = "Répétition-générale-de-la-rentrée-des-lycées-et-collèges-de-l’académie-de-Clermont-Ferrand " * 3
CUT = """
const inside = each => each.closest('.scroll, .chart, pre, .sr, .skip, svg');
return [...document.body.querySelectorAll('*')].filter(each => !inside(each) && each.checkVisibility())
  .filter(each => {
    const at = each.getBoundingClientRect();
    return at.width && (at.right > innerWidth + .5 || at.left < -.5);
  }).map(each => each.outerHTML.slice(0, 120));
"""
UNREACHED = """
return [...document.querySelectorAll('*')].filter(each => each.checkVisibility())
  .filter(each => each.scrollWidth > each.clientWidth + 1)
  .filter(each => ['auto', 'scroll'].includes(getComputedStyle(each).overflowX))
  .filter(each => each.tabIndex < 0 || !getComputedStyle(each).backgroundImage.includes('gradient'))
  .map(each => each.outerHTML.slice(0, 120));
"""
CAPTIONS = """
const all = [...document.querySelectorAll('.scroll caption, .chart figcaption')];
return all.filter(each => each.checkVisibility()).map(each => {
  const box = each.closest('.scroll, .chart');
  box.scrollLeft = 120;
  const at = each.getBoundingClientRect(), moved = box.scrollLeft;
  box.scrollLeft = 0;
  return [moved, at.left, at.right];
});
"""


@pytest.fixture
def phone(browser: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """A screen as narrow as phones have it."""
    size = {"width": WIDTH, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    yield browser
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def pages(folder: Path) -> dict[str, Path]:
    """The five pages, with long names where people give them."""
    titles = {"fr": LONG, "en": LONG}
    bad = day(folder, served=0)
    bad.manifest["title"] = titles
    one = record(folder / "run", name="run", title=titles)
    write_report([one], folder, formats=("html",))
    note(folder / "capacity", most=2.0)
    made = {
        "brief": render_brief_html(brief(bad), "fr", pictures=draw_brief(findings_of(bad), "fr")),
        "comparison": render_comparison_html(comparison_report([bad.path, day(folder).path]), "fr"),
        "measures": render_measures_html(found(), "fr"),
    }
    for name, text in made.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in made} | {
        "report": folder / "report.fr.html", "capacity": folder / "capacity" / "capacity.fr.html",
    }  # fmt: skip


@pytest.mark.slow
def test_nothing_is_cut_and_captions_stay(phone: webdriver.Chrome, tmp_path: Path, report: Path) -> None:
    """Of five pages, folds open: the page is as wide as the screen; what scrolls has a cue and takes the keyboard.

    A table or a chart that is scrolled sideways leaves its caption whole on the screen.
    """
    moved = []
    for name, path in {**pages(tmp_path), "everything": report / "report.en.html"}.items():
        phone.get(path.as_uri())
        phone.execute_script("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert phone.execute_script("return document.documentElement.scrollWidth") == WIDTH, name
        assert phone.execute_script(CUT) == [], name
        assert phone.execute_script(UNREACHED) == [], name
        places = phone.execute_script(CAPTIONS)
        assert all(left >= 0 and right <= WIDTH for _, left, right in places), (name, places)
        moved += [by for by, _, _ in places]
    assert max(moved) > 100
