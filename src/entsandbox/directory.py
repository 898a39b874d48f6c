"""Who is who in the schools: people by login, and the circles that lessons and messages are addressed to."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from entsandbox.reach import Reach, reach_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.population import Person, Population

_REMEMBERED = 20_000
PARENTS = "parents:"


class Directory:
    """People found by computation, and remembered for a while."""

    def __init__(self, population: Population) -> None:
        self._population = population
        self.person: Callable[[str], Person | None] = lru_cache(_REMEMBERED)(population.find)
        self.reach: Callable[[Person], Reach] = lru_cache(_REMEMBERED)(lambda person: reach_of(population, person))
        self.pupils_of: Callable[[int, str], list[Person]] = lru_cache(1_000)(self._pupils_of)
        self.teachers_of: Callable[[int, tuple[str, ...]], list[Person]] = lru_cache(1_000)(self._teachers_of)

    def parents_of(self, pupil: Person) -> list[Person]:
        """A pupil's parents."""
        return [self._population.person("parent", parent) for parent in self._population.parents_of(pupil.index)]

    def recipients_of(self, sender: Person, audience: str) -> list[str] | None:
        """The logins that an address stands for: a login, a class, or parents:<class>; none for an unknown one."""
        class_name = audience.removeprefix(PARENTS)
        if class_name in self._population.classes:
            pupils = self.pupils_of(sender.school, class_name)
            if not audience.startswith(PARENTS):
                return [pupil.login for pupil in pupils]
            return list(dict.fromkeys(parent.login for pupil in pupils for parent in self.parents_of(pupil)))
        found = self.person(audience)
        return [found.login] if found is not None and found.uai == sender.uai else None

    def _pupils_of(self, school: int, class_name: str) -> list[Person]:
        people = self._population
        place, size = people.classes.index(class_name), people.pupils_per_school
        first = school * size
        return [people.person("student", first + n) for n in range(place, size, people.classes_per_school)]

    def _teachers_of(self, school: int, classes: tuple[str, ...]) -> list[Person]:
        each = self._population.per_school("teacher")
        teachers = (self._population.person("teacher", school * each + n) for n in range(each))
        return [teacher for teacher in teachers if set(classes) & set(teacher.classes)]
