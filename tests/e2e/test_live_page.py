"""The live page as a crisis cell has it: in Chromium, beside a real run, until it ends the run and has the report."""

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from tests.conftest import FULL
from tests.render.test_accessibility import AXE, FLAGS

pytestmark = [pytest.mark.slow, pytest.mark.needs("chromium", "chromedriver")]
LIMIT_SECONDS = 90


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    """Debian's Chromium, whose console is listened to."""
    options = Options()
    options.binary_location = "/usr/bin/chromium"
    for flag in (*FLAGS.split(), f"--user-data-dir={tmp_path / 'chromium'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    try:
        yield driver
    finally:
        driver.quit()


@contextlib.contextmanager
def begun(folder: Path, profile: Path, sandbox: tuple[str, str]) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """`entsurge run … --live` with a measure over the whole run, and where its page is."""
    url, token = sandbox
    command = [
        sys.executable, "-m", "entsurge", "run", str(profile), "--target", url, "--out", "run", "--exporter-port", "0",
        "--live=0", "--chaos", "static-home", "--quiet",
    ]  # fmt: skip
    environment = os.environ | {"ENTSURGE_ADMIN_TOKEN": token}
    with subprocess.Popen(command, cwd=folder, env=environment, text=True, stdout=-1, stderr=-1) as process:
        try:
            said = process.stderr.readline()
            yield process, re.search(r"http://\S+", said)[0]
        finally:
            if process.poll() is None:
                process.kill()


def text(browser: webdriver.Chrome, selector: str) -> str:
    return str(browser.execute_script("return document.querySelector(arguments[0])?.textContent ?? ''", selector))


def wait(browser: webdriver.Chrome, condition: Any) -> Any:
    return WebDriverWait(browser, LIMIT_SECONDS, poll_frequency=0.1).until(lambda _: condition())


def figure(browser: webdriver.Chrome) -> int:
    """Pages asked for, as the page shows them."""
    return int(re.sub(r"\D", "", text(browser, "#figure-asked .big")) or 0)


def violations(browser: webdriver.Chrome, scheme: str, width: int) -> list[str]:
    """What axe-core says of the page as it stands; its script is let in past the page's own policy."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.execute_script("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    browser.execute_script(AXE.read_text(encoding="utf-8"))
    found = browser.execute_async_script(
        "const done = arguments[0];"
        "axe.run(document, {resultTypes: ['violations']}).then(done, error => done({error: `${error}`}))"
    )
    assert "error" not in found, found
    assert found["passes"]
    return [f"{each['id']}: {node['html'][:150]}" for each in found["violations"] for node in each["nodes"][:3]]


def test_a_run_is_watched_and_ended_from_its_page(browser, quick_profile: Path, free_sandbox, tmp_path: Path) -> None:
    """Figures come; a measure is ended and the run goes on, for a second viewer and a reload too; then the run ends.

    Report, verdict and exit code 130 are there, and nothing that axe-core knows was wrong meanwhile.
    """
    if FULL and not AXE.is_file():
        pytest.fail("needs axe-core in .node (npm install --no-save --prefix .node axe-core@4)", pytrace=False)
    longer = tmp_path / "longer.toml"
    long = quick_profile.read_text("utf-8").replace('to = "09:08"', 'to = "11:00"').replace("1/40", "1/160")
    longer.write_text(long, encoding="utf-8")
    with begun(tmp_path, longer, free_sandbox) as (process, page):
        browser.get(f"{page}?lang=fr")
        wait(browser, lambda: figure(browser) > 5)
        assert text(browser, "#act-static-home b") == "Accueil statique"
        for scheme, width in (("light", 1200), ("dark", 390)) if AXE.is_file() else ():
            assert violations(browser, scheme, width) == []
        browser.switch_to.new_window("tab")
        browser.get(f"{page}?lang=en")
        second = browser.current_window_handle
        wait(browser, lambda: figure(browser) > 5)
        assert text(browser, "#act-static-home b") == "Static home page"
        browser.find_element(By.CSS_SELECTOR, "#act-static-home button").send_keys(Keys.ENTER)
        wait(browser, lambda: browser.find_elements(By.CSS_SELECTOR, "#act-static-home.ended"))
        asked = figure(browser)
        browser.refresh()
        wait(browser, lambda: figure(browser) > asked)
        assert process.poll() is None
        browser.switch_to.window(next(each for each in browser.window_handles if each != second))
        wait(browser, lambda: browser.find_elements(By.CSS_SELECTOR, "#act-static-home.ended"))
        browser.find_element(By.ID, "end").click()
        browser.find_element(By.ID, "yes").click()
        for window in browser.window_handles:
            browser.switch_to.window(window)
            wait(browser, lambda: browser.find_element(By.ID, "verdict").is_displayed())
            wait(browser, lambda: browser.find_elements(By.CSS_SELECTOR, "#report a[download]"))
        assert browser.find_element(By.CSS_SELECTOR, "#report a").get_attribute("download") == "report.en.html"
        _, errors = process.communicate(timeout=LIMIT_SECONDS)
    assert process.returncode == 130, errors
    assert json.loads((tmp_path / "run" / "finish.json").read_text())["end"] == "interrupted"
    assert {"verdict.json", "report.fr.html", "report.en.html"} <= {each.name for each in (tmp_path / "run").iterdir()}
    severe = [each["message"] for each in browser.get_log("browser") if "ERR_" not in each["message"]]
    assert not severe
