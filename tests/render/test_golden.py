"""The report of two committed runs is the one that was looked at and kept; `pytest --update-golden` keeps it anew.

Charts are held by their words alone: where the drawing library puts a line depends on the fonts of the machine.
"""

import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from entsurge.analysis import report
from entsurge.findings.report import Report
from entsurge.findings.serial import as_data
from entsurge.render import render_html, render_markdown

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
RUNS = ("ordinary", "surge")
THEN = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The findings on the committed runs, as if written on a day long ago."""
    folder = tmp_path_factory.mktemp("golden")
    shutil.unpack_archive(GOLDEN / "runs.zip", folder)
    return report([folder / name for name in RUNS], now=THEN)


def words_of_charts(page: str) -> str:
    """The page with every chart reduced to its words, and without what scripts read."""

    def words(chart: re.Match[str]) -> str:
        return "<svg>" + " | ".join(re.findall(r"<text[^>]*>([^<]*)</text>", chart[0])) + "</svg>"

    still = re.sub(r"(<script[^>]*>).*?</script>", r"\1</script>", page, flags=re.DOTALL)
    return re.sub(r"<svg.*?</svg>", words, still, flags=re.DOTALL)


def held(name: str, text: str, *, update: bool) -> None:
    """Compare with the file that was kept, or keep this one."""
    path = GOLDEN / name
    if update:
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), f"{name} is not there: pytest --update-golden"
    lines, kept = text.splitlines(), path.read_text(encoding="utf-8").splitlines()
    different = [pair for pair in zip(kept, lines, strict=False) if pair[0] != pair[1]]
    assert not different, f"{name}: {len(different)} lines differ; kept and now: {different[0]}"
    assert len(lines) == len(kept)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_is_the_one_that_was_kept(data: Report, language: str, request) -> None:
    """Every figure, word and sign of the HTML page."""
    update = request.config.getoption("--update-golden")
    held(f"report.{language}.html", words_of_charts(render_html(data, language)), update=update)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_short_form_is_the_one_that_was_kept(data: Report, language: str, request) -> None:
    """The Markdown."""
    update = request.config.getoption("--update-golden")
    held(f"report.{language}.md", render_markdown(data, language), update=update)


def test_the_figures_are_those_that_were_kept(data: Report, request) -> None:
    """The findings, second by second apart, to nine digits: libraries may differ in the last one."""
    plain = as_data(data)
    short = [{key: value for key, value in run.items() if key != "timeline"} for run in plain["runs"]]
    text = json.dumps(rounded({**plain, "runs": short}), indent=1, ensure_ascii=False) + "\n"
    held("report.json", text, update=request.config.getoption("--update-golden"))


def rounded(value: Any) -> Any:
    """The same with floats of nine digits."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value
