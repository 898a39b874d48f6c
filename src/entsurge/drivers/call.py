"""One request of a written page, ready to be made: templates taken apart, body and headers filled in per session."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote_plus, urlencode

from entsurge.client.failure import ClientError
from entsurge.client.url import joined
from entsurge.drivers import json_value
from entsurge.drivers.template import Missing, Template
from entsurge.signon import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from entsurge.client.response import Response
    from entsurge.drivers.pages_file import Request
    from entsurge.visit.session import Session

LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class File:
    """What an upload sends: the form's other fields, the file's field, its name, what is in it."""

    fields: list[tuple[str, str]]
    field: str
    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Filled:
    """A request with every place filled in, as things were when it was; it can be made later."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None = None
    file: File | None = None

    def ask(self, session: Session) -> Response:
        """Make the request and follow where it leads. Raises a ClientError."""
        headers = self.with_token(session)
        if self.method == "GET":
            return session.get(self.url, headers)
        if self.file is not None:
            one = self.file
            return session.follow(
                session.post_file(self.url, one.fields, one.name, one.data, field=one.field, headers=headers)
            )
        given = session.page_headers(self.method, self.url, headers)
        return session.follow(session.request(self.method, self.url, headers=given, body=self.body))

    def with_token(self, session: Session) -> dict[str, str]:
        """The headers, with the visitor's bearer token if the sign-on gave one."""
        return {**tokens.authorization(session), **self.headers}


class Call:
    """A request with its places.

    `name` is what reasons call it: no value of a visitor's is in it. `names` are the places that must be known before;
    `unique` says whether there is one that is new for each page view.
    """

    def __init__(self, request: Request, *, first: bool) -> None:
        self.request = request
        self.role = request.role or ("document" if first else "xhr")
        self.names = request.names() - {"unique"}
        self.unique = "unique" in request.names()
        self.name = f"{request.method} {request.url}"[:LONGEST_NAME]
        self.url = Template(request.url)
        self.headers = {name: Template(text) for name, text in request.headers.items()}
        self.form = [(name, Template(text)) for name, text in request.form or ()]
        self.body = Template(request.body) if request.body is not None else None
        self.json = json_value.compiled(request.json_body) if request.json_body is not None else None
        self.upload = Template(request.upload.content) if request.upload else None
        self.kind = next((text for name, text in request.headers.items() if name.lower() == "content-type"), "")

    def ask(self, session: Session, known: dict[str, str]) -> Response:
        """Make the request and follow where it leads. Raises Missing, or a ClientError."""
        return self.filled(known).ask(session)

    def filled(self, known: dict[str, str]) -> Filled:
        """The request as of now. Raises Missing."""
        try:
            return self._filled(known)
        except Missing as missing:
            raise Missing(missing.name, self.name) from None

    def _filled(self, known: dict[str, str]) -> Filled:
        method, url = self.request.method, joined(f"{known['base']}/", self.url.url(known))
        headers = {name: each.fill(known) for name, each in self.headers.items()}
        if method == "GET":
            return Filled(method, url, headers)
        fields = [(name, each.fill(known)) for name, each in self.form]
        upload = self.request.upload
        if upload is not None and self.upload is not None:
            sent = File(fields, upload.field, upload.name, _bytes(self.upload.fill(known)))
            return Filled(method, url, headers, file=sent)
        if self.json is not None:
            body, kind = json.dumps(json_value.filled(self.json, known)).encode(), "application/json"
        elif self.body is not None:
            body, kind = _bytes(self.body.fill(known, _written_in(self.kind))), "text/plain; charset=utf-8"
        else:
            body, kind = urlencode(fields, errors="replace").encode(), "application/x-www-form-urlencoded"
        return Filled(method, url, headers if self.kind else {"Content-Type": kind, **headers}, body)

    @staticmethod
    def ask_many(
        session: Session, calls: list[Call], known: dict[str, str], assets: list[str]
    ) -> Iterator[tuple[Call | None, Response | ClientError]]:
        """Calls and a page's assets in parallel, as a browser asks; what is no GET comes after, one by one."""
        groups: dict[tuple[tuple[str, str], ...], list[tuple[Call | None, str]]] = {}
        if assets:
            groups[()] = [(None, url) for url in assets]
        for call in calls:
            if call.request.method == "GET":
                filled = call.filled(known)
                headers = tuple(filled.with_token(session).items())
                groups.setdefault(headers, []).append((call, filled.url))
        for headers, members in groups.items():
            answers = session.fetch_many([url for _, url in members], dict(headers) or None)
            yield from zip((call for call, _ in members), answers, strict=True)
        for call in calls:
            if call.request.method != "GET":
                try:
                    yield call, call.ask(session, known)
                except ClientError as error:
                    yield call, error


def _written_in(kind: str) -> Callable[[str], str]:
    """How a value stands in a body of this Content-Type: escaped in JSON, percent-encoded in a form, else as it is."""
    essence = kind.partition(";")[0].strip().lower()
    if essence.endswith("json"):
        return _in_json
    return _in_form if essence == "application/x-www-form-urlencoded" else str


def _in_json(value: str) -> str:
    return json.dumps(value)[1:-1]


def _in_form(value: str) -> str:
    return quote_plus(value, errors="replace")


def _bytes(text: str) -> bytes:
    """UTF-8; half a surrogate pair, which JSON may hold, is a question mark."""
    return text.encode("utf-8", "replace")
