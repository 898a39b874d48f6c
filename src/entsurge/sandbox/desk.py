"""The portal's writing desk: lessons, homework, messages, registers, files, and taking them back."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from starlette.datastructures import UploadFile
from starlette.responses import Response
from starlette.routing import Route

from entsurge.sandbox import markup
from entsurge.sandbox.portal import portal_session, turn_away, unknown_page
from entsurge.sandbox.services import BY_NAME, BY_PATH, Service
from entsurge.sandbox.writing import FORMS, HAND_IN, Draft, read_draft

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.requests import Request

    from entsurge.sandbox.ent import Ent
    from entsurge.sandbox.entries import Entry
    from entsurge.sandbox.sessions import PortalSession

_HEADER = "x-csrf-token"


class Desk:
    """What is written under `/etab/{uai}`; each answer is the page of what was written, and names it."""

    def __init__(self, ent: Ent) -> None:
        self._ent = ent

    def routes(self) -> list[Route]:
        """What it answers."""
        return [
            Route("/etab/{uai}/{path}", self.write, methods=["POST"]),
            Route("/etab/{uai}/travail/{answers:int}/rendu", self.hand_in, methods=["POST"]),
            Route("/etab/{uai}/travail/{answers:int}/rendu/{entry:int}", self.take_back, methods=["DELETE"]),
            Route("/etab/{uai}/{path}/{entry:int}", self.take_back, methods=["DELETE"]),
        ]

    async def write(self, request: Request) -> Response:
        """Write a lesson, homework, a message, a register or a file."""
        service = BY_PATH.get(request.path_params["path"])
        if service is None or service.name not in FORMS:
            return unknown_page()
        return await self._accept(request, service, service.name)

    async def hand_in(self, request: Request) -> Response:
        """Hand a file in for a homework that the pupil can read."""
        portal = portal_session(self._ent, request)
        if portal is not None:
            work = self._ent.store.one(portal.person.uai, "homework", request.path_params["answers"])
            if work is None or not portal.may_read(work.audience, work.author):
                return unknown_page()
        return await self._accept(request, BY_NAME["homework"], HAND_IN)

    async def take_back(self, request: Request) -> Response:
        """Delete an entry of one's own: 204, or 403 for another's."""
        service = BY_PATH.get(request.path_params.get("path", "travail"))
        portal = portal_session(self._ent, request)
        if portal is None or not _same(request.headers.get(_HEADER, ""), portal.csrf):
            return self._forbidden(service)
        kind = HAND_IN if "answers" in request.path_params else service.name if service else ""
        entry = self._ent.store.one(portal.person.uai, kind, request.path_params["entry"])
        if entry is None:
            return unknown_page()
        if entry.author != portal.person.login:
            return self._forbidden(service)
        self._ent.store.remove(entry)
        return Response(status_code=204)

    async def _accept(self, request: Request, service: Service, kind: str) -> Response:
        """Check session, token, persona and measures; then store, at the price of a page."""
        portal = portal_session(self._ent, request)
        if portal is None:
            return self._forbidden(service)
        turned_away = turn_away(self._ent, portal, service)
        if turned_away is not None:
            return turned_away
        async with request.form() as form:
            fields, size_bytes = _fields(form)
        token = request.headers.get(_HEADER) or fields.get("csrf", "")
        if not _same(token, portal.csrf) or portal.person.persona not in FORMS[kind].personas:
            return self._forbidden(service)
        draft = read_draft(kind, portal.person, self._ent.population, fields, size_bytes)
        if draft is None:
            return markup.notice("Destinataire inconnu", "Cette classe ou cette personne est inconnue.", 400)
        answers = request.path_params.get("answers")
        return await self._ent.page(service.name, lambda _: self._store(portal, service, kind, draft, answers))

    def _store(self, portal: PortalSession, service: Service, kind: str, draft: Draft, answers: int | None) -> Response:
        person = portal.person
        entry = self._ent.store.write(
            uai=person.uai,
            service=kind,
            audience=draft.audience,
            author=person.login,
            title=draft.title,
            content=draft.content,
            size_bytes=draft.size_bytes,
            answers=answers,
        )
        school = self._ent.schools[person.uai]
        headers = {"content-location": _location(entry, service)}
        return markup.portal_page(portal, school, service, entry=entry, headers=headers)

    def _forbidden(self, service: Service | None) -> Response:
        self._ent.telemetry.count(service.name if service else "unknown", "denied")
        return markup.notice("Accès refusé", "Vous ne pouvez pas faire cela ici.", 403)


def _location(entry: Entry, service: Service) -> str:
    """Where an entry is read or taken back."""
    between = f"{entry.answers}/rendu/" if entry.answers is not None else ""
    return f"/etab/{entry.uai}/{service.path}/{between}{entry.id}"


def _fields(form: FormData) -> tuple[dict[str, str], int]:
    """A form's texts, with a file's name for the file, and the bytes of its files, which are not kept."""
    files = [value for value in form.values() if isinstance(value, UploadFile)]
    texts = {name: (value.filename or "") if isinstance(value, UploadFile) else value for name, value in form.items()}
    return texts, sum(file.size or 0 for file in files)


def _same(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode(), other.encode())
