"""The one picture of a run: pages asked, served and refused, and the wait, over the day, with what was in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from entsurge.audience.objective import parse_objective
from entsurge.render import hover, paint
from entsurge.render.bands import bands, rows_of, strip, time_axis
from entsurge.render.bounds import latency_bounds, levels, worst_wait
from entsurge.render.catalogue import catalogue
from entsurge.render.paint import SOLID, Drawing
from entsurge.render.series import binned, clock
from entsurge.render.stack import Room, highest, seen, stacked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import altair as alt

    from entsurge.findings.report import RunFindings
    from entsurge.render.hover import Chart
    from entsurge.render.numbers import Numbers
    from entsurge.render.series import Step

EDGE = 56  # pixels of the axis to the left, and of what stands out to the right
PAGES, WAIT = 88, 54  # heights
ROOM = 1.3  # of what is owed or measured: its name stands above its line
STEPS = {True: 100, False: 120}  # narrow, wide
TICKS = {True: 5, False: 10}


@dataclass(frozen=True)
class Scales:
    """What pictures beside each other share: the most pages a second, the longest wait in seconds, rows of names."""

    pages: float
    wait: float
    rows: int


def scales(runs: Sequence[RunFindings], words: Mapping[str, Any], width: int) -> Scales:
    """Scales that show all of these runs in pictures of this width."""
    pages, wait = 1.0, 0.001
    for run in runs:
        rows = binned(run.timeline, STEPS[True])
        pages = max(pages, highest(rows))
        for row in rows:
            wait = max(wait, row.all_p95_s or 0.0)
        worst = worst_wait(run)
        named = [*latency_bounds(run), (worst.value if worst else None) or 0.0]
        wait = max([wait, *(ROOM * height for height in named)])
    return Scales(pages, wait, max(rows_of(run, words, width - EDGE) for run in runs))


def draw(run: RunFindings, words: Mapping[str, Any], numbers: Numbers, width: int, scale: Scales) -> Chart:
    """The picture of a run, so many pixels wide; beside others it shares their `scale`."""
    narrow = width < 2 * paint.NARROW
    rows, inner = binned(run.timeline, STEPS[narrow]), width - EDGE
    say, x = catalogue("answer", numbers.lang)["picture"], time_axis(run, numbers.lang, most=TICKS[narrow])
    bare = time_axis(run, numbers.lang, bare=True)
    shown = _values(rows, run, words, say, numbers)
    own: dict[str, Any] = {"independent": ("y", "color", "strokeDash"), "width": inner}
    short = {**words, "outcomes": say["outcomes"]}
    stack = stacked(rows, short, bare, Room(scale.pages, 3, 10))
    wait = _wait(rows, run, say, numbers, x, scale)
    panels = [
        strip(run, words, bare, inner, scale.rows),
        paint.layers(bands(run, bare), stack, hover.values("pages", shown, bare), height=PAGES, **own),
        paint.layers(bands(run, x), wait, hover.values("wait", shown, x), height=WAIT, **own),
    ]
    drawing = paint.column(panels, spacing=6)
    return hover.chart(drawing, numbers.lang)


def _values(
    rows: list[Step], run: RunFindings, words: Mapping[str, Any], say: Mapping[str, str], numbers: Numbers
) -> list[dict[str, Any]]:
    when = clock(run, numbers.lang)
    return [
        {"x": row.second, say["time"]: when.time(row.second),
         words["timeline"]["offered"]: numbers.number(row.offered_pages, 1),
         **{words["outcomes"][name]: numbers.number(getattr(row, name), 1) for name in seen(rows)},
         say["wait"]: numbers.seconds(row.all_p95_s)}
        for row in rows
    ]  # fmt: skip


def _wait(
    rows: list[Step], run: RunFindings, say: Mapping[str, str], numbers: Numbers, x: alt.X, scale: Scales
) -> Drawing:
    """The p95 of pages, what is owed, and what the verdict rests on: the p95 of the whole window."""
    import altair as alt

    height = alt.Scale(domain=[0, scale.wait], nice=False)
    name = say["wait_worst"] if len(run.timeline.second) > len(rows) else say["wait"]
    shown = {"all_p95_s": (name, "warn" if run.verdict == "FAIL" else "accent", SOLID)}
    points = [{"x": row.second, "all_p95_s": row.all_p95_s} for row in rows]
    y = alt.Y("y:Q", title=say["seconds"], axis=alt.Axis(tickCount=3), scale=height)
    lines = paint.lines(points, shown, x, y, padding=14)
    return paint.layers(lines, *levels(run, _levels(run, say, numbers), x, height), independent=("color", "strokeDash"))


def _levels(run: RunFindings, say: Mapping[str, str], numbers: Numbers) -> list[tuple[float, str, str]]:
    """What is owed, and what was measured over the whole window: the figures of the verdict."""
    worst = worst_wait(run)
    if worst is None or worst.value is None:
        return []
    bound = parse_objective(worst.must).bound
    found = [(bound, say["owed"].format(bound=numbers.short(bound)), "ink")]
    if worst.state == "missed":
        found.append((worst.value, say["measured"].format(value=numbers.short(worst.value)), "bad"))
    return found
