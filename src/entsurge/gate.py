"""The gate: verdicts of runs, written beside them, held against baselines if there are any; one exit code for CI."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from entsurge import errors
from entsurge.analysis import Run, judge, read_run
from entsurge.analysis.verdict import measured as measured_text
from entsurge.findings.comparison import about
from entsurge.findings.serial import as_data
from entsurge.record.layout import VERDICT
from entsurge.record.writer import write_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from entsurge.analysis.objectives import Judged
    from entsurge.findings.comparison import Compared, Comparison, PageErrors
    from entsurge.findings.verdict import Said, Verdict

SIGNS: dict[errors.Conclusion, str] = {"PASS": "✓", "FAIL": "✗", "INCONCLUSIVE": "?", "INVALID": "⊘"}
NAMES = {
    errors.PASS: "PASS", errors.USAGE: "NOT COMPARED", errors.MISSED: "FAIL",
    errors.GUARD: "STOPPED", errors.UNREACHABLE: "UNREACHABLE", errors.NO_RECORD: "NOT RECORDED",
    errors.INTERRUPTED: "INTERRUPTED",
}  # fmt: skip
SHOWN_RATIOS, SHOWN_BLIND = 3, 6


@dataclass(frozen=True)
class GateResult:
    """One exit code for all runs, what to say about them, and their verdicts by path.

    `comparison` is that with the baselines, None without; `problem` what kept it from being made (exit code 2);
    `too_small`: nothing is wrong but that the comparison could have missed a regression, which was asked to be strict.
    """

    lines: list[str]
    verdicts: dict[str, Verdict]
    runs: dict[str, Run]
    comparison: Comparison | None = None
    notes: list[Said] = field(default_factory=list)
    problem: errors.UsageError | None = None
    too_small: bool = False

    @property
    def one_line(self) -> str:
        """The whole conclusion: `FAIL (3): 2 of 6 required objectives missed; 1 page slower than its baseline`."""
        name = self.conclusion if self.exit_code == errors.INVALID else NAMES.get(self.exit_code, "FAIL")
        return f"{name} ({self.exit_code}): " + "; ".join(_clauses(self))

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
    verdicts, lines = {}, []
    for path, run in zip(run_paths, runs, strict=True):
        found = judge(run, held.ratios)
        verdicts[str(path)] = found
        lines += _lines(run, found)
        _write(path, found)
    lines += _comparison_lines(held)
    by_path = {str(path): run for path, run in zip(run_paths, runs, strict=True)}
    too_small = strict and _could_miss(held, baselines)
    return GateResult(lines, verdicts, by_path, held.comparison, held.notes, problem, too_small)


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
    notes: list[Said] = field(default_factory=list)


def _hold(runs: Sequence[Run], baselines: Sequence[Path], quantile: float, least_effect: float) -> _Held:
    """Compare, one baseline in memory at a time."""
    from entsurge.analysis.baseline import last_believable, run_folders
    from entsurge.analysis.comparison import compare
    from entsurge.analysis.measured import measured
    from entsurge.analysis.relative import quantiles, ratios, wanted

    candidates = [measured(run, quantile) for run in runs]
    own = {run.path.resolve() for run in runs}
    seen, relative = [], {}
    for path in run_folders(baselines):
        if path.resolve() not in own:
            run = read_run(path)
            seen.append(measured(run, quantile))
            relative[id(seen[-1])] = quantiles(run, runs[-1])
    kept, notes = last_believable(seen)
    if not kept:
        notes.append({
            "fr": "aucun tir de référence utilisable : rien n’est comparé",
            "en": "no baseline run can be used: nothing is compared",
        })  # fmt: skip
        return _Held(notes=notes)
    found = compare(kept, candidates, quantile=quantile, least_effect=least_effect)
    musts = wanted(runs[-1])
    own_quantiles = [quantiles(run, runs[-1]) for run in runs]
    return _Held(found, ratios(musts, [relative[id(run)] for run in kept], own_quantiles), notes)


def _lines(run: Run, found: Verdict) -> list[str]:
    head = f"{SIGNS[found.verdict]} {found.verdict:<13}{run.name}: {found.sentence['en']}"
    return [head, *(f"    {reason['en']}" for reason in found.reasons), *(f"    note: {note}" for note in run.notes)]


def _comparison_lines(held: _Held) -> list[str]:
    found = held.comparison
    if found is None:
        return [f"note: {each['en']}" for each in held.notes]
    compared = f"{len(found.scopes)} personas and services, {len(found.pages)} pages compared"
    sides = f"{len(found.baselines)} baseline run(s)"
    lines = [f"{_head(found)} {sides}: {compared}, p{found.quantile:g} of corrected latency"]
    if found.errors_worse:
        lines.append(f"    more pages fail: {found.errors.estimate:+.2%}, refused: {found.refused.estimate:+.2%}")
    lines += [f"    {_about(each)}: {each.candidate_share:.1%} of pages fail, {each.baseline_share:.1%} before"
              for each in found.failing]  # fmt: skip
    if found.can_show:
        lines += [_page_line(each) for each in found.regressions]
    else:
        for family in (found.scopes, found.pages):
            lines += [_page_line(each) for each in sorted(family, key=lambda each: -each.ratio)[:SHOWN_RATIOS]]
    lines += _unseen_lines(found)
    said = [*held.notes, *found.notes, *({"en": f"the plans differ in {each['en']}"} for each in found.differences)]
    return lines + [f"    note: {each['en']}" for each in said]


def _head(found: Comparison) -> str:
    if found.worse:
        return "✗ WORSE than"
    if found.unseen is None:
        return "✓ NO WORSE than"
    return "? NOT SHOWN WORSE than" if found.can_show else "? NOT JUDGED beside"


def _unseen_lines(found: Comparison) -> list[str]:
    """What could have been missed: in one line, then the widest gaps."""
    if found.unseen is None:
        return []
    blind = [(each.smallest, each) for each in found.scopes if each.blind and each.smallest is not None]
    widest = sorted(blind, key=lambda pair: -pair[0])[:SHOWN_BLIND]
    return [
        f"    unseen: {found.unseen['en']}",
        *(f"        {_about(each)}: shown from {smallest - 1:+.0%} on" for smallest, each in widest),
    ]


def _about(each: Compared | PageErrors) -> str:
    return about(each.persona, each.service, each.page)


def _page_line(page: Compared) -> str:
    interval = "" if page.low is None else f" ({page.low:.2f} to {page.high:.2f})"
    times = f"{page.baseline_seconds:.2f} s → {page.candidate_seconds:.2f} s"
    return f"    {_about(page)}: × {page.ratio:.2f}{interval}, {times}"


def _clauses(result: GateResult) -> list[str]:
    if result.problem is not None:
        return [str(result.problem).splitlines()[0]]
    findings = [each for verdict in result.verdicts.values() for each in verdict.objectives if each.required]
    missed = [each for each in findings if each.state == "missed"]
    clauses = [f"{len(missed)} of {len(findings)} required objectives missed"]
    if missed:
        worst = missed[0]
        clauses[0] += f", such as {worst.persona} {worst.service} {worst.must} (measured {measured_text(worst)})"
    clauses += [
        f"{run.name} is {found.verdict}: {found.reasons[0]['en']}"
        for run, found in zip(result.runs.values(), result.verdicts.values(), strict=True)
        if found.verdict in ("INVALID", "INCONCLUSIVE") and found.reasons
    ]
    held = result.comparison
    if held is not None:
        clauses.append(_compared(held))
        if held.errors_worse:
            clauses.append("more pages fail or are refused")
        if held.unseen is not None:
            clauses.append(held.unseen["en"].partition(";")[0])
    elif result.too_small:
        clauses.append("no baseline run can be used: nothing is compared")
    return clauses


def _compared(held: Comparison) -> str:
    scopes, pages, runs = len(held.scopes), len(held.pages), len(held.baselines)
    if not held.can_show:
        return f"{scopes} personas and services, {pages} pages shown beside too few runs to judge a difference"
    slower = [sum(each.state == "regression" for each in family) for family in (held.scopes, held.pages)]
    return (
        f"{slower[0]} of {scopes} personas and services, {slower[1]} of {pages} pages slower than in {runs} baseline "
        "run(s)"
    )


def _write(path: Path, found: Verdict) -> None:
    try:
        write_json(path / VERDICT, as_data(found.concluded()))
    except OSError as error:
        raise errors.CannotRecord(f"{path / VERDICT}: {error.strerror or error}") from None
