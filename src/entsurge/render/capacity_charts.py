"""The capacity note's charts: the steps and their boundary, the scalability law, the week against the capacity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsurge.render import paint
from entsurge.render.paint import DASHED, PAINT, SOLID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from markupsafe import Markup

HEIGHT = 220
CURVE_POINTS = 60
HOURS = 168


def draw_steps(result: Mapping[str, Any], words: Mapping[str, Any], lang: str) -> Markup:
    """Margin of each step over the pages offered; the boundary and its interval beneath."""
    import altair as alt

    plots = words["plots"]
    values = [
        {"x": step["offered_pages"], "y": step["margin"], "s": plots["held" if step["held"] else "missed"]}
        for step in result["steps"]
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
    level = alt.Chart(paint.table([{"y": 0}])).mark_rule(color=PAINT["soft"], strokeDash=DASHED).encode(y="y:Q")
    layers = [*_interval(result), level, points]
    return paint.drawn(paint.layers(*layers, width=paint.WIDTH, height=HEIGHT), lang)


def _interval(result: Mapping[str, Any]) -> list[Any]:
    import altair as alt

    value, low, high = result["pages_per_second"]
    layers: list[Any] = []
    if low is not None and high is not None:
        band = alt.Chart(paint.table([{"x": low, "x2": high}]))
        layers.append(band.mark_rect(color=PAINT["okbg"]).encode(x="x:Q", x2="x2:Q"))
    if value is not None:
        layers.append(
            alt.Chart(paint.table([{"x": value}])).mark_rule(color=PAINT["ok"], strokeWidth=2).encode(x="x:Q")
        )
    return layers


def draw_law(result: Mapping[str, Any], words: Mapping[str, Any], lang: str) -> Markup:
    """Served over pages being served, with the fitted law."""
    import altair as alt

    plots, law = words["plots"], result["law"]
    known = [step for step in result["steps"] if step["served_pages"]]
    most = max(step["inside"] for step in known)
    loads = [max(most * place / CURVE_POINTS, 1e-6) for place in range(1, CURVE_POINTS + 1)]
    rows = [{"x": load, "fitted": law_at(law, load)} for load in loads]
    x = alt.X("x:Q", title=plots["law_x"])
    y = alt.Y("y:Q", title=plots["law_y"])
    curve = paint.lines(rows, {"fitted": (plots["fitted"], "accent", SOLID)}, x, y)
    points = (
        alt.Chart(paint.table([{"x": step["inside"], "y": step["served_pages"]} for step in known]))
        .mark_point(filled=True, size=80, color=PAINT["ink"])
        .encode(x=x, y=y)
    )
    return paint.drawn(paint.layers(curve, points, width=paint.WIDTH, height=HEIGHT), lang)


def law_at(law: Mapping[str, float], load: float) -> float:
    """X(N) of a fitted law: of so many platforms side by side, each with its part of N."""
    of_one = load / law["platforms"]
    more = of_one - 1
    return law["platforms"] * law["gamma"] * of_one / (1 + law["alpha"] * more + law["beta"] * of_one * more)


def draw_week(result: Mapping[str, Any], words: Mapping[str, Any], lang: str) -> Markup:
    """Demand hour by hour of the plan and of the baseline week, over the capacity's band."""
    import altair as alt

    plots, what_if = words["plots"], result["what_if"]
    planned, base = what_if["cases"][0]["hours"], what_if["surges"][0]["answer"]["hours"]
    rows = [{"x": hour, "planned": planned[hour], "base": base[hour]} for hour in range(HOURS)]
    days = {24.0 * day: str(words["days"][day]) for day in range(7)}
    x = alt.X("x:Q", axis=paint.labelled(days, title=plots["week_x"]), scale=alt.Scale(domain=[0, HOURS], nice=False))
    y = alt.Y("y:Q", title=plots["week_y"])
    looks = {"planned": (words["cases"]["as-planned"], "accent", SOLID), "base": (plots["base"], "soft", DASHED)}
    lines = paint.lines(rows, looks, x, y)
    ends = result["boundary"]
    band = alt.Chart(paint.table([{"y": ends["low"], "y2": ends["high"]}]))
    layers = [band.mark_rect(color=PAINT["okbg"]).encode(y="y:Q", y2="y2:Q")] if ends["high"] is not None else []
    level = alt.Chart(paint.table([{"y": ends["value"]}])).mark_rule(color=PAINT["ok"], strokeWidth=2).encode(y="y:Q")
    return paint.drawn(paint.layers(*layers, level, lines, width=paint.WIDTH, height=HEIGHT), lang)
