"""The committee's page on measures: what is told apart is said so, what is not is not ranked, in both languages."""

from dataclasses import replace
from fractions import Fraction

import pytest
from jsonschema import Draft202012Validator
from tests.analysis.trials import TITLES, trial
from tests.typography import plain, still

from entsurge.analysis.measures.report import About, measures_report
from entsurge.audience.persona import SHIPPED
from entsurge.findings.measures import ArmRun, Change, LeftOut, MeasuresReport
from entsurge.findings.serial import as_data, as_line, from_line, schema
from entsurge.findings.statement import Statement
from entsurge.render.measures import render_measures_html, render_measures_markdown
from entsurge.render.measures_terminal import terminal_lines

HOSTILE = "<script>alert(1)</script>"
EFFECTS = {("a",): 100, ("b",): 50, ("c",): 0, ("a", "b"): 105}


def found(*, blocks: int = 8, effects: dict[tuple[str, ...], float] | None = None, limit: float = 10) -> MeasuresReport:
    """Three measures at scale 1/10: a buys 100 pages at the cost of 300 of the parents', b half, c nothing."""
    about = About(
        name="p", title={"fr": f"essai {HOSTILE}", "en": f"trial {HOSTILE}"}, target="t", profile="p",
        scale=Fraction(1, 10), compression=45.0, window={"day": "monday", "from": "09:00", "to": "09:30"}, seed=1,
        personas=list(SHIPPED), blocks_asked=8, limit_percent=limit, titles=TITLES,
        left_out=[LeftOut("d", TITLES["d"], Statement("measure.no-off", {"path": "d.json"}))],
    )  # fmt: skip
    return measures_report(about, trial(effects or EFFECTS, blocks=blocks, costs={("a",): 300, ("a", "b"): 300}))


def test_the_page_says_what_each_buys_and_who_pays() -> None:
    """Of the region with the sample beside, ranks, the best within the limit, the pair, the assumption."""
    text = render_measures_markdown(found(), "en")
    rows = [line for line in text.splitlines() if line.startswith("| measure ")]
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == [
        "measure a", "measure b", "measure c", "measure a + measure b",
    ]  # fmt: skip
    assert rows[0].split(" | ")[1] == "1"
    assert rows[2].split(" | ")[1] == "–"
    assert "Parents: 29.9% of their pages" in rows[0]
    assert "nobody" in rows[1]
    assert "Best while nobody loses more than 10% of their pages\n\n- measure b: +" in text
    assert "measure a + measure b: together less than the sum" in text
    assert "stands for 10: the figures are those measured × 10" in text
    assert "measure d: no way back: settings.off is missing in d.json" in text


def test_too_few_blocks_rank_nothing() -> None:
    """No interval, no rank, no best; the head says why."""
    text = render_measures_markdown(found(blocks=3), "en")
    assert "Too few tries to tell" in text
    assert "an interval takes at least 6" in text
    row = next(line for line in text.splitlines() if line.startswith("| measure a |"))
    assert "\\[" not in row
    assert row.split(" | ")[1] == "–"
    assert "None of what was tried buys something beyond chance" in text


def test_what_was_never_measured_costs_nobody_known() -> None:
    """No run to be believed: a dash for who pays, not `nobody`."""
    data = found(blocks=3)
    (first, *_) = data.arms
    unknown = replace(
        first, blocks=0, **dict.fromkeys(("bought", "bought_people", "cost"), Change(None, None, None, None))
    )
    lines = [plain(line) for line in terminal_lines(replace(data, arms=[unknown]), "fr")]
    assert "      Payé par : –" in lines


def test_nothing_told_apart_is_said() -> None:
    """And what would tell more."""
    text = render_measures_markdown(found(effects={("a",): 0, ("b",): 1}), "fr")
    assert "Aucune mesure ne se distingue" in text
    assert "Plus de blocs" in text


def test_measures_that_are_not_told_apart_are_not_put_in_order() -> None:
    """Both stand as possible bests."""
    text = render_measures_markdown(found(effects={("b",): 60, ("c",): 59}), "en")
    assert "Not told apart: measure" in text


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_needs_no_network_and_shows_text_as_text(language: str) -> None:
    """HTML, Markdown and terminal, of a trial with broken runs, a target that did not rest, and an end by budget."""
    data = replace(found(), stop="budget", unsettled=2)
    runs = [*data.runs, ArmRun("alone", 9, "a", "runs/x", Statement("measure.file", {"why": HOSTILE}))]
    whole = render_measures_html(replace(data, runs=runs), language)
    page = still(whole)
    assert whole.count("<script") == 2  # the chart's data, and what reads them
    assert "<svg" in page
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page
    assert "\\<script\\>" in render_measures_markdown(data, language)
    assert len(list(terminal_lines(data, language))) > 20


def test_the_finding_comes_back_as_it_was() -> None:
    """Through the one serializer, by its published schema."""
    data = found()
    Draft202012Validator(schema("measures")).validate(as_data(data))
    assert from_line(MeasuresReport, as_line(data)) == data
