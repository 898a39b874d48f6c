"""Messages: folders and address book, communications, what was said in them, sending, answering, filing away."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

from entsandbox.mobile.authorization import WRITE
from entsandbox.mobile.calendar import paragraph
from entsandbox.mobile.contacts import Contacts
from entsandbox.mobile.identifiers import find_person
from entsandbox.mobile.jsonapi import Refused, Resource
from entsandbox.mobile.request_context import Ask, Endpoint, Lookup, paths
from entsandbox.state.store import attachments, messages, moment, notifications, threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Connection

    from entsandbox.mobile.files import Files
    from entsurge.population import Person

_SENDER = ("sender.person", "sender.technicalUser")
SETTINGS_INCLUDES = paths("signature", "folders.parent", "contacts.person", "contacts.personContacts.person")
FOLDER_INCLUDES = paths(*(f"lastParticipation.{name}" for name in (*_SENDER, "attachments")))
_FOLDERS = {"inbox": ("INBOX", "Boîte de réception"), "sent": ("SENT", "Messages envoyés"),
            "drafts": ("DRAFTS", "Brouillons"), "trash": ("TRASH", "Corbeille")}  # fmt: skip
MOST_CONTENT, MOST_SUBJECT = 8_000, 500
_SUMMARY = 200
_TAG = re.compile(r"<[^>]*>")


class Messaging:
    """One's own mailbox."""

    def __init__(self, lookup: Lookup, files: Files) -> None:
        self._lookup = lookup
        self._files = files
        self._contacts = Contacts(lookup)

    def endpoints(self) -> list[Endpoint]:
        """What it answers."""
        one, said = "/communications/{id}", paths(*_SENDER, "attachments")
        who = paths("person", "technicalUser")
        return [
            Endpoint("/users-mail-settings/{id}", "messages", self.settings, light=True, includes=SETTINGS_INCLUDES),
            Endpoint("/communications", "messages", self.folder, includes=FOLDER_INCLUDES),
            Endpoint(one, "messages", self.communication, includes=FOLDER_INCLUDES),
            Endpoint(one + "/participations", "messages", self.participations, includes=said),
            Endpoint(one + "/participants", "messages", self.participants, light=True, includes=who),
            Endpoint(one + "/relationships/folders", "messages", self.file, "PATCH", WRITE, light=True, status=204),
            Endpoint("/communications", "messages", self.send, "POST", WRITE, status=201, includes=FOLDER_INCLUDES),
            Endpoint("/participations", "messages", self.reply, "POST", WRITE, status=201, includes=said),
        ]

    def settings(self, db: Connection, ask: Ask) -> Resource:
        """One's folders, signature and address book."""
        person = find_person(self._lookup.population, ask.path["id"])
        if person is None or person.login != ask.person.login:
            raise Refused(404 if person is None else 403, "these are not your settings")
        counts = messages.counts(db, person.login)
        folders = [_folder(box, position, counts[box]) for position, box in enumerate(messages.FOLDERS)]
        signature = Resource("signature", ask.path["id"], {"content": f"{person.given_name} {person.family_name}"})
        limits = {"maxCharsInParticipationContent": MOST_CONTENT, "maxCharsInCommunicationSubject": MOST_SUBJECT}
        return Resource(
            "userMailSetting",
            ask.path["id"],
            limits,
            {"signature": signature, "folders": folders, "contacts": lambda: self._contacts.of(person)},
        )

    def folder(self, db: Connection, ask: Ask) -> list[Resource]:
        """What lies in a folder, the last that moved first."""
        box, page = _box(ask.query.filter("folders.id") or "inbox"), ask.query.page
        letters = messages.folder(db, ask.person.login, box, page.limit, page.offset)
        ends = threads.ends(db, [letter.communication.id for letter in letters], ask.person)
        return [self._communication(db, ask, letter, ends[letter.communication.id]) for letter in letters]

    def communication(self, db: Connection, ask: Ask) -> Resource:
        """One communication of one's mailbox."""
        return self._whole(db, ask, self._letter(db, ask, ask.number("id")))

    def participations(self, db: Connection, ask: Ask) -> list[Resource]:
        """What was said in a communication, which counts as read from now on."""
        letter = self._letter(db, ask, ask.number("id"))
        said = messages.participations(db, letter.communication.id, ask.person)
        messages.mark(db, ask.person.login, letter.communication.id, read=True)
        return [self._participation(db, ask, each, read=not letter.unread) for each in said]

    def participants(self, db: Connection, ask: Ask) -> list[Resource]:
        """Who takes part in a communication: its author first."""
        letter = self._letter(db, ask, ask.number("id"))
        logins = messages.participants(db, letter.communication.id)
        author = letter.communication.author
        others = [self._participant(letter, login) for login in logins if login != author]
        return ask.query.page.of([self._participant(letter, author), *others])

    def file(self, db: Connection, ask: Ask) -> None:
        """Put a communication into another folder of one's own."""
        letter = self._letter(db, ask, ask.number("id"))
        references = ask.body.get("data") if isinstance(ask.body, dict) else None
        if not isinstance(references, list) or len(references) != 1 or not isinstance(references[0], dict):
            raise Refused(400, "a communication lies in one folder", source={"pointer": "/data"})
        messages.move(db, ask.person.login, [letter.communication.id], _box(str(references[0].get("id", ""))))

    def send(self, db: Connection, ask: Ask) -> Resource:
        """Begin a communication."""
        attributes, relations = _document(ask.body, "communication")
        subject = _text(attributes, "subject", MOST_SUBJECT)
        content = _plain(_text(attributes, "firstParticipationContent", MOST_CONTENT))
        references = [
            each for name in ("toRecipients", "ccRecipients", "bccRecipients") for each in _references(relations, name)
        ]
        to = self._contacts.read(ask.person, references)
        if not to.logins:
            raise Refused(422, "to whom?", source={"pointer": "/data/relationships/toRecipients"})
        new = messages.Communication(0, ask.person.uai, ask.person.login, subject, to.address, moment.now())
        kept = self._lookup.updates.kept("participation", ask.person)
        sent, _ = messages.send(db, new, content, to.logins, later=kept)
        self._notify(db, ask, sent.id, subject, to.logins)
        return self._whole(db, ask, self._letter(db, ask, sent.id))

    def reply(self, db: Connection, ask: Ask) -> Resource:
        """Answer in a communication of one's mailbox."""
        attributes, relations = _document(ask.body, "participation")
        content = _plain(_text(attributes, "content", MOST_CONTENT))
        reference = relations.get("communication", {})
        data = reference.get("data") if isinstance(reference, dict) else None
        key = str(data.get("id", "")) if isinstance(data, dict) else ""
        if not (key.isascii() and key.isdigit() and len(key) < 10):
            raise Refused(422, "in which communication?", source={"pointer": "/data/relationships/communication"})
        letter = self._letter(db, ask, int(key))
        kept = self._lookup.updates.kept("participation", ask.person)
        said = messages.reply(db, letter.communication.id, ask.person.login, content, moment.now(), later=kept)
        others = messages.participants(db, letter.communication.id)
        self._notify(db, ask, letter.communication.id, letter.communication.subject, others)
        return self._participation(db, ask, said, read=True)

    @staticmethod
    def _notify(db: Connection, ask: Ask, key: int, subject: str, logins: Iterable[str]) -> None:
        """Tell the others, as the portal does."""
        others = [login for login in logins if login != ask.person.login]
        notifications.notify(db, others, "messages", f"Message : {subject}", f"messagerie/{key}", moment.now())

    # -- as resources ----------------------------------------------------------------------------------------------

    @staticmethod
    def _letter(db: Connection, ask: Ask, key: int) -> messages.Letter:
        found = messages.one(db, ask.person.login, key)
        if found is None:
            raise Refused(404, "there is no such communication in your mailbox")
        return found

    def _whole(self, db: Connection, ask: Ask, letter: messages.Letter) -> Resource:
        ends = threads.ends(db, [letter.communication.id], ask.person)
        return self._communication(db, ask, letter, ends[letter.communication.id])

    def _communication(self, db: Connection, ask: Ask, letter: messages.Letter, ends: threads.Ends) -> Resource:
        found = letter.communication
        return Resource(
            "communication",
            str(found.id),
            {
                "subject": found.subject,
                "participationsNumber": ends.number,
                "recipientsSummary": found.audience,
                "read": not letter.unread,
                "replyToAllAllowed": True,
                "replyToSenderAllowed": True,
                "readTrackingEnabled": False,
                "firstParticipationContent": ends.first.content[:_SUMMARY],
            },
            {"lastParticipation": lambda: self._participation(db, ask, ends.last, read=not letter.unread)},
        )

    def _participation(self, db: Connection, ask: Ask, said: messages.Participation, *, read: bool) -> Resource:
        sender = Resource(
            "participant",
            f"{said.communication}-{said.author}",
            {"category": "INITIATOR", "additionalInfo": None, "label": None, "fromGroup": False},
            {"person": self._person(said.author), "technicalUser": None},
        )
        own = read or said.author == ask.person.login
        return Resource(
            "participation",
            str(said.id),
            {"dateTime": ask.instant(said.at), "content": paragraph(said.content), "read": own},
            {
                "sender": sender,
                "attachments": lambda: self._files.attached(ask, attachments.of(db, "participation", [said.id])),
            },
        )

    def _participant(self, letter: messages.Letter, login: str) -> Resource:
        author, audience = letter.communication.author, letter.communication.audience
        attributes = {
            "category": "INITIATOR" if login == author else "TO",
            "additionalInfo": None,
            "label": None,
            "fromGroup": login not in (author, audience),
        }
        relations = {"person": self._person(login), "technicalUser": None}
        return Resource("participant", f"{letter.communication.id}-{login}", attributes, relations)

    def _person(self, login: str) -> Callable[[], Resource | None]:
        def find() -> Resource | None:
            found: Person | None = self._lookup.directory.person(login)
            return self._lookup.people.person(found) if found is not None else None

        return find


def _folder(box: messages.Folder, position: int, counts: tuple[int, int]) -> Resource:
    kind, name = _FOLDERS[box]
    attributes = {"name": name, "position": position, "type": kind, "total": counts[0], "unread": counts[1]}
    return Resource("folder", box, attributes, {"parent": None})


def _box(text: str) -> messages.Folder:
    for box in messages.FOLDERS:
        if box == text:
            return box
    raise Refused(404, f"there is no folder {text[:40]!r}", source={"parameter": "filter[folders.id]"})


def _document(body: Any, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Attributes and relationships of a new resource. Raises Refused."""
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict) or data.get("type") != kind:
        raise Refused(409, f"a resource of the type {kind} is expected", source={"pointer": "/data/type"})
    attributes, relations = data.get("attributes", {}), data.get("relationships", {})
    if not isinstance(attributes, dict) or not isinstance(relations, dict):
        raise Refused(400, "attributes and relationships are objects", source={"pointer": "/data"})
    return attributes, relations


def _references(relations: dict[str, Any], name: str) -> list[Any]:
    relation = relations.get(name, {})
    data = relation.get("data", []) if isinstance(relation, dict) else []
    return data if isinstance(data, list) else []


def _text(attributes: dict[str, Any], name: str, most: int) -> str:
    value = attributes.get(name)
    pointer = {"pointer": f"/data/attributes/{name}"}
    if not isinstance(value, str) or not value.strip():
        raise Refused(422, f"{name} is missing", source=pointer)
    if len(value) > most:
        raise Refused(422, f"{name} has {len(value)} characters, over {most}", source=pointer)
    return value.replace("\x00", "")  # which PostgreSQL's text cannot hold


def _plain(html: str) -> str:
    """What an app writes as HTML, as the text that is kept: nothing of it is shown unescaped."""
    return unescape(_TAG.sub(" ", html)).strip()
