"""The names of people that a visit showed: words of whoever signed on, and of what pages and answers call a person."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from entsurge.recorded.secrets_of import texts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from entsurge.recorded.step import Step

CALLED = re.compile(
    r"^(?:nom|prenom|(?:first|last|display|full|user|family|given|sur)_?name|name|eleve|responsable|auteur|author)s?$",
    re.IGNORECASE,
)
"""Names of JSON members that say how a person is called."""
_WORD = re.compile(r"[^\W\d_]{3,}")
_NO_NAMES = frozenset(
    """
    mon mes votre vos profil profile compte account espace menu eleve parent parents enseignant professeur personnel
    administration bonjour bienvenue welcome hello deconnexion connexion logout login accueil home mme monsieur madame
    notes messages messagerie cahier devoirs user utilisateur student teacher staff admin
    """.split()  # noqa: SIM905  read as a list
)


def folded(text: str) -> str:
    """Lower case without accents: `Léa` and `lea` are one."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(each for each in plain if not unicodedata.combining(each)).lower()


def words_of(text: str) -> set[str]:
    """The words of three letters or more in a text, folded."""
    return {folded(each) for each in _WORD.findall(text)}


def names(steps: Iterable[Step], login: str) -> frozenset[str]:
    """Folded words that are a person's name in these steps' answers, or in a login of several words."""
    found = words_of(login.partition("@")[0])
    for step in steps:
        for text in _said(step):
            found |= {folded(each) for each in _WORD.findall(text) if each[0].isupper()}
    return frozenset(found - _NO_NAMES)


def _said(step: Step) -> Iterator[str]:
    """What an answer shows as the name of somebody."""
    yield from step.facts.people
    if step.kind.endswith("json"):
        yield from (text for name, text in texts_of(step.body) if CALLED.fullmatch(name) and len(text) <= 60)
