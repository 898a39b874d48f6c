"""The words for personas in both languages, as sentences need them."""

from __future__ import annotations

NAMES = {
    "fr": {
        "student": "les élèves",
        "teacher": "les enseignants",
        "parent": "les parents",
        "staff": "le personnel",
        "*": "tous",
    },
    "en": {"student": "pupils", "teacher": "teachers", "parent": "parents", "staff": "staff", "*": "everyone"},
}
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


def listed(personas: list[str], language: str) -> str:
    """`les élèves, les parents et le personnel`: each once, in order."""
    names = [NAMES[language].get(persona, persona) for persona in dict.fromkeys(personas)]
    if len(names) < 2:
        return "".join(names) or NAMES[language]["*"]
    return ", ".join(names[:-1]) + AND[language] + names[-1]
