"""Whether a fault hit anybody: one that was in force and touched nothing proves nothing."""

import json
from pathlib import Path

import pytest
from tests.analysis.records import objective, pages, record, visit
from tests.typography import in_words

from entsurge.analysis.validity import lights
from entsurge.analysis.verdict import judge
from entsurge.record.reading.run import read_run

ONE = {
    "id": "sso", "kind": "fault", "title": {"fr": "s", "en": "s"}, "defers": [], "start_s": 40.0, "end_s": 60.0,
    "whole_run": False, "lease_seconds": 15,
}  # fmt: skip


def told(path: Path, *events: dict) -> Path:
    """A sound run of one fault, in force and ended, of which this was said in between."""
    path = record(path, pages(count=2000), [visit()], perturbations=[ONE], objectives=[objective("p95 < 3 s")])
    rows = [{"state": "applied"}, *events, {"state": "ended", "detail": "normal"}]
    lines = [json.dumps({"t": 50.0, "kind": "perturbation", "id": "sso"} | row) for row in rows]
    (path / "events.jsonl").write_text("\n".join(lines) + "\n")
    (path / "finish.json").write_text(json.dumps({"end": "completed", "cpu_share": 0.1}))
    return path


def touched(count: int, what: str = "requests") -> dict:
    return {"state": "touched", "count": count, "detail": f"{count} {what}"}


UNKNOWN = {"state": "touched", "detail": "nobody can say what: Envoy is gone"}


@pytest.mark.parametrize(
    ("events", "ok", "en", "fr"),
    [
        ([touched(3), touched(412)], True, "touched by measures and faults: sso (412 requests)",
         "ont été touchés par les mesures et les pannes : sso (412 requêtes)"),
        ([touched(0, "packets")], False, "in force, and touched nothing: sso (0 packets)",
         "en place, et sans effet sur quiconque : sso (0 paquet)"),
        ([UNKNOWN], None, "nobody knows what was touched: sso (nobody can say what: Envoy is gone)",
         "nul ne sait qui a été touché : sso (nobody can say what: Envoy is gone)"),
        ([touched(3), UNKNOWN], True, "touched by measures and faults: sso (3 requests)",
         "ont été touchés par les mesures et les pannes : sso (3 requêtes)"),
    ],
)  # fmt: skip
def test_the_light_says_how_many(tmp_path: Path, events: list[dict], ok: bool | None, en: str, fr: str) -> None:
    """The last count; none is broken; what nobody could count is shown."""
    (light,) = [each for each in lights(read_run(told(tmp_path, *events))) if each.name == "evidence"]
    assert light.ok is ok
    assert (in_words(light.said), in_words(light.said, "fr")) == (en, fr)


def test_nothing_touched_is_invalid(tmp_path: Path) -> None:
    """Exit 4, whatever the objectives say, with the reason."""
    verdict = judge(read_run(told(tmp_path, touched(0))))
    assert (verdict.verdict, verdict.exit_code) == ("INVALID", 4)
    assert [in_words(each) for each in verdict.reasons] == ["in force, and touched nothing: sso (0 requests)"]


def test_a_fault_that_can_have_no_evidence_is_not_condemned(tmp_path: Path) -> None:
    """An operator, a command: no word of it, no light."""
    run = read_run(told(tmp_path))
    assert not [each for each in lights(run) if each.name == "evidence"]
    assert judge(run).verdict == "PASS"
