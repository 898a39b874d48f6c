"""Whom a person may write to, and what an address in a message stands for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from entsandbox.directory import PARENTS
from entsandbox.mobile.identifiers import find_person, person_id, school_id
from entsandbox.mobile.jsonapi import Refused, Resource

if TYPE_CHECKING:
    from entsandbox.mobile.request_context import Lookup
    from entsurge.population import Person

_GROUP = "GROUP-"


@dataclass(frozen=True, slots=True)
class Recipients:
    """Where a message goes: the mailboxes, and the address as it was written."""

    logins: tuple[str, ...]
    address: str


class Contacts:
    """The address book: a pupil's and a parent's teachers; for teachers and staff, classes and their parents too."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def of(self, person: Person) -> list[Resource]:
        """Everyone whom a person may write to: people one by one, classes as groups."""
        reach = self._lookup.directory.reach(person)
        teachers = self._lookup.directory.teachers_of(person.school, reach.classes)
        alone = [self._one(person, teacher) for teacher in teachers if teacher.login != person.login]
        if person.rights in ("student", "parent"):
            return alone
        return [*alone, *(self._group(person, name) for name in self._groups(reach.classes))]

    def read(self, sender: Person, references: list[Any]) -> Recipients:
        """The mailboxes behind resource references. Raises Refused for an address that the sender may not write to."""
        addresses = [self._address(sender, reference) for reference in references]
        logins: dict[str, None] = {}
        for address in addresses:
            for login in self._lookup.directory.recipients_of(sender, address) or ():
                logins[login] = None
        return Recipients(tuple(logins), addresses[0] if addresses else sender.login)

    def _address(self, sender: Person, reference: Any) -> str:
        """A login, a class or parents:<class>, if it stands in the sender's address book."""
        text = str(reference.get("id", "")) if isinstance(reference, dict) else ""
        reach = self._lookup.directory.reach(sender)
        group = text.removeprefix(_GROUP)
        if text.startswith(_GROUP) and sender.rights in ("teacher", "staff") and group in self._groups(reach.classes):
            return group
        person = find_person(self._lookup.population, text)
        if person is not None and person.uai == sender.uai and self._may_write(sender, person, reach.classes):
            return person.login
        raise Refused(403, f"{text[:60]!r} is not in your address book", source={"pointer": "/data/relationships"})

    def _may_write(self, sender: Person, other: Person, classes: tuple[str, ...]) -> bool:
        if sender.rights == "staff" or other.login == sender.login:
            return True
        if sender.rights == "teacher":
            theirs = self._lookup.directory.reach(other).classes
            return other.rights in ("teacher", "staff") or bool(set(theirs) & set(classes))
        return other.rights == "staff" or (other.rights == "teacher" and bool(set(other.classes) & set(classes)))

    @staticmethod
    def _groups(classes: tuple[str, ...]) -> list[str]:
        return [address for name in classes for address in (name, PARENTS + name)]

    def _one(self, person: Person, other: Person) -> Resource:
        return Resource(
            "personContact",
            person_id(self._lookup.population, other),
            {"linksWithUser": [self._link(person, other.subject or "")]},
            {"person": lambda: self._lookup.people.person(other)},
        )

    def _group(self, person: Person, address: str) -> Resource:
        name = address.removeprefix(PARENTS)
        label = f"Parents de {name}" if address.startswith(PARENTS) else f"Élèves de {name}"
        return Resource(
            "groupContact",
            _GROUP + address,
            {
                "label": label,
                "linksWithUser": [self._link(person, name) | {"type": "GROUP", "groupId": _GROUP + address}],
            },
            {"personContacts": partial(self._members, person, address)},
        )

    def _members(self, person: Person, address: str) -> list[Resource]:
        directory = self._lookup.directory
        logins = directory.recipients_of(person, address) or []
        return [self._one(person, each) for each in map(directory.person, logins) if each is not None]

    def _link(self, person: Person, description: str) -> dict[str, Any]:
        school = school_id(self._lookup.population, self._lookup.schools[person.uai])
        return {"type": "SCHOOL", "description": description, "additionalInfo": [], "schoolId": school}
