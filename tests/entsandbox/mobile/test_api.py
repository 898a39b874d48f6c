"""The mobile JSON:API: who sees what, and what the documents look like."""

from datetime import date, timedelta

import pytest
from tests.entsandbox.mobile.conftest import PEOPLE, error

from entsandbox.mobile.identifiers import find_person, find_school, person_id, school_id

TODAY = date.today()  # noqa: DTZ011  the sandbox's days are those of this machine or next to it
SINCE, UNTIL = (TODAY - timedelta(days=6)).isoformat(), (TODAY + timedelta(days=6)).isoformat()
OF_A_PUPIL = ("/agendas", "/homework-assignments", "/evaluations-settings", "/evaluation-services",
              "/periodic-reports-files", "/absence-files")  # fmt: skip


def spans(path):
    """The filter of days that a list wants."""
    name = {"/agendas": "date", "/homework-assignments": "dueDate"}.get(path)
    return {} if name is None else {f"filter__{name}__GE": SINCE, f"filter__{name}__LE": UNTIL}


def test_identifiers_are_read_back_and_cannot_be_made_up() -> None:
    """Everyone's identifier leads back to them; a changed one, or another sandbox's, leads nowhere."""
    for persona in ("student", "teacher", "parent", "staff"):
        person = PEOPLE.person(persona, 2)
        text = person_id(PEOPLE, person)
        assert find_person(PEOPLE, text) == person
        assert find_person(PEOPLE, text[:-1] + ("0" if text[-1] != "0" else "1")) is None
        assert find_school(PEOPLE, text) is None
    for nonsense in ("", "ESKO-P-", "ESKO-P-" + "0" * 36, "SKO-E-x", school_id(PEOPLE, PEOPLE.school(0))):
        assert find_person(PEOPLE, nonsense) is None


@pytest.mark.parametrize("path", OF_A_PUPIL)
def test_a_parent_sees_their_own_children_and_nobody_else(parent, path) -> None:
    """Every child's data is served; another pupil of the class, and one of another school, are refused."""
    children = [PEOPLE.person("student", child) for child in parent.person.children]
    for child in children:
        parent.read(path, **{"filter__student.id": person_id(PEOPLE, child)}, **spans(path))
    for index in (parent.person.children[-1] + 6, PEOPLE.pupils_per_school + 1):
        other = PEOPLE.person("student", index)
        assert other.index not in parent.person.children
        answer = parent.ask(path, **{"filter__student.id": person_id(PEOPLE, other)}, **spans(path))
        assert error(answer)[:2] == (403, "FORBIDDEN")


@pytest.mark.parametrize("path", OF_A_PUPIL)
def test_a_pupil_sees_themself_alone(pupil, path) -> None:
    """A classmate's agenda, marks and absences are not theirs."""
    mate = PEOPLE.person("student", pupil.person.index + PEOPLE.classes_per_school)
    assert mate.classes == pupil.person.classes
    answer = pupil.ask(path, **{"filter__student.id": person_id(PEOPLE, mate)}, **spans(path))
    assert answer.status_code == 403
    assert error(pupil.ask(path, **{"filter__student.id": "ESKO-P-nobody"}, **spans(path)))[0] == 404
    assert error(pupil.ask(path, **spans(path)))[0] == 400


def test_another_schools_things_are_not_there(sandbox, phone, pupil) -> None:
    """What a pupil may read by its number, one of another school may not; nor may one name another school."""
    stranger = phone(sandbox, index=PEOPLE.pupils_per_school + 3).sign_on()
    agenda = pupil.read("/agendas", include="lessons,homeworkAssignments", **mine(pupil), **spans("/agendas"))
    of = {kind: [each for each in agenda["included"] if each["type"] == kind] for kind in ("lesson", "homework")}
    for path, kind in (("/lessons", "lesson"), ("/homework-assignments", "homework")):
        key = of[kind][0]["id"]
        assert pupil.ask(f"{path}/{key}", **mine(pupil)).status_code == 200
        assert stranger.ask(f"{path}/{key}", **mine(stranger)).status_code == 404
    home = school_id(PEOPLE, PEOPLE.school(0))
    assert error(stranger.ask("/schools-info", headers={"X-Skolengo-School-Id": home}))[0] == 403
    assert pupil.ask("/schools-info", headers={"X-Skolengo-School-Id": home}).status_code == 200


def test_an_evaluation_shows_ones_own_mark(sandbox, phone, pupil) -> None:
    """The number of another class's evaluation leads nowhere, the own one to one's own mark."""
    services = pupil.read("/evaluation-services", include="evaluations.evaluationResult", **mine(pupil))
    results = {each["id"]: each for each in services["included"] if each["type"] == "evaluationResult"}
    key, result = next(iter(results.items()))
    detail = pupil.read(f"/evaluations/{key}", include="evaluationResult", **mine(pupil))
    assert detail["included"] == [result]
    stranger = phone(sandbox, index=4).sign_on()
    assert stranger.person.classes != pupil.person.classes
    assert stranger.ask(f"/evaluations/{key}", **mine(stranger)).status_code == 404


def test_attachments_and_reports_need_a_reader(sandbox, phone, pupil, parent) -> None:
    """A report's address serves its pupil and the pupil's parents; without a token nobody."""
    (report,) = pupil.read("/periodic-reports-files", **mine(pupil))["data"]
    address = report["attributes"]["url"]
    ask = {"authorization": f"Bearer {pupil.tokens['access_token']}"}
    whole = pupil.client.get(address, headers=ask)
    assert (whole.status_code, len(whole.content)) == (200, report["attributes"]["size"])
    assert pupil.client.get(address).status_code == 401
    ask = {"authorization": f"Bearer {parent.tokens['access_token']}"}
    assert parent.client.get(address, headers=ask).status_code == 404


@pytest.mark.parametrize("path", ["/users-info/x", "/agendas", "/communications", "/attachments/1", "/absence-reasons"])
def test_without_a_good_token_nothing_is_said(sandbox, phone, pupil, path) -> None:
    """No token, a made-up one, an identity token or a refresh token: 401 with a challenge."""
    for token in ("", "AT-made-up", pupil.tokens["id_token"], pupil.tokens["refresh_token"]):
        answer = pupil.ask(path, token=token or "-")
        assert (answer.status_code, "Bearer" in answer.headers["www-authenticate"]) == (401, True)
    assert pupil.client.get(f"/api/v1/bff-sko-app{path}").status_code == 401


def test_a_mailbox_is_its_owners(pupil, parent) -> None:
    """A pupil's communication is not there for another; one's settings are one's own; addresses are in the book."""
    letter = pupil.read("/communications", **{"filter__folders.id": "inbox"})["data"][0]
    assert pupil.ask(f"/communications/{letter['id']}/participations").status_code == 200
    for path in ("", "/participations", "/participants"):
        assert parent.ask(f"/communications/{letter['id']}{path}").status_code == 404
    assert parent.ask(f"/users-mail-settings/{pupil.id}").status_code == 403
    answer = parent.ask("/participations", "POST", answering(letter["id"]))
    assert answer.status_code == 404
    answer = pupil.ask("/communications", "POST", writing(person_id(PEOPLE, PEOPLE.person("student", 100))))
    assert error(answer)[0] == 403


def test_a_message_arrives_where_it_was_sent(sandbox, phone, pupil) -> None:
    """A teacher finds a pupil's message unread in the inbox, answers, and the pupil finds the answer unread."""
    contacts = pupil.read(f"/users-mail-settings/{pupil.id}", include="contacts.person")["included"]
    teacher = next(each for each in contacts if each["type"] == "teacher")
    sent = pupil.ask("/communications", "POST", writing(teacher["id"]))
    assert sent.status_code == 201, sent.text
    key = sent.json()["data"]["id"]
    reader = phone(sandbox, "teacher", find_person(PEOPLE, teacher["id"]).index).sign_on()
    inbox = reader.read("/communications", include="lastParticipation", **{"filter__folders.id": "inbox"})
    found = next(each for each in inbox["data"] if each["id"] == key)
    assert (found["attributes"]["subject"], found["attributes"]["read"]) == ("Question", False)
    said = reader.read(f"/communications/{key}/participations")["data"]
    assert [each["attributes"]["content"] for each in said] == ["<p>Bonjour &lt;3 ?</p>"]
    assert reader.read(f"/communications/{key}")["data"]["attributes"]["read"]
    assert reader.ask("/participations", "POST", answering(key)).status_code == 201
    assert not pupil.read(f"/communications/{key}")["data"]["attributes"]["read"]


def test_a_class_is_one_address_for_its_teachers(sandbox, phone) -> None:
    """A group contact reaches every pupil of the class; a group of another's is not in the book."""
    teacher = phone(sandbox, "teacher", 2).sign_on()
    book = teacher.read(f"/users-mail-settings/{teacher.id}", include="contacts.personContacts.person")["included"]
    group = next(each for each in book if each["type"] == "groupContact")
    members = group["relationships"]["personContacts"]["data"]
    assert len(members) == PEOPLE.pupils_per_class
    sent = teacher.ask("/communications", "POST", writing(group["id"], "groupContact"))
    participants = teacher.read(f"/communications/{sent.json()['data']['id']}/participants", page__limit="100")["data"]
    assert len(participants) == PEOPLE.pupils_per_class + 1
    others = set(PEOPLE.classes) - set(teacher.person.classes)
    assert error(teacher.ask("/communications", "POST", writing(f"GROUP-{min(others)}", "groupContact")))[0] == 403


def test_homework_is_marked_by_its_pupil_alone(pupil, parent) -> None:
    """The mark stays, can be taken back, and nothing else can be changed."""
    work = pupil.read("/homework-assignments", **mine(pupil), **spans("/homework-assignments"))["data"][0]
    path = f"/homework-assignments/{work['id']}"
    for is_done in (True, False):
        body = {"data": {"type": "homework", "id": work["id"], "attributes": {"done": is_done}}}
        assert pupil.ask(path, "PATCH", body, **mine(pupil)).json()["data"]["attributes"]["done"] is is_done
        assert pupil.read(path, **mine(pupil))["data"]["attributes"]["done"] is is_done
    for attributes in ({"title": "x"}, {"done": "yes"}, {"done": True, "title": "x"}, {}):
        body = {"data": {"type": "homework", "id": work["id"], "attributes": attributes}}
        assert pupil.ask(path, "PATCH", body, **mine(pupil)).status_code == 403
    wrong = {"data": {"type": "homework", "id": "999999", "attributes": {"done": True}}}
    assert pupil.ask(path, "PATCH", wrong, **mine(pupil)).status_code == 409
    child = {"filter__student.id": person_id(PEOPLE, PEOPLE.person("student", parent.person.children[0]))}
    theirs = parent.read("/homework-assignments", **child, **spans("/homework-assignments"))["data"][0]
    body = {"data": {"type": "homework", "id": theirs["id"], "attributes": {"done": True}}}
    assert parent.ask(f"/homework-assignments/{theirs['id']}", "PATCH", body, **child).status_code == 403


def test_a_parent_justifies_a_childs_absence(sandbox, phone) -> None:
    """The reason and the comment stand in the file; a pupil may not, nor another parent."""
    child, parents = absentee()
    mother = phone(sandbox, "parent", parents[0]).sign_on()
    asked = {"filter__student.id": person_id(PEOPLE, child)}
    (file,) = mother.read("/absence-files", include="currentState", **asked)["data"]
    reason = mother.read("/absence-reasons")["data"][1]
    body = {
        "data": {
            "type": "absenceFileState",
            "attributes": {"comment": "chez le dentiste"},
            "relationships": {
                "absenceFile": {"data": {"type": "absenceFile", "id": file["id"]}},
                "absenceReason": {"data": {"type": "absenceReason", "id": reason["id"]}},
            },
        }
    }
    assert mother.ask("/absence-files-states", "POST", body).status_code == 201
    whole = mother.read(f"/absence-files/{file['id']}", include="currentState.absenceReason,history")
    state = next(each for each in whole["included"] if each["id"] == f"{file['id']}-now")
    assert (state["attributes"]["absenceFileStatus"], state["attributes"]["comment"]) == ("LOCKED", "chez le dentiste")
    assert state["relationships"]["absenceReason"]["data"]["id"] == reason["id"]
    pupil = phone(sandbox, "student", child.index).sign_on()
    assert pupil.ask("/absence-files-states", "POST", body).status_code == 403
    stranger = phone(sandbox, "parent", parents[-1] + 5).sign_on()
    assert stranger.ask("/absence-files-states", "POST", body).status_code == 404
    assert stranger.ask(f"/absence-files/{file['id']}").status_code == 404


def test_documents_hold_what_is_asked_for(pupil) -> None:
    """Sparse fields, included resources once each, full linkage, pages."""
    asked = {"fields__homework": "title", "fields__subject": "label", "include": "subject", **mine(pupil)}
    whole = pupil.read("/homework-assignments", **asked, **spans("/homework-assignments"))
    assert {name for each in whole["data"] for name in each["attributes"]} == {"title"}
    linked = {each["relationships"]["subject"]["data"]["id"] for each in whole["data"]}
    assert linked == {each["id"] for each in whole["included"]}
    assert len(linked) == len(whole["included"])
    assert all(set(each["attributes"]) == {"label"} for each in whole["included"])
    bare = pupil.read("/homework-assignments", **mine(pupil), **spans("/homework-assignments"))
    assert "included" not in bare
    pages = [
        pupil.read(
            "/homework-assignments",
            page__limit="3",
            page__offset=str(n),
            **mine(pupil),
            **spans("/homework-assignments"),
        )
        for n in (0, 3)
    ]
    assert [each["id"] for page in pages for each in page["data"]] == [each["id"] for each in bare["data"][:6]]


@pytest.mark.parametrize(
    ("asked", "parameter"),
    [
        ({"include": "subject,secrets"}, "include"),
        ({"page__limit": "0"}, "page[limit]"),
        ({"page__offset": "-1"}, "page[offset]"),
        ({"page__limit": "9" * 5000}, None),
        ({"filter__dueDate__GE": "tomorrow"}, "filter[dueDate][GE]"),
        ({"filter__dueDate__GE": "9999-12-31", "filter__dueDate__LE": "9999-12-31"}, "filter[dueDate][GE]"),
        ({"filter__dueDate__GE": "2026-01-01", "filter__dueDate__LE": "2025-01-01"}, "filter[dueDate]"),
        ({"filter__dueDate__GE": "1990-01-01", "filter__dueDate__LE": "2190-12-31"}, "filter[dueDate]"),
    ],
)
def test_wrong_questions_are_answered_with_the_parameter(pupil, asked, parameter) -> None:
    """A JSON:API error says which part of the address cannot be understood."""
    answer = pupil.ask("/homework-assignments", **{**spans("/homework-assignments"), **mine(pupil), **asked})
    if parameter is None:
        assert answer.status_code == 200
        return
    assert error(answer)[0] == 400
    assert answer.json()["errors"][0]["source"] == {"parameter": parameter}


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"[]", "application/json", 409),
        (b'{"data":{"type":"communication","attributes":[]}}', "application/json", 400),
        (b'{"data":{"type":"communication","attributes":{"subject":" "}}}', "application/json", 422),
        (b'"' + b"x" * 300_000 + b'"', "application/json", 413),
        (b"\xff\xfe", "application/json", 400),
    ],
)
def test_bodies_are_bounded_and_read_with_care(pupil, content, kind, status) -> None:
    """What is not a communication is refused with a reason, whatever it is."""
    headers = {"authorization": f"Bearer {pupil.tokens['access_token']}", "content-type": kind}
    answer = pupil.client.post("/api/v1/bff-sko-app/communications", content=content, headers=headers)
    assert error(answer)[0] == status


def test_schools_are_found_by_name_and_by_place(sandbox, phone) -> None:
    """Without a token: accents and case do not matter, distances rise, nonsense is refused."""
    client = phone(sandbox).client
    found = client.get("/api/v1/bff-sko-app/schools", params={"filter[text]": "lycee des erables"}).json()["data"]
    assert [each["attributes"]["name"] for each in found] == ["Lycée des Érables"]
    near = client.get("/api/v1/bff-sko-app/schools", params={"filter[lat]": "45.7", "filter[lon]": "4.8"}).json()[
        "data"
    ]
    away = [each["attributes"]["distance"] for each in near]
    assert (len(away), away) == (PEOPLE.schools, sorted(away))
    for latitude in ("nan", "91", "north"):
        wrong = client.get("/api/v1/bff-sko-app/schools", params={"filter[lat]": latitude, "filter[lon]": "4.8"})
        assert error(wrong)[0] == 400


def test_what_is_not_there_is_said_in_json(pupil) -> None:
    """An address of nobody's is a JSON:API error; a known one with another method is refused."""
    assert error(pupil.ask("/timetables/1"))[:2] == (404, "NOT_FOUND")
    assert pupil.ask("/agendas", "DELETE").status_code == 405


def test_teachers_and_staff_see_their_own_days(sandbox, phone) -> None:
    """A teacher's agenda holds the lessons they teach; staff have an empty one and the school's absences."""
    teacher = phone(sandbox, "teacher", 2).sign_on()
    agenda = teacher.read("/agendas", include="lessons.teachers", **mine(teacher), **spans("/agendas"))
    assert {each["id"] for each in agenda["included"] if each["type"] == "teacher"} == {teacher.id}
    staff = phone(sandbox, "staff", 0).sign_on()
    assert staff.read("/agendas", include="lessons", **mine(staff), **spans("/agendas"))["included"] == []
    assert len(staff.read("/absence-files", **mine(staff))["data"]) > 1


def test_api_pages_count_and_have_a_price(start, phone) -> None:
    """An agenda holds a worker as the lesson book's page does; light questions hold none; both are counted."""
    slow = start("--service-seconds", "0", "--service", "lesson-book=1")
    caller = phone(slow).sign_on()
    answer = caller.ask("/agendas", **mine(caller), **spans("/agendas"))
    assert answer.elapsed.total_seconds() >= 1
    assert caller.ask("/evaluations-settings", **mine(caller)).elapsed.total_seconds() < 1
    metrics = caller.client.get("/metrics").text
    counted = [
        line for line in metrics.splitlines() if line.startswith("entsandbox_requests_total") and "lesson-book" in line
    ]
    assert any('outcome="ok"' in line and line.endswith(" 1.0") for line in counted), counted


def test_a_closed_service_says_so(measured, phone) -> None:
    """While messaging is off, its endpoints are refused with the measure's text, the others are not."""
    caller = phone(measured).sign_on()
    measured.measure("messaging-off")
    answer = caller.ask("/communications", **{"filter__folders.id": "inbox"})
    assert (error(answer)[:2], "suspendue" in answer.text) == ((503, "SERVICE_CLOSED"), True)
    assert caller.ask("/schools-info").status_code == 200


def mine(phone):
    """The filter that asks about oneself."""
    return {"filter__student.id": phone.id}


def writing(to, kind="personContact"):
    """A new communication."""
    return {
        "data": {
            "type": "communication",
            "attributes": {"subject": "Question", "firstParticipationContent": "<p>Bonjour &lt;3 ?</p>"},
            "relationships": {"toRecipients": {"data": [{"type": kind, "id": to}]}},
        }
    }


def answering(key):
    """An answer in a communication."""
    relation = {"communication": {"data": {"type": "communication", "id": key}}}
    return {"data": {"type": "participation", "attributes": {"content": "Bien."}, "relationships": relation}}


def absentee():
    """A pupil of the first school who was absent, and the numbers of the pupil's parents."""
    from entsurge.population.names import draw

    uai = PEOPLE.school(0).uai
    for place in range(PEOPLE.pupils_per_school):
        pupil = PEOPLE.person("student", place)
        if (place // PEOPLE.classes_per_school + draw(uai, pupil.classes[0])) % 20 == 0:
            return pupil, PEOPLE.parents_of(place)
    raise AssertionError("nobody was absent")
