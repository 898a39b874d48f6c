"""Who may see what: every surface of the sandbox asks here, so that they cannot disagree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from entsurge.population import Person, Population


EVERYONE = "tous"  # the audience of a file that the whole school may read


@dataclass(frozen=True, slots=True)
class Reach:
    """What one person may see of their school.

    `classes`: whose lessons and homework they follow (a pupil's own, a parent's children's, those a teacher
    teaches, all for staff). `pupils`: whose marks and absences they see (one's own, one's children's);
    `of_their_classes` whether it is instead every pupil of those classes.
    """

    person: Person
    classes: tuple[str, ...]
    pupils: tuple[Person, ...]
    of_their_classes: bool

    @property
    def audiences(self) -> tuple[str, ...]:
        """Whose shared files they may read."""
        return (EVERYONE, self.person.rights, self.person.login, *self.classes)

    def may_see_pupil(self, pupil: Person) -> bool:
        """Whether a pupil's marks and absences are theirs to see."""
        if pupil.uai != self.person.uai:
            return False
        if self.of_their_classes:
            return pupil.rights == "student" and not self._strangers(pupil)
        return any(pupil.login == own.login for own in self.pupils)

    def _strangers(self, pupil: Person) -> bool:
        return not set(self.classes) & set(pupil.classes)


def reach_of(population: Population, person: Person) -> Reach:
    """What a person may see."""
    match person.rights:
        case "student":
            return Reach(person, person.classes, (person,), of_their_classes=False)
        case "parent":
            children = tuple(population.person("student", child) for child in person.children)
            classes = tuple(dict.fromkeys(name for child in children for name in child.classes))
            return Reach(person, classes, children, of_their_classes=False)
        case "teacher":
            return Reach(person, person.classes, (), of_their_classes=True)
        case _:
            return Reach(person, population.classes, (), of_their_classes=True)
