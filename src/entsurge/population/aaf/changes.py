"""What an incremental export says: schools that join, pupils who change class, pupils and families who leave."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from entsurge.errors import UsageError
from entsurge.population import names
from entsurge.population.aaf import entries
from entsurge.population.aaf.entry import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.population.people import Population

MILLION = 1_000_000


def changes(
    people: Population, *, new_schools: int = 0, leave_percent: float = 2.0, move_percent: float = 5.0
) -> Iterator[Entry]:
    """The entries that lead from this population to the next, drawn from its seed. Raises UsageError.

    Whoever leaves is deleted, parents with the last of their children; whoever moves gets the next class of the school.
    """
    if new_schools < 0 or not 0 <= leave_percent <= 100 or not 0 <= move_percent <= 100:
        raise UsageError("no such change: schools from 0 on, shares from 0 to 100 percent")
    grown = replace(people, schools=people.schools + new_schools)
    joining = range(people.schools, grown.schools)
    yield from entries.structures(grown, joining)
    yield from entries.employees(grown, joining)
    yield from entries.parents(grown, joining)
    for index in range(people.count("parent")):
        children = people.person("parent", index).children
        if all(_drawn(people, "leaves", child, leave_percent) for child in children):
            yield Entry("delete", "PersRelEleve", entries.join_id("parent", index))
    yield from entries.students(grown, joining)
    for index in range(people.count("student")):
        if _drawn(people, "leaves", index, leave_percent):
            yield Entry("delete", "Eleve", entries.join_id("student", index))
        elif people.classes_per_school > 1 and _drawn(people, "moves", index, move_percent):
            yield _moved(people, index)


def _drawn(people: Population, what: str, student: int, percent: float) -> bool:
    return names.draw(people.seed, what, student) % MILLION < percent * MILLION / 100


def _moved(people: Population, student: int) -> Entry:
    person = people.person("student", student)
    classes = people.classes
    after = classes[(classes.index(person.classes[0]) + 1) % len(classes)]
    return Entry("modify", "Eleve", entries.join_id("student", student), entries.in_class(person.school, after))
