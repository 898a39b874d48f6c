"""Effects of perturbations against runs whose truth is known."""

import json
from pathlib import Path

import numpy as np
import pytest

from entsurge.analysis import proportion
from entsurge.analysis.blocks import Part, Stretch, compare
from entsurge.analysis.effects import effects
from entsurge.analysis.spells import spells, upper_edge
from entsurge.findings.perturbation import Disturbance, Effect, EffectCell
from entsurge.findings.serial import as_data
from entsurge.record.reading.by_second import by_second
from entsurge.record.reading.run import read_run
from entsurge.record.reading.series import Series
from entsurge.record.recorder import Recorder
from entsurge.record.schema import Key
from entsurge.record.writer import RunDirectory
from entsurge.render.effects import effects_markdown, effects_view
from entsurge.render.html import messages
from entsurge.render.numbers import Numbers

FIGURES = {"visits": 1.0, "page_views": 1.0, "minutes_per_visit": 1.0, "pages_per_visit": 1.0}
PHASES = [
    {"name": "warm-up", "start_s": 0.0, "end_s": 5.0}, {"name": "surge", "start_s": 5.0, "end_s": 95.0},
    {"name": "drain", "start_s": 95.0, "end_s": 100.0},
]  # fmt: skip


def perturbation(name: str, kind: str, start: float, end: float, defers: tuple[str, ...] = ()) -> dict:
    return {
        "id": name, "kind": kind, "title": {"fr": name, "en": name}, "defers": list(defers), "start_s": start,
        "end_s": end, "whole_run": False,
    }  # fmt: skip


def a_run(path: Path, perturbations: list[dict], pages, *, applied: bool = True):
    """A run directory whose second s holds what pages(s, draw) yields: (persona, service, cohort, outcome, seconds)."""
    directory = RunDirectory(path)
    manifest = {
        "format": 1, "name": "trial", "phases": PHASES, "objectives": [], "planned": {}, "profile": "p",
        "figures": {"published": None, "week": FIGURES, "window": FIGURES},
        "perturbations": perturbations, "protected": ["student", "teacher"], "scale": "1", "compression": 1.0,
        "target": {"name": "t", "url": "http://127.0.0.1:1"},
    }  # fmt: skip
    directory.write_json("manifest.json", manifest)
    recorder, draw = Recorder(directory), np.random.default_rng(4)
    for second in range(100):
        for persona, service, cohort, outcome, seconds in pages(second, draw):
            key = Key("page", persona, "a", service, "p", "surge", outcome, cohort)
            recorder.page(key, int(seconds * 1e6), int(seconds * 1e6))
        recorder.fold(second)
    for each in perturbations if applied else []:
        for state, t in (("applied", each["start_s"]), ("ended", each["end_s"])):
            directory.append("events.jsonl", {"t": t, "kind": "perturbation", "id": each["id"], "state": state})
    directory.write_json("finish.json", {"end": "completed"})
    directory.close()
    return read_run(path)


def of(found: Effect, persona: str, service: str) -> EffectCell:
    return next(each for each in found.cells if (each.persona, each.service) == (persona, service))


def slow_and_failing(second: int, draw):
    """From 40 to 60: pupils' messages thrice as slow, three of ten fail; parents' are as ever."""
    hit = 40 <= second < 60
    for persona in ("student", "parent"):
        for _ in range(10):
            mine = hit and persona == "student"
            outcome = "failed" if mine and draw.random() < 0.3 else "ok"
            yield persona, "messages", "control", outcome, (0.3 if mine else 0.1) * draw.lognormal(0, 0.2)


def test_the_effect_is_found_with_its_interval_and_its_times(tmp_path: Path) -> None:
    """30 points fewer, three times as long, felt at once, over at once; the others untouched; an inversion."""
    (found,) = effects(a_run(tmp_path / "r", [perturbation("f", "fault", 40, 60)], slow_and_failing), None)
    pupils = of(found, "student", "messages")
    assert pupils.before.served.low < -30 < pupils.before.served.high
    assert pupils.before.slower.low < 3 < pupils.before.slower.high
    assert pupils.disturbance == Disturbance(0, 0, felt=True)
    parents = of(found, "parent", "messages")
    assert parents.before.served.value == 0
    assert parents.before.slower.low < 1 < parents.before.slower.high
    assert parents.disturbance.felt is False
    assert [(each.service, each.protected, each.other) for each in found.inversions] == [
        ("*", "student", "parent"), ("messages", "student", "parent"),
    ]  # fmt: skip


def test_what_drifts_anyway_is_not_laid_at_the_fault_s_door(tmp_path: Path) -> None:
    """Everything grows slower with the day: against the past the fault looks bad, against the control cohort not."""

    def drifting(second: int, draw):
        for cohort, count in (("exposed", 20), ("control", 20)):
            for _ in range(count):
                yield "student", "home", cohort, "ok", 0.1 * (2 if second >= 40 else 1) * draw.lognormal(0, 0.2)

    (found,) = effects(a_run(tmp_path / "r", [perturbation("f", "fault", 40, 70)], drifting), None)
    cell = of(found, "student", "home")
    assert cell.before.slower.low > 1.8
    against = cell.control.slower
    assert against.low < 1 < against.high
    assert against.value == pytest.approx(1, abs=0.05)


def test_a_measure_is_worth_what_it_buys_and_costs(tmp_path: Path) -> None:
    """From 50 on parents are refused and pupils served whole again: 120 pages a minute bought, 600 refused."""

    def overloaded(second: int, draw):
        relieved = second >= 50
        for _ in range(10):
            yield "student", "home", "control", "ok" if relieved or draw.random() < 0.8 else "failed", 0.1
            yield "parent", "home", "control", "shed" if relieved else "ok", 0.1

    measure = perturbation("m", "measure", 50, 95, ("parent",))
    (found,) = effects(a_run(tmp_path / "r", [measure], overloaded), None)
    worth = found.worth
    assert worth.bought_pages_per_minute.value == pytest.approx(120, rel=0.25)
    assert worth.bought_pages_per_minute.low > 80
    assert worth.cost_pages_per_minute.value == 600
    assert worth.rank is None  # of one alone there is none


def test_measures_taken_one_by_one_are_told_apart(tmp_path: Path) -> None:
    """Each is compared with the stretch since the one before it; the better one is ranked first."""

    def stepwise(second: int, draw):
        share = 0.5 if second < 35 else 0.6 if second < 65 else 0.95
        for _ in range(40):
            yield "student", "home", "control", "ok" if draw.random() < share else "failed", 0.1

    two = [perturbation("small", "measure", 35, 95), perturbation("great", "measure", 65, 95)]
    small, great = effects(a_run(tmp_path / "r", two, stepwise), None)
    assert small.during_s == (35, 65)
    assert great.before_s == (35, 65)
    assert (small.worth.rank, great.worth.rank) == (2, 1)
    assert small.worth.bought_pages_per_minute.value == pytest.approx(0.1 * 2400, rel=0.35)
    assert great.worth.bought_pages_per_minute.value == pytest.approx(0.35 * 2400, rel=0.15)


@pytest.mark.parametrize("until", [95, 50])
def test_what_no_interval_tells_apart_has_no_rank(tmp_path: Path, until: int) -> None:
    """Two measures that add as much, or one of which lasts too short for an interval: neither is first."""

    def stepwise(second: int, draw):
        share = 0.5 if second < 35 else 0.6 if second < 65 else 0.7
        for _ in range(40):
            yield "student", "home", "control", "ok" if draw.random() < share else "failed", 0.1

    two = [perturbation("one", "measure", 35, until), perturbation("other", "measure", 65 if until > 65 else 46, until)]
    found = effects(a_run(tmp_path / "r", two, stepwise), None)
    assert [each.worth.rank for each in found] == [None, None]
    assert until > 65 or found[1].worth.bought_pages_per_minute.low is None


def test_a_fault_that_never_came_has_no_effect(tmp_path: Path) -> None:
    """Planned, never applied: said so, and nothing is compared."""
    run = a_run(tmp_path / "r", [perturbation("f", "fault", 40, 60)], slow_and_failing, applied=False)
    (found,) = effects(run, None)
    assert (found.perturbation.applied, found.cells) == (False, [])


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    """Seconds alike in fives: of 200 comparisons without effect about 5 % miss 0; over pages more than a third do."""
    draw = np.random.default_rng(11)

    def part() -> Part:
        luck = np.repeat(draw.normal(0.8, 0.08, 24), 5)
        asked = np.full(120, 50.0)
        ok = draw.binomial(50, np.clip(luck, 0, 1)).astype(float)
        return Part(asked, ok, asked - ok, ok * np.log(0.1))

    by_blocks = by_pages = 0
    for _ in range(200):
        first, second = part(), part()
        served, _ = compare(first, second)
        by_blocks += not served.low <= 0 <= served.high
        low, high = proportion.difference(*(int(of.sum()) for of in (second.ok, second.asked, first.ok, first.asked)))
        by_pages += not low <= 0 <= high
    assert by_blocks <= 20
    assert by_pages > 66


def test_a_stretch_too_short_has_no_interval(tmp_path: Path) -> None:
    """Two blocks are no sample: a value without bounds."""
    run = a_run(tmp_path / "r", [perturbation("f", "fault", 40, 60)], slow_and_failing)
    pages = by_second(Series.of(run.path, []))
    served, _ = compare(Stretch(pages, 36, 40).part(), Stretch(pages, 40, 44).part())
    assert served.value is not None
    assert served.low is None


def test_spells_of_five_seconds_count() -> None:
    """Shorter ones do not; the last may reach the end."""
    states = [(second, second in {1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 20, 21, 22, 23, 24}) for second in range(25)]
    assert list(spells(states)) == [(7, 12), (20, 24)]
    assert upper_edge(np.array([1.0, 1.0, 1.0])) == pytest.approx(1.2)
    assert upper_edge(np.array([1.0, 2.0, 3.0])) == pytest.approx(2 + 3)


def test_a_truncated_record_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """A file cut in the middle, no file, no keys: fewer pages, no error."""
    run = a_run(tmp_path / "r", [perturbation("f", "fault", 40, 60)], slow_and_failing)
    whole = (run.path / "series.arrows").read_bytes()
    (run.path / "series.arrows").write_bytes(whole[: len(whole) // 2])
    assert 10 < by_second(Series.of(run.path, [])).seconds < 100
    (run.path / "series.arrows").unlink()
    (run.path / "keys.json").unlink()
    assert by_second(Series.of(run.path, [])).seconds == 0
    assert effects(run, None)[0].cells == []


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_section_says_it_in_both_languages(tmp_path: Path, language: str) -> None:
    """Rows as wide as their headings, numbers in the language's typography, JSON without NaN."""
    run = a_run(tmp_path / "r", [perturbation("f<b>", "fault", 40, 60)], slow_and_failing)
    found = effects(run, None)
    json.dumps(as_data(found), allow_nan=False)
    words, numbers = messages(language), Numbers(language)
    view = effects_view(found, words, numbers)
    assert {len(row) for each in view["perturbations"] for row in each["rows"]} == {len(view["headings"])}
    text = "\n".join(effects_markdown(found, words, numbers))
    assert "f\\<b\\>" in text
    assert ("Inversion de priorité" if language == "fr" else "Priority inversion") in text
    assert effects_view([], words, numbers) is None


def test_measures_in_force_all_the_time_are_one(tmp_path: Path) -> None:
    """Two from before the first arrival: one row, against a run of the same plan without; none, no comparison."""

    def served(share: float):
        def pages(second: int, draw):
            del second
            for _ in range(20):
                yield "student", "home", "control", "ok" if draw.random() < share else "failed", 0.1

        return pages

    two = [perturbation(name, "measure", 0, 100) | {"whole_run": True} for name in ("a", "b")]
    with_them, without = a_run(tmp_path / "w", two, served(0.95)), a_run(tmp_path / "o", [], served(0.6))
    (one,) = effects(with_them, without.path)
    assert one.perturbation.id == "a + b"
    assert one.worth.bought_pages_per_minute.value == pytest.approx(0.35 * 1200, rel=0.2)
    (alone,) = effects(with_them, None)
    assert not alone.compared
    assert alone.worth is None


def test_a_few_pages_do_not_say_that_nothing_was_felt(tmp_path: Path) -> None:
    """Slow sign-ons every third second: no stretch of bad seconds can show, so that nothing is said."""

    def pages(second: int, draw):
        for _ in range(10):
            yield "student", "home", "control", "ok", 0.1
        if second % 3 == 0 or second < 40:
            slow = 40 <= second < 60 and draw.random() < 0.5
            yield "student", "sign-on", "control", "ok", 3.0 if slow else 0.1
            yield "student", "sign-on", "control", "ok", 0.1

    (found,) = effects(a_run(tmp_path / "r", [perturbation("f", "fault", 40, 70)], pages), None)
    assert of(found, "student", "home").disturbance.felt is False
    assert of(found, "student", "sign-on").disturbance.felt is None
