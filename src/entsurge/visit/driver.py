"""What a visit knows of an ENT product: its actions, how it signs on, how a page opens, how what was written goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from entsurge.audience.persona import PERSONAS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.client.response import Response
    from entsurge.visit.outcome import Outcome, PageResult
    from entsurge.visit.session import Session


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """What an action does: the service it belongs to, whether it writes on the target, whether it publishes work.

    `personas` are those who have it.
    """

    service: str
    writes: bool = False
    publishes: bool = False
    personas: frozenset[str] = frozenset(PERSONAS)


@dataclass(frozen=True, slots=True)
class Account:
    """Whom a visitor signs on as."""

    persona: str
    login: str
    password: str
    school: str
    tenant: str

    def __repr__(self) -> str:
        return f"Account({self.persona!r}, {self.login!r}, password=•••, tenant={self.tenant!r})"


@dataclass(frozen=True, slots=True)
class Created:
    """Something that a run wrote on the target: by which action, at which URL, and what removing it needs to know."""

    action: str
    url: str
    values: Mapping[str, str]


class Driver(Protocol):
    """One ENT product. Keeps nothing of a visitor but in the visitor's `memory`."""

    actions: Mapping[str, ActionSpec]

    def sign_on(self, session: Session, account: Account) -> PageResult:
        """Sign the visitor on, as a browser does; proven by a sign in the page, never by status alone."""
        ...

    def open(self, session: Session, service: str, action: str) -> PageResult:
        """One page view: the document, then what belongs to it."""
        ...

    def remove(self, session: Session, created: Created) -> str:
        """Take back what was written, signed on as who wrote it: `removed`, `gone`, or `kept: ` and why.

        Raises a ClientError when no answer comes.
        """
        ...

    def classify(self, response: Response) -> Outcome:
        """The outcome that an answer stands for, read from its content."""
        ...


@runtime_checkable
class ByPersona(Protocol):
    """A driver whose pages are not the same for every persona."""

    def reads(self, persona: str) -> frozenset[str]:
        """The services of which a persona has a page that only reads."""
        ...
