"""The synthetic population as AAF entries: every school, subject, training and person, one at a time."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from entsurge.population import names
from entsurge.population.aaf.entry import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from entsurge.population.people import Person, Population

FIRST_ID: dict[str, int] = {"student": 10_000_000, "parent": 20_000_000, "teacher": 30_000_000, "staff": 40_000_000}
FIRST_ADDED_ID = 50_000_000
FIRST_SCHOOL, FIRST_SUBJECT = 90_000, 990_001
TRAININGS = {"2DE": ("20010015110", "SECONDE"), "1RE": ("20110015110", "PREMIERE"), "TLE": ("20210015110", "TERMINALE")}
BORN = {"2DE": 2010, "1RE": 2009, "TLE": 2008}
# Link types 1 and 2 are taken for parents; the four flags after it say who pays, who is legally in charge, contact.
LINKS = ("1$1$1$1$0", "2$0$1$1$0")


def join_id(persona: str, index: int, place: int = 0) -> str:
    """The number that joins a person over all files; `place` is an added persona's among those of its population."""
    return str(FIRST_ID.get(persona, FIRST_ADDED_ID + 10_000_000 * place) + index)


def school_id(school: int) -> str:
    """The number that joins a school."""
    return str(FIRST_SCHOOL + school)


@cache
def subject_id(subject: str) -> str:
    """The code of a subject."""
    return str(FIRST_SUBJECT + names.SUBJECTS.index(subject))


@cache
def training_id(class_name: str) -> str:
    """The code (MEF) of what a class is taught."""
    return TRAININGS[class_name[:3]][0]


def everything(people: Population) -> Iterator[Entry]:
    """Every entry of a population, kind by kind in the order in which they can be loaded."""
    schools = range(people.schools)
    yield from structures(people, schools)
    yield from (_named("MatiereEducNat", subject_id(each), "ENTMat", "Matiere", each) for each in names.SUBJECTS)
    yield from (_named("MefEducNat", code, "ENTMef", "Mef", label) for code, label in TRAININGS.values())
    yield from employees(people, schools)
    yield from parents(people, schools)
    yield from students(people, schools)


def structures(people: Population, schools: Iterable[int]) -> Iterator[Entry]:
    """These schools."""
    return (_school(people, index) for index in schools)


def employees(people: Population, schools: Iterable[int]) -> Iterator[Entry]:
    """The teachers of these schools, their staff, then added personas: AAF knows these as teachers or staff alone."""
    schools = list(schools)
    added = [each.key for each in people.personas if each.key not in FIRST_ID]
    for place, persona in enumerate(("teacher", "staff", *added), -2):
        yield from (_employee(each, place) for each in _people(people, persona, schools))


def parents(people: Population, schools: Iterable[int]) -> Iterator[Entry]:
    """The parents of these schools' pupils."""
    return (_parent(each) for each in _people(people, "parent", schools))


def students(people: Population, schools: Iterable[int]) -> Iterator[Entry]:
    """The pupils of these schools."""
    return (_student(people, each) for each in _people(people, "student", schools))


def _people(people: Population, persona: str, schools: Iterable[int]) -> Iterator[Person]:
    each = people.per_school(persona)
    for school in schools:
        for index in range(school * each, (school + 1) * each):
            yield people.person(persona, index)


def _named(kind: str, identity: str, prefix: str, word: str, label: str) -> Entry:
    attributes = ((f"{prefix}Jointure", (identity,)), (f"ENTLibelle{word}", (label,)))
    return Entry("add", kind, identity, attributes)  # type: ignore[arg-type]


def _school(people: Population, index: int) -> Entry:
    school, identity = people.school(index), school_id(index)
    classes = tuple(f"{name}${name}${training_id(name)}" for name in people.classes)
    attributes = (
        ("ENTStructureJointure", (identity,)), ("ENTStructureUAI", (school.uai,)),
        ("ENTStructureNomCourant", (school.name,)), ("ENTStructureTypeStruct", ("LYCEE",)),
        ("ENTServAcAcademie", (school.academy,)), ("ENTStructureClasses", classes),
    )  # fmt: skip
    return Entry("add", "EtabEducNat", identity, attributes)


def _who(person: Person, place: int = 0) -> tuple[tuple[str, tuple[str, ...]], ...]:
    identity = join_id(person.persona, person.index, place)
    return (
        ("ENTPersonJointure", (identity,)), ("sn", (person.family_name,)), ("givenName", (person.given_name,)),
    )  # fmt: skip


def _employee(person: Person, place: int) -> Entry:
    school = school_id(person.school)
    born = f"{1 + person.index % 28:02d}/{1 + person.index % 12:02d}/{1962 + person.index % 35}"
    attributes = (*_who(person, place), ("ENTPersonDateNaissance", (born,)), ("ENTPersonStructRattach", (school,)))
    if person.rights == "teacher" and person.subject:
        subject = subject_id(person.subject)
        role = f"{school}$ENS$ENSEIGNEMENT${subject}${person.subject}"
        taught = tuple(f"{school}${name}${subject}" for name in person.classes)
        attributes = (*attributes, ("ENTPersonFonctions", (role,)), ("ENTAuxEnsClassesMatieres", taught))
    else:
        role = f"{school}$ADF$PERSONNELS ADMINISTRATIFS$0001$VIE SCOLAIRE"
        attributes = (*attributes, ("ENTPersonFonctions", (role,)))
    return Entry("add", "PersEducNat", join_id(person.persona, person.index, place), attributes)


def _parent(person: Person) -> Entry:
    return Entry("add", "PersRelEleve", join_id("parent", person.index), _who(person))


def _student(people: Population, person: Person) -> Entry:
    name = person.classes[0]
    parents = tuple(
        f"{join_id('parent', parent)}${link}"
        for parent, link in zip(people.parents_of(person.index), LINKS, strict=False)
    )
    born = f"{1 + person.index % 28:02d}/{1 + person.index // 28 % 12:02d}/{BORN[name[:3]]}"
    attributes = (
        *_who(person), ("ENTPersonDateNaissance", (born,)), ("ENTPersonStructRattach", (school_id(person.school),)),
        *in_class(person.school, name), ("ENTElevePersRelEleve", parents),
    )  # fmt: skip
    return Entry("add", "Eleve", join_id("student", person.index), attributes)


def in_class(school: int, name: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The attributes that say which class and training a pupil is in."""
    return ("ENTEleveMEF", (training_id(name),)), ("ENTEleveClasses", (f"{school_id(school)}${name}",))
