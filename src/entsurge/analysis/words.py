"""Whom a finding is about, by the names that a run's personas have in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.audience.persona import entry, of_manifest
from entsurge.findings.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from entsurge.findings.statement import Title
    from entsurge.record.reading.run import Run

SERVICES = (
    "sign-on", "home", "lesson-book", "homework", "messages", "marks", "absences", "files", "chat", "video-class",
    "news",
)  # fmt: skip
"""What a page may belong to, in the order in which it is shown."""


def whom(run: Run, persona: str) -> Title | Statement:
    """A persona of the run as sentences say it: `les élèves`, `pupils`; `*` is everyone."""
    if persona == "*":
        return Statement("everyone")
    of = entry(of_manifest(run.manifest), persona)
    return {language: of.whom(language) for language in ("fr", "en")}


def listed(run: Run, personas: Iterable[str]) -> list[Title | Statement]:
    """Each of them once, in order; everyone where none is named."""
    return [whom(run, persona) for persona in dict.fromkeys(personas)] or [Statement("everyone")]
