"""The face of entcore: who may ask what, what is refused and how, what a page costs."""

import httpx
import pytest


@pytest.fixture
def entcore(face):
    """The embedded ENT with entcore's face, shared."""
    return face("entcore")


@pytest.fixture
def signed_on(entcore):
    """Sign people on: a client each, with the header that writing takes; closed at the end."""
    opened = []

    def sign_on(persona, index=0):
        client = httpx.Client(base_url=entcore.url, timeout=30)
        opened.append(client)
        person = entcore.people.person(persona, index)
        answer = client.post("/auth/login", data={"email": person.login, "password": person.password, "callBack": ""})
        assert (answer.status_code, answer.headers["location"]) == (302, "/timeline/timeline")
        client.headers["X-XSRF-TOKEN"] = client.cookies["XSRF-TOKEN"]
        return client

    yield sign_on
    for client in opened:
        client.close()


def me(client):
    return client.get("/auth/oauth2/userinfo").json()


def test_nobody_is_led_to_the_sign_on_and_may_write_nothing(entcore):
    """A page leads to the login, what writes says 401."""
    assert httpx.get(f"{entcore.url}/timeline/timeline").headers["location"] == "/auth/login"
    assert httpx.post(f"{entcore.url}/conversation/draft", json={}).status_code == 401


def test_a_message_reaches_its_reader_and_nobody_else(entcore, signed_on):
    """Draft, sending, reading; a stranger gets 404; without the XSRF header nothing is written."""
    writer, reader, stranger = signed_on("student"), signed_on("student", 1), signed_on("student", 2)
    draft = {"to": [me(reader)["userId"]], "subject": "Devoirs", "body": "<p>Page 12 ?</p>"}
    made = writer.post("/conversation/draft", json=draft)
    assert made.status_code == 201
    key = made.json()["id"]
    assert reader.get(f"/conversation/message/{key}").status_code == 404
    assert writer.post(f"/conversation/send?id={key}", json=draft, headers={"X-XSRF-TOKEN": "x"}).status_code == 403
    assert writer.post(f"/conversation/send?id={key}", json={"to": ["nobody"]}).status_code == 400
    assert writer.post(f"/conversation/send?id={key}", json=draft).json()["sent"] == 1
    assert key in [each["id"] for each in reader.get("/conversation/list/INBOX").json()]
    assert "Page 12 ?" in reader.get(f"/conversation/message/{key}").json()["body"]
    assert stranger.get(f"/conversation/message/{key}").status_code == 404
    assert stranger.put("/conversation/delete", json={"id": [key]}).status_code == 404
    for client in (writer, reader):
        assert client.put("/conversation/delete", json={"id": [key]}).status_code == 200
    assert writer.get(f"/conversation/message/{key}").status_code == 404


def test_a_message_of_the_digital_pause_comes_when_it_ends(entcore, signed_on):
    """It is sent, and lies in nobody's inbox; no notification is shown; both are there at the end of the pause."""
    writer, reader = signed_on("student"), signed_on("student", 1)
    message = {"to": [me(reader)["userId"]], "subject": "Dimanche soir", "body": "<p>Lundi ?</p>"}

    def inbox():
        return [each["subject"] for each in reader.get("/conversation/list/INBOX").json()]

    assert entcore.measure("updates-suspended").json()["on"]
    try:
        key = writer.post("/conversation/send", json=message).json()["id"]
        assert "Dimanche soir" in [each["subject"] for each in writer.get("/conversation/list/OUTBOX").json()]
        assert "Dimanche soir" not in inbox()
        assert reader.get(f"/conversation/message/{key}").status_code == 404
        assert reader.get("/timeline/lastNotifications").json()["number"] == 0
        assert reader.get("/timeline/lastNotifications?type=NEWS").json()["number"] > 0
    finally:
        entcore.measure("updates-suspended", on=False)
    assert inbox()[0] == "Dimanche soir"
    found = [each["message"] for each in reader.get("/timeline/lastNotifications").json()["results"]]
    assert "Message : Dimanche soir" in found
    for client in (writer, reader):
        assert client.put("/conversation/delete", json={"id": [key]}).status_code == 200


def test_a_measure_that_entcore_has_no_page_for_is_refused(entcore):
    """Its scripts ask for a new password, no page of its sign-on does: said, and not taken for done."""
    answer = entcore.measure("password-change")
    assert (answer.status_code, "has a page for it" in answer.json()["error"]) == (409, True)


def test_parents_see_their_own_children_alone(entcore, signed_on):
    """Homework, lessons, marks and absences of one's child, as the modules ask for them; 401 for anybody else's."""
    parent = entcore.people.parents_of(0)[0]
    client, stranger = signed_on("parent", parent), me(signed_on("student", 100))
    told = me(client)
    child, school = next(iter(told["children"])), told["structures"][0]
    week = "2026-11-30/2026-12-06"
    assert client.get(f"/diary/homeworks/child/{week}/{child}/{school}").status_code == 200
    assert isinstance(client.get(f"/competences/devoirs?idEtablissement={school}&idEleve={child}").json(), list)
    assert client.get(f"/diary/sessions/child/{week}/{child}").status_code == 200
    assert client.get(f"/diary/sessions/child/{week}/{child}/{school}").status_code == 404
    events = f"/presences/students/{child}/events?structure_id={school}"
    assert client.get(events).json() == {"all": {}, "totals": {}}
    assert client.get(f"{events}&type=NO_REASON&type=LATENESS").json()["all"].keys() == {"NO_REASON", "LATENESS"}
    assert client.get(f"{events}&type=vacances").status_code == 500
    other = stranger["userId"]
    assert client.get(f"/diary/homeworks/own/{week}/{school}").status_code == 401
    assert client.get(f"/diary/homeworks/child/{week}/{other}/{school}").status_code == 401
    assert client.get(f"/diary/sessions/child/{week}/{other}").status_code == 401
    assert client.get(f"/competences/devoirs?idEtablissement={school}&idEleve={other}").status_code == 401
    assert client.get(f"/competences/devoirs?idEtablissement=x&idEleve={child}").status_code == 401
    assert client.get(f"/diary/homeworks/child/hier/demain/{child}/{school}").status_code == 400


def test_a_document_is_its_owners(signed_on):
    """It is read and deleted by who put it there; another gets 401, nobody's is 404."""
    owner, other = signed_on("student"), signed_on("student", 1)
    key = owner.post("/workspace/document", files={"file": ("a.txt", b"un document")}).json()["_id"]
    assert owner.get(f"/workspace/document/{key}").content == b"un document"
    assert [other.request(method, f"/workspace/document/{key}").status_code for method in ("GET", "DELETE")] == [
        401,
        401,
    ]
    assert owner.post("/workspace/document", json={}).status_code == 400
    assert owner.delete(f"/workspace/document/{key}").status_code == 200
    assert owner.get(f"/workspace/document/{key}").status_code == 404


def test_the_limit_is_not_looked_at_where_the_form_is_posted(start):
    """As in entcore: whoever asks for the page waits, whoever posts comes in; a callBack leads nowhere else."""
    full = start("--speak", "entcore", "--session-limit", "1", "--service-seconds", "0", "--schools", "2",
                 "--password-cost", "1")  # fmt: skip
    from entsurge.population import Population

    person = Population(1, 4, 2).person("student", 0)
    given = {"email": person.login, "password": person.password, "callBack": "http://ailleurs.test/"}
    with full.client() as client:
        assert client.post("/auth/login", data=given).headers["location"] == "/timeline/timeline"
    with full.client() as newcomer:
        page = newcomer.get("/auth/login")
        assert (page.status_code, "Trop de charge" in page.text) == (200, True)
        assert newcomer.post("/auth/login", data=given).status_code == 302


def test_one_request_of_a_page_has_its_price(entcore, signed_on):
    """A page of messages is one page of messages in the metrics, whatever its script asks for besides."""

    def count():
        text = httpx.get(f"{entcore.url}/metrics").text
        found = [
            line for line in text.splitlines() if line.startswith('entsandbox_page_seconds_count{route="messages"}')
        ]
        return float(found[0].split()[-1]) if found else 0.0

    client = signed_on("student")
    before = count()
    for path in (
        "/conversation/conversation",
        "/conversation/list/INBOX?page=0",
        "/conversation/count/INBOX?unread=true",
    ):
        assert client.get(path).status_code == 200
    assert count() - before == 1
