"""How much was compared, each figure with its noun, in words that agree in number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from entsurge.findings.comparison import Compared, Comparison
    from entsurge.render.numbers import Numbers


def counts(data: Comparison, words: Mapping[str, Any], numbers: Numbers) -> dict[str, str]:
    """Runs, scopes and pages compared (`3 tirs candidats`), and those that are slower; `scopes`, `pages` are bare."""
    say = words["counts"]
    return {
        "candidates": numbers.count(say["candidates"], len(data.candidates)),
        "baselines": numbers.count(say["baselines"], len(data.baselines)),
        "compared_scopes": numbers.count(say["scopes"], len(data.scopes)),
        "compared_pages": numbers.count(say["pages"], len(data.pages)),
        "slower_scopes": numbers.count(say["scopes"], _slower(data.scopes)),
        "slower_pages": numbers.count(say["pages"], _slower(data.pages)),
        "scopes": numbers.number(len(data.scopes)),
        "pages": numbers.number(len(data.pages)),
    }


def _slower(family: Sequence[Compared]) -> int:
    return sum(each.state == "regression" for each in family)
