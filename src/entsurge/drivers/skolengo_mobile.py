"""The driver of Skolengo's mobile app: OpenID Connect through the CAS, then the JSON:API, one page view an app screen.

What the app has no screen of its own for (files, chat, video class, what teachers write) it shows in a web view, where
the sign-on's cookie carries the person into the school's portal: those pages are the portal driver's.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from entsurge.drivers import portal_pages as pages
from entsurge.drivers.portal import PortalDriver
from entsurge.drivers.results import broken, not_as_it_should_be, turned_away
from entsurge.drivers.skolengo_screens import SCREENS, days
from entsurge.signon import oidc, tokens
from entsurge.signon.method import Arrival, Refusal
from entsurge.signon.walk import FORM, Walk
from entsurge.visit.failure import ClientError
from entsurge.visit.outcome import Outcome, PageResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.drivers.driver import Account, ActionSpec
    from entsurge.drivers.registry import Setting
    from entsurge.drivers.skolengo_screens import Screen, Sending, Step
    from entsurge.visit.response import Response
    from entsurge.visit.visitor import Visitor

API = "/api/v1/bff-sko-app"
REDIRECT = "skoapp-prod://sign-in-callback"
WHO = "school,students"
_SHED_TITLES = (b"ACCESS_RESERVED", b"SERVICE_CLOSED", b"temporarily_unavailable")
_SHED_STATUSES = (429, 509)


class SkolengoMobileDriver:
    """Speaks to a mobile API at `url`; what a visitor knows is in `visitor.memory`."""

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
            )
        )

    # -- sign-on ---------------------------------------------------------------------------------------------------

    def sign_on(self, visitor: Visitor, account: Account) -> PageResult:
        """Authorise, sign on at the CAS, exchange the code; proven by the API, which says who this is."""
        walk = Walk(visitor, self.entrance.signs)
        try:
            arrival = self.entrance.enter(walk, account, self.url)
            if arrival.refusal is not None:
                return turned_away(arrival)
            subject = _subject(arrival.page)
            address = self._address(f"/users-info/{subject}", {"include": WHO})
            page = walk.once("GET", address, "who", headers=tokens.authorization(visitor))
        except ClientError as error:
            return broken(error)
        outcome = self.classify(page)
        if outcome is not Outcome.OK:
            return not_as_it_should_be(page, outcome)
        me = _value(page).get("data")
        if not subject or not isinstance(me, dict) or me.get("id") != subject:
            return turned_away(Arrival(page, Refusal.NOT_SIGNED_ON))
        self._remember(visitor, account, me)
        visitor.memory["landing screen"] = page
        return PageResult(Outcome.OK, size=len(page.body))

    @staticmethod
    def _remember(visitor: Visitor, account: Account, me: dict[str, Any]) -> None:
        related = me.get("relationships", {})
        students = [each["id"] for each in (related.get("students") or {}).get("data") or []]
        school = (related.get("school") or {}).get("data") or {}
        visitor.memory["me"] = me["id"]
        visitor.memory["student"] = visitor.random.choice(students) if students else me["id"]
        visitor.memory["school"] = school.get("id", "")
        visitor.memory["tenant"] = account.tenant

    # -- pages -----------------------------------------------------------------------------------------------------

    def open(self, visitor: Visitor, service: str, action: str) -> PageResult:
        """One screen of the app, or a page of the portal in its web view."""
        screen = SCREENS.get(action)
        try:
            if screen is None:
                return self._web_view(visitor, service, action)
            return self._screen(visitor, screen)
        except ClientError as error:
            return broken(error)

    def _screen(self, visitor: Visitor, screen: Screen) -> PageResult:
        """What the screen must know first, its document or what it writes, then what belongs to it."""
        size, knows = 0, bool(visitor.memory.get(screen.needs))
        for step in screen.steps(visitor.memory):
            answer = self._step(visitor, step.path, step.parameters)
            outcome = self._judged(answer)
            if outcome is not Outcome.OK:
                return self._refused(answer, outcome)
            size += answer.size
            if not _learnt(step, visitor.memory, answer):
                return self._refused(answer, Outcome.FAILED)
        if screen.write is None or not knows:
            return PageResult(Outcome.OK, size=size)
        sending = screen.write(visitor.memory, visitor.sentence())
        if sending is None:
            return self._screen(visitor, SCREENS["read-inbox"])
        return self._write(visitor, sending, size)

    def _step(self, visitor: Visitor, path: str, parameters: Mapping[str, str]) -> Response:
        landing: Response | None = visitor.memory.pop("landing screen", None)
        if landing is not None and path.startswith("/users-info/"):
            return landing
        address = self._address(path.format_map(visitor.memory), _filled(parameters, visitor.memory))
        return self._asked(visitor, "GET", address)

    def _write(self, visitor: Visitor, sending: Sending, size: int) -> PageResult:
        address = self._address(sending.path, _filled(sending.parameters, visitor.memory))
        answer = self._asked(visitor, sending.method, address, sending.document)
        outcome = self._judged(answer)
        if outcome is not Outcome.OK:
            return self._refused(answer, outcome)
        key = _value(answer).get("data", {}).get("id", "")
        where = sending.path if sending.method == "PATCH" else f"{sending.path}/{key}"
        visitor.created(visitor.action, self._address(where, {}), {"student": visitor.memory["student"]})
        return PageResult(Outcome.OK, size=size + answer.size)

    def _web_view(self, visitor: Visitor, service: str, action: str) -> PageResult:
        """Into the portal by the sign-on's cookie, once a visit; then as in a browser."""
        refused = self._into_the_portal(visitor)
        return refused or self.web.open(visitor, service, action)

    def _into_the_portal(self, visitor: Visitor) -> PageResult | None:
        """What stands in the way, if anything does."""
        if "portal" in visitor.memory:
            return None
        portal = self._portal(visitor.memory["tenant"])
        page = visitor.get(f"{portal}/")
        outcome = self.web.classify(page)
        if outcome is Outcome.OK:
            visitor.memory["portal"] = portal
            pages.remember(visitor.memory, "home", page.body)
            return None
        return not_as_it_should_be(page, outcome)

    def _portal(self, tenant: str) -> str:
        """A school's portal: at an address of its own, or under the ENT's."""
        own = self.setting.portals.get(tenant)
        return own.rstrip("/") if own else f"{self.url}/etab/{tenant}"

    def remove(self, visitor: Visitor, action: str, url: str, values: Mapping[str, str]) -> str:
        """Take back what was written: a mark of work done; what the app cannot take back is kept, and why."""
        if action == "mark-done":
            key = url.rpartition("/")[2]
            return self._unmark(visitor, key, values.get("student", ""))
        if action in SCREENS and action != "send-message":
            return "kept: the app cannot take back what others have been told"
        if self._into_the_portal(visitor) is not None:
            return "kept: the portal does not let its author in"
        if action == "send-message":  # the app has no means for it; its web view has
            url = f"{visitor.memory['portal']}/{pages.PATHS['messages']}/{url.rpartition('/')[2]}"
        return self.web.remove(visitor, action, url, values)

    def _unmark(self, visitor: Visitor, key: str, student: str) -> str:
        document = {"data": {"type": "homework", "id": key, "attributes": {"done": False}}}
        address = self._address(f"/homework-assignments/{key}", {"filter[student.id]": student})
        answer = self._asked(visitor, "PATCH", address, document)
        states = {200: "removed", 404: "gone"}
        return states.get(answer.status, f"kept: {answer.status}")

    # -- requests --------------------------------------------------------------------------------------------------

    def _address(self, path: str, parameters: Mapping[str, str]) -> str:
        query = f"?{urlencode(parameters)}" if parameters else ""
        return f"{self.url}{API}{path}{query}"

    @staticmethod
    def _headers(visitor: Visitor) -> dict[str, str]:
        school = visitor.memory["school"]
        named = {"X-Skolengo-School-Id": school} if school else {}
        return {**tokens.authorization(visitor), "X-Skolengo-Date-Format": "utc", **named}

    def _asked(self, visitor: Visitor, method: str, address: str, document: object = None) -> Response:
        """The answer; a token that is no longer good is renewed once, and what refuses that is the answer then."""
        body = None if document is None else json.dumps(document).encode()
        kind = {} if body is None else {"Content-Type": "application/vnd.api+json"}
        answer = visitor.request(method, address, headers={**self._headers(visitor), **kind}, body=body)
        if answer.status != 401:
            return answer
        renewal = self._renewal(visitor)
        if renewal is None or self.classify(renewal) is Outcome.SHED:
            return renewal or answer
        return visitor.request(method, address, headers={**self._headers(visitor), **kind}, body=body)

    def _renewal(self, visitor: Visitor) -> Response | None:
        """The token endpoint's answer to a refresh token, whose tokens are kept; none without one."""
        kept = visitor.memory.get(tokens.MEMORY)
        if not isinstance(kept, tokens.Tokens) or not kept.refresh:
            return None
        fields = {"grant_type": "refresh_token", "refresh_token": kept.refresh, **kept.client}
        walk = Walk(visitor, self.entrance.signs)
        answer = walk.once("POST", kept.endpoint, "refresh", headers=FORM, body=urlencode(fields).encode())
        tokens.keep(visitor.memory, answer, kept.endpoint, kept.client)
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


def _learnt(step: Step, memory: dict[str, Any], answer: Response) -> bool:
    """Whether the answer could be read for what the step looks for in it."""
    if step.learn is None:
        return True
    found = _value(answer)
    try:
        step.learn(memory, found)
    except (AttributeError, KeyError, TypeError):
        return False
    return "data" in found


def _filled(parameters: Mapping[str, str], memory: Mapping[str, Any]) -> dict[str, str]:
    """Parameters as they are sent; `days` names the filter of this week's days."""
    sent = {name: value.format_map(memory) for name, value in parameters.items() if name != "days"}
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
