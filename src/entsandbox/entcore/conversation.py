"""Entcore's messages: folders, one message, a draft, its sending, the bin."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from entsandbox.entcore.endpoint import Endpoint, Refused
from entsandbox.sent_form import key_of
from entsandbox.state.store import messages, moment, notifications
from entsandbox.state.store.messages import Communication

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from entsandbox.entcore.endpoint import Ask
    from entsandbox.state.store.messages import Folder, Letter

_FOLDERS: Mapping[str, Folder] = {"INBOX": "inbox", "OUTBOX": "sent", "DRAFT": "drafts", "TRASH": "trash"}
_PAGE = 25
_TAG = re.compile(r"<[^>]*>")
_SERVICE = "messages"


def endpoints() -> list[Endpoint]:
    """What it answers; one request of each page view has the price."""
    return [
        Endpoint("GET", "/conversation/list/{folder}", _list, service=_SERVICE),
        Endpoint("GET", "/conversation/count/{folder}", _count, belongs_to=_SERVICE),
        Endpoint("GET", "/conversation/message/{key}", _message, service=_SERVICE),
        Endpoint("POST", "/conversation/draft", _draft, belongs_to=_SERVICE, writes=True, status=201),
        Endpoint("POST", "/conversation/send", _send, service=_SERVICE, writes=True),
        Endpoint("PUT", "/conversation/trash", _trash, belongs_to=_SERVICE),
        Endpoint("PUT", "/conversation/delete", _delete, belongs_to=_SERVICE),
    ]


def _list(db: Connection, ask: Ask) -> object:
    page = key_of(ask.query.get("page", "0")) or 0
    found = messages.folder(db, ask.person.login, _folder(ask), most=_PAGE, skip=page * _PAGE)
    unread = ask.query.get("unread") == "true"
    return [_line(ask, each) for each in found if each.unread or not unread]


def _count(db: Connection, ask: Ask) -> object:
    lie, are_unread = messages.counts(db, ask.person.login)[_folder(ask)]
    return {"count": are_unread if ask.query.get("unread") == "true" else lie}


def _message(db: Connection, ask: Ask) -> object:
    letter = _own(db, ask, ask.path["key"])
    key = letter.communication.id
    messages.mark(db, ask.person.login, key, read=True)
    body = "".join(f"<p>{each.content}</p>" for each in messages.participations(db, key, ask.person))
    to = [ask.structures.id_of_login(login) for login in messages.participants(db, key)]
    return {**_line(ask, letter), "body": body, "to": to, "cc": []}


def _draft(db: Connection, ask: Ask) -> object:
    """A message that nobody else has yet."""
    return {"id": str(_kept(db, ask).id)}


def _send(db: Connection, ask: Ask) -> object:
    """Send a draft (`id`), or what comes with the request."""
    to = _texts(ask, "to")
    people = [ask.structures.person(text) for text in to]
    logins = [person.login for person in people if person is not None and person.uai == ask.person.uai]
    if not to or len(logins) < len(to):
        raise Refused("conversation.send.error", 400)
    draft = _own(db, ask, ask.query["id"]).communication if "id" in ask.query else _kept(db, ask)
    if draft.author != ask.person.login:
        raise Refused("unauthorized", 401)
    kept = ask.structures.updates.kept("participation", ask.person)
    messages.deliver(db, draft, logins, moment.now(), later=kept)
    others = [login for login in logins if login != ask.person.login]
    notifications.notify(db, others, _SERVICE, f"Message : {draft.subject}", f"messagerie/{draft.id}", moment.now())
    return {"id": str(draft.id), "subject": draft.subject, "sent": len(logins), "undelivered": [], "inactive": []}


def _trash(db: Connection, ask: Ask) -> object:
    keys = [_own(db, ask, text).communication.id for text in _texts(ask, "id")]
    messages.move(db, ask.person.login, keys, "trash")
    return {}


def _delete(db: Connection, ask: Ask) -> object:
    """Out of one's own mailbox; with the last mailbox the message goes."""
    for text in _texts(ask, "id"):
        letter = _own(db, ask, text)
        messages.forget(db, ask.person.login, letter.communication.id)
    return {}


def _kept(db: Connection, ask: Ask) -> Communication:
    body = ask.body if isinstance(ask.body, dict) else {}
    subject = str(body.get("subject") or "Sans objet")[:200]
    content = _TAG.sub("", str(body.get("body") or ""))[:20_000]
    person = ask.person
    new = Communication(0, person.uai, person.login, subject, person.login, moment.now())
    return messages.send(db, new, content, ())[0]


def _own(db: Connection, ask: Ask, text: str) -> Letter:
    """A message that lies in the asker's mailbox. Raises Refused."""
    letter = messages.one(db, ask.person.login, key_of(text) or 0)
    if letter is None:
        raise Refused("not.found", 404)
    return letter


def _line(ask: Ask, letter: Letter) -> dict[str, Any]:
    sent = letter.communication
    author = ask.structures.id_of_login(sent.author)
    return {
        "id": str(sent.id),
        "subject": sent.subject,
        "from": author,
        "displayNames": [[author, ask.structures.name_of(sent.author)]],
        "state": "DRAFT" if letter.folder == "drafts" else "SENT",
        "unread": letter.unread,
        "date": sent.last_at,
    }


def _texts(ask: Ask, name: str) -> list[str]:
    """A list of the request's JSON. Raises Refused."""
    found = ask.body.get(name) if isinstance(ask.body, dict) else None
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise Refused("invalid body", 400)
    return found


def _folder(ask: Ask) -> Folder:
    folder = _FOLDERS.get(ask.path["folder"])
    if folder is None:
        raise Refused("invalid folder", 400)
    return folder
