"""Conservation measures: who may switch them, what they do, and that a lease ends by itself."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import httpx
import pytest

from entsandbox.measure_options import DEFAULTS, fault, text_for
from entsandbox.measures import MEASURES, Measures
from entsandbox.settings import Settings
from entsurge import content
from entsurge.audience.persona import SHIPPED, Persona
from entsurge.drivers.portal import SHED_SIGNS
from entsurge.errors import UsageError
from entsurge.population import Population

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


def test_an_added_persona_goes_with_those_whose_rights_it_has():
    """Settings travel with who lives there; priority keeps out a guest with the staff, not a protected inspector."""
    guest = Persona("guest", "invités", "guests", "staff", per_school=1, mark="guest")
    inspector = Persona(
        "inspector", "inspecteurs", "inspectors", "staff", pupils_each=90, protected=True, mark="inspector"
    )
    settings = Settings.from_json(Settings(personas=(*SHIPPED, guest, inspector)).to_json())
    assert settings.personas == (*SHIPPED, guest, inspector)
    people = settings.population
    someone = people.person("inspector", people.count("inspector") - 1)
    assert people.find(someone.login) == someone
    assert (someone.rights, people.per_school("inspector")) == ("staff", 2)
    measures = Measures(settings, Clock())
    measures.put("pupils-and-teachers-first")
    turned_away = {each.key for each in settings.personas if measures.refusal(each.key)}
    assert turned_away == {"parent", "staff", "guest"}
    slots = {"slots": {"inspector": [[0, 8]]}}
    assert fault("persona-time-slots", slots, [each.key for each in settings.personas]) is None
    assert "no persona inspector; expected of student" in fault("persona-time-slots", slots)
    with pytest.raises(UsageError, match="personas are student, student"):
        Settings(personas=(SHIPPED[0], *SHIPPED))


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
    wrong = ({"options": 3}, {"options": {"shares": {}}})
    for body in ({"on": 1}, {"lease_seconds": -1}, {"lease": 3}, {"lease_seconds": True}, *wrong):
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


def test_the_digital_pause_holds_news_back_and_loses_none(measured):
    """What came before the pause is not announced while it lasts, can be read all the same, and is announced after."""
    reader = PEOPLE.person("student", 0)
    call = f"/etab/{reader.uai}/api/notifications"
    with measured.client() as client:
        measured.sign_on(client, reader)
        before = client.get(call).json()
        assert before["elements"]
        measured.measure("updates-suspended", on=True, lease_seconds=60)
        assert not client.get(call).json().get("non_lus")
        title = before["elements"][0]["titre"]
        assert title not in client.get(f"/etab/{reader.uai}/notifications").text
        assert 'name="ent-service" content="messages"' in client.get(f"/etab/{reader.uai}/messagerie").text
        measured.measure("updates-suspended", on=False)
        assert client.get(call).json()["elements"] == before["elements"]


def test_everybody_sets_a_new_password_once(measured):
    """Between the right password and the ticket stands a page; it wants one long enough twice, and is shown once."""
    person = PEOPLE.person("student", 3)
    service = {"service": measured.portal(person)}

    def set_to(client, page, new, again):
        fields = {"renewal": measured.hidden(page.text, "renewal"), "nouveau": new, "confirmation": again}
        return client.post("/cas/mot-de-passe", params=service, data=fields)

    measured.measure("password-change", on=True, lease_seconds=60)
    try:
        with measured.client() as client:
            assert "Identifiants incorrects" in measured.submit(client, person, password="faux").text
            page = measured.submit(client, person)
            assert (page.status_code, "location" in page.headers) == (200, False)
            assert 'id="nouveau-mot-de-passe"' in page.text
            page = set_to(client, page, person.password, "autre chose")
            assert "diffèrent" in page.text
            page = set_to(client, page, "court", "court")
            assert "trop courts" in page.text
            entered = set_to(client, page, person.password, person.password)
            assert "ticket=" in entered.headers["location"]
            assert "a expiré" in set_to(client, page, person.password, person.password).text, "a page counts once"
        with measured.client() as client:
            assert "Accueil" in measured.sign_on(client, person).text
    finally:
        measured.measure("password-change", on=False)
    effects = metric(measured, "entsandbox_measure_effects_total", measure="password-change", persona="student")
    assert effects == 1


def test_the_digital_pause_leaves_open_what_it_does_not_name():
    """By default absences are still called in and files put away; the services are the operator's to choose."""
    measures = Measures(Settings(), Clock())
    measures.put("updates-suspended")
    assert measures.keeps("homework")
    assert not measures.keeps("absences")
    measures.put("updates-suspended", services=["marks"])
    assert not measures.keeps("homework")
    assert "nothing is kept in absences" in fault("updates-suspended", {"services": ["absences"]})


@pytest.mark.parametrize(
    ("ordered", "hours", "lasts"),
    [(22, 8.9, True), (22, 9.1, False), (22, 21.9, False), (22, 22.1, True), (6.5, 0.4, True), (6.5, 0.6, False),
     (10, 20.9, True), (10, 21.1, False), (7, 23, True)],
)  # fmt: skip
def test_the_digital_pause_ends_at_seven_by_the_runs_clock(ordered, hours, lasts):
    """It lasts from its order to the next 7:00, whoever renews its lease, and again from 20:00 on."""
    clock = Clock()
    measures = Measures(Settings(simulated_hour=ordered, compression=10), clock)
    clock.now += 40
    measures._began = clock.now
    for _ in range(20):
        measures.put("updates-suspended", lease_seconds=hours * 3_600 / 10 / 20 + 1)
        clock.now += hours * 3_600 / 10 / 20
    assert measures.silent() is lasts
    clock.now += 2
    assert not measures.silent()


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


@pytest.mark.parametrize(
    ("measure", "options"),
    [
        ("reserved-places", {"shares": {"student": 0.7, "teacher": 0.4}}),
        ("reserved-places", {"shares": {"pupil": 0.5}}),
        ("persona-time-slots", {"slots": {"parent": [[8, 25]]}}),
        ("persona-time-slots", {"slots": {"parent": [8, 12]}}),
        ("priority-services", {"services": ["devoirs"]}),
        ("attachments-capped", {"bytes": -1}),
        ("short-sessions", {"idle_minutes": 0}),
        ("news-closed", {"services": []}),
    ],
)
def test_impossible_options_are_named(measure, options):
    """What is wrong with an option is said, with what was expected."""
    found = fault(measure, options)
    assert found
    assert found.startswith("options")
    assert "expected" in found or "unknown" in found


@pytest.mark.parametrize("measure", MEASURES)
def test_defaults_are_possible_and_refusals_have_words(measure):
    """Each measure's defaults are options that it takes; what it tells people is one of the driver's signs."""
    assert fault(measure, DEFAULTS.get(measure, {})) is None
    if measure not in ("static-home", "news-static", "short-sessions", "password-change", "updates-suspended"):
        assert any(sign in text_for(measure) for sign in SHED_SIGNS)


@pytest.mark.parametrize("measure", MEASURES)
def test_each_measure_is_an_experiment(measure):
    """What the sandbox can be asked stands in chaos/ under its own name, with titles in both languages."""
    written = json.loads((content.root("chaos") / f"{measure}.json").read_text("utf-8"))
    assert measure in json.dumps(written["method"])
    assert set(written["extensions"][0]["title"]) == {"fr", "en"}


def test_reserved_places_and_slots_by_persona():
    """Whoever has reserved places left comes in; the others share what is nobody's; each persona has its hours."""
    measures = Measures(Settings(simulated_hour=10), Clock())
    measures.put("reserved-places", shares={"student": 0.5, "teacher": 0.3})
    present = {"student": 50, "teacher": 10, "parent": 15, "staff": 4}
    assert measures.no_place("teacher", present, 100) is None
    assert measures.no_place("student", present, 100) is None  # the twentieth that is nobody's
    assert measures.no_place("parent", present | {"staff": 5}, 100)
    assert measures.no_place("student", present | {"staff": 5}, 100)
    assert measures.no_place("teacher", present | {"staff": 5}, 100) is None
    measures.put("persona-time-slots", slots={"teacher": [[7, 9], [18, 20]]})
    assert measures.refusal("teacher").measure == "persona-time-slots"
    assert measures.refusal("teacher", hour=8) is None
    assert measures.refusal("student") is None


def metric(sandbox, name, **labels):
    """The value of a metric, 0 where it has never been counted."""
    wanted = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    lines = httpx.get(f"{sandbox.url}/metrics").text.splitlines()
    start = f"{name}{{{wanted}}} "
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(start))


def test_each_measure_counts_what_it_does(measured):
    """Refusals, static pages, read-only messages and capped files: each under its own name and persona."""
    person = PEOPLE.person("teacher", 0)
    root = f"/etab/{person.uai}"
    with measured.client() as client:
        csrf = {"csrf": measured.hidden(measured.sign_on(client, person).text, "csrf-token")}

        def send(path, **more):
            return client.post(f"{root}/{path}", data=csrf, **more)

        large = {"files": {"fichier": ("a.bin", b"x" * 2_000)}}
        steps = {
            "messaging-read-only": lambda: send("messagerie"),
            "updates-suspended": lambda: send("travail"),
            "attachments-capped": lambda: send("fichiers", **large),
            "video-off": lambda: client.get(f"{root}/visio"),
            "news-static": lambda: client.get(f"{root}/actualites"),
            "static-home": lambda: client.get(f"{root}/accueil"),
            "messaging-off": lambda: client.get(f"{root}/messagerie"),
            "news-closed": lambda: client.get(f"{root}/actualites"),
        }
        options = {"attachments-capped": {"bytes": 1_000}}
        for measure, step in steps.items():
            assert measured.measure(measure, options=options.get(measure, {})).json()["on"]
            before = metric(measured, "entsandbox_measure_effects_total", measure=measure, persona="teacher")
            answer = step()
            effects = metric(measured, "entsandbox_measure_effects_total", measure=measure, persona="teacher")
            assert (effects - before, metric(measured, "entsandbox_measure_on", measure=measure)) == (1, 1)
            if measure in ("news-static", "static-home"):
                assert 'data-xhr=""' in answer.text
            elif measure == "updates-suspended":
                assert text_for(measure) in unescape(answer.text)
            else:
                assert 'name="ent-service"' not in answer.text
            assert client.get(f"{root}/messagerie").status_code == 200
            measured.measure(measure, on=False)
            assert metric(measured, "entsandbox_measure_on", measure=measure) == 0


def test_reserved_places_turn_newcomers_away(start):
    """With four places, two of them pupils' and one teachers', a second parent waits and a second pupil does not."""
    small = start("--service-seconds", "0", "--session-limit", "4", "--password-cost", "1")
    small.measure("reserved-places", options={"shares": {"student": 0.5, "teacher": 0.25}})
    said = []
    for persona, index in (("parent", 0), ("parent", 1), ("student", 0), ("student", 1), ("teacher", 0)):
        with small.client() as client:
            said.append(small.submit(client, PEOPLE.person(persona, index)).status_code)
    assert said == [302, 200, 302, 302, 302]
    assert metric(small, "entsandbox_measure_effects_total", measure="reserved-places", persona="parent") == 1
    assert metric(small, "entsandbox_sessions", persona="student") == 2


def test_priority_services_send_the_others_away(start):
    """With the queue full of news, homework takes their places, and what was sent away is counted as shed."""
    slow = start("--workers", "1", "--queue-limit", "2", "--service", "news=0.4", "--service", "homework=0.1",
                 "--password-cost", "1")  # fmt: skip
    person = PEOPLE.person("student", 0)
    root = f"/etab/{person.uai}"
    with slow.client() as client, ThreadPoolExecutor(5) as pool:
        slow.sign_on(client, person)
        slow.measure("priority-services")
        news = [pool.submit(client.get, f"{root}/actualites") for _ in range(3)]
        until = time.monotonic() + 10
        while "entsandbox_queue 2.0" not in httpx.get(f"{slow.url}/metrics").text:
            assert time.monotonic() < until
        work = [pool.submit(client.get, f"{root}/travail") for _ in range(2)]
        assert all("Travail" in page.result().text for page in work)
        texts = [page.result().text for page in news]
    assert sum("services prioritaires" in text for text in texts) == 2
    assert metric(slow, "entsandbox_measure_effects_total", measure="priority-services", persona="student") == 2


def test_short_sessions_are_counted(start):
    """A sign-on that ends early on account of the measure is counted under it."""
    ent = start("--service-seconds", "0", "--password-cost", "1")
    with ent.client() as client:
        ent.sign_on(client, PEOPLE.person("staff", 0))
        ent.measure("short-sessions", options={"idle_minutes": 0.01})
        until = time.monotonic() + 10
        while metric(ent, "entsandbox_measure_effects_total", measure="short-sessions", persona="staff") != 1:
            assert time.monotonic() < until
        assert client.get(f"/etab/{PEOPLE.person('staff', 0).uai}/accueil").status_code == 302
