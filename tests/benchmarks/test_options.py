"""What a benchmark makes of `--short` and `--results`."""

import sys
from argparse import Namespace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import options


def read(monkeypatch: pytest.MonkeyPatch, *given: str) -> Namespace:
    monkeypatch.setattr(sys, "argv", ["benchmark", *given])
    parser = options.parser("about")
    parser.add_argument("--rounds", type=int, default=7)
    return options.read(parser, short={"rounds": 1})


def test_a_short_run_has_its_own_defaults_and_what_is_given_goes_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven rounds, one in short, and two where two are asked for."""
    found = [read(monkeypatch, *given).rounds for given in ((), ("--short",), ("--short", "--rounds", "2"))]
    assert found == [7, 1, 2]


def test_a_short_run_does_not_write_over_what_is_committed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Named outright it is refused; without a folder nothing is written."""
    with pytest.raises(SystemExit):
        read(monkeypatch, "--short", "--results", str(options.RESULTS))
    assert "does not write over" in capsys.readouterr().err
    assert options.folder_of(read(monkeypatch, "--short")) is None
    assert options.folder_of(read(monkeypatch)) == options.RESULTS


def test_what_is_printed_is_what_is_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The table, then the machine and the day in one line; a folder that is not there is made."""
    options.keep(read(monkeypatch, "--short", "--results", str(tmp_path / "new")), "t.md", "| a |\n\n")
    text = (tmp_path / "new" / "t.md").read_text("utf-8")
    assert text in capsys.readouterr().out
    assert text.startswith("| a |\n\nMeasured on ")
    assert text.count("\n") == 3


def test_options_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """To a benchmark that another starts."""
    assert options.shared(read(monkeypatch, "--short", "--results", "x")) == ["--short", "--results", "x"]
    assert options.shared(read(monkeypatch)) == []
