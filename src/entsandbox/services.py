"""What the portal's pages are: their path, their service, and what each costs."""

from __future__ import annotations

from dataclasses import dataclass

SIGN_ON = "sign-on"


@dataclass(frozen=True, slots=True)
class Service:
    """One service of the portal.

    `database_share` is the part of a page's service time during which it also holds a connection of
    the database pool; `calls` are the background requests its page declares, under the school's `api/`.
    """

    name: str
    path: str
    title: str
    database_share: float
    calls: tuple[str, ...]


SERVICES = (
    Service("home", "accueil", "Accueil", 0.0, ("notifications", "agenda", "applications", "theme")),
    Service("lesson-book", "cahier-de-textes", "Cahier de textes", 0.6, ("notifications", "agenda", "classes")),
    Service("homework", "travail", "Travail à faire", 0.6, ("notifications", "echeances", "rendus")),
    Service("messages", "messagerie", "Messagerie", 0.6, ("notifications", "dossiers", "annuaire")),
    Service("marks", "notes", "Notes", 0.6, ("notifications", "moyennes")),
    Service("absences", "absences", "Absences", 0.4, ("notifications", "classes")),
    Service("files", "fichiers", "Fichiers", 0.4, ("notifications", "quota", "partages")),
    Service("news", "actualites", "Actualités", 0.2, ("notifications", "theme")),
    Service("chat", "chat", "Discussion", 0.0, ("notifications", "presence", "salons")),
    Service("video-class", "visio", "Classe virtuelle", 0.0, ("notifications", "presence")),
)
BY_NAME = {service.name: service for service in SERVICES}
BY_PATH = {service.path: service for service in SERVICES}
NAMES = (SIGN_ON, *BY_NAME)
CALLS = frozenset(call for service in SERVICES for call in service.calls)
