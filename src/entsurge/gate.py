"""The gate: verdicts of runs, written beside them, and one exit code for CI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from entsurge import errors
from entsurge.analysis import Verdict, judge, read_run
from entsurge.record.run_directory import write_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SIGNS = {"PASS": "✓", "FAIL": "✗", "INVALID": "?"}


@dataclass(frozen=True)
class GateResult:
    """One exit code for all runs, what to say about them, and their verdicts by path."""

    exit_code: int
    lines: list[str]
    verdicts: dict[str, Verdict]


def gate(run_paths: Sequence[Path], *, junit: Path | None = None) -> GateResult:
    """Judge every run, write its verdict.json, and JUnit if asked.

    Raises UsageError for what is no run directory, CannotRecord when a verdict cannot be written.
    """
    verdicts = {}
    lines = []
    for path in run_paths:
        run = read_run(path)
        found = judge(run)
        verdicts[str(path)] = found
        lines.append(f"{SIGNS[found.verdict]} {found.verdict:<8}{run.name}: {found.sentence['en']}")
        lines += [f"    {reason['en']}" for reason in found.reasons]
        lines += [f"    note: {note}" for note in run.notes]
        _write(path, found)
    if junit:
        from entsurge.render import write_junit  # only when asked for

        write_junit(run_paths, junit)
    codes = [found.exit_code for found in verdicts.values()]
    return GateResult(errors.first_by_precedence(codes), lines, verdicts)


def _write(path: Path, found: Verdict) -> None:
    try:
        write_json(path / "verdict.json", found.as_json())
    except OSError as error:
        raise errors.CannotRecord(f"{path / 'verdict.json'}: {error.strerror or error}") from None
