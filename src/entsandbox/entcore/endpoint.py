"""One endpoint of entcore's applications: who asks what, at which price, and the work behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from entsandbox import identifiers
from entsandbox.sent_form import Sent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection
    from starlette.datastructures import QueryParams

    from entsandbox.directory import Directory
    from entsandbox.reach import Reach
    from entsandbox.state import PortalSession
    from entsandbox.updates import Updates
    from entsurge.population import Person, Population, School

    Work = Callable[[Connection, "Ask"], object]

NOTHING_SENT = Sent({}, [])


class Refused(Exception):  # what the answer is, not what went wrong
    """What was asked for is not to be had: entcore's word for it, and its status."""

    def __init__(self, reason: str, status: int) -> None:
        super().__init__(reason)
        self.reason, self.status = reason, status


@dataclass(frozen=True, slots=True)
class Structures:
    """Schools and people by the identifiers that entcore gives them."""

    population: Population
    schools: Mapping[str, School]
    directory: Directory
    updates: Updates
    quota_bytes: int

    def id_of(self, person: Person) -> str:
        """What a person is called."""
        return identifiers.person_uuid(self.population, person)

    def person(self, text: str) -> Person | None:
        """Who is called so."""
        return identifiers.find_person(self.population, text)

    def id_of_login(self, login: str) -> str:
        """What somebody is called of whom the login is known; the login itself when it is nobody's."""
        person = self.directory.person(login)
        return self.id_of(person) if person is not None else login

    def structure_of(self, person: Person) -> str:
        """What a person's school is called."""
        return identifiers.school_uuid(self.population, self.schools[person.uai])

    def name_of(self, login: str) -> str:
        """How somebody is called."""
        person = self.directory.person(login)
        return f"{person.given_name} {person.family_name}" if person is not None else login


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, read."""

    structures: Structures
    portal: PortalSession
    path: Mapping[str, str]
    query: QueryParams
    body: Any = None
    sent: Sent = NOTHING_SENT

    @property
    def person(self) -> Person:
        """Who asks."""
        return self.portal.person

    @property
    def reach(self) -> Reach:
        """What they may see."""
        return self.portal.reach

    def own_structure(self, text: str) -> None:
        """Raise Refused for a structure that is not the asker's."""
        if text != self.structures.structure_of(self.person):
            raise Refused("unauthorized", 401)

    def pupil(self, text: str) -> Person:
        """The pupil who is called so, if they are the asker's to see. Raises Refused."""
        found = self.structures.person(text)
        if found is None or not self.reach.may_see_pupil(found):
            raise Refused("unauthorized", 401)
        return found


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What one method and path answer.

    `service` is what its price is that of: one request of each page view has it, the others cost no worker. `writes`
    says that a closed service refuses it; `status` is that of its success.
    """

    method: str
    path: str
    work: Work
    service: str = ""
    belongs_to: str = ""
    writes: bool = False
    status: int = 200
