"""The report in headless Chromium: no violation that axe-core knows, in light and dark; keyboard; narrow screens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from tests.conftest import FULL

if TYPE_CHECKING:
    from collections.abc import Iterator

AXE = Path(__file__).resolve().parents[2] / ".node" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --window-size=1200,1400"
)
pytestmark = pytest.mark.needs("chromium", "chromedriver")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Debian's Chromium, driven by its own chromedriver; nothing is fetched."""
    options = Options()
    options.binary_location = "/usr/bin/chromium"
    for flag in (*FLAGS.split(), f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    try:
        yield driver
    finally:
        driver.quit()


def violations(browser: webdriver.Chrome, page: Path, scheme: str) -> list[dict[str, Any]]:
    """What axe-core says of a page in a colour scheme, everything unfolded."""
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.get(page.as_uri())
    dark = browser.execute_script("return matchMedia('(prefers-color-scheme: dark)').matches")
    assert dark == (scheme == "dark")
    browser.execute_script("document.querySelectorAll('details').forEach(each => each.open = true)")
    browser.execute_script(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = browser.execute_async_script(
        "const done = arguments[0];"
        "axe.run(document, {resultTypes: ['violations']}).then(done, error => done({error: `${error}`}))"
    )
    assert "error" not in found, found
    assert found["passes"], "axe-core looked at nothing"
    return list(found["violations"])


@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_axe_core_finds_no_violation(
    browser: webdriver.Chrome, report: Path, language: str, scheme: str, width: int
) -> None:
    """All of axe-core's rules, contrast included, on a desk and on a phone."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    if not AXE.is_file():
        if FULL:
            pytest.fail("needs axe-core in .node (npm install --no-save --prefix .node axe-core@4)", pytrace=False)
        pytest.skip("needs axe-core in .node")
    found = violations(browser, report / f"report.{language}.html", scheme)
    told = [{each["id"]: [node["html"][:200] for node in each["nodes"][:3]]} for each in found]
    assert not told, json.dumps(told, indent=1, ensure_ascii=False)


def test_axe_core_would_find_one(browser: webdriver.Chrome, tmp_path: Path) -> None:
    """The same look at a page with pale text and a nameless picture finds both."""
    if not AXE.is_file():
        pytest.skip("needs axe-core in .node")
    page = tmp_path / "bad.html"
    page.write_text("<html lang=fr><title>x</title><main><h1>x</h1><p style='color:#ccc;background:#fff'>pale</p>"
                    "<img src='data:,'></main></html>")  # fmt: skip
    assert {"color-contrast", "image-alt"} <= {each["id"] for each in violations(browser, page, "light")}


def test_the_keyboard_reaches_everything(browser: webdriver.Chrome, report: Path) -> None:
    """Tab goes to the skip link first, then to links, folds and tables that scroll; Enter opens a fold."""
    browser.get((report / "report.fr.html").as_uri())
    body = browser.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    assert browser.switch_to.active_element.get_attribute("class") == "skip"
    seen = set()
    for _ in range(60):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        seen.add(browser.switch_to.active_element.tag_name)
    assert {"a", "summary", "div"} <= seen
    fold = browser.find_element(By.TAG_NAME, "summary")
    fold.send_keys(Keys.ENTER)
    assert browser.execute_script("return document.querySelector('details').open")


@pytest.mark.parametrize("width", [390, 1200])
def test_the_page_itself_never_scrolls_sideways(browser: webdriver.Chrome, report: Path, width: int) -> None:
    """Wide tables and charts scroll by themselves, on a phone too."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        browser.get((report / "report.fr.html").as_uri())
        browser.execute_script("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_nothing_hostile_becomes_an_element(browser: webdriver.Chrome, report: Path) -> None:
    """Pages, headers, accounts and metrics that hold markup: the browser builds no image, no handler, no script.

    The page's own are one that runs, and data of charts, which do not.
    """
    browser.get((report / "report.fr.html").as_uri())
    assert browser.find_elements(By.CSS_SELECTOR, "img, iframe, object, [onerror], [onload]") == []
    assert len(browser.find_elements(By.CSS_SELECTOR, "script:not([type='application/json'])")) == 1
    assert "alert(1)" in browser.find_element(By.TAG_NAME, "body").get_attribute("textContent")


def test_what_is_folded_is_printed_where_all_of_it_is_asked_for(browser: webdriver.Chrome, report: Path) -> None:
    """Nobody can open a fold on paper: every table in one has a height in the whole form, and none on screen."""
    browser.get((report / "report.fr.html").as_uri())
    browser.execute_script("document.documentElement.classList.add('whole')")
    heights = "return [...document.querySelectorAll('details:not([open]) table')].map(each => each.offsetHeight)"
    shown = "return [...document.querySelectorAll('details:not([open]) table')].map(each => each.checkVisibility())"
    try:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "screen"})
        assert not any(browser.execute_script(shown))
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        found = browser.execute_script(heights)
        assert found
        assert all(height > 0 for height in found)
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
