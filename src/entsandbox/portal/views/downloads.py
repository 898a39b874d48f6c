"""Which bytes on disk stand for a file or an attachment that one may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsandbox.portal.views import files
from entsandbox.portal.views.homework import may_read, sees_hand_in
from entsandbox.state.store import attachments, homework, lessons, messages
from entsandbox.state.store.attachments import Attachment, Upload

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from entsandbox.portal.views.view import Asked


def of_file(db: Connection, asked: Asked) -> Upload | None:
    """A file of the document space."""
    file = files.readable(db, asked)
    return Upload(file.name, file.type, file.size_bytes, file.digest) if file is not None else None


def of_attachment(db: Connection, asked: Asked) -> Upload | None:
    """An attachment, for those who may read what it hangs on."""
    found = attachments.one(db, asked.person.uai, asked.key or 0)
    if found is None or not _may_read(db, asked, found):
        return None
    return Upload(found.name, found.type, found.size_bytes, found.digest)


def _may_read(db: Connection, asked: Asked, found: Attachment) -> bool:
    uai, login = asked.person.uai, asked.person.login
    match found.kind:
        case "lesson":
            lesson = lessons.one(db, uai, found.parent, asked.person)
            if lesson is None or not lesson.content:
                return False
            return lesson.class_name in asked.reach.classes or lesson.teacher == login
        case "homework":
            work = homework.one(db, uai, found.parent, asked.person)
            return work is not None and may_read(asked, work)
        case "hand-in":
            handed = homework.one_hand_in(db, found.parent)
            work = homework.one(db, uai, handed.homework, asked.person) if handed is not None else None
            return handed is not None and work is not None and sees_hand_in(asked, work, handed.login)
        case _:
            said = messages.one_participation(db, found.parent, asked.person)
            return said is not None and messages.one(db, login, said.communication) is not None
