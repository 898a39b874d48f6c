"""What a sweep is found to say: states, steps, the cheapest that holds, candidates; the book that is gone on with."""

import json
from dataclasses import replace
from pathlib import Path

import click
import pytest
from tests.analysis.sweeps import CLEAR, GRID, about, found, outcome

from entsurge.analysis.sweep.book import BOOK, Book
from entsurge.analysis.sweep.intervals import apart, mean, paired, percent
from entsurge.analysis.sweep.report import Prices, sweep_report
from entsurge.commands import measures
from entsurge.errors import UsageError
from entsurge.findings.serial import as_json, from_line
from entsurge.findings.sweep import SweepReport
from entsurge.render.sweep import view
from entsurge.simulation.grid import Cell, Grid


def test_the_cheapest_that_holds_and_what_a_measure_stands_in_for() -> None:
    """States by luck; two nodes with the measure where three are needed without; prices or a count."""
    report = found(CLEAR)
    assert [each.state for each in report.cells] == ["misses", "misses", "mixed", "holds", "holds", "holds"]
    assert (report.answer, report.cheapest) == ("holds", Cell(2, 12, ("static-home",)).id)
    spared = {"+".join(each.measures): (each.spared, each.nodes_spared) for each in report.with_measures}
    assert spared == {"": (0.0, 0), "static-home": (1.0, 1)}
    assert report.sure_low == pytest.approx(0.05 ** (1 / 3))
    assert report.lucks_for_90 == 29
    priced = found(CLEAR, Prices(100.0, 5.0, "€"))
    assert next(each.spared for each in priced.with_measures if each.measures) == 160.0
    assert (priced.priced, priced.unit) == (True, "€")
    assert from_line(SweepReport, as_json(report).encode()) == report


def test_each_step_is_paired_luck_by_luck() -> None:
    """One node more, and the measure at each size; a difference without spread is told apart."""
    report = found(CLEAR)
    by = {(each.before, each.after): each for each in report.steps}
    one, two = Cell(1, 12), Cell(2, 12)
    assert len(report.steps) == 4 + 3
    measure = by[one.id, replace(one, measures=("static-home",)).id]
    assert measure.key == "measures"
    assert measure.protected.value == pytest.approx(20, abs=0.1)
    assert measure.told_apart
    assert by[one.id, two.id].cost == 1.0
    assert not by[Cell(3, 12).id, Cell(3, 12, ("static-home",)).id].told_apart


def test_candidates_are_measures_that_buy_something() -> None:
    """As a command that `entsurge measures` takes; nothing where none bought anything."""
    report = found(CLEAR)
    assert report.candidates == [["static-home"]]
    assert report.command == "entsurge measures lockdown-2020 --target TARGET --measure static-home --no-pairs"
    same = {key: [("FAIL", 0.5)] * 3 for key in CLEAR}
    assert (found(same).candidates, found(same).command) == ([], "")


@pytest.mark.parametrize(
    ("outcomes", "state", "answer"),
    [
        ([("FAIL", 0.5)] * 3, "misses", "none-holds"),
        ([("INCONCLUSIVE", 1.0)] * 3, "unsure", "unsure"),
        ([("PASS", 1.0)] * 2, "unknown", "unsure"),
        ([("INVALID", 0.1)] * 3, "void", "unsure"),
        ([("PASS", 1.0), ("PASS", 1.0), ("INCONCLUSIVE", 1.0)], "unsure", "unsure"),
        ([("FAIL", 0.5), ("FAIL", 0.5), ("INVALID", 0.1)], "misses", "none-holds"),
        ([("FAIL", 0.5), ("PASS", 1.0), ("INCONCLUSIVE", 1.0)], "mixed", "none-holds"),
    ],
)
def test_a_cell_that_is_not_settled_settles_nothing(outcomes: list[tuple[str, float]], state: str, answer: str) -> None:
    """One luck that missed is an answer; too thin, not believable, or not simulated to the end is none without one."""
    report = found(dict.fromkeys(CLEAR, outcomes))
    assert {each.state for each in report.cells} == {state}
    assert report.answer == answer


def test_what_is_not_to_be_believed_is_left_out_of_means_and_pairs() -> None:
    """Of three lucks the two that were measured; a luck that one of two cells has not is no pair."""
    outcomes = CLEAR | {(1, ""): [("FAIL", 0.5), ("FAIL", 0.52), ("INVALID", 0.0)]}
    report = found(outcomes)
    assert report.cells[0].protected.value == pytest.approx(51)
    measure = next(each for each in report.steps if each.key == "measures" and "nodes=1 " in each.before)
    assert measure.protected.value == pytest.approx(19.5)


def test_a_book_of_more_lucks_or_other_values_counts_for_what_was_asked_for() -> None:
    """Three lucks of six cells, of a book with five lucks and a cell that is not asked for."""
    cells = GRID.cells(1, 12)
    outcomes = {
        cell.id: {luck: outcome(cell, luck, "PASS" if luck < 3 else "FAIL", 1.0) for luck in range(5)}
        for cell in (*cells, Cell(9, 12))
    }
    report = sweep_report(about(Prices(None, None, "€")), GRID, cells, outcomes)
    assert {(each.state, each.held, each.lucks) for each in report.cells} == {("holds", 3, 3)}
    assert (report.done, report.simulations) == (18, 18)


def test_cheaper_deployments_that_are_undecided_are_named() -> None:
    """The cheapest that holds may be undercut by one that nobody could tell of: both languages say so."""
    report = found(CLEAR | {(1, "static-home"): [("PASS", 1.0), ("INCONCLUSIVE", 1.0), ("PASS", 1.0)]})
    assert report.undecided == [Cell(1, 12, ("static-home",)).id]
    for language, told in (("en", "Cheaper ones are undecided"), ("fr", "De moins chers restent indécis")):
        assert any(line.startswith(told) for line in view(report, language)["lead"])
    assert found(CLEAR).undecided == []


def test_the_trial_is_of_the_plan_that_was_simulated() -> None:
    """Day, scale, compression and seed are asked again; the window, which a trial cannot take, is named."""
    asked = {"scale": "1/86", "compression": "45", "seed": 4, "day": 2, "window": {}, "shape": "ordinary"}
    report = found(CLEAR, asked=asked)
    assert report.command == (
        "entsurge measures lockdown-2020 --target TARGET --scale 1/86 --compression 45 --seed 4 --day 2"
        " --measure static-home --no-pairs"
    )
    context = measures.command.make_context("measures", report.command.split()[2:])
    assert isinstance(context, click.Context)
    assert (context.params["day"], context.params["seed"]) == (2, 4)
    assert "--from, --until, --shape" in " ".join(view(report, "en")["real"])
    assert view(found(CLEAR), "en")["real"] == view(report, "en")["real"][:1]


def test_where_hours_are_swept_moved_people_have_arrivals_of_their_own() -> None:
    """Said so; and no plan is named of which there is no digest."""
    report = found(CLEAR)
    moved = replace(report, swept=["nodes", "hours"], plan_digest="")
    assert any("arrive at other times" in line for line in view(moved, "en")["how"])
    assert not any("arrive at other times" in line for line in view(report, "en")["how"])
    assert not any(line.startswith("Plan of") for line in view(moved, "en")["how"])


def test_what_cannot_serve_or_never_ends_is_said_in_its_cell() -> None:
    """Neither is counted as simulated, or as holding."""
    cells = GRID.cells(1, 12)
    why = {"fr": "personne", "en": "nobody"}
    outcomes = {cell.id: {0: outcome(cell, 0, "INVALID", 0.0, "overload")} for cell in cells[1:]}
    report = sweep_report(about(Prices(None, None, "€"), impossible={cells[0].id: why}), GRID, cells, outcomes)
    assert [each.state for each in report.cells] == ["impossible", *["overload"] * 5]
    assert report.cells[0].why == why
    assert (report.answer, report.simulations, report.done) == ("none-holds", 15, 5)


def test_a_sweep_that_was_broken_off_goes_on_and_another_is_refused(tmp_path: Path) -> None:
    """What is whole is kept, half a line is dropped; another plan's book is not written into."""
    cell = Cell(1, 12)
    book = Book.opened(tmp_path, "key")
    book.add(outcome(cell, 0, "PASS", 1.0))
    with (tmp_path / BOOK).open("a") as stream:
        stream.write('{"cell": "half')
    again = Book.opened(tmp_path, "key")
    assert again.has(cell.id, 0)
    assert not again.has(cell.id, 1)
    again.add(outcome(cell, 1, "PASS", 1.0))
    assert Book.opened(tmp_path, "key").outcomes == again.outcomes
    assert json.loads((tmp_path / BOOK).read_text().splitlines()[0])["format"] == 1
    with pytest.raises(UsageError, match="of another plan, deployment or seed"):
        Book.opened(tmp_path, "another")


def test_means_and_differences_over_lucks() -> None:
    """Student's interval: 4.303 standard errors of three; no bounds of one, percentages within 0 and 100."""
    assert mean([1.0, 2.0, 3.0]).high == pytest.approx(2 + 4.3027 / 3**0.5, rel=1e-4)
    assert (mean([4.0]).value, mean([4.0]).low, mean([]).value) == (4.0, None, None)
    assert percent([99.0, 100.0]).high == 100.0
    difference = paired({0: 1.0, 1: 2.0, 2: 9.0}, {0: 3.0, 1: 4.1})
    assert difference.value == pytest.approx(2.05)
    assert apart(difference)
    assert not apart(mean([1.0]))
    assert Grid().swept() == ()
