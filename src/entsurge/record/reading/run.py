"""Reads a run directory (docs/run-directory.md), as far as it goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from entsurge.record.layout import EVENTS, FAILURES, GAUGES, RETRIES_FILE, VISITS_FILE
from entsurge.record.reading.documents import (
    EVENT,
    FAILURE,
    GAUGE,
    lines,
    read_finish,
    read_manifest,
    read_target,
    under_way,
)
from entsurge.record.reading.series import Series
from entsurge.record.reading.stays import NEWER, NUMBERS, TEXTS, Stays, read_stays
from entsurge.record.reading.stream import pieces
from entsurge.record.reading.tally import Seconds, Tally, tally
from entsurge.record.schema import RETRIES, VISITS
from entsurge.record.simulated import deployment_of

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from entsurge.record.reading.shapes import Event, Failure, Finish, Gauge, Manifest, Phase, TargetReading

SLACK_SECONDS = 3600  # what ends so long after the drain is damage: no page is waited for as long


@dataclass(frozen=True)
class Run:
    """One run: its manifest, the sums of its histograms, its visits by column, and what surrounds them.

    The sums and the visits are first attempts alone, as planned. `notes` says what could not be read.
    """

    path: Path
    manifest: Manifest
    finish: Finish | None
    series: Series
    tally: Tally
    stays: Stays
    gauges: list[Gauge]
    events: list[Event]
    failures: list[Failure]
    target: list[TargetReading]
    notes: list[str] = field(default_factory=list)
    in_progress: bool = False  # its process is there and has not written its end

    @property
    def name(self) -> str:
        """The run's name."""
        return self.manifest["name"]

    @property
    def simulated(self) -> str:
        """The deployment on paper where the target would be; empty for a run that asked somebody."""
        return deployment_of(self.manifest["target"]["url"])

    @property
    def window(self) -> Phase:
        """The phase that is judged."""
        return judged_window(self.manifest)

    @property
    def window_seconds(self) -> float:
        """How long the window lasted, in run seconds."""
        return float(self.window["end_s"] - self.window["start_s"])

    @cached_property
    def window_stays(self) -> Stays:
        """The visits due in the window, by column."""
        return self.stays.only(self.stays.where(phase=self.window["name"]))

    @property
    def seconds_read(self) -> int:
        """As far as the record goes, in whole seconds of run time."""
        return len(self.tally.seconds.requests)

    @property
    def deferred(self) -> set[str]:
        """The personas that the run's measures put off."""
        return {persona for each in self.manifest["perturbations"] for persona in each["defers"]}

    @property
    def has_retries(self) -> bool:
        """Whether anybody came back after a failure."""
        return (self.path / RETRIES_FILE).is_file()

    def seconds(self, *, persona: str = "*", service: str = "*") -> Seconds:
        """Pages by second of one persona and service, sign-on included; reads the file again."""
        return tally(self.series, [], persona=persona, service=service).seconds

    def visit_tables(self, *, retries: bool = False) -> list[pa.Table]:
        """Every visit with all its columns, or every attempt after the first; at least one table, in pieces.

        Their size grows with the run, unlike all the rest.
        """
        schema, name = (RETRIES, RETRIES_FILE) if retries else (VISITS, VISITS_FILE)
        columns = (*TEXTS, *NUMBERS, "name", "services", *(("attempt",) if retries else ()))
        found = list(pieces(self.path / name, schema, columns, [], newer=NEWER))
        return found or [schema.empty_table()]


def judged_window(manifest: Manifest) -> Phase:
    """The phase that is judged: the one between warm-up and drain."""
    return next(phase for phase in manifest["phases"] if phase["name"] not in ("warm-up", "drain"))


def read_run(path: Path) -> Run:
    """The run in this directory. Raises UsageError for what is no run, or of an unknown format."""
    manifest = read_manifest(path)
    notes: list[str] = []
    last = int(manifest["phases"][-1]["end_s"]) + SLACK_SECONDS
    finish, series = read_finish(path, notes), Series.of(path, notes, last)
    return Run(
        path=path,
        manifest=manifest,
        finish=finish,
        series=series,
        tally=tally(series, notes),
        stays=read_stays(path / VISITS_FILE, notes, manifest.get("perturbation_phases", ())),
        gauges=[each for each in lines(path / GAUGES, GAUGE, notes) if each["t"] <= last],
        events=lines(path / EVENTS, EVENT, notes),
        failures=[{"count": 1, **each} for each in lines(path / FAILURES, FAILURE, notes)],  # a damaged one: itself
        target=read_target(path, notes),
        notes=notes,
        in_progress=finish is None and under_way(path),
    )
