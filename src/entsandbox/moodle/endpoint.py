"""One address of Moodle: who asks what, at which price, and the work behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from entsandbox.moodle import answers
from entsandbox.sent_form import Sent, key_of
from entsurge.population import by_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection
    from starlette.datastructures import QueryParams
    from starlette.responses import Response

    from entsandbox.directory import Directory
    from entsandbox.reach import Reach
    from entsandbox.state import PortalSession
    from entsandbox.updates import Updates
    from entsurge.population import Person, Population, School

    Work = Callable[[Connection, "Ask"], Response]

NOTHING_SENT = Sent({}, [])
_FIRST_USER, _FIRST_COURSE = 10, 2


class Missing(Exception):  # what the answer is, not what went wrong
    """There is no such thing, or not for this person."""


@dataclass(frozen=True, slots=True)
class Site:
    """Courses (one a class) and users by the numbers that Moodle gives them."""

    population: Population
    schools: Mapping[str, School]
    directory: Directory
    updates: Updates

    def user(self, person: Person) -> int:
        """A person's number."""
        kinds = list(by_key(self.population.personas))
        return _FIRST_USER + person.index * len(kinds) + kinds.index(person.persona)

    def person(self, number: int | None) -> Person | None:
        """Whose number it is."""
        kinds = list(by_key(self.population.personas))
        index, kind = divmod((number or 0) - _FIRST_USER, len(kinds))
        return self.population.person(kinds[kind], index) if 0 <= index < self.population.count(kinds[kind]) else None

    def course(self, person: Person, class_name: str) -> int:
        """The number of a class's course."""
        classes = self.population.classes
        return _FIRST_COURSE + person.school * len(classes) + classes.index(class_name)

    def class_of(self, person: Person, course: int | None) -> str:
        """The class of a course of a person's school. Raises Missing."""
        classes = self.population.classes
        place = (course or 0) - _FIRST_COURSE - person.school * len(classes)
        if not 0 <= place < len(classes):
            raise Missing
        return classes[place]

    def name_of(self, login: str) -> str:
        """How somebody is called."""
        person = self.directory.person(login)
        return f"{person.given_name} {person.family_name}" if person is not None else login


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, read."""

    site: Site
    portal: PortalSession
    query: QueryParams
    sent: Sent = NOTHING_SENT
    call: Any = None

    @property
    def person(self) -> Person:
        """Who asks."""
        return self.portal.person

    @property
    def reach(self) -> Reach:
        """What they may see."""
        return self.portal.reach

    def number(self, name: str) -> int | None:
        """A number of the address, or of the form."""
        found = key_of(self.query.get(name, ""))
        return found if found is not None else self.sent.number(name)

    def own_class(self, course: int | None) -> str:
        """The class of a course that is the asker's. Raises Missing."""
        name = self.site.class_of(self.person, course)
        if name not in self.reach.classes:
            raise Missing
        return name

    def page(self, title: str, main: str) -> Response:
        """A page for them."""
        return answers.page(self.portal, self.site.user(self.person), title, main)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What one method and path answer.

    `service` is what its price is that of: one request of each page view has it. The others cost no worker; the service
    that they belong to may be closed all the same. Whatever is posted carries the session's key.
    """

    method: str
    path: str
    work: Work
    service: str = ""
    belongs_to: str = ""


AjaxMethods = Mapping[str, Endpoint]
"""What each method that AJAX names answers; the method of its endpoint is POST where it writes."""
