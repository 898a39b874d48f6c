"""Whatever is sent, the answer is an answer: never 500, and never a 503 that a stranger can cause."""

import httpx
import pytest

from entsurge.population import Population

PEOPLE = Population(1)
PERSON = PEOPLE.person("teacher", 0)
ROOT = f"/etab/{PERSON.uai}"
NASTY = (
    "\0",
    "%00%ff",
    "é\u202e\U0001f600",
    "x" * 100_000,
    "'; DROP TABLE lesson; --",
    "-1",
    "9" * 40,
    "../../etc",
    "[]",
)
READ = ("accueil", "travail", "messagerie", "notes", "absences", "fichiers", "actualites", "notifications")
WRITTEN = ("cahier-de-textes", "travail", "messagerie", "absences", "fichiers", "actualites", "notifications")
FIELDS = ("classe", "titre", "contenu", "destinataire", "absents", "seance", "pour_le", "partage", "dossier", "motif")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def ent(request, running_module):
    """A sandbox on each database."""
    database = ()
    if request.param == "postgresql":
        database = ("--database", request.getfixturevalue("postgres").new_database("garbage"))
    return running_module("--service-seconds", "0", "--password-cost", "1", *database)


def codes(answers):
    return {answer.status_code for answer in answers} & set(range(500, 600))


def test_forms_of_nonsense(ent):
    """Every writing address takes every nasty text in every field, with the right token."""
    with ent.client() as client:
        csrf = {"csrf": ent.hidden(ent.sign_on(client, PERSON).text, "csrf-token")}
        for path in (*WRITTEN, "messagerie/1", "travail/1/rendu", "travail/1/fait", "messagerie/1/dossier"):
            answers = [client.post(f"{ROOT}/{path}", data=dict.fromkeys(FIELDS, text) | csrf) for text in NASTY]
            assert codes(answers) == set(), path
            files = {"fichier": ("\0é\n\u202e.txt", b"x", "text/\u00e9; x=\0")}
            page = client.post(f"{ROOT}/{path}", data=csrf, files=files)
            assert page.status_code < 500, path
            where = page.headers.get("content-location", "")
            if where.startswith(f"{ROOT}/fichiers"):
                assert client.get(f"{where}/contenu").content == b"x"


def test_addresses_of_nonsense(ent):
    """Numbers past every database's, and queries of nonsense, lead nowhere."""
    with ent.client() as client:
        token = {"x-csrf-token": ent.hidden(ent.sign_on(client, PERSON).text, "csrf-token")}
        huge = "9" * 30
        answers = [client.get(f"{ROOT}/{path}/{huge}") for path in (*READ, "pieces", "fichiers")]
        answers += [client.get(f"{ROOT}/fichiers/{huge}/contenu"), client.get(f"{ROOT}/absences/appels/{huge}")]
        answers += [client.delete(f"{ROOT}/{path}/{huge}", headers=token) for path in ("travail", "messagerie")]
        assert {answer.status_code for answer in answers} == {404}
        assert client.get(f"/academie/clermont-ferrand/actualites/{huge}").status_code == 404
        for text in NASTY[:3] + NASTY[4:]:
            query = {"dossier": text, "classe": text, "ticket": f"ST-{text}", "service": text}
            paths = [f"{ROOT}/{path}" for path in READ]
            paths += [f"{ROOT}/", "/cas/login", "/cas/serviceValidate", "/academie/clermont-ferrand/"]
            assert codes([client.get(path, params=query) for path in paths]) == set()


def test_sign_on_of_nonsense(ent):
    """Logins, passwords and hidden fields of nonsense are a wrong password or an expired form."""
    with ent.client() as client:
        for text in NASTY:
            answer = ent.submit(client, PERSON, username=text, password=text)
            assert answer.status_code == 200
            assert "Identifiants incorrects" in answer.text
            assert ent.submit(client, PERSON, execution=f"e1s1-{text}"[:5_000]).status_code == 200
        raw = [b"\xff\xfe=\xff", b"username=%ff%00&password=%fe", b"%", b"a" * 50_000, b"&&&&"]
        kinds = (
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "multipart/form-data; boundary=x",
            "nonsense",
        )
        for body in raw:
            for kind in kinds:
                answer = client.post("/cas/login", content=body, headers={"content-type": kind})
                assert answer.status_code < 500


def test_bodies_of_nonsense(ent):
    """What is no form is no form; what is no JSON is no order."""
    bearer = {"authorization": f"Bearer {ent.admin_token}"}
    with ent.client() as client:
        csrf = ent.hidden(ent.sign_on(client, PERSON).text, "csrf-token")
        for kind in ("multipart/form-data", "multipart/form-data; boundary=x", "application/json"):
            head = {"content-type": kind, "x-csrf-token": csrf}
            for body in (b"", b"\xff\x00", b"--x\r\n\r\n", b"--x\r\ncontent-disposition: x\r\n\r\n\xff\r\n--x--"):
                assert client.post(f"{ROOT}/travail", content=body, headers=head).status_code < 500
        many = client.post(f"{ROOT}/travail", data={f"f{n}": "x" for n in range(2_000)}, headers={"x-csrf-token": csrf})
        assert many.status_code == 400
    for body in (b"\xff", b"[", b"3", b'{"on": 1e999}', b'{"options": {"slots": {"parent": [[NaN, 1]]}}}'):
        for path in ("measures/persona-time-slots", "session-limit"):
            assert httpx.put(f"{ent.url}/admin/{path}", content=body, headers=bearer).status_code == 400
    assert httpx.get(f"{ent.url}/admin/measures", headers={"authorization": "Bearer é".encode()}).status_code == 401
