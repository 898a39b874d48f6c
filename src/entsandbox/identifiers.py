"""UUIDs of people and schools, for faces whose product has such.

The UUID (version 8) holds persona and number beside a check that depends on the seed, so it is read back without a
table, and one made up or brought from another sandbox is nobody's.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from entsurge.population import by_key
from entsurge.population.names import draw

if TYPE_CHECKING:
    from entsurge.population import Person, Population, School

_SCHOOL_KIND = 0xFF


def person_uuid(population: Population, person: Person) -> str:
    """What a person is called."""
    return _uuid(population.seed, _kinds(population).index(person.persona), person.index)


def find_person(population: Population, text: str) -> Person | None:
    """Who is called so; none when nobody is."""
    kind, index = _read(population.seed, text)
    kinds = _kinds(population)
    if not 0 <= kind < len(kinds) or index >= population.count(kinds[kind]):
        return None
    return population.person(kinds[kind], index)


def school_uuid(population: Population, school: School) -> str:
    """What a school is called."""
    return _uuid(population.seed, _SCHOOL_KIND, school.index)


def find_school(population: Population, text: str) -> School | None:
    """The school that is called so; none when none is."""
    kind, index = _read(population.seed, text)
    return population.school(index) if kind == _SCHOOL_KIND and index < population.schools else None


def _kinds(population: Population) -> list[str]:
    return list(by_key(population.personas))


def _uuid(seed: int, kind: int, index: int) -> str:
    high = draw(seed, "identifier", kind, index) & 0xFFFF_FFFF_FFFF_0FFF | 0x8000
    low = 0x8000_0000_0000_0000 | kind << 48 | index
    return str(uuid.UUID(int=high << 64 | low))


def _read(seed: int, text: str) -> tuple[int, int]:
    """Kind and number of a UUID written as one is; (-1, 0) for what was not made here."""
    try:
        low = uuid.UUID(text).int & (1 << 64) - 1
    except ValueError:
        return -1, 0
    kind, index = low >> 48 & 0xFF, low & 0xFFFF_FFFF
    return (kind, index) if _uuid(seed, kind, index) == text else (-1, 0)
