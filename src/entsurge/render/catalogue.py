"""What personas are called, beside the words of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsurge.audience.persona import SHIPPED, by_key
from entsurge.catalogue import LANGUAGES, catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from entsurge.audience.persona import Persona

__all__ = ["LANGUAGES", "catalogue", "target_name", "with_personas"]


def with_personas(words: Mapping[str, Any], language: str, personas: Iterable[Persona] = ()) -> dict[str, Any]:
    """The words with what personas are called: as headings, in sentences (`whom`), and as bare plurals.

    The shipped ones are always known.
    """
    known = by_key(SHIPPED) | by_key(personas)
    return {
        **words,
        "personas": {key: each.name(language) for key, each in known.items()} | words.get("personas", {}),
        "whom": {key: each.whom(language) for key, each in known.items()} | words.get("whom", {}),
        "plural": {key: each.fr if language == "fr" else each.en for key, each in known.items()},
    }


def target_name(name: str, language: str) -> str:
    """What people call a target: the embedded ENT by what it is for, any other as its file names it."""
    return str(catalogue("common", language)["target"].get(name, name))
