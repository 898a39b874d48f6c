"""PASS, FAIL, INCONCLUSIVE or INVALID, with one sentence that a head of school understands."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from entsurge import errors
from entsurge.analysis.objectives import FACTOR, Judged, judge_objectives
from entsurge.analysis.refused import notable
from entsurge.analysis.validity import broken, clipped, lights
from entsurge.analysis.words import listed, whom
from entsurge.findings.verdict import Finding, Light, Said, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.errors import Conclusion
    from entsurge.record.reading.documents import Phase
    from entsurge.record.reading.run import Run

END_CODES = {
    "interrupted": errors.INTERRUPTED,
    "unreachable": errors.UNREACHABLE,
    "disk": errors.NO_RECORD,
    "guard": errors.GUARD,
    "failed": errors.UNEXPECTED,
}
SHOWN_BESIDES = 3
NEVER_OVER = (
    "aucune panne n’a pris fin pendant le tir après un calme assez long",
    "no fault ended within the run after a calm long enough",
)
CUT_SHORT = frozenset({"interrupted", "unreachable", "guard"})
"""Ends that leave a sound measurement of what came before them."""
ENDS = {
    "interrupted": ("le tir a été interrompu", "the run was interrupted"),
    "unreachable": ("la cible n’a pas répondu", "the target did not answer"),
    "disk": ("le disque a refusé l’enregistrement", "the disk refused the record"),
    "no-workers": ("tous les générateurs ont disparu", "every worker was lost"),
    "guard": ("un garde-fou a arrêté le tir", "a guard stopped the run"),
    "failed": ("le plan n’a pas pu être proposé jusqu’au bout", "the plan could not be offered to its end"),
    "": ("le tir s’est arrêté sans fin écrite", "the run broke off"),
}


def judge(run: Run, ratios: Mapping[tuple[str, str], Judged] | None = None) -> Verdict:
    """The verdict of one run; `ratios` as `judge_objectives` takes them.

    INVALID: the measurement is not to be believed. FAIL: a required objective is missed. INCONCLUSIVE: none is, but one
    lacks data, or the run did not come to its end, or it goes on. The first of these that holds.
    """
    found, conditions = judge_objectives(run, ratios), lights(run)
    if run.in_progress:
        return _provisional(run, found, conditions)
    end = (run.finish or {}).get("end", "")
    wrong: list[Said] = [] if end == "completed" or end in CUT_SHORT else [_ended(end)]
    wrong += [light.said for light in broken(conditions)]
    missed = [_missed(run, each) for each in found if each.required and each.state == "missed"]
    ended = [_ended(end, _tripped(run))] if end in CUT_SHORT else []
    if not any(each.required for each in found):
        ended.append({"fr": "aucun objectif requis n’a pu être jugé", "en": "no required objective could be judged"})
    unsure = [_unsure(run, each) for each in found if each.required and each.state == "not-enough-data"]
    thin = [*ended, *([_besides(len(unsure))] if missed and len(unsure) > SHOWN_BESIDES else unsure)]
    verdict: Conclusion = "INVALID" if wrong else "FAIL" if missed else "INCONCLUSIVE" if thin else "PASS"
    end_code, refused = END_CODES.get(end, errors.PASS), notable(run)
    return Verdict(
        verdict, errors.exit_code([end_code], [verdict]), _sentence(run, verdict, found, [*wrong, *thin], refused),
        [*wrong, *missed, *thin], found, conditions, end_code, refused,
    )  # fmt: skip


def _provisional(run: Run, found: list[Finding], conditions: list[Light]) -> Verdict:
    """A run that goes on: nothing of it is judged."""
    end = run.manifest["phases"][-1]["end_s"]
    reason = {
        "fr": f"tir en cours, provisoire : lu jusqu’à la seconde {run.seconds_read} de {end:.0f} ; rien n’est jugé "
        "avant la fin",
        "en": f"in progress, provisional: read to second {run.seconds_read} of {end:.0f}; nothing is judged before its "
        "end",
    }
    unjudged = [replace(each, state="not-judged", needed=None) for each in found]
    waiting = [replace(each, ok=None) for each in conditions]
    sentence = {language: text[:1].upper() + text[1:] + "." for language, text in reason.items()}
    return Verdict("INCONCLUSIVE", errors.EXIT_CODES["INCONCLUSIVE"], sentence, [reason], unjudged, waiting)


def _ended(end: str, why: str = "") -> Said:
    french, english = ENDS.get(end, ENDS[""])
    more = f" ({why})" if why else ""
    return {"fr": french + more, "en": english + more}


def _tripped(run: Run) -> str:
    """What the guard that ended the run said; empty where none did."""
    told = [clipped(str(each.get("detail", ""))) for each in run.events
            if each.get("kind") == "guard" and each.get("state") == "tripped"]  # fmt: skip
    return told[0] if told and (run.finish or {}).get("end") == "guard" else ""


def _unsure(run: Run, each: Finding) -> Said:
    """Not enough data: for whom, for what, and how much more it takes."""
    phases = {phase["name"]: phase for phase in (*run.manifest["phases"], *run.manifest.get("perturbation_phases", ()))}
    if each.phase not in phases and each.count == 0:
        known = ", ".join(phases)
        fr, en = (
            f"ce tir n’a pas de phase {each.phase}, mais {known}",
            f"this run has no phase {each.phase}, but {known}",
        )
    else:
        fr, en = _more(run, each, phases.get(each.phase, run.window))
    pages = f"{each.count} page{'' if each.count == 1 else 's'}"
    return {
        "fr": f"données insuffisantes pour {whom(run, each.persona, 'fr')} : {each.must} ({pages} ; {fr})",
        "en": f"not enough data for {whom(run, each.persona, 'en')}: {each.must} ({pages}; {en})",
    }


def _more(run: Run, each: Finding, phase: Phase) -> tuple[str, str]:
    """How many pages it takes, and what window (or part of it) or scale would bring them, were all else as it was."""
    if each.needed is None and not each.count:
        return NEVER_OVER
    if each.needed is None:
        return "trop près de la borne pour être départagé", "too close to the bound to tell"
    need = (f"il en faut environ {each.needed}", f"it takes about {each.needed}")
    if not each.count:
        return need
    factor = Fraction(each.needed, each.count)
    minutes = (phase["end_s"] - phase["start_s"]) * run.manifest["compression"] / 60
    longer, now = (f"{many:.0f}" if many >= 10 else f"{many:.1f}" for many in (float(minutes * factor), minutes))
    whole = phase is run.window or phase["name"] == run.window["name"]
    what = ("une fenêtre", "a window") if whole else (f"une phase {each.phase}", f"a phase {each.phase}")
    french = f"{need[0]}, soit {what[0]} de {longer.replace('.', ',')} min au lieu de {now.replace('.', ',')}"
    english = f"{need[1]}: {what[1]} of {longer} min instead of {now}"
    larger = _scale(run.manifest["scale"], factor)
    if larger:
        french += f", ou l’échelle {larger} au lieu de {run.manifest['scale']}"
        english += f", or scale {larger} instead of {run.manifest['scale']}"
    return french, english


def _besides(count: int) -> Said:
    """Beside what is missed: how many required objectives cannot be told."""
    return {
        "fr": f"en outre, données insuffisantes pour {count} objectif{'s' if count > 1 else ''} requis",
        "en": f"besides, not enough data for {count} required objective{'s' if count > 1 else ''}",
    }


def _scale(scale: str, factor: Fraction) -> str:
    """A scale so many times as large, as people write it: `1/29`; empty where that is more than everybody."""
    try:
        larger = Fraction(scale) * factor
    except (ValueError, ZeroDivisionError):
        return ""
    return "" if larger > 1 else f"1/{int(1 / larger)}" if larger < 1 else "1"


def measured(each: Finding, language: str = "en") -> str:
    """What was measured, in its unit: `3.42 s`, `1.2%`, `× 1.31`, `0.84`; in French `3,42 s`, `1,2 %`."""
    if each.value is None:
        return "–"
    if each.unit == "s":
        text = f"{each.value:.2f} s"
    else:
        text = f"{each.value:.1%}" if each.unit == "ratio" else f"{'× ' if each.unit == FACTOR else ''}{each.value:.2f}"
    return text.replace(".", ",").replace("%", " %") if language == "fr" else text


def _missed(run: Run, each: Finding) -> Said:
    french, english = (whom(run, each.persona, language) for language in ("fr", "en"))
    return {
        "fr": f"objectif manqué pour {french} : {each.must}, mesuré {measured(each, 'fr')}",
        "en": f"objective missed for {english}: {each.must}, measured {measured(each)}",
    }


def _sentence(
    run: Run, verdict: Conclusion, found: list[Finding], why: list[Said], refused: Mapping[str, float]
) -> Said:
    manifest = run.manifest
    kept = [each.persona for each in found if each.required]
    lost = [each.persona for each in found if each.required and each.state == "missed"]
    scale, speed = manifest["scale"], manifest["compression"]
    target = manifest["target"].get("name") or manifest["target"]["url"]
    result = {}
    for language in ("fr", "en"):
        head = _HEADS[verdict][language].format(
            target=target,
            who=listed(run, kept if verdict == "PASS" else lost, language),
            why=why[0][language] if why else "",
        )
        put_off = _put_off(run, language) if verdict == "PASS" else ""
        limits = "" if scale == "1" and speed == 1 else _LIMITS[language].format(scale=scale, speed=f"{speed:g}")
        result[language] = f"{head}{put_off}{_refused(run, refused, language)} {limits}".strip()
    return result


_HEADS: dict[Conclusion, Said] = {
    "PASS": {"fr": "{target} a tenu ses objectifs pour {who}.", "en": "{target} kept its objectives for {who}."},
    "FAIL": {
        "fr": "{target} n’a pas tenu ses objectifs pour {who}.",
        "en": "{target} missed its objectives for {who}.",
    },
    "INCONCLUSIVE": {"fr": "Essai non concluant : {why}.", "en": "The run is inconclusive: {why}."},
    "INVALID": {"fr": "Essai non fiable : {why}.", "en": "The run is not to be believed: {why}."},
}
_LIMITS = {
    "fr": "Échelle {scale}, compression {speed} : ce verdict vaut pour cette cible ; il ne dira que l’ENT tiendra qu’à "
    "l’échelle 1, sans compression, sur une plateforme dimensionnée comme la production.",
    "en": "Scale {scale}, compression {speed}: this verdict is about this target; it says that the ENT will hold only "
    "at scale 1, without compression, on a platform sized as production.",
}


def _put_off(run: Run, language: str) -> str:
    if not run.deferred:
        return ""
    who = listed(run, sorted(run.deferred), language)
    return f" Ont été différés : {who}." if language == "fr" else f" Deferred on purpose: {who}."


def _refused(run: Run, shares: Mapping[str, float], language: str) -> str:
    """Who was turned away from how much of what they came for."""
    if not shares:
        return ""
    named = [(f"{100 * share:.0f}", whom(run, persona, language)) for persona, share in shares.items()]
    if language == "fr":
        told = ", ".join(f"{percent} % pour {who}" for percent, who in named)
        return f" Pages refusées, visites renvoyées comprises : {told}."
    return (
        f" Pages refused, visits turned away included: {', '.join(f'{percent}% for {who}' for percent, who in named)}."
    )
