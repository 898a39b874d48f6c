"""What may be written on the portal: where, by whom, with which fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from entsurge.population import PERSONAS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.population import Person, Population
    from entsurge.sandbox.services import Service

HAND_IN = "handed-in"
_TITLES = {"absences": "Appel", HAND_IN: "Travail rendu"}


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of writing: the personas who may, and the fields asked for."""

    personas: frozenset[str]
    fields: tuple[str, ...]


_TEACHERS = frozenset({"teacher"})
_EVERYONE = frozenset(PERSONAS)
FORMS: Mapping[str, Form] = {
    "lesson-book": Form(_TEACHERS, ("classe", "titre", "contenu")),
    "homework": Form(_TEACHERS, ("classe", "titre", "contenu")),
    "messages": Form(_EVERYONE, ("destinataire", "titre", "contenu")),
    "absences": Form(frozenset({"teacher", "staff"}), ("classe", "absents")),
    "files": Form(_EVERYONE, ("titre", "fichier")),
    HAND_IN: Form(frozenset({"student"}), ("titre", "fichier")),
}


@dataclass(frozen=True, slots=True)
class Draft:
    """What a form says, ready to be stored."""

    audience: str
    title: str
    content: str
    size_bytes: int = 0


def form_of(service: Service, person: Person, entry: int | None) -> tuple[str, tuple[str, ...]]:
    """Where a page's form is sent and its fields; neither when this person writes nothing there."""
    address = f"/etab/{person.uai}/{service.path}"
    kind = service.name
    if service.name == "homework" and entry is not None:
        kind, address = HAND_IN, f"{address}/{entry}/rendu"
    form = FORMS.get(kind)
    return (address, form.fields) if form and person.persona in form.personas else ("", ())


def read_draft(
    kind: str, person: Person, population: Population, fields: Mapping[str, str], size_bytes: int
) -> Draft | None:
    """What is to be stored; none when it is addressed to someone there is not.

    Left out, a class is the writer's first one and a recipient the writer: such a message is a draft.
    """
    audience = _audience(kind, person, population, fields)
    title = fields.get("titre") or fields.get("fichier") or _TITLES.get(kind, "Sans titre")
    content = fields.get("contenu") or fields.get("absents") or ""
    return Draft(audience, title[:200], content[:20_000], size_bytes) if audience else None


def _audience(kind: str, person: Person, population: Population, fields: Mapping[str, str]) -> str | None:
    if "classe" in FORMS[kind].fields:
        taught = person.classes or population.classes
        wanted = fields.get("classe") or taught[0]
        return wanted if wanted in taught else None
    if kind != "messages":
        return person.login
    wanted = fields.get("destinataire") or person.login
    recipient = population.find(wanted)
    known = recipient is not None and recipient.uai == person.uai
    return wanted if known or wanted in population.classes else None
