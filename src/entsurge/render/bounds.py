"""What objectives owe in seconds, as lines over a chart of waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsurge.audience.objective import parse_objective
from entsurge.render import paint
from entsurge.render.bands import end_of
from entsurge.render.paint import PAINT, Drawing

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt

    from entsurge.findings.report import RunFindings
    from entsurge.findings.verdict import Finding

MOST_BOUNDS = 2  # lines of objectives that a chart of latency bears


def latency_bounds(run: RunFindings) -> dict[float, str]:
    """What the judged phase's objectives owe in seconds, the strictest first, with how they word it; at most two."""
    found: dict[float, str] = {}
    for each in run.objectives:
        must = parse_objective(each.must)
        if must.measure == "latency" and not must.relative and each.phase == run.phase:
            found.setdefault(must.bound, each.must)
    return dict(sorted(found.items())[:MOST_BOUNDS])


def worst_wait(run: RunFindings) -> Finding | None:
    """Of the required waits of the judged phase the one that leaves the least to spare; None where none is judged."""
    asked = [
        each for each in run.objectives
        if each.required and each.unit == "s" and each.phase == run.phase and each.value is not None
        and each.state in ("met", "missed") and parse_objective(each.must).measure == "latency"
    ]  # fmt: skip
    return max(asked, key=lambda each: (each.value or 0.0) / parse_objective(each.must).bound, default=None)


def levels(run: RunFindings, named: Sequence[tuple[float, str, str]], x: alt.X, scale: alt.Scale) -> list[Drawing]:
    """Lines at these heights, in these paints, named at the right end and the left by turns: two never collide."""
    import altair as alt  # slow to import, and only a drawn report needs it

    found: list[Drawing] = []
    for place, (height, text, name) in enumerate(named):
        right = place % 2 == 0
        values = [{"y": height, "x": end_of(run) if right else 0, "text": text}]
        base = alt.Chart(paint.table(values)).encode(y=alt.Y("y:Q", scale=scale))
        colour = PAINT[name]
        look: dict[str, Any] = {
            "align": "right" if right else "left", "baseline": "bottom", "dx": -3 if right else 3, "dy": -2,
            "fontSize": 11, "fontWeight": "bold",
        }  # fmt: skip
        halo = base.mark_text(**look, color=PAINT["page"], stroke=PAINT["page"], strokeWidth=3, opacity=0.8)
        label = base.mark_text(**look, color=colour)
        found.append(paint.part(base.mark_rule(color=colour, strokeWidth=1.2)))
        found += [paint.part(each.encode(x=x, text=alt.Text("text:N"))) for each in (halo, label)]
    return found
