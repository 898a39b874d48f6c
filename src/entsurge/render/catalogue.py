"""Message catalogues of reports/, one file a document and language."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from entsurge import content
from entsurge.audience.persona import SHIPPED, by_key, of_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LANGUAGES = ("fr", "en")


@lru_cache(maxsize=16)
def catalogue(document: str, language: str) -> dict[str, Any]:
    """The words of one document in one language."""
    path = content.root("reports") / f"{document}.{language}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def with_personas(words: Mapping[str, Any], language: str, runs: Iterable[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """The words with what personas are called: as headings, in sentences (`whom`), and as bare plurals.

    `runs` hold the personas of their manifests; the shipped ones are always known.
    """
    known = by_key(SHIPPED)
    for run in runs:
        known |= of_manifest(run)
    return {
        **words,
        "personas": {key: each.name(language) for key, each in known.items()} | words.get("personas", {}),
        "whom": {key: each.whom(language) for key, each in known.items()} | words.get("whom", {}),
        "plural": {key: each.fr if language == "fr" else each.en for key, each in known.items()},
    }
