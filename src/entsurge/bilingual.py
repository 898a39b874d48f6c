"""Titles in French and English; whoever writes but one is shown it in both."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator

Language = Literal["fr", "en"]
LANGUAGES: tuple[Language, ...] = ("fr", "en")


def in_both(found: dict[Language, str]) -> dict[Language, str]:
    """The same with both languages. Raises ValueError for neither."""
    if not found:
        raise ValueError("expected a title in fr, in en or in both")
    one = next(iter(found.values()))
    return {language: found.get(language, one) for language in LANGUAGES}


Title = Annotated[dict[Language, str], AfterValidator(in_both)]
