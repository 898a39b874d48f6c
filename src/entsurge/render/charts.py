"""Draws a run over time as SVG to be put into the page: colours follow the page's own, light or dark."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from entsurge.render.series import binned, clock

if TYPE_CHECKING:
    import altair as alt

    from entsurge.render.numbers import Numbers

WIDTH, HEIGHTS = 940, {"pages": 190, "latency": 130, "visitors": 80}
# Colours that stand for the page's variables: they are written as `var(--…)` once the chart is drawn.
PAINT = {
    "ink": "#010203", "soft": "#010204", "line": "#010205", "card": "#010206", "accent": "#010207",
    "ok": "#010208", "okbg": "#010209", "bad": "#01020a", "badbg": "#01020b", "shed": "#01020c", "warn": "#01020d",
}  # fmt: skip
PAGES = {
    "offered_pages": ("accent", [6, 4]), "ok": ("ok", [1, 0]), "shed": ("shed", [2, 2]), "failed": ("bad", [8, 2]),
    "lost": ("soft", [1, 3]),
}  # fmt: skip
ALWAYS = ("offered_pages", "ok")
LATENCY = {"p50_s": ("accent", [1, 0]), "p95_s": ("warn", [6, 3])}


def draw(run: dict[str, Any], words: dict[str, Any], numbers: Numbers) -> Markup:
    """The three panels of a run (pages per second, latency, visitors) as one SVG without any address in it."""
    import altair as alt  # slow to import, and only a drawn report needs it

    rows = binned(run["timeline"])
    panels = [
        _pages(rows, run, words),
        _latency(rows, run, words),
        _visitors(rows, run, words),
    ]
    chart = alt.vconcat(*panels, spacing=14).configure(**_look(numbers.lang))
    drawn = io.StringIO()
    chart.save(drawn, format="svg")
    return _embeddable(drawn.getvalue())


def _pages(rows: list[dict[str, Any]], run: dict[str, Any], words: dict[str, Any]) -> Any:
    names = {"offered_pages": words["timeline"]["offered"], **words["outcomes"]}
    shown = {
        name: (names[name], *look) for name, look in PAGES.items() if name in ALWAYS or any(row[name] for row in rows)
    }
    lines = _lines(rows, shown, run, "pages", words["timeline"]["pages"])
    return _panel([_phases(run, words), _perturbations(run, words), lines], "pages")


def _latency(rows: list[dict[str, Any]], run: dict[str, Any], words: dict[str, Any]) -> Any:
    shown = {name: (name[:3], *look) for name, look in LATENCY.items()}
    lines = _lines(rows, shown, run, "latency", words["timeline"]["latency"])
    return _panel([_bands(run), lines], "latency")


def _visitors(rows: list[dict[str, Any]], run: dict[str, Any], words: dict[str, Any]) -> Any:
    import altair as alt

    values = [{"x": row["second"], "y": row["visitors"]} for row in rows]
    area = (
        alt.Chart(alt.InlineData(values=values))
        .mark_area(color=PAINT["accent"], opacity=0.25, line={"color": PAINT["accent"], "strokeWidth": 1.5})
        .encode(x=_x(run), y=alt.Y("y:Q", title=words["timeline"]["visitors"], axis=alt.Axis(tickCount=3)))
    )
    return _panel([_bands(run), area], "visitors")


def _lines(
    rows: list[dict[str, Any]], shown: dict[str, tuple[Any, ...]], run: dict[str, Any], panel: str, title: str
) -> Any:
    """Lines told apart by colour and by dashes, with their legend."""
    import altair as alt

    values = [{"x": row["second"], "y": row[name], "s": shown[name][0]} for name in shown for row in rows]
    domain = [look[0] for look in shown.values()]
    legend = alt.Legend(title=None, orient="top", symbolType="stroke", symbolStrokeWidth=2.5, symbolSize=400)
    colours = alt.Scale(domain=domain, range=[PAINT[look[1]] for look in shown.values()])
    dashes = alt.Scale(domain=domain, range=[look[2] for look in shown.values()])
    return (
        alt.Chart(alt.InlineData(values=values))
        .mark_line(strokeWidth=2.2)
        .encode(
            x=_x(run),
            y=alt.Y("y:Q", title=title, axis=alt.Axis(tickCount=3 if panel == "latency" else 5)),
            color=alt.Color("s:N", scale=colours, legend=legend),
            strokeDash=alt.StrokeDash("s:N", scale=dashes, legend=legend),
        )
    )


def _x(run: dict[str, Any]) -> alt.X:
    """Seconds of the run, written as the time of the simulated day."""
    import altair as alt

    end = _end(run)
    ticks = clock(run).ticks(end)
    labels = json.dumps({f"{second:.3f}": written for second, written in ticks.items()})
    axis = alt.Axis(
        values=list(ticks), labelExpr=f"{labels}[format(datum.value, '.3f')]", title=None, grid=False, labelOverlap=True
    )
    return alt.X("x:Q", axis=axis, scale=alt.Scale(domain=[0, end], nice=False))


def _end(run: dict[str, Any]) -> float:
    timeline = run["timeline"]
    return float(max([*timeline["second"], *(each["end_s"] for each in timeline["phases"]), 1]))


def _spans(run: dict[str, Any], spans: list[dict[str, Any]], **mark: Any) -> Any:
    import altair as alt

    end = _end(run)
    values = [each | {"x": min(each["x"], end), "x2": min(each["x2"], end)} for each in spans]
    return (
        alt.Chart(alt.InlineData(values=values))
        .mark_rect(**mark)
        .encode(x=_x(run), x2="x2:Q", color=alt.Color("paint:N", scale=None))
    )


def _bands(run: dict[str, Any]) -> Any:
    """Phases before and after the window in grey; perturbations tinted."""
    import altair as alt

    greyed = [
        {"x": each["start_s"], "x2": each["end_s"], "paint": PAINT["card"]}
        for each in run["timeline"]["phases"]
        if each["name"] in ("warm-up", "drain")
    ]
    tinted = [
        {"x": each["start_s"], "x2": each["end_s"], "paint": PAINT["badbg" if each["kind"] == "fault" else "okbg"]}
        for each in run["perturbations"]
    ]
    return alt.layer(_spans(run, greyed), _spans(run, tinted, opacity=0.6))


def _phases(run: dict[str, Any], words: dict[str, Any]) -> Any:
    import altair as alt

    values = [
        {"x": each["start_s"], "text": words["phases"].get(each["name"], each["name"])}
        for each in run["timeline"]["phases"]
    ]
    names = (
        alt.Chart(alt.InlineData(values=values))
        .mark_text(align="left", baseline="top", dx=5, dy=5, color=PAINT["soft"], fontSize=11)
        .encode(x=_x(run), y=alt.value(0), text="text:N")
    )
    return alt.layer(_bands(run), names)


def _perturbations(run: dict[str, Any], words: dict[str, Any]) -> Any:
    """A line where each perturbation starts, with its name under the phases', one beneath the other."""
    import altair as alt

    values = [
        {
            "x": each["start_s"],
            "top": 20 + 15 * place,
            "paint": PAINT["bad" if each["kind"] == "fault" else "ok"],
            "text": words["timeline"]["mark"].format(
                kind=words["timeline"][each["kind"]], title=each["title"][words["language"]]
            ),
        }
        for place, each in enumerate(run["perturbations"])
    ]
    base = alt.Chart(alt.InlineData(values=values)).encode(x=_x(run), color=alt.Color("paint:N", scale=None))
    names = base.mark_text(align="left", baseline="top", dx=5, fontSize=11, fontWeight="bold").encode(
        y=alt.Y("top:Q", scale=None, axis=None), text="text:N"
    )
    return alt.layer(base.mark_rule(strokeWidth=1.6), names).resolve_scale(y="independent")


def _panel(layers: list[Any], name: str) -> Any:
    import altair as alt

    return (
        alt.layer(*layers)
        .resolve_scale(y="independent", color="independent", strokeDash="independent")
        .properties(width=WIDTH, height=HEIGHTS[name])
    )


def _look(lang: str) -> dict[str, Any]:
    """Config: the page's own colours, no frame, numbers written as the language does."""
    soft, line = PAINT["soft"], PAINT["line"]
    axis = {"labelColor": soft, "titleColor": soft, "domainColor": line, "tickColor": line, "gridColor": line,
            "gridDash": [3, 4], "titleFontWeight": "normal", "labelFontSize": 11, "titleFontSize": 11,
            "minExtent": 46, "maxExtent": 46}  # fmt: skip
    comma = {"decimal": ",", "thousands": "\u202f", "grouping": [3], "currency": ["", ""]}
    return {
        "axis": axis,
        "view": {"stroke": None},
        "legend": {"labelColor": soft, "labelFontSize": 12},
        "background": "transparent",
        "font": "sans-serif",
        **({"locale": {"number": comma}} if lang == "fr" else {}),
    }


def _embeddable(svg: str) -> Markup:
    """The SVG inside a page: colours by variable, as wide as the page, named by the figure around it."""
    for name, colour in PAINT.items():
        svg = svg.replace(colour, f"var(--{name})")
    for address in ("http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"):
        svg = svg.replace(f'"{address}"', '""')
    head, _, rest = svg.partition(">")
    head = head.replace(' xmlns=""', "").replace(' xmlns:xlink=""', "").replace(' version="1.1"', "")
    return Markup(f'{head} aria-hidden="true" focusable="false">{rest}')  # noqa: S704  drawn here; its texts are escaped by the drawing library
