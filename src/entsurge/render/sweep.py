"""A sweep over deployments on paper, as one HTML page and as Markdown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from entsurge.render import hover
from entsurge.render.catalogue import catalogue, with_personas
from entsurge.render.ci import escaped
from entsurge.render.page import environment
from entsurge.render.sweep_charts import draw
from entsurge.render.sweep_sentences import Sentences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from entsurge.findings.sweep import Step, SweepReport, SweptCell

LOOKS = {"holds": ("ok", "✓"), "none-holds": ("bad", "✗"), "unsure": ("warn", "?")}
STATES = {
    "holds": ("ok", "✓"), "mixed": ("warn", "~"), "misses": ("bad", "✗"), "unsure": ("warn", "?"),
    "overload": ("bad", "✗"), "void": ("warn", "?"), "impossible": ("bad", "–"), "unknown": ("warn", "…"),
}  # fmt: skip
KEYS = ("nodes", "workers", "measures", "hours")


def render_sweep_html(data: SweepReport, language: str) -> str:
    """One page that needs no network."""
    page, words = view(data, language), words_of(data, language)
    context = {
        "page": page, "words": words, "lang": language, "other": "en" if language == "fr" else "fr",
        "script": hover.script() if page["chart"] else "",
    }  # fmt: skip
    return environment().get_template("sweep.html.j2").render(context)


def render_sweep_markdown(data: SweepReport, language: str) -> str:
    """The same page as Markdown."""
    page, words = view(data, language), words_of(data, language)
    lines = [f"# {words['title']}", "", escaped(page["subtitle"]), "",
             f"> **{words['simulated']['mark']}** · {words['simulated']['note'].format(name=data.simulated)}", "",
             f"**{page['sign']} {escaped(page['head'])}**", ""]  # fmt: skip
    lines += [f"- {escaped(each)}" for each in page["lead"]]
    for table in page["tables"]:
        lines += ["", f"## {escaped(table['title'])}", "", _row(table["headings"])]
        lines += ["|---" + "|--:" * (len(table["headings"]) - 1) + "|"]
        lines += [_row(row["cells"]) for row in table["rows"]]
    if page["command"]:
        lines += ["", f"## {words['real']['title']}", "", words["real"]["lede"], "", "```", page["command"], "```"]
    lines += ["", f"## {words['how']['title']}", "", *(f"- {escaped(line)}" for line in page["how"])]
    return "\n".join([*lines, "", "```", data.again, "```"]) + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(escaped(each) for each in cells) + " |"


def words_of(data: SweepReport, language: str) -> dict[str, Any]:
    """The page's words, with those for the sweep's own personas."""
    return with_personas(catalogue("sweep", language), language, data.personas)


def view(data: SweepReport, language: str) -> dict[str, Any]:
    """The finding in written sentences: head, lead, tables by rows, chart, how it was made."""
    words = words_of(data, language)
    say = Sentences(data, words, language)
    look, sign = LOOKS[data.answer]
    window = data.window
    subtitle = words["subtitle"].format(
        day=words["days"].get(window["day"], window["day"]), start=say.numbers.clock(window["from"]),
        end=say.numbers.clock(window["to"]), title=data.title[language],
        deployment=data.deployment_title[language],
    )  # fmt: skip
    steps = [_steps(data, say, key) for key in KEYS if any(each.key == key for each in data.steps)]
    return {
        "look": look, "sign": sign, "head": say.head(), "lead": list(say.lead()), "subtitle": subtitle,
        "day": say.numbers.day(datetime.now(UTC).isoformat()), "simulated": data.simulated,
        "arms": _arms(data, say), "every": _every(data, say), "steps": steps,
        "tables": [each for each in (_arms(data, say), _every(data, say), *steps) if each["rows"]],
        "chart": _chart(data, say), "command": data.command, "again": data.again,
        "how": list(say.how()), "real": list(say.real()),
    }  # fmt: skip


def _table(
    name: str, data: SweepReport, say: Sentences, state: str, rows: Sequence[tuple[Mapping[str, str], str]]
) -> dict[str, Any]:
    """Rows of texts by column, each with the look of its `state` column; without prices there is no column of costs."""
    columns = [each for each in (rows[0][0] if rows else {}) if data.priced or each != "cost"]
    return {
        "id": name, "title": say.words["tables"][name], "headings": [say.words["columns"][each] for each in columns],
        "state": columns.index(state) if rows else 0,
        "rows": [{"cells": [texts[each] for each in columns], "look": look} for texts, look in rows],
    }  # fmt: skip


def _arms(data: SweepReport, say: Sentences) -> dict[str, Any]:
    """The cheapest that holds with each set of measures; nothing where one set is all there is."""
    rows = []
    for each in data.with_measures if len(data.with_measures) > 1 else []:
        cell = say.cells.get(each.cell)
        texts = {
            "measures": say.measures(each.measures, each.hours),
            "cheapest": say.size(cell) if cell else say.words["no_cell"],
            "cost": say.cost(cell.cost if cell else None), "spared": say.cost(each.spared),
            "others": say.percent(cell.others) if cell else say.numbers.number(None),
        }  # fmt: skip
        rows.append((texts, "ok" if cell else "bad"))
    return _table("arms", data, say, "cheapest", rows)


def _every(data: SweepReport, say: Sentences) -> dict[str, Any]:
    rows = []
    for each in data.cells:
        look, sign = STATES[each.state]
        state = each.why[say.language] if each.why else f"{sign} {say.state(each)}"
        figures = {name: say.percent(getattr(each, name)) for name in ("students", "teachers", "protected", "others")}
        texts = {
            "deployment": say.cell(each), "cost": say.cost(each.cost), "state": state, **figures,
            "missed": say.personas(each.missed) or say.numbers.number(None),
        }  # fmt: skip
        rows.append((texts, look))
    return _table("every", data, say, "state", rows)


def _steps(data: SweepReport, say: Sentences, key: str) -> dict[str, Any]:
    rows = [(_step(each, say), _gain(each)) for each in data.steps if each.key == key]
    return _table(key, data, say, "protected_points", rows)


def _gain(step: Step) -> str:
    """How a difference looks: better, worse, or not told apart from none."""
    if not step.told_apart:
        return ""
    return "ok" if (step.protected.value or 0.0) > 0 else "bad"


def _step(step: Step, say: Sentences) -> dict[str, str]:
    figures = {f"{name}_points": say.points(getattr(step, name)) for name in ("protected", "students", "others")}
    return {"step": _stepped(step, say), **figures, "cost": say.cost(step.cost, signed=True)}


def _stepped(step: Step, say: Sentences) -> str:
    said, before, after = say.words["stepped"], say.cells[step.before], say.cells[step.after]
    if step.key == "measures":
        return str(said.format(before=say.size(before), after=say.measures(after.measures, after.hours)))
    return str(said.format(before=say.cell(before), after=_short(step, after, say)))


def _short(step: Step, after: SweptCell, say: Sentences) -> str:
    """What one more is called: the number alone, since the rest is as before."""
    return say.numbers.number({"nodes": after.nodes, "workers": after.workers, "hours": after.hours}[step.key])


def _chart(data: SweepReport, say: Sentences) -> Any:
    arms: dict[str, list[SweptCell]] = {}
    for each in data.cells:
        arms.setdefault(say.measures(each.measures, each.hours), []).append(each)
    said = {each.id: f"{say.percent(each.students)} {STATES[each.state][1]} {say.state(each)}" for each in data.cells}
    said |= {f"cost {each.cost:g}": say.cost(each.cost) for each in data.cells}
    plots = dict(say.words["plots"])
    unit = say.words["per_month"].format(unit=data.unit) if data.priced else say.words["units"][data.unit]
    plots["x"] = plots["x"].format(unit=unit)
    return draw(arms, said, plots, say.language)
