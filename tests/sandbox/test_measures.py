"""Conservation measures: who may switch them, what they do, and that a lease ends by itself."""

import httpx
import pytest

from entsurge.population import Population
from entsurge.sandbox.measures import MEASURES, Measures
from entsurge.sandbox.settings import Settings

PEOPLE = Population(1)


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self):
        """The instant set."""
        return self.now


def test_a_lease_ends_by_itself():
    """A measure on a lease is off when its time is over; without one it stays until it is turned off."""
    clock = Clock()
    measures = Measures(Settings(), clock)
    measures.put("news-closed", lease_seconds=60)
    measures.put("static-home")
    clock.now += 59.9
    assert measures.closed("news")
    assert measures.state("news-closed")["remaining_seconds"] == pytest.approx(0.1)
    clock.now += 0.2
    assert measures.closed("news") is None
    assert measures.static("home") == "static-home"
    measures.put("static-home", on=False)
    assert not measures.static("home")


@pytest.mark.parametrize(("hour", "refused"), [(8.4, False), (8.5, True), (16.9, True), (17, False)])
def test_parents_time_slots(hour, refused):
    """Parents come in from 17:00 to 08:30; nobody else is concerned."""
    measures = Measures(Settings(simulated_hour=hour), Clock())
    measures.put("parents-time-slots")
    assert bool(measures.refusal("parent")) is refused
    assert measures.refusal("staff") is None


def test_the_simulated_hour_passes():
    """The simulated day runs as many times faster as the compression says."""
    clock = Clock()
    measures = Measures(Settings(simulated_hour=23, compression=60), clock)
    clock.now += 120
    assert measures.hour() == pytest.approx(1)


def test_short_sessions():
    """Sessions end after 20 minutes of silence, compressed like the day."""
    measures = Measures(Settings(idle_seconds=3600, compression=10), Clock())
    assert measures.idle_seconds() == 360
    measures.put("short-sessions")
    assert measures.idle_seconds() == 120


def test_the_administration_needs_its_token(measured):
    """Without the token nothing is listed or changed; what does not exist is 404, nonsense 400."""
    where = f"{measured.url}/admin/measures"
    assert httpx.get(where).status_code == 401
    assert httpx.put(f"{where}/news-closed", headers={"authorization": "Bearer x"}).status_code == 401
    assert measured.measure("closed").status_code == 404
    for body in ({"on": 1}, {"lease_seconds": -1}, {"lease": 3}, {"lease_seconds": True}):
        assert measured.measure("news-closed", **body).status_code == 400
    bearer = {"authorization": f"Bearer {measured.admin_token}"}
    listed = httpx.get(where, headers=bearer).json()["measures"]
    assert [measure["name"] for measure in listed] == list(MEASURES)
    assert not any(measure["on"] for measure in listed)
    assert measured.measure("news-closed", on=True, lease_seconds=60).json()["on"]
    assert not httpx.delete(f"{where}/news-closed", headers=bearer).json()["on"]


def test_pupils_and_teachers_first(measured):
    """Parents and staff are told so at sign-on and on open pages; pupils come in; the lease's end reopens."""
    parent, staff = PEOPLE.person("parent", 0), PEOPLE.person("staff", 0)
    with measured.client() as before, measured.client() as after, measured.client() as pupil:
        measured.sign_on(before, parent)
        measured.measure("pupils-and-teachers-first", on=True, lease_seconds=60)
        refused = measured.submit(after, staff)
        assert refused.status_code == 200
        assert "réservé aux élèves et aux enseignants" in refused.text
        assert "réservé aux élèves" in before.get(f"/etab/{parent.uai}/travail").text
        assert "Identifiants incorrects" in measured.submit(after, staff, password="faux").text
        assert "Accueil" in measured.sign_on(pupil, PEOPLE.person("student", 0)).text
        measured.measure("pupils-and-teachers-first", on=False)
        assert "réservé aux élèves" not in before.get(f"/etab/{parent.uai}/travail").text


def test_closed_pages(measured):
    """News and messages close, the home page becomes static, and the rest stays."""
    person = PEOPLE.person("student", 0)
    root = f"/etab/{person.uai}"
    with measured.client() as client:
        home = measured.sign_on(client, person)
        for name in ("news-closed", "messaging-off", "static-home", "parents-time-slots"):
            assert measured.measure(name).status_code == 200
        assert "fermée" in client.get(f"{root}/actualites").text
        assert "La messagerie est suspendue" in client.get(f"{root}/messagerie").text
        written = client.post(f"{root}/messagerie", data={"csrf": measured.hidden(home.text, "csrf-token")})
        assert "La messagerie est suspendue" in written.text
        static = client.get(f"{root}/accueil").text
        assert measured.hidden(static, "ent-service") == "home"
        assert 'data-xhr=""' in static
        assert measured.hidden(client.get(f"{root}/travail").text, "ent-service") == "homework"
