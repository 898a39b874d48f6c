"""Findings as HTML, PDF, Markdown, JSON and JUnit. Adds words and shapes, no figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.errors import CannotRecord
from entsurge.findings.serial import as_json
from entsurge.render.findings import findings
from entsurge.render.html import render_html
from entsurge.render.junit import render_junit
from entsurge.render.markdown import render_markdown
from entsurge.render.pdf import printer, write_pdf

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from entsurge.findings.report import Report

__all__ = ["render_html", "render_junit", "render_markdown", "write_junit", "write_report"]


def write_report(
    run_paths: Sequence[Path],
    out: Path,
    langs: Sequence[str] = ("fr", "en"),
    formats: Sequence[str] = ("html", "json", "junit"),
) -> dict[str, Path]:
    """Write the report of these runs into a folder; what was written, by `html-fr`, `pdf-fr`, `md-en`, `json`, `junit`.

    Raises UsageError for what is no run directory and for a PDF that nothing here can make, CannotRecord when the
    folder cannot be written.
    """
    if "pdf" in formats:
        printer()
    written: dict[str, Path] = {}
    for kind, name, text in _documents(findings(run_paths), langs, formats):
        written[kind] = out / name
        (write_pdf if name.endswith(".pdf") else _write)(text, out / name)
    return written


def _documents(data: Report, langs: Sequence[str], formats: Sequence[str]) -> list[tuple[str, str, str]]:
    """Kind, file name and text of each; of a PDF the page to be printed."""
    found = []
    beside = {f"report.{lang}.html" for lang in langs} | ({"report.json"} if "json" in formats else set())
    for lang in langs:
        if "html" in formats:
            found.append((f"html-{lang}", f"report.{lang}.html", render_html(data, lang, beside)))
        if "pdf" in formats:
            found.append((f"pdf-{lang}", f"report.{lang}.pdf", render_html(data, lang, whole=True)))
        if "md" in formats:
            found.append((f"md-{lang}", f"report.{lang}.md", render_markdown(data, lang)))
    if "json" in formats:
        found.append(("json", "report.json", as_json(data)))
    if "junit" in formats:
        found.append(("junit", "report.junit.xml", render_junit(data.runs)))
    return found


def write_junit(run_paths: Sequence[Path], path: Path) -> None:
    """Write the objectives of these runs as JUnit. Raises CannotRecord when the file cannot be written."""
    _write(render_junit(findings(run_paths).runs), path)


def _write(text: str, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CannotRecord(f"{path}: {error.strerror or error}") from None
