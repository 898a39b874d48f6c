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


def test_how_long_it_takes_is_said_as_the_table_has_it() -> None:
    """In its first lines, in the Makefile and in the README, to the half hour; the short forms to the minute."""
    words = {3: "three", 3.5: "three and a half", 4: "four", 6.5: "six and a half", 7: "seven", 7.5: "seven and a half"}
    without = [each for each in every.BENCHMARKS if each.script not in {"region", "capacity_truth"}]
    whole, left = (
        words[round(sum(each.minutes for each in those) / 30) / 2] for those in (every.BENCHMARKS, without)
    )  # fmt: skip
    short = words[round(sum(each.usual_seconds(short=True) for each in every.BENCHMARKS) / 60)]
    here = Path(every.__file__).parent
    assert f"takes {whole} hours" in (every.__doc__ or "")
    assert f"leaves {left}." in (every.__doc__ or "")
    told = f'all benchmarks, {whole} hours (SKIP="region capacity_truth": {left}; SHORT=1: {short} minutes)'
    assert told in (here.parent / "Makefile").read_text(encoding="utf-8")
    readme = " ".join((here / "README.md").read_text(encoding="utf-8").split())
    assert f'takes {whole} hours, most of it waiting; `make bench SKIP="region capacity_truth"` {left};' in readme
