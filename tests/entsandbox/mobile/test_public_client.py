"""The public client of Skolengo's mobile API, unmodified, takes the sandbox for Skolengo."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from tests.conftest import FULL
from tests.entsandbox.mobile.conftest import PEOPLE
from tests.entsandbox.mobile.test_api import absentee

from entsandbox.mobile.identifiers import person_id

HERE = Path(__file__).parent
MODULES = HERE.parents[2] / ".node"
PACKAGE = MODULES / "node_modules" / "scolengo-api" / "package.json"
VERSION = "3.0.2"

pytestmark = pytest.mark.needs("node")


@pytest.fixture(scope="session")
def seen(sandbox):
    """What the client finds for a pupil who was absent, and for a parent of that pupil."""
    if not PACKAGE.is_file():
        missing = f"needs npm install --no-save --prefix .node scolengo-api@{VERSION}"
        pytest.fail(missing, pytrace=False) if FULL else pytest.skip(missing)
    assert json.loads(PACKAGE.read_text("utf-8"))["version"] == VERSION
    child, parents = absentee()
    people = {"student": child, "parent": PEOPLE.person("parent", parents[0])}
    return {persona: findings(sandbox, person) for persona, person in people.items()} | {"child": child}


def findings(sandbox, person):
    """Run the client as someone; what it found."""
    told = {"url": sandbox.url, "modules": str(MODULES), "login": person.login, "password": person.password}
    command = ["node", str(HERE / "public_client.js"), json.dumps(told | {"uai": person.uai})]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(params=["student", "parent"])
def found(request, seen):
    """The findings of each of the two."""
    return seen[request.param] | {"persona": request.param}


def models():
    """The client's own model types: the fields that each one must have, by its name."""
    blocks = {}
    for path in (PACKAGE.parent / "types" / "models").glob("*/*.d.ts"):
        for name, body in re.findall(r"export interface (\w+)[^{]*\{\n(.*?)\n\}", path.read_text("utf-8"), re.DOTALL):
            blocks[name] = set(re.findall(r"^    (?:readonly )?(\w+):", body, re.MULTILINE))
    return blocks


def test_every_answer_has_its_models_fields(found, seen) -> None:
    """What the client's type declarations promise is there, field by field."""
    marked = seen["student"]["marking"]["done"]
    lessons = [lesson for day in found["agenda"]["days"] for lesson in day["lessons"]]
    evaluations = [each for of in found["evaluations"] for each in of["evaluations"]]
    contacts = found["mail"]["contacts"]
    shown = {
        "School": [found["school"], *found["nearest"]],
        "AppCurrentConfig": [found["app"]],
        "User": [found["info"], *found["info"].get("students", []), *(each["person"] for each in contacts)],
        "Agenda": found["agenda"]["days"],
        "Lesson": [*lessons, found["lesson"]],
        "HomeworkAssignment": [marked],
        "EvaluationSettings": [found["evaluationSettings"]],
        "Period": found["evaluationSettings"]["periods"],
        "Evaluation": found["evaluations"],
        "EvaluationDetail": [*evaluations, found["evaluation"]],
        "EvaluationResult": [each["evaluationResult"] for each in evaluations],
        "EvaluationService": [found["evaluation"]["evaluationService"]],
        "Attachment": [*found["reports"], found["download"]["attachment"]],
        "AbsenceFile": found["absences"]["files"],
        "AbsenceState": [each["currentState"] for each in found["absences"]["files"]],
        "AbsenceReason": found["reasons"],
        "SchoolInfo": found["news"],
        "UsersMailSettings": [found["mail"]],
        "Folder": found["mail"]["folders"],
        "Contact": contacts,
        "Signature": [found["mail"]["signature"]],
        "Communication": found["letters"],
        "Participation": found["participations"],
        "Participant": found["participants"],
    }
    declared = models()
    missing = {
        (name, lacking)
        for name, all_shown in shown.items()
        for each in all_shown
        for lacking in declared[name] - set(each)
    }
    assert missing == set()
    assert all(shown.values()), [name for name, all_shown in shown.items() if not all_shown]


def test_it_signs_on_by_openid_connect(found, seen) -> None:
    """Discovery, code, PKCE and signature satisfy openid-client; the claims are the person's."""
    assert found["claims"]["sub"] == found["userinfo"]["sub"] == found["info"]["id"]
    assert found["school"]["emsOIDCWellKnownUrl"].endswith("/.well-known/openid-configuration")
    assert (found["afterRefresh"], found["refreshed"]) == (found["info"]["id"], 1)
    assert "invalid_grant" in found["afterRevocation"]
    if found["persona"] == "parent":
        assert person_id(PEOPLE, seen["child"]) in [each["id"] for each in found["info"]["students"]]
        assert all(each["school"]["name"] for each in found["info"]["students"])


def test_it_reads_the_agenda(found) -> None:
    """Days in its own AgendaResponse, each lesson with subject and teachers; its calendar export works."""
    agenda = found["agenda"]
    lessons = [lesson for day in agenda["days"] for lesson in day["lessons"]]
    assert (agenda["class"], len(agenda["days"])) == ("AgendaResponse", 12)
    assert agenda["calendar"].count("BEGIN:VEVENT") == len(lessons) >= 25
    assert all(each["subject"]["label"] and each["teachers"][0]["lastName"] for each in lessons)
    assert found["lesson"]["contents"][0]["html"].startswith("<p>")
    assert found["download"]["bytes"] == found["download"]["attachment"]["size"] > 0


def test_it_reads_homework_and_a_pupil_marks_it_done(found) -> None:
    """The list's sparse fields, the detail, and the mark that stays; a parent is told why not."""
    assert set(found["homework"][0]) >= {"id", "title", "html", "done", "dueDateTime", "subject", "teacher"}
    assert found["oneHomework"]["teacher"]["person"]["lastName"]
    if found["persona"] == "student":
        assert found["marking"]["done"]["done"] is found["marking"]["again"]["done"] is True
    else:
        assert found["marking"]["refused"]["name"] == "FORBIDDEN"


def test_it_reads_marks_and_reports(found) -> None:
    """Periods, services with evaluations and results, one evaluation's range, and a report's bytes."""
    assert len(found["evaluationSettings"]["periods"]) == 3
    marks = [each["evaluationResult"]["mark"] for of in found["evaluations"] for each in of["evaluations"]]
    assert len(marks) == 12
    detail = found["evaluation"]
    assert detail["min"] <= detail["average"] <= detail["max"] <= detail["scale"]
    assert detail["evaluationService"]["subject"]["label"]
    assert (len(found["report"].encode()), "moyenne" in found["report"]) == (found["reports"][0]["size"], True)


def test_it_reads_absences(found) -> None:
    """Files in its own AbsenceFilesResponse, its table, one file's history, the reasons."""
    absences = found["absences"]
    assert (absences["class"], len(absences["files"])) == ("AbsenceFilesResponse", 1)
    assert absences["table"].count("\n") == 1
    assert found["absence"]["history"][0]["creator"]["lastName"]
    assert len(found["reasons"]) == 5


def test_it_reads_news(found) -> None:
    """The school's and its authorities', each with an author."""
    assert len(found["news"]) >= 4
    assert found["oneNews"]["content"].startswith("<p>")
    assert all("person" in each["author"] or "technicalUser" in each["author"] for each in found["news"])


def test_it_reads_and_sends_messages(found) -> None:
    """An unread communication becomes read; a message is sent, answered and filed away."""
    assert found["readNow"]["read"] is True
    assert found["participations"][0]["sender"]["person"]["lastName"]
    assert found["sent"]["subject"] == "Question"
    assert [each["content"] for each in found["thread"]] == [
        "<p>Bonjour, le devoir 3 ?</p>", "<p>Merci &amp; à demain</p>",
    ]  # fmt: skip
    assert found["sent"]["id"] in [each["id"] for each in found["trash"]]
