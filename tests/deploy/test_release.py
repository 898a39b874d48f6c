"""What `make release` lets out: licences that were read, notes that say something, files that say whose they are."""

import importlib.util
import re
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
_spec = importlib.util.spec_from_file_location("deploy_release", ROOT / "deploy" / "release" / "release.py")
release = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(release)
RULES = {"accepted": ["MIT", "Apache-2.0", "License :: OSI Approved :: A (B)"], "told": {"silent": "MIT"}}


def bill(*components: tuple[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {"components": [{"name": name, "version": "1", "licenses": said} for name, said in components]}


def test_every_licence_of_a_package_is_accepted_and_told() -> None:
    """Ids, names, expressions and classifiers are read; the table says each package's own words."""
    found = release.judge(
        bill(
            ("entsurge", []),
            ("one", [{"license": {"id": "MIT"}}]),
            ("two", [{"expression": "(MIT OR Apache-2.0)"}]),
            ("three", [{"license": {"name": "License :: OSI Approved :: A (B)"}}]),
            ("silent", []),
        ),
        RULES,
    )
    rows = found.splitlines()[4:]
    assert rows == [
        "| one | 1 | MIT |",
        "| silent | 1 | MIT |",
        "| three | 1 | License :: OSI Approved :: A (B) |",
        "| two | 1 | (MIT OR Apache-2.0) |",
    ]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ([], "none said"),
        ([{"license": {"id": "GPL-3.0-only"}}], "GPL-3.0-only"),
        ([{"expression": "MIT AND GPL-3.0-only"}], "GPL-3.0-only"),
        ([{"license": {"id": "MIT"}}, {"license": {"name": "Proprietary"}}], "Proprietary"),
    ],
)
def test_a_licence_that_nobody_read_stops_the_release(said: list[dict[str, Any]], told: str) -> None:
    """One that is not in the list, alone, in an expression or beside a good one, and none at all."""
    with pytest.raises(release.Refused, match=re.escape(f"odd 1 ({told})")):
        release.judge(bill(("fine", [{"license": {"id": "MIT"}}]), ("odd", said)), RULES)


def test_what_is_installed_has_its_hashes_on_every_python() -> None:
    """Of the lock what the bill names, both versions of a package that has one by Python; one not locked is refused."""
    lock = """\
        one==1 ; python_full_version < '3.12' \\
            --hash=sha256:aa
        one==2 ; python_full_version >= '3.12' \\
            --hash=sha256:bb
        two-and-more==1 \\
            --hash=sha256:cc
        unasked==1 \\
            --hash=sha256:dd
    """
    lock = textwrap.dedent(lock)
    found = release.requirements(bill(("entsurge", []), ("one", []), ("Two.and_more", [])), lock)
    assert found == lock.split("unasked")[0]
    with pytest.raises(release.Refused, match=r"not in requirements\.lock: three"):
        release.requirements(bill(("three", [])), lock)


def test_the_next_version_has_notes() -> None:
    """The version in pyproject.toml is told of in CHANGELOG.md; another is refused."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert "### Added" in release.notes(version)
    with pytest.raises(release.Refused, match=r"nothing of 99\.0"):
        release.notes("99.0")


def test_what_is_there_already_is_not_overwritten(tmp_path: Path) -> None:
    """A folder with anything in it ends in one sentence and 1, before anything is built."""
    (tmp_path / "old.whl").write_text("")
    script = ROOT / "deploy" / "release" / "release.py"
    done = subprocess.run(
        [sys.executable, str(script), "--out", str(tmp_path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (1, f"release: {tmp_path.resolve()} is not empty\n")
    assert [each.name for each in tmp_path.iterdir()] == ["old.whl"]


def test_catalogues_of_public_software_are_told_the_truth() -> None:
    """publiccode.yml has what the standard demands, and says the project's own version, licence and languages."""
    told = yaml.safe_load((ROOT / "publiccode.yml").read_text("utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert set(told) >= {
        "publiccodeYmlVersion", "name", "url", "platforms", "developmentStatus", "softwareType", "description", "legal",
        "maintenance", "localisation",
    }  # fmt: skip
    assert (told["name"], told["softwareVersion"]) == (project["name"], project["version"])
    assert told["legal"]["license"] == project["license"]
    assert set(told["description"]) == set(told["localisation"]["availableLanguages"]) == {"fr", "en"}
    for of in told["description"].values():
        assert len(of["shortDescription"]) <= 150
        assert 150 <= len(of["longDescription"]) <= 10_000


@pytest.mark.parametrize("name", ["AUTHORS", "CODE_OF_CONDUCT", "CONTRIBUTING", "GOVERNANCE", "ROADMAP", "SECURITY"])
def test_links_of_the_projects_own_pages_lead_somewhere(name: str) -> None:
    """Every relative link of the pages that a catalogue looks for names a file or a folder that is there."""
    text = (ROOT / f"{name}.md").read_text("utf-8")
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (ROOT / link).exists(), link
