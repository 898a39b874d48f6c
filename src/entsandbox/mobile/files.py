"""Attachments and reports, as resources and as the bytes behind their addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import StreamingResponse

from entsandbox.mobile.jsonapi import Refused, Resource
from entsandbox.mobile.request_context import Ask, Endpoint
from entsandbox.state.store import attachments, homework, lessons, messages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection
    from starlette.responses import Response

    from entsandbox.mobile.request_context import Lookup
    from entsandbox.state.store.attachments import Attachment
    from entsandbox.state.store.disk import Disk

API = "/api/v1/bff-sko-app"
_LABELS = {"application/pdf": "Document PDF", "text/plain": "Document texte", "image/png": "Image"}


class Files:
    """What hangs on lessons, homework and messages."""

    def __init__(self, lookup: Lookup, disk: Disk) -> None:
        self._lookup = lookup
        self._disk = disk

    def endpoints(self) -> list[Endpoint]:
        """What it answers."""
        return [Endpoint("/attachments/{id}", "files", self.download)]

    def attached(self, ask: Ask, found: Iterable[Attachment]) -> list[Resource]:
        """Attachments as resources, each with its address."""
        return [attachment_resource(ask, str(each.id), each.name, each.type, each.size_bytes) for each in found]

    def download(self, db: Connection, ask: Ask) -> Response:
        """The bytes of an attachment of something that the caller may read."""
        found = attachments.one(db, ask.person.uai, ask.number("id"))
        if found is None or not self._readable(db, ask, found):
            raise Refused(404, "there is no such attachment")
        headers = {
            "content-length": str(found.size_bytes),
            "content-disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
            "cache-control": "private, no-store",
            "x-content-type-options": "nosniff",
        }
        return StreamingResponse(self._disk.read(found.digest), headers=headers, media_type=found.type)

    def _readable(self, db: Connection, ask: Ask, found: Attachment) -> bool:
        person = ask.person
        match found.kind:
            case "lesson":
                lesson = lessons.one(db, found.uai, found.parent, person)
                if lesson is None or not lesson.content:
                    return False
                return self._lookup.follows(person, lesson.class_name, lesson.teacher)
            case "homework":
                work = homework.one(db, found.uai, found.parent, person)
                return work is not None and self._lookup.follows(person, work.class_name, work.teacher)
            case "participation":
                said = messages.one_participation(db, found.parent, person)
                return said is not None and messages.one(db, person.login, said.communication) is not None
            case _:
                return False


def attachment_resource(
    ask: Ask, key: str, name: str, mime: str, size_bytes: int, path: str = "attachments"
) -> Resource:
    """A file as a resource."""
    return Resource(
        "attachment",
        key,
        {
            "name": name,
            "mimeType": mime,
            "mimeTypeLabel": _LABELS.get(mime, "Document"),
            "size": size_bytes,
            "url": f"{ask.base.rstrip('/')}{API}/{path}/{key}",
            "alternativeText": None,
        },
    )
