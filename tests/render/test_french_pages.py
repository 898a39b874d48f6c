"""Pages as French people read them: no ordinary space before : ; ! ? » %, no English word, no name of a variable.

The words that were corrected once stay away: the left column of `CORRECTED`, in every page and in every catalogue.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from tests.live.runs import manifest
from tests.render.test_brief import MEASURE, day
from tests.render.test_golden import GOLDEN
from tests.render.test_measures_page import found
from tests.render.test_small_pages import note
from tests.typography import plain

from entsurge import content
from entsurge.analysis.brief import brief
from entsurge.analysis.comparison_report import comparison_report
from entsurge.live.page import page as live_page
from entsurge.render.brief import render_brief_html, render_brief_text
from entsurge.render.comparison import render_comparison_html
from entsurge.render.measures import render_measures_html

ORDINARY = re.compile(r"[\w)»] (?:[:;»%](?!\w)|[!?](?! \w))|« \w|\w: ")  # `? Essai…`: a sign, and what it stands for
HOUR = re.compile(r"(?<![\d:])\d\d:\d\d(?![\d:])")
VARIABLE = re.compile(r"\b[a-zA-Z]+_\w+")
ENGLISH = re.compile(
    r"(?<![\w-])(the|of|and|with|run|runs|served|shed|failed|lost|asked|offered|chat|sandbox|homework|lesson-book|marks|pupils"
    r"|teachers|staff|sign-on|warm-up|surge|baseline|late|loop|generator|guard|persona|deferred|held|missed)(?![\w-])",
    re.IGNORECASE,
)
CORRECTED = (
    "Point du jour", "Mesure invalide", "Cela a tenu", "ce qui leur est dû", "(dû", "ce qui est dû", "exprès",
    "(parce que", "(à partir de", "À côté de", "à côté de", "sa variation contre", "La cible prend",
    "il ne dira", "points de moins", "Pas moins bon", "tir(s)", "candidat(s)", "Rapporté", "Coûté", "autres séries",
    "loop late", "served >", "Chat", "sandbox", "le personnel ", "différé", "renvoyé", "latence", "mesure invalide",
)  # fmt: skip
WRITTEN = {
    "brief": ["Point de situation", "L’ENT n’a pas tenu", "(objectif : ", "Motif : ", "objectif manqué",
              "seul un essai à l’échelle 1 permettra d’affirmer que l’ENT tiendra"],
    "helped": ["Par rapport au même tir sans mesure"],
    "invalid": ["Essai non fiable"],
    "comparison": ["par rapport à la référence"],
    "report": ["sa variation par rapport à", "taux de service inférieur d’au moins 5 points", "Essai non concluant",
               "boucle du générateur en retard", "Discussion"],
    "capacity": ["seul un tir à l’échelle 1", "1,6 s au plus"],
    "measures": ["Gain", "Coût"],
    "live": ["pages demandées", "plateforme d’essai"],
}  # fmt: skip


class Text(HTMLParser):
    """What a reader of a page has before their eyes or is told, other languages, code and scripts apart."""

    SILENT = frozenset({"script", "style", "pre", "code"})
    VOID = frozenset({"meta", "link", "br", "input", "rect", "circle", "path", "line", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._open: list[bool] = []
        self._drawn = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        sign = told.get("aria-hidden") == "true" and tag != "svg"
        silent = sign or tag in self.SILENT or (tag != "html" and told.get("lang", "fr") != "fr")
        self._drawn += tag == "svg"
        if told.get("aria-label") and not self._drawn:  # the drawing library's own are of a picture that is hidden
            self.said.append(f" {told['aria-label']} ")
        if tag not in self.VOID:
            self._open.append(silent)

    def handle_endtag(self, tag: str) -> None:
        self._drawn -= tag == "svg"
        if tag not in self.VOID and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if not any(self._open):
            self.said.append(data)


def read(page: str) -> str:
    """The text of a page, with one space between words."""
    parser = Text()
    parser.feed(page)
    return re.sub(r"[ \n\t]+", " ", "|".join(parser.said).replace("| ", " ").replace("|", ""))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the French pages say, by name: the committed runs' report, the others of small runs."""
    folder = tmp_path_factory.mktemp("french")
    titles = {"fr": "essai", "en": "trial"}
    days = {
        "bad": day(folder, served=0), "helped": day(folder, parents="shed", perturbations=(MEASURE,)),
        "plain": day(folder),
    }  # fmt: skip
    for run in days.values():
        run.manifest.update({"title": titles, "target": {"name": "sandbox", "url": "http://127.0.0.1:1"}})
    bad, helped = brief(days["bad"]), brief(days["helped"], days["plain"])
    note(folder / "capacity", most=2.0)
    told = manifest(target={"name": "sandbox", "url": "http://127.0.0.1:1"}, title=titles)
    return {
        "report": read((GOLDEN / "report.fr.html").read_text(encoding="utf-8")),
        "short": (GOLDEN / "report.fr.md").read_text(encoding="utf-8").replace("\\", ""),
        "brief": read(render_brief_html(bad, "fr")),
        "helped": read(render_brief_html(replace(helped, scale="1/86"), "fr")),
        "invalid": read(render_brief_html(replace(bad, verdict="INVALID"), "fr")),
        "mail": render_brief_text(bad, "fr"),
        "comparison": read(render_comparison_html(comparison_report([each.path for each in days.values()]), "fr")),
        "measures": read(render_measures_html(found(), "fr")),
        "capacity": read((folder / "capacity" / "capacity.fr.html").read_text(encoding="utf-8")),
        "live": read(live_page("fr", told, "button")),  # type: ignore[arg-type]  the tests' manifest is a plain dict
    }  # fmt: skip


NAMES = ("report", "short", "brief", "helped", "invalid", "mail", "comparison", "measures", "capacity", "live")


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_set_and_said_in_french(pages: dict[str, str], name: str) -> None:
    """Spaces that do not break, hours as 9 h 30, no word of English, nothing that is called with an underscore."""
    text = pages[name]
    assert len(text) > 500
    assert [text[max(0, each.start() - 40) : each.end() + 10] for each in ORDINARY.finditer(text)] == []
    for unwanted in (HOUR, VARIABLE, ENGLISH):
        assert [text[max(0, each.start() - 40) : each.end() + 20] for each in unwanted.finditer(text)] == []


@pytest.mark.parametrize("name", NAMES)
def test_what_was_corrected_is_nowhere(pages: dict[str, str], name: str) -> None:
    """The words that readers stumbled over, on the page that was rendered; those that were chosen are there."""
    text = plain(pages[name])
    assert [each for each in CORRECTED if each in text] == []
    assert [each for each in WRITTEN.get(name, ()) if each not in text] == []


def test_what_was_corrected_is_in_no_catalogue() -> None:
    """Nor where no page of these tests shows it; the terminal's are keyed by English sentences and have their tests."""
    for path in sorted(content.root("reports").glob("*.fr.po")):
        if path.name.startswith(("terminal.", "errors.")):
            continue
        with Path(path).open("rb") as file:
            written = read_po(file)
        texts = [text for each in written for text in ([each.string] if isinstance(each.string, str) else each.string)]
        held = plain("\n".join(texts))
        assert (path.name, [each for each in CORRECTED if each in held]) == (path.name, [])


def test_a_brief_says_no_milliseconds(pages: dict[str, str]) -> None:
    """`0,3 s` and not `300 ms`: a head of school reads it."""
    for name in ("brief", "helped", "mail"):
        assert not re.search(r"\d ms\b", plain(pages[name]))
