"""Reading and writing on the portal."""

import re
import time

import pytest

from entsandbox.services import SERVICES
from entsurge.population import Population

PEOPLE = Population(1)


@pytest.fixture
def as_teacher(sandbox):
    """A teacher's browser, signed on."""
    with sandbox.client() as client:
        sandbox.sign_on(client, PEOPLE.person("teacher", 0))
        yield client


@pytest.fixture
def as_pupil(sandbox):
    """A pupil's browser, signed on."""
    with sandbox.client() as client:
        sandbox.sign_on(client, PEOPLE.person("student", 0))
        yield client


ROOT = f"/etab/{PEOPLE.school(0).uai}"


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_pages(sandbox, as_pupil, service):
    """Each page names its service, and every link, static file and call on it answers."""
    page = as_pupil.get(f"{ROOT}/{service.path}")
    assert page.status_code == 200
    assert sandbox.hidden(page.text, "ent-service") == service.name
    assert f'<body data-service="{service.name}"' in page.text
    calls = re.search(r'data-xhr="([^"]*)"', page.text)[1].split()
    assert 2 <= len(calls) <= 4
    for call in calls:
        assert as_pupil.get(call).json()["nombre"] > 0
    for link in set(re.findall(r'(?:href|src)="(/(?:static|etab)/[^"]+)"', page.text)):
        assert as_pupil.get(link).status_code == 200, link


def test_pages_hold_what_is_in_the_database(as_pupil):
    """A pupil reads the homework of their class, and one of them in full."""
    listed = as_pupil.get(f"{ROOT}/travail").text
    link = re.search(rf'href="({ROOT}/travail/\d+)"', listed)[1]
    assert PEOPLE.person("student", 0).classes[0] in listed
    assert "le travail est à faire seul" in as_pupil.get(link).text


def test_background_calls_tell_the_truth(as_pupil, as_teacher, sandbox):
    """Unread counts, folders, deadlines and quota are the person's own, and follow what happens."""

    def call(client, name):
        return client.get(f"{ROOT}/api/{name}").json()

    before = call(as_pupil, "notifications")
    folders = {each["dossier"]: each for each in call(as_pupil, "dossiers")["elements"]}
    assert folders["inbox"]["non_lus"] == before["messages_non_lus"]
    token = sandbox.hidden(as_teacher.get(f"{ROOT}/messagerie").text, "csrf-token")
    fields = {"destinataire": PEOPLE.person("student", 0).login, "titre": "Bonjour", "csrf": token}
    assert as_teacher.post(f"{ROOT}/messagerie", data=fields).status_code == 200
    after = call(as_pupil, "notifications")
    assert after["messages_non_lus"] == before["messages_non_lus"] + 1
    assert after["non_lus"] == before["non_lus"] + 1
    assert after["elements"][0]["titre"] == "Message : Bonjour"
    assert call(as_pupil, "quota")["elements"][0]["quota"] == 100_000_000
    assert call(as_pupil, "echeances")["elements"][0]["titre"] in as_pupil.get(f"{ROOT}/travail").text


def test_static_files_are_cached(sandbox):
    """A static file known by its tag is not sent again."""
    with sandbox.client() as client:
        first = client.get("/static/police.woff2")
        assert "max-age" in first.headers["cache-control"]
        again = client.get("/static/police.woff2", headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_light_answers_are_not_held_back(sandbox):
    """A hundred small answers in a row do not wait for the client's delayed acknowledgement (40 ms each)."""
    with sandbox.client() as client:
        client.get("/static/logo.svg")
        began = time.monotonic()
        for _ in range(100):
            client.get("/static/logo.svg")
        assert time.monotonic() - began < 3


def test_calls_need_a_session(sandbox):
    """A background call without a session is refused."""
    with sandbox.client() as client:
        assert client.get(f"{ROOT}/api/notifications").status_code == 401


def test_other_peoples_pages(sandbox, as_pupil):
    """Another school, another's message and an unknown page are not for reading."""
    other = PEOPLE.school(1).uai
    assert as_pupil.get(f"/etab/{other}/accueil").status_code == 302
    assert as_pupil.get(f"{ROOT}/inconnu").status_code == 404
    assert as_pupil.get(f"{ROOT}/travail/999999").status_code == 404
    assert as_pupil.get("/etab/0000000A/accueil").status_code == 404


def test_a_ticket_for_the_wrong_school(sandbox):
    """Someone of one school is not let into another."""
    person = PEOPLE.person("student", 0)
    with sandbox.client() as client:
        sandbox.sign_on(client, person)
        service = f"{sandbox.url}/etab/{PEOPLE.school(1).uai}/"
        location = client.get("/cas/login", params={"service": service}).headers["location"]
        assert client.get(location).status_code == 403


WRITES = [
    ("cahier-de-textes", {"classe": "2DE1", "titre": "Séance", "contenu": "Texte"}),
    ("travail", {"classe": "2DE1", "titre": "Exercice", "contenu": "Texte"}),
    ("messagerie", {"destinataire": "2DE1", "titre": "Bonjour", "contenu": "Texte"}),
    ("absences", {"classe": "2DE1", "absents": "aucun"}),
    ("fichiers", {"titre": "Polycopié"}),
    ("messagerie", {"destinataire": "parents:2DE1", "titre": "Aux familles", "contenu": "Texte"}),
]


@pytest.mark.parametrize(("path", "fields"), WRITES, ids=[path for path, _ in WRITES])
def test_writing(sandbox, as_teacher, path, fields):
    """What is written can be read where the answer says, and taken back by its author alone."""
    token = sandbox.hidden(as_teacher.get(f"{ROOT}/{path}").text, "csrf-token")
    files = {"fichier": ("cours.txt", b"Texte")} if path != "absences" else {"rien": b""}
    answer = as_teacher.post(f"{ROOT}/{path}", data=fields, files=files, headers={"x-csrf-token": token})
    assert answer.status_code == 200
    assert fields.get("titre", "Appel") in answer.text
    where = answer.headers["content-location"]
    assert as_teacher.get(where).status_code == 200
    assert as_teacher.delete(where).status_code == 403
    assert as_teacher.delete(where, headers={"x-csrf-token": token}).status_code == 204
    assert as_teacher.get(where).status_code == 404


def test_pupils_read_what_teachers_write(sandbox, as_teacher, as_pupil):
    """A lesson reaches the class it was written for, escaped."""
    token = sandbox.hidden(as_teacher.get(f"{ROOT}/cahier-de-textes").text, "csrf-token")
    classe = PEOPLE.person("student", 0).classes[0]
    fields = {"classe": classe, "titre": "<b>Neuf</b>", "contenu": "x", "csrf": token}
    assert as_teacher.post(f"{ROOT}/cahier-de-textes", data=fields).status_code == 200
    assert "&lt;b&gt;Neuf&lt;/b&gt;" in as_pupil.get(f"{ROOT}/cahier-de-textes").text


def test_handing_in(sandbox, as_pupil):
    """A pupil hands a file in with the form of the homework's own page, and can take it back."""
    link = re.search(rf'href="({ROOT}/travail/\d+)"', as_pupil.get(f"{ROOT}/travail").text)[1]
    page = as_pupil.get(link).text
    assert f'action="{link}/rendu"' in page
    token = sandbox.hidden(page, "csrf")
    answer = as_pupil.post(f"{link}/rendu", data={"csrf": token}, files={"fichier": ("devoir.pdf", b"%PDF" * 500)})
    assert answer.status_code == 200
    assert "devoir.pdf" in answer.text
    where = answer.headers["content-location"]
    assert as_pupil.delete(where, headers={"x-csrf-token": token}).status_code == 204


def test_whatever_is_written_is_taken_back(sandbox, as_pupil, as_teacher):
    """A mark of being done, an answer and a reason given are taken back where the answer says, by who wrote them."""
    with sandbox.client() as as_staff:
        sandbox.sign_on(as_staff, PEOPLE.person("staff", 0))

        def token(client):
            return sandbox.hidden(client.get(f"{ROOT}/travail").text, "csrf-token")

        def link(client, path):
            return re.search(rf'href="({ROOT}/{path}/\d+)"', client.get(f"{ROOT}/{path}").text)[1]

        work, letter, absence = link(as_pupil, "travail"), link(as_pupil, "messagerie"), link(as_staff, "absences")
        steps = [
            (as_pupil, f"{work}/fait", {"fait": "1"}, ", fait", work),
            (as_pupil, letter, {"contenu": "Une réponse reprise"}, "Une réponse reprise", letter),
            (as_staff, absence, {"motif": "3", "commentaire": "Retard du car"}, "Retard du car", absence),
        ]
        for client, path, fields, sign, page in steps:
            answer = client.post(path, data=fields | {"csrf": token(client)})
            assert sign in answer.text
            assert sign in client.get(page).text
            where = answer.headers["content-location"]
            stranger = {"x-csrf-token": token(as_teacher)}
            assert as_teacher.delete(where, headers=stranger).status_code in (204, 403, 404)
            assert sign in client.get(page).text
            assert client.delete(where, headers={"x-csrf-token": token(client)}).status_code == 204
            assert sign not in client.get(page).text


def test_refused_writes(sandbox, as_pupil, as_teacher):
    """No token, the wrong persona, an unknown recipient or nobody's session: nothing is written."""
    token = sandbox.hidden(as_pupil.get(f"{ROOT}/messagerie").text, "csrf-token")
    header = {"x-csrf-token": token}
    message = {"titre": "Bonjour", "contenu": "x"}
    assert as_pupil.post(f"{ROOT}/messagerie", data=message).status_code == 403
    assert as_pupil.post(f"{ROOT}/messagerie", data=message | {"csrf": "é"}).status_code == 403
    assert as_pupil.post(f"{ROOT}/travail", data=message, headers=header).status_code == 403
    assert as_pupil.post(f"{ROOT}/notes", data=message, headers=header).status_code == 403
    assert as_pupil.post(f"{ROOT}/accueil", data=message, headers=header).status_code == 404
    lost = message | {"destinataire": "personne"}
    assert as_pupil.post(f"{ROOT}/messagerie", data=lost, headers=header).status_code == 400
    assert as_teacher.post(f"{ROOT}/messagerie", data=message, headers=header).status_code == 403
    with sandbox.client() as nobody:
        assert nobody.post(f"{ROOT}/messagerie", data=message, headers=header).status_code == 403


def test_metrics(sandbox, as_pupil):
    """The metrics count pages by service and outcome."""
    text = as_pupil.get("/metrics").text
    assert 'entsandbox_requests_total{outcome="ok",persona="student",route="home"}' in text
    assert 'entsandbox_sessions{persona="student"}' in text
    assert "entsandbox_workers_busy 0.0" in text
    assert as_pupil.get("/healthz").text == "ok\n"
