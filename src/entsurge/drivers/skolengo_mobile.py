"""The driver of Skolengo's mobile app: OpenID Connect through the CAS, then the JSON:API, one page view an app screen.

What the app has no screen of its own for (files, chat, video class, what teachers write) it shows in a web view, where
the sign-on's cookie carries the person into the school's portal: those pages are the portal driver's.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from entsurge.client.failure import ClientError
from entsurge.drivers import portal_pages as pages
from entsurge.drivers.portal import PASSWORD_CHANGE, PortalDriver
from entsurge.drivers.results import broken, not_as_it_should_be, turned_away
from entsurge.drivers.skolengo_screens import SCREENS, AppState, days
from entsurge.signon import oidc, tokens
from entsurge.signon.flow import FORM, Flow
from entsurge.signon.method import Arrival, Refusal
from entsurge.visit.driver import Created
from entsurge.visit.outcome import Outcome, PageResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.client.response import Response
    from entsurge.drivers.registry import Setting
    from entsurge.drivers.skolengo_screens import Screen, Sending, Step
    from entsurge.visit.driver import Account, ActionSpec
    from entsurge.visit.session import Session

API = "/api/v1/bff-sko-app"
REDIRECT = "skoapp-prod://sign-in-callback"
WHO = "school,students"
_SHED_TITLES = (b"ACCESS_RESERVED", b"SERVICE_CLOSED", b"temporarily_unavailable")
_SHED_STATUSES = (429, 509)
_WEB_PLACES = {  # where the portal takes back what the app wrote
    "send-message": "messagerie/{key}",
    "answer-message": "messagerie/{letter}/reponses/{key}",
    "justify-absence": "absences/{key}/motif",
}


class SkolengoMobileDriver:
    """Speaks to a mobile API at `url`; what a visitor knows is in `session.memory`."""

    def __init__(self, setting: Setting) -> None:
        self.url = setting.url.rstrip("/").removesuffix(API)
        self.setting, self.web = setting, PortalDriver(setting)
        self.actions: Mapping[str, ActionSpec] = {
            **self.web.actions,
            **{name: screen.spec for name, screen in SCREENS.items()},
        }
        provider = f"{self.url}/cas/oidc"
        self.entrance = setting.sign_on or oidc.method(
            oidc.Options(
                authorize_url=f"{provider}/oidcAuthorize",
                token_url=f"{provider}/oidcAccessToken",
                client_id="entsurge",
                redirect_uri=REDIRECT,
                interstitial=PASSWORD_CHANGE,
            )
        )

    # -- sign-on ---------------------------------------------------------------------------------------------------

    def sign_on(self, session: Session, account: Account) -> PageResult:
        """Authorise, sign on at the CAS, exchange the code; proven by the API, which says who this is."""
        flow = Flow(session, self.entrance.patterns)
        try:
            arrival = self.entrance.enter(flow, account, self.url)
            if arrival.refusal is not None:
                return turned_away(arrival)
            subject = _subject(arrival.page)
            address = self._address(f"/users-info/{subject}", {"include": WHO})
            page = flow.once("GET", address, "who", headers=tokens.authorization(session))
        except ClientError as error:
            return broken(error)
        outcome = self.classify(page)
        if outcome is not Outcome.OK:
            return not_as_it_should_be(page, outcome)
        me = _value(page).get("data")
        if not subject or not isinstance(me, dict) or me.get("id") != subject:
            return turned_away(Arrival(page, Refusal.NOT_SIGNED_ON))
        self._remember(session, account, me)
        session.memory.of(AppState).landing = page
        return PageResult(Outcome.OK, size=len(page.body))

    @staticmethod
    def _remember(session: Session, account: Account, me: dict[str, Any]) -> None:
        related = me.get("relationships", {})
        students = [each["id"] for each in (related.get("students") or {}).get("data") or []]
        school = (related.get("school") or {}).get("data") or {}
        state = session.memory.of(AppState)
        state.me, state.student = me["id"], session.random.choice(students) if students else me["id"]
        state.school, state.tenant = school.get("id", ""), account.tenant

    # -- pages -----------------------------------------------------------------------------------------------------

    def open(self, session: Session, service: str, action: str) -> PageResult:
        """One screen of the app, or a page of the portal in its web view."""
        screen = SCREENS.get(action)
        try:
            if screen is None:
                return self._web_view(session, service, action)
            return self._screen(session, screen)
        except ClientError as error:
            return broken(error)

    def _screen(self, session: Session, screen: Screen) -> PageResult:
        """What the screen must know first, its document or what it writes, then what belongs to it."""
        state = session.memory.of(AppState)
        size, knows = 0, bool(getattr(state, screen.needs))
        for step in screen.steps(state):
            answer = self._step(session, step.path, step.parameters)
            outcome = self._judged(answer)
            if outcome is not Outcome.OK:
                return self._refused(answer, outcome)
            size += answer.size
            if not _learnt(step, state, answer):
                return self._refused(answer, Outcome.FAILED)
        if screen.write is None or not knows:
            return PageResult(Outcome.OK, size=size)
        sending = screen.write(state, session.sentence())
        if sending is None:
            return self._screen(session, SCREENS["read-inbox"])
        return self._write(session, sending, size)

    def _step(self, session: Session, path: str, parameters: Mapping[str, str]) -> Response:
        state = session.memory.of(AppState)
        landing = state.landed()
        if landing is not None and path.startswith("/users-info/"):
            return landing
        address = self._address(state.filled(path), _filled(parameters, state))
        return self._asked(session, "GET", address)

    def _write(self, session: Session, sending: Sending, size: int) -> PageResult:
        state = session.memory.of(AppState)
        address = self._address(sending.path, _filled(sending.parameters, state))
        answer = self._asked(session, sending.method, address, sending.document)
        outcome = self._judged(answer)
        if outcome is not Outcome.OK:
            return self._refused(answer, outcome)
        key = _value(answer).get("data", {}).get("id", "")
        where = sending.path if sending.method == "PATCH" else f"{sending.path}/{key}"
        known = {"student": state.student, "letter": state.letter}
        session.created(session.action, self._address(where, {}), known)
        return PageResult(Outcome.OK, size=size + answer.size)

    def _web_view(self, session: Session, service: str, action: str) -> PageResult:
        """Into the portal by the sign-on's cookie, once a visit; then as in a browser."""
        refused = self._into_the_portal(session)
        return refused or self.web.open(session, service, action)

    def _into_the_portal(self, session: Session) -> PageResult | None:
        """What stands in the way, if anything does."""
        state = session.memory.of(pages.PortalState)
        if state.portal:
            return None
        portal = self._portal(session.memory.of(AppState).tenant)
        page = session.get(f"{portal}/")
        outcome = self.web.classify(page)
        if outcome is Outcome.OK:
            state.portal = portal
            pages.remember(state, "home", page.body)
            return None
        return not_as_it_should_be(page, outcome)

    def _portal(self, tenant: str) -> str:
        """A school's portal: at an address of its own, or under the ENT's."""
        own = self.setting.portals.get(tenant)
        return own.rstrip("/") if own else f"{self.url}/etab/{tenant}"

    def remove(self, session: Session, created: Created) -> str:
        """Take back what was written: a mark of work done by the API, the rest by the web view; or kept, and why."""
        action, url, values = created.action, created.url, created.values
        if action == "mark-done":
            key = url.rpartition("/")[2]
            return self._unmark(session, key, values.get("student", ""))
        if self._into_the_portal(session) is not None:
            return "kept: the portal does not let its author in"
        if action in _WEB_PLACES:  # the app has no means for it; its web view has
            key = url.rpartition("/")[2].partition("-")[0]
            place = _WEB_PLACES[action].format(key=key, letter=values.get("letter") or 0)
            url = f"{session.memory.of(pages.PortalState).portal}/{place}"
        return self.web.remove(session, Created(action, url, values))

    def _unmark(self, session: Session, key: str, student: str) -> str:
        document = {"data": {"type": "homework", "id": key, "attributes": {"done": False}}}
        address = self._address(f"/homework-assignments/{key}", {"filter[student.id]": student})
        answer = self._asked(session, "PATCH", address, document)
        states = {200: "removed", 404: "gone"}
        return states.get(answer.status, f"kept: {answer.status}")

    # -- requests --------------------------------------------------------------------------------------------------

    def _address(self, path: str, parameters: Mapping[str, str]) -> str:
        query = f"?{urlencode(parameters)}" if parameters else ""
        return f"{self.url}{API}{path}{query}"

    @staticmethod
    def _headers(session: Session) -> dict[str, str]:
        school = session.memory.of(AppState).school
        named = {"X-Skolengo-School-Id": school} if school else {}
        return {**tokens.authorization(session), "X-Skolengo-Date-Format": "utc", **named}

    def _asked(self, session: Session, method: str, address: str, document: object = None) -> Response:
        """The answer; a token that is no longer good is renewed once, and what refuses that is the answer then."""
        body = None if document is None else json.dumps(document).encode()
        kind = {} if body is None else {"Content-Type": "application/vnd.api+json"}
        answer = session.request(method, address, headers={**self._headers(session), **kind}, body=body)
        if answer.status != 401:
            return answer
        renewal = self._renewal(session)
        if renewal is None or self.classify(renewal) is Outcome.SHED:
            return renewal or answer
        return session.request(method, address, headers={**self._headers(session), **kind}, body=body)

    def _renewal(self, session: Session) -> Response | None:
        """The token endpoint's answer to a refresh token, whose tokens are kept; none without one."""
        kept = session.memory.of(tokens.Tokens)
        if not kept.refresh:
            return None
        fields = {"grant_type": "refresh_token", "refresh_token": kept.refresh, **kept.client}
        flow = Flow(session, self.entrance.patterns)
        answer = flow.once("POST", kept.endpoint, "refresh", headers=FORM, body=urlencode(fields).encode())
        tokens.keep(session.memory, answer, kept.endpoint, kept.client)
        return answer

    # -- signs -----------------------------------------------------------------------------------------------------

    def classify(self, response: Response) -> Outcome:
        """Quota (509), an account's rate (429) and measures are refusals on purpose; a page is no document."""
        if response.status in _SHED_STATUSES:
            return Outcome.SHED
        if response.status == 503 and any(title in response.body for title in _SHED_TITLES):
            return Outcome.SHED
        if response.status >= 400:
            return Outcome.FAILED
        if response.headers.get("content-type").startswith("text/html"):
            return self.web.classify(response) if self.web.classify(response) is Outcome.SHED else Outcome.FAILED
        return Outcome.OK

    def _judged(self, response: Response) -> Outcome:
        """As classified, and a document at that."""
        outcome = self.classify(response)
        is_document = response.status == 204 or b'"data"' in response.body
        return outcome if outcome is not Outcome.OK or is_document else Outcome.FAILED

    @staticmethod
    def _refused(answer: Response, outcome: Outcome) -> PageResult:
        reason = {401: "token expired", 429: "rate limit", 509: "quota"}.get(answer.status, "")
        if outcome is Outcome.FAILED and answer.status < 400:
            reason = "another answer than asked for"
        return not_as_it_should_be(answer, outcome, reason)


def _value(answer: Response) -> dict[str, Any]:
    found = tokens.value_of(answer)
    return found if isinstance(found, dict) else {}


def _learnt(step: Step, state: AppState, answer: Response) -> bool:
    """Whether the answer could be read for what the step looks for in it."""
    if step.learn is None:
        return True
    found = _value(answer)
    try:
        step.learn(state, found)
    except (AttributeError, KeyError, TypeError):
        return False
    return "data" in found


def _filled(parameters: Mapping[str, str], state: AppState) -> dict[str, str]:
    """Parameters as they are sent; `days` names the filter of this week's days."""
    sent = {name: state.filled(value) for name, value in parameters.items() if name != "days"}
    return sent | (days(parameters["days"]) if "days" in parameters else {})


def _subject(page: Response) -> str:
    """Whom the identity token speaks of; it came from the token endpoint itself (OpenID Connect Core, 3.1.3.7)."""
    token = _value(page).get("id_token")
    parts = token.split(".") if isinstance(token, str) else []
    try:
        claims = json.loads(urlsafe_b64decode(parts[1] + "==")) if len(parts) == 3 else {}
    except ValueError:
        claims = {}
    return str(claims.get("sub", "")) if isinstance(claims, dict) else ""


def driver(setting: Setting) -> SkolengoMobileDriver:
    """The driver of a mobile API at this address."""
    return SkolengoMobileDriver(setting)
