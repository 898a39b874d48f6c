"""The report as one HTML page per language: works offline, prints, reads in light and dark."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from entsurge.render import charts, tables
from entsurge.render.catalogue import catalogue, with_personas
from entsurge.render.effects import effects_view, effects_words
from entsurge.render.numbers import Numbers
from entsurge.render.page import environment
from entsurge.render.paper import printed
from entsurge.render.saying import say
from entsurge.render.series import step_seconds
from entsurge.render.transport import negotiated, transport_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from markupsafe import Markup

    from entsurge.audience.persona import Persona
    from entsurge.findings.course import Timeline
    from entsurge.findings.report import FailureExample, Report, RunFindings
    from entsurge.findings.teaching import Academy, OthersWork
    from entsurge.findings.verdict import Finding

LANGUAGES = ("fr", "en")
SIGNS = {"ok": "✓", "warn": "!", "bad": "✗", "shed": "◦", "none": "–"}
VERDICT_SIGNS = {"PASS": "✓", "FAIL": "✗", "INCONCLUSIVE": "?", "INVALID": "⊘"}
VERDICT_LOOKS = {"PASS": "ok", "FAIL": "bad", "INCONCLUSIVE": "warn", "INVALID": "void"}
FIGURES = ("visits", "page_views", "minutes_per_visit", "pages_per_visit")
NEARLY_ALL = 99.0
SECTIONS = (
    "verdict", "continuity", "figures", "matrix", "effects", "objectives", "validity", "timeline", "percentiles",
    "transport", "failures", "recovery", "definitions", "again",
)  # fmt: skip
DECIMALS = {"visits": 0, "page_views": 0, "minutes_per_visit": 1, "pages_per_visit": 2}


def messages(language: str) -> dict[str, Any]:
    """The report's words in one language."""
    return catalogue("messages", language)


@dataclass(frozen=True)
class Card:
    """A verdict card."""

    head: str
    lines: list[str]


@dataclass(frozen=True, kw_only=True)
class RunView:
    """What the page shows of one run beside its figures, which are `of`: words, charts, the charts' tables."""

    of: RunFindings
    title: str
    look: str
    sign: str
    card: Card
    effects: dict[str, Any] | None
    chart: Markup | str
    curve: Markup | str
    rows: list[list[str]]
    step: int
    table_title: str
    target_table: list[list[str]]
    target_more: int
    spoken: str
    wire: list[str]
    during: list[str]
    recoveries: list[dict[str, str]]
    reasons: list[str]
    lights: list[tuple[bool | None, str]]
    inversions: list[str]
    examples: list[tuple[FailureExample, dict[str, str]]]
    command: str


def all_personas(data: Report) -> list[Persona]:
    """The personas of all runs; of one key, as the latest of them has it."""
    return [each for run in data.runs for each in run.personas]


def render_html(data: Report, language: str, beside: Collection[str] = (), *, whole: bool = False) -> str:
    """The page; every text of a target is escaped by the template. It links to what stands `beside`.

    Printed, it is two sheets; `whole`, all of it with every fold open.
    """
    words, numbers = with_personas(messages(language), language, all_personas(data)), Numbers(language)
    titles = run_titles(data.runs, words)
    context = {
        "data": data,
        "beside": beside,
        "words": words,
        "n": numbers,
        "lang": language,
        "other": "en" if language == "fr" else "fr",
        "sections": SECTIONS,
        "printed": printed(data.runs),
        "whole": whole,
        "runs": [view(run, words, numbers, title) for run, title in zip(data.runs, titles, strict=True)],
        "others": others(data.runs, words),
        "academies": _academies(data.runs, titles),
        "titles": titles,
        "lead": lead(data.runs, words, numbers, titles),
        "effects_words": effects_words(language),
        "signs": SIGNS,
        "figures": FIGURES,
        "decimals": DECIMALS,
    }
    return environment().get_template("report.html.j2").render(context)


def run_titles(runs: Iterable[RunFindings], words: Mapping[str, Any]) -> list[str]:
    """A distinct title per run: the profile's, with what was in force."""
    result: list[str] = []
    for number, run in enumerate(runs, 1):
        title = run.title[words["language"]]
        kinds = {each.kind for each in run.perturbations}
        if "fault" in kinds:
            title = words["top"]["with_faults"].format(title=title)
        elif "measure" in kinds:
            title = words["top"]["with_measures"].format(title=title)
        if title in result:
            title = words["top"]["numbered"].format(title=title, number=number)
        result.append(title)
    return result


def others(runs: Iterable[RunFindings], words: Mapping[str, Any]) -> list[tuple[str, list[OthersWork | None]]]:
    """Of each added persona with a work of its own: what is counted, and each run's count; None where it was not."""
    found = [{each.persona: each for each in run.continuity.others} for run in runs]
    first = {key: each for of in reversed(found) for key, each in of.items()}
    named = words["continuity"]
    return [
        (named["others_published" if each.publishes else "others"].format(who=words["plural"].get(key, key)),
         [of.get(key) for of in found])
        for key, each in first.items()
    ]  # fmt: skip


def listed(personas: Iterable[str], words: Mapping[str, Any]) -> str:
    """`pupils, teachers and parents`."""
    names = [words["whom"].get(name, name) for name in dict.fromkeys(personas)]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + words["whom"]["and"] + names[-1] if names else ""


def missed(run: RunFindings) -> list[Finding]:
    """The required objectives that a run missed."""
    return [each for each in required(run) if each.state == "missed"]


def required(run: RunFindings) -> list[Finding]:
    """The objectives that the verdict rests on."""
    return [each for each in run.objectives if each.required]


def view(run: RunFindings, words: dict[str, Any], numbers: Numbers, title: str) -> RunView:
    """A run as the page shows it."""
    step, names, language = step_seconds(run.timeline), words["timeline"], words["language"]
    return RunView(
        of=run,
        title=title,
        look=VERDICT_LOOKS[run.verdict],
        sign=VERDICT_SIGNS[run.verdict],
        card=card(run, words, numbers),
        effects=effects_view(run.effects, words, numbers),
        chart=charts.draw_timeline(run, words, numbers) if anything(run.timeline) else "",
        curve=charts.draw_percentiles(run, words, numbers) if len(run.percentiles.curve) > 1 else "",
        rows=tables.timeline(run, numbers),
        step=step,
        table_title=names["table_binned"].format(seconds=step) if step > 1 else names["table"],
        target_table=tables.target(run, numbers),
        target_more=max(0, len(run.target_series) - charts.MOST_TARGET_PANELS),
        spoken=negotiated(run.transport),
        wire=list(transport_lines(run.transport, words, numbers)),
        during=tables.during(run, words),
        recoveries=tables.recoveries(run, words, numbers),
        reasons=[say(each, language) for each in run.reasons],
        lights=[(each.ok, say(each.said, language)) for each in run.validity],
        inversions=[say(each, language) for each in run.matrix.inversions],
        examples=[(each, _shown(each)) for each in run.failures],
        command=command(run),
    )


def anything(of: Timeline) -> bool:
    """Whether a run has something to draw: a page or a visit, planned or come."""
    return any(any(counts) for counts in (of.ok, of.shed, of.failed, of.lost, of.offered_pages, of.offered_visits))


def command(run: RunFindings) -> str:
    """The command that offers the same plan again."""
    files = {each["kind"]: each.get("path", "") for each in run.content}
    target = files.get("target") or run.edge_of or run.target["url"]
    words = ["entsurge", "run", run.profile or run.name, "--target", target]
    if "driver" in files and "target" not in files:
        words += ["--driver", files["driver"]]
    words += ["--scale", run.scale, "--compression", f"{run.compression:g}", "--seed", str(run.seed)]
    for each in run.perturbations:
        words += ["--chaos", f"{each.id}@{each.when}" if each.when else each.id]
    if run.control_share:
        words += ["--control-share", f"{run.control_share:g}"]
    for source in run.scrape:
        words += ["--scrape", source["url"], ",".join(source["series"])]
    return shlex.join(map(str, words))


def _academies(runs: Iterable[RunFindings], titles: Iterable[str]) -> list[tuple[str, list[tuple[str, Academy]]]]:
    """Every academy with its row of each run, in order of name."""
    found: dict[str, list[tuple[str, Academy]]] = {}
    for run, title in zip(runs, titles, strict=True):
        for row in run.continuity.by_academy:
            found.setdefault(row.academy, []).append((title, row))
    return sorted(found.items())


def card(run: RunFindings, words: dict[str, Any], numbers: Numbers) -> Card:
    """The head and the lines of a verdict card."""
    verdict, rate = words["verdict"], run.pages_per_second
    head = verdict["in_progress" if run.in_progress else run.verdict]
    if run.verdict == "PASS" and run.deferred_visits:
        head = verdict["pass_for"].format(who=listed([each.persona for each in required(run)], words))
    lines = [verdict["pages"].format(planned=numbers.number(rate.planned), ok=numbers.number(rate.ok))]
    if run.in_progress:
        read, end = numbers.number(run.in_progress.read_s), numbers.number(run.in_progress.end_s)
        lines.append(verdict["read_to"].format(read=read, end=end))
    if run.refused:
        shares = [(words["whom"].get(who, who), numbers.percent(100 * share)) for who, share in run.refused.items()]
        lines.append(verdict["refused"].format(shares=", ".join(f"{who} {share}" for who, share in shares)))
    lost, wanted = missed(run), required(run)
    if lost:
        lines.append(verdict["missed"].of(len(lost), all=len(wanted)))
    if run.deferred_visits:
        who = listed(run.deferred_visits, words)
        lines.append(verdict["deferred"].format(who=who, visits=numbers.number(sum(run.deferred_visits.values()))))
    if run.perturbations:
        names = ", ".join(each.title[words["language"]] for each in run.perturbations)
        lines.append(verdict["with"].format(titles=names))
    return Card(head, lines)


def lead(runs: Iterable[RunFindings], words: dict[str, Any], numbers: Numbers, titles: Iterable[str]) -> list[str]:
    """One clause per run: what held, what did not, for whom."""
    return [_clause(run, words, numbers, title) for run, title in zip(runs, titles, strict=True)]


def _clause(run: RunFindings, words: dict[str, Any], numbers: Numbers, title: str) -> str:
    verdict, rate = words["verdict"], run.pages_per_second
    if run.in_progress:
        return str(verdict["lead_in_progress"].format(run=title))
    if run.verdict in ("INVALID", "INCONCLUSIVE"):
        why = say(run.reasons[0], words["language"]) if run.reasons else ""
        return str(verdict[f"lead_{run.verdict.lower()}"].format(run=title, why=why))
    served = 100 * rate.ok / rate.planned if rate.planned else 0.0
    wanted = [each.persona for each in required(run)]
    if run.verdict == "PASS":
        if run.deferred_visits:
            off = listed(run.deferred_visits, words)
            return str(verdict["lead_pass_for"].format(run=title, kept=listed(wanted, words), deferred=off))
        return str(verdict["lead_pass"].format(run=title, percent=numbers.percent(served)))
    lost = [each.persona for each in missed(run)]
    everyone = set(lost) == set(wanted)
    key = "lead_late" if served >= NEARLY_ALL else "lead_fail"
    text = verdict[f"{key}_all" if everyone else key]
    who = verdict["everyone"] if everyone else listed(lost, words)
    return f"{text.format(run=title, percent=numbers.percent(100 - served))} {who}"


def _shown(example: FailureExample) -> dict[str, str]:
    """A failure's request and answer as text."""
    request, response = example.request, example.response
    head = f"{request.get('method', 'GET')} {request.get('url', '')}"
    return {
        "request": "\n".join([head, *_fields(request)]),
        "status": str(response.get("status", "")),
        "headers": "\n".join(_fields(response)),
        "excerpt": str(response.get("excerpt", "")),
        "traceback": example.traceback,
    }


def _fields(message: Mapping[str, Any]) -> list[str]:
    return [f"{name}: {value}" for name, value in (message.get("headers") or {}).items()]
