"""The capacity note of runs already made: what it calls their target."""

from pathlib import Path

import pytest
from tests.analysis.capacity.servers import Server, step
from tests.analysis.sweeps import CLEAR, found

from entsurge.cli import main
from entsurge.errors import USAGE
from entsurge.findings.serial import as_json


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


def test_the_note_has_a_section_of_what_was_found_on_paper(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a sweep's file: marked as simulated, with its answer, in both languages; another file is refused."""
    run = step(tmp_path, "lockdown-2020", Server.that_takes(150.0, 0.150), 7.2, 1)
    other = step(tmp_path, "lockdown-2020", Server.that_takes(150.0, 0.150), 8.8, 2)
    sweep = tmp_path / "sweep.json"
    sweep.write_text(as_json(found(CLEAR)), encoding="utf-8")
    asked = ["capacity", "--from", str(run), "--from", str(other), "--scale", "1/86", "--out", str(tmp_path / "out")]
    with pytest.raises(SystemExit):
        main([*asked, "--simulated", str(sweep)])
    for language, mark in (("fr", "SIMULÉ"), ("en", "SIMULATED")):
        page = (tmp_path / "out" / f"capacity.{language}.html").read_text("utf-8")
        assert page.count(f"<strong>{mark}") == 1
        assert 'id="paper"' in page
        text = (tmp_path / "out" / f"capacity.{language}.md").read_text("utf-8")
        assert mark in text
    assert "On paper the cheapest that holds: 2 nodes · s" in text
    assert f"--simulated {sweep}" in text
    with pytest.raises(SystemExit) as ended:
        main([*asked, "--simulated", str(run / "manifest.json")])
    assert ended.value.code == USAGE
    assert "no sweep.json that can be read" in capsys.readouterr().err
