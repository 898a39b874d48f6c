"""A gate's result in the terminal: a verdict a run, what was compared, and the whole conclusion in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsurge import errors
from entsurge.catalogue import catalogue
from entsurge.findings.statement import first
from entsurge.render.counts import counts
from entsurge.render.numbers import Numbers
from entsurge.render.places import place
from entsurge.render.saying import paragraph, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from entsurge.analysis import Run
    from entsurge.findings.comparison import Compared, Comparison
    from entsurge.findings.verdict import Finding, Verdict
    from entsurge.gate import GateResult

SIGNS: dict[errors.Conclusion, str] = {"PASS": "✓", "FAIL": "✗", "INCONCLUSIVE": "?", "INVALID": "⊘"}
NAMES = {
    errors.PASS: "PASS", errors.USAGE: "NOT-COMPARED", errors.MISSED: "FAIL", errors.GUARD: "STOPPED",
    errors.UNREACHABLE: "UNREACHABLE", errors.NO_RECORD: "NOT-RECORDED", errors.INTERRUPTED: "INTERRUPTED",
}  # fmt: skip
SHOWN_RATIOS, SHOWN_BLIND = 3, 6


def gate_lines(result: GateResult, language: str) -> list[str]:
    """Every run's verdict with its reasons and notes, then what the comparison says; a line each."""
    return [*_runs(result, language), *_comparison(result, language)]


def one_line(result: GateResult, language: str) -> str:
    """The whole conclusion: `FAIL (3): 2 of 6 required objectives missed; 1 page slower than its baseline`."""
    words = catalogue("gate", language)
    name = result.conclusion if result.exit_code == errors.INVALID else NAMES.get(result.exit_code, "FAIL")
    clauses = words["between"].join(_clauses(result, language))
    paper = f"{words['simulated']['mark']} · " if any(each.simulated for each in result.verdicts.values()) else ""
    return paper + str(words["line"].format(name=words["names"][name], code=result.exit_code, clauses=clauses))


def _runs(result: GateResult, language: str) -> Iterator[str]:
    for path, run in result.runs.items():
        yield from _run(run, result.verdicts[path], language)


def _run(run: Run, found: Verdict, language: str) -> Iterator[str]:
    words = catalogue("gate", language)
    name = words["names"][found.verdict]
    yield words["run"].format(sign=SIGNS[found.verdict], verdict=f"{name:<14}", run=run.name,
                              said=paragraph(found.sentences, language))  # fmt: skip
    yield from (f"    {say(reason, language)}" for reason in found.reasons)
    yield from (words["note"].format(note=note) for note in run.notes)


def _comparison(result: GateResult, language: str) -> Iterator[str]:
    words, numbers, found = catalogue("gate", language), Numbers(language), result.comparison
    if found is None:
        yield from (words["note"].format(note=say(each, language)).strip() for each in result.notes)
        return
    yield words["head"][_head(found)].format(
        quantile=f"{found.quantile:g}", **counts(found, words, numbers)
    )  # fmt: skip
    if found.errors_worse:
        failed, refused = (
            numbers.percent(100 * shift.estimate, 2, signed=True) for shift in (found.errors, found.refused)
        )
        yield words["more-fail"].format(failed=failed, refused=refused)
    for each in found.failing:
        before, after = (numbers.ratio(share) for share in (each.baseline_share, each.candidate_share))
        yield words["fails-more"].format(place=place(each, language), before=before, after=after)
    if found.can_show:
        yield from (_page(each, words, numbers) for each in found.regressions)
    else:
        for family in (found.scopes, found.pages):
            largest = sorted(family, key=lambda each: -each.ratio)[:SHOWN_RATIOS]
            yield from (_page(each, words, numbers) for each in largest)
    yield from _unseen(found, words, numbers)
    said = [say(each, language) for each in (*result.notes, *found.notes)]
    said += [words["differ"].format(what=say(each, language)) for each in found.differences]
    yield from (words["note"].format(note=each) for each in said)


def _head(found: Comparison) -> str:
    if found.worse:
        return "worse"
    if found.unseen is None:
        return "no-worse"
    return "not-shown" if found.can_show else "not-judged"


def _unseen(found: Comparison, words: Mapping[str, Any], numbers: Numbers) -> Iterator[str]:
    """What could have been missed: in one line, then the widest gaps."""
    if found.unseen is None:
        return
    yield words["unseen"].format(what=say(found.unseen, numbers.lang))
    blind = [(each.smallest, each) for each in found.scopes if each.blind and each.smallest is not None]
    for smallest, each in sorted(blind, key=lambda pair: -pair[0])[:SHOWN_BLIND]:
        yield words["shown-from"].format(
            place=place(each, numbers.lang), percent=numbers.percent(100 * (smallest - 1), signed=True)
        )


def _page(page: Compared, words: Mapping[str, Any], numbers: Numbers) -> str:
    low, high = (None if end is None else numbers.number(end, 2) for end in (page.low, page.high))
    interval = "" if low is None else words["interval"].format(low=low, high=high)
    before, after = (numbers.seconds(each) for each in (page.baseline_seconds, page.candidate_seconds))
    return str(
        words["page"].format(
            place=place(page, numbers.lang), ratio=numbers.number(page.ratio, 2), interval=interval, before=before,
            after=after,
        )
    )  # fmt: skip


def _clauses(result: GateResult, language: str) -> Iterator[str]:
    words, numbers = catalogue("gate", language), Numbers(language)
    if result.problem is not None:
        yield str(result.problem).splitlines()[0]
        return
    yield _missed([each for verdict in result.verdicts.values() for each in verdict.objectives], words, numbers)
    for run, found in zip(result.runs.values(), result.verdicts.values(), strict=True):
        if found.verdict in ("INVALID", "INCONCLUSIVE") and found.reasons:
            said = {"run": run.name, "verdict": words["names"][found.verdict], "why": say(found.reasons[0], language)}
            yield words["is"].format(**said)
    held = result.comparison
    if held is not None:
        yield words["slower" if held.can_show else "too-few"].format(**counts(held, words, numbers))
        if held.errors_worse:
            yield words["worse-errors"]
        if held.unseen is not None:
            yield say(first(held.unseen), language)
    elif result.too_small:
        yield catalogue("findings", language)["no-baseline"]


def _missed(findings: list[Finding], words: Mapping[str, Any], numbers: Numbers) -> str:
    required = [each for each in findings if each.required]
    missed = [each for each in required if each.state == "missed"]
    text = numbers.count(words["missed"], len(missed), all=numbers.number(len(required)))
    if not missed:
        return text
    worst = missed[0]
    return text + str(
        words["such-as"].format(
            who=place(worst, numbers.lang), measured=say(worst.measured, numbers.lang)
        )
    )  # fmt: skip
