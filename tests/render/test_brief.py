"""The daily brief: one page, no percentile, both languages; every piece of advice with the figure that set it off."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pypdfium2 import PdfDocument
from tests.analysis.records import objective, pages, record, visit
from tests.render.test_golden import held
from tests.typography import plain, still

from entsurge.analysis.advice import RULES, advise
from entsurge.analysis.brief import brief, run_without
from entsurge.analysis.report import findings_of
from entsurge.cli import main
from entsurge.findings.brief import Advice, Brief, Reason
from entsurge.findings.statement import Statement
from entsurge.record.reading.run import Run, read_run
from entsurge.render.answer import card
from entsurge.render.brief import render_brief_html, render_brief_markdown, render_brief_text, uncapitalised
from entsurge.render.brief_picture import draw_brief
from entsurge.render.brief_sentences import gap
from entsurge.render.catalogue import catalogue, with_personas
from entsurge.render.numbers import Numbers
from entsurge.render.pdf import write_pdf

HOSTILE = "<script>alert(1)</script>"
MEASURE = {
    "id": "pupils-and-teachers-first", "kind": "measure", "title": {"fr": "Élèves d’abord", "en": "Pupils first"},
    "defers": ["parent"], "start_s": 0.0, "end_s": 140.0,
}  # fmt: skip
OWED = [objective("p95 < 1s"), objective("errors < 5%", id="e"), objective("p95 < 1s", id="p", persona="parent")]


def day(
    tmp_path: Path, *, seconds: float = 0.3, served: int = 1, parents: str = "ok", perturbations: tuple[Any, ...] = ()
) -> Run:
    """A hundred pupils and fifty parents of one page each, pupils served or failed, parents served or sent away."""
    outcome = "ok" if served else "failed"
    rows = pages(count=100, seconds=seconds, outcome=outcome)
    rows += pages(persona="parent", service="marks", page="marks", count=100, seconds=seconds, outcome=parents)
    visits = [
        visit(name=f"student/{n}", ok=served, failed=1 - served, work_served=bool(served), school="9990001X",
              due_us=10_000_000 + 900_000 * n, start_us=10_000_000 + 900_000 * n, end_us=10_500_000 + 900_000 * n)
        for n in range(100)
    ]  # fmt: skip
    of = {"ok": {"ok": 1}, "shed": {"ok": 0, "shed": 1, "end": "shed", "sign_on": "shed"}}[parents]
    visits += [visit(name=f"parent/{n}", persona="parent", school="", work_planned=False, **of) for n in range(50)]
    planned = {"student": {"visits": 100, "page_views": 100}, "parent": {"visits": 50, "page_views": 50}}
    return read_run(record(
        tmp_path, rows, visits, objectives=OWED, planned=planned, perturbations=list(perturbations),
        compression=45.0, title={"fr": f"essai {HOSTILE}", "en": f"trial {HOSTILE}"},
    ))  # fmt: skip


def advised(data: Brief) -> list[str]:
    return [each.id for each in data.advice]


def test_a_day_that_held_says_so(tmp_path: Path) -> None:
    """Nothing to do; the figure that says so is 0.3 of what is owed."""
    data = brief(day(tmp_path))
    assert (data.verdict, advised(data), data.teachers) == ("PASS", ["nothing-to-do"], "held")
    text = render_brief_markdown(data, "en")
    assert "Of 100 pupils who came, 100 read their work." in text
    assert "Why: every objective is kept, the slowest pages take 30% of the time allowed." in text
    assert "Nobody." in text.partition("## Who was not served")[2]


def test_a_day_that_did_not_says_for_whom_and_what_next(tmp_path: Path) -> None:
    """Pupils failed whole: they are named, their school is cut off and to be called, the advice has its figures."""
    data = brief(day(tmp_path, served=0))
    assert data.verdict == "FAIL"
    assert [each.persona for each in data.lost] == ["student"]
    assert {"call-schools", "refuse-early", "pupils-and-teachers-first"} <= set(advised(data))
    text = render_brief_markdown(data, "fr")
    assert "Appeler les établissements coupés : 9990001X." in plain(text)
    assert "Sur 100 élèves venus, 0 ont lu leur travail." in text
    assert "100 % des pages échouent" not in plain(text)  # two thirds of all pages do
    assert "67 % des pages échouent" in plain(text)


def test_what_was_tried_is_held_against_the_day_without_it(tmp_path: Path) -> None:
    """Found among the runs by itself; its price in visits is said."""
    plain = day(tmp_path, seconds=3.0)
    helped = day(tmp_path, parents="shed", perturbations=(MEASURE,))
    other = day(tmp_path)
    other.manifest["window"] = {"day": "tuesday"}
    found = run_without(helped, [helped, other, plain])
    assert found is plain
    data = brief(helped, found)
    text = render_brief_markdown(data, "en")
    assert "Measure: Pupils first (parents: at other hours)" in text
    assert "3\u202fs → 0.3\u202fs" in text
    assert "50 visits of parents were put off" in text
    assert advised(data) == ["reopen-by-slots"]
    assert data.teachers == "held_with_measures"
    assert "what it bought is not known" in render_brief_markdown(brief(helped), "en")


def test_a_measurement_in_doubt_advises_only_to_measure_again(tmp_path: Path) -> None:
    """However bad the figures."""
    run = day(tmp_path, served=0)
    run.finish["cpu_share"] = 0.99
    data = brief(run)
    assert advised(data) == ["measure-again"]
    text = render_brief_markdown(data, "en")
    assert "The rehearsal is not to be believed: generator CPU: 99%" in text
    assert text.count("The rehearsal cannot tell.") == 1
    assert "of their pages served" not in text
    assert "of 100" not in text.lower() + render_brief_text(data, "en").lower()
    assert draw_brief(findings_of(run), "en") == {}
    measures = day(tmp_path, served=0, perturbations=(MEASURE,))
    measures.finish["cpu_share"] = 0.99
    assert "→" not in render_brief_markdown(brief(measures, day(tmp_path)), "en")


@pytest.mark.parametrize(
    ("language", "price", "why"),
    [("fr", "le coût, pour les parents : environ 4 300 visites reportées (50 dans l’échantillon au 1/86)",
      "environ 4 300 visites reportées volontairement (50 dans l’échantillon au 1/86)"),
     ("en", "the price: about 4,300 visits of parents were put off (50 in the sample of 1/86)",
      "about 4,300 visits put off on purpose (50 in the sample of 1/86)")],
)  # fmt: skip
def test_people_are_those_of_the_region(tmp_path: Path, language: str, price: str, why: str) -> None:
    """Where a sample was replayed, who was put off is counted for everybody, as the report does, the sample beside."""
    helped = brief(day(tmp_path, parents="shed", perturbations=(MEASURE,)), day(tmp_path))
    text = plain(render_brief_markdown(replace(helped, scale="1/86"), language))
    assert price in text
    assert why in text


def test_a_card_says_two_reasons_and_folds_the_rest(tmp_path: Path) -> None:
    """A measurement with six faults: two of them on the card, four beneath a fold, all of them in the report."""
    missed = Statement("missed", {"who": ["x"], "measured": Statement("too-close", {})})
    faults = [missed, *(Statement("in-doubt", {"name": f"fault {number}", "why": "x"}) for number in range(5))]
    run = replace(findings_of(day(tmp_path)), verdict="INVALID", reasons=faults)
    shown = card(run, with_personas(catalogue("messages", "en"), "en"), Numbers("en"))
    assert (len(shown.why), shown.more, len(shown.folded)) == (2, "and 4 other reasons", 4)
    assert "objective" in shown.folded[-1]
    assert "and 4 other reasons." in shown.lines


@pytest.mark.parametrize(
    ("served", "verdict", "told"),
    [(1, "PASS", ("is of those put off", "Hence the gap")), (0, "FAIL", ("includes those put off",) * 2)],
)
def test_the_gap_is_those_put_off_alone_where_nobody_failed(
    tmp_path: Path, served: int, verdict: str, told: tuple[str, str]
) -> None:
    """Of a run that failed, pages that failed are in it as well; without a visit put off, nothing is said of it."""
    run = day(tmp_path, served=served, parents="shed", perturbations=(MEASURE,))
    data, words = brief(run), with_personas(catalogue("messages", "en"), "en")
    assert data.verdict == verdict
    assert told[0] in gap(data, with_personas(catalogue("brief", "en"), "en"))
    assert told[1] in " ".join(card(findings_of(run), words, Numbers("en")).lines)
    nobody = replace(data, figures=replace(data.figures, deferred_visits=0.0))
    assert gap(nobody, catalogue("brief", "en")) == ""


@pytest.mark.parametrize(("language", "subject"), [("fr", ": l’ENT n’a pas tenu"), ("en", ": it did not hold")])
def test_the_subject_of_a_mail_has_one_capital(tmp_path: Path, language: str, subject: str) -> None:
    """What held is said within a sentence there; SIMULATED stays as it is."""
    assert subject in plain(render_brief_text(brief(day(tmp_path, served=0)), language)).partition("\n")[0]
    assert uncapitalised("SIMULATED · It held") == "SIMULATED · It held"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_holds_at_its_thresholds_and_not_beside_them(rule: Any) -> None:
    """With every figure at its threshold the rule holds; with one a little off, or not known, it does not."""
    at = {each.figure: each.threshold for each in rule.conditions}
    assert rule.id in [each.id for each in advise(at, ())]
    for each in rule.conditions:
        off = each.threshold - 0.01 if each.sign == ">=" else each.threshold + 0.01
        assert rule.id not in [one.id for one in advise(at | {each.figure: off}, ())]
        assert rule.id not in [one.id for one in advise(at | {each.figure: None}, ())]
    for name in rule.unless:
        assert rule.id not in [one.id for one in advise(at, (name,))]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_rule_has_its_words(rule: Any, language: str, tmp_path: Path) -> None:
    """Advice, and a reason with value and threshold for each condition."""
    data = brief(day(tmp_path))
    because = [Reason(each.figure, each.sign, each.threshold, 7.0) for each in rule.conditions]
    text = render_brief_markdown(replace(data, advice=[Advice(rule.id, because)]), language)
    assert "{" not in text


def test_the_documented_rules_are_the_rules() -> None:
    """docs/brief.md has each rule with its conditions and what it is not advised beside, in order."""
    text = (Path(__file__).parents[2] / "docs" / "brief.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| ([a-z-]+)(?: \(alone\))? \| (.*?) \| ?(.*?) ?\|$", text, re.MULTILINE)
    rules = [
        (rule.id, ", ".join(f"{each.figure} {each.sign} {each.threshold:g}" for each in rule.conditions),
         ", ".join(rule.unless))
        for rule in RULES
    ]  # fmt: skip
    assert [row for row in told if row[0] != "advice"] == rules


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("held", [True, False])
def test_one_page_without_percentiles(language: str, held: bool, tmp_path: Path) -> None:
    """Under five hundred words; no p95, no script; what comes from a target is escaped."""
    data = brief(day(tmp_path, served=int(held)))
    page, text = render_brief_html(data, language), render_brief_markdown(data, language)
    assert len(text.split()) < 500
    assert not re.search(r"\bp\d\d\b|percentile", page + text)
    assert "<script" not in page
    assert "\\<script\\>" in text
    assert "&lt;script&gt;" in page
    assert "http" not in page


@pytest.mark.needs("chromium")
def test_it_prints_on_one_sheet(tmp_path: Path) -> None:
    """The longest of them, a day on which everything was lost for everybody, with its picture, as Chromium's PDF."""
    run = day(tmp_path, served=0, perturbations=(MEASURE,))
    data = brief(run, day(tmp_path))
    because = [Reason("missed", ">=", 1, 3.0)] * 2
    data = replace(
        data,
        advice=[Advice(rule.id, because) for rule in RULES[1:9]],
        lost=[replace(data.lost[0], persona=who) for who in ("student", "teacher", "parent", "staff")],
    )
    pictures = draw_brief(findings_of(run), "fr")
    assert set(pictures) == {"narrow", "wide"}
    page = render_brief_html(data, "fr", report="report.fr.html", pictures=pictures)
    assert still(page).count("<svg") == 3  # the hatching, and one picture in two widths
    write_pdf(page, tmp_path / "brief.pdf")
    (sheet,) = PdfDocument(tmp_path / "brief.pdf")
    text = " ".join(sheet.get_textpage().get_text_range().split())
    assert "Que faire demain matin" in text
    assert "1 / 1" in text
    assert text.count("demandées") >= 1


def test_the_command_writes_one_brief_a_run(tmp_path: Path) -> None:
    """Two runs, one language, one format: two files, each in its run's folder; a run that is none is exit code 2."""
    runs = [day(tmp_path), day(tmp_path, served=0)]
    with pytest.raises(SystemExit) as ended:
        main(["brief", *(str(run.path) for run in runs), "--lang", "fr", "--format", "md"])
    assert ended.value.code == 0
    assert [(run.path / "brief.fr.md").read_text().startswith("# Point de situation") for run in runs] == [True, True]
    assert not (runs[0].path / "brief.en.md").exists()
    with pytest.raises(SystemExit) as ended:
        main(["brief", str(tmp_path)])
    assert ended.value.code == 2


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_mail_is_the_one_that_was_kept(language: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The text of an e-mail on a day that was lost: about ten lines, the subject first, three pieces of advice."""
    data = brief(day(tmp_path, served=0, perturbations=(MEASURE,)))
    text = render_brief_text(data, language, report="runs/monday/report.html")
    held(f"brief.{language}.txt", text, update=request.config.getoption("--update-golden"))
    assert len([line for line in text.splitlines() if line]) <= 12
    assert "\u202f" not in text


def test_the_command_links_to_a_report_that_is_there(tmp_path: Path) -> None:
    """From wherever the brief is written; an e-mail names the file, or the command that writes one."""
    run = day(tmp_path)
    for names in ((), ("report.en.html",)):
        for name in names:
            (run.path / name).write_text("")
        with pytest.raises(SystemExit):
            main(["brief", str(run.path), "--out", str(tmp_path / "out"), "--lang", "en", "--format", "html,txt"])
        page = (tmp_path / "out" / "brief.en.html").read_text()
        mail = (tmp_path / "out" / "brief.en.txt").read_text()
        assert ('href="../run-0/report.en.html"' in page) == bool(names)
        assert f"The whole report: {run.path / names[0] if names else f'entsurge report {run.path}'}\n" in mail


def test_an_unknown_format_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and those that there are."""
    with pytest.raises(SystemExit) as ended:
        main(["brief", str(tmp_path), "--format", "docx"])
    assert ended.value.code == 2
    assert "html, pdf, md, txt, json" in capsys.readouterr().err


def test_what_held_is_not_told_to_close_messaging() -> None:
    """Visits that a measure puts off are not served on purpose: with no objective missed, nothing more is closed."""
    put_off = {"passed": 1.0, "missed": 0.0, "unserved_percent": 40.0, "messages_percent": 20.0}
    assert not advise(put_off, ["pupils-and-teachers-first"])
    assert [each.id for each in advise(put_off | {"missed": 1.0}, ["pupils-and-teachers-first"])] == ["messaging-off"]
