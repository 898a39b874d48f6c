"""Messages: folders, conversations, answers; reading one marks it as read."""

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
)
from entsandbox.state.store import attachments, messages, moment, notifications
from entsandbox.state.store.messages import FOLDERS, Communication, Letter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from entsandbox.sent_form import Sent
    from entsandbox.state.store.messages import Folder

PATH = "messagerie"
_TITLES = {"inbox": "Réception", "sent": "Envoyés", "drafts": "Brouillons", "trash": "Corbeille"}
_MANY = frozenset({"teacher", "staff"})  # who may write to a whole class
_SHOWN = 12  # participants named on a page; the others are counted


def read(db: Connection, asked: Asked) -> View | None:
    """A folder, or one conversation."""
    if asked.key is None:
        return _folder(db, asked, _box(asked.query.get("dossier", "")))
    letter = messages.one(db, asked.person.login, asked.key)
    return one(db, asked, letter) if letter is not None else None


def one(db: Connection, asked: Asked, letter: Letter) -> View:
    """A conversation, which is read now."""
    key = letter.communication.id
    if letter.unread:
        messages.mark(db, asked.person.login, key, read=True)
    said = messages.participations(db, key, asked.person)
    who = messages.participants(db, key)
    named = ", ".join(asked.name_of(login) for login in who[:_SHOWN])
    more = f" et {len(who) - _SHOWN} autres" if len(who) > _SHOWN else ""
    article = Article(
        key,
        letter.communication.subject,
        tuple(f"{asked.name_of(each.author)}, {day(each.at)} : {each.content}" for each in said),
        f"Entre {named}{more}",
    )
    files = attachments.of(db, "participation", [each.id for each in said])
    return View([asked.attached(files)], article, _forms_of_one(key))


def write(db: Connection, asked: Asked, sent: Sent) -> Written:
    """Send a message to somebody, a class or a class's parents; to nobody it is a draft."""
    person = asked.person
    audience = sent.text("destinataire") or person.login
    recipients = asked.campus.directory.recipients_of(person, audience)
    if recipients is None:
        raise Misaddressed
    if len(recipients) > 1 and person.rights not in _MANY:
        raise Denied
    subject = sent.text("titre") or "Sans titre"
    new = Communication(0, person.uai, person.login, subject, audience, moment.now())
    kept = bool(recipients) and recipients != [person.login] and asked.campus.updates.kept("participation", person)
    communication, said = messages.send(db, new, sent.text("contenu", 20_000), recipients, later=kept)
    attachments.attach(db, person.uai, "participation", said.id, sent.uploads)
    _notify(db, asked, communication.id, subject, recipients)
    letter = messages.one(db, person.login, communication.id)
    if letter is None:
        raise Misaddressed
    return Written(one(db, asked, letter), f"{PATH}/{communication.id}", kept)


def answer(db: Connection, asked: Asked, sent: Sent) -> Written:
    """Answer in a conversation of one's own."""
    letter = _own(db, asked)
    key, person = letter.communication.id, asked.person
    kept = asked.campus.updates.kept("participation", person)
    said = messages.reply(db, key, person.login, sent.text("contenu", 20_000), moment.now(), later=kept)
    attachments.attach(db, person.uai, "participation", said.id, sent.uploads)
    _notify(db, asked, key, letter.communication.subject, messages.participants(db, key))
    return Written(one(db, asked, letter), f"{PATH}/{key}/reponses/{said.id}", kept)


def take_answer_back(db: Connection, asked: Asked) -> bool | None:
    """Delete an answer of one's own; none when there is no such answer."""
    said = messages.one_participation(db, asked.key or 0, asked.person)
    if said is None or messages.one(db, asked.person.login, said.communication) is None:
        return None
    if said.author != asked.person.login:
        return False
    attachments.detach(db, "participation", [said.id])
    messages.unsay(db, said.id)
    return True


def move(db: Connection, asked: Asked, sent: Sent) -> Written:
    """Put a conversation into another folder."""
    letter = _own(db, asked)
    box = _box(sent.text("dossier"))
    messages.move(db, asked.person.login, [letter.communication.id], box)
    return Written(_folder(db, asked, box), f"{PATH}/{letter.communication.id}")


def take_back(db: Connection, asked: Asked) -> bool | None:
    """Delete a conversation that one began; none when there is no such conversation."""
    letter = messages.one(db, asked.person.login, asked.key or 0)
    if letter is None:
        return None
    if letter.communication.author != asked.person.login:
        return False
    key = letter.communication.id
    attachments.detach(db, "participation", [said.id for said in messages.participations(db, key, asked.person)])
    notifications.withdraw(db, f"{PATH}/{key}")
    messages.remove(db, key)
    return True


def _folder(db: Connection, asked: Asked, box: Folder) -> View:
    letters = messages.folder(db, asked.person.login, box)
    counts = messages.counts(db, asked.person.login)
    items = [
        Item(
            each.communication.subject,
            asked.link(f"{PATH}/{each.communication.id}"),
            f"{asked.name_of(each.communication.author)}, {day(each.communication.last_at)}",
            unread=each.unread,
        )
        for each in letters
    ]
    folders = [
        Item(f"{_TITLES[name]} ({counts[name][0]})", asked.link(f"{PATH}?dossier={name}"), unread=counts[name][1] > 0)
        for name in FOLDERS
    ]
    note = f"{counts['inbox'][1]} message(s) non lu(s)"
    return View([Section(items), Section(folders, "Dossiers")], forms=(_new_form(asked),), note=note)


def _new_form(asked: Asked) -> Form:
    options: list[tuple[str, str]] = [("", "Brouillon")]
    if asked.person.rights in _MANY:
        for name in asked.reach.classes:
            options += [(name, f"Élèves de {name}"), (f"parents:{name}", f"Parents de {name}")]
    for teacher in asked.campus.directory.teachers_of(asked.person.school, asked.reach.classes[:1]):
        options.append((teacher.login, f"{teacher.given_name} {teacher.family_name}"))
    fields = (
        Field("destinataire", "select", tuple(options)),
        Field("titre"),
        Field("contenu", "textarea"),
        Field("fichier", "file"),
    )
    return Form(PATH, fields)


def _forms_of_one(key: int) -> tuple[Form, ...]:
    boxes = tuple((name, title) for name, title in _TITLES.items())
    return (
        Form(f"{PATH}/{key}", (Field("contenu", "textarea"), Field("fichier", "file")), "Répondre"),
        Form(f"{PATH}/{key}/dossier", (Field("dossier", "select", boxes),), "Déplacer"),
    )


def _own(db: Connection, asked: Asked) -> Letter:
    letter = messages.one(db, asked.person.login, asked.key or 0)
    if letter is None:
        raise Denied
    return letter


def _notify(db: Connection, asked: Asked, key: int, subject: str, logins: Sequence[str]) -> None:
    others = [login for login in logins if login != asked.person.login]
    notifications.notify(db, others, "messages", f"Message : {subject}", f"{PATH}/{key}", moment.now())


def _box(name: str) -> Folder:
    """The folder of a name, or the inbox."""
    return next((box for box in FOLDERS if box == name), "inbox")
