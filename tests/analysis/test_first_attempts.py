"""Retries are counted apart: of 600 first attempts that all failed, no reader says that half went well."""

from pathlib import Path
from typing import Any

import pytest
from tests.analysis.records import objective, pages, record, visit

from entsurge.analysis import judge, read_run, report
from entsurge.analysis.comparison_report import comparison_report
from entsurge.analysis.effects import effects
from entsurge.analysis.measured import measured
from entsurge.record.reading.by_second import by_second
from entsurge.record.reading.run import Run

PHASES = [
    {"name": "warm-up", "start_s": 0, "end_s": 10}, {"name": "surge", "start_s": 10, "end_s": 110},
    {"name": "drain", "start_s": 110, "end_s": 140},
]  # fmt: skip
PARTS = [
    {"name": "baseline", "start_s": 10, "end_s": 40}, {"name": "fault", "start_s": 40, "end_s": 70},
    {"name": "recovery", "start_s": 70, "end_s": 110},
]  # fmt: skip
FAULT = {
    "id": "f", "kind": "fault", "title": {"fr": "f", "en": "f"}, "defers": [], "start_s": 40.0, "end_s": 70.0,
}  # fmt: skip


def insisted(path: Path, *musts: dict[str, Any]) -> Run:
    """600 first attempts fail during a fault, 600 retries of them succeed; 300 pages went well before it."""
    rows = []
    for second in range(10, 40):
        rows += pages(second=second, count=10)
    for second in range(40, 70):
        for phase in ("surge", "fault"):
            rows += pages(second=second, count=20, outcome="failed", phase=phase)
            rows += pages(second=second, count=20, attempt="retry", phase=phase)
    visits = [visit(name=f"b{n}", due_us=20_000_000 + n) for n in range(30)]
    visits += [visit(name=f"f{n}", due_us=50_000_000 + n, ok=0, failed=1) for n in range(60)]
    told = {"phases": PHASES, "perturbation_phases": PARTS, "perturbations": [FAULT], "objectives": list(musts)}
    return read_run(record(path, rows, visits, **told))


@pytest.mark.parametrize(
    ("must", "phase", "state", "value"),
    [
        ("errors < 1%", "surge", "missed", 2 / 3), ("errors < 1%", "fault", "missed", 1.0),
        ("availability > 99%", "fault", "missed", 0.0), ("p95 < 1s", "fault", "not-enough-data", None),
        ("apdex(500ms) > 0.9", "fault", "missed", 0.0), ("served > 90%", "fault", "missed", 0.0),
        ("served > 90%", "baseline", "met", 1.0), ("served > 90%", "surge", "missed", 1 / 3),
    ],
)  # fmt: skip
def test_an_objective_sees_first_attempts_alone(
    tmp_path: Path, must: str, phase: str, state: str, value: float | None
) -> None:
    """In every phase, by every measure; what is served in a phase is of the visits due in it."""
    for service in ("*", "homework"):
        run = insisted(tmp_path, objective(must, phase=phase, service=service))
        found = judge(run).objectives[0]
        assert found.state == state
        assert found.value == (None if value is None else pytest.approx(value))


def test_a_comparison_sees_first_attempts_alone(tmp_path: Path) -> None:
    """Failed and asked pages, the shares of failures, and the page's own line."""
    run = insisted(tmp_path)
    found = measured(run)
    page = ("student", "homework", "read-homework")
    assert (found.asked[page], found.failed[page]) == (900, 600)
    assert found.failed_share == pytest.approx(2 / 3)
    calm = record(tmp_path, [line for second in range(10, 110) for line in pages(second=second, count=9)],
                  phases=PHASES)  # fmt: skip
    shown = comparison_report([calm], [run.path], enforce=False)
    assert shown.errors.estimate == pytest.approx(2 / 3)


def test_every_second_and_every_effect_is_of_first_attempts(tmp_path: Path) -> None:
    """The seconds of a run, the cells of a fault's effect, and the report's figures."""
    run = insisted(tmp_path)
    pages_by_second = by_second(run.series)
    everything = pages_by_second.where()
    assert pages_by_second.asked(everything).sum() == 900
    assert pages_by_second.of("ok", everything).sum() == 300
    cell = next(each for each in effects(run, None)[0].cells if (each.persona, each.service) == ("*", "*"))
    assert (cell.pages.asked, cell.pages.served_percent) == (600, 0.0)
    assert run.tally.count(phase="surge") == {"ok": 300, "shed": 0, "failed": 600, "lost": 0}
    assert run.tally.count(phase="surge", attempt="retry")["ok"] == 600
    data = report([run.path]).runs[0]
    assert sum(data.timeline.ok) == 300
    assert sum(data.timeline.failed) == 600
