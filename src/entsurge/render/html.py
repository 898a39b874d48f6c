"""The report as one HTML page per language: works offline, prints, reads in light and dark."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from entsurge.render import charts, devices, hover, picture, tables
from entsurge.render.answer import advice, card
from entsurge.render.catalogue import catalogue, target_name, with_personas
from entsurge.render.effects import effects_view, effects_words
from entsurge.render.numbers import Numbers
from entsurge.render.page import environment
from entsurge.render.paper import printed
from entsurge.render.saying import say
from entsurge.render.series import step_seconds
from entsurge.render.target_series import in_words
from entsurge.render.tiles import others, tiles
from entsurge.render.transport import negotiated, transport_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from entsurge.audience.persona import Persona
    from entsurge.findings.course import Timeline
    from entsurge.findings.report import FailureExample, Report, RunFindings
    from entsurge.findings.teaching import Academy
    from entsurge.render.answer import Card
    from entsurge.render.hover import Chart

LANGUAGES = ("fr", "en")
SIGNS = {"ok": "✓", "warn": "!", "bad": "✗", "shed": "◦", "none": "–"}
FIGURES = ("visits", "page_views", "minutes_per_visit", "pages_per_visit")
SECTIONS = (
    "answer", "continuity", "matrix", "objectives", "effects", "recovery", "timeline", "figures", "validity",
    "devices", "percentiles", "transport", "failures", "definitions", "again",
)  # fmt: skip
NARROW_PICTURE = 345
WIDE_PICTURE = {1: {"wide": 1060}, 2: {"wide": 520}}
"""Pixels of a picture by the number of runs: beside two others it is as wide as a phone."""
DECIMALS = {"visits": 0, "page_views": 0, "minutes_per_visit": 1, "pages_per_visit": 2}


def messages(language: str) -> dict[str, Any]:
    """The report's words in one language."""
    return catalogue("messages", language)


@dataclass(frozen=True, kw_only=True)
class RunView:
    """What the page shows of one run beside its figures, which are `of`: words, charts, the charts' tables."""

    of: RunFindings
    title: str
    target: str
    card: Card
    effects: dict[str, Any] | None
    pictures: dict[str, Chart]
    chart: Chart | None
    other_series: Chart | None
    curve: Chart | None
    rows: list[list[str]]
    step: int
    table_title: str
    target_names: list[str]
    target_table: list[list[str]]
    spoken: str
    wire: list[str]
    during: list[str]
    recoveries: list[dict[str, str]]
    reasons: list[str]
    lights: list[tuple[bool | None, str]]
    inversions: list[str]
    examples: list[tuple[FailureExample, dict[str, str]]]
    devices: list[list[str]]
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
        "runs": views(data.runs, words, numbers, titles),
        "tiles": tiles(data.runs, words, numbers),
        "others": others(data.runs, words),
        "academies": _academies(data.runs, titles),
        "titles": titles,
        "target": _target(data.runs[-1], language),
        "answer": catalogue("answer", language),
        "advice": advice(data.runs[-1], language),
        "effects_words": effects_words(language),
        "signs": SIGNS,
        "script": "" if whole else hover.script(),
        "figures": FIGURES,
        "decimals": DECIMALS,
        "device_columns": devices.COLUMNS,
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


def views(runs: Sequence[RunFindings], words: dict[str, Any], numbers: Numbers, titles: Sequence[str]) -> list[RunView]:
    """Runs as the page shows them, their pictures on one scale: wide ones where there is room beside each other."""
    widths = {"narrow": NARROW_PICTURE, **WIDE_PICTURE.get(len(runs), {})}
    scales = {name: picture.scales(runs, words, width) for name, width in widths.items()}
    return [
        view(run, words, numbers, title, {
            name: picture.draw(run, words, numbers, width, scales[name]) for name, width in widths.items()
        } if anything(run.timeline) else {})
        for run, title in zip(runs, titles, strict=True)
    ]  # fmt: skip


def view(run: RunFindings, words: dict[str, Any], numbers: Numbers, title: str, pictures: dict[str, Chart]) -> RunView:
    """A run as the page shows it."""
    drawable = anything(run.timeline)
    step, names, language = step_seconds(run.timeline), words["timeline"], words["language"]
    return RunView(
        of=run,
        title=title,
        target=_target(run, language),
        card=card(run, words, numbers),
        effects=effects_view(run.effects, words, numbers),
        pictures=pictures,
        chart=charts.draw_timeline(run, words, numbers) if drawable else None,
        other_series=charts.draw_other_series(run, words, numbers) if drawable else None,
        curve=charts.draw_percentiles(run, words, numbers) if len(run.percentiles.curve) > 1 else None,
        rows=tables.timeline(run, numbers),
        step=step,
        table_title=names["table_binned"].format(seconds=step) if step > 1 else names["table"],
        target_names=[in_words(each.name, words) for each in run.target_series],
        target_table=tables.target(run, numbers),
        spoken=negotiated(run.transport),
        wire=list(transport_lines(run.transport, words, numbers)),
        during=tables.during(run, words),
        recoveries=tables.recoveries(run, words, numbers),
        reasons=[say(each, language) for each in run.reasons],
        lights=[(each.ok, say(each.said, language)) for each in run.validity],
        inversions=[say(each, language) for each in run.matrix.inversions],
        examples=[(each, _shown(each)) for each in run.failures],
        devices=devices.cells(run.devices, words, numbers),
        command=command(run),
    )


def _target(run: RunFindings, language: str) -> str:
    return target_name(run.target.get("name") or run.target["url"], language)


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
