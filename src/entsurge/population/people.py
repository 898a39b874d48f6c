"""The synthetic people of a test: each made alone, from the seed and a number."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from entsurge.audience.academies import academy_name
from entsurge.audience.persona import SHIPPED, Persona, by_key
from entsurge.errors import UsageError
from entsurge.population import names
from entsurge.population.households import household_of_parent, household_of_pupil, parents_in_school
from entsurge.population.uai import MOST_SCHOOLS, synthetic_uai

_LOGIN = re.compile(r"[a-z]+\.([a-z]+(?:-[a-z]+)*)([0-9]{6,9})")


@dataclass(frozen=True, slots=True)
class School:
    """One school, a tenant of the ENT."""

    index: int
    uai: str
    name: str
    academy: str


@dataclass(frozen=True, slots=True)
class Person:
    """One account and what its holder has to do with classes and children.

    `rights` is the shipped persona as which an ENT takes them: their own, unless the persona was added.
    """

    persona: str
    index: int
    login: str
    password: str
    given_name: str
    family_name: str
    school: int
    uai: str
    academy: str
    classes: tuple[str, ...] = ()
    subject: str | None = None
    children: tuple[int, ...] = ()
    rights: str = ""

    def __repr__(self) -> str:
        """Leave the password out: a representation ends in logs."""
        return f"Person({self.persona} {self.index} {self.login} of {self.uai})"


@dataclass(frozen=True, slots=True)
class Population:
    """Everyone of some schools; a person costs the same whatever their number.

    There are never more academies than schools: what exceeds them is cut.
    """

    seed: int
    academies: int = 4
    schools: int = 8
    classes_per_school: int = 6
    pupils_per_class: int = 30
    personas: tuple[Persona, ...] = SHIPPED
    _known: dict[str, Persona] = field(init=False, repr=False, compare=False)
    _in_school: dict[str, int] = field(init=False, repr=False, compare=False)  # by persona

    def __post_init__(self) -> None:
        sizes = ("academies", "schools", "classes_per_school", "pupils_per_class")
        faults = [f"{name} is {getattr(self, name)}" for name in sizes if getattr(self, name) < 1]
        if self.schools > MOST_SCHOOLS:
            faults.append(f"schools is {self.schools}, over {MOST_SCHOOLS}")
        if faults:
            raise UsageError(f"no such population: {', '.join(faults)}", hint="each size is at least 1")
        object.__setattr__(self, "academies", min(self.academies, self.schools))
        pupils, known = self.pupils_per_school, by_key(self.personas)
        each = {key: of.in_school(pupils) for key, of in known.items()}
        each["parent"] = parents_in_school(pupils)
        object.__setattr__(self, "_known", known)
        object.__setattr__(self, "_in_school", each)

    @property
    def academy_names(self) -> list[str]:
        """The academies, in order of their index."""
        return [academy_name(academy) for academy in range(self.academies)]

    @property
    def pupils_per_school(self) -> int:
        """How many pupils each school has."""
        return self.classes_per_school * self.pupils_per_class

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, the same in every school."""
        return tuple(map(names.class_name, range(self.classes_per_school)))

    def school(self, index: int) -> School:
        """One school; schools are dealt to the academies in turn."""
        self._within(index, self.schools, "school")
        academy = academy_name(index % self.academies)
        return School(index, synthetic_uai(index), names.school_name(index), academy)

    def per_school(self, persona: str) -> int:
        """How many people of a persona each school has."""
        found = self._in_school.get(persona)
        return self._in_school[self.entry(persona).key] if found is None else found

    def entry(self, persona: str) -> Persona:
        """What is known of a persona. Raises UsageError when nobody of it lives here."""
        found = self._known.get(persona)
        if found is None:
            raise UsageError(f"no persona {persona!r} lives here; there are {', '.join(self._known)}")
        return found

    def count(self, persona: str) -> int:
        """How many people of a persona there are."""
        return self.schools * self.per_school(persona)

    def count_in_academy(self, persona: str, academy: int) -> int:
        """How many people of a persona an academy's schools have."""
        self._within(academy, self.academies, "academy")
        return len(range(academy, self.schools, self.academies)) * self.per_school(persona)

    def person_in_academy(self, persona: str, academy: int, k: int) -> Person:
        """The k-th person of an academy: every one of them stands at exactly one k."""
        self._within(k, self.count_in_academy(persona, academy), persona)
        nth_school, place = divmod(k, self.per_school(persona))
        school = academy + nth_school * self.academies
        return self.person(persona, school * self.per_school(persona) + place)

    def person(self, persona: str, index: int) -> Person:
        """One person, the same whoever else was made before."""
        self._within(index, self.count(persona), persona)
        school, place = divmod(index, self.per_school(persona))
        known = self.entry(persona)
        classes, subject, children = self._ties(known, school, place)
        family_name = self._family_name(persona, school, place)
        given = names.given_names()
        home = self.school(school)
        return Person(
            persona=persona,
            index=index,
            login=f"{names.login_stem(family_name)}.{known.mark}{index:06d}",
            password=names.secret(self.seed, persona, index),
            given_name=given[names.draw(self.seed, "given", persona, index) % len(given)],
            family_name=family_name,
            school=school,
            uai=home.uai,
            academy=home.academy,
            classes=classes,
            subject=subject,
            children=children,
            rights=known.rights,
        )

    def parents_of(self, student: int) -> tuple[int, ...]:
        """The numbers of a student's parents: one or two."""
        self._within(student, self.count("student"), "student")
        school, place = divmod(student, self.pupils_per_school)
        family = household_of_pupil(place, self.pupils_per_school)
        return tuple(school * self.per_school("parent") + parent for parent in family.parents)

    def find(self, login: str) -> Person | None:
        """Who signs on with a login, read from the login itself; none when it is nobody's."""
        shape = _LOGIN.fullmatch(login)
        if shape is None:
            return None
        persona, index = next((each.key for each in self.personas if each.mark == shape[1]), ""), int(shape[2])
        if not persona or index >= self.count(persona):
            return None
        person = self.person(persona, index)
        return person if person.login == login else None

    def _ties(self, persona: Persona, school: int, place: int) -> tuple[tuple[str, ...], str | None, tuple[int, ...]]:
        """Classes, subject and children; pupils are dealt to the classes in turn, so siblings part."""
        match persona.rights:
            case "student":
                return (names.class_name(place % self.classes_per_school),), None, ()
            case "teacher":
                return self._classes_taught(school, place), names.SUBJECTS[place % len(names.SUBJECTS)], ()
            case "parent":
                family = household_of_parent(place, self.pupils_per_school)
                first = school * self.pupils_per_school
                return (), None, tuple(first + child for child in family.children)
            case _:
                return (), None, ()

    def _classes_taught(self, school: int, place: int) -> tuple[str, ...]:
        """Two to four classes, two apart from the next teacher's, so that every class is taught."""
        several = min(self.classes_per_school, 2 + names.draw(self.seed, "taught", school, place) % 3)
        return tuple(names.class_name((2 * place + n) % self.classes_per_school) for n in range(several))

    def _family_name(self, persona: str, school: int, place: int) -> str:
        """A name of one's own, or the household's."""
        key: tuple[object, ...] = (persona, school, place)
        if persona == "student":
            key = ("household", school, household_of_pupil(place, self.pupils_per_school).number)
        elif persona == "parent":
            key = ("household", school, household_of_parent(place, self.pupils_per_school).number)
        family = names.family_names()
        return family[names.draw(self.seed, *key) % len(family)]

    @staticmethod
    def _within(number: int, count: int, what: str) -> None:
        if not 0 <= number < count:
            raise IndexError(f"{what} {number} of {count}")
