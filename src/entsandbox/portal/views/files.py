"""The document space: files of one's own and shared ones, within a quota."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsandbox.portal.views.view import (
    Article,
    Asked,
    Denied,
    Field,
    Form,
    Item,
    Misaddressed,
    Section,
    View,
    Written,
    day,
    size,
)
from entsandbox.state.store import files, moment
from entsandbox.state.store.files import File

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from entsandbox.sent_form import Sent

PATH = "fichiers"
_SHARERS = frozenset({"teacher", "staff"})


class OverQuota(Exception):  # what the file is, not what went wrong
    """The file does not fit into its owner's quota."""


def read(db: Connection, asked: Asked) -> View | None:
    """The files that one may read, or one of them."""
    if asked.key is not None:
        file = readable(db, asked)
        return _one(asked, file) if file is not None else None
    found = files.readable(db, asked.person.uai, asked.reach.audiences)
    used, quota = files.used_bytes(db, asked.person.login), asked.campus.quota_bytes
    items = [
        Item(each.name, asked.link(f"{PATH}/{each.id}"), f"{each.audience}, {size(each.size_bytes)}") for each in found
    ]
    return View([Section(items)], forms=(_form(asked),), note=f"{size(used)} utilisés sur {size(quota)}")


def readable(db: Connection, asked: Asked) -> File | None:
    """The file asked for; none when it is not theirs to read."""
    file = files.one(db, asked.person.uai, asked.key or 0)
    if file is None or not (file.audience in asked.reach.audiences or file.owner == asked.person.login):
        return None
    return file


def write(db: Connection, asked: Asked, sent: Sent) -> Written:
    """Keep a file, for oneself or shared with a class. Raises OverQuota."""
    person = asked.person
    audience = sent.text("partage") or person.login
    if audience != person.login and person.rights not in _SHARERS:
        raise Denied
    if not sent.uploads or (audience != person.login and audience not in asked.reach.classes):
        raise Misaddressed
    upload = sent.uploads[0]
    if files.used_bytes(db, person.login) + upload.size_bytes > asked.campus.quota_bytes:
        raise OverQuota
    named = upload._replace(name=sent.text("titre") or upload.name)
    file = files.add(db, File(0, person.uai, person.login, audience, *named, moment.now()))
    return Written(_one(asked, file), f"{PATH}/{file.id}")


def take_back(db: Connection, asked: Asked) -> bool | None:
    """Delete a file of one's own; none when there is no such file."""
    file = files.one(db, asked.person.uai, asked.key or 0)
    if file is None:
        return None
    if file.owner != asked.person.login:
        return False
    files.remove(db, file.id)
    return True


def _one(asked: Asked, file: File) -> View:
    byline = f"{asked.name_of(file.owner)}, {day(file.at)}"
    article = Article(file.id, file.name, (f"{file.type}, {size(file.size_bytes)}",), byline)
    download = Item("Télécharger", asked.link(f"{PATH}/{file.id}/contenu"), size(file.size_bytes))
    return View([Section([download])], article)


def _form(asked: Asked) -> Form:
    fields = [Field("titre"), Field("fichier", "file")]
    if asked.person.rights in _SHARERS:
        options = (("", "Moi seul"), *((name, name) for name in asked.reach.classes))
        fields.append(Field("partage", "select", options))
    return Form(PATH, tuple(fields))
