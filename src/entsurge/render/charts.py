"""Draws a run over time, what the target said of itself beneath on the same axis, and its percentiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsurge.audience.objective import parse_objective
from entsurge.render import paint
from entsurge.render.paint import DASHED, DOTTED, PAINT, SOLID, WIDTH, Drawing
from entsurge.render.series import binned, clock, step_seconds, stepped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import altair as alt
    from markupsafe import Markup

    from entsurge.findings.report import RunFindings
    from entsurge.render.numbers import Numbers
    from entsurge.render.series import Step

HEIGHTS = {"pages": 190, "visits": 70, "latency": 150, "visitors": 70, "target": 54}
OUTCOMES = {"ok": "ok", "shed": "shed", "failed": "bad", "lost": "soft"}
LATENCY = {"p50_s": ("accent", SOLID), "p95_s": ("warn", DASHED), "p99_s": ("bad", DOTTED)}
SIGN_ON = ("ink", [6, 2, 1, 2])
MOST_BOUNDS = 2  # lines of objectives that a chart of latency bears
LATE = 0.6  # of the width: what begins after it is named to its left
MOST_TARGET_PANELS = 6
ROOM = 0.09  # of the first panel's height, for the name of each perturbation
NARROW = 0.08  # of the width: a phase shorter than this is not named
NINES = {"50 %": 0.30103, "90 %": 1, "99 %": 2, "99.9 %": 3, "99.99 %": 4, "99.999 %": 5}


def draw_timeline(run: RunFindings, words: Mapping[str, Any], numbers: Numbers) -> Markup:
    """Pages by outcome, visits, latency, visitors and the target's series, one above the other, as one SVG."""
    rows = binned(run.timeline)
    panels = [
        _pages(rows, run, words),
        _visits(rows, run, words),
        _latency(rows, run, words),
        _visitors(rows, run, words),
        *_target(run),
    ]
    return paint.drawn(paint.column([_panel(*panel) for panel in panels], spacing=12), numbers.lang)


def draw_percentiles(run: RunFindings, words: Mapping[str, Any], numbers: Numbers) -> Markup:
    """Corrected latency and service time against the share of pages, both scales logarithmic, as SVG."""
    import altair as alt  # slow to import, and only a drawn report needs it

    rows = [
        {"x": each.nines, "corrected_s": each.corrected_s, "service_s": each.service_s}
        for each in run.percentiles.curve
    ]
    names = words["percentiles"]
    shown = {"corrected_s": (names["corrected"], "warn", SOLID), "service_s": (names["service"], "accent", DASHED)}
    point = "," if numbers.lang == "fr" else "."
    axis = paint.labelled({at: text.replace(".", point) for text, at in NINES.items()}, title=names["axis"])
    x = alt.X("x:Q", axis=axis, scale=alt.Scale(domain=[0, rows[-1]["x"]], nice=False))
    y = alt.Y("y:Q", title=names["seconds"], axis=alt.Axis(tickCount=5))
    return paint.drawn(paint.lines(rows, shown, x, y, width=WIDTH, height=210), numbers.lang)


Panel = tuple[str, list[Drawing]]


def _points(rows: list[Step], names: Iterable[str]) -> list[dict[str, Any]]:
    """The steps' seconds as `x`, with the figures of these names."""
    return [{"x": row.second, **{name: getattr(row, name) for name in names}} for row in rows]


def _pages(rows: list[Step], run: RunFindings, words: Mapping[str, Any]) -> Panel:
    """Outcomes stacked, what was offered as a dashed line over them, phases and perturbations named."""
    import altair as alt

    shown = [name for name in OUTCOMES if name == "ok" or any(getattr(row, name) for row in rows)]
    labels = {name: words["outcomes"][name] for name in shown}
    values = [
        {"x": row.second, "y": getattr(row, name), "s": labels[name], "order": place}
        for place, name in enumerate(shown)
        for row in rows
    ]
    top = max(max(row.offered_pages, row.ok + row.shed + row.failed + row.lost) for row in rows)
    scale = alt.Scale(domain=[0, max(1.0, top) * (1 + ROOM * len(run.perturbations))], nice=False)
    colours = alt.Scale(domain=list(labels.values()), range=[PAINT[OUTCOMES[name]] for name in shown])
    legend = alt.Legend(
        title=None, orient="top", symbolType="square", symbolSize=140, symbolOpacity=0.6, columnPadding=40
    )
    area = alt.Chart(paint.table(values)).mark_area(opacity=0.5, interpolate="step-after")
    y = alt.Y("y:Q", stack="zero", title=words["timeline"]["pages"], axis=alt.Axis(tickCount=5), scale=scale)
    colour = alt.Color("s:N", scale=colours, legend=legend)
    stack = area.encode(x=_x(run), y=y, color=colour, order=alt.Order("order:Q"))
    offered = {"offered_pages": (words["timeline"]["offered"], "ink", DASHED)}
    line = paint.lines(_points(rows, offered), offered, _x(run), alt.Y("y:Q", scale=scale))
    # one scale for both, since what was offered is to be held against the height of the stack
    together = paint.layers(stack, line, independent=("color", "strokeDash"))
    return "pages", [_phases(run, words), together, _perturbations(run, words)]


def _visits(rows: list[Step], run: RunFindings, words: Mapping[str, Any]) -> Panel:
    import altair as alt

    names = words["timeline"]
    shown = {
        "started_visits": (names["achieved"], "accent", SOLID), "offered_visits": (names["offered"], "ink", DASHED),
    }  # fmt: skip
    y = alt.Y("y:Q", title=names["visits"], axis=alt.Axis(tickCount=3))
    return "visits", [_bands(run), paint.lines(_points(rows, shown), shown, _x(run), y)]


def _latency(rows: list[Step], run: RunFindings, words: Mapping[str, Any]) -> Panel:
    import altair as alt

    shown = {name: (name[:3], *look) for name, look in LATENCY.items()}
    if any(row.sign_on_p95_s is not None for row in rows):
        shown["sign_on_p95_s"] = (words["timeline"]["sign_on"], *SIGN_ON)
    bounds = latency_bounds(run)
    seen = [getattr(row, name) or 0.0 for row in rows for name in shown]
    scale = alt.Scale(domain=[0, max([*seen, *bounds, 0.001])])
    y = alt.Y("y:Q", title=words["timeline"]["latency"], axis=alt.Axis(tickCount=4), scale=scale)
    lines = paint.lines(_points(rows, shown), shown, _x(run), y)
    return "latency", [
        _bands(run),
        paint.layers(lines, *_owed(run, bounds, scale), independent=("color", "strokeDash")),
    ]


def latency_bounds(run: RunFindings) -> dict[float, str]:
    """What the judged phase's objectives owe in seconds, the strictest first, with how they word it; at most two."""
    found: dict[float, str] = {}
    for each in run.objectives:
        must = parse_objective(each.must)
        if must.measure == "latency" and not must.relative and each.phase == run.phase:
            found.setdefault(must.bound, each.must)
    return dict(sorted(found.items())[:MOST_BOUNDS])


def _owed(run: RunFindings, bounds: Mapping[float, str], scale: alt.Scale) -> list[Drawing]:
    """A line at every bound, named at its right end."""
    import altair as alt

    if not bounds:
        return []
    values = [{"y": bound, "x": _end(run), "text": must} for bound, must in bounds.items()]
    base = alt.Chart(paint.table(values)).encode(y=alt.Y("y:Q", scale=scale))
    names = base.mark_text(align="right", baseline="bottom", dx=-3, dy=-2, fontSize=11, color=PAINT["soft"])
    return [
        paint.part(base.mark_rule(color=PAINT["soft"], strokeWidth=1.2)),
        paint.part(names.encode(x=_x(run), text="text:N")),
    ]


def _visitors(rows: list[Step], run: RunFindings, words: Mapping[str, Any]) -> Panel:
    values = [{"x": row.second, "y": row.visitors} for row in rows]
    return "visitors", [_bands(run), _area(values, run, words["timeline"]["visitors"])]


def _target(run: RunFindings) -> list[Panel]:
    """A small panel for each of the target's series that changed."""
    step = step_seconds(run.timeline)
    found: list[Panel] = []
    for series in run.target_series[:MOST_TARGET_PANELS]:
        means = stepped(series.points, len(run.timeline.second), step)
        values = [{"x": place * step, "y": value} for place, value in enumerate(means) if value is not None]
        found.append(("target", [_bands(run), _area(values, run, "", name=series.name)]))
    return found


def _area(values: list[dict[str, Any]], run: RunFindings, title: str, name: str = "") -> Drawing:
    import altair as alt

    area = (
        alt.Chart(paint.table(values))
        .mark_area(color=PAINT["accent"], opacity=0.2, line={"color": PAINT["accent"], "strokeWidth": 1.5})
        .encode(x=_x(run), y=alt.Y("y:Q", title=title or None, axis=alt.Axis(tickCount=3)))
    )
    if not name:
        return paint.part(area)
    heading = alt.TitleParams(name, anchor="start", fontSize=11, fontWeight="normal", color=PAINT["soft"], offset=4)
    return paint.part(area.properties(title=heading))


def _x(run: RunFindings) -> alt.X:
    """Seconds of the run, written as the time of the simulated day."""
    import altair as alt

    end = _end(run)
    axis = paint.labelled(clock(run).ticks(end), title=None, grid=False)
    return alt.X("x:Q", axis=axis, scale=alt.Scale(domain=[0, end], nice=False))


def _end(run: RunFindings) -> float:
    return float(max([*run.timeline.second, 1]))


def _spans(run: RunFindings, spans: list[dict[str, Any]], **mark: Any) -> Drawing:
    import altair as alt

    end = _end(run)
    values = [each | {"x": min(each["x"], end), "x2": min(each["x2"], end)} for each in spans]
    rects = alt.Chart(paint.table(values)).mark_rect(**mark)
    return paint.part(rects.encode(x=_x(run), x2="x2:Q", color=alt.Color("paint:N", scale=None)))


def _bands(run: RunFindings) -> Drawing:
    """Phases before and after the window in grey; perturbations tinted."""
    greyed = [
        {"x": each["start_s"], "x2": each["end_s"], "paint": PAINT["card"]}
        for each in run.timeline.phases
        if each["name"] in ("warm-up", "drain")
    ]
    tinted = [
        {"x": each.start_s, "x2": each.end_s, "paint": PAINT["badbg" if each.kind == "fault" else "okbg"]}
        for each in run.perturbations
    ]
    return paint.layers(_spans(run, greyed), _spans(run, tinted, opacity=0.6))


def _phases(run: RunFindings, words: Mapping[str, Any]) -> Drawing:
    import altair as alt

    end = _end(run)
    values = [
        {"x": each["start_s"], "text": words["phases"].get(each["name"], each["name"])}
        for each in run.timeline.phases
        if min(each["end_s"], end) - each["start_s"] >= NARROW * end
    ]
    names = (
        alt.Chart(paint.table(values))
        .mark_text(align="left", baseline="bottom", dx=2, dy=-3, color=PAINT["soft"], fontSize=11)
        .encode(x=_x(run), y=alt.value(0), text="text:N")
    )
    return paint.layers(_bands(run), names)


def _perturbations(run: RunFindings, words: Mapping[str, Any]) -> Drawing:
    """A line where each perturbation starts; its name beneath the phases' and the other names, within the picture."""
    import altair as alt

    end = _end(run)
    values = [
        {
            "x": min(each.start_s, end),
            "top": 5 + 15 * place,
            "late": each.start_s > LATE * end,
            "paint": PAINT["bad" if each.kind == "fault" else "ok"],
            "text": words["timeline"]["mark"].format(
                kind=words["timeline"].get(each.kind, each.kind), title=each.title[words["language"]]
            ),
        }
        for place, each in enumerate(run.perturbations)
    ]
    base = alt.Chart(paint.table(values)).encode(x=_x(run), color=alt.Color("paint:N", scale=None))
    early, late = (base.transform_filter(f"datum.late == {each}") for each in ("false", "true"))
    names = [
        each.encode(y=alt.Y("top:Q", scale=None, axis=None), text="text:N")
        for each in (
            early.mark_text(align="left", baseline="top", dx=5, fontSize=11, fontWeight="bold"),
            late.mark_text(align="right", baseline="top", dx=-5, fontSize=11, fontWeight="bold"),
        )
    ]
    return paint.layers(base.mark_rule(strokeWidth=1.6), *names, independent=("y",))


def _panel(name: str, layers: list[Drawing]) -> Drawing:
    """Layers of one panel, each with scales of its own but for x."""
    return paint.layers(*layers, independent=("y", "color", "strokeDash"), width=WIDTH, height=HEIGHTS[name])
