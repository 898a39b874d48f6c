"""What a request of the mobile API asks, who asks, and whom it may be asked about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from entsandbox.mobile.authorization import READ
from entsandbox.mobile.identifiers import find_person
from entsandbox.mobile.jsonapi import Refused, Resource
from entsandbox.mobile.people import People
from entsandbox.state.store.moment import PARIS, today, with_offset

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection
    from starlette.responses import Response

    from entsandbox.directory import Directory
    from entsandbox.mobile.jsonapi import Query
    from entsandbox.updates import Updates
    from entsurge.population import Person, Population, School

LONGEST_DAYS = 400
_FIRST_YEAR, _LAST_YEAR = 1900, 2200


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever a bearer token speaks for, and what it may do."""

    person: Person
    scope: str


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, read: what endpoints work from."""

    caller: Caller
    query: Query
    path: Mapping[str, str]
    body: Any
    base: str
    utc: bool

    @property
    def person(self) -> Person:
        """Who asks."""
        return self.caller.person

    def number(self, name: str) -> int:
        """A resource's number in the path. Raises Refused for what is none."""
        text = self.path[name]
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise Refused(404, f"there is no {text[:40]!r} here")
        return int(text)

    def span(self, name: str, days: int = 14) -> tuple[date, date]:
        """The days of `filter[name][GE]` and `[LE]`: from today, if not said, and for so many days."""
        first = _day(self.query, f"{name}][GE", today())
        last = _day(self.query, f"{name}][LE", first + timedelta(days=days))
        if not 0 <= (last - first).days <= LONGEST_DAYS:
            raise Refused(400, f"{first} to {last}: 0 to {LONGEST_DAYS} days", source={"parameter": f"filter[{name}]"})
        return first, last

    def instant(self, local: str) -> str:
        """An instant of the store, in UTC when the request asks for it (`X-Skolengo-Date-Format: utc`)."""
        if not self.utc:
            return with_offset(local)
        moment = datetime.fromisoformat(local).replace(tzinfo=PARIS).astimezone(UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


Outcome = Resource | list[Resource] | None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of the API. `light` ones cost no worker, as a portal page's background calls cost none."""

    path: str
    service: str
    work: Callable[[Connection, Ask], Outcome | Response]
    method: str = "GET"
    right: str = READ
    light: bool = False
    status: int = 200
    includes: frozenset[str] = field(default_factory=frozenset)


class Lookup:
    """What every part of the API knows: the people, the schools, the pause, and who may ask about whom."""

    def __init__(
        self, population: Population, schools: dict[str, School], directory: Directory, updates: Updates
    ) -> None:
        self.population = population
        self.schools = schools
        self.directory = directory
        self.updates = updates
        self.people = People(population, schools, directory.person)

    def subject(self, ask: Ask) -> Person:
        """Whom `filter[student.id]` asks about: oneself, or a child of one's own. Raises Refused."""
        text = ask.query.filter("student.id")
        if not text:
            raise Refused(400, "whose?", source={"parameter": "filter[student.id]"})
        found = find_person(self.population, text)
        if found is None:
            raise Refused(404, "there is no such person")
        if not self.is_own(ask.person, found):
            raise Refused(403, "this is neither you nor a child of yours")
        return found

    @staticmethod
    def is_own(person: Person, other: Person) -> bool:
        """Whether the other is the person or a child of theirs."""
        child = person.rights == "parent" and other.rights == "student" and other.index in person.children
        return other.login == person.login or child

    def follows(self, person: Person, class_name: str, teacher: str) -> bool:
        """Whether lessons and homework are a person's to read: of their class, of a child's, or taught by them."""
        return teacher == person.login or class_name in self.directory.reach(person).classes


def paths(*names: str) -> frozenset[str]:
    """Paths that may be included, with what lies on the way to them."""
    parts = [name.split(".") for name in names]
    return frozenset(".".join(each[: n + 1]) for each in parts for n in range(len(each)))


def _day(query: Query, name: str, default: date) -> date:
    text = query.filter(name)
    if not text:
        return default
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise Refused(400, f"{text[:40]!r} is no day, such as 2026-09-01", source={"parameter": f"filter[{name}]"})
    return found
