"""A devices file: what it may say, and what is said of what it may not."""

from pathlib import Path

import pytest

from entsurge import content
from entsurge.audience import profile as profiles
from entsurge.errors import UsageError

PROFILE = content.root("profiles") / "pause-numerique-monday.toml"
FILE = """
title = {{ fr = "appareils", en = "devices" }}
source = "a test"
{more}
[persona.student]
{student}
kind = "reasoned"
source = "a test"
"""


def load(folder: Path, student: str, more: str = "") -> profiles.Profile:
    """The profile with a devices file of its own."""
    (folder / "ours.toml").write_text(FILE.format(student=student, more=more))
    text = PROFILE.read_text().replace('devices = "dnma"', 'devices = "./ours.toml"')
    (folder / "profile.toml").write_text(text)
    return profiles.load(str(folder / "profile.toml"))


@pytest.mark.parametrize(
    ("student", "more", "said"),
    [
        (
            "computer = 0.5\nphone = 0.3\napp = 0.1",
            "",
            "persona.student: the shares of computer, phone, app sum to 0.9",
        ),
        ("computer = 0.5\ntablet = 0.5", "", "persona.student: tablet: no such device; expected computer, phone, app"),
        ("computer = 1", "[device.watch]\nwidth = 300", "device: watch: no such device"),
        ("computer = 1", "[persona.lodger]\ncomputer = 1\nkind = 'fact'\nsource = 'x'", "no persona 'lodger'"),
        ("computer = 1", "[device.phone]\nheaders = { user-agent = 'x' }", "User-Agent is said by user_agent"),
        ("computer = 1", "[device.phone]\nheaders = { COOKIE = 'x' }", "COOKIE: said by each visit itself"),
        ("computer = 1", "[device.phone]\nheaders = { X-Entsurge-Cohort = 'x' }", "X-Entsurge-Cohort: said by each"),
        ("computer = 1", "[device.phone]\nkept_cache_percent = 101", "device.phone.kept_cache_percent: found 101"),
        ("computer = 1", "without_app = 'web'", "without_app: found 'web'"),
    ],
)
def test_a_fault_is_said_with_file_and_key(tmp_path: Path, student: str, more: str, said: str) -> None:
    """Shares that are not whole, devices that are none, personas that the profile has not."""
    with pytest.raises(UsageError) as refused:
        load(tmp_path, student, more)
    assert said in refused.value.message
    assert "ours.toml" in refused.value.message


def test_who_is_not_named_comes_as_those_with_the_same_rights_or_by_computer(tmp_path: Path) -> None:
    """A file may say something of one persona alone."""
    found = load(tmp_path, "phone = 1")
    assert found.device_shares("student")["phone"] == 1
    assert found.device_shares("parent")["computer"] == 1


def test_profiles_since_2024_have_devices_and_the_founding_ones_none() -> None:
    """The shipped devices are of today: profiles of 2020 and 2021 stay as they were published."""
    named = {name: profiles.load(name).devices is not None for name in content.names("profiles")}
    assert not any(has for name, has in named.items() if "2020" in name or "2021" in name)
    assert all(has for name, has in named.items() if "2024" in name or "2026" in name or "2027" in name)
