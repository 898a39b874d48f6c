"""What people and schools are called at the mobile door: `ESKO-P-…` and `SKO-E-…` with a UUID."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsandbox import identifiers

if TYPE_CHECKING:
    from entsurge.population import Person, Population, School

_PERSON, _SCHOOL = "ESKO-P-", "SKO-E-"


def person_id(population: Population, person: Person) -> str:
    """What a person is called."""
    return _PERSON + identifiers.person_uuid(population, person)


def find_person(population: Population, text: str) -> Person | None:
    """Who is called so; none when nobody is."""
    bare = text.removeprefix(_PERSON)
    return identifiers.find_person(population, bare) if text.startswith(_PERSON) else None


def school_id(population: Population, school: School) -> str:
    """What a school is called."""
    return _SCHOOL + identifiers.school_uuid(population, school)


def find_school(population: Population, text: str) -> School | None:
    """The school that is called so; none when none is."""
    bare = text.removeprefix(_SCHOOL)
    return identifiers.find_school(population, bare) if text.startswith(_SCHOOL) else None
