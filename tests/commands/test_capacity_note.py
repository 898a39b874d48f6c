"""The capacity note of runs already made: what it calls their target."""

from pathlib import Path

import pytest
from tests.analysis.records import objective, pages, record, visit

from entsurge.cli import main


def test_the_note_calls_the_target_by_its_name(tmp_path: Path) -> None:
    """That of the runs' manifests, not the address under which it was met."""
    planned = {"student": {"visits": 100, "page_views": 400, "services": {}}}
    target = {"name": "préproduction", "url": "http://127.0.0.1:1"}
    runs = [
        record(
            tmp_path,
            [each for second in range(10, 110) for each in pages(count=4, seconds=seconds, second=second)],
            [visit(name=f"student/{number}", due_us=(10 + number) * 1_000_000) for number in range(100)],
            target=target, planned=planned, objectives=[objective("p95 < 1s")], scale=scale,
        )
        for seconds, scale in ((0.3, "1/80"), (3.0, "1/40"))
    ]  # fmt: skip
    with pytest.raises(SystemExit):
        main(["capacity", "lockdown-2020", *(f"--from={run}" for run in runs), "--out", str(tmp_path / "out")])
    (note,) = (tmp_path / "out").glob("*.en.md")
    assert "Target: préproduction, scale" in note.read_text("utf-8")
