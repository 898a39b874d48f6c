"""Reads a run directory (docs/run-directory.md), as far as it goes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from entsurge.analysis.stays import NUMBERS, TEXTS, Stays, read_stays
from entsurge.analysis.stream import pieces
from entsurge.analysis.tally import Group, Seconds, Tally, tally
from entsurge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

FORMAT = 1
PAGE_COLUMNS = ["second", "persona", "group", "service", "page", "phase", "timing", "outcome", "bucket", "count"]
NEEDED = {"name", "phases", "objectives", "planned", "figures", "perturbations", "scale", "compression", "target"}


@dataclass(frozen=True)
class Run:
    """One run: its manifest, the sums of its histograms, its visits by column, and what surrounds them.

    `pages` and `visits`, like the sums, are first attempts alone, as planned; `retries` has the visits' columns and
    `attempt`. `notes` says what could not be read.
    """

    path: Path
    manifest: dict[str, Any]
    finish: dict[str, Any] | None
    tally: Tally
    stays: Stays
    gauges: list[dict[str, Any]]
    events: list[dict[str, Any]]
    failures: list[dict[str, Any]]
    target: list[dict[str, Any]]
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The run's name."""
        return str(self.manifest["name"])

    @property
    def window(self) -> dict[str, Any]:
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
    def deferred(self) -> set[str]:
        """The personas that the run's measures put off."""
        return {persona for each in self.manifest["perturbations"] for persona in each["defers"]}

    def seconds(self, *, persona: str = "*", service: str = "*") -> Seconds:
        """Pages by second of one persona and service, sign-on included; reads the file again."""
        chosen = {"persona": persona, "service": service}
        return tally(self.path / "series.arrows", _groups(self.path / "keys.json", []), [], **chosen).seconds

    @cached_property
    def pages(self) -> pd.DataFrame:
        """Every histogram row of a page with what its key means (PAGE_COLUMNS); for what tells single pages apart.

        Unlike the rest, its size grows with the run.
        """
        import pandas as pd  # slow to import, and a report does without it

        described = (
            pd.DataFrame(
                _json(self.path / "keys.json", list, []) or [], columns=[*PAGE_COLUMNS[1:8], "kind", "attempt"]
            )
            .rename_axis("key")
            .reset_index()
        )
        described = described[(described["kind"] == "page") & (described["attempt"] != "retry")]
        parts = [
            piece.to_pandas().merge(described, on="key", how="inner")[PAGE_COLUMNS]
            for piece in pieces(self.path / "series.arrows", ("second", "key", "bucket", "count"), [])
        ]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=PAGE_COLUMNS)

    @cached_property
    def visits(self) -> pd.DataFrame:
        """Every visit with all its columns (docs/run-directory.md); its size grows with the run."""
        import pandas as pd  # as above

        columns = (*TEXTS, *NUMBERS, "name", "services")
        parts = [piece.to_pandas() for piece in pieces(self.path / "visits.arrows", columns, [])]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)

    @cached_property
    def retries(self) -> pd.DataFrame:
        """The attempts after the first, with the visits' columns and `attempt`; a run without retries has no file."""
        import pandas as pd  # as above

        columns, path = (*TEXTS, *NUMBERS, "name", "services", "attempt"), self.path / "retries.arrows"
        parts = [piece.to_pandas() for piece in pieces(path, columns, [])] if path.is_file() else []
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)

    @property
    def window_visits(self) -> pd.DataFrame:
        """The visits due in the window, with all their columns."""
        found: pd.DataFrame = self.visits[self.visits["phase"] == self.window["name"]]
        return found


def judged_window(manifest: dict[str, Any]) -> dict[str, Any]:
    """The phase that is judged: the one between warm-up and drain."""
    return next(phase for phase in manifest["phases"] if phase["name"] not in ("warm-up", "drain"))


def read_run(path: Path) -> Run:
    """The run in this directory. Raises UsageError for what is no run, or of an unknown format."""
    manifest = read_manifest(path)
    notes: list[str] = []
    finish = _json(path / "finish.json", dict, notes)
    if finish is None:
        notes.append("finish.json is missing: the run was broken off")
    return Run(
        path=path,
        manifest=manifest,
        finish=finish,
        tally=tally(path / "series.arrows", _groups(path / "keys.json", notes), notes),
        stays=read_stays(path / "visits.arrows", notes),
        gauges=_lines(path / "gauges.jsonl", notes),
        events=_lines(path / "events.jsonl", notes),
        failures=_lines(path / "failures.jsonl", notes),
        target=_lines(path / "target.jsonl", notes),
        notes=notes,
    )


def read_manifest(path: Path) -> dict[str, Any]:
    """What a run was to be, without reading what came of it. Raises UsageError."""
    if not (path / "manifest.json").is_file():
        raise UsageError(f"{path}: no run directory", hint="a run directory holds a manifest.json")
    try:
        found = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise UsageError(f"{path / 'manifest.json'}: cannot be read: {error}") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        known = found.get("format") if isinstance(found, dict) else None
        newer = isinstance(known, int) and known > FORMAT
        raise UsageError(
            f"{path}: run directory of format {known!r}; this version reads format {FORMAT}",
            hint="it was written by a newer entsurge: use that one, or a newer one" if newer else "",
        )
    missing = NEEDED - found.keys()
    if missing:
        raise UsageError(f"{path / 'manifest.json'}: {', '.join(sorted(missing))}: missing")
    if all(phase.get("name") in ("warm-up", "drain") for phase in found["phases"]):
        raise UsageError(f"{path / 'manifest.json'}: phases: no window between warm-up and drain")
    return found


def _groups(path: Path, notes: list[str]) -> list[Group]:
    """What every key means; turned into groups one by one, since keys are many and groups few."""
    found = _json(path, list, notes, hook=Group.of) or []
    return [each if isinstance(each, Group) else Group.of({}) for each in found]


def _json(path: Path, kind: type, notes: list[str], hook: Callable[[dict[str, Any]], Any] | None = None) -> Any:
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"), object_hook=hook)
    except (ValueError, OSError) as error:
        notes.append(f"{path.name}: cannot be read: {error}")
        return None
    if not isinstance(found, kind):
        notes.append(f"{path.name}: holds no {kind.__name__} and was skipped")
        return None
    return found


def _lines(path: Path, notes: list[str]) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    rows, broken = [], []
    for number, line in enumerate(path.read_bytes().decode("utf-8", "replace").splitlines(), 1):
        try:
            row = json.loads(line)
        except ValueError:
            broken.append(number)
            continue
        if isinstance(row, dict):
            rows.append(row)
    if len(broken) == 1:
        notes.append(f"{path.name}: line {broken[0]} is truncated and was skipped")
    elif broken:
        notes.append(f"{path.name}: {len(broken)} lines cannot be read and were skipped, the first is line {broken[0]}")
    return rows
