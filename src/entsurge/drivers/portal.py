"""The driver of the web portal: CAS sign-on, one portal per school, pages with assets and XHR.

What the embedded ENT serves; the shape is that of the French portals (Skolengo's among them).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urljoin

from entsurge.drivers import portal_pages as pages
from entsurge.drivers.driver import Account, ActionSpec
from entsurge.visit.failure import ClientError, OwnLimit
from entsurge.visit.outcome import Outcome, PageResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.visit.response import Response
    from entsurge.visit.visitor import Visitor

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
WRONG_PASSWORD = "incorrects"  # noqa: S105  a sign in the page
_HIDDEN = re.compile(rb"<input\b[^>]*\btype=\"hidden\"[^>]*>")
_NAME, _VALUE = re.compile(rb"\bname=\"([^\"]*)\""), re.compile(rb"\bvalue=\"([^\"]*)\"")
_SERVICE = re.compile(rb"<meta name=\"ent-service\" content=\"([^\"]*)\"")
_XHR = re.compile(rb"\bdata-xhr=\"([^\"]*)\"")
_ASSET = re.compile(rb"<(?:link|script|img)\b[^>]*?\b(?:href|src)=\"(/static/[^\"]+)\"")
_TOO_MANY, _QUOTA, _TOO_LARGE = 429, 509, 413


class PortalDriver:
    """Speaks to a web portal at `url`. Keeps nothing of a visitor: what a visitor knows is in `visitor.memory`."""

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
        "open-chat": ActionSpec("chat"),
        "open-video-class": ActionSpec("video-class"),
    }

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    # -- sign-on ---------------------------------------------------------------------------------------------------

    def sign_on(self, visitor: Visitor, account: Account) -> PageResult:
        """Login form with its hidden fields, ticket, portal; proven by the portal's own sign."""
        service = f"{self.url}/etab/{account.tenant}/"
        try:
            form = visitor.get(f"{self.url}/cas/login?service={quote(service, safe='')}")
            outcome = self.classify(form)
            if outcome is not Outcome.OK:
                return self._result(form, outcome)
            hidden = _hidden_fields(form.body)
            if "execution" not in hidden:
                return self._result(form, Outcome.FAILED, "no login form")
            fields = {"username": account.login, "password": account.password, **hidden}
            answer = visitor.post_form(form.url, fields)
            page = visitor.follow(answer)
        except ClientError as error:
            return _broken(error)
        return self._signed_on(visitor, account, page)

    def _signed_on(self, visitor: Visitor, account: Account, page: Response) -> PageResult:
        outcome = self.classify(page)
        if outcome is not Outcome.OK:
            return self._result(page, outcome)
        if WRONG_PASSWORD in page.text:
            return self._result(page, Outcome.FAILED, "bad credentials")
        if not _SERVICE.search(page.body):
            return self._result(page, Outcome.FAILED, "not signed on")
        visitor.memory["portal"] = f"{self.url}/etab/{account.tenant}"
        visitor.memory["landing"] = page
        return PageResult(Outcome.OK, size=len(page.body))

    # -- pages -----------------------------------------------------------------------------------------------------

    def open(self, visitor: Visitor, service: str, action: str) -> PageResult:
        """The document (read or written), then its assets and XHR in parallel."""
        try:
            document = self._document(visitor, service, action)
        except ClientError as error:
            return _broken(error)
        outcome = self.classify(document)
        if outcome is not Outcome.OK:
            return self._result(document, outcome)
        body = document.body
        if pages.is_download(document):
            return PageResult(Outcome.OK, size=len(body))
        found = _SERVICE.search(body)
        if found is None or found[1].decode() != service:
            return self._result(document, Outcome.FAILED, "another page than asked for")
        pages.remember(visitor.memory, service, body)
        return self._rest(visitor, document, body)

    def _document(self, visitor: Visitor, service: str, action: str) -> Response:
        portal = visitor.memory["portal"]
        landing: Response | None = visitor.memory.pop("landing", None)
        if action == "open-home" and landing is not None:
            return landing
        writing = pages.writing(visitor, service, action) if self.actions[action].writes else None
        if writing is not None:
            return self._write(visitor, portal, action, writing)
        return visitor.get(urljoin(f"{portal}/", pages.reading(visitor, service, action)))

    def _write(self, visitor: Visitor, portal: str, action: str, writing: pages.Writing) -> Response:
        url = urljoin(f"{portal}/", writing.path)
        fields = [("csrf", visitor.memory["csrf"]), *writing.fields]
        if writing.filename:
            answer = visitor.post_file(url, dict(fields), writing.filename, writing.content)
        else:
            answer = visitor.post_form(url, fields)
        if answer.status < 400:
            visitor.created(action, urljoin(url, answer.headers.get("content-location", url)))
        return visitor.follow(answer)

    def _rest(self, visitor: Visitor, document: Response, body: bytes) -> PageResult:
        assets = [found.decode() for found in _ASSET.findall(body)]
        declared = _XHR.search(body)
        calls = declared[1].decode().split() if declared else []
        size, base = len(body), document.url
        for answer in visitor.fetch_many([urljoin(base, path) for path in (*assets, *calls)]):
            if isinstance(answer, ClientError):
                return _broken(answer)
            outcome = self.classify(answer)
            if outcome is not Outcome.OK:
                return self._result(answer, outcome)
            size += answer.size
        return PageResult(Outcome.OK, size=size)

    # -- signs -----------------------------------------------------------------------------------------------------

    def classify(self, response: Response) -> Outcome:
        """A full ENT may answer 200: the page's own words decide, then the status."""
        if response.status in (_TOO_MANY, _QUOTA):
            return Outcome.SHED
        if response.status >= 400 and response.status != _TOO_LARGE:
            return Outcome.FAILED
        is_page = response.headers.get("content-type").startswith("text/html")
        if is_page and b"ent-service" not in response.body and any(sign in response.text for sign in SHED_SIGNS):
            return Outcome.SHED
        return Outcome.FAILED if response.status >= 400 else Outcome.OK

    def _result(self, response: Response, outcome: Outcome, reason: str = "") -> PageResult:
        return PageResult(outcome, reason or str(response.status), len(response.body), example=_example(response))


def _hidden_fields(body: bytes) -> dict[str, str]:
    fields = {}
    for tag in _HIDDEN.findall(body):
        name, value = _NAME.search(tag), _VALUE.search(tag)
        if name:
            fields[name[1].decode()] = value[1].decode() if value else ""
    return fields


def _broken(error: ClientError) -> PageResult:
    return PageResult(
        Outcome.LOST if isinstance(error, OwnLimit) else Outcome.FAILED,
        error.reason,
        example={"request": {"url": getattr(error, "url", "")}, "response": None},
    )


def _example(response: Response) -> dict[str, Any]:
    headers = {name: value for name, value in response.headers.items() if name.lower() != "set-cookie"}
    return {
        "request": {"method": response.method, "url": response.url, "headers": {}},
        "response": {"status": response.status, "headers": headers, "excerpt": response.text[:8000]},
    }


def form(fields: Mapping[str, str] | list[tuple[str, str]]) -> bytes:
    """An HTML form's body, urlencoded; a field may stand in it several times."""
    return urlencode(fields).encode()
