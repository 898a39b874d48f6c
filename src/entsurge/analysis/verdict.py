"""PASS, FAIL, INCONCLUSIVE or INVALID, with one sentence that a head of school understands."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from entsurge import errors
from entsurge.analysis.objectives import Judged, judge_objectives
from entsurge.analysis.refused import notable
from entsurge.analysis.validity import broken, clipped, lights
from entsurge.analysis.words import listed, whom
from entsurge.findings.statement import Statement
from entsurge.findings.statement import listed as as_list
from entsurge.findings.verdict import Finding, Light, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.errors import Conclusion
    from entsurge.findings.statement import Title
    from entsurge.record.reading.run import Run
    from entsurge.record.reading.shapes import Phase

END_CODES = {
    "interrupted": errors.INTERRUPTED,
    "unreachable": errors.UNREACHABLE,
    "disk": errors.NO_RECORD,
    "guard": errors.GUARD,
    "failed": errors.UNEXPECTED,
}
SHOWN_BESIDES = 3
CUT_SHORT = frozenset({"interrupted", "unreachable", "guard"})
"""Ends that leave a sound measurement of what came before them."""
ENDS = frozenset({"interrupted", "unreachable", "disk", "no-workers", "guard", "failed", "overload"})


def judge(run: Run, ratios: Mapping[tuple[str, str], Judged] | None = None) -> Verdict:
    """The verdict of one run; `ratios` as `judge_objectives` takes them.

    INVALID: the measurement is not to be believed. FAIL: a required objective is missed. INCONCLUSIVE: none is, but one
    lacks data, or the run did not come to its end, or it goes on. The first of these that holds.
    """
    found, conditions = judge_objectives(run, ratios), lights(run)
    if run.in_progress:
        return _provisional(run, found, conditions)
    end = (run.finish or {}).get("end", "")
    wrong: list[Statement] = [] if end == "completed" or end in CUT_SHORT else [_ended(end)]
    wrong += [light.said for light in broken(conditions)]
    missed = [_missed(run, each) for each in found if each.required and each.state == "missed"]
    ended = [_ended(end, _tripped(run))] if end in CUT_SHORT else []
    if not any(each.required for each in found):
        ended.append(Statement("nothing-judged"))
    unsure = [_unsure(run, each) for each in found if each.required and each.state == "not-enough-data"]
    thin = [*ended, *([Statement("besides", {"n": len(unsure)})] if missed and len(unsure) > SHOWN_BESIDES else unsure)]
    verdict: Conclusion = "INVALID" if wrong else "FAIL" if missed else "INCONCLUSIVE" if thin else "PASS"
    end_code, refused = END_CODES.get(end, errors.PASS), notable(run)
    return Verdict(
        verdict, errors.exit_code([end_code], [verdict]), _sentences(run, verdict, found, [*wrong, *thin], refused),
        [*wrong, *missed, *thin], found, conditions, end_code, refused,
        simulated=run.simulated,
    )  # fmt: skip


def _provisional(run: Run, found: list[Finding], conditions: list[Light]) -> Verdict:
    """A run that goes on: nothing of it is judged."""
    end = run.manifest["phases"][-1]["end_s"]
    reason = Statement("in-progress", {"read": run.seconds_read, "end": round(end)})
    unjudged = [replace(each, state="not-judged", needed=None) for each in found]
    waiting = [replace(each, ok=None) for each in conditions]
    sentences = [Statement("sentence.IN-PROGRESS", {"why": reason})]
    return Verdict("INCONCLUSIVE", errors.EXIT_CODES["INCONCLUSIVE"], sentences, [reason], unjudged, waiting)


def _ended(end: str, why: str = "") -> Statement:
    said = Statement(f"ended.{end if end in ENDS else 'broken-off'}")
    return Statement("ended-because", {"ended": said, "why": why}) if why else said


def _tripped(run: Run) -> str:
    """What the guard that ended the run said; empty where none did."""
    told = [clipped(str(each.get("detail", ""))) for each in run.events
            if each.get("kind") == "guard" and each.get("state") == "tripped"]  # fmt: skip
    return told[0] if told and (run.finish or {}).get("end") == "guard" else ""


def _unsure(run: Run, each: Finding) -> Statement:
    """Not enough data: for whom, for what, and how much more it takes."""
    phases = {phase["name"]: phase for phase in (*run.manifest["phases"], *run.manifest.get("perturbation_phases", ()))}
    if each.phase not in phases and each.count == 0:
        why = Statement("no-such-phase", {"phase": each.phase, "phases": [*phases]})
    else:
        why = _more(run, each, phases.get(each.phase, run.window))
    pages = Statement("pages", {"n": each.count})
    return Statement("unsure", {"who": _of(run, each), "must": each.must, "pages": pages, "why": why})


def _more(run: Run, each: Finding, phase: Phase) -> Statement:
    """How many pages it takes, and what window (or part of it) or scale would bring them, were all else as it was."""
    if each.needed is None:
        return Statement("too-close" if each.count else "never-over")
    if not each.count:
        return Statement("takes", {"needed": each.needed})
    factor = Fraction(each.needed, each.count)
    minutes = (phase["end_s"] - phase["start_s"]) * run.manifest["compression"] / 60
    longer, now = (round(many, 0 if many >= 10 else 1) for many in (float(minutes * factor), minutes))
    whole = phase is run.window or phase["name"] == run.window["name"]
    larger = _scale(run.manifest["scale"], factor)
    code = f"takes-longer.{'window' if whole else 'phase'}{'-or-scale' if larger else ''}"
    of: dict[str, int | float | str] = {
        "needed": each.needed, "longer": longer, "now": now, "phase": each.phase, "larger": larger,
        "scale": run.manifest["scale"],
    }  # fmt: skip
    return Statement(code, of)


def _scale(scale: str, factor: Fraction) -> str:
    """A scale so many times as large, as people write it: `1/29`; empty where that is more than everybody."""
    try:
        larger = Fraction(scale) * factor
    except (ValueError, ZeroDivisionError):
        return ""
    return "" if larger > 1 else f"1/{int(1 / larger)}" if larger < 1 else "1"


def _of(run: Run, each: Finding) -> Title | Statement:
    """Whom an objective is about, and on which service if it is about one."""
    who = whom(run, each.persona)
    return who if each.service == "*" else Statement("on-service", {"who": who, "service": each.service})


def _missed(run: Run, each: Finding) -> Statement:
    return Statement("missed", {"who": _of(run, each), "measured": each.measured})


def _sentences(
    run: Run, verdict: Conclusion, found: list[Finding], why: list[Statement], refused: Mapping[str, float]
) -> list[Statement]:
    """What a head of school is told: the verdict, whom a measure put off, who was refused, what it is worth."""
    manifest = run.manifest
    scale, speed = manifest["scale"], manifest["compression"]
    if verdict in ("PASS", "FAIL"):
        target = manifest["target"].get("name") or manifest["target"]["url"]
        who = [each.persona for each in found if each.required and (verdict == "PASS" or each.state == "missed")]
        said = [Statement(f"sentence.{verdict}", {"target": target, "who": listed(run, who)})]
    else:
        said = [Statement(f"sentence.{verdict}", {"why": why[0]})]
    if verdict == "PASS" and run.deferred:
        said.append(Statement("sentence.put-off", {"who": listed(run, sorted(run.deferred))}))
    if refused:
        shares = [Statement("share", {"share_percent": round(100 * share), "who": whom(run, persona)})
                  for persona, share in refused.items()]  # fmt: skip
        said.append(Statement("sentence.refused", {"shares": as_list(shares)}))
    if run.simulated:
        said.insert(0, Statement("sentence.simulated", {"name": run.simulated}))
    if scale != "1" or speed != 1:
        said.append(Statement("sentence.limits", {"scale": scale, "speed": speed}))
    return said
