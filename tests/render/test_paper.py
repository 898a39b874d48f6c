"""On paper: two sheets of what is decided on, all of it as a PDF; title, date and number on every sheet."""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from pypdfium2 import PdfDocument
from tests.render.records import HOSTILE

from entsurge.cli import main
from entsurge.errors import UsageError
from entsurge.findings.verdict import Finding
from entsurge.render import pdf
from entsurge.render.page import css_text
from entsurge.render.paper import gravest


def sheets(path: Path) -> list[str]:
    """The words on every sheet."""
    return [" ".join(page.get_textpage().get_text_range().split()) for page in PdfDocument(path)]


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_report_is_printed_on_two_sheets_at_most(report: Path, language: str, tmp_path: Path) -> None:
    """What held, continuity and objectives; no percentile, no failure; each sheet has its number and the run's day."""
    pdf.write_pdf((report / f"report.{language}.html").read_text(encoding="utf-8"), tmp_path / "two.pdf")
    found = sheets(tmp_path / "two.pdf")
    assert len(found) <= 2
    for number, text in enumerate(found, 1):
        assert f"{number} / {len(found)}" in text
        assert ("01/01/2026" if language == "fr" else "2026-01-01") in text
    assert ("Les objectifs" if language == "fr" else "The objectives") in " ".join(found)
    assert "p99" not in " ".join(found)


@pytest.mark.needs("chromium")
def test_the_command_prints_all_of_it(tmp_path: Path, report: Path) -> None:
    """`--format pdf`: one file, under its name alone, with what is folded on screen; texts of a target stay text."""
    out = tmp_path / "out"
    with pytest.raises(SystemExit) as ended:
        main(["report", str(report / "b"), "--out", str(out), "--lang", "en", "--format", "pdf"])
    assert not ended.value.code
    assert [each.name for each in out.iterdir()] == ["report.en.pdf"]
    found = sheets(out / "report.en.pdf")
    assert len(found) > 2
    assert all(f"{number} / {len(found)}" in text for number, text in enumerate(found, 1))
    whole = " ".join(found)
    for folded in ("p99", "Response 500", "alert(1)", "entsurge report"):
        assert folded in whole


def test_a_pdf_that_nothing_can_make_is_refused_with_what_to_install(
    report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 before anything is read; a format that is none is 2 as well, and those that are are named."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(pdf.NAMED_BY, raising=False)
    for given, said in (("pdf", "install chromium"), ("html,docx", "html, pdf, json, junit, md")):
        with pytest.raises(SystemExit) as ended:
            main(["report", str(report / "a"), "--out", str(tmp_path / "out"), "--format", given])
        assert ended.value.code == 2
        assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_printer_that_prints_nothing_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last words are said; a PDF of before stays as it was, and nothing else is left."""
    broken = tmp_path / "bin" / "broken"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho no display >&2\nexit 1\n")
    broken.chmod(0o700)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.pdf").write_bytes(b"before")
    monkeypatch.setenv(pdf.NAMED_BY, str(broken))
    with pytest.raises(UsageError, match=f"{re.escape(os.fspath(broken))} printed nothing: no display"):
        pdf.write_pdf("<p>x", tmp_path / "out" / "report.pdf")
    assert [each.read_bytes() for each in (tmp_path / "out").iterdir()] == [b"before"]
    monkeypatch.setenv(pdf.NAMED_BY, "not-there")
    with pytest.raises(UsageError, match="not-there: no such program"):
        pdf.printer()


def test_the_gravest_objectives_are_printed_first() -> None:
    """Missed before unsure before met, and none that is only wished for before one that is owed."""
    met = Finding(
        id="o", persona="student", service="*", phase="surge", must="p95 < 1s", required=True, state="met", value=0.1,
        low=None, high=None, unit="s", count=9, needed=None,
    )  # fmt: skip
    found = [met, replace(met, required=False, state="missed"), replace(met, state="not-enough-data"),
             replace(met, state="missed")]  # fmt: skip
    assert [gravest(found, most) for most in (1, 2, 3)] == [{3}, {2, 3}, {0, 2, 3}]


def test_any_text_is_a_string_of_css() -> None:
    """No quote, no end of a style, no newline; letters of any alphabet as they are."""
    written = css_text(f'é "a"\n\\</style>{HOSTILE}')
    assert re.fullmatch(r'"(\w|\\[0-9a-f]{6})*"', written)
    assert written.startswith('"é\\000020')


@pytest.mark.needs("chromium")
def test_fills_of_charts_are_told_apart_by_hatching(report: Path, tmp_path: Path) -> None:
    """What failed is hatched on paper: the PDF paints with patterns, which a page without the style does not."""
    page = (report / "report.en.html").read_text(encoding="utf-8")
    pdf.write_pdf(page, tmp_path / "hatched.pdf")
    pdf.write_pdf(page.replace("url(#on-paper-bad)", "gray"), tmp_path / "plain.pdf")
    hatched, plain = ((tmp_path / name).read_bytes().count(b"/PatternType 1") for name in ("hatched.pdf", "plain.pdf"))
    assert hatched > plain
