"""Run directories with damaged files: read as far as they go, or refused in one sentence; never anything else."""

import json
import os
import random
import shutil
import zipfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from entsurge.analysis import read_run, report
from entsurge.analysis.brief import brief
from entsurge.analysis.comparison_report import comparison_report
from entsurge.errors import UsageError
from entsurge.findings.serial import as_data, as_line, from_line

RUNS = Path(__file__).parent.parent / "golden" / "runs.zip"
FILES = (
    "manifest.json", "finish.json", "keys.json", "series.arrows", "visits.arrows", "gauges.jsonl", "events.jsonl",
    "failures.jsonl", "target.jsonl",
)  # fmt: skip
ROUNDS = int(os.environ.get("ENTSURGE_DAMAGE_ROUNDS", "2"))
INSTEAD: tuple[Any, ...] = (None, -1, 1e300, "", "x" * 50, [], {}, [None], {"a": 1}, True, float("nan"), 10**30)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs as the engine wrote them."""
    folder = tmp_path_factory.mktemp("runs")
    with zipfile.ZipFile(RUNS) as archive:
        archive.extractall(folder)
    return folder


def concluded(run: Path, other: Path, *, thoroughly: bool) -> str:
    """What is concluded from a run, as text (`thoroughly`: brief and comparison too); of one that is refused, why."""
    try:
        said: list[Any] = [report([run])]
        if thoroughly:
            said += [brief(read_run(run)), comparison_report([other, run], enforce=False)]
    except UsageError as error:
        return f"refused: {error}"
    for each in said:
        assert from_line(type(each), as_line(each)) == each
    return json.dumps([as_data(each) for each in said], allow_nan=False)


@pytest.fixture
def damaged(runs: Path, tmp_path: Path) -> Callable[[str, bytes], str]:
    """What is concluded of the second run, with other bytes in one of its files."""
    shutil.copytree(runs / "surge", tmp_path / "run")
    turns = count()

    def conclude(name: str, content: bytes) -> str:
        whole = (runs / "surge" / name).read_bytes()
        (tmp_path / "run" / name).write_bytes(content)
        try:
            return concluded(tmp_path / "run", runs / "ordinary", thoroughly=next(turns) % 4 == 0)
        finally:
            (tmp_path / "run" / name).write_bytes(whole)

    return conclude


@pytest.mark.parametrize("name", FILES)
def test_flipped_bytes_are_read_past_or_refused(runs: Path, damaged: Callable[[str, bytes], str], name: str) -> None:
    """One to twenty bytes anywhere in a file have another value."""
    draw, whole = random.Random(name), (runs / "surge" / name).read_bytes() if (runs / "surge" / name).exists() else b""
    for _ in range(ROUNDS if whole else 0):
        content = bytearray(whole)
        for _ in range(draw.choice((1, 3, 20))):
            content[draw.randrange(len(content))] = draw.randrange(256)
        assert damaged(name, bytes(content))


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_anywhere_is_read_as_far_as_it_goes(
    runs: Path, damaged: Callable[[str, bytes], str], name: str
) -> None:
    """Ended in the middle, empty, or with garbage at its end."""
    whole = (runs / "surge" / name).read_bytes() if (runs / "surge" / name).exists() else b""
    for content in (b"", whole[: len(whole) // 3], whole + b"\x00\xff{garbage"):
        if whole:
            assert damaged(name, content)


def values(of: Any) -> Iterator[tuple[Any, Any]]:
    """Every container within a JSON value, with each of its keys or places."""
    for key in list(of) if isinstance(of, dict) else range(len(of)) if isinstance(of, list) else ():
        yield of, key
        yield from values(of[key])


@pytest.mark.parametrize("name", ["manifest.json", "finish.json", "gauges.jsonl", "failures.jsonl", "events.jsonl"])
def test_json_of_other_shape_is_read_past_or_refused(
    runs: Path, damaged: Callable[[str, bytes], str], name: str
) -> None:
    """A value is missing, or one of another kind stands in its place, at any depth."""
    draw = random.Random(name)
    path = runs / "surge" / name
    lines = path.read_text("utf-8").splitlines() if name.endswith("l") else [path.read_text("utf-8")]
    for _ in range(2 * ROUNDS):
        number = draw.randrange(len(lines))
        row = json.loads(lines[number])
        container, key = draw.choice(list(values(row)))
        if draw.random() < 0.4:
            del container[key]
        else:
            container[key] = draw.choice(INSTEAD)
        text = "\n".join([*lines[:number], json.dumps(row), *lines[number + 1 :]])
        assert damaged(name, text.encode())


def test_what_was_left_out_is_said(runs: Path, tmp_path: Path) -> None:
    """A finish without meaning, a gauge of the year 30000, keys of an unknown kind: a note each, the rest is read."""
    shutil.copytree(runs / "surge", tmp_path / "run")
    finish = json.loads((tmp_path / "run" / "finish.json").read_text("utf-8"))
    (tmp_path / "run" / "finish.json").write_text(json.dumps(finish | {"little": {"residual": "?"}}), "utf-8")
    with (tmp_path / "run" / "gauges.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"t": 1000000000000}\n')
    keys = json.loads((tmp_path / "run" / "keys.json").read_text("utf-8"))
    keys[0]["outcome"] = "oj"
    (tmp_path / "run" / "keys.json").write_text(json.dumps(keys), "utf-8")
    run = read_run(tmp_path / "run")
    assert run.finish["end"] == finish["end"]
    assert "little" not in run.finish
    for name in ("finish.json: little", "gauges.jsonl: line", "series.arrows:"):
        assert any(note.startswith(name) for note in run.notes), run.notes


CASES = Path(__file__).parent / "cases"
SAID = {  # files that once ended the analysis: refused, or what is said of them
    "ArrowIndexError-visits.arrows": "visits.arrows: ends in the middle of a batch, or is damaged there",
    "ArrowMemoryError-series.arrows": "series.arrows: ends in the middle of a batch, or is damaged there",
    "KeyError-failures.jsonl": "home open-a ValueError",
    "KeyError-figures-manifest.json": "manifest.json: figures.week.pages_per_visit: missing",
    "KeyError-finish.json": "finish.json: start_lag_us: cannot be read and left out",
    "KeyError-planned-manifest.json": "manifest.json: planned.teacher.visits: missing",
    "OverflowError-gauges.jsonl": "gauges.jsonl: 4 lines cannot be read and were skipped, the first is line 8",
    "TypeError-finish.json": "finish.json: cpu_share: cannot be read and left out",
    "TypeError-visits.arrows": "visits.arrows: ends in the middle of a batch, or is damaged there",
}


@pytest.mark.parametrize("case", SAID)
def test_files_that_once_ended_the_analysis(runs: Path, tmp_path: Path, case: str) -> None:
    """Damage as it was found, in the place of the file: read past and said, or refused in one sentence."""
    shutil.copytree(runs / "surge", tmp_path / "run")
    shutil.copy(CASES / case, tmp_path / "run" / case.rpartition("-")[2])
    assert SAID[case] in concluded(tmp_path / "run", runs / "ordinary", thoroughly=False)


def test_every_case_has_its_answer() -> None:
    """No file lies there that nobody asks about."""
    assert {path.name for path in CASES.iterdir()} == SAID.keys()
