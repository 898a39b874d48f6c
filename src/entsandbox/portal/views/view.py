"""What a portal page shows, before it is HTML; and what a view is asked with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsandbox.authorities import Authority
    from entsandbox.directory import Directory
    from entsandbox.portal.live.links import Links
    from entsandbox.reach import Reach
    from entsandbox.state import PortalSession
    from entsandbox.state.store.attachments import Attachment
    from entsandbox.updates import Updates
    from entsurge.population import Person, School


class Denied(Exception):  # what the answer is, not what went wrong
    """What was asked for is not this person's to do: 403."""


class Misaddressed(Exception):  # what the letter is, not what went wrong
    """What was sent names somebody or something that there is not: 400."""


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a list: a title that may lead somewhere, and a detail beside it."""

    title: str
    href: str = ""
    detail: str = ""
    unread: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A list under a heading; without a heading it is the page's main one."""

    items: list[Item]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Article:
    """The one thing that a page is about."""

    key: int
    title: str
    paragraphs: tuple[str, ...]
    byline: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form: `kind` is an input's type, or `select`, `checkboxes` or `textarea`."""

    name: str
    kind: str = "text"
    options: tuple[tuple[str, str], ...] = ()
    label: str = ""  # its name, if nothing else


@dataclass(frozen=True, slots=True)
class Form:
    """A form and where it is sent, under the school's portal."""

    path: str
    fields: tuple[Field, ...]
    submit: str = "Envoyer"


@dataclass(frozen=True, slots=True)
class OpenRoom:
    """A live room that may be entered, and the signed address of its socket."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class View:
    """A page; `rooms` are live on it."""

    sections: list[Section] = field(default_factory=list)
    article: Article | None = None
    forms: tuple[Form, ...] = ()
    note: str = ""
    rooms: tuple[OpenRoom, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a form: the page to answer, where what was written is found (and taken back), and if it is kept.

    What is `kept` for the end of the digital pause is its author's alone until then.
    """

    view: View
    path: str
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Campus:
    """What views look up: schools and their people, the portals above them, live rooms, the pause, and the quota."""

    schools: Mapping[str, School]
    directory: Directory
    authorities: Mapping[str, Authority]
    links: Links
    updates: Updates
    quota_bytes: int

    def portals_of(self, person: Person) -> list[Authority]:
        """The portals above somebody's school: academy and local authority."""
        return [each for each in self.authorities.values() if person.academy in each.academies]


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for what: the portal session, the key in the path if any, and the query."""

    campus: Campus
    portal: PortalSession
    key: int | None
    query: Mapping[str, str]

    @property
    def person(self) -> Person:
        """Who asks."""
        return self.portal.person

    @property
    def reach(self) -> Reach:
        """What they may see."""
        return self.portal.reach

    @property
    def school(self) -> School:
        """Their school."""
        return self.campus.schools[self.person.uai]

    def link(self, path: str) -> str:
        """An address of the school's portal."""
        return f"/etab/{self.person.uai}/{path}"

    def name_of(self, login: str) -> str:
        """How somebody is called; a login that is nobody's stands for itself."""
        person = self.campus.directory.person(login)
        return f"{person.given_name} {person.family_name}" if person else login

    def attached(self, attachments: list[Attachment]) -> Section:
        """The list of attachments."""
        items = [Item(each.name, self.link(f"pieces/{each.id}"), size(each.size_bytes)) for each in attachments]
        return Section(items, "Pièces jointes")


def size(size_bytes: int) -> str:
    """A number of bytes for a reader."""
    return f"{size_bytes / 1_000_000:.1f} Mo" if size_bytes >= 100_000 else f"{size_bytes / 1_000:.1f} ko"


def day(instant: str) -> str:
    """A day or an instant for a French reader."""
    year, month, rest = instant[:4], instant[5:7], instant[8:10]
    return f"{rest}/{month}/{year}" + (f" {instant[11:16]}" if "T" in instant else "")


def class_field(classes: tuple[str, ...]) -> Field:
    """The field that names a class."""
    return Field("classe", "select", tuple((name, name) for name in classes))
