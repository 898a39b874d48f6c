"""The mobile app's driver against a real sandbox: every screen, and every way of being refused by its own name."""

from contextlib import contextmanager

import gevent
import httpx
import pytest
from tests.entsandbox.conftest import running
from tests.lone_session import LoneSession

from entsurge.client.failure import ClientError
from entsurge.client.response import Headers, Response
from entsurge.drivers.portal_pages import PortalState
from entsurge.drivers.registry import Setting, make
from entsurge.drivers.skolengo_screens import SCREENS, AppState
from entsurge.population import Population
from entsurge.signon import tokens
from entsurge.visit.driver import Account, Created
from entsurge.visit.outcome import Outcome

PEOPLE = Population(seed=1)
DEADLINE = 10


class Holder(LoneSession):
    """Somebody with a phone."""

    def __init__(self, driver, person):
        super().__init__()
        self._driver, self.person = driver, person

    @property
    def driver(self):
        return self._driver

    def sign_on(self, password=None):
        person = self.person
        account = Account(person.persona, person.login, password or person.password, str(person.school), person.uai)
        return self.driver.sign_on(self, account)

    def open(self, action):
        self.action = action
        return self.driver.open(self, self.driver.actions[action].service, action)


@contextmanager
def holding(sandbox, persona="student", index=3):
    """Someone with a phone, within half a minute."""
    with gevent.Timeout(30):
        holder = Holder(make("skolengo-mobile", Setting(sandbox.url)), PEOPLE.person(persona, index))
        try:
            yield holder
        finally:
            holder.client.close()


@pytest.fixture(scope="module")
def sandbox():
    """A sandbox whose pages take no time."""
    with running("--service-seconds", "0", "--schools", "2", "--academies", "2") as started:
        yield started


@pytest.fixture
def house():
    """A sandbox that holds one person."""
    with running("--service-seconds", "0", "--schools", "2", "--academies", "2", "--session-limit", "1") as started:
        yield started


@pytest.mark.parametrize("persona", ["student", "parent", "teacher", "staff"])
def test_every_screen_is_served(sandbox, persona) -> None:
    """Each persona signs on hop by hop and finds each screen; before anything is known and after."""
    with holding(sandbox, persona) as holder:
        result = holder.sign_on()
        assert result.outcome is Outcome.OK, result
        steps = [step for step, _ in holder.hops]
        assert (steps[0], steps[-2:]) == ("form", ["token", "who"])
        assert {outcome for _, outcome in holder.hops} == {"ok"}
        others = {"mark-done": ("parent", "teacher", "staff"), "justify-absence": ("student", "teacher")}
        theirs = [action for action in SCREENS if persona not in others.get(action, ())]
        for action in (*reversed(theirs), *theirs):
            result = holder.open(action)
            assert (result.outcome, result.reason) == (Outcome.OK, ""), (action, result)
            assert result.size > 20, action
        written = {action for action, _, _ in holder.written}
        assert written >= {"send-message", "answer-message"}
        assert ("mark-done" in written) is (persona == "student")


def test_the_web_view_needs_no_second_sign_on(sandbox) -> None:
    """What the app has no screen for is a page of the portal, entered by the sign-on's own cookie."""
    with holding(sandbox) as holder:
        holder.sign_on()
        hops = len(holder.hops)
        for action in ("list-files", "open-home"):
            assert holder.open(action).outcome is Outcome.OK, action
        assert len(holder.hops) == hops
        assert holder.memory.of(PortalState).portal.endswith(holder.person.uai)


def test_what_was_written_is_taken_back(sandbox) -> None:
    """Messages and answers by the web view, a mark of work done by the app, a file by the portal."""
    with holding(sandbox, index=4) as holder:
        holder.sign_on()
        for action in (
            "read-homework-list",
            "mark-done",
            "read-inbox",
            "answer-message",
            "send-message",
            "upload-file",
        ):
            assert holder.open(action).outcome is Outcome.OK, action
        assert [row[0] for row in holder.written] == ["mark-done", "answer-message", "send-message", "upload-file"]
        states = {
            action: holder.driver.remove(holder, Created(action, url, values)) for action, url, values in holder.written
        }
        assert set(states.values()) == {"removed"}
        again = {
            action: holder.driver.remove(holder, Created(action, url, values)) for action, url, values in holder.written
        }
        assert (again["send-message"], again["upload-file"]) == ("gone", "gone")


def test_a_wrong_password_is_called_so(sandbox) -> None:
    """The form that comes back with 200 is no sign-on."""
    with holding(sandbox) as holder:
        result = holder.sign_on(password="wrong")
        assert (result.outcome, result.reason) == (Outcome.FAILED, "bad credentials")


def test_a_waiting_room_is_shed(house) -> None:
    """Answered 200, and no failure of the ENT."""
    with holding(house, index=1) as first, holding(house, index=2) as second:
        assert first.sign_on().outcome is Outcome.OK
        result = second.sign_on()
        assert (result.outcome, result.reason) == (Outcome.SHED, "full house")


def test_a_quota_at_the_token_is_shed(house) -> None:
    """Somebody comes in between the form and the token: 509, which is a refusal on purpose."""
    other = PEOPLE.person("student", 2)
    with httpx.Client(base_url=house.url) as browser, holding(house, index=1) as holder:
        form = house.form(browser, other)  # before the house is full
        exchange = holder.driver.entrance._exchange

        def meanwhile(*arguments):
            browser.post("/cas/login", params={"service": house.portal(other)}, data=form)
            return exchange(*arguments)

        holder.driver.entrance._exchange = meanwhile
        result = holder.sign_on()
        assert (result.outcome, result.reason) == (Outcome.SHED, "full house")
        assert holder.hops[-1] == ("token", "shed")


def test_a_session_that_has_ended_is_renewed_once(sandbox) -> None:
    """The app renews its token and comes back; without a refresh token the page has failed by its own name."""
    with holding(sandbox) as holder:
        holder.sign_on()
        holder.get(f"{sandbox.url}/cas/logout")
        holder.memory.of(AppState).landed()
        assert holder.open("read-news").outcome is Outcome.OK
        assert holder.hops[-1] == ("refresh", "ok")
        holder.memory.of(tokens.Tokens).refresh = ""
        holder.memory.of(tokens.Tokens).access = "AT-spoilt"
        result = holder.open("read-marks")
        assert (result.outcome, result.reason) == (Outcome.FAILED, "token expired")


def test_a_full_house_sheds_whoever_comes_back(house) -> None:
    """The session has ended and somebody else has the place: 509 at the renewal is what the page came to."""
    with holding(house, index=1) as first, holding(house, index=2) as second:
        assert first.sign_on().outcome is Outcome.OK
        first.get(f"{house.url}/cas/logout")
        assert second.sign_on().outcome is Outcome.OK
        first.memory.of(AppState).landed()
        result = first.open("read-news")
        assert (result.outcome, result.reason) == (Outcome.SHED, "quota")
        assert first.hops[-1] == ("refresh", "shed")
        second.get(f"{house.url}/cas/logout")
        assert first.open("read-news").outcome is Outcome.OK


def test_a_measure_is_shed(sandbox) -> None:
    """A service that is closed on purpose is told from one that fails."""
    with holding(sandbox) as holder:
        holder.sign_on()
        sandbox.measure("messaging-off", lease_seconds=20)
        try:
            assert holder.open("read-inbox").outcome is Outcome.SHED
            assert holder.open("read-news").outcome is Outcome.OK
        finally:
            sandbox.measure("messaging-off", on=False)


@pytest.mark.parametrize(
    ("status", "kind", "body", "outcome"),
    [
        (200, "application/vnd.api+json", b'{"data":[]}', Outcome.OK),
        (201, "application/vnd.api+json", b'{"data":{}}', Outcome.OK),
        (204, "", b"", Outcome.OK),
        (509, "application/json", b'{"error":"quota_overflow"}', Outcome.SHED),
        (429, "application/vnd.api+json", b'{"errors":[]}', Outcome.SHED),
        (503, "application/vnd.api+json", b'{"errors":[{"title":"ACCESS_RESERVED"}]}', Outcome.SHED),
        (503, "text/html", b"<h1>Service indisponible</h1>", Outcome.FAILED),
        (401, "application/vnd.api+json", b'{"errors":[]}', Outcome.FAILED),
        (500, "text/plain", b"Internal Server Error", Outcome.FAILED),
        (200, "text/html; charset=utf-8", "<h1>Vous êtes très nombreux</h1>".encode(), Outcome.SHED),
        (200, "text/html", b"<h1>Bienvenue</h1>", Outcome.FAILED),
    ],
)
def test_answers_are_judged_by_what_they_say(status, kind, body, outcome) -> None:
    """Status, type and content together."""
    driver = make("skolengo-mobile", Setting("http://127.0.0.1:9"))
    answer = Response("GET", "http://127.0.0.1:9/", status, Headers([(b"content-type", kind.encode())]), body)
    assert driver.classify(answer) is outcome


@pytest.mark.parametrize("body", [b'{"data": 3}', b'["data"]', b'{"data": [{"x": 1}], "included": 2}', b'{"data"'])
def test_a_document_that_cannot_be_read_has_failed(body) -> None:
    """Whatever the target answers, it is the target's failure and no fault of the generator's."""
    driver = make("skolengo-mobile", Setting("http://127.0.0.1:9"))
    answer = Response("GET", "http://127.0.0.1:9/", 200, Headers([(b"content-type", b"application/json")]), body)
    holder = Holder(driver, PEOPLE.person("student", 1))
    holder.memory.keep(AppState(me="x", student="x", inbox="i"))
    holder.request = lambda *_, **__: answer
    result = holder.open("read-inbox")
    assert (result.outcome, result.reason) == (Outcome.FAILED, "another answer than asked for")


def test_a_target_that_is_not_there_has_failed() -> None:
    """Nothing listens: the sign-on says why."""
    with gevent.Timeout(30):
        holder = Holder(make("skolengo-mobile", Setting("http://127.0.0.1:9")), PEOPLE.person("student", 1))
        result = holder.sign_on()
        assert (result.outcome, result.reason) == (Outcome.FAILED, "connect-refused")
        with pytest.raises(ClientError):
            holder.get("http://127.0.0.1:9/")
