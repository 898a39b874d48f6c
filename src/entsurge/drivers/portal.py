"""The driver of the web portal: CAS sign-on, one portal per school, pages with assets and XHR.

What the embedded ENT serves; the shape is that of the French portals (Skolengo's among them).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from entsurge.client.failure import ClientError, UpgradeRefused
from entsurge.client.url import joined
from entsurge.drivers import live
from entsurge.drivers import portal_pages as pages
from entsurge.drivers.results import broken, not_as_it_should_be, turned_away
from entsurge.phrases import phrase
from entsurge.selectors import assets
from entsurge.signon import cas
from entsurge.signon.flow import Flow
from entsurge.signon.interstitial import Interstitial
from entsurge.signs import Sign
from entsurge.visit.driver import ActionSpec, Created
from entsurge.visit.outcome import Outcome, PageResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.client.response import Response
    from entsurge.drivers.registry import Setting
    from entsurge.visit.driver import Account
    from entsurge.visit.session import Session

SHED_SIGNS = (
    "très nombreux",
    "réservé aux élèves et aux enseignants",
    "réservé aux parents",
    "est suspendue",
    "est fermé",
    "sont réservées à d'autres",
    "réservé à d'autres",
    "sont limitées pendant l'affluence",
)
PASSWORD_CHANGE = Interstitial(
    sign=(Sign(css="form#nouveau-mot-de-passe"),), password_fields=("nouveau", "confirmation")
)
"""The embedded ENT's own page, whose accounts are synthetic."""
_SERVICE = re.compile(rb"<meta name=\"ent-service\" content=\"([^\"]*)\"")
_XHR = re.compile(rb"\bdata-xhr=\"([^\"]*)\"")
_TOO_MANY, _QUOTA, _TOO_LARGE = 429, 509, 413


class PortalDriver:
    """Speaks to a web portal at `url`. Keeps nothing of a visitor: what a visitor knows is in `session.memory`."""

    actions: Mapping[str, ActionSpec] = {
        "open-home": ActionSpec("home"),
        "read-notifications": ActionSpec("home"),
        "read-lessons": ActionSpec("lesson-book"),
        "read-lesson": ActionSpec("lesson-book"),
        "write-lesson": ActionSpec("lesson-book", writes=True, publishes=True),
        "read-homework-list": ActionSpec("homework"),
        "read-homework": ActionSpec("homework"),
        "set-homework": ActionSpec("homework", writes=True, publishes=True),
        "mark-done": ActionSpec("homework", writes=True),
        "hand-in": ActionSpec("homework", writes=True),
        "read-inbox": ActionSpec("messages"),
        "read-sent": ActionSpec("messages"),
        "read-message": ActionSpec("messages"),
        "send-message": ActionSpec("messages", writes=True),
        "answer-message": ActionSpec("messages", writes=True),
        "read-marks": ActionSpec("marks"),
        "read-evaluation": ActionSpec("marks"),
        "enter-marks": ActionSpec("marks", writes=True),
        "read-absences": ActionSpec("absences"),
        "read-absence": ActionSpec("absences"),
        "take-register": ActionSpec("absences", writes=True),
        "justify-absence": ActionSpec("absences", writes=True),
        "list-files": ActionSpec("files"),
        "download-file": ActionSpec("files"),
        "upload-file": ActionSpec("files", writes=True),
        "read-news": ActionSpec("news"),
        "read-news-item": ActionSpec("news"),
        "read-academy-news": ActionSpec("news"),
        **live.ACTIONS,
    }

    def __init__(self, setting: Setting) -> None:
        self.url, self.portals = setting.url.rstrip("/"), setting.portals
        own = cas.Options(login_url=f"{self.url}/cas/login", interstitial=PASSWORD_CHANGE)
        self.entrance = setting.sign_on or cas.method(own)
        self.patterns = replace(self.entrance.patterns, proof=_proves)

    # -- sign-on ---------------------------------------------------------------------------------------------------

    def sign_on(self, session: Session, account: Account) -> PageResult:
        """Login form, ticket, portal; proven by the portal's own sign."""
        flow = Flow(session, self.patterns)
        portal = self.portals.get(account.tenant, f"{self.url}/etab/{account.tenant}").rstrip("/")
        try:
            arrival = self.entrance.enter(flow, account, f"{portal}/")
        except ClientError as error:
            return broken(error)
        if arrival.refusal is not None or not _proves(arrival.page):
            return turned_away(arrival)
        session.memory.keep(pages.PortalState(portal, arrival.page))
        return PageResult(Outcome.OK, size=len(arrival.page.body))

    # -- pages -----------------------------------------------------------------------------------------------------

    def open(self, session: Session, service: str, action: str) -> PageResult:
        """The document (read or written), then its assets and XHR in parallel."""
        try:
            document = self._document(session, service, action)
        except ClientError as error:
            return broken(error)
        outcome = self.classify(document)
        if outcome is not Outcome.OK:
            return not_as_it_should_be(document, outcome)
        body = document.body
        if pages.is_download(document):
            return PageResult(Outcome.OK, size=len(body))
        found = _SERVICE.search(body)
        if found is None or found[1].decode() != service:
            return not_as_it_should_be(document, Outcome.FAILED, "another page than asked for")
        pages.remember(session.memory.of(pages.PortalState), service, body)
        page = self._rest(session, document, body)
        return self._with_room(session, service, action, document, page) if page.ok else page

    def _with_room(
        self, session: Session, service: str, action: str, document: Response, page: PageResult
    ) -> PageResult:
        """The page once its room, if it has one, is joined too."""
        try:
            page.live = live.enter(session, service, action, document)
        except UpgradeRefused as refused:
            outcome = self.classify(refused.response)
            return not_as_it_should_be(refused.response, Outcome.FAILED if outcome is Outcome.OK else outcome)
        except live.KeptOut as kept_out:
            return PageResult(Outcome.SHED, kept_out.reason, page.size)
        except ClientError as error:
            return broken(error)
        return page

    def _document(self, session: Session, service: str, action: str) -> Response:
        state = session.memory.of(pages.PortalState)
        portal, landing = state.portal, state.landed()
        if action == "open-home" and landing is not None:
            return landing
        writing = pages.writing(session, service, action) if self._posts(action) else None
        if writing is not None:
            return self._write(session, portal, action, writing)
        return session.get(joined(f"{portal}/", pages.reading(session, service, action)))

    def _posts(self, action: str) -> bool:
        """Whether an action writes by a form; what is written in a live room is said there."""
        return self.actions[action].writes and action not in live.ACTIONS

    def _write(self, session: Session, portal: str, action: str, writing: pages.Writing) -> Response:
        url = joined(f"{portal}/", writing.path)
        fields = [("csrf", session.memory.of(pages.PortalState).csrf), *writing.fields]
        if writing.filename:
            answer = session.post_file(url, dict(fields), writing.filename, writing.content)
        else:
            answer = session.post_form(url, fields)
        if answer.status < 400:
            session.created(action, joined(url, answer.headers.get("content-location", url)))
        return session.follow(answer)

    def _rest(self, session: Session, document: Response, body: bytes) -> PageResult:
        declared = _XHR.search(body)
        calls = declared[1].decode().split() if declared else []
        size, wanted = len(body), assets(document, session.allow, session.screen)
        for answer in session.fetch_many([*wanted, *(joined(document.url, path) for path in calls)]):
            if isinstance(answer, ClientError):
                return broken(answer)
            outcome = self.classify(answer)
            if outcome is not Outcome.OK:
                return not_as_it_should_be(answer, outcome)
            size += answer.size
        return PageResult(Outcome.OK, size=size)

    def remove(self, session: Session, created: Created) -> str:
        """Take back what was written at its address: removed, gone already, or kept and why."""
        state = session.memory.of(pages.PortalState)
        landing = state.landed()
        if landing is not None:
            pages.remember(state, "home", landing.body)
        answer = session.request("DELETE", created.url, headers={"X-CSRF-Token": state.csrf})
        states = {204: "removed", 404: "gone"}
        return states.get(answer.status, f"kept: {answer.status}")

    # -- signs -----------------------------------------------------------------------------------------------------

    def classify(self, response: Response) -> Outcome:
        """A full ENT may answer 200: the page's own words decide, then the status."""
        if response.status in (_TOO_MANY, _QUOTA):
            return Outcome.SHED
        if response.status >= 400 and response.status != _TOO_LARGE:
            return Outcome.FAILED
        is_page = response.headers.get("content-type").startswith("text/html")
        if is_page and b"ent-service" not in response.body and _says_full(response.body):
            return Outcome.SHED
        return Outcome.FAILED if response.status >= 400 else Outcome.OK


def _says_full(body: bytes) -> bool:
    """Whether a page that is none of the portal's own says that there are too many."""
    return any(phrase(sign).within(body) for sign in SHED_SIGNS)


def _proves(page: Response) -> bool:
    """A page of the portal, which is not the sign-on's own."""
    found = _SERVICE.search(page.body)
    return found is not None and found[1] != b"sign-on"


def driver(setting: Setting) -> PortalDriver:
    """The driver of a portal at this address."""
    return PortalDriver(setting)
