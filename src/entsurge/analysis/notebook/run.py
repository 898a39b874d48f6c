"""`entsurge.Run`: a run directory as data frames."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pandas as pd

from entsurge.analysis.quantiles import table
from entsurge.analysis.report import report
from entsurge.analysis.verdict import judge
from entsurge.errors import UsageError
from entsurge.record.export.tables import empty, tables
from entsurge.record.histogram import buckets
from entsurge.record.reading.run import Run as Recorded
from entsurge.record.reading.run import read_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from entsurge.findings.report import Report
    from entsurge.findings.verdict import Verdict

Timing = Literal["corrected", "service"]
EVERY = "*"
_BY = ("persona", "academy", "cohort", "service", "page", "phase")


class Run:
    """One run, read from its directory: `Run.open("runs/monday")`.

    Data frames have the columns that `entsurge export` writes (docs/export.md); times are in seconds. Latency counts
    from the planned start unless `timing="service"` is asked for. Where a persona or a service may be named, `*` stands
    for all of them.
    """

    def __init__(self, recorded: Recorded) -> None:
        self.recorded = recorded

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """The run in this directory, as far as it goes. Raises UsageError for what is no run directory."""
        return cls(read_run(Path(path)))

    def __repr__(self) -> str:
        told = self.recorded.manifest
        return f"<Run {self.name}: {told['profile']}, scale {told['scale']}, window {self.phase}>"

    @property
    def name(self) -> str:
        """The run's name."""
        return self.recorded.name

    @property
    def phase(self) -> str:
        """The phase that is judged, such as `surge`."""
        return str(self.recorded.window["name"])

    @property
    def notes(self) -> list[str]:
        """What of the directory could not be read, a sentence each; empty of a whole one."""
        return list(self.recorded.notes)

    @cached_property
    def phases(self) -> pd.DataFrame:
        """The run's phases: `phase`, `start_s` and `end_s` in seconds of run time."""
        rows = [
            (each["name"], float(each["start_s"]), float(each["end_s"])) for each in self.recorded.manifest["phases"]
        ]
        return pd.DataFrame(rows, columns=["phase", "start_s", "end_s"])

    @cached_property
    def pages(self) -> pd.DataFrame:
        """Pages by second and by what they were: a row stands for `count` pages that took `seconds` each.

        Every page has a row of timing `corrected` and one of `service`: choose one before you add up. Retries are in
        it, told apart by `attempt`.
        """
        return self._frame("pages")

    @cached_property
    def requests(self) -> pd.DataFrame:
        """Single requests of pages, with the columns of `pages`; their timing is `service` alone."""
        return self._frame("requests")

    @cached_property
    def visits(self) -> pd.DataFrame:
        """Every visit of the plan, a row each: when it was due, began and ended, and its pages by outcome."""
        return self._frame("visits")

    @cached_property
    def visit_services(self) -> pd.DataFrame:
        """The visits' pages by service: a row for each visit and service."""
        return self._frame("visit-services")

    @cached_property
    def retries(self) -> pd.DataFrame:
        """Attempts after the first, by who came back: the columns of `visits` and `attempt`."""
        return self._frame("retries")

    def latency(
        self,
        persona: str = EVERY,
        service: str = EVERY,
        q: float = 95.0,
        *,
        phase: str = "",
        timing: Timing = "corrected",
    ) -> float | None:
        """The `q`-th percentile in seconds of served pages, first attempts; None where none was served.

        Of the judged phase unless another is named. The report's own figure: exact to the histogram's three digits.
        Raises UsageError for a persona, service or phase that the run does not know, or a `q` outside 0 to 100.
        """
        if not 0 <= q <= 100:
            raise UsageError(f"q = {q}: expected a percentile from 0 to 100, such as 95")
        where = {"persona": persona, "service": service, "phase": phase or self.phase}
        self._known(where)
        return self.recorded.tally.times(timing=timing, **where).quantile_seconds(q)

    def latencies(
        self, by: Sequence[str] = ("persona", "service"), q: Sequence[float] = (50, 95, 99), *, phase: str = "",
        timing: Timing = "corrected",
    ) -> pd.DataFrame:  # fmt: skip
        """Percentiles in seconds of served pages, a row for each group: columns `count`, and `p95` for 95.

        `by` are some of persona, academy, cohort, service, page, phase. Raises UsageError for others, and for a phase
        that the run does not know.
        """
        self._grouped(by)
        rows = self._served(phase, timing, every_phase="phase" in by)
        columns = {f"p{each:g}": table(rows, by, each) for each in q}
        counts: pd.Series[int] = rows.groupby(list(by), observed=True)["count"].sum()
        found = pd.DataFrame({"count": counts})
        for name, of in columns.items():
            found[name] = [of[key if isinstance(key, tuple) else (key,)][0] for key in counts.index]
        return found

    def outcomes(self, by: Sequence[str] = ("persona", "service"), *, phase: str = "") -> pd.DataFrame:
        """Pages by outcome, first attempts: columns `ok`, `shed`, `failed`, `lost`, a row for each group of `by`.

        Raises UsageError as `latencies` does.
        """
        self._grouped(by)
        self._known({"phase": phase or self.phase})
        pages = self.pages
        chosen = pages[(pages["timing"] == "service") & (pages["attempt"] == "first")]
        if "phase" not in by and phase != EVERY:
            chosen = chosen[chosen["phase"] == (phase or self.phase)]
        found = chosen.pivot_table(index=list(by), columns="outcome", values="count", aggfunc="sum", fill_value=0)
        return found.reindex(columns=["ok", "shed", "failed", "lost"], fill_value=0)

    @cached_property
    def verdict(self) -> Verdict:
        """What is concluded of the run: `verdict.verdict` is PASS, FAIL, INCONCLUSIVE or INVALID."""
        return judge(self.recorded)

    @cached_property
    def findings(self) -> Report:
        """Everything that the report says of this run, typed, without words (docs/schemas/report.json)."""
        return report([self.recorded.path])

    def _frame(self, name: str) -> pd.DataFrame:
        parts = [each.to_pandas() for each in tables(self.recorded, name)] if self._has(name) else []
        found: pd.DataFrame = pd.concat(parts, ignore_index=True) if parts else empty(name).to_pandas()
        return found

    def _has(self, name: str) -> bool:
        return name != "retries" or self.recorded.has_retries

    @staticmethod
    def _grouped(by: Sequence[str]) -> None:
        """Raise UsageError for what pages are not told apart by."""
        if not by or (odd := [each for each in by if each not in _BY]):
            raise UsageError(f"by = {list(by)}: expected some of {', '.join(_BY)}" if not by else
                             f"by: {', '.join(odd)}: expected some of {', '.join(_BY)}")  # fmt: skip

    def _served(self, phase: str, timing: str, *, every_phase: bool) -> pd.DataFrame:
        self._known({"phase": phase or self.phase})
        pages = self.pages
        chosen = (pages["outcome"] == "ok") & (pages["timing"] == timing) & (pages["attempt"] == "first")
        if not every_phase and phase != EVERY:
            chosen &= pages["phase"] == (phase or self.phase)
        found = pages[chosen]
        return found.assign(bucket=buckets((found["seconds"] * 1e6).round().to_numpy("int64")))

    def _known(self, where: dict[str, str]) -> None:
        """Raise UsageError for a name that is in none of the run's keys; an empty cell is no mistake."""
        planned = self.recorded.manifest["planned"]
        known = {
            "persona": {*planned}, "service": {name for each in planned.values() for name in each.get("services", {})},
            "phase": {each["name"] for each in self.recorded.manifest["phases"]},
        }  # fmt: skip
        for key in self.recorded.series.keys:
            if key is not None and key.kind == "page":
                for name, names in known.items():
                    names.add(getattr(key, name))
        for name, value in where.items():
            if value != EVERY and value not in known[name]:
                raise UsageError(f"{name} {value!r}: this run knows {', '.join(sorted(known[name]))}")
