"""Read from the first screen alone, on a desk and on a phone: held or not, for whom, why, and what to do now."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.render.records import record
from tests.render.test_accessibility import browser
from tests.typography import plain

from entsurge.render import write_report
from entsurge.render.labels import fitting, placed, width_of

if TYPE_CHECKING:
    from pathlib import Path

    from selenium import webdriver

__all__ = ["browser"]
SCREENS = {"desk": (1280, 720), "phone": (390, 844)}
SEEN = """
const seen = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const node = walk.currentNode, range = document.createRange();
  range.selectNodeContents(node);
  const box = range.getBoundingClientRect();
  if (node.parentElement.checkVisibility() && box.height && box.top >= 0 && box.bottom <= innerHeight
      && !node.parentElement.closest('.sr, .skip, script, style')) seen.push(node.textContent);
}
return seen.join(' ');
"""


UNDER_THE_POINTER = """
const columns = [...document.querySelectorAll('.picture.wide .mark-rect.role-mark path')];
const column = columns.filter(each => each.__data__ && each.__data__.tooltip)[2];
const box = column.getBoundingClientRect(), at = {bubbles: true, clientX: box.x + 1, clientY: box.y + 1};
for (const kind of ['pointerover', 'pointermove', 'mousemove']) column.dispatchEvent(new PointerEvent(kind, at));
return document.querySelector('.tip').innerText;
"""


def owed(must: str) -> list[dict[str, Any]]:
    return [{"id": "o", "persona": "*", "service": "*", "phase": "surge", "must": must, "required": True}]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of each verdict in both languages: pass, fail, inconclusive, invalid."""
    folder = tmp_path_factory.mktemp("screens")
    runs = {
        "pass": record(folder / "pass", name="calm", objectives=owed("p95 < 1600ms")),
        "fail": record(folder / "fail", name="storm", objectives=owed("p95 < 200ms")),
        "inconclusive": record(
            folder / "inconclusive", name="few", people={"student": 3, "teacher": 2}, objectives=owed("p95 < 1600ms")
        ),
        "invalid": record(folder / "invalid", name="broken", objectives=owed("p95 < 1600ms")),
    }
    (runs["invalid"] / "finish.json").unlink()
    for name, run in runs.items():
        write_report([run], folder / f"page-{name}", formats=("html",))
    return folder


ANSWERS = {
    ("pass", "fr"): ["Tenu pour élèves et enseignants", "0,3 s, pour 1,6 s permises,", "Que faire : Ne rien changer"],
    ("pass", "en"): ["Held for pupils and teachers", "0.3 s, where 1.6 s are allowed,", "What to do now:", "as usual"],
    ("fail", "fr"): ["N’a tenu pour personne", "0,3 s au lieu de 0,2 s", "95 pages sur 100", "Que faire : Remplacer"],
    ("fail", "en"): ["Held for nobody", "0.3 s instead of 0.2 s", "95 pages in 100", "What to do now:", "home page"],
    ("inconclusive", "fr"): ["Essai non concluant", "il en faut environ 59", "enseignants", "Que faire :"],
    ("inconclusive", "en"): ["Inconclusive run", "it takes about 59", "teachers", "What to do now: "],
    ("invalid", "fr"): ["Essai non fiable", "le tir s’est arrêté sans fin écrite", "Que faire :", "refaire"],
    ("invalid", "en"): ["Not to be believed", "the run broke off", "What to do now:", "again"],
}  # fmt: skip


@pytest.mark.needs("chromium", "chromedriver")
@pytest.mark.parametrize(("verdict", "language"), ANSWERS)
@pytest.mark.parametrize("screen", SCREENS)
def test_the_first_screen_answers(
    browser: webdriver.Chrome, pages: Path, verdict: str, language: str, screen: str
) -> None:
    """Without scrolling and without opening a fold: the verdict, for whom, its reason in figures, the one advice."""
    width, height = SCREENS[screen]
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": screen == "phone"}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        browser.get((pages / f"page-{verdict}" / f"report.{language}.html").as_uri())
        text = plain(re.sub(r"\s+", " ", browser.execute_script(SEEN)))
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert not [answer for answer in ANSWERS[verdict, language] if answer not in text], text


@pytest.mark.needs("chromium", "chromedriver")
def test_the_pointer_reads_values_off_a_chart(browser: webdriver.Chrome, pages: Path) -> None:
    """A chart under the pointer tells its time and figures, without a network; before, its picture stands there."""
    browser.get((pages / "page-fail" / "report.en.html").as_uri())
    assert browser.execute_script("return document.querySelector('.picture svg') !== null")
    browser.execute_script("document.querySelector('.picture.wide').dispatchEvent(new PointerEvent('pointerenter'))")
    done = "return document.querySelector('.picture.wide').dataset.awake !== undefined"
    for _ in range(200):
        if browser.execute_script(done):
            break
        browser.execute_async_script("setTimeout(arguments[0], 50)")
    assert browser.execute_script(done)
    told = browser.execute_script(UNDER_THE_POINTER)
    assert re.search(r"time 0\d:\d\d", told)
    assert "asked" in told


SPANS = st.lists(st.tuples(st.floats(0, 900), st.floats(0, 400), st.text("abc ", min_size=1, max_size=60)), max_size=12)


@given(SPANS, st.integers(200, 1000))
def test_names_of_bands_never_cover_each_other(spans: list[tuple[float, float, str]], width: int) -> None:
    """Whatever begins when: names of a row do not touch, none leaves the picture, none is wider than it."""
    found = placed([(begin, min(begin + long, width), text) for begin, long, text in spans if begin < width], width)
    for at, one in enumerate(found):
        assert one.left >= 0
        assert one.right <= width + 1e-6
        for other in found[at + 1 :]:
            assert one.row != other.row or one.right < other.left or other.right < one.left


def test_a_name_wider_than_the_picture_is_cut() -> None:
    """It ends with an ellipsis and fits; one that fits is left as it is."""
    assert fitting("panne : base de données lente", 100).endswith("…")
    assert width_of(fitting("panne : base de données lente", 100)) <= 100
    assert fitting("panne", 100) == "panne"
