"""The capacity in the terminal: the verdict, the number beside the need, what it rests on, what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.render import capacity_sentences as sentences
from entsurge.render.capacity import SIGNS, words_of
from entsurge.render.numbers import Numbers
from entsurge.render.saying import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from entsurge.findings.capacity import CapacityReport, Note

TAKEN, COMPRESSED = "; the platform is taken to be {scale} of production", ", compression {compression}"
HINTS: Mapping[Note, str] = {
    "few-steps": "a longer --budget gives more steps",
    "never-missed": "raise --highest, tighten objectives",
    "never-held": "lower --start, or see `entsurge report` of the first step",
    "bracket-only": "a longer --budget narrows the bracket",
    "not-monotone": "a longer --hold leaves less to chance",
    "not-steady": "a longer --hold is more certain",
}


def terminal_lines(result: CapacityReport) -> Iterator[str]:
    """What capacity.json says, a line each: the note's own English sentences."""
    words, numbers, search = words_of(result, "en"), Numbers("en"), result.search
    yield f"{SIGNS[result.enough]} {sentences.head(result, words)}"
    yield from (f"  {line}" for line in sentences.number(result, words, numbers))
    yield f"  held for {search.hold_seconds:.0f} s{sentences.replayed(search, TAKEN, COMPRESSED)}"
    if result.ceiling is not None:
        yield f"  the measurement itself gave out at ×{result.ceiling:.2f}: {say(result.generator[0], 'en')}"
    yield from (f"  note: {line}" for line in sentences.noted(result, words, numbers))
    yield from (f"  hint: {HINTS[name]}" for name in result.notes if name in HINTS)
    yield _law(result)


def _law(result: CapacityReport) -> str:
    law = result.law
    if law is None:
        return f"  no scalability law: {result.law_missing}"
    if not law.peak_observed:
        return "  scalability law: peak not observed"
    return f"  scalability law: peak of {law.peak_served:.1f} pages/s with {law.peak_load:.1f} being served"
