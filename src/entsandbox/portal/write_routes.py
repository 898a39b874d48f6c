"""The portal's writing desk: what is written, marked, handed in, uploaded, and taken back."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from entsandbox.measure_options import text_for
from entsandbox.measures import CAPPED, SUSPENDED, Refusal
from entsandbox.portal import markup
from entsandbox.portal.read_routes import asked_by, portal_session, unknown_page
from entsandbox.portal.views import REMOVERS, WRITERS, Asked, Campus, Sent
from entsandbox.portal.views.files import OverQuota
from entsandbox.portal.views.view import Denied, Misaddressed
from entsandbox.sent_form import MOST_FIELDS, largest_bytes, sent
from entsandbox.services import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy import Connection
    from starlette.datastructures import FormData
    from starlette.requests import Request

    from entsandbox.load.page_service import PageService
    from entsandbox.portal.views import Remover, Writer
    from entsandbox.state import PortalSession, Sessions
    from entsandbox.state.store.disk import Disk

    Handler = Callable[[Request], Awaitable[Response]]

_HEADER = "x-csrf-token"


class WriteRoutes:
    """What is written under `/etab/{uai}`; each answer is the page of what was written, and names it."""

    def __init__(self, campus: Campus, pages: PageService, *, sessions: Sessions, disk: Disk) -> None:
        self._campus, self._pages, self._sessions, self._disk = campus, pages, sessions, disk

    def routes(self) -> list[Route]:
        """What it answers."""
        writing = [
            Route(_route(path), self._writing(name, writer), methods=["POST"])
            for path, (name, writer) in WRITERS.items()
        ]
        removing = [
            Route(_route(path), self._removing(name, remover), methods=["DELETE"])
            for path, (name, remover) in REMOVERS.items()
        ]
        nothing = [Route("/etab/{uai}/{path:path}", self.nothing, methods=["POST", "DELETE"])]
        return [*writing, *removing, *nothing]

    async def nothing(self, request: Request) -> Response:  # noqa: ARG002  Starlette passes it
        """What answers where nothing is written."""
        return unknown_page()

    def _writing(self, name: str, writer: Writer) -> Handler:
        async def write(request: Request) -> Response:
            return await self._write(request, name, writer)

        return write

    def _removing(self, name: str, remover: Remover) -> Handler:
        async def remove(request: Request) -> Response:
            return await self._remove(request, name, remover)

        return remove

    async def _write(self, request: Request, name: str, writer: Writer) -> Response:
        """Check session, measures, allowance, token and size; then write, at the price of a page."""
        portal = await portal_session(self._sessions, request)
        if portal is None:
            return self._forbidden(name)
        turned_away = await self._pages.turn_away(portal.person, name, writing=True)
        if turned_away is not None:
            return turned_away
        async with request.form(max_fields=MOST_FIELDS) as form:
            token = request.headers.get(_HEADER) or str(form.get("csrf", ""))
            if not _same(token, portal.csrf):
                return self._forbidden(name, portal)
            too_large = self._too_large(portal, name, form)
            if too_large is not None:
                return too_large
            came = await sent(form, self._disk)
        try:
            return await self._keep(asked_by(self._campus, portal, request), name, writer, came)
        except Denied:
            return self._forbidden(name, portal)

    async def _keep(self, asked: Asked, name: str, writer: Writer, sent: Sent) -> Response:
        """Write, at the price of a page; the page of what was written, or of what was wrong with it."""

        def make(db: Connection) -> Response:
            written = writer(db, asked, sent)
            headers = {"content-location": asked.link(written.path)}
            view = replace(written.view, note=text_for(SUSPENDED)) if written.kept else written.view
            return markup.portal_page(asked.portal, asked.school, BY_NAME[name], view, headers=headers)

        try:
            return await self._pages.page(name, make, persona=asked.person.persona)
        except Misaddressed:
            return markup.notice("Demande incomplète", "Ce destinataire, cette classe ou ce fichier manque.", 400)
        except OverQuota:
            return markup.notice("Quota atteint", "Votre espace de documents est plein.", 413)

    async def _remove(self, request: Request, name: str, remover: Remover) -> Response:
        """Delete something of one's own: 204, or 403 for another's."""
        portal = await portal_session(self._sessions, request)
        if portal is None or not _same(request.headers.get(_HEADER, ""), portal.csrf):
            return self._forbidden(name, portal)
        asked = asked_by(self._campus, portal, request)
        removed = await self._pages.database.run(lambda db: remover(db, asked))
        if removed is None:
            return unknown_page()
        return Response(status_code=204) if removed else self._forbidden(name, portal)

    def _too_large(self, portal: PortalSession, name: str, form: FormData) -> Response | None:
        limit = self._pages.measures.attachment_bytes()
        if largest_bytes(form) <= limit:
            return None
        persona = portal.person.persona
        if self._pages.measures.on(CAPPED):
            page = self._pages.refuse(name, persona, Refusal(CAPPED, text_for(CAPPED)))
            page.status_code = 413
            return page
        self._pages.telemetry.count(name, "denied", persona)
        return markup.notice("Fichier trop volumineux", "Ce fichier dépasse la taille permise.", 413)

    def _forbidden(self, name: str, portal: PortalSession | None = None) -> Response:
        self._pages.telemetry.count(name, "denied", portal.person.persona if portal else "none")
        return markup.notice("Accès refusé", "Vous ne pouvez pas faire cela ici.", 403)


def _route(path: str) -> str:
    return "/etab/{uai}/" + path.replace("}", ":int}")


def _same(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode(), other.encode())
