"""The last look at a draft before anybody sees it: no secret of the recording stands in it, in whatever encoding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsurge.recorded.json_text import doubled
from entsurge.recorded.values import MASKED

if TYPE_CHECKING:
    from entsurge.recorded.secrets_of import Secrets

SHORTEST = 6
STRUCTURE = frozenset(
    {"service", "action", "method", "role", "login_field", "password_field", "login_key", "password_key"}
)


def scrubbed(file: dict[str, Any], notes: list[str], secrets: Secrets) -> tuple[dict[str, Any], list[str]]:
    """The draft's tables and notes, every secret in their texts masked; said where there was one."""
    ways = sorted(
        {way for each in secrets.ways() for way in (each, doubled(each)) if _telling(way)}, key=len, reverse=True
    )
    if not ways:
        return file, notes
    clean = _clean(file, ways)
    said = [_masked(note, ways) for note in notes]
    if clean != file:
        said.append("a secret of the recording stood where no value does, and was masked: look at every MASKED")
    return clean, said


def _telling(way: str) -> bool:
    """Whether a secret is no word that the file's own keys may hold."""
    return len(way) >= SHORTEST and not way.isalpha()


def _clean(value: Any, ways: list[str]) -> Any:
    if isinstance(value, dict):
        return {name: each if name in STRUCTURE else _clean(each, ways) for name, each in value.items()}
    if isinstance(value, list):
        return [_clean(each, ways) for each in value]
    return _masked(value, ways) if isinstance(value, str) else value


def _masked(text: str, ways: list[str]) -> str:
    for way in ways:
        if way in text:
            text = text.replace(way, MASKED)
    return text
