"""The capacity note's charts: the steps and their boundary, the scalability law, the week against the capacity."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from entsurge.render import hover, paint
from entsurge.render.numbers import Numbers
from entsurge.render.paint import DASHED, PAINT, SOLID

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from entsurge.findings.capacity import Boundary, CapacityReport, Fit, Interval, WhatIf
    from entsurge.findings.search import StepFindings
    from entsurge.render.hover import Chart

HEIGHT = 220
CURVE_POINTS = 60
HOURS = 168


def draw_steps(result: CapacityReport, words: Mapping[str, Any], lang: str) -> Chart:
    """Margin of each step over the pages offered; the boundary and its interval beneath."""
    import altair as alt

    plots = words["plots"]
    values = [
        {"x": step.offered_pages, "y": step.margin, "s": plots["held" if step.held else "missed"]}
        for step in result.steps
    ]
    x = alt.X("x:Q", title=plots["steps_x"], scale=alt.Scale(zero=False, nice=True))
    y = alt.Y("y:Q", title=plots["steps_y"])
    names = [plots["held"], plots["missed"]]
    colour = alt.Color(
        "s:N",
        scale=alt.Scale(domain=names, range=[PAINT["ok"], PAINT["bad"]]),
        legend=alt.Legend(title=None, orient="top"),
    )
    shape = alt.Shape("s:N", scale=alt.Scale(domain=names, range=["circle", "cross"]))
    points = alt.Chart(paint.table(values)).mark_point(filled=True, size=90).encode(x=x, y=y, color=colour, shape=shape)
    level = alt.Chart(paint.table([{"y": 0}])).mark_rule(color=PAINT["soft"], strokeDash=DASHED).encode(y=alt.Y("y:Q"))
    read = hover.marks(
        "steps", _read(result.steps, [step.offered_pages for step in result.steps], "margin", words, lang), x, y
    )
    layers = [*_interval(result.pages_per_second), level, points, read]
    return hover.chart(paint.layers(*layers, width=paint.WIDTH, height=HEIGHT), lang)


def _interval(ends: Interval) -> list[Any]:
    import altair as alt

    layers: list[Any] = []
    if math.isfinite(ends.high):
        band = alt.Chart(paint.table([{"x": ends.low, "x2": ends.high}]))
        layers.append(band.mark_rect(color=PAINT["okbg"]).encode(x=alt.X("x:Q"), x2=alt.X2("x2:Q")))
    value = alt.Chart(paint.table([{"x": ends.value}]))
    return [*layers, value.mark_rule(color=PAINT["ok"], strokeWidth=2).encode(x=alt.X("x:Q"))]


def draw_law(law: Fit, steps: Sequence[StepFindings], words: Mapping[str, Any], lang: str) -> Chart:
    """Served over pages being served, with the fitted law."""
    import altair as alt

    plots = words["plots"]
    known = [step for step in steps if step.served_pages]
    most = max(step.inside for step in known)
    loads = [max(most * place / CURVE_POINTS, 1e-6) for place in range(1, CURVE_POINTS + 1)]
    rows = [{"x": load, "fitted": law_at(law, load)} for load in loads]
    x = alt.X("x:Q", title=plots["law_x"])
    y = alt.Y("y:Q", title=plots["law_y"])
    curve = paint.lines(rows, {"fitted": (plots["fitted"], "accent", SOLID)}, x, y)
    points = (
        alt.Chart(paint.table([{"x": step.inside, "y": step.served_pages} for step in known]))
        .mark_point(filled=True, size=80, color=PAINT["ink"])
        .encode(x=x, y=y)
    )
    read = hover.marks("law", _read(known, [step.inside for step in known], "served_pages", words, lang), x, y)
    return hover.chart(paint.layers(curve, points, read, width=paint.WIDTH, height=HEIGHT), lang)


def _read(
    steps: Sequence[StepFindings], across: Sequence[float], up: str, words: Mapping[str, Any], lang: str
) -> list[dict[str, Any]]:
    """What the pointer reads of each step, in words; `up` names its height in the chart."""
    plots, numbers = words["plots"], Numbers(lang)
    return [
        {"x": place, "y": getattr(step, up), plots["step"]: step.name,
         plots["offered"]: numbers.number(step.offered_pages, 1), plots["served"]: numbers.number(step.served_pages, 1),
         plots["margin"]: numbers.number(step.margin, 2, signed=True),
         plots["state"]: plots["held" if step.held else "missed"],
         plots["seconds"]: numbers.seconds(step.page_seconds), plots["inside"]: numbers.number(step.inside, 1)}
        for step, place in zip(steps, across, strict=True)
    ]  # fmt: skip


def law_at(law: Fit, load: float) -> float:
    """X(N) of a fitted law: of so many platforms side by side, each with its part of N."""
    of_one = load / law.platforms
    more = of_one - 1
    return law.platforms * law.gamma * of_one / (1 + law.alpha * more + law.beta * of_one * more)


def draw_week(ends: Boundary, what_if: WhatIf, words: Mapping[str, Any], lang: str) -> Chart:
    """Demand hour by hour of the plan and of the baseline week, over the capacity's band."""
    import altair as alt

    plots, planned, base = words["plots"], what_if.cases[0].hours, what_if.surges[0].answer.hours
    rows = [{"x": hour, "planned": planned[hour], "base": base[hour]} for hour in range(HOURS)]
    days = {24.0 * day: str(words["days"][day]) for day in range(7)}
    x = alt.X("x:Q", axis=paint.labelled(days, title=plots["week_x"]), scale=alt.Scale(domain=[0, HOURS], nice=False))
    y = alt.Y("y:Q", title=plots["week_y"])
    looks = {"planned": (words["cases"]["as-planned"], "accent", SOLID), "base": (plots["base"], "soft", DASHED)}
    lines = paint.lines(rows, looks, x, y)
    layers: list[Any] = []
    if math.isfinite(ends.high):
        band = alt.Chart(paint.table([{"y": ends.low, "y2": ends.high}]))
        layers.append(band.mark_rect(color=PAINT["okbg"]).encode(y=alt.Y("y:Q"), y2=alt.Y2("y2:Q")))
    level = (
        alt.Chart(paint.table([{"y": ends.value}])).mark_rule(color=PAINT["ok"], strokeWidth=2).encode(y=alt.Y("y:Q"))
    )
    numbers = Numbers(lang)
    read = [
        {"x": hour, plots["hour"]: f"{words['days'][hour // 24]} {numbers.clock(f'{hour % 24:02d}:00')}",
         looks["planned"][0]: numbers.number(planned[hour], 2), plots["base"]: numbers.number(base[hour], 2),
         plots["capacity"]: numbers.number(ends.value, 2)}
        for hour in range(HOURS)
    ]  # fmt: skip
    return hover.chart(
        paint.layers(*layers, level, lines, hover.values("week", read, x), width=paint.WIDTH, height=HEIGHT), lang
    )
