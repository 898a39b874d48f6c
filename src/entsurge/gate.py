"""The gate: verdicts of runs, written beside them, held against baselines if there are any; one exit code for CI."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from entsurge import errors
from entsurge.analysis import Run, judge, read_run
from entsurge.findings.serial import as_data
from entsurge.findings.statement import Statement
from entsurge.record.layout import VERDICT
from entsurge.record.writer import write_json
from entsurge.said import said

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from entsurge.analysis.objectives import Judged
    from entsurge.findings.comparison import Comparison
    from entsurge.findings.verdict import Verdict


@dataclass(frozen=True)
class GateResult:
    """One exit code for all runs, and their verdicts by path.

    `comparison` is that with the baselines, None without; `problem` what kept it from being made (exit code 2);
    `too_small`: nothing is wrong but that the comparison could have missed a regression, which was asked to be strict.
    """

    verdicts: dict[str, Verdict]
    runs: dict[str, Run]
    comparison: Comparison | None = None
    notes: list[Statement] = field(default_factory=list)
    problem: errors.UsageError | None = None
    too_small: bool = False

    @property
    def conclusions(self) -> list[errors.Conclusion]:
        """What is concluded of each run, and of the comparison where it is worse, or could not tell."""
        held: list[errors.Conclusion] = ["FAIL"] if self.comparison is not None and self.comparison.worse else []
        held += ["INCONCLUSIVE"] if self.too_small else []
        return [*(found.verdict for found in self.verdicts.values()), *held]

    @property
    def conclusion(self) -> errors.Conclusion:
        """The gravest of them: a proven miss is never hidden by thin data."""
        return errors.gravest(self.conclusions)

    @property
    def end_codes(self) -> list[int]:
        """How the runs ended, as exit codes; 0 in order."""
        return [found.end_code for found in self.verdicts.values()]

    @property
    def exit_code(self) -> int:
        """One for all: 2 where what was asked for could not be compared."""
        return errors.USAGE if self.problem else errors.exit_code(self.end_codes, self.conclusions)


def gate(
    run_paths: Sequence[Path],
    *,
    baselines: Sequence[Path] = (),
    objectives: Path | None = None,
    quantile: float = 95.0,
    least_effect: float = 0.10,
    strict: bool = False,
) -> GateResult:
    """Judge every run and write its verdict.json; hold all of them together against the baselines.

    Objectives are the runs' own, or those of a file. `strict`: a comparison that could have missed a slowdown of
    `least_effect` (a share), or that could not be made for want of a usable baseline, ends with 4. What is wrong with
    the baselines does not keep the runs from being judged: it is the result's `problem`. Raises UsageError for what is
    no run directory or an objective that cannot be read, CannotRecord when a verdict cannot be written.
    """
    runs = [_with_objectives(read_run(path), objectives) for path in run_paths]
    held, problem = _Held(), None
    if baselines:
        try:
            held = _hold(runs, baselines, quantile, least_effect)
        except errors.UsageError as error:
            problem = error
    verdicts = {}
    for path, run in zip(run_paths, runs, strict=True):
        found = judge(run, held.ratios)
        verdicts[str(path)] = found
        _write(path, found)
    by_path = {str(path): run for path, run in zip(run_paths, runs, strict=True)}
    too_small = strict and _could_miss(held, baselines)
    return GateResult(verdicts, by_path, held.comparison, held.notes, problem, too_small)


def _could_miss(held: _Held, baselines: Sequence[Path]) -> bool:
    """Whether baselines were named, and what was asked of them could not be seen."""
    return bool(baselines) and (held.comparison is None or held.comparison.unseen is not None)


def _with_objectives(run: Run, path: Path | None) -> Run:
    if path is None:
        return run
    from entsurge.audience.profile import load_objectives  # pydantic, when there is a file to read

    return replace(run, manifest={**run.manifest, "objectives": load_objectives(path)})


@dataclass(frozen=True)
class _Held:
    """What holding runs against baselines has shown; nothing without baselines."""

    comparison: Comparison | None = None
    ratios: dict[tuple[str, str], Judged] = field(default_factory=dict)
    notes: list[Statement] = field(default_factory=list)


def _hold(runs: Sequence[Run], baselines: Sequence[Path], quantile: float, least_effect: float) -> _Held:
    """Compare, one baseline in memory at a time."""
    from entsurge.analysis.baseline import apart, last_believable
    from entsurge.analysis.comparison import compare
    from entsurge.analysis.measured import measured
    from entsurge.analysis.relative import quantiles, ratios, wanted

    candidates = [measured(run, quantile) for run in runs]
    seen, relative = [], {}
    others, own = apart(baselines, (run.path for run in runs))
    for path in others:
        run = read_run(path)
        seen.append(measured(run, quantile))
        relative[id(seen[-1])] = quantiles(run, runs[-1])
    kept, notes = last_believable(seen)
    notes = own + notes
    if not kept:
        notes.append(Statement("no-baseline"))
        return _Held(notes=notes)
    found = compare(kept, candidates, quantile=quantile, least_effect=least_effect)
    musts = wanted(runs[-1])
    own_quantiles = [quantiles(run, runs[-1]) for run in runs]
    return _Held(found, ratios(musts, [relative[id(run)] for run in kept], own_quantiles), notes)


def _write(path: Path, found: Verdict) -> None:
    try:
        write_json(path / VERDICT, as_data(found.concluded()))
    except OSError as error:
        raise errors.CannotRecord(
            said("{value}: {value2}", value=path / VERDICT, value2=error.strerror or error)
        ) from None
