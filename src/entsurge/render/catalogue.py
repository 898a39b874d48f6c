"""Message catalogues of reports/, one file a document and language."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from entsurge import content
from entsurge.audience.persona import SHIPPED, by_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from entsurge.audience.persona import Persona

LANGUAGES = ("fr", "en")


@lru_cache(maxsize=16)
def catalogue(document: str, language: str) -> dict[str, Any]:
    """The words of one document in one language."""
    path = content.root("reports") / f"{document}.{language}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


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
