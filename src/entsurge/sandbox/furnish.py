"""What the schools have written before anyone comes: the same for a seed, wherever it runs."""

from __future__ import annotations

from itertools import chain, product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.population import Population

_TOPICS = ("Les fonctions affines", "La Révolution", "Le subjonctif", "La tectonique", "L'argumentation")
_WORK = ("Exercices 3 à 7", "Lire le chapitre suivant", "Rédiger une synthèse", "Apprendre le vocabulaire")
_NEWS = ("Conseil de classe", "Journée portes ouvertes", "Organisation de la semaine", "Menu de la cantine")
_TEXT = (
    "Texte d'essai, écrit par personne : "
    "le travail est à faire seul, puis à rendre dans l'espace prévu. "
    "Les documents se trouvent dans les fichiers de la classe. "
)
_PER_CLASS = {"lesson-book": _TOPICS, "homework": _WORK, "marks": _TOPICS, "files": _TOPICS}
_FOR_EVERYONE = {"news": _NEWS, "messages": _NEWS, "files": _NEWS, "absences": ("Bilan de la semaine",)}
_ROUNDS = 3


def furnish(population: Population) -> Iterator[dict[str, object]]:
    """The entries that every school starts with, some hundreds for each."""
    schools = range(population.schools)
    return chain.from_iterable(_school(population, school) for school in schools)


def _school(population: Population, school: int) -> Iterator[dict[str, object]]:
    uai = population.school(school).uai
    first = school * population.per_school("teacher")
    teachers = [population.person("teacher", first + n) for n in range(population.per_school("teacher"))]
    for turn, name in product(range(_ROUNDS), population.classes):
        author = next((person for person in teachers if name in person.classes), teachers[0])
        for service, titles in _PER_CLASS.items():
            for title in titles:
                yield _entry(uai, service, name, author.login, f"{author.subject} : {title}", turn)
    for turn, (service, titles) in product(range(_ROUNDS), _FOR_EVERYONE.items()):
        for title in titles:
            yield _entry(uai, service, "tous", teachers[0].login, title, turn)


def _entry(uai: str, service: str, audience: str, author: str, title: str, turn: int) -> dict[str, object]:
    return {
        "uai": uai,
        "service": service,
        "audience": audience,
        "author": author,
        "title": f"{title} ({turn + 1})",
        "content": _TEXT * 3,
        "size_bytes": 20_000 * (turn + 1) if service == "files" else 0,
        "answers": None,
    }
