"""What mailboxes start with: a few conversations for everyone, and notifications of them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from entsandbox.state.store import moment, schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Table

    from entsurge.population import Person

Row = tuple[Any, ...]
TABLES = (schema.COMMUNICATION, schema.PARTICIPATION, schema.RECIPIENT, schema.NOTIFICATION)
_SUBJECTS = ("Réunion de rentrée", "Sortie au musée", "Travail de la semaine", "Question sur le devoir")
_TEXT = "Bonjour, ceci est un message d'essai, écrit par personne et adressé à personne. Cordialement. "
_NOTIFIED = 2


class Mail:
    """The rows of mailboxes: each class with its parents gets the same four conversations from its teachers."""

    def __init__(self, people: Sequence[Person], today: str) -> None:
        self._today = today
        self._circles: dict[tuple[int, str], list[str]] = defaultdict(list)
        self._authors: dict[tuple[int, str], list[str]] = defaultdict(list)
        self._staff_room: dict[int, list[str]] = defaultdict(list)
        self._uais = {person.school: person.uai for person in people}
        students = {person.index: person for person in people if person.rights == "student"}
        for person in people:
            self._place(person, students)

    def rows(self, table: Table) -> Iterator[Row]:
        """One table's rows, each with all its columns."""
        made: Iterator[Row] = getattr(self, f"_{table.name}")()
        return made

    def _place(self, person: Person, students: dict[int, Person]) -> None:
        """Pupils, parents and teachers of a class write to each other; staff listen to the first class."""
        match person.rights:
            case "teacher":
                self._staff_room[person.school].append(person.login)
                for name in person.classes:
                    self._authors[person.school, name].append(person.login)
                self._circles[person.school, person.classes[0]].append(person.login)
            case "student":
                self._circles[person.school, person.classes[0]].append(person.login)
            case "parent":
                name = students[person.children[0]].classes[0]
                self._circles[person.school, name].append(person.login)
            case "staff":
                first = next(name for school, name in self._authors if school == person.school)
                self._circles[person.school, first].append(person.login)

    def _letters(self) -> Iterator[tuple[int, int, tuple[int, str], str, str]]:
        """Each communication: its number, its turn, its circle, its author and its instant."""
        number = 0
        for circle in self._circles:
            authors = self._authors[circle] or self._staff_room[circle[0]]
            for turn in range(len(_SUBJECTS)):
                number += 1
                day = moment.day_after(self._today, turn - len(_SUBJECTS))
                yield number, turn, circle, authors[turn % len(authors)], f"{day}T17:00:00"

    def _communication(self) -> Iterator[Row]:
        for number, turn, (school, name), author, at in self._letters():
            yield number, self._uais[school], author, _SUBJECTS[turn], name, at

    def _participation(self) -> Iterator[Row]:
        for number, _, _, author, at in self._letters():
            yield number, number, author, _TEXT * 3, at

    def _recipient(self) -> Iterator[Row]:
        for number, turn, circle, author, at in self._letters():
            yield number, author, "sent", False, at
            for login in self._circles[circle]:
                if login != author:
                    yield number, login, "inbox", turn >= _NOTIFIED, at

    def _notification(self) -> Iterator[Row]:
        key = 0
        for number, turn, circle, author, at in self._letters():
            if turn < len(_SUBJECTS) - _NOTIFIED:
                continue
            for login in self._circles[circle]:
                if login != author:
                    key += 1
                    yield key, login, "messages", f"Message : {_SUBJECTS[turn]}", f"messagerie/{number}", at, False
