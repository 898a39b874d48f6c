"""The daily brief as one HTML page, as Markdown and as the text of an e-mail: what to do, in sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from entsurge.render import brief_sentences as sentences
from entsurge.render import hover
from entsurge.render.catalogue import catalogue, target_name, with_personas
from entsurge.render.ci import escaped
from entsurge.render.numbers import NARROW, Numbers
from entsurge.render.page import environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from entsurge.findings.brief import Brief
    from entsurge.render.hover import Chart

LOOKS = {"PASS": ("ok", "✓"), "FAIL": ("bad", "✗"), "INCONCLUSIVE": ("warn", "?"), "INVALID": ("void", "⊘")}
SECTIONS = ("continuity", "lost", "held", "unsure", "tried")
MAILED = 3
"""Pieces of advice in an e-mail."""


@dataclass(frozen=True, kw_only=True)
class BriefPage:
    """The brief in written sentences; `day` is when the run began, `sections` have their lines by name."""

    look: str
    sign: str
    head: str
    lead: str
    when: str
    title: str
    target: str
    subtitle: str
    day: str
    limits: str
    tomorrow: list[sentences.ToDo]
    sections: dict[str, list[str]]
    teachers: str
    picture: str
    gap: str
    made: str
    simulated: str


def render_brief_html(
    data: Brief, language: str, *, report: str = "", pictures: Mapping[str, Chart] | None = None
) -> str:
    """One page that needs no network and fits on a sheet; it links to a `report` and shows pictures, if there are."""
    context = {
        "page": view(data, language), "words": _words(data, language), "lang": language, "report": report,
        "pictures": pictures or {}, "script": hover.script() if pictures else "",
        "other": "en" if language == "fr" else "fr",
    }  # fmt: skip
    return environment().get_template("brief.html.j2").render(context)


def render_brief_markdown(data: Brief, language: str) -> str:
    """The same page as Markdown."""
    page, words = view(data, language), _words(data, language)
    lines = [f"# {words['title']}", "", escaped(page.subtitle), "", f"**{page.sign} {escaped(page.head)}**. "
             + escaped(page.lead), "", escaped(page.limits)]  # fmt: skip
    lines += ["", f"## {words['tomorrow']['title']}", ""]
    lines += [f"{number}. {escaped(f'{each.what} {each.why}'.strip())}" for number, each in enumerate(page.tomorrow, 1)]
    for name, of in page.sections.items():
        lines += ["", f"## {words[name]['title']}", "", *(f"- {escaped(line)}" for line in of)]
    lines += ["", f"## {words['teachers']['title']}", "", f"> {escaped(page.teachers)}", "", escaped(page.made)]
    return "\n".join(lines) + "\n"


def render_brief_text(data: Brief, language: str, *, report: str = "") -> str:
    """The text of an e-mail, subject first: about ten lines, each a paragraph that mail programs wrap."""
    page, said = view(data, language), _words(data, language)["mail"]
    more = len(page.tomorrow) - MAILED
    lines = [
        said["subject"].format(when=page.when, head=uncapitalised(page.head)), "", said["hello"], "",
        " ".join(filter(None, [said["lead"].format(title=page.title, target=page.target, lead=page.lead),
                               page.limits])),
        " ".join(page.sections["continuity"]), "", said["tomorrow"],
        *(f"- {each.what}" for each in page.tomorrow[:MAILED]),
        *([f"- {Numbers(language).count(said['more'], more)}"] if more > 0 else []),
        "", said["teachers"].format(text=page.teachers),
        *([said["report"].format(report=report)] if report else []),
    ]  # fmt: skip
    return "\n".join(map(_mailed, lines)) + "\n"


def uncapitalised(text: str) -> str:
    """A head within a sentence: its first letter small, unless it begins an abbreviation."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _mailed(line: str) -> str:
    """One line, whatever a title holds, its narrow spaces those that every mail program knows."""
    return re.sub(r"[\r\n\t]+", " ", line.replace(NARROW, "\u00a0"))


def view(data: Brief, language: str) -> BriefPage:
    """The brief in written sentences."""
    words, numbers = _words(data, language), Numbers(language)
    look, sign = LOOKS[data.verdict]
    head, lead = sentences.head(data, words, numbers, language)
    when, title = sentences.when(data, words, numbers), data.title[language]
    if data.simulated:
        head = f"{words['simulated']['mark']} · {head}"
    return BriefPage(
        look=look,
        sign=sign,
        head=head,
        lead=lead,
        when=when,
        title=title,
        target=target_name(data.target, language),
        subtitle=words["subtitle"].format(when=when, title=title, target=target_name(data.target, language)),
        day=numbers.day(data.started_utc),
        limits=" ".join(filter(None, [_paper(data, words), sentences.limits(data, words, numbers)])),
        tomorrow=sentences.tomorrow(data, words, numbers),
        sections={name: lines for name, lines in _sections(data, words, numbers, language) if lines},
        teachers=sentences.for_teachers(data, words, numbers),
        picture=sentences.picture(data, words, numbers),
        gap=sentences.gap(data, words),
        made=words["made"].format(name=data.name, started=numbers.moment(data.started_utc)),
        simulated=data.simulated,
    )


def _paper(data: Brief, words: Mapping[str, Any]) -> str:
    """What is said of a brief on a simulation; empty for any other."""
    return words["simulated"]["note"].format(name=data.simulated) if data.simulated else ""


def _sections(
    data: Brief, words: Mapping[str, Any], numbers: Numbers, language: str
) -> Iterator[tuple[str, list[str]]]:
    told = data.verdict != "INVALID"
    of = {
        "continuity": sentences.continuity(data, words, numbers) if told else [words["untold"]],
        "lost": sentences.lost(data, words, numbers) if told else [],
        "held": sentences.held(data, words, numbers) if told else [],
        "unsure": sentences.unsure(data, words, numbers) if told else [],
        "tried": sentences.tried(data, words, numbers, language),
    }
    yield from ((name, of[name]) for name in SECTIONS)


def _words(data: Brief, language: str) -> dict[str, Any]:
    """The words of the brief, those for the run's personas among them."""
    return with_personas(catalogue("brief", language), language, data.personas)
