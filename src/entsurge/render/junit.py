"""Objectives as JUnit: a suite per run, a case per objective; with baselines a suite of what was compared.

Valid by the schema of Ant's JUnit tasks, the strictest that is common.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from junitparser import Element, Error, Failure, JUnitXml, Properties, Skipped, TestCase, TestSuite

from entsurge.file_values import writable
from entsurge.findings.comparison import EVERYTHING, about
from entsurge.render.saying import say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from entsurge.findings.comparison import Compared, Comparison, LeftOut, PageErrors
    from entsurge.findings.statement import Statement
    from entsurge.findings.verdict import Finding, Judged


COMPARISON = "comparison with the baseline"
UNKNOWN = "1970-01-01T00:00:00"  # when a run started whose manifest does not say
UNTOLD = {"INVALID": "the measurement is to be believed", "INCONCLUSIVE": "the measurement tells"}


def render_junit(
    runs: Iterable[Judged],
    comparison: Comparison | None = None,
    *,
    strict: bool = False,
    why_not: Iterable[Statement] = (),
) -> str:
    """Missed is a failure, not enough data an error, deferred or not required skipped.

    A run that is INVALID or INCONCLUSIVE has one error more, of that name. `strict`: what a comparison could have
    missed is an error, and so is that there is none, which `why_not` explains.
    """
    suites = []
    for run in runs:
        suite = _suite(run.name, run.started_utc)
        for each in run.objectives:
            suite.add_testcase(_case(run, each))
        if run.verdict in UNTOLD:
            case = TestCase(UNTOLD[run.verdict], classname=writable(run.name))
            case.result = [Error(writable("; ".join(say(reason, "en") for reason in run.reasons)), run.verdict)]
            suite.add_testcase(case)
        suites.append(suite)
    if comparison is not None:
        suites.append(_comparison(comparison, strict=strict))
    elif strict:
        suite = _suite(COMPARISON)
        case = TestCase("there is a baseline to compare with", classname="comparison")
        case.result = [Error(writable("; ".join(say(note, "en") for note in why_not)), "nothing was compared")]
        suite.add_testcase(case)
        suites.append(suite)
    whole = JUnitXml()
    for number, suite in enumerate(suites):
        whole.append(_ended(suite, number))  # type: ignore[no-untyped-call]
    written: bytes = whole.tostring()  # type: ignore[no-untyped-call]
    return written.decode("utf-8")


def _suite(name: str, started_utc: str = "") -> TestSuite:
    """A suite as it begins; Ant's `timestamp` has no zone, and is UTC."""
    suite = TestSuite(writable(name) or "run")
    stamp = re.match(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}", started_utc)
    suite.timestamp, suite.hostname = stamp[0] if stamp else UNKNOWN, "localhost"
    suite.append(Properties())  # type: ignore[no-untyped-call]
    return suite


def _ended(suite: TestSuite, number: int) -> TestSuite:
    """The suite with its place and package, a time for every case, and the outputs that close it."""
    for case in suite:
        case.time = 0
    suite.update_statistics()  # type: ignore[no-untyped-call]
    suite._elem.set("package", "entsurge")  # noqa: SLF001  the library knows no package
    suite._elem.set("id", str(number))  # noqa: SLF001
    for tag in ("system-out", "system-err"):
        suite.append(Element(tag))  # type: ignore[no-untyped-call]
    return suite


def _case(run: Judged, each: Finding) -> TestCase:
    name = f"{each.persona} {each.service} {each.phase}: {each.must}"
    case = TestCase(writable(name), classname=writable(f"{run.name}.{each.id}"))
    measured = "nothing" if each.value is None else f"{each.value:.4g}"
    text = writable(f"measured {measured} over {each.count} pages")
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
    suite = _suite(COMPARISON)
    case = TestCase("no more pages fail or are refused", classname="comparison.errors")
    if found.errors_worse:
        names = ", ".join(_name(each) for each in found.failing)
        shares = f"failed {found.errors.estimate:+.2%}, refused {found.refused.estimate:+.2%}"
        case.result = [Failure(writable(f"{shares}{'; ' + names if names else ''}"), "more errors")]
    suite.add_testcase(case)
    unseen = Error if strict else Skipped
    for each in (*found.scopes, *found.pages):
        suite.add_testcase(_slower(each, unseen, can_show=found.can_show))
    for left in (*found.left_out_scopes, *found.left_out_pages):
        case = _no_slower(left)
        text = writable(f"left out, {left.reason}: {left.fewest} to {left.most} views served a run")
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
    return TestCase(writable(f"{_name(each)} is no slower"), classname=f"comparison.{kind}")


def _name(each: Compared | LeftOut | PageErrors) -> str:
    return about(each.persona, each.service, each.page)
