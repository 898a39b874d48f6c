"""How every chart looks: the page's own colours, light or dark, no frame, numbers written as the language does."""

from __future__ import annotations

import json
from typing import Any

from markupsafe import Markup

# Colours that stand for the page's variables: they are written as `var(--…)` once the chart is drawn.
PAINT = {
    "ink": "#010203", "soft": "#010204", "line": "#010205", "card": "#010206", "accent": "#010207",
    "ok": "#010208", "okbg": "#010209", "bad": "#01020a", "badbg": "#01020b", "shed": "#01020c", "warn": "#01020d",
    "page": "#01020e",
}  # fmt: skip
WIDTH = 940
NARROW = 300  # of a chart on a phone, without its axis
Drawing = dict[str, Any]  # in Vega-Lite
SOLID, DASHED, DOTTED, LONG = [1, 0], [6, 4], [2, 2], [9, 3]


def drawn(drawing: Drawing, lang: str) -> Markup:
    """A drawing as SVG to be put into the page; no address in it."""
    import vl_convert

    return _embeddable(vl_convert.vegalite_to_svg(finished(drawing, lang), vl_version=vega_lite_version()))


def finished(drawing: Drawing, lang: str) -> Drawing:
    """A drawing with how it looks."""
    return {**drawing, "config": _look(lang)}


def vega_lite_version() -> str:
    """The version of Vega-Lite that Altair writes, as vl-convert names it."""
    import altair as alt

    major, minor, _ = alt.SCHEMA_VERSION.removeprefix("v").split(".")
    return f"{major}.{minor}"


def table(rows: list[dict[str, Any]]) -> Any:
    """A chart's data. They travel as a name, and `part` puts them in their place: else each step would check them."""
    import altair as alt

    return alt.NamedData(json.dumps(rows))


def part(chart: Any, **more: Any) -> Drawing:
    """A chart of Altair's with the data of `table`, as the part of a drawing.

    Parts are put together here and not by Altair, which copies each chart whenever it is put into another. Nor does it
    hold each to the schema of Vega-Lite, which takes as long as drawing it: what is no chart cannot be drawn.
    """
    spec = chart.to_dict(validate=False)
    data = {"values": json.loads(spec["data"]["name"])}
    return {**{name: each for name, each in spec.items() if name not in ("$schema", "config")}, "data": data, **more}


def layers(*parts: Any, independent: tuple[str, ...] = (), **more: Any) -> Drawing:
    """Parts and charts drawn over each other, with these scales (x, y, color, …) of each one's own."""
    resolve = {"resolve": {"scale": dict.fromkeys(independent, "independent")}} if independent else {}
    return {"layer": [each if isinstance(each, dict) else part(each) for each in parts], **resolve, **more}


def column(parts: list[Drawing], spacing: int) -> Drawing:
    """Parts one beneath the other."""
    return {"vconcat": parts, "spacing": spacing}


def lines(
    rows: list[dict[str, Any]], shown: dict[str, tuple[str, str, list[int]]], x: Any, y: Any, padding: int = 40,
    **more: Any,
) -> Drawing:  # fmt: skip
    """Lines told apart by colour and by dashes, with their legend; `shown` has (label, paint, dashes) by column."""
    import altair as alt

    values = [
        {"x": row["x"], "y": row[name], "s": look[0]}
        for name, look in shown.items()
        for row in rows
        if row[name] is not None
    ]
    domain = [look[0] for look in shown.values()]
    legend = alt.Legend(
        title=None, orient="top", symbolType="stroke", symbolStrokeWidth=2.5, symbolSize=400, columnPadding=padding
    )
    colours = alt.Scale(domain=domain, range=[PAINT[look[1]] for look in shown.values()])
    dashes = alt.Scale(domain=domain, range=[look[2] for look in shown.values()])
    chart = alt.Chart(table(values)).mark_line(strokeWidth=2)
    return part(
        chart.encode(
            x=x,
            y=y,
            color=alt.Color("s:N", scale=colours, legend=legend),
            strokeDash=alt.StrokeDash("s:N", scale=dashes, legend=legend),
        ),
        **more,
    )


def labelled(values: dict[float, str], **more: Any) -> Any:
    """An axis with these texts at these values, whatever the language's way of writing numbers."""
    import altair as alt

    texts = json.dumps({str(round(1000 * value)): text for value, text in values.items()})
    return alt.Axis(values=list(values), labelExpr=f"{texts}[round(1000 * datum.value)]", labelOverlap=True, **more)


def _look(lang: str) -> dict[str, Any]:
    soft, line = PAINT["soft"], PAINT["line"]
    axis = {"labelColor": soft, "titleColor": soft, "domainColor": line, "tickColor": line, "gridColor": line,
            "gridDash": [3, 4], "titleFontWeight": "normal", "labelFontSize": 11, "titleFontSize": 11}  # fmt: skip
    comma = {"decimal": ",", "thousands": "\u202f", "grouping": [3], "currency": ["", ""]}
    return {
        "axis": axis,
        "axisY": {"minExtent": 50, "maxExtent": 50},
        "view": {"stroke": None},
        "legend": {"labelColor": soft, "labelFontSize": 12, "labelLimit": 500},
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
