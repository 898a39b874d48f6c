"""Message catalogues of reports/, one file a document and language."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from typing import Any

from entsurge import content

LANGUAGES = ("fr", "en")


@lru_cache(maxsize=16)
def catalogue(document: str, language: str) -> dict[str, Any]:
    """The words of one document in one language."""
    path = content.root("reports") / f"{document}.{language}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))
