"""The capacity note of runs already made: what it calls their target."""

from pathlib import Path

import pytest
from tests.analysis.capacity.servers import Server, step

from entsurge.cli import main


def test_the_note_calls_the_target_by_its_name(tmp_path: Path) -> None:
    """That of the runs' manifests, not the address under which it was met."""
    target = {"name": "préproduction", "url": "http://127.0.0.1:1"}
    server = Server.that_takes(150.0, 0.150)
    runs = [
        step(tmp_path, "lockdown-2020", server, 8.0 * rate, draw, target=target)
        for draw, rate in enumerate((0.9, 1.1), 1)
    ]
    with pytest.raises(SystemExit):
        main(["capacity", *(f"--from={run}" for run in runs), "--scale", "1/86", "--out", str(tmp_path / "out")])
    (note,) = (tmp_path / "out").glob("*.en.md")
    assert "Platform loaded: préproduction, taken" in note.read_text("utf-8")
