"""Whether the target was left as it was found: what the run's events say of every perturbation's end."""

import json
from pathlib import Path

import pytest
from tests.analysis.records import objective, pages, record, visit
from tests.typography import in_words

from entsurge.analysis.perturbations import perturbations
from entsurge.analysis.validity import Light, broken, lights
from entsurge.analysis.verdict import judge
from entsurge.record.reading.run import read_run

PUMP = {
    "id": "pump", "kind": "fault", "title": {"fr": "p", "en": "p"}, "defers": [], "start_s": 40.0, "end_s": 60.0,
    "whole_run": False, "lease_seconds": 15,
}  # fmt: skip
GATE = PUMP | {"id": "gate", "start_s": 70.0, "end_s": 80.0}
Told = tuple[str, str, float, str]


def told(path: Path, *events: Told, end: str = "completed") -> Path:
    """A sound run of two perturbations, of which this was said."""
    path = record(path, pages(count=2000), [visit()], perturbations=[PUMP, GATE], objectives=[objective("p95 < 3 s")])
    rows = [{"t": t, "kind": "perturbation", "id": name, "state": state, "detail": detail}
            for name, state, t, detail in events]  # fmt: skip
    (path / "events.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (path / "finish.json").write_text(json.dumps({"end": end, "cpu_share": 0.1}) if end else "")
    if not end:
        (path / "finish.json").unlink()
    return path


IN_FORCE = (("pump", "applied", 40.0, ""), ("gate", "applied", 70.0, ""))
WELL = (*IN_FORCE, ("pump", "ended", 60.0, "normal"), ("gate", "ended", 80.0, "normal"))


def light(path: Path) -> Light:
    return next(each for each in lights(read_run(path)) if each.name == "as-found")


def test_what_ended_in_order_is_as_it_was_found(tmp_path: Path) -> None:
    """The light is kept, and the run passes."""
    path = told(tmp_path, *WELL)
    assert light(path).ok is True
    assert judge(read_run(path)).verdict == "PASS"


def test_an_undo_that_failed_makes_the_run_invalid(tmp_path: Path) -> None:
    """Exit 4 whatever the objectives say; they are found all the same; the reason is said in both languages."""
    path = told(tmp_path, *WELL[:3], ("gate", "undo failed", 80.2, "valve: exit 1:\n stuck"))
    verdict = judge(read_run(path))
    assert (verdict.verdict, verdict.exit_code) == ("INVALID", 4)
    assert [each.state for each in verdict.objectives] == ["met"]
    (reason,) = verdict.reasons
    assert in_words(reason, "fr") == (
        "la cible n’est pas laissée telle que trouvée : gate est encore en place, son annulation a échoué "
        "(valve: exit 1: stuck), voir `entsurge chaos recover`"
    )
    assert in_words(reason) == (
        "the target was not left as it was found: gate is still in force, its undo failed (valve: exit 1: "
        "stuck), see `entsurge chaos recover`"
    )
    assert {each.id: each.end_s for each in perturbations(read_run(path))} == {"pump": 60, "gate": 140}


def test_a_steady_state_that_no_longer_holds_makes_the_run_invalid(tmp_path: Path) -> None:
    """Though everything was undone; both are said when both are so."""
    path = told(tmp_path, *WELL, ("pump", "deviated", 61.0, "queue: expected 0, found 7"))
    verdict = judge(read_run(path))
    assert (verdict.verdict, verdict.exit_code) == ("INVALID", 4)
    assert "the steady state of pump no longer held after it (queue: expected 0, found 7)" in in_words(
        verdict.reasons[0]
    )
    assert "l’état stable de pump ne tenait plus après" in in_words(verdict.reasons[0], "fr")
    more = (("pump", "deviated", 61.0, "q"), ("gate", "undo failed", 80.2, "stuck"))
    said = in_words(light(told(tmp_path, *WELL[:3], *more)).said)
    assert "steady state of pump" in said
    assert "gate is still in force" in said


@pytest.mark.parametrize("last", [("gate", "undone", 81.0, "controller"), ("gate", "ended", 81.0, "normal")])
def test_the_last_word_counts(tmp_path: Path, last: Told) -> None:
    """An undo that failed and was done a second later is done."""
    path = told(tmp_path, *WELL[:3], ("gate", "undo failed", 80.2, "stuck"), last)
    assert light(path).ok is True
    assert perturbations(read_run(path))[1].end_s == 81


def test_a_lease_is_told_from_a_normal_end(tmp_path: Path) -> None:
    """Shown with its reason, not judged; it was in force until its lease ended, at the latest."""
    path = told(tmp_path, *WELL[:3], ("gate", "undo failed", 80.2, "x"), ("gate", "left to its lease", 80.5, "500"))
    assert light(path).ok is None
    assert in_words(light(path).said) == "gate was ended by its lease alone, not by its undo (500)"
    assert "échéance de son bail" in in_words(light(path).said, "fr")
    assert judge(read_run(path)).verdict == "PASS"
    assert perturbations(read_run(path))[1].end_s == pytest.approx(95.5)


def test_what_ended_long_after_its_time_is_shown(tmp_path: Path) -> None:
    """Undone half a minute late: not judged; a second late is nothing."""
    late = light(told(tmp_path, *WELL[:3], ("gate", "undone", 110.0, "guardian")))
    assert (late.ok, in_words(late.said)) == (None, "gate was undone 30 s after its time")
    assert light(told(tmp_path, *WELL[:3], ("gate", "ended", 81.0, "normal"))).ok is True


def test_what_nobody_told_the_end_of_is_unknown(tmp_path: Path) -> None:
    """Shown as such, of a run that has ended or broken off; never called as it was found."""
    for end in ("completed", "guard", ""):
        found = light(told(tmp_path, *WELL[:3], end=end))
        assert (found.ok, in_words(found.said)) == (None, "nobody has told how gate ended")
        assert in_words(found.said, "fr") == "nul n’a dit comment gate a pris fin"


def test_a_long_reason_keeps_its_end(tmp_path: Path) -> None:
    """A long command that exits with 1: how it begins, and what it said last."""
    said = in_words(
        light(told(tmp_path, *WELL[:3], ("gate", "undo failed", 80.2, f"sh -c {'x' * 500}: exit 1: stuck"))).said, "en"
    )
    assert "(sh -c xxx" in said
    assert "x: exit 1: stuck)" in said
    assert len(said) < 350


def test_a_run_that_was_stopped_is_judged_too(tmp_path: Path) -> None:
    """A guard ended it, and the undo failed: the light is broken beside the guard's own exit code."""
    path = told(tmp_path, *WELL[:3], ("gate", "undo failed", 80.2, "stuck"), end="guard")
    verdict = judge(read_run(path))
    assert verdict.exit_code == 5
    assert any("gate is still in force" in in_words(each) for each in verdict.reasons)
    assert [each.name for each in broken(verdict.lights)] == ["as-found"]


def test_what_never_was_in_force_is_said_as_before(tmp_path: Path) -> None:
    """`never in force` is its own light; an undo that fails even so is said beside it."""
    path = told(tmp_path, *WELL[:1], WELL[2], ("gate", "refused", 70.0, "exit 1"), ("gate", "ended", 70.1, "refused"))
    found = {each.name: each for each in lights(read_run(path))}
    assert in_words(found["perturbations"].said) == "measures or faults never in force: gate"
    assert found["as-found"].ok is True
    path = told(tmp_path, *WELL[:1], WELL[2], ("gate", "refused", 70.0, "exit 1"), ("gate", "undo failed", 71.0, "rm"))
    assert [each.name for each in broken(lights(read_run(path)))] == ["perturbations", "as-found"]


def test_why_a_guard_ended_the_run_is_said(tmp_path: Path) -> None:
    """The reason of the verdict is what the guard told, in both languages."""
    path = told(tmp_path, *WELL, end="guard")
    said = "the guard is blind: no value of busy at http://127.0.0.1:9/metrics: answered 503, for 5 s"
    row = {"t": 50.0, "kind": "guard", "id": "stop condition", "state": "tripped", "detail": said}
    with (path / "events.jsonl").open("a") as events:
        events.write(json.dumps(row) + "\n")
    found = judge(read_run(path))
    assert found.exit_code == 5
    assert f"a guard stopped the run ({said})" in [in_words(each) for each in found.reasons]
    assert f"un garde-fou a arrêté le tir ({said})" in [in_words(each, "fr") for each in found.reasons]
