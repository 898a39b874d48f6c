"""Draws a run over time, what the target said of itself beneath on the same axis, and its percentiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsurge.render import hover, paint
from entsurge.render.bands import bands, strip, time_axis
from entsurge.render.bounds import latency_bounds, levels
from entsurge.render.paint import DASHED, DOTTED, PAINT, SOLID, WIDTH, Drawing
from entsurge.render.series import binned, clock, step_seconds, stepped
from entsurge.render.stack import Room, highest, seen, stacked
from entsurge.render.target_series import SHOWN, by_weight, in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import altair as alt

    from entsurge.findings.course import TargetSeries
    from entsurge.findings.report import RunFindings
    from entsurge.render.hover import Chart
    from entsurge.render.numbers import Numbers
    from entsurge.render.series import Step

HEIGHTS = {"pages": 190, "visits": 70, "latency": 150, "visitors": 70, "target": 54}
LATENCY = {"p50_s": ("accent", SOLID), "p95_s": ("warn", DASHED), "p99_s": ("bad", DOTTED)}
SIGN_ON = ("ink", [6, 2, 1, 2])
NINES = {0.5: 0.30103, 0.9: 1, 0.99: 2, 0.999: 3, 0.9999: 4, 0.99999: 5}


def draw_timeline(run: RunFindings, words: Mapping[str, Any], numbers: Numbers) -> Chart:
    """Pages by outcome, visits, latency, visitors and the target's two series, one above the other, on one axis."""
    rows = binned(run.timeline)
    panels = [
        _pages(rows, run, words),
        _visits(rows, run, words),
        _latency(rows, run, words, numbers),
        _visitors(rows, run, words),
    ]
    shown, x = _values(rows, run, words, numbers), time_axis(run, words["language"])
    drawn = [
        _panel(name, [*layers, hover.values(name, shown, x)]) for name, layers in panels
    ] + _target(run, words, numbers, by_weight(run.target_series, numbers.lang)[:SHOWN])  # fmt: skip
    top = strip(run, words, time_axis(run, numbers.lang, bare=True), WIDTH)
    return hover.chart(paint.column([top, *drawn], spacing=12), numbers.lang)


def draw_other_series(run: RunFindings, words: Mapping[str, Any], numbers: Numbers) -> Chart | None:
    """The target's other series; None where it has no more than two."""
    others = by_weight(run.target_series, numbers.lang)[SHOWN:]
    if not others:
        return None
    return hover.chart(paint.column(_target(run, words, numbers, others), spacing=12), numbers.lang)


def _values(rows: list[Step], run: RunFindings, words: Mapping[str, Any], numbers: Numbers) -> list[dict[str, Any]]:
    """What the pointer reads of each step, in words."""
    when, names = clock(run, numbers.lang), words["timeline"]
    return [
        {"x": row.second, names["time"]: when.time(row.second),
         f"{names['pages']}, {names['offered']}": numbers.number(row.offered_pages, 1),
         **{words["outcomes"][name]: numbers.number(getattr(row, name), 1) for name in seen(rows)},
         "p50": numbers.seconds(row.p50_s), "p95": numbers.seconds(row.p95_s), "p99": numbers.seconds(row.p99_s),
         names["sign_on"]: numbers.seconds(row.sign_on_p95_s),
         names["visits"]: numbers.number(row.started_visits, 1), names["visitors"]: numbers.number(row.visitors)}
        for row in rows
    ]  # fmt: skip


def draw_percentiles(run: RunFindings, words: Mapping[str, Any], numbers: Numbers) -> Chart:
    """Corrected latency and service time against the share of pages, both scales logarithmic."""
    import altair as alt  # slow to import, and only a drawn report needs it

    rows = [
        {"x": each.nines, "corrected_s": each.corrected_s, "service_s": each.service_s}
        for each in run.percentiles.curve
    ]
    names = words["percentiles"]
    shown = {"corrected_s": (names["corrected"], "warn", SOLID), "service_s": (names["service"], "accent", DASHED)}
    axis = paint.labelled({at: numbers.share(part) for part, at in NINES.items()}, title=names["axis"])
    x = alt.X("x:Q", axis=axis, scale=alt.Scale(domain=[0, rows[-1]["x"]], nice=False))
    y = alt.Y("y:Q", title=names["seconds"], axis=alt.Axis(tickCount=5))
    read = [
        {"x": each.nines, names["percentile"]: numbers.plain(each.percentile),
         names["corrected"]: numbers.seconds(each.corrected_s), names["service"]: numbers.seconds(each.service_s)}
        for each in run.percentiles.curve
    ]  # fmt: skip
    layers = [paint.lines(rows, shown, x, y), hover.values("percentiles", read, x)]
    return hover.chart(paint.layers(*layers, width=WIDTH, height=210), numbers.lang)


Panel = tuple[str, list[Drawing]]


def _points(rows: list[Step], names: Iterable[str]) -> list[dict[str, Any]]:
    """The steps' seconds as `x`, with the figures of these names."""
    return [{"x": row.second, **{name: getattr(row, name) for name in names}} for row in rows]


def _pages(rows: list[Step], run: RunFindings, words: Mapping[str, Any]) -> Panel:
    """Outcomes stacked, what was offered as a dashed line over them."""
    x = time_axis(run, words["language"])
    return "pages", [bands(run, x), stacked(rows, words, x, Room(highest(rows)))]


def _visits(rows: list[Step], run: RunFindings, words: Mapping[str, Any]) -> Panel:
    import altair as alt

    names = words["timeline"]
    shown = {
        "started_visits": (names["achieved"], "accent", SOLID), "offered_visits": (names["offered"], "ink", DASHED),
    }  # fmt: skip
    y = alt.Y("y:Q", title=names["visits"], axis=alt.Axis(tickCount=3))
    x = time_axis(run, words["language"])
    return "visits", [bands(run, x), paint.lines(_points(rows, shown), shown, x, y)]


def _latency(rows: list[Step], run: RunFindings, words: Mapping[str, Any], numbers: Numbers) -> Panel:
    """Percentiles of every step, named as those of the worst second where a step has several, and what is owed."""
    import altair as alt

    worst = words["timeline"]["worst_second"] if step_seconds(run.timeline) > 1 else ""
    shown = {name: (name[:3] + (worst if name != "p50_s" else ""), *look) for name, look in LATENCY.items()}
    if any(row.sign_on_p95_s is not None for row in rows):
        shown["sign_on_p95_s"] = (words["timeline"]["sign_on"], *SIGN_ON)
    bounds = latency_bounds(run)
    seen = [getattr(row, name) or 0.0 for row in rows for name in shown]
    scale = alt.Scale(domain=[0, max([*seen, *bounds, 0.001])])
    y = alt.Y("y:Q", title=words["timeline"]["latency"], axis=alt.Axis(tickCount=4), scale=scale)
    x = time_axis(run, words["language"])
    lines = paint.lines(_points(rows, shown), shown, x, y)
    named = [(bound, words["timeline"]["owed"].format(bound=numbers.short(bound)), "ink") for bound in bounds]
    return "latency", [
        bands(run, x),
        paint.layers(lines, *levels(run, named, x, scale), independent=("color", "strokeDash")),
    ]


def _visitors(rows: list[Step], run: RunFindings, words: Mapping[str, Any]) -> Panel:
    values = [{"x": row.second, "y": row.visitors} for row in rows]
    x = time_axis(run, words["language"])
    return "visitors", [bands(run, x), _area(values, x, words["timeline"]["visitors"])]


def _target(
    run: RunFindings, words: Mapping[str, Any], numbers: Numbers, chosen: Iterable[TargetSeries]
) -> list[Drawing]:
    """A small panel for each of these series of the target."""
    step, when, x = step_seconds(run.timeline), clock(run, numbers.lang), time_axis(run, numbers.lang)
    found: list[Drawing] = []
    for place, series in enumerate(chosen):
        means = stepped(series.points, len(run.timeline.second), step)
        values = [{"x": at * step, "y": value} for at, value in enumerate(means) if value is not None]
        name = in_words(series.name, words)
        read = [
            {"x": each["x"], words["timeline"]["time"]: when.time(each["x"]), name: numbers.plain(each["y"])}
            for each in values
        ]
        layers = [bands(run, x), _area(values, x, "", name=name)]
        found.append(_panel("target", [*layers, hover.values(f"target{place}", read, x)]))
    return found


def _area(values: list[dict[str, Any]], x: alt.X, title: str, name: str = "") -> Drawing:
    import altair as alt

    area = (
        alt.Chart(paint.table(values))
        .mark_area(color=PAINT["accent"], opacity=0.2, line={"color": PAINT["accent"], "strokeWidth": 1.5})
        .encode(x=x, y=alt.Y("y:Q", title=title or None, axis=alt.Axis(tickCount=3)))
    )
    if not name:
        return paint.part(area)
    heading = alt.TitleParams(name, anchor="start", fontSize=11, fontWeight="normal", color=PAINT["soft"], offset=4)
    return paint.part(area.properties(title=heading))


def _panel(name: str, layers: list[Drawing]) -> Drawing:
    """Layers of one panel, each with scales of its own but for x."""
    return paint.layers(*layers, independent=("y", "color", "strokeDash"), width=WIDTH, height=HEIGHTS[name])
