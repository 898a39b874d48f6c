"""The comparison of runs as one HTML page, as Markdown and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from entsurge.render.catalogue import catalogue, with_personas
from entsurge.render.ci import escaped
from entsurge.render.numbers import Numbers
from entsurge.render.page import environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STATE_SIGNS = {"regression": "✗", "improvement": "+", "same": "=", "not-judged": "–"}
SHOWN = 12


def render_comparison_json(data: Mapping[str, Any]) -> str:
    """Everything, as data."""
    return json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def render_comparison_html(data: Mapping[str, Any], language: str) -> str:
    """One page that needs no network."""
    context = {"view": view(data, language), "data": data, "words": _words(data, language),
               "lang": language, "other": "en" if language == "fr" else "fr"}  # fmt: skip
    return environment().get_template("comparison.html.j2").render(context)


def render_comparison_markdown(data: Mapping[str, Any], language: str) -> str:
    """The same in short."""
    shown, words = view(data, language), _words(data, language)
    lines = [f"# {words['title']}", "", f"**{shown['sign']} {escaped(shown['verdict'])}**", ""]
    lines += [*(f"- {escaped(line)}" for line in (*shown["errors"], *shown["notes"])), ""]
    for name in ("pages", "changes", "runs"):
        lines += [
            f"## {words[name]['title']}",
            "",
            *_table(words[name]["columns"], shown[name], shown["nothing"][name]),
            "",
        ]
    return "\n".join(lines)


def _words(data: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The words of the comparison, those for the runs' personas among them."""
    return with_personas(catalogue("comparison", language), language, [data])


def _table(columns: list[str], rows: list[list[str]], nothing: str) -> Iterator[str]:
    if not rows:
        yield nothing
        return
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield "| " + " | ".join(escaped(cell) for cell in row) + " |"


def view(data: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The comparison in words and written numbers: verdict, lines on errors, notes, and three tables."""
    words, numbers = _words(data, language), Numbers(language)
    verdict = "worse" if data["worse"] else "same" if data["can_show"] else "cannot_show"
    return {
        "look": {"worse": "bad", "same": "ok", "cannot_show": "warn"}[verdict],
        "sign": {"worse": "✗", "same": "✓", "cannot_show": "?"}[verdict],
        "verdict": words["verdict"][verdict].format(
            slower=sum(page["state"] == "regression" for page in data["pages"]), pages=len(data["pages"]),
            candidates=len(data["candidates"]), baselines=len(data["baselines"]),
        ),
        "errors": list(_errors(data, words, numbers)),
        "notes": [each[language] for each in data["notes"]]
        + [words["differ"].format(what=each[language]) for each in data["differences"]],
        "pages": [
            _page(page, page["state"] if data["can_show"] else "not-judged", words, numbers)
            for page in ordered(data["pages"])
        ],
        "changes": [_change(change, words, numbers) for change in data["history"]["changes"]],
        "runs": [_run(run, words, numbers) for run in data["runs"]],
        "nothing": {"pages": words["nothing"], "changes": _no_change(data, words), "runs": words["nothing"]},
        "about": words["about"].format(
            quantile=f"{data['quantile']:g}", effect=numbers.percent(100 * data["least_effect"]),
            fewest=data["history"]["fewest"],
        ),
    }  # fmt: skip


def _no_change(data: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    """Why no change is shown: there was none, or there are too few runs to look for one."""
    fewest = data["history"]["fewest"]
    return str(words["nothing"] if len(data["runs"]) >= fewest else words["changes"]["few"].format(fewest=fewest))


def ordered(pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Regressions first, then by how little chance explains them, then by ratio."""
    return sorted(pages, key=lambda page: (page["state"] != "regression", page["p_adjusted"], -page["ratio"]))


def _errors(data: Mapping[str, Any], words: Mapping[str, Any], numbers: Numbers) -> Iterator[str]:
    for name in ("errors", "refused"):
        shift = data[name]
        text = words[f"{name}_line"].format(points=numbers.number(100 * shift["estimate"], 2, signed=True))
        yield text + ("" if shift["low"] is None else f" [{numbers.number(100 * shift['low'], 2)} … "
                      f"{numbers.number(100 * shift['high'], 2)}]")  # fmt: skip
    for each in data["failing"]:
        yield words["failing_line"].format(
            page=_name(each, words),
            before=numbers.ratio(each["baseline_share"]),
            after=numbers.ratio(each["candidate_share"]),
        )


def _name(page: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    if page["service"] == "*":
        return str(words["all_pages"][page["page"]])
    persona = words["personas"].get(page["persona"], page["persona"])
    return f"{persona} · {words['services'].get(page['service'], page['service'])} · {page['page']}"


def _page(page: Mapping[str, Any], state: str, words: Mapping[str, Any], numbers: Numbers) -> list[str]:
    interval = "–" if page["low"] is None else f"{numbers.number(page['low'], 2)} … {numbers.number(page['high'], 2)}"
    return [
        f"{STATE_SIGNS[state]} {words['states'][state]}", _name(page, words),
        numbers.seconds(page["baseline_seconds"]), numbers.seconds(page["candidate_seconds"]),
        f"× {numbers.number(page['ratio'], 2)}", interval, numbers.number(page["p_adjusted"], 3),
    ]  # fmt: skip


def _change(change: Mapping[str, Any], words: Mapping[str, Any], numbers: Numbers) -> list[str]:
    share = change["service"] == "*"
    write = numbers.ratio if share else numbers.seconds
    effect = (
        f"{numbers.number(100 * change['effect'], 1, signed=True)} {words['points']}"
        if share
        else f"× {numbers.number(change['effect'], 2)}"
    )
    return [change["run"], _name(change, words), write(change["before"]), write(change["after"]), effect]


def _run(run: Mapping[str, Any], words: Mapping[str, Any], numbers: Numbers) -> list[str]:
    side = words["candidate" if run["candidate"] else "baseline"]
    return [run["name"], side, run["started_utc"], numbers.number(run["pages"]), numbers.ratio(run["failed"]),
            numbers.ratio(run["refused"]), run["plan_digest"]]  # fmt: skip
