"""People and schools as resources: who is signed on, what they may do, their children, their school."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from entsandbox.mobile.identifiers import person_id, school_id
from entsandbox.mobile.jsonapi import Resource
from entsurge.population.names import draw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from entsurge.population import Person, Population, School

_TYPES: dict[str, str] = {
    "student": "student", "teacher": "teacher", "staff": "nonTeachingStaff", "parent": "personInContactWithStudent",
}  # fmt: skip
_INFO_TYPES: dict[str, str] = {
    "student": "studentUserInfo", "parent": "legalRepresentativeUserInfo", "teacher": "userInfo", "staff": "userInfo",
}  # fmt: skip
_READS = {
    "EVAL": ("READ_EVALUATIONS",),
    "CDT": ("READ_LESSONS",),
    "TAF": ("READ_HOMEWORK_ASSIGNMENTS",),
    "ABS": ("READ_ABSENCE_FILES", "READ_ABSENCE_FILES_DETAILS"),
    "MSG": ("READ_MESSAGES", "WRITE_MESSAGES"),
}
_MORE: dict[str, dict[str, tuple[str, ...]]] = {
    "student": {"TAF": ("MARK_HOMEWORK_ASSIGNMENT_AS_DONE",)},
    "parent": {"ABS": ("COMPLETE_ABSENCE_FILES",)},
    "staff": {"ABS": ("COMPLETE_ABSENCE_FILES",)},
}
_SERVICES = ("SKOAPP", "ART", *_READS)
_REGIMES = ("Externe libre", "Demi-pensionnaire dans l'établissement", "Interne dans l'établissement")
_LEVELS = {"2": "SECONDE GENERALE ET TECHNOLOGIQUE", "1": "PREMIERE GENERALE", "T": "TERMINALE GENERALE"}


class People:
    """The population as the mobile API shows it."""

    def __init__(
        self, population: Population, schools: dict[str, School], find: Callable[[str], Person | None]
    ) -> None:
        self._population = population
        self._find = find
        self._schools = schools

    def person(self, person: Person) -> Resource:
        """Somebody, as others see them."""
        return Resource(_TYPES[person.rights], person_id(self._population, person), _name(person) | self._pupil(person))

    def known(self, logins: Iterable[str]) -> list[Resource]:
        """Whoever has these logins, as others see them."""
        return [self.person(found) for found in map(self._find, logins) if found is not None]

    def info(self, person: Person) -> Resource:
        """The person who is signed on, as they see themselves."""
        school = self._schools[person.uai]
        children = [self._population.person("student", child) for child in person.children]
        attributes = {
            **_name(person),
            "audienceId": person.login,
            "externalMail": None,
            "mobilePhone": None,
            "profile": person.rights,
            "permissions": self._permissions(person),
            **self._pupil(person),
            **(_home(person) if person.rights == "parent" else {}),
        }
        return Resource(
            _INFO_TYPES[person.rights],
            person_id(self._population, person),
            attributes,
            {
                "school": lambda: self.school(school),
                "schools": lambda: [self.school(school)],
                "prioritySchool": lambda: self.school(school),
                **({"students": lambda: [self._child(child) for child in children]} if children else {}),
            },
        )

    def school(self, school: School) -> Resource:
        """A school, as its people see it."""
        attributes = {
            "name": school.name,
            "timeZone": "Europe/Paris",
            "administrativeId": school.uai,
            "city": school.academy,
            "subscribedServices": list(_SERVICES),
            "schoolAudience": {"enabled": False, "audienceId": school.uai, "projectId": "entsurge"},
        }
        return Resource("school", school_id(self._population, school), attributes)

    def _child(self, child: Person) -> Resource:
        seen = self.person(child)
        return Resource(seen.type, seen.id, seen.attributes, {"school": lambda: self.school(self._schools[child.uai])})

    def _pupil(self, person: Person) -> dict[str, Any]:
        """What is said of a pupil beside the name; nothing of anybody else."""
        if person.rights != "student":
            return {}
        seed, level = self._population.seed, person.classes[0][:1]
        born = date(2008, 1, 1) + timedelta(days=draw(seed, "born", person.index) % 1_000)
        return {
            "className": person.classes[0],
            "dateOfBirth": born.isoformat(),
            "regime": _REGIMES[draw(seed, "regime", person.index) % len(_REGIMES)],
            "mef": {"code": f"2001001{level}110", "label": _LEVELS.get(level, "")},
        }

    def _permissions(self, person: Person) -> list[dict[str, Any]]:
        school, more = school_id(self._population, self._schools[person.uai]), _MORE.get(person.rights, {})
        return [
            {"schoolId": school, "service": service, "permittedOperations": [*reads, *more.get(service, ())]}
            for service, reads in _READS.items()
        ]


def _name(person: Person) -> dict[str, Any]:
    return {"lastName": person.family_name, "firstName": person.given_name, "photoUrl": None, "title": None}


def _home(person: Person) -> dict[str, Any]:
    """A parent's address: in department 999, which there is not."""
    return {
        "addressLines": [f"{draw(person.login) % 90 + 1} rue de l'Essai"],
        "postalCode": "99900",
        "city": person.academy,
        "country": "France",
    }
