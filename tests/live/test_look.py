"""What the live page shows of a run directory: figures, course, matrix, health, what is in force."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.live.runs import Growing

from entsurge.chaos.process import Process
from entsurge.chaos.state import Record
from entsurge.live.course import NOW_SECONDS
from entsurge.live.look import Look
from entsurge.record.reading.series import Series
from entsurge.record.reading.tally import tally


def test_the_figures_are_those_of_the_report(run: Growing) -> None:
    """Asked, served, shed, failed and the wait equal the tally of the same files; what was lost is not asked."""
    run.pages(30, 0.2)
    run.pages(10, 2.0, service="marks")
    run.pages(5, outcome="shed")
    run.pages(3, outcome="failed")
    run.pages(2, outcome="lost")
    run.pages(7, 9.0, service="sign-on")
    run.pages(4, 9.0, attempt="retry")
    run.pass_second()
    found = Look(run.path).snapshot().figures
    whole = tally(Series.of(run.path, []), [])
    outcomes = {name: int(of.sum()) for name, of in whole.seconds.outcomes.items()}
    assert (found.served, found.shed, found.failed) == (outcomes["ok"], outcomes["shed"], outcomes["failed"])
    assert (found.asked, found.served, found.shed, found.failed) == (48, 40, 5, 3)
    assert found.wait_seconds == whole.seconds.quantiles(1)[0]


def test_the_course_has_a_point_a_stretch(run: Growing, grow) -> None:
    """Pages a second of each stretch, its own wait, and no more than 120 points."""
    for second in range(4):
        run.pages(10 * (second + 1), 0.1 * (second + 1))
        run.pass_second()
    points = Look(run.path).snapshot().points
    assert [each.asked for each in points] == [10, 20, 30, 40]
    assert [round(each.wait_seconds, 2) for each in points] == [0.1, 0.2, 0.3, 0.4]
    long = grow("long", phases=[{"name": "surge", "start_s": 0, "end_s": 3600}])
    long.pages(60)
    long.pass_second()
    shown = Look(long.path).snapshot()
    assert shown.width_seconds == 30
    assert [each.asked for each in shown.points] == [2]


def test_the_matrix_is_of_the_last_seconds(run: Growing) -> None:
    """What was refused before is forgotten; a cell that was asked before and no more is empty, not green."""
    run.pages(10, outcome="shed")
    run.pages(10, service="marks")
    run.pass_second()
    look = Look(run.path)
    assert {cell.service: cell.look for cell in look.snapshot().cells} == {"homework": "shed", "marks": "ok"}
    for _ in range(NOW_SECONDS + 1):
        run.pages(10)
        run.pass_second()
    assert {cell.service: cell.look for cell in look.snapshot().cells} == {"homework": "ok", "marks": "none"}


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ([(100, 0.5, "ok")], "ok"),
        ([(100, 1.5, "ok")], "bad"),
        ([(95, 0.5, "ok"), (5, 0.5, "failed")], "warn"),
        ([(80, 0.5, "ok"), (20, 0.5, "failed")], "bad"),
        ([(80, 0.5, "ok"), (15, 0.5, "shed"), (5, 0.5, "failed")], "shed"),
    ],
)
def test_what_fails_is_never_green(run: Growing, pages: list[tuple[int, float, str]], expected: str) -> None:
    """Served in time is green; later than is owed, failing or refused is not."""
    for count, seconds, outcome in pages:
        run.pages(count, seconds, outcome=outcome)
    run.pass_second()
    (cell,) = Look(run.path).snapshot().cells
    assert (cell.look, cell.owed_seconds) == (expected, 1.0)


@pytest.mark.parametrize(
    ("gauge", "expected"),
    [({}, "ok"), ({"cpu_share": 0.95}, "warn"), ({"offered": 100, "started": 90}, "bad"), ({"lost": 5}, "bad")],
)
def test_the_generators_health_is_its_own(run: Growing, gauge: dict[str, object], expected: str) -> None:
    """A generator that does not keep up says so before its figures are believed."""
    run.pass_second(**gauge)
    assert Look(run.path).snapshot().health.look == expected


def record(of: Growing, **more: str) -> Record:
    """A lease of the run that this process holds."""
    made = Record("static-home", "sandbox-measure", {}, "guardian", 5, {}, Process.me(), Process.me(), of.path.name)
    return replace(made, **more)


def test_a_button_is_there_while_a_lease_is(run: Growing) -> None:
    """Planned, in force and stoppable, touched, ended; leases of another run give no button."""
    look = Look(run.path)
    assert look.snapshot().disturbances[0].state == "planned"
    held = record(run)
    other = record(run, run="another", id="b" * 12)
    other.write()
    run.event("applied")
    assert not look.snapshot().disturbances[0].stoppable
    held.write()
    run.event("touched", count=12)
    found = look.snapshot().disturbances[0]
    assert (found.state, found.stoppable, found.touched) == ("in-force", True, 12)
    held.path.unlink()
    other.path.unlink()
    run.event("ended")
    found = look.snapshot().disturbances[0]
    assert (found.state, found.stoppable) == ("ended", False)


def test_of_several_days_the_latest_is_shown(grow, tmp_path: Path) -> None:
    """The page of a profile of several days turns to the next day by itself."""
    look = Look(tmp_path)
    assert look.snapshot().stage == "waiting"
    first = grow("day-01", name="first")
    first.pages(5)
    first.pass_second()
    assert (look.snapshot().run, look.snapshot().figures.asked) == ("first", 5)
    grow("day-02", name="second")
    assert (look.snapshot().run, look.snapshot().figures.asked) == ("second", 0)


def test_the_end_and_the_verdict_are_told(run: Growing) -> None:
    """How the run ended as soon as that is written, and the verdict when it is."""
    look = Look(run.path)
    assert look.snapshot().stage == "running"
    run.directory.write_json("finish.json", {"end": "interrupted"})
    run.directory.write_json("verdict.json", {"verdict": "INCONCLUSIVE"})
    found = look.snapshot()
    assert (found.stage, found.end, found.verdict, found.stoppable) == ("over", "interrupted", "INCONCLUSIVE", False)
    assert '"verdict":"INCONCLUSIVE"' in found.to_json()
