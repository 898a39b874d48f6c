"""Error budgets on runs whose figures are known: burn rates by hand, and what is too small to tell."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.analysis.records import objective, pages, record, run_of, visit
from tests.typography import in_words

from entsurge.analysis.budget import budget, promised
from entsurge.commands.budget import command
from entsurge.errors import UsageError

CONTRACT = """
title = { fr = "contrat", en = "contract" }
source = "article 12"
personas = ["student"]
[guaranteed-hours]
days = ["monday", "tuesday", "wednesday", "thursday", "friday"]
from = "08:00"
to = "18:00"
[availability]
percent = 99
"""


def rows(ok: int, failed: int = 0, shed: int = 0) -> list:
    return pages(count=ok) + pages(count=failed, outcome="failed") + pages(count=shed, outcome="shed")


def test_burn_rates_by_hand(tmp_path: Path) -> None:
    """4 % not served where 1 % may be: four times too fast; with a calm run beside it, twice."""
    stormy = run_of(tmp_path, rows(960, failed=30, shed=10), visits=[visit()])
    calm = run_of(tmp_path, rows(1000), visits=[visit()])
    found = budget([stormy, calm], 0.99)
    assert [each.burn for each in found.runs] == pytest.approx([4, 0])
    assert found.burn == pytest.approx(2)
    assert found.runs[0].low < 4 < found.runs[0].high
    assert found.runs[1].high == pytest.approx(100 * (1 - 0.05 ** (1 / 1000)))
    assert found.month_minutes is None


def test_a_month_of_minutes(tmp_path: Path) -> None:
    """A window of half an hour of which a tenth fails costs three minutes; 200 hours at 99 % have 120 of them."""
    found = budget([run_of(tmp_path, rows(900, failed=100), visits=[visit()])], 0.99, hours_a_month=200)
    assert found.month_minutes == pytest.approx(120)
    assert found.spent_minutes == pytest.approx(3)
    assert found.burn == pytest.approx(10)
    assert found.lasts_hours == pytest.approx(20)


def test_too_few_pages_tell_no_rate(tmp_path: Path) -> None:
    """298 pages prove nothing of 99 %, 299 do; two thin runs together may."""
    thin = [run_of(tmp_path, rows(298 - failed, failed=failed), visits=[visit()]) for failed in (0, 3)]
    found = budget(thin, 0.99)
    assert found.fewest == 299
    assert [each.burn for each in found.runs] == [None, None]
    assert found.burn == pytest.approx(3 / 596 / 0.01)
    assert budget(thin[:1], 0.99).burn is None


def test_a_run_that_is_not_to_be_believed_is_shown_and_not_counted(tmp_path: Path) -> None:
    """One that started no visit of its plan says why; the campaign's rate is that of the others."""
    unbelievable = run_of(tmp_path, rows(500, failed=500))
    sound = run_of(tmp_path, rows(990, failed=10), visits=[visit()])
    found = budget([unbelievable, sound], 0.99)
    assert found.runs[0].left_out
    assert "visits started: 0 of 1 planned" in in_words(found.runs[0].left_out[0])
    assert found.burn == pytest.approx(1)


def test_the_availability_is_the_runs_own_unless_said(tmp_path: Path) -> None:
    """Of their objectives of all services; two of them, or none, must be told which."""
    own = run_of(tmp_path, rows(400), objectives=[objective("availability >= 99.5%"), objective("p95 < 1s")])
    other = run_of(tmp_path, rows(400), objectives=[objective("availability >= 98%")])
    assert promised([own]) == pytest.approx(0.995)
    for runs in ([own, other], [run_of(tmp_path, rows(400))]):
        with pytest.raises(UsageError, match="promise no one availability"):
            promised(runs)


def test_the_command(tmp_path: Path) -> None:
    """A table and a sentence, or JSON; 4 where nothing is told, 2 for a contract that is not filled in."""
    run = record(tmp_path, rows(960, failed=40), visits=[visit()])
    (tmp_path / "contract.toml").write_text(CONTRACT, encoding="utf-8")
    contract = ["--objectives", str(tmp_path / "contract.toml")]
    shown = CliRunner(env={"COLUMNS": "200"}).invoke(command, [str(run), *contract], standalone_mode=False)
    assert "burn rate 4.0" in shown.output
    assert "130 min of guaranteed hours, of which these windows took 1.2; at this rate it lasts 54.3" in shown.output
    said = CliRunner().invoke(command, [str(run), "--availability", "99", "--json"], standalone_mode=False)
    assert json.loads(said.output)["burn"] == pytest.approx(4)
    thin = record(tmp_path, rows(50), visits=[visit()])
    assert CliRunner().invoke(command, [str(thin), "--availability", "99"], standalone_mode=False).return_value == 4
    refused = CliRunner().invoke(command, [str(run), "--objectives", "contract"], standalone_mode=False)
    assert isinstance(refused.exception, UsageError)
    assert "availability.percent: found 'à renseigner'" in str(refused.exception)
