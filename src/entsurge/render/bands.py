"""What was in force when, over every chart of a run: its phases, faults and measures as bands, named in a strip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsurge.render import paint
from entsurge.render.labels import Label, fitting, placed
from entsurge.render.paint import PAINT, Drawing
from entsurge.render.series import clock

if TYPE_CHECKING:
    from collections.abc import Mapping

    import altair as alt

    from entsurge.findings.report import RunFindings

ROW = 16  # pixels of a row of names
OUTSIDE = ("warm-up", "drain")


def end_of(run: RunFindings) -> float:
    """The last second that charts of a run show."""
    return float(max([*run.timeline.second, 1]))


def time_axis(run: RunFindings, lang: str, *, most: int = 9, bare: bool = False) -> alt.X:
    """Seconds of the run, written as the time of the simulated day at so many places at most; `bare`: unwritten."""
    import altair as alt  # slow to import, and only a drawn report needs it

    end = end_of(run)
    scale = alt.Scale(domain=[0, end], nice=False)
    if bare:
        return alt.X("x:Q", axis=None, scale=scale)
    return alt.X("x:Q", axis=paint.labelled(clock(run, lang).ticks(end, most), title=None, grid=False), scale=scale)


def bands(run: RunFindings, x: alt.X) -> Drawing:
    """Phases before and after the window in grey; faults and measures tinted."""
    greyed = [
        {"x": each["start_s"], "x2": each["end_s"], "paint": PAINT["card"]}
        for each in run.timeline.phases
        if each["name"] in OUTSIDE
    ]
    tinted = [
        {"x": each.start_s, "x2": each.end_s, "paint": PAINT["badbg" if each.kind == "fault" else "okbg"]}
        for each in run.perturbations
    ]
    return paint.layers(_spans(run, greyed, x), _spans(run, tinted, x, opacity=0.6))


def rows_of(run: RunFindings, words: Mapping[str, Any], width: int) -> int:
    """How many rows of names a strip of this width has, the phases' included."""
    return 1 + max([each.row + 1 for each in _names(run, words, width)], default=0)


def _names(run: RunFindings, words: Mapping[str, Any], width: int) -> list[Label]:
    """The faults' and measures' names in their places, in their order."""
    scale = width / end_of(run)
    return placed(
        [(min(scale * each.start_s, width), min(scale * each.end_s, width), _named(each, words))
         for each in run.perturbations], width,
    )  # fmt: skip


def strip(run: RunFindings, words: Mapping[str, Any], x: alt.X, width: int, rows: int = 0) -> Drawing:
    """Rows of names: the phases, then each fault and measure as a bar of its own; none covers another.

    At least so many `rows`, so that pictures beside each other begin at one height.
    """
    import altair as alt

    end, names = end_of(run), _names(run, words, width)
    height = ROW * max(rows, rows_of(run, words, width))
    y = alt.Y("top:Q", scale=alt.Scale(domain=[0, height], range=[0, height], nice=False), axis=None)
    bars = [
        {"x": min(of.start_s, end), "x2": min(max(of.end_s, of.start_s + end / 200), end), "top": ROW * (1 + name.row),
         "bottom": ROW * (2 + name.row) - 2, "paint": PAINT["badbg" if of.kind == "fault" else "okbg"]}
        for of, name in zip(run.perturbations, names, strict=True)
    ]  # fmt: skip
    texts = [
        {"x": end * min(name.left, width - 1) / width, "top": ROW * (1.5 + name.row) - 1, "text": name.text,
         "paint": PAINT["bad" if of.kind == "fault" else "ok"]}
        for of, name in zip(run.perturbations, names, strict=True)
    ]  # fmt: skip
    colour = alt.Color("paint:N", scale=None)
    rects = (
        alt.Chart(paint.table(bars))
        .mark_rect()
        .encode(x=x, x2=alt.X2("x2:Q"), y=y, y2=alt.Y2("bottom:Q"), color=colour)
    )
    named = alt.Chart(paint.table([*_phases(run, words, width), *texts]))
    text = named.mark_text(align="left", baseline="middle", dx=3, fontSize=11, fontWeight="bold")
    return paint.layers(rects, text.encode(x=x, y=y, text=alt.Text("text:N"), color=colour), width=width, height=height)


def _named(each: Any, words: Mapping[str, Any]) -> str:
    kind = words["timeline"].get(each.kind, each.kind)
    return str(words["timeline"]["mark"].format(kind=kind, title=each.title[words["language"]]))


def _phases(run: RunFindings, words: Mapping[str, Any], width: int) -> list[dict[str, Any]]:
    """The phases' names, each as far as its own phase has room."""
    end = end_of(run)
    return [
        {"x": each["start_s"], "top": ROW / 2, "text": name, "paint": PAINT["soft"]}
        for each in run.timeline.phases
        if (name := _within(words["phases"].get(each["name"], each["name"]), each, width / end, end))
    ]


def _within(name: str, phase: Mapping[str, Any], pixels: float, end: float) -> str:
    room = pixels * (min(phase["end_s"], end) - phase["start_s"]) - 6
    return name if fitting(name, room) == name else ""


def _spans(run: RunFindings, spans: list[dict[str, Any]], x: alt.X, **mark: Any) -> Drawing:
    import altair as alt

    end = end_of(run)
    values = [each | {"x": min(each["x"], end), "x2": min(each["x2"], end)} for each in spans]
    rects = alt.Chart(paint.table(values)).mark_rect(**mark)
    return paint.part(rects.encode(x=x, x2=alt.X2("x2:Q"), color=alt.Color("paint:N", scale=None)))
