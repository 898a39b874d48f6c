"""The words for personas in both languages, as sentences need them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.audience.persona import entry, of_manifest

if TYPE_CHECKING:
    from entsurge.record.reading.run import Run

EVERYONE = {"fr": "tous", "en": "everyone"}
SERVICES = {
    "fr": {
        "sign-on": "connexion", "home": "accueil", "lesson-book": "cahier de textes", "homework": "travail à faire",
        "messages": "messagerie", "marks": "notes", "absences": "absences", "files": "fichiers", "chat": "chat",
        "video-class": "visio", "news": "actualités",
    },
    "en": {
        "sign-on": "sign-on", "home": "home", "lesson-book": "lesson book", "homework": "homework",
        "messages": "messages", "marks": "marks", "absences": "absences", "files": "files", "chat": "chat",
        "video-class": "video class", "news": "news",
    },
}  # fmt: skip
AND = {"fr": " et ", "en": " and "}


def whom(run: Run, persona: str, language: str) -> str:
    """A persona of the run as sentences say it: `les élèves`, `pupils`; `*` is everyone."""
    return EVERYONE[language] if persona == "*" else entry(of_manifest(run.manifest), persona).whom(language)


def listed(run: Run, personas: list[str], language: str) -> str:
    """`les élèves, les parents et les personnels`: each once, in order."""
    names = [whom(run, persona, language) for persona in dict.fromkeys(personas)]
    if len(names) < 2:
        return "".join(names) or EVERYONE[language]
    return ", ".join(names[:-1]) + AND[language] + names[-1]
