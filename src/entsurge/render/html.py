"""The report as one HTML page per language: works offline, prints, reads in light and dark."""

from __future__ import annotations

import json
import tomllib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from entsurge import content
from entsurge.render import charts
from entsurge.render.effects import effects_view, effects_words
from entsurge.render.numbers import Numbers
from entsurge.render.series import binned, clock

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES = ("fr", "en")
SIGNS = {"ok": "✓", "warn": "!", "bad": "✗", "shed": "◦", "none": "–"}
VERDICT_SIGNS = {"PASS": "✓", "FAIL": "✗", "INVALID": "?"}
VERDICT_LOOKS = {"PASS": "ok", "FAIL": "bad", "INVALID": "warn"}
FIGURES = ("visits", "page_views", "minutes_per_visit", "pages_per_visit")
NEARLY_ALL = 99.0
DECIMALS = {"visits": 0, "page_views": 0, "minutes_per_visit": 1, "pages_per_visit": 2}


@lru_cache(maxsize=2)
def messages(language: str) -> dict[str, Any]:
    """The message catalogue of one language, from reports/."""
    path = content.root("reports") / f"messages.{language}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def render_html(data: Mapping[str, Any], language: str) -> str:
    """The whole page; every text from a target is escaped by the template."""
    words, numbers = messages(language), Numbers(language)
    titles = run_titles(data, words)
    context = {
        "data": data,
        "words": words,
        "n": numbers,
        "lang": language,
        "other": "en" if language == "fr" else "fr",
        "runs": [view(run, words, numbers, titles[run["name"]]) for run in data["runs"]],
        "titles": titles,
        "lead": lead(data, words, numbers, titles),
        "effects_words": effects_words(language),
        "signs": SIGNS,
        "figures": FIGURES,
        "decimals": DECIMALS,
    }
    return environment().get_template("report.html.j2").render(context)


def environment() -> Environment:
    """Templates of reports/, everything escaped, a missing name an error."""
    loader = FileSystemLoader(str(content.root("reports")))
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def run_titles(data: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, str]:
    """A distinct title per run, by name: the profile's, with what was in force."""
    result: dict[str, str] = {}
    for number, run in enumerate(data["runs"], 1):
        title = str(run["title"][words["language"]])
        kinds = {each["kind"] for each in run["perturbations"]}
        if "fault" in kinds:
            title = words["top"]["with_faults"].format(title=title)
        elif "measure" in kinds:
            title = words["top"]["with_measures"].format(title=title)
        if title in result.values():
            title = words["top"]["numbered"].format(title=title, number=number)
        result[run["name"]] = title
    return result


def listed(personas: list[str], words: Mapping[str, Any]) -> str:
    """`pupils, teachers and parents`."""
    names = [words["whom"].get(name, name) for name in dict.fromkeys(personas)]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + words["whom"]["and"] + names[-1] if names else ""


def missed(run: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The required objectives that a run missed."""
    return [each for each in run["objectives"] if each["required"] and each["state"] == "missed"]


def required(run: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The objectives that the verdict rests on."""
    return [each for each in run["objectives"] if each["required"]]


def view(run: Mapping[str, Any], words: dict[str, Any], numbers: Numbers, title: str) -> dict[str, Any]:
    """A run with what the page shows beside its figures: card, chart, table of the chart."""
    return {
        **run,
        "effects": effects_view(run, words, numbers),
        "title": title,
        "look": VERDICT_LOOKS[run["verdict"]],
        "sign": VERDICT_SIGNS[run["verdict"]],
        "card": card(run, words, numbers),
        "chart": charts.draw(dict(run), words, numbers) if any(run["timeline"]["ok"]) else "",
        "rows": _table(run, numbers),
        "reasons_here": [each[words["language"]] for each in run["reasons"]],
        "lights": [(each["ok"], each[words["language"]]) for each in run["validity"]],
        "inversions": [each[words["language"]] for each in run["matrix"]["inversions"]],
        "examples": [{**each, "shown": _shown(each)} for each in run["failures"]],
    }


def card(run: Mapping[str, Any], words: dict[str, Any], numbers: Numbers) -> dict[str, Any]:
    """The head and the lines of a verdict card."""
    verdict, rate = words["verdict"], run["pages_per_second"]
    head = verdict[run["verdict"]]
    if run["verdict"] == "PASS" and run["deferred_visits"]:
        head = verdict["pass_for"].format(who=listed([each["persona"] for each in required(run)], words))
    lines = [verdict["pages"].format(planned=numbers.number(rate["planned"]), ok=numbers.number(rate["ok"]))]
    lost, wanted = missed(run), required(run)
    if lost:
        text = verdict["missed"] if len(lost) > 1 else verdict["one_missed"]
        lines.append(text.format(missed=len(lost), all=len(wanted)))
    if run["deferred_visits"]:
        who = listed(list(run["deferred_visits"]), words)
        lines.append(verdict["deferred"].format(who=who, visits=numbers.number(sum(run["deferred_visits"].values()))))
    if run["perturbations"]:
        names = ", ".join(each["title"][words["language"]] for each in run["perturbations"])
        lines.append(verdict["with"].format(titles=names))
    return {"head": head, "lines": lines}


def lead(data: Mapping[str, Any], words: dict[str, Any], numbers: Numbers, titles: Mapping[str, str]) -> list[str]:
    """One clause per run: what held, what did not, for whom."""
    return [_clause(run, words, numbers, titles[run["name"]]) for run in data["runs"]]


def _clause(run: Mapping[str, Any], words: dict[str, Any], numbers: Numbers, title: str) -> str:
    verdict, rate = words["verdict"], run["pages_per_second"]
    if run["verdict"] == "INVALID":
        return str(verdict["lead_invalid"].format(run=title))
    served = 100 * rate["ok"] / rate["planned"] if rate["planned"] else 0.0
    wanted = [each["persona"] for each in required(run)]
    if run["verdict"] == "PASS":
        if run["deferred_visits"]:
            off = listed(list(run["deferred_visits"]), words)
            return str(verdict["lead_pass_for"].format(run=title, kept=listed(wanted, words), deferred=off))
        return str(verdict["lead_pass"].format(run=title, percent=numbers.percent(served)))
    lost = [each["persona"] for each in missed(run)]
    everyone = set(lost) == set(wanted)
    key = "lead_late" if served >= NEARLY_ALL else "lead_fail"
    text = verdict[f"{key}_all" if everyone else key]
    who = verdict["everyone"] if everyone else listed(lost, words)
    return f"{text.format(run=title, percent=numbers.percent(100 - served))} {who}"


def _table(run: Mapping[str, Any], numbers: Numbers) -> list[list[str]]:
    """The timeline as rows of text, the chart's data table."""
    when = clock(dict(run))
    rows = []
    for row in binned(dict(run["timeline"])):
        counts = [numbers.number(row[name], 1) for name in ("offered_pages", "ok", "shed", "failed", "lost")]
        times = [numbers.seconds(row["p50_s"]), numbers.seconds(row["p95_s"])]
        rows.append([str(row["second"]), when.time(row["second"]), *counts, *times, numbers.number(row["visitors"])])
    return rows


def _shown(example: Mapping[str, Any]) -> dict[str, str]:
    """A failure's request and answer as text."""
    request, response = example.get("request") or {}, example.get("response")
    head = f"{request.get('method', 'GET')} {request.get('url', '')}"
    fields = "\n".join(f"{name}: {value}" for name, value in (response or {}).get("headers", {}).items())
    return {
        "request": head,
        "status": str((response or {}).get("status", "")),
        "headers": fields,
        "excerpt": str((response or {}).get("excerpt", "")),
        "traceback": str(example.get("traceback") or ""),
    }


def render_json(data: Mapping[str, Any]) -> str:
    """The same findings as JSON."""
    return json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False)
