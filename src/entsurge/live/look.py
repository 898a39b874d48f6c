"""A run directory and what is in force on this machine, as the snapshot that viewers are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.audience.objective import parse_objective
from entsurge.chaos.settle import is_of_this_project
from entsurge.chaos.state import in_force
from entsurge.live.course import OK, SHED, WAIT_PERCENTILE, Course
from entsurge.live.snapshot import Cell, Disturbance, Figures, Health, Point, Snapshot
from entsurge.record.layout import is_run, runs_in
from entsurge.record.reading.documents import engine_of
from entsurge.record.reading.following import Following

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from entsurge.live.course import Pages, Place
    from entsurge.live.snapshot import CellLook, InForce
    from entsurge.record.reading.shapes import Event, Gauge, Manifest, PerturbationTold

STARTED_AT_LEAST, BUSY, LATE_SECONDS = 0.98, 0.9, 1.0
POOR, FEW = 0.9, 0.98  # of pages served: under the first bad, under the second not quite
STATES: dict[str, InForce] = {
    "applied": "in-force", "ended": "ended", "undone": "ended", "left to its lease": "ended",
    "undo failed": "undo-failed", "refused": "refused", "failed": "refused",
}  # fmt: skip


def current(folder: Path) -> Path:
    """The run that goes on: the folder's own, or, of several days, the latest."""
    return folder if is_run(folder) else next(reversed(runs_in(folder)), folder)


class Look:
    """Looks at one command's run, which may not be there yet; with several days, at the latest of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._turn_to(current(folder))

    def _turn_to(self, run: Path) -> None:
        self.run, self.following = run, Following(run)
        self.course: Course | None = None
        self.gauge: Gauge = {"t": 0}
        self.states: dict[str, InForce] = {}
        self.touched: dict[str, int] = {}
        self.bounds: list[tuple[str, str, float]] = []

    def snapshot(self) -> Snapshot:
        """What is to be shown now."""
        run = current(self.folder)
        if run != self.run:
            self._turn_to(run)
        manifest = self.following.manifest()
        if manifest is None:
            return Snapshot("waiting", stoppable=engine_of(self.run) is not None)
        finish = self.following.finish()
        course = self._take(manifest)
        t = self.gauge["t"]
        return Snapshot(
            stage="running" if finish is None else "over",
            run=manifest["name"], t=t, end_s=manifest["phases"][-1]["end_s"], phase=_phase(manifest, t),
            figures=_figures(course.total),
            points=tuple(_point(*each, width=course.width_seconds) for each in course.points()),
            width_seconds=course.width_seconds,
            cells=tuple(self._cell(place, pages) for place, pages in course.now().items()),
            health=_health(self.gauge),
            disturbances=self._disturbances(manifest["perturbations"]),
            stoppable=engine_of(self.run) is not None,
            end=finish.get("end", "") if finish else "",
            verdict=self.following.verdict(),
        )  # fmt: skip

    def _take(self, manifest: Manifest) -> Course:
        """Read on."""
        if self.course is None:
            self.course = Course(manifest["phases"][-1]["end_s"])
            self.bounds = _bounds(manifest)
        news = self.following.look()
        for rows in news.rows:
            self.course.take(news.series, rows)
        self.gauge = news.gauges[-1] if news.gauges else self.gauge
        for event in news.events:
            self._hear(event)
        return self.course

    def _hear(self, event: Event) -> None:
        name, state = event.get("id", ""), event.get("state", "")
        if event["kind"] != "perturbation":
            return
        if state in STATES:
            self.states[name] = STATES[state]
        if "count" in event:
            self.touched[name] = event["count"]

    def _cell(self, place: Place, pages: Pages) -> Cell:
        owed = [
            seconds
            for who, what, seconds in self.bounds
            if who in ("*", place.persona) and what in ("*", place.service)
        ]
        bound, wait = min(owed, default=None), pages.wait_seconds()
        return Cell(
            *place, pages.asked, int(pages.counts[OK]), int(pages.counts[SHED]), wait, bound,
            _look(pages, wait, bound),
        )  # fmt: skip

    def _disturbances(self, planned: Sequence[PerturbationTold]) -> tuple[Disturbance, ...]:
        held = {one.experiment for one in in_force() if one.run == self.run.name and is_of_this_project(one)}
        return tuple(
            Disturbance(
                each["id"], each["kind"], each["title"], each["start_s"], each["end_s"],
                self.states.get(each["id"], "planned"), each["id"] in held, self.touched.get(each["id"]),
            )
            for each in planned
        )  # fmt: skip


def _figures(pages: Pages) -> Figures:
    ok, shed, failed = pages.counts.tolist()
    return Figures(pages.asked, ok, shed, failed, pages.wait_seconds())


def _point(t: int, pages: Pages, wait: float | None, *, width: int) -> Point:
    return Point(t, pages.asked / width, int(pages.counts[OK]) / width, int(pages.counts[SHED]) / width, wait)


def _look(pages: Pages, wait: float | None, bound: float | None) -> CellLook:
    """How a cell looks: what is mostly refused or fails, or comes later than is owed, is never green."""
    if not pages.asked:
        return "none"
    served = int(pages.counts[OK]) / pages.asked
    if served < POOR:
        return "shed" if 2 * int(pages.counts[SHED]) >= pages.asked - int(pages.counts[OK]) else "bad"
    if wait is not None and bound is not None and wait > bound:
        return "bad"
    return "warn" if served < FEW else "ok"


def _health(gauge: Gauge) -> Health:
    """The last second's gauges, judged as the report judges the whole."""
    counted = {name: _number(gauge.get(name)) for name in ("offered", "started", "lost", "start_lag_p99_us")}
    busy, late = gauge.get("cpu_share", 0.0), counted["start_lag_p99_us"] / 1e6
    started = counted["started"] / counted["offered"] if counted["offered"] else 1.0
    bad = started < STARTED_AT_LEAST or counted["lost"] > (1 - STARTED_AT_LEAST) * counted["offered"]
    look: CellLook = "bad" if bad else "warn" if busy > BUSY or late > LATE_SECONDS else "ok"
    return Health(
        int(counted["offered"]), int(counted["started"]), int(counted["lost"]), sum(gauge.get("visitors", {}).values()),
        busy, late, look if gauge["t"] else "none",
    )  # fmt: skip


def _number(found: object) -> float:
    return float(found) if isinstance(found, int | float) else 0.0


def _phase(manifest: Manifest, t: int) -> str:
    return next((each["name"] for each in manifest["phases"] if each["start_s"] <= t < each["end_s"]), "")


def _bounds(manifest: Manifest) -> list[tuple[str, str, float]]:
    """Persona, service and seconds that 95 pages of 100 or more are owed; what cannot be read is left out."""
    found = []
    for each in manifest["objectives"]:
        try:
            must = parse_objective(str(each["must"]))
        except (ValueError, KeyError):
            continue
        if must.measure == "latency" and not must.relative and (must.percentile or 0) >= WAIT_PERCENTILE:
            found.append((str(each.get("persona", "*")), str(each.get("service", "*")), must.bound))
    return found
