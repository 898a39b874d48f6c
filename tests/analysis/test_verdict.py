"""What is said of runs whose behaviour is known: the verdict, its code, and the sentence itself, in both languages."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.analysis.records import objective, pages, record, run_of, visit
from tests.typography import in_words, plain, sentences

from entsurge.analysis import judge, read_run, report
from entsurge.analysis.continuity import continuity
from entsurge.analysis.devices import devices
from entsurge.analysis.proportion import lower, needed, upper
from entsurge.findings.serial import as_json
from entsurge.gate import gate
from entsurge.record.reading.documents import under_way
from entsurge.render import render_html
from entsurge.render.gate_lines import one_line

FAST = objective("p95 < 1s", id="fast")
WELL = objective("errors < 5%", id="well")


def ended(path: Path, **finish: Any) -> Path:
    """The run in this folder, with another end."""
    (path / "finish.json").write_text(json.dumps({"end": "completed", "cpu_share": 0.1} | finish), encoding="utf-8")
    return path


def test_too_small_is_not_to_be_taken_for_not_to_be_believed(tmp_path: Path) -> None:
    """40 fast pages: sound, and too few; how many it takes, in what window or at what scale, is said."""
    run = run_of(tmp_path, pages(seconds=0.2, count=40), visits=[visit()], objectives=[FAST], scale="1/86")
    found = judge(run)
    assert (found.verdict, found.exit_code) == ("INCONCLUSIVE", 4)
    assert found.objectives[0].needed == 59
    assert sentences(found.sentences).startswith(
        "The run is inconclusive: not enough data for pupils: 95 of 100 pages within 1 s (40 pages; it takes "
        "about 59: a window of 2.5 min instead of 1.7, or scale 1/58 instead of 1/86)."
    )
    assert sentences(found.sentences, "fr").startswith(
        "Essai non concluant : données insuffisantes pour les élèves : 95 pages sur 100 en 1 s au plus (40 pages"
    )
    assert "soit une fenêtre de 2,5 min au lieu de 1,7, ou l’échelle 1/58 au lieu de 1/86" in sentences(
        found.sentences, "fr"
    )


def test_a_proven_miss_outweighs_thin_data_and_a_broken_measurement_both(tmp_path: Path) -> None:
    """One objective is missed, another has no page: FAIL; with a starved generator INVALID, the miss still said."""
    rows = pages(seconds=9.0, count=400)
    thin = objective("p95 < 1s", id="marks", service="marks")
    path = record(tmp_path, rows, [visit()], objectives=[FAST, thin])
    found = judge(read_run(path))
    assert (found.verdict, found.exit_code) == ("FAIL", 3)
    assert any(
        "objective missed for pupils: 95 of 100 pages within 9 s (objective: 1 s at most)" in in_words(each)
        for each in found.reasons
    )
    assert any("not enough data for pupils" in in_words(each) for each in found.reasons)
    found = judge(read_run(ended(path, cpu_share=0.99)))
    assert (found.verdict, found.exit_code) == ("INVALID", 4)
    assert sentences(found.sentences).startswith("The run is not to be believed: generator CPU: 99%.")
    assert sentences(found.sentences, "fr").startswith("Essai non fiable : processeur du générateur : 99 %.")
    assert any("objective missed for pupils" in in_words(each) for each in found.reasons)


@pytest.mark.parametrize(
    ("end", "seconds", "verdict", "code"),
    [
        ("interrupted", 0.2, "INCONCLUSIVE", 130), ("interrupted", 9.0, "FAIL", 130), ("guard", 9.0, "FAIL", 5),
        ("unreachable", 0.2, "INCONCLUSIVE", 6), ("no-workers", 9.0, "INVALID", 4), ("disk", 0.2, "INVALID", 7),
    ],
)  # fmt: skip
def test_a_run_that_was_cut_short_is_judged_as_far_as_it_went(
    tmp_path: Path, end: str, seconds: float, verdict: str, code: int
) -> None:
    """What was missed until then is missed; what was kept is not kept to the end; the end's own code stays."""
    planned = {"student": {"visits": 300, "page_views": 900, "services": {}}}
    visits = [visit(name=f"v{n}", due_us=20_000_000 + n) for n in range(100)]
    path = record(tmp_path, pages(seconds=seconds, count=400), visits, objectives=[FAST], planned=planned)
    found = judge(read_run(ended(path, end=end)))
    assert (found.verdict, found.exit_code) == (verdict, code)
    if verdict == "INCONCLUSIVE":
        assert found.objectives[0].state == "met"
        assert "interrupted" in sentences(found.sentences) or "did not answer" in sentences(found.sentences)


def test_what_was_refused_is_in_the_sentence_of_every_verdict(tmp_path: Path) -> None:
    """Half of the pupils' pages refused, parents turned away at sign-on, teachers under one in a hundred."""
    visits = [visit(name=f"s{n}", planned=4, ok=2, shed=1, unserved=1, end="shed") for n in range(50)]
    visits += [
        visit(name=f"p{n}", persona="parent", planned=4, ok=0, unserved=4, sign_on="shed", end="shed")
        for n in range(50)
    ]
    visits += [visit(name=f"t{n}", persona="teacher", planned=4, ok=4) for n in range(49)]
    visits += [visit(name="t49", persona="teacher", planned=4, ok=3, shed=1)]
    for seconds, verdict in ((0.2, "PASS"), (9.0, "FAIL")):
        found = judge(run_of(tmp_path, pages(seconds=seconds, count=400), visits=visits, objectives=[FAST]))
        assert found.verdict == verdict
        assert "Pages refused, visits turned away included: 50% for pupils, 100% for parents." in sentences(
            found.sentences, "en"
        )
        assert (
            "Pages refusées, visites reportées comprises : 50 % pour les élèves, 100 % pour les parents."
            in sentences(found.sentences, "fr")
        )
        assert found.refused == {"student": 0.5, "parent": 1.0}
    served = objective("served >= 95%", id="served")
    assert judge(run_of(tmp_path, pages(count=400), visits=visits, objectives=[FAST, served])).verdict == "FAIL"


def test_pages_not_asked_for_when_the_run_ended_are_not_held_against_the_target(tmp_path: Path) -> None:
    """Visits of 4 pages that the run's end cut after 2; what had been asked and not answered is."""
    cut = [visit(name=f"c{n}", planned=4, ok=2, unserved=2, end="interrupted") for n in range(100)]
    served = objective("served >= 95%", service="*"), objective("served >= 95%", service="homework")
    run = run_of(tmp_path, pages(count=400), visits=cut, objectives=list(served))
    assert [each.state for each in judge(run).objectives] == ["met", "met"]
    hung = [visit(name=f"h{n}", planned=4, ok=1, failed=1, unserved=2, end="interrupted") for n in range(100)]
    run = run_of(tmp_path, pages(count=400), visits=hung, objectives=list(served))
    assert [each.state for each in judge(run).objectives] == ["missed", "missed"]


def test_a_run_that_goes_on_is_provisional_and_not_judged(tmp_path: Path) -> None:
    """Its process is there: nothing is judged, pages are served, to when it reads is said; then the process is dead."""
    rows = [line for second in range(12, 40) for line in pages(seconds=9.0, count=20, second=second)]
    path = record(tmp_path, rows, objectives=[FAST])
    (path / "finish.json").unlink()
    engine = subprocess.Popen(
        [sys.executable, "-c", "input()", "-m", "entsurge.engine", json.dumps({"out": str(path)})],
        stdin=subprocess.PIPE,
    )
    try:
        (path / "engine.pid").write_text(str(engine.pid), encoding="utf-8")
        limit = time.monotonic() + 30
        while not under_way(path) and time.monotonic() < limit:  # until the process is what it was started as
            time.sleep(0.01)
        found = judge(read_run(path))
        assert (found.verdict, found.exit_code) == ("INCONCLUSIVE", 4)
        assert sentences(found.sentences).startswith(
            "Provisional: the run goes on, read to second 40 of 140; nothing is judged"
        )
        assert found.objectives[0].state == "not-judged"
        assert not any(light.ok is False for light in found.lights)
        data = report([path])
        assert data.runs[0].pages_per_second.ok == pytest.approx(28 * 20 / 30)
        for language, said in (("en", "In progress, provisional"), ("fr", "En cours, provisoire")):
            page = render_html(data, language)
            assert said in page
            assert "nothing is judged before its end" in page or "rien n’est jugé avant la fin" in page
        assert as_json(data)
    finally:
        engine.communicate(b"\n", timeout=30)
    found = judge(read_run(path))
    assert found.verdict == "INVALID"
    assert "the run broke off" in sentences(found.sentences)


def test_several_candidates_are_one_conclusion_by_precedence(tmp_path: Path) -> None:
    """PASS and INCONCLUSIVE are INCONCLUSIVE; with a FAIL the miss is said and the code is 3."""
    good = record(tmp_path, pages(seconds=0.2, count=400), [visit()], objectives=[FAST])
    thin = record(tmp_path, pages(seconds=0.2, count=20), [visit()], objectives=[FAST])
    bad = record(tmp_path, pages(seconds=9.0, count=400), [visit()], objectives=[FAST])
    found = gate([good, thin])
    assert found.exit_code == 4
    assert one_line(found, "en").startswith("INCONCLUSIVE (4): ")
    found = gate([good, thin, bad])
    assert found.exit_code == 3
    assert one_line(found, "en").startswith(
        "FAIL (3): 1 of 3 required objectives missed, such as pupils: 95 of 100 pages within"
    )
    assert "is INCONCLUSIVE" in one_line(found, "en")


def test_nobody_is_said_to_have_published_nothing_where_nothing_may_be_written(tmp_path: Path) -> None:
    """Ten teachers came to a read-only target: not measured, and why; none of ten in red."""
    teachers = [visit(name=f"t{n}", persona="teacher", work_served=False) for n in range(10)]
    run = run_of(tmp_path, pages(count=400), visits=teachers, unmeasured={"teacher": "read-only"}, objectives=[FAST])
    found = continuity(run).teachers
    assert (found.came, found.done, found.per_100) == (10, None, None)
    data = report([run.path])
    assert "not measured: the target is read-only" in render_html(data, "en")
    assert "non mesuré : la cible est en lecture seule" in plain(render_html(data, "fr"))
    told = continuity(run_of(tmp_path, pages(count=400), visits=teachers)).teachers
    assert (told.done, told.per_100) == (0, 0.0)


@pytest.mark.parametrize(
    ("events", "total", "allowed"), [(0, 10, 0.05), (1, 30, 0.05), (40, 1000, 0.05), (3, 20, 0.05)]
)
def test_as_many_pages_as_are_said_to_be_needed_would_tell(events: int, total: int, allowed: float) -> None:
    """At the same share: so many decide, and a quarter fewer do not."""
    count = needed(events, total, allowed)
    assert count is not None

    def decides(many: int) -> bool:
        same = round(events * many / total)
        return upper(same, many) <= allowed or lower(same, many) > allowed

    assert decides(count)
    assert count == total or not decides(int(count / 1.3))
    assert needed(50, 1000, 0.05) is None


def test_whoever_cannot_publish_by_the_app_did_not_come_for_it(tmp_path: Path) -> None:
    """Four teachers by computer published, six by an app without a page for it: four of four, and why of the app's."""
    by = {"computer": 4, "app": 6}
    teachers = [
        visit(name=f"t{n}{device}", persona="teacher", device=device, work_served=device == "computer")
        for device, count in by.items()
        for n in range(count)
    ]
    told = {"title": {}, "app": "a", "shares": {}, "kept_cache_percent": {}}
    run = run_of(
        tmp_path, pages(count=400), visits=teachers, objectives=[FAST], devices=told,
        unmeasured_by_device={"teacher": {"app": "no-page"}},
    )  # fmt: skip
    found = continuity(run)
    assert (found.teachers.came, found.teachers.done) == (4, 4)
    assert [(each.schools, each.teachers_came) for each in found.by_academy] == [(1, 4)]
    rows = {row.device: row.teachers for row in devices(run).rows}
    assert (rows["computer"].per_100, rows["app"].unmeasured) == (100, "no-page")
