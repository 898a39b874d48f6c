"""Pages a second by outcome, one upon the other, under the dashed line of what was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from entsurge.render import paint
from entsurge.render.paint import DASHED, PAINT, Drawing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import altair as alt

    from entsurge.render.series import Step

OUTCOMES = {"ok": "accent", "shed": "shed", "failed": "bad", "lost": "soft"}
"""Paint by outcome. What is served is not green: it may have been served too late."""


@dataclass(frozen=True)
class Room:
    """How a stack is fitted into its picture: most pages a second, marks of its axis, pixels between names."""

    top: float
    ticks: int = 5
    padding: int = 40


def seen(rows: Sequence[Step]) -> list[str]:
    """The outcomes that occurred, served first; served always."""
    return [name for name in OUTCOMES if name == "ok" or any(getattr(row, name) for row in rows)]


def highest(rows: Sequence[Step]) -> float:
    """The most pages of a second, asked for or answered; 1 at least."""
    return max([1.0, *(max(row.offered_pages, row.ok + row.shed + row.failed + row.lost) for row in rows)])


def stacked(rows: Sequence[Step], words: Mapping[str, Any], x: alt.X, room: Room) -> Drawing:
    """The stack and the line, on one scale: what was asked for is to be held against the height of the stack."""
    import altair as alt  # slow to import, and only a drawn report needs it

    labels = {name: words["outcomes"][name] for name in seen(rows)}
    values = [
        {"x": row.second, "y": getattr(row, name), "s": label, "order": place}
        for place, (name, label) in enumerate(labels.items())
        for row in rows
    ]
    scale = alt.Scale(domain=[0, room.top], nice=False)
    colours = alt.Scale(domain=list(labels.values()), range=[PAINT[OUTCOMES[name]] for name in labels])
    legend = alt.Legend(
        title=None, orient="top", symbolType="square", symbolSize=120, symbolOpacity=0.6, columnPadding=room.padding,
        offset=4, padding=3,
    )  # fmt: skip
    area = alt.Chart(paint.table(values)).mark_area(opacity=0.55, interpolate="step-after")
    y = alt.Y("y:Q", stack="zero", title=words["timeline"]["pages"], axis=alt.Axis(tickCount=room.ticks), scale=scale)
    stack = area.encode(x=x, y=y, color=alt.Color("s:N", scale=colours, legend=legend), order=alt.Order("order:Q"))
    offered = {"offered_pages": (words["timeline"]["offered"], "ink", DASHED)}
    points = [{"x": row.second, "offered_pages": row.offered_pages} for row in rows]
    line = paint.lines(points, offered, x, alt.Y("y:Q", scale=scale), padding=room.padding)
    return paint.layers(stack, line, independent=("color", "strokeDash"))
