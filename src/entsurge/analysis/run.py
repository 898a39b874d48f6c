"""Reads a run directory (docs/run-directory.md), as far as it goes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from entsurge.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1
PAGE_COLUMNS = ["second", "persona", "group", "service", "page", "phase", "timing", "outcome", "bucket", "count"]


@dataclass(frozen=True)
class Run:
    """One run: its manifest, its pages (histogram rows), its visits (one row each), and what surrounds them.

    `pages` has the columns of PAGE_COLUMNS; `visits` those of visits.arrows. `notes` says what could not be read.
    """

    path: Path
    manifest: dict[str, Any]
    finish: dict[str, Any] | None
    pages: pd.DataFrame
    phased: pd.DataFrame  # the window's pages once more, by baseline, fault, recovery; empty without a fault
    visits: pd.DataFrame
    gauges: list[dict[str, Any]]
    events: list[dict[str, Any]]
    failures: list[dict[str, Any]]
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The run's name."""
        return str(self.manifest["name"])

    @property
    def window(self) -> dict[str, Any]:
        """The phase that is judged: the one between warm-up and drain."""
        return next(phase for phase in self.manifest["phases"] if phase["name"] not in ("warm-up", "drain"))

    @property
    def window_seconds(self) -> float:
        """How long the window lasted, in run seconds."""
        return float(self.window["end_s"] - self.window["start_s"])

    @property
    def window_visits(self) -> pd.DataFrame:
        """The visits due in the window."""
        found: pd.DataFrame = self.visits[self.visits["phase"] == self.window["name"]]
        return found

    @property
    def deferred(self) -> set[str]:
        """The personas that the run's measures put off."""
        return {persona for each in self.manifest["perturbations"] for persona in each["defers"]}


def read_run(path: Path) -> Run:
    """The run in this directory. Raises UsageError for what is no run, or of an unknown format."""
    manifest = _manifest(path)
    notes: list[str] = []
    finish = _json(path / "finish.json", notes)
    if finish is None:
        notes.append("finish.json is missing: the run was broken off")
    keys = _json(path / "keys.json", notes) or []
    series = _stream(path / "series.arrows", notes)
    return Run(
        path=path,
        manifest=manifest,
        finish=finish,
        pages=_pages(series, keys, "page"),
        phased=_pages(series, keys, "phased"),
        visits=_visits(_stream(path / "visits.arrows", notes)),
        gauges=_lines(path / "gauges.jsonl", notes),
        events=_lines(path / "events.jsonl", notes),
        failures=_lines(path / "failures.jsonl", notes),
        notes=notes,
    )


def _manifest(path: Path) -> dict[str, Any]:
    if not (path / "manifest.json").is_file():
        raise UsageError(f"{path}: no run directory", hint="a run directory holds a manifest.json")
    try:
        found = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise UsageError(f"{path / 'manifest.json'}: cannot be read: {error}") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        known = found.get("format") if isinstance(found, dict) else None
        raise UsageError(f"{path}: run directory of format {known!r}; this version reads format {FORMAT}")
    missing = {"name", "phases", "objectives", "planned", "figures", "perturbations"} - found.keys()
    if missing:
        raise UsageError(f"{path / 'manifest.json'}: {', '.join(sorted(missing))}: missing")
    return found


def _json(path: Path, notes: list[str]) -> Any:
    if not path.is_file():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        notes.append(f"{path.name}: cannot be read: {error}")
        return None


def _lines(path: Path, notes: list[str]) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    rows = []
    for number, line in enumerate(path.read_bytes().decode("utf-8", "replace").splitlines(), 1):
        try:
            row = json.loads(line)
        except ValueError:
            notes.append(f"{path.name}: line {number} is truncated and was skipped")
            continue
        if isinstance(row, dict):
            rows.append(row)
    return rows


def _stream(path: Path, notes: list[str]) -> pa.Table | None:
    if not path.is_file():
        notes.append(f"{path.name} is missing")
        return None
    batches: list[pa.RecordBatch] = []
    schema = None
    try:
        with pa.OSFile(str(path)) as source, pa.ipc.open_stream(source) as reader:
            schema = reader.schema
            while True:
                try:
                    batches.append(reader.read_next_batch())
                except StopIteration:
                    break
    except (pa.ArrowInvalid, OSError) as error:
        notes.append(f"{path.name}: ends in the middle of a batch, which was skipped ({str(error).splitlines()[0]})")
    return pa.Table.from_batches(batches, schema) if schema is not None else None


def _pages(table: pa.Table | None, keys: list[dict[str, str]], kind: str) -> pd.DataFrame:
    if table is None or not table.num_rows:
        return pd.DataFrame({name: pd.Series(dtype="object") for name in PAGE_COLUMNS})
    described = pd.DataFrame(keys)
    described["key"] = range(len(described))
    rows = table.select(["second", "key", "bucket", "count"]).to_pandas()
    merged = rows.merge(described, on="key", how="inner")
    pages: pd.DataFrame = merged.loc[merged["kind"] == kind, PAGE_COLUMNS].reset_index(drop=True)
    return pages


_NO_VISITS = (
    "name", "persona", "group", "school", "phase", "due_us", "start_us", "end_us", "planned", "ok", "shed", "failed",
    "lost", "unserved", "planned_gap_us", "waiting_us", "work_planned", "work_served", "services", "sign_on", "end",
)  # fmt: skip


def _visits(table: pa.Table | None) -> pd.DataFrame:
    if table is None:
        return pd.DataFrame({name: pd.Series(dtype="object") for name in _NO_VISITS})
    found: pd.DataFrame = table.to_pandas()
    return found
