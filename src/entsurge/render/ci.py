"""A gate's result as CI systems show it: GitHub's summary and annotations, GitLab's two reports."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from entsurge.findings.gate import GateReport, GateRun
from entsurge.record.histogram import upper_ends
from entsurge.render.catalogue import catalogue, with_personas
from entsurge.render.counts import counts
from entsurge.render.gate_lines import one_line
from entsurge.render.junit import render_junit
from entsurge.render.musts import must_in_words
from entsurge.render.numbers import Numbers
from entsurge.render.places import place
from entsurge.render.saying import paragraph, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from entsurge.analysis import Run
    from entsurge.findings.comparison import Compared
    from entsurge.findings.verdict import Verdict
    from entsurge.gate import GateResult
    from entsurge.record.reading.hdr import Times

SIGNS = {"met": "✓", "missed": "✗", "not-enough-data": "?", "deferred": "◦", "not-judged": "–"}
VERDICT_SIGNS = {"PASS": "✓", "FAIL": "✗", "INCONCLUSIVE": "?", "INVALID": "⊘"}
UNTOLD = {"INVALID": "error", "INCONCLUSIVE": "warning"}
MOST_ANNOTATIONS = 10  # a level, which is what GitHub shows of a step
SHOWN_PAGES = 10
COMPARED = ("before", "after", "ratio", "interval", "p")
_BREAKS = re.compile(r"[\x00-\x1f\x85\u2028\u2029]+")
_SPECIAL = str.maketrans({letter: f"\\{letter}" for letter in "\\`*_{}[]<>#|"})


class Remark(NamedTuple):
    """One thing worth a line beside the job: `error`, `warning` or `notice`."""

    level: str
    title: str
    text: str


def gate_report(result: GateResult) -> GateReport:
    """The whole result, as JSON has it."""
    return GateReport(
        exit_code=result.exit_code,
        verdict=one_line(result, "en"),
        runs=[
            GateRun(
                name=run.name,
                path=path,
                started_utc=run.manifest.get("started_utc", ""),
                **vars(result.verdicts[path].concluded()),
            )
            for path, run in result.runs.items()
        ],
        too_small=result.too_small,
        comparison=result.comparison,
        notes=result.notes,
    )


def gate_junit(result: GateResult) -> str:
    """The result as JUnit."""
    found = gate_report(result)
    return render_junit(found.runs, found.comparison, strict=found.too_small, why_not=found.notes)


def remarks(result: GateResult, language: str) -> list[Remark]:
    """What a reader of the job should see without opening a report, the gravest first."""
    words = catalogue("ci", language)["remarks"]
    found = [Remark("error", "entsurge", str(result.problem))] if result.problem else []
    for path, verdict in result.verdicts.items():
        name = result.runs[path].name
        found += _objectives(name, verdict, language)
        level = UNTOLD.get(verdict.verdict)
        if level:
            title = words["untold"].format(name=name, verdict=verdict.verdict)
            found += [Remark(level, title, say(reason, language)) for reason in verdict.reasons[:3]]
    found += _compared(result, language)
    found.append(Remark("notice", "entsurge", one_line(result, language)))
    return found


def _objectives(name: str, verdict: Verdict, language: str) -> Iterator[Remark]:
    """What was missed, and what lacks data, of what is required."""
    words, numbers = catalogue("ci", language)["remarks"], Numbers(language)
    pages = catalogue("common", language)["counts"]["pages"]
    for each in verdict.objectives:
        where = place(each, language)
        if each.required and each.state == "missed":
            text = words["missed-text"].format(where=where, measured=say(each.measured, language))
            yield Remark("error", words["missed"].format(name=name), text)
        elif each.required and each.state == "not-enough-data":
            text = words["thin-needed" if each.needed else "thin-text"]
            count, needed = numbers.count(pages, each.count), numbers.number(each.needed)
            text = text.format(where=where, must=must_in_words(each.must, language), pages=count, needed=needed)
            yield Remark("warning", words["thin"].format(name=name), text)


def _compared(result: GateResult, language: str) -> Iterator[Remark]:
    """Everything slower or failing more often, and in one line what could have been missed: an error where strict."""
    words, numbers = catalogue("ci", language)["remarks"], Numbers(language)
    level, comparison = "error" if result.too_small else "warning", result.comparison
    if comparison is None:
        if result.notes:
            yield Remark(level, words["nothing"], "; ".join(say(note, language) for note in result.notes))
        return
    for each in comparison.regressions:
        text = words["slower-text"].format(where=place(each, language), ratio=numbers.number(each.ratio, 2))
        yield Remark("error", words["slower"], text)
    for failing in comparison.failing:
        text = words["fails-text"].format(where=place(failing, language), share=numbers.ratio(failing.candidate_share))
        yield Remark("error", words["fails"], text)
    if comparison.unseen is not None:
        yield Remark(level, words["unseen"], say(comparison.unseen, language))


def github_annotations(result: GateResult, language: str = "en") -> Iterator[str]:
    """Workflow commands, at most ten a level."""
    found = remarks(result, language)
    for level in ("error", "warning", "notice"):
        mine = [each for each in found if each.level == level]
        for each in mine[:MOST_ANNOTATIONS]:
            yield f"::{level} title={_property(each.title)}::{_message(each.text)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def github_summary(result: GateResult, language: str) -> str:
    """The result as Markdown for a job's summary page."""
    words, numbers = with_personas(catalogue("ci", language), language), Numbers(language)
    lines = [f"## {words['title']}", ""]
    for path, run in result.runs.items():
        lines += [*_run(run, result.verdicts[path], words, numbers, language), ""]
    if result.problem:
        lines += [f"**{words['problem']}** {escaped(result.problem)}", ""]
    if result.comparison is not None:
        lines += [*_comparison(result, words, numbers, language), ""]
    elif result.notes:
        lines += [
            f"### ? {words['not_compared']}",
            "",
            *(f"- {escaped(say(note, language))}" for note in result.notes),
            "",
        ]
    return "\n".join(lines) + "\n"


def _run(run: Run, found: Verdict, words: Mapping[str, Any], numbers: Numbers, language: str) -> Iterator[str]:
    yield f"### {VERDICT_SIGNS[found.verdict]} {words[found.verdict]} · {escaped(run.name)}"
    yield ""
    yield escaped(paragraph(found.sentences, language))
    yield ""
    for reason in found.reasons:
        yield f"- {escaped(say(reason, language))}"
    yield ""
    columns = ("state", "persona", "service", "phase", "must", "value", "interval", "count")
    yield "| " + " | ".join(words[column] for column in columns) + " |"
    yield "|---|---|---|---|---|--:|--:|--:|"
    for each in found.objectives:
        wished = "" if each.required or each.state in ("deferred", "not-judged") else f" ({words['wished']})"
        cells = (
            f"{SIGNS[each.state]} {words[each.state]}{wished}", words["personas"].get(each.persona, each.persona),
            words["services"].get(each.service, each.service), words["phases"].get(each.phase, each.phase),
            must_in_words(each.must, language),
            numbers.measure(each.value, each.unit), numbers.interval(each.low, each.high, each.unit),
            numbers.number(each.count),
        )  # fmt: skip
        yield "| " + " | ".join(escaped(cell) for cell in cells) + " |"


def _comparison(result: GateResult, words: Mapping[str, Any], numbers: Numbers, language: str) -> Iterator[str]:
    found = result.comparison
    assert found is not None  # noqa: S101  asked only when there is one
    sign, word = {"red": ("✗", "worse"), "amber": ("?", "unseen"), "green": ("✓", "no_worse")}[found.state]
    yield f"### {sign} {words[word]}"
    yield ""
    yield words["compared"].format(quantile=f"{found.quantile:g}", **counts(found, words, numbers))
    yield ""
    for each in (*([found.unseen] if found.unseen else []), *result.notes, *found.notes, *found.differences):
        yield f"- {escaped(say(each, language))}"
    for name, family, more in (("scope", found.scopes, ("smallest",)), ("page", found.pages, ())):
        yield ""
        yield "| " + " | ".join(words[column] for column in (name, *COMPARED, *more)) + " |"
        yield "|---|" + "--:|" * len((*COMPARED, *more))
        for finding in sorted(family, key=_gravest)[:SHOWN_PAGES]:
            yield _page(finding, numbers, smallest=bool(more))


def _gravest(each: Compared) -> tuple[bool, bool, float, float]:
    return each.state != "regression", not each.blind, each.p_adjusted, -each.ratio


def _page(page: Compared, numbers: Numbers, *, smallest: bool) -> str:
    sign = "? " if page.blind else {"regression": "✗ ", "improvement": "+ "}.get(page.state, "")
    interval = "–" if page.low is None else f"{numbers.number(page.low, 2)} … {numbers.number(page.high, 2)}"
    cells = [
        f"{sign}{place(page, numbers.lang)}",
        *map(numbers.seconds, (page.baseline_seconds, page.candidate_seconds)),
        f"× {numbers.number(page.ratio, 2)}", interval, numbers.number(page.p_adjusted, 3),
    ]  # fmt: skip
    if smallest:
        cells.append(numbers.change(None if page.smallest is None else 100 * (page.smallest - 1)) or "–")
    return "| " + " | ".join(escaped(cell) for cell in cells) + " |"


def escaped(text: object) -> str:
    """A text that Markdown shows as it is."""
    return _BREAKS.sub(" ", str(text).translate(_SPECIAL))


def gitlab_load_performance(result: GateResult) -> str:
    """The last run in the form of GitLab's load performance report: checks are objectives, times are of whole pages.

    Times in milliseconds are service times of the pages served in the judged window.
    """
    path, run = list(result.runs.items())[-1]
    findings = [each for each in result.verdicts[path].objectives if each.required]
    phase = str(run.window["name"])
    kept = sum(each.state == "met" for each in findings)
    count = sum(run.tally.count(phase=phase).values())
    metrics = {
        "checks": {"passes": kept, "fails": len(findings) - kept, "value": kept / len(findings) if findings else 0},
        "http_req_waiting": _milliseconds(run.tally.times(timing="service", phase=phase)),
        "http_reqs": {"count": count, "rate": count / run.window_seconds},
    }
    return json.dumps({"metrics": metrics}, indent=1) + "\n"


def _milliseconds(served: Times) -> dict[str, float]:
    names, percentiles = ("min", "med", "p(90)", "p(95)", "max"), [0.0, 50.0, 90.0, 95.0, 100.0]
    found = {
        name: 1000 * (seconds or 0.0)
        for name, seconds in zip(names, served.quantiles_seconds(percentiles), strict=True)
    }
    places = np.flatnonzero(served.counts)
    mean = float(np.average(upper_ends(places), weights=served.counts[places])) / 1000 if len(places) else 0.0
    return {"avg": mean, **found}


def gitlab_annotations(result: GateResult, job_url: str, language: str) -> str:
    """Links on the job's page, one a remark; they lead to the job's own artefacts."""
    links = [
        {"external_link": {"label": f"{each.title}: {each.text}"[:200], "url": f"{job_url}/artifacts/browse"}}
        for each in remarks(result, language)
        if each.level != "notice"
    ]
    verdict = {"external_link": {"label": one_line(result, language)[:200], "url": job_url}}
    return json.dumps({"entsurge": [verdict, *links]}, ensure_ascii=False, indent=1) + "\n"
