"""The sweep's chart: what a month costs against continuity and pages in time; a line a set of measures."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from entsurge.render import hover, paint
from entsurge.render.paint import DASHED, DOTTED, LONG, PAINT, SOLID

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from entsurge.findings.sweep import SweptCell
    from entsurge.render.hover import Chart
    from entsurge.render.paint import Drawing

HEIGHT = 180
MOST_LINES = 8
COLOURS = ("accent", "ok", "shed", "warn", "bad", "ink", "soft")
DASHES = (SOLID, DASHED, DOTTED, LONG)
PANELS = {"students": "y", "protected": "first"}
"""Which estimate of a cell a panel shows, and the key of what its axis is called."""

Arms = dict[str, list["SweptCell"]]
Looks = dict[str, tuple[str, str, list[int]]]


def draw(
    arms: Mapping[str, Sequence[SweptCell]], said: Mapping[str, str], plots: Mapping[str, str], lang: str
) -> Chart | None:
    """Both panels; a filled point holds with every luck, an open one does not. None where nothing was simulated.

    `arms` are cells by what their measures are called, of which the first few are drawn; `said` is what the pointer
    reads of each cell, and of each cost (`cost 4`).
    """
    shown = {
        name: sorted((each for each in cells if each.lucks), key=lambda each: each.cost)
        for name, cells in list(arms.items())[:MOST_LINES]
    }
    shown = {name: cells for name, cells in shown.items() if cells}
    if not shown:
        return None
    looks = {name: (name, COLOURS[at % len(COLOURS)], DASHES[at % len(DASHES)]) for at, name in enumerate(shown)}
    read = _read(shown, said, plots)
    panels = [_panel(of, shown, looks, read, plots) for of in PANELS]
    return hover.chart(paint.column([each for each in panels if each], spacing=12), lang)


def _panel(
    of: str, shown: Arms, looks: Looks, read: Sequence[Mapping[str, Any]], plots: Mapping[str, str]
) -> Drawing | None:
    import altair as alt

    points = [
        {"x": each.cost, "s": name, "y": found.value, "low": found.low, "high": found.high,
         "c": PAINT[looks[name][1]], "held": each.state == "holds"}
        for name, cells in shown.items() for each in cells
        if (found := getattr(each, of)).value is not None
    ]  # fmt: skip
    if not points:
        return None
    x = alt.X(
        "x:Q",
        title=plots["x"],
        axis=alt.Axis(labelOverlap=True, tickCount=8, tickMinStep=1),
        scale=alt.Scale(zero=False, nice=True, padding=12),
    )
    y = alt.Y("y:Q", title=plots[PANELS[of]], scale=alt.Scale(zero=False, nice=True))
    colour = alt.Color("c:N", scale=None, legend=None)
    rows = [{"x": each["x"], **dict.fromkeys(looks), each["s"]: each["y"]} for each in points]
    layers: list[Any] = [paint.lines(rows, looks, x, y, padding=24)]
    if bars := [each for each in points if each["low"] is not None]:
        rule = alt.Chart(paint.table(bars)).mark_rule(strokeWidth=1.5, opacity=0.6)
        layers.append(rule.encode(x=x, y=alt.Y("low:Q", title=plots[PANELS[of]]), y2=alt.Y2("high:Q"), color=colour))
    for held in (True, False):
        if chosen := [each for each in points if each["held"] is held]:
            mark = alt.Chart(paint.table(chosen)).mark_point(filled=held, size=90, strokeWidth=2, opacity=1)
            layers.append(mark.encode(x=x, y=y, color=colour))
    layers.append(hover.values(of, read, x))
    return paint.layers(*layers, width=paint.WIDTH, height=HEIGHT)


def _read(shown: Arms, said: Mapping[str, str], plots: Mapping[str, str]) -> list[dict[str, Any]]:
    """A column around each cost: what every line has there."""
    costs = sorted({each.cost for cells in shown.values() for each in cells})
    edges = [costs[0], *((one + other) / 2 for one, other in pairwise(costs)), costs[-1]]
    edges = edges if len(costs) > 1 else [costs[0] - 0.5, costs[0] + 0.5]
    rows = []
    for begin, cost in zip(edges, costs, strict=False):
        row: dict[str, Any] = {"x": begin, plots["x"]: said[f"cost {cost:g}"]}
        for name, cells in shown.items():
            row[name] = "  ".join(said[each.id] for each in cells if each.cost == cost) or "–"
        rows.append(row)
    return [*rows, {**rows[-1], "x": edges[-1]}]
