"""Signing on, as a browser does it."""

import httpx
import pytest

from entsurge.population import Population

PEOPLE = Population(1)


@pytest.mark.parametrize("persona", ["student", "teacher", "parent", "staff"])
def test_everyone_gets_home(sandbox, persona):
    """The right password leads through a ticket to one's home page."""
    with sandbox.client() as client:
        answer = sandbox.submit(client, PEOPLE.person(persona, 1))
        assert answer.status_code == 302
        assert "ticket=ST-" in answer.headers["location"]
        assert "HttpOnly" in answer.headers["set-cookie"]
        assert "Path=/cas" in answer.headers["set-cookie"]
        entered = client.get(answer.headers["location"])
        assert f"Path=/etab/{PEOPLE.person(persona, 1).uai}" in entered.headers["set-cookie"]
        home = client.get(entered.headers["location"])
    assert home.status_code == 200
    assert sandbox.hidden(home.text, "ent-persona") == persona
    assert sandbox.hidden(home.text, "ent-service") == "home"


def test_wrong_password(sandbox):
    """A wrong password, or nobody's login, answers 200 with the form again and no cookie."""
    person = PEOPLE.person("student", 2)
    with sandbox.client() as client:
        for wrong in ({"password": "faux"}, {"username": "personne.e000002"}, {"password": "é"}):
            answer = sandbox.submit(client, person, **wrong)
            assert answer.status_code == 200
            assert "Identifiants incorrects" in answer.text
            assert 'name="execution"' in answer.text
            assert "set-cookie" not in answer.headers


def test_a_form_is_sent_once(sandbox):
    """A form already sent, or with another form's token, is refused with a new form."""
    person = PEOPLE.person("student", 3)
    with sandbox.client() as client:
        assert "a expiré" in sandbox.submit(client, person, lt="LT-autre").text
        fields = sandbox.form(client, person)
        where = {"service": sandbox.portal(person)}
        assert client.post("/cas/login", params=where, data=fields).status_code == 302
        again = client.post("/cas/login", params=where, data=fields)
        assert again.status_code == 200
        assert "a expiré" in again.text


def test_signed_on_already(sandbox):
    """Whoever is signed on gets a ticket without a form."""
    person = PEOPLE.person("parent", 4)
    with sandbox.client() as client:
        sandbox.sign_on(client, person)
        answer = client.get("/cas/login", params={"service": sandbox.portal(person)})
        assert "ticket=ST-" in answer.headers["location"]


def test_a_ticket_is_good_once(sandbox):
    """A ticket validates once, for the service it was made for."""
    person = PEOPLE.person("teacher", 5)
    service = sandbox.portal(person)
    with sandbox.client() as client:
        location = sandbox.submit(client, person).headers["location"]
        asked = {"service": service, "ticket": location.split("ticket=")[1]}
        first = client.get("/cas/serviceValidate", params=asked)
        assert f"<cas:user>{person.login}</cas:user>" in first.text
        assert f"<cas:uai>{person.uai}</cas:uai>" in first.text
        assert 'code="INVALID_TICKET"' in client.get("/cas/serviceValidate", params=asked).text
        assert client.get(location).headers["location"].startswith("/cas/login")
        ticket = client.get("/cas/login", params={"service": service}).headers["location"].split("ticket=")[1]
        other = {"service": f"{service}accueil", "ticket": ticket}
        assert "INVALID_TICKET" in client.get("/cas/serviceValidate", params=other).text


def test_tickets_stay_at_home(sandbox):
    """No ticket is made for an address outside the portals: nobody is redirected elsewhere."""
    for service in ("https://example.org/etab/9990001N/", f"{sandbox.url}/etab/inconnu/", "//example.org"):
        answer = httpx.get(f"{sandbox.url}/cas/login", params={"service": service})
        assert answer.status_code == 403


def test_logout(sandbox):
    """Signing off closes the portal too."""
    person = PEOPLE.person("student", 6)
    with sandbox.client() as client:
        sandbox.sign_on(client, person)
        client.get("/cas/logout")
        answer = client.get(f"/etab/{person.uai}/travail")
        assert answer.status_code == 302
        assert answer.headers["location"].startswith("/cas/login?service=")


def test_waiting_room(start):
    """Past the session limit newcomers get a page that answers 200; who is inside goes on."""
    crowded = start("--service-seconds", "0", "--session-limit", "2")
    people = [PEOPLE.person("student", index) for index in range(3)]
    with crowded.client() as first, crowded.client() as second, crowded.client() as third:
        crowded.sign_on(first, people[0])
        crowded.sign_on(second, people[1])
        answer = third.get(f"/etab/{people[2].uai}/accueil", follow_redirects=True)
        assert answer.status_code == 200
        assert "Vous êtes très nombreux à vouloir vous connecter" in answer.text
        assert "merci de patienter 3 minutes" in answer.text
        assert first.get(f"/etab/{people[0].uai}/travail").status_code == 200
        first.get("/cas/logout")
        assert 'name="execution"' in third.get("/cas/login").text
