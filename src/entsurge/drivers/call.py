"""One request of a written page, ready to be made: templates taken apart, body and headers filled in per session."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin

from entsurge.drivers.template import Template
from entsurge.signon import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from entsurge.client.failure import ClientError
    from entsurge.client.response import Response
    from entsurge.drivers.pages_file import Request
    from entsurge.visit.session import Session


class Call:
    """A request with its places."""

    def __init__(self, request: Request, *, first: bool) -> None:
        self.request = request
        self.role = request.role or ("document" if first else "xhr")
        self.names = request.names()
        self.url = Template(request.url)
        self.headers = {name: Template(text) for name, text in request.headers.items()}
        self.form = {name: Template(text) for name, text in (request.form or {}).items()}
        self.body = Template(request.body) if request.body is not None else None
        self.json = _compiled(request.json_body) if request.json_body is not None else None
        self.upload = Template(request.upload.content) if request.upload else None

    def ask(self, session: Session, known: dict[str, str]) -> Response:
        """Make the request and follow where it leads. Raises Missing, or a ClientError."""
        url, headers = self._address(known), self._headers(session, known)
        if self.request.method == "GET":
            return session.get(url, headers)
        return session.follow(self._send(session, known, url, headers))

    def _send(self, session: Session, known: dict[str, str], url: str, headers: dict[str, str]) -> Response:
        fields = {name: each.fill(known) for name, each in self.form.items()}
        upload = self.request.upload
        if upload is not None and self.upload is not None:
            data = self.upload.fill(known).encode()
            return session.post_file(url, fields, upload.name, data, field=upload.field, headers=headers)
        if self.json is not None:
            body, kind = json.dumps(_filled(self.json, known)).encode(), "application/json"
        elif self.body is not None:
            body, kind = self.body.fill(known).encode(), "text/plain; charset=utf-8"
        else:
            body, kind = urlencode(fields).encode(), "application/x-www-form-urlencoded"
        return session.request(self.request.method, url, headers={"Content-Type": kind, **headers}, body=body)

    def _address(self, known: dict[str, str]) -> str:
        return urljoin(f"{known['base']}/", self.url.url(known))

    def _headers(self, session: Session, known: dict[str, str]) -> dict[str, str]:
        return {**self.tokens(session), **{name: each.fill(known) for name, each in self.headers.items()}}

    @staticmethod
    def tokens(session: Session) -> dict[str, str]:
        """The visitor's bearer token, if the sign-on gave one."""
        return tokens.authorization(session)

    @staticmethod
    def ask_many(
        session: Session, calls: list[Call], known: dict[str, str], assets: list[str]
    ) -> Iterator[tuple[Call | None, Response | ClientError]]:
        """Calls and a page's assets in parallel, as a browser asks; what is no GET comes after, one by one."""
        gets = [call for call in calls if call.request.method == "GET"]
        groups: dict[tuple[tuple[str, str], ...], list[tuple[Call | None, str]]] = {}
        if assets:
            groups[()] = [(None, url) for url in assets]
        for call in gets:
            headers = tuple(call._headers(session, known).items())  # noqa: SLF001  its own class
            groups.setdefault(headers, []).append((call, call._address(known)))  # noqa: SLF001  its own class
        for headers, members in groups.items():
            answers = session.fetch_many([url for _, url in members], dict(headers) or None)
            yield from zip((call for call, _ in members), answers, strict=True)
        for call in calls:
            if call.request.method != "GET":
                yield call, call.ask(session, known)


def _compiled(value: Any) -> Any:
    """The same JSON value with a template for every text."""
    if isinstance(value, str):
        return Template(value)
    if isinstance(value, dict):
        return {name: _compiled(each) for name, each in value.items()}
    return [_compiled(each) for each in value] if isinstance(value, list) else value


def _filled(value: Any, known: Mapping[str, str]) -> Any:
    if isinstance(value, Template):
        return value.fill(dict(known))
    if isinstance(value, dict):
        return {name: _filled(each, known) for name, each in value.items()}
    return [_filled(each, known) for each in value] if isinstance(value, list) else value
