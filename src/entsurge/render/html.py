"""The report as one HTML page per language: works offline, prints, reads in light and dark."""

from __future__ import annotations

import json
import shlex
import tomllib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from entsurge import content
from entsurge.render import charts, tables
from entsurge.render.catalogue import with_personas
from entsurge.render.effects import effects_view, effects_words
from entsurge.render.numbers import Numbers
from entsurge.render.page import environment
from entsurge.render.series import step_seconds
from entsurge.render.transport import negotiated, transport_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

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


@lru_cache(maxsize=2)
def messages(language: str) -> dict[str, Any]:
    """The message catalogue of one language, from reports/."""
    path = content.root("reports") / f"messages.{language}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def render_html(data: Mapping[str, Any], language: str, beside: Collection[str] = ()) -> str:
    """The whole page; every text of a target is escaped by the template. It links to what stands `beside`."""
    words, numbers = with_personas(messages(language), language, data["runs"]), Numbers(language)
    titles = run_titles(data, words)
    context = {
        "data": data,
        "beside": beside,
        "words": words,
        "n": numbers,
        "lang": language,
        "other": "en" if language == "fr" else "fr",
        "sections": SECTIONS,
        "runs": [view(run, words, numbers, title) for run, title in zip(data["runs"], titles.values(), strict=True)],
        "others": others(data, words),
        "academies": _academies(data, list(titles.values())),
        "titles": titles,
        "lead": lead(data, words, numbers, titles),
        "effects_words": effects_words(language),
        "signs": SIGNS,
        "figures": FIGURES,
        "decimals": DECIMALS,
    }
    return environment().get_template("report.html.j2").render(context)


def run_titles(data: Mapping[str, Any], words: Mapping[str, Any]) -> dict[int, str]:
    """A distinct title per run, by its place: the profile's, with what was in force."""
    result: dict[int, str] = {}
    for number, run in enumerate(data["runs"], 1):
        title = str(run["title"][words["language"]])
        kinds = {each["kind"] for each in run["perturbations"]}
        if "fault" in kinds:
            title = words["top"]["with_faults"].format(title=title)
        elif "measure" in kinds:
            title = words["top"]["with_measures"].format(title=title)
        if title in result.values():
            title = words["top"]["numbered"].format(title=title, number=number)
        result[number - 1] = title
    return result


def others(data: Mapping[str, Any], words: Mapping[str, Any]) -> list[tuple[str, list[dict[str, Any] | None]]]:
    """Of each added persona with a work of its own: what is counted, and each run's count; None where it was not."""
    found = [{each["persona"]: each for each in run["continuity"].get("others", ())} for run in data["runs"]]
    first = {key: each for of in reversed(found) for key, each in of.items()}
    named = words["continuity"]
    return [
        (named["others_published" if each["publishes"] else "others"].format(who=words["plural"].get(key, key)),
         [of.get(key) for of in found])
        for key, each in first.items()
    ]  # fmt: skip


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
    """A run with what the page shows beside its figures: card, charts, tables of the charts."""
    step = step_seconds(run["timeline"])
    names = words["timeline"]
    return {
        **run,
        "effects": effects_view(run, words, numbers),
        "title": title,
        "look": VERDICT_LOOKS[run["verdict"]],
        "sign": VERDICT_SIGNS[run["verdict"]],
        "card": card(run, words, numbers),
        "chart": charts.draw_timeline(run, words, numbers) if anything(run["timeline"]) else "",
        "curve": charts.draw_percentiles(run, words, numbers) if len(run["percentiles"]["curve"]) > 1 else "",
        "rows": tables.timeline(run, numbers),
        "step": step,
        "table_title": names["table_binned"].format(seconds=step) if step > 1 else names["table"],
        "target_table": tables.target(run, numbers),
        "target_more": max(0, len(run["target_series"]) - charts.MOST_TARGET_PANELS),
        "spoken": negotiated(run["transport"]),
        "wire": list(transport_lines(run["transport"], words, numbers)),
        "during": tables.during(run, words),
        "recoveries": tables.recoveries(run, words, numbers),
        "reasons_here": [each[words["language"]] for each in run["reasons"]],
        "lights": [(each["ok"], each[words["language"]]) for each in run["validity"]],
        "inversions": [each[words["language"]] for each in run["matrix"]["inversions"]],
        "examples": [{**each, "shown": _shown(each)} for each in run["failures"]],
        "command": command(run),
    }


def anything(timeline: Mapping[str, Any]) -> bool:
    """Whether a run has something to draw: a page or a visit, planned or come."""
    return any(any(timeline[name]) for name in ("ok", "shed", "failed", "lost", "offered_pages", "offered_visits"))


def command(run: Mapping[str, Any]) -> str:
    """The command that offers the same plan again."""
    files = {str(each.get("kind")): str(each.get("path")) for each in run["content"] or []}
    target = files.get("target") or run.get("edge_of") or run["target"].get("url", "")
    words = ["entsurge", "run", run["profile"] or run["name"], "--target", target]
    if "driver" in files and "target" not in files:
        words += ["--driver", files["driver"]]
    words += ["--scale", str(run["scale"]), "--compression", f"{run['compression']:g}", "--seed", str(run["seed"])]
    for each in run["perturbations"]:
        words += ["--chaos", f"{each['id']}@{each['when']}" if each.get("when") else each["id"]]
    if run.get("control_share"):
        words += ["--control-share", f"{run['control_share']:g}"]
    for each in run.get("scrape") or []:
        words += ["--scrape", each["url"], ",".join(each["series"])]
    return shlex.join(map(str, words))


def _academies(data: Mapping[str, Any], titles: list[str]) -> list[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    """Every academy with its row of each run, in order of name."""
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for run, title in zip(data["runs"], titles, strict=True):
        for row in run["continuity"]["by_academy"]:
            found.setdefault(row["academy"], []).append((title, row))
    return sorted(found.items())


def card(run: Mapping[str, Any], words: dict[str, Any], numbers: Numbers) -> dict[str, Any]:
    """The head and the lines of a verdict card."""
    verdict, rate = words["verdict"], run["pages_per_second"]
    head = verdict["in_progress" if run["in_progress"] else run["verdict"]]
    if run["verdict"] == "PASS" and run["deferred_visits"]:
        head = verdict["pass_for"].format(who=listed([each["persona"] for each in required(run)], words))
    lines = [verdict["pages"].format(planned=numbers.number(rate["planned"]), ok=numbers.number(rate["ok"]))]
    if run["in_progress"]:
        read, end = (numbers.number(run["in_progress"][name]) for name in ("read_s", "end_s"))
        lines.append(verdict["read_to"].format(read=read, end=end))
    if run["refused"]:
        shares = [(words["whom"].get(who, who), numbers.percent(100 * share)) for who, share in run["refused"].items()]
        lines.append(verdict["refused"].format(shares=", ".join(f"{who} {share}" for who, share in shares)))
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


def lead(data: Mapping[str, Any], words: dict[str, Any], numbers: Numbers, titles: Mapping[int, str]) -> list[str]:
    """One clause per run: what held, what did not, for whom."""
    return [_clause(run, words, numbers, titles[place]) for place, run in enumerate(data["runs"])]


def _clause(run: Mapping[str, Any], words: dict[str, Any], numbers: Numbers, title: str) -> str:
    verdict, rate = words["verdict"], run["pages_per_second"]
    if run["in_progress"]:
        return str(verdict["lead_in_progress"].format(run=title))
    if run["verdict"] in ("INVALID", "INCONCLUSIVE"):
        return str(verdict[f"lead_{run['verdict'].lower()}"].format(run=title))
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


def _shown(example: Mapping[str, Any]) -> dict[str, str]:
    """A failure's request and answer as text."""
    request, response = example.get("request") or {}, example.get("response") or {}
    head = f"{request.get('method', 'GET')} {request.get('url', '')}"
    return {
        "request": "\n".join([head, *_fields(request)]),
        "status": str(response.get("status", "")),
        "headers": "\n".join(_fields(response)),
        "excerpt": str(response.get("excerpt", "")),
        "traceback": str(example.get("traceback") or ""),
    }


def _fields(message: Mapping[str, Any]) -> list[str]:
    return [f"{name}: {value}" for name, value in (message.get("headers") or {}).items()]


def render_json(data: Mapping[str, Any]) -> str:
    """The same findings as JSON."""
    return json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False)
