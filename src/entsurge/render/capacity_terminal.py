"""The capacity in the terminal: the verdict, the number beside the need, what it rests on, what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsurge.render import capacity_sentences as sentences
from entsurge.render.capacity import SIGNS, words_of
from entsurge.render.numbers import Numbers
from entsurge.render.saying import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from entsurge.findings.capacity import CapacityReport


def terminal_lines(result: CapacityReport, lang: str) -> Iterator[str]:
    """What capacity.json says, a line each: the note's own sentences."""
    words, numbers, search = words_of(result, lang), Numbers(lang), result.search
    told = words["terminal"]
    yield f"{SIGNS[result.enough]} {sentences.head(result, words)}"
    yield from (f"  {line}" for line in sentences.number(result, words, numbers))
    replayed = sentences.replayed(search, told["taken"], told["compressed"])
    yield told["held"].format(seconds=numbers.number(search.hold_seconds), replayed=replayed)
    if result.ceiling is not None:
        yield told["ceiling"].format(rate=numbers.number(result.ceiling, 2), why=say(result.generator[0], lang))
    yield from (told["note"].format(note=line) for line in sentences.noted(result, words, numbers))
    yield from (told["hint"].format(hint=told["hints"][name]) for name in result.notes if name in told["hints"])
    yield _law(result, words, numbers)


def _law(result: CapacityReport, words: Mapping[str, Any], numbers: Numbers) -> str:
    law, told = result.law, words["terminal"]
    if law is None:
        return f"  {sentences.lawless(result, words['tested'])}"
    if not law.peak_observed:
        return str(told["no_peak"])
    peak = {"pages": numbers.number(law.peak_served, 1), "inside": numbers.number(law.peak_load, 1)}
    return str(told["peak"].format(**peak))
