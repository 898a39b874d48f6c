"""Draws the lockdown's fortnight as it was replayed on paper, and prints its table for docs/simulation.md.

`entsurge simulate crisis-fortnight --on region-2020 --scale 1 --compression 1 --schools 308 --out runs/fortnight`, then
`python docs/pictures/lockdown_week.py runs/fortnight`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from entsurge.analysis import judge, read_run
from entsurge.analysis.sweep.outcome import timely

PICTURE = Path(__file__).resolve().with_name("lockdown-week.svg")
COLOURS = {"PASS": "#17693b", "FAIL": "#9c1f1b", "INCONCLUSIVE": "#7a4f00", "INVALID": "#55606c"}


@dataclass(frozen=True)
class Day:
    """One day's window: verdict, pages wanted, shares in percent, the pupils' 95th percentile."""

    name: str
    measures: str
    verdict: str
    pages: int
    read: float
    in_time: float
    parents: float
    seconds: str


def day(path: Path) -> Day:
    """What a day's run directory says, without what was not yet asked for when its record ended.

    Visits last ten minutes and the record ends half a minute after the window. Raises UsageError for what is no run.
    """
    run = read_run(path)
    verdict, visits = judge(run), run.window_stays
    cut = visits.where(end="interrupted")
    came = visits.where(persona="student") & visits["work_planned"].astype(bool) & ~cut
    shares = {}
    for personas in (("student", "teacher"), ("parent",)):
        mine = visits.among("persona", set(personas))
        timed = timely(run, personas[0])
        wanted = int(visits["planned"][mine].sum()) - int(visits["unserved"][mine & cut].sum())
        shares[personas] = 100 * timed * int(visits["ok"][mine].sum()) / max(1, wanted)
    latency = next(each.value for each in verdict.objectives if each.id == "student-latency")
    title = run.manifest["title"]["en"].rpartition(" · ")[2]
    return Day(
        name=title, measures=", ".join(each["id"] for each in run.manifest["perturbations"]) or "–",
        verdict=verdict.verdict, pages=int(visits["planned"].sum()),
        read=100 * int(visits["work_served"][came].sum()) / max(1, int(came.sum())),
        in_time=shares["student", "teacher"], parents=shares[("parent",)],
        seconds="–" if latency is None else f"{latency:.2f} s",
    )  # fmt: skip


def drawing(days: list[Day]) -> dict[str, Any]:
    """The picture in Vega-Lite: a bar a day, as high as pages in time, by verdict; a mark for pupils who read."""
    rows = [
        {"day": f"{number:2d} {each.name}", "time": each.in_time, "read": each.read, "verdict": each.verdict,
         "measures": each.measures.replace(", ", " + ")}
        for number, each in enumerate(days, 1)
    ]  # fmt: skip
    data = alt.InlineData(values=rows)
    y = alt.Y("day:N", title=None, sort=None, axis=alt.Axis(labelLimit=260))
    x = alt.X("time:Q", title="percent", scale=alt.Scale(domain=[0, 100]))
    colours = alt.Scale(domain=list(COLOURS), range=list(COLOURS.values()))
    legend = alt.Legend(
        title="pages in time, pupils and teachers", orient="top", values=sorted({each.verdict for each in days})
    )
    bars = alt.Chart(data).mark_bar(height=16, opacity=0.8).encode(
        y=y, x=x, color=alt.Color("verdict:N", scale=colours, legend=legend)
    )  # fmt: skip
    read = alt.Chart(data).mark_tick(color="#17202a", thickness=3, size=22).encode(y=y, x="read:Q")
    names = alt.Chart(data).mark_text(align="left", dx=6, fontSize=10, color="#17202a").encode(
        y=y, x=alt.value(4), text="measures:N"
    )  # fmt: skip
    title = alt.Title(
        "SIMULATED: the Region's fortnight from 16 March 2020 on paper, 9:00 to 9:30",
        subtitle="The upright mark: pupils who read their work, of 100 who came. In the bar: measures in force.",
        anchor="start",
    )
    layered = alt.layer(bars, read, names).properties(width=620, height=alt.Step(26), title=title)
    found: dict[str, Any] = (
        layered.configure_view(stroke=None).configure(background="#ffffff", font="sans-serif").to_dict()
    )
    return found


def main() -> int:
    """Write the picture, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, help="the folder with a run directory a day")
    parser.add_argument("--out", type=Path, default=PICTURE)
    given = parser.parse_args()
    days = [day(path) for path in sorted(given.runs.glob("day-*"))]
    given.out.write_text(vl_convert.vegalite_to_svg(drawing(days)), encoding="utf-8")
    print("| day | measures | pages wanted | read, of 100 | in time, % | parents, % | pupils' p95 | verdict |")
    print("|---|---|--:|--:|--:|--:|--:|---|")
    for each in days:
        shares = " | ".join(f"{value:.1f}" for value in (each.read, each.in_time, each.parents))
        print(f"| {each.name} | {each.measures} | {each.pages:,} | {shares} | {each.seconds} | {each.verdict} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
