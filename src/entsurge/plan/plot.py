"""The week of a plan as a plot: in the terminal, or as a file (SVG, PNG, HTML)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.audience.shape import DAYS
from entsurge.errors import UsageError
from entsurge.plan.beside import FIRST_HOUR, LAST_HOUR

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from altair import Chart

    from entsurge.plan.beside import DayLine
    from entsurge.plan.summary import Summary

ENDINGS = (".svg", ".png", ".html")


def terminal(found: Summary, *, width: int = 100, height: int = 16, title: str = "", days: Sequence[str] = DAYS) -> str:
    """Visits per second over the 168 hours, drawn in characters."""
    import plotext  # only a plot needs it

    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plot_size(width, height)
    plotext.plot([hour.total.visits_per_second for hour in found.hours], marker="braille")
    plotext.xticks([24 * day + 12 for day in range(7)], [name[:3] for name in days])
    plotext.title(title)
    drawn: str = plotext.uncolorize(plotext.build())
    return drawn


def write(found: Summary, path: Path) -> None:
    """Write the plot, stacked by persona. Raises UsageError for an unknown ending, OSError when it cannot."""
    import altair as alt  # only a plot needs it

    _check(path)
    rows = [
        {
            "hour": 24 * DAYS.index(hour.day) + hour.hour,
            "persona": name,
            "visits": hour.personas[name].visits_per_second,
        }
        for hour in found.hours
        for name in hour.personas
    ]
    labels = "datum.value % 24 == 12 ? " + str([name[:3] for name in DAYS]) + "[floor(datum.value / 24)] : ''"
    axis = alt.Axis(values=[12 + 24 * day for day in range(7)], labelExpr=labels)
    chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_area()
        .encode(
            x=alt.X("hour:Q", title="hour of the week", axis=axis),
            y=alt.Y("visits:Q", title="visits per second (full scale, hourly mean)", stack=True),
            color=alt.Color("persona:N", sort=list(found.hours[0].personas)),
        )
        .properties(title=found.profile, width=840, height=280)
    )
    _save(chart, path)


def write_beside(found: Sequence[DayLine], path: Path) -> None:
    """Write one day of several profiles as lines, words in both languages. Raises as `write` does."""
    import altair as alt  # only a plot needs it

    _check(path)
    rows = [
        {"minute": minute, "profile": line.title, "visits": visits} for line in found for minute, visits in line.steps
    ]
    labels = "floor(datum.value / 60) + ' h'"
    axis = alt.Axis(values=[60 * hour for hour in range(FIRST_HOUR, LAST_HOUR + 1)], labelExpr=labels)
    chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_line(interpolate="step-after", strokeWidth=2.5)
        .encode(
            x=alt.X("minute:Q", title=None, axis=axis, scale=alt.Scale(domain=[60 * FIRST_HOUR, 60 * LAST_HOUR])),
            y=alt.Y("visits:Q", title="visites par seconde · visits per second"),
            color=alt.Color("profile:N", title=None, sort=[line.title for line in found],
                            legend=alt.Legend(orient="top", direction="vertical", labelLimit=0)),
            strokeDash=alt.StrokeDash("profile:N", legend=None, sort=[line.title for line in found]),
        )
        .properties(width=840, height=320)
    )  # fmt: skip
    _save(chart, path)


def _check(path: Path) -> None:
    if path.suffix not in ENDINGS:
        raise UsageError(f"{path}: a plot is written as {', '.join(ENDINGS)}")


def _save(chart: Chart, path: Path) -> None:
    chart.save(str(path), inline=True) if path.suffix == ".html" else chart.save(str(path))
