"""Entcore's documents: the list, one more, one to read, one gone."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import StreamingResponse

from entsandbox.entcore.endpoint import Endpoint, Refused
from entsandbox.sent_form import key_of
from entsandbox.state.store import files, moment
from entsandbox.state.store.files import File

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from starlette.responses import Response

    from entsandbox.entcore.endpoint import Ask
    from entsandbox.state.store.disk import Disk

_SERVICE = "files"


class Workspace:
    """The application `workspace`."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def endpoints(self) -> list[Endpoint]:
        """What it answers."""
        one = "/workspace/document/{key}"
        return [
            Endpoint("GET", "/workspace/documents", _documents, service=_SERVICE),
            Endpoint("GET", "/workspace/quota/user/{user}", _quota, belongs_to=_SERVICE),
            Endpoint("POST", "/workspace/document", _upload, service=_SERVICE, writes=True, status=201),
            Endpoint("GET", one, self._download, service=_SERVICE),
            Endpoint("DELETE", one, _delete, belongs_to=_SERVICE),
            Endpoint("DELETE", "/workspace/documents", _delete_several, belongs_to=_SERVICE),
        ]

    def _download(self, db: Connection, ask: Ask) -> Response:
        file = _one(db, ask, ask.path["key"])
        if file.audience not in ask.reach.audiences and file.owner != ask.person.login:
            raise Refused("unauthorized", 401)
        headers = {
            "content-length": str(file.size_bytes),
            "content-disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
            "x-content-type-options": "nosniff",
        }
        return StreamingResponse(self._disk.read(file.digest), headers=headers, media_type=file.type)


def _documents(db: Connection, ask: Ask) -> object:
    """One's own (`filter=owner`), or what is shared with one."""
    own = ask.query.get("filter", "owner") == "owner"
    audiences = (ask.person.login,) if own else ask.reach.audiences
    return [
        {
            "_id": str(each.id),
            "eType": "file",
            "name": each.name,
            "metadata": {"filename": each.name, "content-type": each.type, "size": each.size_bytes},
            "owner": ask.structures.id_of_login(each.owner),
            "created": each.at,
        }
        for each in files.readable(db, ask.person.uai, audiences)
    ]


def _quota(db: Connection, ask: Ask) -> object:
    if ask.path["user"] != ask.structures.id_of(ask.person):
        raise Refused("unauthorized", 401)
    return {"quota": ask.structures.quota_bytes, "storage": files.used_bytes(db, ask.person.login)}


def _upload(db: Connection, ask: Ask) -> object:
    if not ask.sent.uploads:
        raise Refused("invalid.file", 400)
    upload, person = ask.sent.uploads[0], ask.person
    if files.used_bytes(db, person.login) + upload.size_bytes > ask.structures.quota_bytes:
        raise Refused("files.too.large", 400)
    kept = files.add(db, File(0, person.uai, person.login, person.login, *upload, moment.now()))
    return {"_id": str(kept.id), "name": kept.name}


def _delete(db: Connection, ask: Ask) -> object:
    files.remove(db, _own(ask, _one(db, ask, ask.path["key"])).id)
    return {}


def _delete_several(db: Connection, ask: Ask) -> object:
    """Those of `ids`: all of them, or none."""
    ids = ask.body.get("ids") if isinstance(ask.body, dict) else None
    if not isinstance(ids, list):
        raise Refused("invalid body", 400)
    for file in [_own(ask, _one(db, ask, str(each))) for each in ids]:
        files.remove(db, file.id)
    return {"number": len(ids)}


def _own(ask: Ask, file: File) -> File:
    """A file, if it is the asker's. Raises Refused."""
    if file.owner != ask.person.login:
        raise Refused("unauthorized", 401)
    return file


def _one(db: Connection, ask: Ask, text: str) -> File:
    file = files.one(db, ask.person.uai, key_of(text) or 0)
    if file is None:
        raise Refused("not.found", 404)
    return file
