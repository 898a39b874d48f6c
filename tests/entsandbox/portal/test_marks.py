"""Marks as teachers enter them on the portal, and as pupils and parents read them."""

import re

import pytest

from entsurge.population import Population

PEOPLE = Population(1)
TEACHER = PEOPLE.person("teacher", 0)
NAME = TEACHER.classes[0]
PUPILS = [each for each in (PEOPLE.person("student", n) for n in range(180)) if NAME in each.classes]
NOTES = f"/etab/{TEACHER.uai}/notes"


@pytest.fixture
def signed_on(sandbox):
    """Sign people on: a browser each, closed at the end."""
    opened = []

    def sign_on(person):
        client = sandbox.client()
        opened.append(client)
        page = sandbox.sign_on(client, person)
        return client, sandbox.hidden(page.text, "csrf-token")

    yield sign_on
    for client in opened:
        client.close()


def given(**fields):
    first, second = PUPILS[0].login, PUPILS[1].login
    return {"titre": "Contrôle de décembre", f"note-{first}": "12,5", f"note-{second}": "0", **fields}


def test_a_teacher_enters_marks_and_takes_them_back(signed_on):
    """The form has a field a pupil; who has a mark reads it and is notified, a nought counts, a blank does not."""
    teacher, csrf = signed_on(TEACHER)
    fields = re.findall(r'name="(note-[^"]+)"', teacher.get(NOTES).text)
    assert {f"note-{pupil.login}" for pupil in PUPILS} == set(fields)
    answer = teacher.post(NOTES, data=given(csrf=csrf, coefficient="2"))
    assert answer.status_code == 200, answer.text
    assert "Moyenne de la classe : 6,25" in answer.text
    assert "coefficient 2" in answer.text
    where = answer.headers["content-location"]
    pupil, _ = signed_on(PUPILS[0])
    assert "12,50" in pupil.get(where).text
    assert "Contrôle de décembre" in pupil.get(f"/etab/{TEACHER.uai}/notifications").text
    without, _ = signed_on(PUPILS[2])
    assert "non noté" in without.get(where).text
    assert "Contrôle de décembre" not in without.get(f"/etab/{TEACHER.uai}/notifications").text
    assert teacher.delete(where, headers={"x-csrf-token": csrf}).status_code == 204
    assert pupil.get(where).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [{"classe": "nulle"}, {"sur": "0"}, {"sur": "1000"}, {"coefficient": "-1"}, {f"note-{PUPILS[0].login}": "21"},
     {f"note-{PUPILS[0].login}": "douze"}, {f"note-{PUPILS[0].login}": "nan"}],
)  # fmt: skip
def test_what_is_no_mark_is_refused(signed_on, wrong):
    """A class, a scale, a coefficient or a mark that there is not: 400, and nothing is kept."""
    teacher, csrf = signed_on(TEACHER)
    before = teacher.get(NOTES).text.count("Contrôle de décembre")
    assert teacher.post(NOTES, data=given(csrf=csrf, **wrong)).status_code == 400
    assert teacher.get(NOTES).text.count("Contrôle de décembre") == before


def test_nobody_else_enters_or_deletes_marks(signed_on):
    """A pupil enters none, and another teacher deletes none."""
    teacher, csrf = signed_on(TEACHER)
    where = teacher.post(NOTES, data=given(csrf=csrf)).headers["content-location"]
    pupil, pupils_csrf = signed_on(PUPILS[0])
    assert pupil.post(NOTES, data=given(csrf=pupils_csrf)).status_code == 403
    other, others_csrf = signed_on(next(
        each for each in (PEOPLE.person("teacher", n) for n in range(1, 40)) if each.uai == TEACHER.uai
    ))  # fmt: skip
    assert other.delete(where, headers={"x-csrf-token": others_csrf}).status_code == 403
    assert teacher.delete(where, headers={"x-csrf-token": csrf}).status_code == 204
