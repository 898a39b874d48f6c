"""The portal's driver against a real sandbox: every action does what its name says."""

import json
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from entsandbox.settings import Settings
from entsurge.client.response import Headers, Response
from entsurge.commands.processes import sandbox
from entsurge.drivers import live
from entsurge.drivers.portal import PortalDriver
from entsurge.drivers.registry import Setting
from entsurge.population import Population

WALK = Path(__file__).with_name("every_action.py")
FOR_ALL = ("open-home", "read-notifications", "read-lessons", "read-lesson", "read-homework-list", "read-homework",
           "read-inbox", "read-message", "send-message", "answer-message", "read-sent", "read-marks",
           "read-absences", "read-absence", "list-files", "download-file", "upload-file", "read-news",
           "read-news-item", "open-chat", "open-video-class")  # fmt: skip
MORE = {
    "student": ("read-homework-list", "hand-in", "mark-done", "read-evaluation", "read-academy-news"),
    "teacher": ("write-lesson", "set-homework", "read-absences", "take-register", "read-evaluation", "enter-marks"),
    "parent": ("read-evaluation", "read-academy-news"),
    "staff": ("read-absences", "read-absence", "justify-absence", "take-register"),
}


HTML = [(b"Content-Type", b"text/html; charset=utf-8")]


@pytest.mark.parametrize(
    ("body", "status", "outcome"),
    [
        ("<p>Vous êtes très nombreux à vous connecter".encode(), 200, "shed"),
        (b"<p>Cette page est r&eacute;serv&eacute;e&nbsp;: r&eacute;serv&eacute; &agrave; d&#039;autres", 200, "shed"),
        ("<p>réservé à d’autres".encode("cp1252"), 200, "shed"),
        (b'<meta name="ent-service" content="home"><p>' + "très nombreux".encode(), 200, "ok"),
        (b"<p>Bonjour", 200, "ok"),
        ("<p>très nombreux".encode(), 429, "shed"),
        ("<p>très nombreux".encode(), 500, "failed"),
        (b"", 413, "failed"),
    ],
)
def test_a_full_ent_is_known_by_its_words_however_they_are_written(body, status, outcome):
    """Only in pages that are none of the portal's own, where a message may say the same; errors go by their status."""
    answer = Response("GET", "http://ent.test/", status, Headers(HTML), body)
    assert PortalDriver(Setting("http://ent.test")).classify(answer) == outcome


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


def taken_back(url, person, addresses):
    """What deleting each of these addresses is answered, as the person who wrote there."""
    with httpx.Client(base_url=url) as browser:
        service = {"service": f"{url}/etab/{person.uai}/"}
        hidden = dict(
            re.findall(r'name="(lt|execution)" value="([^"]*)"', browser.get("/cas/login", params=service).text)
        )
        fields = {"username": person.login, "password": person.password, **hidden}
        signed_on = browser.post("/cas/login", params=service, data=fields, follow_redirects=True)
        token = re.search(r'name="csrf-token" content="([^"]*)"', signed_on.text)[1]
        return {browser.delete(address, headers={"x-csrf-token": token}).status_code for address in addresses}


@pytest.mark.parametrize("persona", MORE)
def test_every_action_of_a_persona(url, persona):
    """Each action is served; what each one wrote is named and can be taken back; a download brings the document."""
    actions = (*FOR_ALL, *MORE[persona])
    found = walked(url, persona, *actions)
    assert {name: result[:2] for name, result in found["results"].items() if result[0] != "ok"} == {}
    assert found["results"]["download-file"][2] > 10_000
    asked = {name for name in actions if PortalDriver.actions[name].writes}
    assert {action for action, _ in found["written"]} == asked
    assert taken_back(url, Population(1, 2, 2).person(persona, 0), [where for _, where in found["written"]]) == {204}


def test_every_action_is_walked():
    """No action of the driver is left out above, but those that test_live walks."""
    walked_above = {*FOR_ALL, *(action for actions in MORE.values() for action in actions)}
    assert walked_above | set(live.ACTIONS) == set(PortalDriver.actions)
