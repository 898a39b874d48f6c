"""Of a fault: what protected people kept of the service that was promised to them, in runs whose truth is known."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.records import pages, record, visit
from tests.typography import plain

from entsurge.analysis.blocks import Part, share_kept
from entsurge.analysis.comparison_report import comparison_report
from entsurge.analysis.effects import effects
from entsurge.findings.perturbation import Breach, Effect
from entsurge.record.reading.run import read_run
from entsurge.render.comparison import render_comparison_markdown
from entsurge.render.effects import effects_markdown
from entsurge.render.html import messages
from entsurge.render.numbers import Numbers

BEGIN, END = 40, 60
SLOW = range(43, 66)


def perturbation(kind: str = "fault", start: float = BEGIN, end: float = END, **given: object) -> dict:
    return {
        "id": f"{kind}-{start}", "kind": kind, "title": {"fr": "panne", "en": "trial"}, "defers": [], "start_s": start,
        "end_s": end, "whole_run": False, **given,
    }  # fmt: skip


def stays(persona: str, before: int, during: int, **given: object) -> list[dict]:
    """Two visits a second of ten planned pages each; so many served of those due before, during and after the fault."""
    return [
        visit(
            name=f"{persona}/{second}/{number}", persona=persona, due_us=second * 1_000_000, planned=10,
            ok=(ok := during if BEGIN <= second < END else before), unserved=10 - ok, **given,
        )
        for second in range(10, 110)
        for number in range(2)
    ]  # fmt: skip


def found(path: Path, visits: list[dict], *perturbations: dict, events: tuple[dict, ...] = ()) -> list[Effect]:
    return effects(read_run(a_run(path, visits, *perturbations, events=events)), None)


def a_run(path: Path, visits: list[dict], *perturbations: dict, events: tuple[dict, ...] = ()) -> Path:
    """A run whose pupils' pages are slow from second 43 to second 65."""
    rows = [row for second in range(10, 110) for row in
            pages(seconds=2.0 if second in SLOW else 0.3, count=4, second=second)]  # fmt: skip
    path = record(path, rows, visits, perturbations=list(perturbations), protected=["student", "teacher"])
    told = [
        {"t": each[when], "kind": "perturbation", "id": each["id"], "state": state}
        for each in perturbations
        for state, when in (("applied", "start_s"), ("ended", "end_s"))
    ]
    lines = sorted([*told, *events], key=lambda row: row["t"])
    (path / "events.jsonl").write_text("".join(json.dumps(row) + "\n" for row in lines))
    return path


def test_the_share_kept_is_of_what_protected_people_were_promised(tmp_path: Path) -> None:
    """Nine of ten pages before, three during: a third; parents, whom nobody protects, do not count."""
    visits = stays("student", 9, 3) + stays("parent", 10, 0)
    (one,) = found(tmp_path, visits, perturbation())
    kept = one.resilience
    assert (kept.before_percent, kept.during_percent) == pytest.approx((90, 30))
    assert kept.kept_percent.value == pytest.approx(100 / 3)
    assert kept.kept_percent.low <= kept.kept_percent.value <= kept.kept_percent.high
    assert (kept.disturbance.felt, kept.disturbance.degrade_s, kept.disturbance.recover_s) == (True, 3.0, 6.0)


def test_each_fault_is_held_against_what_came_before_the_first(tmp_path: Path) -> None:
    """The second one's baseline is not what the first has left."""
    first, second = found(tmp_path, stays("student", 8, 2), perturbation(), perturbation(start=70, end=90))
    assert first.resilience.kept_percent.value == pytest.approx(25)
    assert second.resilience.kept_percent.value == pytest.approx(100)


def test_a_measure_has_none_and_whom_it_defers_does_not_count(tmp_path: Path) -> None:
    """Teachers are put off by the measure: the pupils' share alone."""
    visits = stays("student", 10, 5) + stays("teacher", 10, 0)
    measure = perturbation("measure", 30, 90, defers=["teacher"])
    of = {each.perturbation.kind: each.resilience for each in found(tmp_path, visits, measure, perturbation())}
    assert of["measure"] is None
    assert of["fault"].kept_percent.value == pytest.approx(50)


def test_what_the_run_s_own_end_cut_off_is_left_out(tmp_path: Path) -> None:
    """Pages that interrupted visits had not asked for yet are nobody's failure."""
    (one,) = found(tmp_path, stays("student", 10, 5, end="interrupted"), perturbation())
    assert one.resilience.kept_percent.value == pytest.approx(100)


def test_too_few_pages_say_nothing(tmp_path: Path) -> None:
    """A fault from the first second has no baseline; a run without visits neither."""
    (one,) = found(tmp_path / "a", stays("student", 9, 3), perturbation(start=10, end=END))
    assert one.resilience is None
    (one,) = found(tmp_path / "b", [], perturbation())
    assert one.resilience is None


@given(st.lists(st.integers(1, 20), min_size=6, max_size=60), st.integers(1, 9))
@settings(max_examples=60)
def test_the_share_kept_of_the_same_service_is_all_of_it(planned: list[int], share: int) -> None:
    """Whatever was planned when: as good as before is 100 %, half as good is 50 %, with the interval around it."""
    asked, zeros = np.array(planned, float), np.zeros(len(planned))
    whole, half = (Part(asked, asked * share / of, zeros, zeros) for of in (10, 20))
    same, less = share_kept(whole, whole), share_kept(whole, half)
    assert same.value == pytest.approx(100)
    assert less.value == pytest.approx(50)
    for each in (same, less):
        assert each.low is None or each.low <= each.value + 1e-6
        assert each.high is None or each.high >= each.value - 1e-6


def test_breaches_of_the_steady_state_are_dated(tmp_path: Path) -> None:
    """From when to when, and which probe; one that never held again has no end."""
    name = perturbation()["id"]
    events = tuple(
        {"t": t, "kind": "perturbation", "id": name, "state": state, "detail": detail}
        for t, state, detail in (
            (41.0, "unsteady", "queue: expected 0, found 7"), (47.5, "steady", ""), (55.0, "unsteady", "pump: a"),
        )
    )  # fmt: skip
    (one,) = found(tmp_path, stays("student", 10, 5), perturbation(), events=events)
    assert one.perturbation.applied
    assert one.perturbation.ending == "ended"
    assert one.perturbation.breaches == [
        Breach(41.0, 47.5, "queue: expected 0, found 7"), Breach(55.0, None, "pump: a"),
    ]  # fmt: skip


def test_both_are_said_in_both_languages(tmp_path: Path) -> None:
    """Sentences with their figures."""
    (one,) = found(tmp_path, stays("student", 9, 3), perturbation())
    one = replace(one, perturbation=replace(one.perturbation, breaches=[Breach(41.0, 47.5, "queue: 7")]))
    said = {
        language: plain("\n".join(effects_markdown([one], messages(language), Numbers(language))))
        for language in ("fr", "en")
    }
    assert "Resilience: protected people kept 33.3 [" in said["en"]
    assert "(served 30.0 of 100 planned pages, 90.0 before); over 6.00 s after its end." in said["en"]
    assert "Its steady state did not hold from 41.0 to 47.5 s: queue: 7." in said["en"]
    assert "Résilience : les publics protégés ont gardé 33,3 [" in said["fr"]
    assert "(30,0 pages servies sur 100 prévues, 90,0 avant) ; terminée 6,00 s après sa fin." in said["fr"]
    assert "Son état stable ne tenait pas de 41,0 à 47,5 s : queue: 7." in said["fr"]


def test_two_releases_are_held_side_by_side(tmp_path: Path) -> None:
    """A comparison shows each run's figure; a dash for a run without a fault."""
    old = a_run(tmp_path, stays("student", 9, 3), perturbation())
    new = a_run(tmp_path, stays("student", 9, 6), perturbation())
    plain = a_run(tmp_path, stays("student", 9, 9))
    data = comparison_report([old, plain], [new])
    name = perturbation()["id"]
    assert [round(each.resilience[name].kept_percent.value) for each in data.runs if each.resilience] == [33, 67]
    rows = [line for line in render_comparison_markdown(data, "fr").splitlines() if line.startswith("| run-")]
    assert [f"{name}: 66,7" in row for row in rows] == [False, True, False]
    assert "6,00\u202fs" in rows[1]
    assert rows[2].endswith("| – |")
