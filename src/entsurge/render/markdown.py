"""The report in short, as Markdown: verdicts, continuity, the four figures, objectives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from entsurge.render import devices
from entsurge.render.answer import advice, card, in_force
from entsurge.render.catalogue import catalogue, with_personas
from entsurge.render.effects import effects_markdown
from entsurge.render.html import (
    DECIMALS,
    FIGURES,
    all_personas,
    messages,
    run_titles,
)
from entsurge.render.musts import must_in_words
from entsurge.render.numbers import Numbers
from entsurge.render.saying import paragraph
from entsurge.render.tiles import others
from entsurge.render.transport import transport_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.findings.audience import FigureRow
    from entsurge.findings.report import Report, RunFindings

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|])")


def escaped(text: object) -> str:
    """A text that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", str(text)).replace("\n", " ")


def render_markdown(data: Report, language: str) -> str:
    """The report in one language."""
    words, numbers = with_personas(messages(language), language, all_personas(data)), Numbers(language)
    titles = run_titles(data.runs, words)
    lines = [f"# {words['top']['report']}", ""]
    for run, title in zip(data.runs, titles, strict=True):
        shown = card(run, words, numbers)
        lines.append(f"- **{escaped(title)}{words['colon']} {shown.sign} {escaped(shown.head)}**. "
                     + escaped(" ".join([*shown.lines, in_force(run, language)])).rstrip())  # fmt: skip
    now = catalogue("answer", language)["now"]
    lines += ["", f"**{now}{words['colon']}** {escaped(advice(data.runs[-1], language)[0])}", ""]
    for run, title in zip(data.runs, titles, strict=True):
        lines += [f"## {escaped(title)}", "", escaped(paragraph(run.sentences, language)), ""]
        lines += [
            *_continuity(run, words, numbers),
            "",
            *_figures(run, words, numbers),
            *_retries(run, words, numbers, title),
            "",
            *_objectives(run, words, numbers),
            "",
            *_devices(run, words, numbers),
            *_transport(run, words, numbers),
            *effects_markdown(run.effects, words, numbers),
        ]
    return "\n".join(lines) + "\n"


def _continuity(run: RunFindings, words: dict[str, Any], numbers: Numbers) -> Iterator[str]:
    found, names, colon = run.continuity, words["continuity"], words["colon"]
    yield f"- {names['students']}{colon} {numbers.number(found.students.per_100)}"
    yield f"- {names['teachers']}{colon} {numbers.number(found.teachers.per_100)}"
    for title, (each, *_) in others([run], words):
        yield f"- {title}{colon} {numbers.number(each.per_100 if each else None)}"
    yield f"- {names['schools']}{colon} {numbers.number(found.schools_cut_off.count)}"


def _figures(run: RunFindings, words: dict[str, Any], numbers: Numbers) -> Iterator[str]:
    names = words["figures"]
    columns = ("published", "week", "window", "opened", "served")
    yield "| " + " | ".join([names["figure"], *(names[column] for column in columns)]) + " |"
    yield "|---" + "|--:" * len(columns) + "|"
    for figure in FIGURES:
        row: FigureRow = getattr(run.figures, figure)
        cells = [f"{numbers.plain(row.published.value)} {numbers.change(row.published.change_percent)}"]
        cells += [
            f"{numbers.number(each.value, DECIMALS[figure])} {numbers.change(each.change_percent)}"
            for each in (row.week, row.window, row.opened, row.served)
        ]
        yield f"| {names[figure]} | " + " | ".join(cell.strip() for cell in cells) + " |"


def _retries(run: RunFindings, words: dict[str, Any], numbers: Numbers, title: str) -> Iterator[str]:
    found = run.retries
    if found.attempts:
        told = words["figures"]["retries"].format(
            run=title, attempts=numbers.number(found.attempts), people=numbers.number(found.people),
            most=numbers.number(found.most), served=numbers.number(found.in_the_end),
            sign_ons=numbers.number(found.more_sign_ons), pages=numbers.number(found.more_pages),
        )  # fmt: skip
        yield from ("", escaped(told))


def _devices(run: RunFindings, words: dict[str, Any], numbers: Numbers) -> Iterator[str]:
    names, rows = words["devices"], devices.cells(run.devices, words, numbers)
    if not rows or run.devices is None:
        return
    yield from (f"### {names['title']}", "", "| " + " | ".join(names[column] for column in devices.COLUMNS) + " |")
    yield "|---" + "|--:" * (len(devices.COLUMNS) - 1) + "|"
    yield from ("| " + " | ".join(map(escaped, row)) + " |" for row in rows)
    yield from ("", escaped(devices.note(run.devices, words, simulated=bool(run.simulated))), "")


def _transport(run: RunFindings, words: dict[str, Any], numbers: Numbers) -> Iterator[str]:
    found, names = run.transport, words["transport"]
    if not found.phases:
        return
    yield from (f"### {names['title']}", "")
    yield from (f"- {escaped(line)}" for line in transport_lines(found, words, numbers))
    columns = ("phase", "count", "p50", "p95", "mean", "share")
    yield from ("", "| " + " | ".join(names[column] for column in columns) + " |", "|---" + "|--:" * 5 + "|")
    for row in found.phases:
        times = (numbers.fine(each) for each in (row.p50_s, row.p95_s, row.mean_s))
        cells = (names[row.phase], numbers.number(row.count), *times, numbers.ratio(row.share))
        yield "| " + " | ".join(cells) + " |"
    yield ""


def _objectives(run: RunFindings, words: dict[str, Any], numbers: Numbers) -> Iterator[str]:
    names = words["objectives"]
    headings = (names[key] for key in ("state", "who", "must", "value", "interval"))
    yield "| " + " | ".join(headings) + " |"
    yield "|---|---|---|--:|--:|"
    for each in run.objectives:
        service = "" if each.service == "*" else f", {words['services'].get(each.service, each.service)}"
        cells = (
            names[each.state], words["personas"].get(each.persona, each.persona) + service,
            must_in_words(each.must, words["language"]),
            numbers.measure(each.value, each.unit), numbers.interval(each.low, each.high, each.unit),
        )  # fmt: skip
        yield "| " + " | ".join(escaped(cell) for cell in cells) + " |"
