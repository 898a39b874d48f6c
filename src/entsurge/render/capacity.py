"""The capacity note: one page that a review can sign, HTML and Markdown, French and English."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from entsurge import catalogue as shared
from entsurge.errors import CannotRecord
from entsurge.findings.search import Settings
from entsurge.record.simulated import deployment_of
from entsurge.render import capacity_charts as charts
from entsurge.render import capacity_sentences as sentences
from entsurge.render import hover
from entsurge.render.catalogue import target_name, with_personas
from entsurge.render.html import messages
from entsurge.render.numbers import Numbers
from entsurge.render.page import environment
from entsurge.render.saying import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from entsurge.findings.capacity import Answer, CapacityReport
    from entsurge.findings.search import Search
    from entsurge.render.swept import Swept

LANGUAGES = ("fr", "en")
LOOKS = {"yes": "ok", "no": "bad", "unsure": "warn", "unknown": "warn"}
SIGNS = {"yes": "✓", "no": "✗", "unsure": "?", "unknown": "?"}


@lru_cache(maxsize=2)
def catalogue(lang: str) -> dict[str, Any]:
    """The note's words in one language."""
    words = shared.catalogue("capacity", lang)
    return with_personas(words | {"days": list(words["days"].values())}, lang)


def words_of(result: CapacityReport, lang: str) -> dict[str, Any]:
    """The note's words, those for the result's own personas among them."""
    return with_personas(catalogue(lang), lang, result.personas)


def write_note(result: CapacityReport, folder: Path, swept: Swept | None = None) -> list[Path]:
    """Write capacity.<lang>.html and .md beside capacity.json; where they are. Raises CannotRecord.

    `swept`: what was found on paper, for a section of its own.
    """
    written = []
    for lang in LANGUAGES:
        shown = view(result, lang, swept)
        for ending in ("html", "md"):
            path = folder / f"capacity.{lang}.{ending}"
            template = environment().get_template(f"capacity.{ending}.j2")
            try:
                path.write_text(template.render(shown), encoding="utf-8")
            except OSError as error:
                raise CannotRecord(f"{path}: {error.strerror or error}") from None
            written.append(path)
    return written


def view(result: CapacityReport, lang: str, swept: Swept | None = None) -> dict[str, Any]:
    """What the templates show: sentences, tables as text, charts."""
    words, numbers, what_if = words_of(result, lang), Numbers(lang), result.what_if
    return {
        "lang": lang, "other": "en" if lang == "fr" else "fr", "words": words, "n": numbers,
        "profile": result.title[lang],
        "date": datetime.now(UTC).strftime("%d/%m/%Y" if lang == "fr" else "%Y-%m-%d"),
        "head": sentences.head(result, words), "simulated_on": deployment_of(result.search.url),
        "look": LOOKS[result.enough], "sign": SIGNS[result.enough],
        "number": sentences.number(result, words, numbers), "tested": _tested(result, words, numbers),
        "untested": _untested(result, words, numbers), "notes": sentences.noted(result, words, numbers),
        "cases": [_case(each, words, numbers) for each in what_if.cases] if what_if else [],
        "surges": [_case(each.answer, words, numbers) for each in what_if.surges] if what_if else [],
        "advice": sentences.advice(result, words, numbers), "steps": _steps(result, words, numbers),
        "command": _command(result) + (f" --simulated {shlex.quote(str(swept.path))}" if swept else ""),
        "paper": swept.view(lang) if swept else None, "charts": _charts(result, words, lang),
        "week": _week(result, numbers), "script": hover.script(),
    }  # fmt: skip


def _tested(result: CapacityReport, words: Mapping[str, Any], numbers: Numbers) -> list[str]:
    said, search, steps = words["tested"], result.search, result.steps
    musts = result.judged or [f"{each.persona} {each.service} {each.must}" for each in result.objectives]
    shares = ", ".join(
        f"{words['personas'].get(name, name)} {numbers.percent(100 * share)}" for name, share in result.mix.items()
    )
    lines = [
        said["target"].format(
            target=target_name(search.name or search.url, words["language"]),
            replayed=sentences.replayed(search, said["taken"], said["compressed"]),
        ),
        said["mix"].format(profile=result.title[words["language"]], shares=shares, how=said[result.offered]),
        said["steps"].format(
            count=len(steps), missed=sum(not step.held for step in steps),
            hold=_span([step.hold_seconds or search.hold_seconds for step in steps], numbers),
            warm=_span([step.warm_up_seconds or search.warm_up_seconds for step in steps], numbers),
        ),
        said["objectives"].format(
            list=words["semicolon"].join(dict.fromkeys(sentences.binding(each, words) for each in musts))
        ),
    ]  # fmt: skip
    perturbations = {"chaos": result.in_force, "no_chaos": result.not_in_force}
    lines += [said[name].format(list=", ".join(each)) for name, each in perturbations.items() if each]
    lines.append(said["stop"].format(why=words["stops"][result.stop]))
    if result.ceiling is not None:
        rate, why = numbers.number(result.ceiling, 2), say(result.generator[0], words["language"])
        lines.append(said["generator"].format(count=len(result.generator), rate=rate, why=why))
    return lines + _models(result, said, numbers)


def _span(values: Sequence[float], numbers: Numbers) -> str:
    """Seconds that all steps had, or the least and the most."""
    ends = [numbers.number(each) for each in (min(values), max(values))]
    return "–".join(dict.fromkeys(ends))


def _models(result: CapacityReport, said: Mapping[str, Any], numbers: Numbers) -> list[str]:
    law = result.law
    lines: list[str] = []
    if law is None:
        lines.append(sentences.lawless(result, said))
    else:
        figures = {
            f"{name}{end}": numbers.number(value, 4)
            for name, middle, ends in (("alpha", law.alpha, law.alpha_interval), ("beta", law.beta, law.beta_interval))
            for end, value in zip(("", "_low", "_high"), (middle, *(ends or (None, None))), strict=True)
        }
        error = numbers.percent(100 * law.relative_error, 1)
        gamma = numbers.number(law.gamma * law.platforms, 1)
        lines.append(said["law"].format(gamma=gamma, error=error, **figures))
        if law.peak_observed:
            peak = {"pages": numbers.number(law.peak_served, 1), "inside": numbers.number(law.peak_load)}
            lines.append(said["peak"].format(**peak))
        else:
            lines.append(said["no_peak"])
    if result.servers:
        lines.append(said["mmc"].format(servers=result.servers))
    return lines


def _untested(result: CapacityReport, words: Mapping[str, Any], numbers: Numbers) -> list[str]:
    said, search = words["untested"], result.search
    longest = max(step.hold_seconds or search.hold_seconds for step in result.steps)
    lines = [said["hold"].format(hold=numbers.number(longest)), said["mix"]]
    lines += [] if result.in_force else [said["faults"]]
    replayed = sentences.replayed(search, said["people"], said["time"], said["and"])
    return lines + ([said["model"].format(replayed=replayed)] if replayed else [])


def _case(answer: Answer, words: Mapping[str, Any], numbers: Numbers) -> dict[str, str]:
    said = words["cases"]
    day, hour = answer.peak_hour.split(" ")
    ends = answer.growth
    growth = [numbers.number(each, 2) for each in (ends.value, ends.low, sentences.known(ends.high))]
    detail = {name: numbers.plain(value) for name, value in answer.detail.items()}
    return {
        "name": said[answer.case].format(**detail),
        "peak": f"{messages(words['language'])['days'][day]} {numbers.clock(hour + ':00')}",
        "demand": numbers.number(answer.peak, 2),
        "pages": numbers.number(answer.peak_pages, 1),
        "over": sentences.hours(answer.over, numbers),
        "growth": f"{growth[0]} ({growth[1]}–{growth[2]})" if ends.low else f"≤ {growth[0]}",
        "enough": said[{True: "yes", False: "no", None: "unsure"}[answer.suffices]],
        "look": {True: "ok", False: "bad", None: "warn"}[answer.suffices],
    }


def _steps(result: CapacityReport, words: Mapping[str, Any], numbers: Numbers) -> list[list[str]]:
    """The table under the first two charts."""
    plots, law = words["plots"], result.law
    mmc = {each.rate: each.mmc_seconds for each in result.checks}
    rows = []
    for step in result.steps:
        fitted = charts.law_at(law, step.inside) if law and step.inside else None
        rows.append([
            step.name, numbers.number(step.offered_pages, 1), numbers.number(step.served_pages, 1),
            numbers.number(step.margin, 2, signed=True), plots["held" if step.held else "missed"],
            numbers.seconds(step.page_seconds), numbers.seconds(mmc.get(step.rate)),
            numbers.number(step.inside, 1),
            numbers.number(None if fitted is None else step.served_pages - fitted, 1, signed=True),
        ])  # fmt: skip
    return rows


def _week(result: CapacityReport, numbers: Numbers) -> list[list[str]]:
    """The week's chart as a table: an hour a row, a day a column."""
    if not result.what_if:
        return []
    hours = result.what_if.cases[0].hours
    return [
        [numbers.clock(f"{hour:02d}:00"), *(numbers.number(hours[24 * day + hour], 2) for day in range(7))]
        for hour in range(24)
    ]


def _charts(result: CapacityReport, words: Mapping[str, Any], lang: str) -> dict[str, Any]:
    return {
        "steps": charts.draw_steps(result, words, lang),
        "law": charts.draw_law(result.law, result.steps, words, lang) if result.law else "",
        "week": charts.draw_week(result.boundary, result.what_if, words, lang) if result.what_if else "",
    }


def _command(result: CapacityReport) -> str:
    """The command that makes such a search again."""
    search, asked = result.search, result.asked
    words = ["entsurge", "capacity", search.profile]
    if asked.runs:
        words = words[: 2 if search.more else 3]
        words += [word for path in asked.runs for word in ("--from", path)] + ["--scale", search.scale]
    else:
        words += ["--target", search.target or search.url, "--budget", f"{search.budget_seconds / 60:g}"]
        words += ["--hold", f"{search.hold_seconds:g}", "--warm-up", f"{search.warm_up_seconds:g}"]
        words += ["--scale", search.scale, "--compression", search.compression]
        words += _where_it_differs(search)
    words += [word for name in search.resources for word in ("--resource", name)]
    if result.what_if:
        words += ["--what-if"]
        counts = {"nodes": asked.nodes, "schools": asked.schools}
        words += [word for name, count in counts.items() if count for word in (f"--{name}", str(count))]
    return shlex.join(words)


def _where_it_differs(search: Search) -> list[str]:
    """The options of a search that are not what they are by default."""
    words = [word for name in search.chaos for word in ("--chaos", name)]
    words += [word for name in search.sources for word in ("--source", name)]
    words += [word for pair in search.scrape for word in ("--scrape", *pair)]
    settings, usual = search.settings, Settings()
    if settings.start != usual.start:
        words += ["--start", f"{settings.start:g}"]
    if settings.highest != usual.highest:
        words += ["--highest", f"{settings.highest:g}"]
    if settings.tolerance != usual.tolerance:
        words += ["--tolerance", f"{settings.tolerance:g}"]
    words += ["--processes", str(search.processes)] if search.processes != 1 else []
    words += ["--seed", str(search.seed)] if search.seed is not None else []
    return words + (["--driver", search.driver] if search.driver != "portal" else [])
