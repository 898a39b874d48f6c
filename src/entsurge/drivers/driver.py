"""The interface of a driver. A new product is a new module beside this one, named in registry.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.visit.outcome import Outcome, PageResult
    from entsurge.visit.visitor import Visitor


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """What an action does: the service it belongs to, whether it writes on the target, whether it publishes work."""

    service: str
    writes: bool = False
    publishes: bool = False


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


class Driver(Protocol):
    """One ENT product."""

    actions: Mapping[str, ActionSpec]

    def sign_on(self, visitor: Visitor, account: Account) -> PageResult:
        """Sign the visitor on, as a browser does; proven by a sign in the page, never by status alone."""
        ...

    def open(self, visitor: Visitor, service: str, action: str) -> PageResult:
        """One page view: the document, then what belongs to it."""
        ...

    def classify(self, response: Any) -> Outcome:
        """The outcome that an answer stands for, read from its content."""
        ...
