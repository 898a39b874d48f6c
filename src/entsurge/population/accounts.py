"""Everyone's account as CSV, one row at a time."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, TextIO

from entsurge.audience.persona import by_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from entsurge.population.people import Person, Population

COLUMNS = (
    "persona",
    "login",
    "password",
    "given_name",
    "family_name",
    "uai",
    "school",
    "academy",
    "classes",
    "subject",
    "children",
)


def write_csv(population: Population, stream: TextIO, personas: Iterable[str] = ()) -> None:
    """Write a row per person (of these personas; none means all), without holding them.

    Several classes or children are joined by a space.
    """
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_row(population, person) for person in everyone(population, personas))


def write_rows(rows: Iterable[dict[str, str]], stream: TextIO) -> None:
    """Write rows that were read back, one at a time."""
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def everyone(population: Population, personas: Iterable[str] = ()) -> Iterator[Person]:
    """Every person, persona by persona; of these alone if any are named."""
    for persona in tuple(personas) or by_key(population.personas):
        for index in range(population.count(persona)):
            yield population.person(persona, index)


def _row(population: Population, person: Person) -> tuple[str, ...]:
    children = (population.person("student", child).login for child in person.children)
    return (
        person.persona,
        person.login,
        person.password,
        person.given_name,
        person.family_name,
        person.uai,
        population.school(person.school).name,
        person.academy,
        " ".join(person.classes),
        person.subject or "",
        " ".join(children),
    )
