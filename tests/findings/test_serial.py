"""One serializer: what is published follows its schema, comes back as it was, and holds nothing that JSON has not."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.analysis.records import objective, pages, record, visit

from entsurge.analysis import judge, read_run, report
from entsurge.analysis.brief import brief
from entsurge.analysis.comparison_report import comparison_report
from entsurge.findings.serial import PUBLISHED, as_data, as_json, as_line, from_line, schema, schema_text
from entsurge.findings.statement import Statement
from entsurge.gate import gate
from entsurge.render.ci import gate_report

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A finding of each kind that is published, of runs with a fault and without."""
    folder = tmp_path_factory.mktemp("serial")
    fault = {"id": "f", "kind": "fault", "title": {"fr": "f", "en": "f"}, "defers": [], "start_s": 40.0, "end_s": 60.0}
    rows = [row for second in range(12, 100) for row in pages(second=second, count=3)]
    owed = [objective("p95 < 3 s")]
    plain = record(folder, rows, [visit()], objectives=owed)
    run = record(folder, rows, [visit()], objectives=owed, perturbations=[fault])
    return {
        "report": report([plain, run]),
        "comparison": comparison_report([plain], [run], enforce=False),
        "brief": brief(read_run(run), read_run(plain)),
        "verdict": judge(read_run(run)).concluded(),
        "gate": gate_report(gate([run])),
    }


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_schema_that_is_published_is_that_of_the_code(name: str) -> None:
    """docs/schemas holds what the dataclasses say; this test names the command that writes them anew."""
    kept = (SCHEMAS / f"{name}.json").read_text("utf-8")
    assert kept == schema_text(name), (
        "python -c 'from pathlib import Path; from entsurge.findings.serial import PUBLISHED, schema_text; "
        '[Path(f"docs/schemas/{n}.json").write_text(schema_text(n)) for n in PUBLISHED]\''
    )


def test_what_is_published_follows_its_schema(found: dict[str, Any]) -> None:
    """Every kind, of real runs; and the schema knows a wrong key's place when it sees it."""
    for name, each in found.items():
        if name in PUBLISHED:
            Draft202012Validator(schema(name)).validate(as_data(each))
    damaged = as_data(found["report"])
    del damaged["runs"][0]["continuity"]["students"]["came"]
    (fault,) = Draft202012Validator(schema("report")).iter_errors(damaged)
    assert list(fault.absolute_path) == ["runs", 0, "continuity", "students"]


def test_findings_come_back_as_they_were(found: dict[str, Any]) -> None:
    """Through the line that one process hands to another."""
    for each in found.values():
        assert from_line(type(each), as_line(each)) == each


def test_what_is_no_number_is_null_and_what_is_no_text_is_replaced(found: dict[str, Any]) -> None:
    """Infinity and NaN, and half a surrogate pair as a target may send it."""
    odd = replace(
        found["verdict"],
        refused={"a": math.inf, "b": math.nan},
        sentences=[Statement("x", {"name": "a\ud800b", "who": "é"})],
    )
    told = json.loads(as_json(odd))
    assert told["refused"] == {"a": None, "b": None}
    assert told["sentences"] == [{"code": "x", "of": {"name": "a?b", "who": "é"}}]
    assert "\ud800" not in as_json(odd)
