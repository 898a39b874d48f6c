"""The comparison of runs as one HTML page and as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsurge.findings.comparison import EVERYTHING
from entsurge.render import hover
from entsurge.render.catalogue import catalogue, with_personas
from entsurge.render.ci import escaped
from entsurge.render.counts import counts
from entsurge.render.effects import estimate
from entsurge.render.intervals import Estimated, draw_intervals
from entsurge.render.numbers import NOTHING, Numbers
from entsurge.render.page import environment
from entsurge.render.saying import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from entsurge.findings.comparison import (
        Compared,
        ComparedRun,
        Comparison,
        ComparisonReport,
        LeftOut,
        LevelChange,
        PageErrors,
    )
    from entsurge.render.hover import Chart

STATE_SIGNS = {"regression": "✗", "improvement": "+", "same": "=", "blind": "?", "not-judged": "–"}
PAINTS = {"regression": "bad", "improvement": "ok", "same": "accent", "blind": "warn", "not-judged": "soft"}
LOOKS = {"worse": ("bad", "✗"), "same": ("ok", "✓"), "unseen": ("warn", "?"), "cannot_show": ("warn", "?")}
DRAWN_ROWS = 10  # of the chart, the gravest
PRINTED_ROWS = 12  # of each table, the gravest: three sheets at most
SECTIONS = ("scopes", "pages", "left_out", "changes", "runs")


def render_comparison_html(data: ComparisonReport, language: str) -> str:
    """One page that needs no network."""
    chart = _chart(data, language)
    context = {"chart": chart, "script": hover.script() if chart else "",
               "view": view(data, language), "data": data, "sections": SECTIONS,
               "words": _words(data, language), "lang": language, "n": Numbers(language),
               "day": Numbers(language).day(data.generated_utc), "printed_rows": PRINTED_ROWS,
               "other": "en" if language == "fr" else "fr"}  # fmt: skip
    return environment().get_template("comparison.html.j2").render(context)


def _chart(data: ComparisonReport, language: str) -> Chart | None:
    """How much slower the gravest scopes are, with their intervals; None where nothing is compared."""
    words, numbers = _words(data, language), Numbers(language)
    columns = words["scopes"]["columns"]
    rows = []
    for each in gravest(data.scopes)[:DRAWN_ROWS]:
        state = _state(each, data)
        cells = _page(each, state, words, numbers)
        read = dict(zip(columns, cells, strict=False))
        rows.append(Estimated(cells[1], each.ratio, each.low, each.high, PAINTS[state], read))
    title = words["chart"]["title"].format(quantile=f"{data.quantile:g}")
    return draw_intervals(rows, title, 1.0, language) if rows else None


def render_comparison_markdown(data: ComparisonReport, language: str) -> str:
    """The same in short."""
    shown, words = view(data, language), _words(data, language)
    lines = [f"# {words['title']}", "", f"**{shown['sign']} {escaped(shown['verdict'])}**", ""]
    lines += [*(f"- {escaped(line)}" for line in (*shown["errors"], *shown["notes"])), ""]
    for name in SECTIONS:
        lines += [
            f"## {words[name]['title']}",
            "",
            *_table(words[name]["columns"], shown[name], shown["nothing"][name]),
            "",
        ]
    return "\n".join(lines)


def _words(data: ComparisonReport, language: str) -> dict[str, Any]:
    """The words of the comparison, those for the runs' personas among them."""
    return with_personas(catalogue("comparison", language), language, data.personas)


def _table(columns: list[str], rows: list[list[str]], nothing: str) -> Iterator[str]:
    if not rows:
        yield nothing
        return
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield "| " + " | ".join(escaped(cell) for cell in row) + " |"


def view(data: ComparisonReport, language: str) -> dict[str, Any]:
    """The comparison in words and written numbers: verdict, lines on what was unseen and on errors, notes, tables."""
    words, numbers = _words(data, language), Numbers(language)
    verdict = _verdict(data)
    simulated = ", ".join(dict.fromkeys(run.simulated for run in data.runs if run.simulated))
    return {
        "look": LOOKS[verdict][0], "sign": LOOKS[verdict][1],
        "simulated": simulated,
        "verdict": (f"{words['simulated']['mark']} · " if simulated else "")
        + words["verdict"][verdict].format(**counts(data, words, numbers)),
        "errors": [*_unseen(data, language), *_errors(data, words, numbers)],
        "scopes": [[*_page(each, _state(each, data), words, numbers), *_shown(each, words, numbers)]
                   for each in gravest(data.scopes)],
        "left_out": [_left_out(each, words, numbers) for each in (*data.left_out_scopes, *data.left_out_pages)],
        "notes": [say(each, language) for each in data.notes]
        + [words["differ"].format(what=say(each, language)) for each in data.differences],
        "pages": [_page(page, _state(page, data), words, numbers) for page in ordered(data.pages)],
        "changes": [_change(change, words, numbers) for change in data.history.changes],
        "runs": [_run(run, words, numbers) for run in data.runs],
        "nothing": dict.fromkeys(SECTIONS, words["nothing"]) | {"changes": _no_change(data, words)},
        "about": words["about"].format(
            quantile=f"{data.quantile:g}", effect=numbers.percent(100 * data.least_effect),
            fewest=data.history.fewest,
        ),
    }  # fmt: skip


def _verdict(data: Comparison) -> str:
    if data.worse:
        return "worse"
    return "same" if data.state == "green" else "unseen" if data.can_show else "cannot_show"


def _state(each: Compared, data: Comparison) -> str:
    return "not-judged" if not data.can_show else "blind" if each.blind else each.state


def _unseen(data: Comparison, language: str) -> Iterator[str]:
    if data.unseen:
        told = say(data.unseen, language)
        yield f"{told[:1].upper()}{told[1:]}."


def _shown(each: Compared, words: Mapping[str, Any], numbers: Numbers) -> tuple[str, str]:
    """From which change on a scope's is shown at 80 % power, and how many runs would show the least effect."""
    smallest = "–" if each.smallest is None else numbers.change(100 * (each.smallest - 1))
    if not each.blind:
        return smallest, "–"
    if each.would_do is None:
        return smallest, str(words["more_than_ten"] if each.smallest is not None else "–")
    baselines, candidates = each.would_do
    return smallest, str(words["would_do"].format(baselines=baselines, candidates=candidates))


def _left_out(each: LeftOut, words: Mapping[str, Any], numbers: Numbers) -> list[str]:
    return [
        words["reasons"][each.reason], _name(each, words), numbers.number(each.asked),
        f"{numbers.number(each.fewest)} … {numbers.number(each.most)}", each.run,
    ]  # fmt: skip


def _no_change(data: ComparisonReport, words: Mapping[str, Any]) -> str:
    """Why no change is shown: there was none, or there are too few runs to look for one."""
    fewest = data.history.fewest
    return str(words["nothing"] if len(data.runs) >= fewest else words["changes"]["few"].format(fewest=fewest))


def gravest(scopes: Sequence[Compared]) -> list[Compared]:
    """Regressions first, then what could have gone unseen, then everybody, personas, services in their order."""
    return sorted(scopes, key=lambda each: (each.state != "regression", not each.blind))


def ordered(pages: Sequence[Compared]) -> list[Compared]:
    """Regressions first, then by how little chance explains them, then by ratio."""
    return sorted(pages, key=lambda page: (page.state != "regression", page.p_adjusted, -page.ratio))


def _errors(data: ComparisonReport, words: Mapping[str, Any], numbers: Numbers) -> Iterator[str]:
    for name, shift in (("errors", data.errors), ("refused", data.refused)):
        text = words[f"{name}_line"].format(points=numbers.number(100 * shift.estimate, 2, signed=True))
        low, high = (None if end is None else numbers.number(100 * end, 2) for end in (shift.low, shift.high))
        yield text if low is None else f"{text} [{low} … {high}]"
    for each in data.failing:
        yield words["failing_line"].format(
            page=_name(each, words),
            before=numbers.ratio(each.baseline_share),
            after=numbers.ratio(each.candidate_share),
        )


def _name(page: Compared | LeftOut | LevelChange | PageErrors, words: Mapping[str, Any]) -> str:
    """A share of all pages, everybody, a persona, a persona on a service, or a page."""
    if page.persona == EVERYTHING and page.page != EVERYTHING:
        return str(words["all_pages"][page.page])
    persona = words["personas"].get(page.persona, page.persona)
    service = words["services"].get(page.service, page.service)
    own = [] if page.page == EVERYTHING else [words["actions"].get(page.page, page.page)]
    return " · ".join([persona, *([service] if page.service != EVERYTHING else []), *own])


def _page(page: Compared, state: str, words: Mapping[str, Any], numbers: Numbers) -> list[str]:
    interval = "–" if page.low is None else f"{numbers.number(page.low, 2)} … {numbers.number(page.high, 2)}"
    return [
        f"{STATE_SIGNS[state]} {words['states'][state]}", _name(page, words),
        numbers.seconds(page.baseline_seconds), numbers.seconds(page.candidate_seconds),
        f"× {numbers.number(page.ratio, 2)}", interval, numbers.number(page.p_adjusted, 3),
    ]  # fmt: skip


def _change(change: LevelChange, words: Mapping[str, Any], numbers: Numbers) -> list[str]:
    share = change.of_share
    write = numbers.ratio if share else numbers.seconds
    effect = (
        f"{numbers.number(100 * change.effect, 1, signed=True)} {words['points']}"
        if share
        else f"× {numbers.number(change.effect, 2)}"
    )
    return [change.run, _name(change, words), write(change.before), write(change.after), effect]


def _run(run: ComparedRun, words: Mapping[str, Any], numbers: Numbers) -> list[str]:
    side = words["candidate" if run.candidate else "baseline"]
    return [run.name, side, numbers.moment(run.started_utc), numbers.number(run.pages), numbers.ratio(run.failed),
            numbers.ratio(run.refused), run.plan_digest, _kept(run, numbers)]  # fmt: skip


def _kept(run: ComparedRun, numbers: Numbers) -> str:
    """What protected people kept of the promised service during each fault, and how long after its end it was over."""
    return (
        "; ".join(
            f"{name}: {estimate(of.kept_percent, numbers, 1)} · {numbers.seconds(of.disturbance.recover_s)}"
            for name, of in run.resilience.items()
        )
        or NOTHING
    )
