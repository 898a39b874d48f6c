"""The capacity note: one page that a review can sign, HTML and Markdown, French and English."""

from __future__ import annotations

import math
import shlex
import tomllib
from datetime import UTC, datetime
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from entsurge import content
from entsurge.errors import CannotRecord
from entsurge.render import capacity_charts as charts
from entsurge.render.html import messages
from entsurge.render.numbers import Numbers
from entsurge.render.page import environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LANGUAGES = ("fr", "en")
LOOKS = {"yes": "ok", "no": "bad", "unsure": "warn", "unknown": "warn"}
SIGNS = {"yes": "✓", "no": "✗", "unsure": "?", "unknown": "?"}
WORDS_OF_BINDING = {
    "its queue was still growing when it ended": "rising", "a guard ended it": "guard",
    "the target stopped answering": "silent",
}  # fmt: skip


@lru_cache(maxsize=2)
def catalogue(lang: str) -> dict[str, Any]:
    """The note's words in one language."""
    words = tomllib.loads((content.root("reports") / f"capacity.{lang}.toml").read_text(encoding="utf-8"))
    return words | {"days": list(messages(lang)["days"].values()), "whom": messages(lang)["personas"]}


def write_note(result: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write capacity.<lang>.html and .md beside capacity.json; where they are. Raises CannotRecord."""
    written = []
    for lang in LANGUAGES:
        shown = view(result, lang)
        for ending in ("html", "md"):
            path = folder / f"capacity.{lang}.{ending}"
            template = environment().get_template(f"capacity.{ending}.j2")
            try:
                path.write_text(template.render(shown), encoding="utf-8")
            except OSError as error:
                raise CannotRecord(f"{path}: {error.strerror or error}") from None
            written.append(path)
    return written


def view(result: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """What the templates show: sentences, tables as text, charts."""
    words, numbers = catalogue(lang), Numbers(lang)
    state = _state(result)
    what_if = result["what_if"]
    return {
        "lang": lang, "other": "en" if lang == "fr" else "fr", "words": words, "n": numbers,
        "profile": result["title"][lang],
        "date": datetime.now(UTC).strftime("%d/%m/%Y" if lang == "fr" else "%Y-%m-%d"),
        "head": words["number"][state].format(profile=result["title"][lang]),
        "look": LOOKS[state], "sign": SIGNS[state],
        "number": _number(result, words, numbers), "tested": _tested(result, words, numbers),
        "untested": _untested(result, words, numbers), "notes": [words["notes"][name] for name in result["notes"]],
        "cases": [_case(each, words, numbers) for each in what_if["cases"]] if what_if else [],
        "surges": [_case(row["answer"], words, numbers) for row in what_if["surges"]] if what_if else [],
        "advice": _advice(result, words, numbers), "steps": _steps(result, words, numbers),
        "command": _command(result), "charts": _charts(result, words, lang),
        "week": _week(result, numbers),
    }  # fmt: skip


def _state(result: Mapping[str, Any]) -> str:
    """Whether it is enough for the profile's own window, a multiple of 1."""
    ends = result["boundary"]
    if ends["how"] == "at-least":
        return "yes" if ends["low"] >= 1 else "unknown"
    if ends["how"] == "at-most":
        return "no" if ends["high"] < 1 else "unknown"
    if ends["low"] >= 1:
        return "yes"
    return "no" if ends["high"] < 1 else "unsure"


def _number(result: Mapping[str, Any], words: Mapping[str, Any], numbers: Numbers) -> list[str]:
    ends, said = result["boundary"], words["number"]
    value, low, high = (numbers.number(each, 1) for each in result["pages_per_second"])
    lines = [said[ends["how"]].format(pages=value, low=low, high=high)]
    window = result["window"]
    multiple = said["multiple"].format(
        value=numbers.number(ends["value"], 2), profile=result["title"][words["language"]],
        visits=numbers.number(result["visits_per_second"][0], 2),
        day=messages(words["language"])["days"][window["day"]], **{"from": window["from"], "to": window["to"]},
    )  # fmt: skip
    lines[0] = f"{lines[0].rstrip('.')}, {multiple}."
    if result["binding"]:
        lines.append(said["first"].format(what=_binding(result["binding"], words)))
    if result["resources"]:
        first = result["resources"][0]
        lines.append(
            said["resource"].format(
                name=first["name"], pages=numbers.number(first["saturates_at"], 1),
                used=numbers.percent(100 * first["used"]), served=numbers.number(first["served_pages"], 1),
            )
        )  # fmt: skip
    return lines


def _binding(text: str, words: Mapping[str, Any]) -> str:
    if text in WORDS_OF_BINDING:
        return str(words["number"][WORDS_OF_BINDING[text]])
    persona, service, must = text.split(" ", 2)
    where = "" if service == "*" else f", {service}"
    return f"{words['whom'].get(persona, persona)}{where} : {must}"


def _tested(result: Mapping[str, Any], words: Mapping[str, Any], numbers: Numbers) -> list[str]:
    said, search = words["tested"], result["search"]
    steps = result["steps"]
    musts = sorted({f"{each['persona']} {each['service']} {each['must']}" for each in result["objectives"]})
    lines = [
        said["target"].format(target=search["url"], scale=search["scale"], compression=_plain(search["compression"])),
        said["mix"].format(profile=result["title"][words["language"]]),
        said["steps"].format(
            count=len(steps), missed=sum(not step["held"] for step in steps),
            hold=numbers.number(search["hold_seconds"]), warm=numbers.number(search["warm_up_seconds"]),
        ),
        said["objectives"].format(list=" ; ".join(_binding(each, words) for each in musts)),
    ]  # fmt: skip
    if search["chaos"]:
        lines.append(said["chaos"].format(list=", ".join(search["chaos"])))
    lines.append(said["stop"].format(why=words["stops"][result["stop"]]))
    if result["ceiling"] is not None:
        rate = numbers.number(result["ceiling"], 2)
        lines.append(said["generator"].format(rate=rate, why=result["generator"][0]))
    return lines + _models(result, said, numbers)


def _models(result: Mapping[str, Any], said: Mapping[str, Any], numbers: Numbers) -> list[str]:
    law = result["law"]
    lines: list[str] = []
    if law is None:
        lines.append(said["no_law"].format(why=result["law_missing"]))
    else:
        figures = {
            f"{name}{end}": numbers.number(value, 4)
            for name in ("alpha", "beta")
            for end, value in zip(("", "_low", "_high"), (law[name], *law[f"{name}_interval"]), strict=True)
        }
        error = numbers.percent(100 * law["relative_error"], 1)
        lines.append(said["law"].format(gamma=numbers.number(law["gamma"], 1), error=error, **figures))
        if law["peak_observed"]:
            peak = {"pages": numbers.number(law["peak_served"], 1), "inside": numbers.number(law["peak_load"])}
            lines.append(said["peak"].format(**peak))
        else:
            lines.append(said["no_peak"])
    if result["servers"]:
        lines.append(said["mmc"].format(servers=result["servers"]))
    return lines


def _untested(result: Mapping[str, Any], words: Mapping[str, Any], numbers: Numbers) -> list[str]:
    said, search = words["untested"], result["search"]
    lines = [said["hold"].format(hold=numbers.number(search["hold_seconds"])), said["mix"], said["faults"]]
    if Fraction(search["scale"]) != 1 or Fraction(search["compression"]) != 1:
        lines.append(said["model"].format(scale=search["scale"], compression=_plain(search["compression"])))
    return lines


def _plain(text: str) -> str:
    return f"{float(Fraction(text)):g}"


def _case(answer: Mapping[str, Any], words: Mapping[str, Any], numbers: Numbers) -> dict[str, str]:
    said = words["cases"]
    day, hour = answer["peak_hour"].split(" ")
    growth = [numbers.number(each, 2) for each in answer["growth"]]
    over = answer["over"]
    detail = {name: numbers.plain(value) for name, value in answer["detail"].items()}
    return {
        "name": said[answer["case"]].format(**detail),
        "peak": f"{messages(words['language'])['days'][day]} {hour} h",
        "demand": numbers.number(answer["peak"], 2),
        "pages": numbers.number(answer["peak_pages"], 1),
        "over": numbers.number(over[1]) if over[0] == over[2] else f"{over[1]} ({over[0]}–{over[2]})",
        "growth": f"{growth[0]} ({growth[1]}–{growth[2]})",
        "enough": said[{True: "yes", False: "no", None: "unsure"}[answer["suffices"]]],
        "look": {True: "ok", False: "bad", None: "warn"}[answer["suffices"]],
    }


def _advice(result: Mapping[str, Any], words: Mapping[str, Any], numbers: Numbers) -> list[str]:
    """Rules with their figures; the thresholds are the ends of the interval."""
    said, ends = words["advice"], result["boundary"]
    state = _state(result)
    lines: list[str] = []

    def growth(of: float) -> dict[str, str]:
        sides = (of / end if end else math.inf for end in (ends["value"], ends["high"] or math.inf, ends["low"]))
        written = (numbers.number(each, 2) if math.isfinite(each) else "∞" for each in sides)
        return dict(zip(("growth", "low", "high"), written, strict=True))

    if state == "yes":
        lines.append(said["enough"])
    elif state == "no":
        lines.append(said["grow"].format(**growth(1.0)))
    else:
        lines.append(said["narrow"].format(steps=max(4, len(result["steps"]))))
    if result["resources"] and state != "yes":
        lines.append(said["first"].format(name=result["resources"][0]["name"]))
    cases = {each["case"]: each for each in (result["what_if"] or {"cases": []})["cases"]}
    if "published-lockdown" in cases and cases["published-lockdown"]["suffices"] is not True:
        lines.append(said["lockdown"].format(**growth(cases["published-lockdown"]["peak"])))
    if "one-node-fewer" in cases and cases["one-node-fewer"]["over"][1]:
        lines.append(said["node"].format(over=cases["one-node-fewer"]["over"][1]))
    return [*lines, said["again"]]


def _steps(result: Mapping[str, Any], words: Mapping[str, Any], numbers: Numbers) -> list[list[str]]:
    """The table under the first two charts."""
    plots, law = words["plots"], result["law"]
    checks = {each["rate"]: each for each in result["checks"]}
    rows = []
    for step in result["steps"]:
        fitted = charts.law_at(law, step["inside"]) if law and step["inside"] else None
        rows.append([
            step["name"], numbers.number(step["offered_pages"], 1), numbers.number(step["served_pages"], 1),
            numbers.number(step["margin"], 2, signed=True), plots["held" if step["held"] else "missed"],
            numbers.seconds(step["page_seconds"]), numbers.seconds(checks.get(step["rate"], {}).get("mmc_seconds")),
            numbers.number(step["inside"], 1),
            numbers.number(None if fitted is None else step["served_pages"] - fitted, 1, signed=True),
        ])  # fmt: skip
    return rows


def _week(result: Mapping[str, Any], numbers: Numbers) -> list[list[str]]:
    """The week's chart as a table: an hour a row, a day a column."""
    if not result["what_if"]:
        return []
    hours = result["what_if"]["cases"][0]["hours"]
    return [[f"{hour:02d} h", *(numbers.number(hours[24 * day + hour], 2) for day in range(7))] for hour in range(24)]


def _charts(result: Mapping[str, Any], words: Mapping[str, Any], lang: str) -> dict[str, Any]:
    return {
        "steps": charts.draw_steps(result, words, lang),
        "law": charts.draw_law(result, words, lang) if result["law"] else "",
        "week": charts.draw_week(result, words, lang) if result["what_if"] else "",
    }


def _command(result: Mapping[str, Any]) -> str:
    """The command that makes such a search again."""
    search, asked = result["search"], result["asked"]
    words = ["entsurge", "capacity", search["profile"]]
    if asked["from"]:
        words += [word for path in asked["from"] for word in ("--from", path)]
    else:
        words += ["--target", search["target"] or search["url"], "--budget", f"{search['budget_seconds'] / 60:g}"]
        words += ["--hold", f"{search['hold_seconds']:g}", "--warm-up", f"{search['warm_up_seconds']:g}"]
        words += ["--scale", search["scale"], "--compression", search["compression"]]
        words += [word for name in search["chaos"] for word in ("--chaos", name)]
    if result["what_if"]:
        words += ["--what-if", "--nodes", str(asked["nodes"])]
        words += ["--schools", str(asked["schools"])] if asked["schools"] is not None else []
    return shlex.join(words)
