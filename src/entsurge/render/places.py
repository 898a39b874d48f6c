"""Where something was measured, in words: whose pages, of which service, which page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from entsurge.catalogue import catalogue
from entsurge.findings.comparison import EVERYTHING
from entsurge.render.catalogue import with_personas

if TYPE_CHECKING:
    from collections.abc import Iterable

    from entsurge.audience.persona import Persona


class Place(Protocol):
    """What is of a persona and a service; `*` is all of them."""

    @property
    def persona(self) -> str:
        """The persona's key."""

    @property
    def service(self) -> str:
        """The service's key."""


def place(of: Place, language: str, personas: Iterable[Persona] = ()) -> str:
    """`élèves, travail à faire, ouvrir un devoir`; everybody for no one in particular."""
    words = with_personas(catalogue("common", language), language, personas)
    found = []
    if of.persona != EVERYTHING:
        found.append(words["plural"].get(of.persona, of.persona))
    if of.service != EVERYTHING:
        found.append(words["service"].get(of.service, of.service))
    page = getattr(of, "page", EVERYTHING)
    if page != EVERYTHING:
        found.append(words["actions"].get(page, page))
    return ", ".join(found) or str(words["whom"][EVERYTHING])
