"""The capacity in the terminal: the number, what it rests on, what to do next."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NUMBERS = {
    "line": "✓ capacity: {value:.1f} pages/s (99 %: {low:.1f} to {high:.1f})",
    "bracket": "✓ capacity: {value:.1f} pages/s (between {low:.1f} and {high:.1f})",
    "at-least": "? capacity: at least {low:.1f} pages/s: nothing was missed",
    "at-most": "✗ capacity: under {high:.1f} pages/s: the objectives were missed at the lowest rate",
}
NOTES = {
    "few-steps": "fewer than six steps: a wide interval; a longer --budget gives more",
    "never-missed": "no step missed its objectives, the capacity lies higher: raise --highest, tighten objectives",
    "never-held": "no step kept its objectives: lower --start, or see `entsurge report` of the first step",
    "bracket-only": "too few steps around the boundary for a line; a longer --budget narrows the bracket",
    "not-monotone": "a higher rate was held than one that was missed: chance near the boundary, or a changing target",
    "little": "in a step Little's law did not hold to 10 %: look whether the generator's machine was busy otherwise",
    "not-steady": "a step that was held was not steady: a longer --hold is more certain",
}


def terminal_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """What capacity.json says, a line each."""
    ends, search = result["boundary"], result["search"]
    sides = (each or 0.0 for each in result["pages_per_second"])
    number = NUMBERS[ends["how"]].format(**dict(zip(("value", "low", "high"), sides, strict=True)))
    yield f"{number}, ×{ends['value']:.2f} of the plan's window"
    yield (
        f"  {result['visits_per_second'][0]:.2f} visits/s, held for {search['hold_seconds']:.0f} s at scale "
        f"{search['scale']}, compression {float(Fraction(search['compression'])):g}; first to give: "
        f"{result['binding'] or 'nothing'}"
    )
    if result["ceiling"] is not None:
        yield f"  the generator itself gave out at ×{result['ceiling']:.2f}: {result['generator'][0]}"
    yield from (f"  note: {NOTES[name]}" for name in result["notes"])
    yield from (f"  note: {text}" for text in result["remarks"])
    yield _law(result)
    if result["resources"]:
        first = result["resources"][0]
        yield f"  saturates first: {first['name']}, at {first['saturates_at']:.1f} pages/s"


def _law(result: Mapping[str, Any]) -> str:
    law = result["law"]
    if law is None:
        return f"  no scalability law: {result['law_missing']}"
    if not law["peak_observed"]:
        return "  scalability law: peak not observed"
    return f"  scalability law: peak of {law['peak_served']:.1f} pages/s with {law['peak_load']:.0f} being served"
