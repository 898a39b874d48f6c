"""A visit to the sandbox, recorded by a real browser, becomes a driver for the sandbox."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from entsurge.audience import profile as profiles
from entsurge.commands.demo import demo_settings
from entsurge.commands.processes import sandbox
from entsurge.plan.people import population

HERE = Path(__file__).parent


def loaded(name: str):
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.needs("chromium", "chromedriver")
def test_recorded_in_chromium(tmp_path) -> None:
    """CAS is recognised, pages are found with their calls, and another pupil opens them all."""
    people = population(profiles.load("lockdown-2020"))
    first = people.person("student", 0)
    other = next(each for each in (people.person("student", n) for n in range(1, 400)) if each.uai == first.uai)
    settings = demo_settings(profiles.load("lockdown-2020"))
    quick = type(settings)(**vars(settings) | {"unlimited": True, "default_seconds": 0.01, "service_seconds": {}})
    with sandbox(quick.to_json()) as (url, _):
        browser = loaded("browser").Browser(tmp_path)
        try:
            browser.go(f"{url}/etab/{first.uai}/")
            browser.fill(username=first.login, password=first.password)
            for path in ("travail", "messagerie", "actualites"):
                browser.go(f"{url}/etab/{first.uai}/{path}")
            (tmp_path / "visit.har").write_text(json.dumps(browser.har()), encoding="utf-8")
        finally:
            browser.driver.quit()
        command = [sys.executable, "-m", "entsurge", "import-har", "visit.har", "--out", "ours.toml"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        text = (tmp_path / "ours.toml").read_text(encoding="utf-8")
        assert 'method = "cas"' in text
        assert first.password not in text
        assert first.login not in text
        drive = loaded("test_draft").drive
        seen = drive(url, tmp_path / "ours.toml", other.login, other.password)
    assert {"sign-on", "read-homework-list", "read-inbox", "read-news"} <= seen.keys()
    assert {name: each for name, each in seen.items() if each[0] != "ok"} == {}, text
