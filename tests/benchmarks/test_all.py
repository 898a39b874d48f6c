"""The driver of all benchmarks: nobody keeps the next from its turn, and what went wrong is said at the end."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import all as every
from quiet import Calibration

SCRIPTS = {
    "broken": "import sys; sys.exit(3)",
    "marked": "print('| client† |')",
    "fine": "import sys; print(sys.argv[1:])",
    "stuck": "import time; time.sleep(60)",
}


@pytest.fixture
def driven(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Runs the driver over these scripts with options: its exit code, what it printed, what it said beside."""
    for name, text in SCRIPTS.items():
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.setattr(every, "HERE", tmp_path)
    monkeypatch.setattr(every, "LEAST_PATIENCE_SECONDS", 2)
    monkeypatch.setattr(every, "BENCHMARKS", tuple(every.Benchmark(name, 0.001, 0.1) for name in SCRIPTS))
    monkeypatch.setattr(every.quiet, "calibrate", lambda: Calibration(0.3, 0.3))

    def run(*given: str) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["all.py", *given])
        with pytest.raises(SystemExit) as ended:
            every.main()
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return run


def test_all_have_their_turn_and_their_line(driven) -> None:
    """One fails, one is stuck and ended, one is marked; the exit code is 1, progress counts to the last."""
    code, printed, said = driven()
    assert code == 1
    assert "failed: exit 3" in printed
    assert "took far too long" in printed
    assert "marked in its table" in printed
    assert "[4/4] stuck: usually 0 s" in said


def test_options_reach_each_and_those_skipped_have_no_turn(driven) -> None:
    """Exit code 0 where none has failed."""
    code, printed, _ = driven("--short", "--results", "x", "--skip", "broken", "stuck")
    assert code == 0
    assert "['--short', '--results', 'x']" in printed
    assert "broken" not in printed
    assert driven("--only", "fine")[1].count("quiet") == 1
