"""Objectives as JUnit: a suite per run, a case per objective; with baselines a suite of what was compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from entsurge.findings.comparison import EVERYTHING, about

if TYPE_CHECKING:
    from collections.abc import Iterable

    from entsurge.findings.comparison import Compared, Comparison, LeftOut, PageErrors
    from entsurge.findings.verdict import Finding, Judged, Said


COMPARISON = "comparison with the baseline"
UNTOLD = {"INVALID": "the measurement is to be believed", "INCONCLUSIVE": "the measurement tells"}


def render_junit(
    runs: Iterable[Judged],
    comparison: Comparison | None = None,
    *,
    strict: bool = False,
    why_not: Iterable[Said] = (),
) -> str:
    """Missed is a failure, not enough data an error, deferred or not required skipped.

    A run that is INVALID or INCONCLUSIVE has one error more, of that name. `strict`: what a comparison could have
    missed is an error, and so is that there is none, which `why_not` explains.
    """
    whole = JUnitXml(name="entsurge")
    for run in runs:
        suite = TestSuite(_clean(run.name))
        for each in run.objectives:
            suite.add_testcase(_case(run, each))
        if run.verdict in UNTOLD:
            case = TestCase(UNTOLD[run.verdict], classname=_clean(run.name))
            case.result = [Error(_clean("; ".join(reason["en"] for reason in run.reasons)), run.verdict)]
            suite.add_testcase(case)
        whole.add_testsuite(suite)
    if comparison is not None:
        whole.add_testsuite(_comparison(comparison, strict=strict))
    elif strict:
        suite = TestSuite(COMPARISON)
        case = TestCase("there is a baseline to compare with", classname="comparison")
        case.result = [Error(_clean("; ".join(note["en"] for note in why_not)), "nothing was compared")]
        suite.add_testcase(case)
        whole.add_testsuite(suite)
    written: bytes = whole.tostring()  # type: ignore[no-untyped-call]
    return written.decode("utf-8")


def _case(run: Judged, each: Finding) -> TestCase:
    name = f"{each.persona} {each.service} {each.phase}: {each.must}"
    case = TestCase(_clean(name), classname=_clean(f"{run.name}.{each.id}"))
    measured = "nothing" if each.value is None else f"{each.value:.4g}"
    text = _clean(f"measured {measured} over {each.count} pages")
    if each.state == "deferred":
        case.result = [Skipped("deferred on purpose by a measure")]
    elif each.state == "not-judged":
        case.result = [Skipped(f"not judged: too few baseline runs; {text}")]
    elif not each.required and each.state != "met":
        case.result = [Skipped(f"not required; {each.state}, {text}")]
    elif each.state == "missed":
        case.result = [Failure(text, "missed")]
    elif each.state == "not-enough-data":
        case.result = [Error(text, "not enough data")]
    return case


def _comparison(found: Comparison, *, strict: bool) -> TestSuite:
    """One case for errors, one a scope, one a page: a regression beyond chance is a failure, skipped what was not seen.

    What could have been missed in a scope is an error where that was asked to be strict.
    """
    suite = TestSuite(COMPARISON)
    case = TestCase("no more pages fail or are refused", classname="comparison.errors")
    if found.errors_worse:
        names = ", ".join(_name(each) for each in found.failing)
        shares = f"failed {found.errors.estimate:+.2%}, refused {found.refused.estimate:+.2%}"
        case.result = [Failure(_clean(f"{shares}{'; ' + names if names else ''}"), "more errors")]
    suite.add_testcase(case)
    unseen = Error if strict else Skipped
    for each in (*found.scopes, *found.pages):
        suite.add_testcase(_slower(each, unseen, can_show=found.can_show))
    for left in (*found.left_out_scopes, *found.left_out_pages):
        case = _no_slower(left)
        text = _clean(f"left out, {left.reason}: {left.fewest} to {left.most} views served a run")
        case.result = [unseen(text) if left.page == EVERYTHING else Skipped(text)]
        suite.add_testcase(case)
    return suite


def _slower(each: Compared, unseen: type[Error | Skipped], *, can_show: bool) -> TestCase:
    case, text = _no_slower(each), f"× {each.ratio:.2f}, p {each.p_adjusted:.3f}"
    if each.state == "regression":
        case.result = [Failure(text, "slower than its baseline")]
    elif not can_show:
        few = f"{text}; too few runs to show a difference beyond chance"
        case.result = [unseen(few) if each.page == EVERYTHING else Skipped(few)]
    elif each.blind:
        shown = "nothing" if each.smallest is None else f"{each.smallest - 1:+.0%}"
        case.result = [unseen(f"{text}; could have gone unseen: at 80% power shown from {shown} on")]
    return case


def _no_slower(each: Compared | LeftOut) -> TestCase:
    kind = "scopes" if each.page == EVERYTHING else "pages"
    return TestCase(_clean(f"{_name(each)} is no slower"), classname=f"comparison.{kind}")


def _name(each: Compared | LeftOut | PageErrors) -> str:
    return about(each.persona, each.service, each.page)


def _clean(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return "".join(letter for letter in text if letter >= " " or letter in "\t\n")
