"""What classes start with: a timetable with a lesson book, homework, evaluations, files, absences."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from itertools import product
from typing import TYPE_CHECKING, Any

from entsandbox.reach import EVERYONE
from entsandbox.state.store import moment, schema
from entsurge.population.names import SUBJECTS, draw

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Table

    from entsandbox.state.store.attachments import Upload
    from entsurge.population import Person, Population

Row = tuple[Any, ...]
TABLES = (
    schema.LESSON,
    schema.HOMEWORK,
    schema.ATTACHMENT,
    schema.FILE,
    schema.EVALUATION_PERIOD,
    schema.EVALUATION_SERVICE,
    schema.EVALUATION,
    schema.EVALUATION_RESULT,
    schema.ABSENCE,
)
_TOPICS = ("Les fonctions affines", "La Révolution", "Le subjonctif", "La tectonique", "L'argumentation")
_WORK = ("Exercices 3 à 7", "Lire le chapitre suivant", "Rédiger une synthèse", "Apprendre le vocabulaire")
_TEXT = "Texte d'essai, écrit par personne : le travail est à faire seul, puis à rendre dans l'espace prévu. "
_HOURS = ("08", "09", "10", "14", "15")
_DAYS_BACK, _DAYS_AHEAD = 9, 4
_EVALUATED_SUBJECTS, _EVALUATIONS = 6, 2


class Classes:
    """The rows of every class of a population, table by table; numbers are given by order."""

    def __init__(self, population: Population, people: Sequence[Person], today: str, documents: list[Upload]) -> None:
        self._population = population
        self._today = today
        self._documents = documents
        self._schools = [population.school(index).uai for index in range(population.schools)]
        self._teachers: dict[tuple[str, str], list[Person]] = defaultdict(list)
        self._pupils: dict[tuple[str, str], list[Person]] = defaultdict(list)
        self._staff_room: dict[str, list[Person]] = defaultdict(list)
        for person in people:
            if person.rights == "teacher":
                self._staff_room[person.uai].append(person)
            kept = self._teachers if person.rights == "teacher" else self._pupils
            for name in person.classes:  # parents and staff have none
                kept[person.uai, name].append(person)
        self._days = list(_school_days(today))

    def rows(self, table: Table) -> Iterator[Row]:
        """One table's rows, each with all its columns."""
        made: Iterator[Row] = getattr(self, f"_{table.name}")()
        return made

    def _classes(self) -> Iterator[tuple[str, str]]:
        return product(self._schools, self._population.classes)

    def _teacher(self, uai: str, name: str, turn: int) -> Person:
        teachers = self._teachers[uai, name] or self._staff_room[uai]
        return teachers[turn % len(teachers)]

    def _lesson(self) -> Iterator[Row]:
        number = 0
        for uai, name in self._classes():
            for turn, (day, hour) in enumerate(product(self._days, _HOURS)):
                number += 1
                teacher = self._teacher(uai, name, turn)
                written = day <= self._today
                title = _TOPICS[turn % len(_TOPICS)] if written else ""
                span = (f"{day}T{hour}:00:00", f"{day}T{hour}:55:00")
                text = _TEXT * 3 if written else ""
                yield number, uai, name, teacher.subject, teacher.login, *span, title, text

    def _homework(self) -> Iterator[Row]:
        number = 0
        for uai, name in self._classes():
            for turn, day in enumerate(self._days):
                for title in _WORK[turn % 2 :: 2]:
                    number += 1
                    teacher = self._teacher(uai, name, number)
                    due = moment.day_after(day, 3)
                    yield (
                        number, uai, name, teacher.subject, teacher.login, None, title, _TEXT * 3, day, due,
                        title.startswith("Rédiger"),
                    )  # fmt: skip

    def _attachment(self) -> Iterator[Row]:
        """One document for every tenth lesson and every fourth piece of homework."""
        lessons, work = len(self._days) * len(_HOURS), len(self._days) * 2
        number = 0
        for place, (uai, _) in enumerate(self._classes()):
            for kind, each, step in (("lesson", lessons, 10), ("homework", work, 4)):
                for parent in range(place * each + 1, (place + 1) * each + 1, step):
                    number += 1
                    yield number, uai, kind, parent, *self._documents[number % len(self._documents)]

    def _file(self) -> Iterator[Row]:
        number = 0
        for uai in self._schools:
            for audience in (EVERYONE, *self._population.classes):
                name = self._population.classes[0] if audience == EVERYONE else audience
                for turn in range(15):
                    number += 1
                    document = self._documents[turn % len(self._documents)]
                    owner = self._teacher(uai, name, turn)
                    named = document._replace(name=f"{owner.subject} {turn + 1}.pdf")
                    at = f"{self._days[turn % len(self._days)]}T12:00:00"
                    yield number, uai, owner.login, audience, *named, at

    def _evaluation_period(self) -> Iterator[Row]:
        starts = date.fromisoformat(self._today) - timedelta(days=60)
        number = 0
        for uai in self._schools:
            for term in range(3):
                number += 1
                begin = starts + timedelta(days=90 * term)
                yield number, uai, f"Trimestre {term + 1}", begin.isoformat(), moment.day_after(begin.isoformat(), 89)

    def _evaluation_service(self) -> Iterator[Row]:
        number = 0
        for uai, name in self._classes():
            for turn in range(_EVALUATED_SUBJECTS):
                number += 1
                yield number, uai, name, SUBJECTS[turn], self._teacher(uai, name, turn).login

    def _evaluation(self) -> Iterator[Row]:
        number = 0
        for place, (uai, _) in enumerate(self._classes()):
            period = self._schools.index(uai) * 3 + 1
            for turn, k in product(range(_EVALUATED_SUBJECTS), range(_EVALUATIONS)):
                number += 1
                service = place * _EVALUATED_SUBJECTS + turn + 1
                day = self._days[(turn + 3 * k) % _DAYS_BACK]
                yield number, service, period, f"Contrôle {k + 1}", day, 20, 1.0 + k, 8.0 + draw(number) % 90 / 10

    def _evaluation_result(self) -> Iterator[Row]:
        number, each = 0, _EVALUATED_SUBJECTS * _EVALUATIONS
        for uai, name in self._classes():
            for _ in range(each):
                number += 1
                luck = draw(self._population.seed, number)
                for n, pupil in enumerate(self._pupils[uai, name]):
                    chance = (luck >> (n % 32)) % 31
                    yield pupil.login, number, None if chance == 30 else 5.0 + chance / 2

    def _absence(self) -> Iterator[Row]:
        """Every twentieth pupil missed a morning."""
        number = 0
        for (uai, name), pupils in self._pupils.items():
            for n, pupil in enumerate(pupils):
                if (n + draw(uai, name)) % 20:
                    continue
                number += 1
                day = self._days[number % _DAYS_BACK]
                reason = number % 5 + 1 if number % 2 else None
                author = self._teacher(uai, name, 0).login
                yield (
                    number, uai, pupil.login, name, "late" if number % 3 == 0 else "absence", f"{day}T08:00:00",
                    f"{day}T12:00:00", reason, reason is not None, "", author, None,
                )  # fmt: skip


def _school_days(today: str) -> Iterator[str]:
    """The school days around a day: so many up to it, so many after it."""
    centre = date.fromisoformat(today)
    back = [day for n in range(30) if (day := centre - timedelta(days=n)).weekday() < 5][:_DAYS_BACK]
    ahead = [day for n in range(1, 30) if (day := centre + timedelta(days=n)).weekday() < 5][:_DAYS_AHEAD]
    return (day.isoformat() for day in (*reversed(back), *ahead))
