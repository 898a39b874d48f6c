"""Estimates with their intervals, one beneath the other, beside the line of no effect; the pointer reads each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from entsurge.render import hover, paint
from entsurge.render.labels import width_of
from entsurge.render.paint import DASHED, PAINT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from entsurge.render.hover import Chart

ROW = 26  # pixels
NAMES = 270  # pixels of the names' column at most


@dataclass(frozen=True)
class Estimated:
    """A line of the chart: its name, its estimate between its ends (None: not known), its paint, what is read of it."""

    name: str
    value: float
    low: float | None
    high: float | None
    paint: str
    read: Mapping[str, str]


def draw_intervals(rows: Sequence[Estimated], title: str, neutral: float, lang: str) -> Chart:
    """The rows in their order on one scale, `title` under it; at `neutral` nothing has changed."""
    import altair as alt  # slow to import, and only a drawn page needs it

    room = min(NAMES, 16 + max(width_of(each.name) for each in rows))
    axis = alt.Axis(minExtent=room, maxExtent=room, labelLimit=room - 10, ticks=False, domain=False, grid=False)
    x = alt.X("x:Q", title=title, axis=alt.Axis(tickCount=8), scale=alt.Scale(zero=False, nice=True))
    y = alt.Y("y:N", sort=None, title=None, axis=axis)
    values = [
        {"x": each.value, "low": each.value if each.low is None else each.low,
         "high": each.value if each.high is None else each.high, "y": each.name, "paint": PAINT[each.paint]}
        for each in rows
    ]  # fmt: skip
    base, colour = alt.Chart(paint.table(values)), alt.Color("paint:N", scale=None)
    spans = base.mark_rule(strokeWidth=3).encode(x=alt.X("low:Q"), x2=alt.X2("high:Q"), y=y, color=colour)
    points = base.mark_point(filled=True, size=90, opacity=1).encode(x=x, y=y, color=colour)
    level = (
        alt.Chart(paint.table([{"x": neutral}])).mark_rule(color=PAINT["ink"], strokeDash=DASHED).encode(x=alt.X("x:Q"))
    )
    read: list[dict[str, Any]] = [{"x": each.value, "y": each.name, **each.read} for each in rows]
    drawing = paint.layers(
        level, spans, points, hover.marks("row", read, x, y), width=paint.WIDTH - room, height=ROW * len(rows)
    )
    return hover.chart(drawing, lang)
