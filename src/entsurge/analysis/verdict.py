"""PASS, FAIL or INVALID, with one sentence that a headmaster understands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from entsurge import errors
from entsurge.analysis.objectives import FACTOR, Finding, Judged, judge_objectives
from entsurge.analysis.validity import Light, broken, lights
from entsurge.analysis.words import listed, whom

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.record.reading.run import Run

END_CODES = {
    "interrupted": errors.INTERRUPTED,
    "unreachable": errors.UNREACHABLE,
    "disk": errors.NO_RECORD,
    "guard": errors.GUARD,
    "no-workers": errors.INVALID,
}
CODES = {"PASS": errors.PASS, "FAIL": errors.MISSED, "INVALID": errors.INVALID}
ENDS = {
    "interrupted": ("le tir a été interrompu", "the run was interrupted"),
    "unreachable": ("la cible n’a pas répondu", "the target did not answer"),
    "disk": ("le disque a refusé l’enregistrement", "the disk refused the record"),
    "no-workers": ("tous les générateurs ont disparu", "every worker was lost"),
    "guard": ("un garde-fou a arrêté le tir", "a guard stopped the run"),
    "": ("le tir s’est arrêté sans fin écrite", "the run broke off"),
}


@dataclass(frozen=True)
class Verdict:
    """What is concluded of one run, and the exit code that says it."""

    verdict: str
    exit_code: int
    sentence: dict[str, str]
    reasons: list[dict[str, str]]
    objectives: list[Finding]
    lights: list[Light]

    def as_json(self) -> dict[str, Any]:
        """verdict.json."""
        return {
            "format": 1,
            "verdict": self.verdict,
            "exit_code": self.exit_code,
            "sentence": self.sentence,
            "reasons": self.reasons,
            "objectives": [each.as_json() for each in self.objectives],
        }


def judge(run: Run, ratios: Mapping[tuple[str, str], Judged] | None = None) -> Verdict:
    """The verdict of one run; `ratios` as `judge_objectives` takes them.

    INVALID when the measurement cannot be believed, or when no required objective is missed but one lacks data.
    """
    found, conditions = judge_objectives(run, ratios), lights(run)
    end = (run.finish or {}).get("end", "")
    reasons = [{"fr": light.fr, "en": light.en} for light in broken(conditions)]
    if end != "completed":
        french, english = ENDS.get(end, ENDS[""])
        reasons.insert(0, {"fr": french, "en": english})
    missed = [each for each in found if each.required and each.state == "missed"]
    unsure = [each for each in found if each.required and each.state == "not-enough-data"]
    if not missed:
        reasons += [_unsure(run, each) for each in unsure]
    if not any(each.required for each in found):
        reasons.append({"fr": "aucun objectif requis n’a pu être jugé", "en": "no required objective could be judged"})
    verdict = "INVALID" if reasons else "FAIL" if missed else "PASS"
    codes = [CODES[verdict]] + ([END_CODES[end]] if end in END_CODES else [])
    return Verdict(
        verdict, errors.first_by_precedence(codes), _sentence(run, verdict, found, reasons),
        reasons + [_missed(run, each) for each in missed], found, conditions,
    )  # fmt: skip


def _unsure(run: Run, each: Finding) -> dict[str, str]:
    known = [str(phase["name"]) for phase in run.manifest["phases"]]
    absent = each.phase not in known and each.count == 0
    fr, en = (
        f"{each.count} pages : trop peu, ou trop près de la borne",
        f"{each.count} pages: too few, or too close to the bound",
    )
    if absent:
        fr += f" ; ce tir n’a pas de phase {each.phase}, mais {', '.join(known)}"
        en += f"; this run has no phase {each.phase}, but {', '.join(known)}"
    return {
        "fr": f"données insuffisantes pour {whom(run, each.persona, 'fr')} : {each.must} ({fr})",
        "en": f"not enough data for {whom(run, each.persona, 'en')}: {each.must} ({en})",
    }


def measured(each: Finding) -> str:
    """What was measured, in its unit: `3.42 s`, `1.2%`, `× 1.31`, `0.84`."""
    if each.value is None:
        return "–"
    if each.unit == "s":
        return f"{each.value:.2f} s"
    return f"{each.value:.1%}" if each.unit == "ratio" else f"{'× ' if each.unit == FACTOR else ''}{each.value:.2f}"


def _missed(run: Run, each: Finding) -> dict[str, str]:
    return {
        "fr": f"objectif manqué pour {whom(run, each.persona, 'fr')} : {each.must}, mesuré {measured(each)}",
        "en": f"objective missed for {whom(run, each.persona, 'en')}: {each.must}, measured {measured(each)}",
    }


def _sentence(run: Run, verdict: str, found: list[Finding], reasons: list[dict[str, str]]) -> dict[str, str]:
    manifest = run.manifest
    kept = [each.persona for each in found if each.required]
    lost = [each.persona for each in found if each.required and each.state == "missed"]
    scale, speed = manifest["scale"], manifest["compression"]
    target = manifest["target"].get("name") or manifest["target"]["url"]
    result = {}
    for language in ("fr", "en"):
        head = {
            "PASS": _PASS[language].format(target=target, who=listed(run, kept, language)) + _put_off(run, language),
            "FAIL": _FAIL[language].format(target=target, who=listed(run, lost, language)),
            "INVALID": _INVALID[language].format(why=reasons[0][language] if reasons else ""),
        }[verdict]
        full = scale == "1" and speed == 1
        result[language] = f"{head} {'' if full else _LIMITS[language].format(scale=scale, speed=f'{speed:g}')}".strip()
    return result


_PASS = {"fr": "{target} a tenu ses objectifs pour {who}.", "en": "{target} kept its objectives for {who}."}
_FAIL = {"fr": "{target} n’a pas tenu ses objectifs pour {who}.", "en": "{target} missed its objectives for {who}."}
_INVALID = {
    "fr": "La mesure ne permet pas de conclure : {why}.", "en": "The measurement supports no verdict: {why}.",
}  # fmt: skip
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
