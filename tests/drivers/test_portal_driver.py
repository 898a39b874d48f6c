"""The portal's driver against a real sandbox: every action does what its name says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from entsurge.commands.processes import sandbox
from entsurge.drivers.portal import PortalDriver
from entsurge.sandbox.settings import Settings

WALK = Path(__file__).with_name("walk.py")
FOR_ALL = ("open-home", "read-notifications", "read-lessons", "read-lesson", "read-homework-list", "read-homework",
           "read-inbox", "read-message", "send-message", "answer-message", "read-sent", "read-marks",
           "read-absences", "read-absence", "list-files", "download-file", "upload-file", "read-news",
           "read-news-item", "open-chat", "open-video-class")  # fmt: skip
MORE = {
    "student": ("read-homework-list", "hand-in", "mark-done", "read-evaluation", "read-academy-news"),
    "teacher": ("write-lesson", "set-homework", "read-absences", "take-register", "read-evaluation"),
    "parent": ("read-evaluation", "read-academy-news"),
    "staff": ("read-absences", "read-absence", "justify-absence", "take-register"),
}


@pytest.fixture(scope="module")
def url():
    """A sandbox whose pages take no time."""
    with sandbox(Settings(default_seconds=0, academies=2, schools=2, password_cost=1).to_json()) as (address, _):
        yield address


def walked(url, persona, *actions):
    command = [sys.executable, str(WALK), url, persona, *actions]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("persona", MORE)
def test_every_action_of_a_persona(url, persona):
    """Each action is served; each one that writes leaves its trace; a download brings the document."""
    actions = (*FOR_ALL, *MORE[persona])
    found = walked(url, persona, *actions)
    assert {name: result[:2] for name, result in found["results"].items() if result[0] != "ok"} == {}
    assert found["results"]["download-file"][2] > 10_000
    asked = {name for name in actions if PortalDriver.actions[name].writes}
    assert {action for action, _ in found["written"]} == asked


def test_every_action_is_walked():
    """No action of the driver is left out above."""
    assert {*FOR_ALL, *(action for actions in MORE.values() for action in actions)} == set(PortalDriver.actions)
