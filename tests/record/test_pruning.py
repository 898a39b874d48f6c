"""Old runs: found by their manifest and their own dates, never through links, never one that is running; removed."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.analysis import records

from entsurge.cli import main
from entsurge.commands import brief, report
from entsurge.commands.prune import size
from entsurge.record import pruning
from entsurge.record.export.writing import FORMATS, export
from entsurge.record.pruning import find, remove
from entsurge.record.reading.documents import under_way
from entsurge.record.reading.run import read_run

NOW = datetime.now(UTC)
BEFORE = NOW - timedelta(days=90)
OLD, NEW = NOW - timedelta(days=200), NOW - timedelta(days=3)


def run(
    path: Path, *, ended: datetime | str | None = OLD, started: datetime | str | None = OLD, aged: bool = True
) -> Path:
    """A run directory as its dates alone make one; its files are old unless told otherwise."""
    path.mkdir(parents=True)
    told = {"format": 1, "started_utc": started.isoformat() if isinstance(started, datetime) else started}
    (path / "manifest.json").write_text(json.dumps(told))
    (path / "series.arrows").write_bytes(b"x" * 1000)
    if ended is not None:
        text = ended.isoformat() if isinstance(ended, datetime) else ended
        (path / "finish.json").write_text(json.dumps({"ended_utc": text}))
    if aged:
        for each in path.iterdir():
            os.utime(each, (OLD.timestamp(), OLD.timestamp()))
    return path


def going(folder: Path) -> list[str]:
    """What may be removed, below the folder."""
    return sorted(str(each.path.relative_to(folder)) for each in find(folder, BEFORE, NOW).old if not each.stays)


class Ended(NamedTuple):
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def prune(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """`entsurge prune` in a folder."""

    def call(folder: Path, *arguments: str) -> Ended:
        monkeypatch.chdir(folder)
        with pytest.raises(SystemExit) as ended:
            main(["prune", *arguments])
        return Ended(ended.value.code, *capsys.readouterr())

    return call


def test_old_runs_are_listed_and_removed_when_told_to(tmp_path: Path, prune) -> None:
    """With date and size; without --yes nothing is touched; what is younger, and what is no run, stays."""
    run(tmp_path / "runs" / "a")
    run(tmp_path / "runs" / "days" / "day-01")
    run(tmp_path / "runs" / "b", ended=NEW)
    (tmp_path / "runs" / "notes.txt").write_text("ours")
    listed = prune(tmp_path, "--older-than", "90d")
    assert listed.returncode == 0, listed.stderr
    assert f"{OLD:%Y-%m-%d}" in listed.stdout
    assert "runs/days/day-01" in listed.stdout
    assert "runs/b" not in listed.stdout
    assert "2 of 3 runs in runs ended over 90 days ago" in listed.stdout
    assert "kB" in listed.stdout
    assert "--yes removes them" in listed.stderr
    assert len(list(tmp_path.rglob("manifest.json"))) == 3
    done = prune(tmp_path, "runs", "--older-than", "12w", "--yes")
    assert done.returncode == 0, done.stderr
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == {
        "runs/notes.txt", "runs/b/manifest.json", "runs/b/finish.json", "runs/b/series.arrows",
    }  # fmt: skip
    again = prune(tmp_path, "--older-than", "90d", "--yes")
    assert again.returncode == 0
    assert "0 of 1 runs" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--older-than"), (["--older-than", "0d"], "90d or 12w"), (["--older-than", "-1d"], "90d or 12w"),
        (["--older-than", "90"], "90d or 12w"), (["--older-than", "9" * 40 + "d"], "90d or 12w"),
        (["nowhere", "--older-than", "90d"], "no such folder"), (["runs/a", "--older-than", "90d"], "is a run itself"),
        (["runs/a/manifest.json", "--older-than", "90d", "--yes"], "manifest.json"),
    ],
)  # fmt: skip
def test_mistakes_remove_nothing(tmp_path: Path, prune, arguments: list[str], said: str) -> None:
    """Exit code 2, one message."""
    run(tmp_path / "runs" / "a")
    done = prune(tmp_path, *arguments)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert (tmp_path / "runs" / "a" / "series.arrows").is_file()


def test_a_run_that_is_running_stays_whatever_its_age(tmp_path: Path, prune) -> None:
    """Its process is there: it stays, when the folder is listed and when it would have been removed."""
    path = run(tmp_path / "a", ended=None)
    (old,) = find(tmp_path, BEFORE, NOW).old
    assert not old.stays
    told = json.dumps({"out": str(path)})
    engine = subprocess.Popen([sys.executable, "-c", "input()", "-m", "entsurge.engine", told], stdin=subprocess.PIPE)
    try:
        (path / "engine.pid").write_text(str(engine.pid))
        os.utime(path / "engine.pid", (OLD.timestamp(), OLD.timestamp()))
        limit = time.monotonic() + 30
        while not under_way(path) and time.monotonic() < limit:
            time.sleep(0.01)
        (found,) = find(tmp_path, BEFORE, NOW).old
        assert found.stays == "is running"
        with pytest.raises(OSError, match="is not what it was"):
            remove(old, tmp_path)
        assert prune(tmp_path, ".", "--older-than", "90d", "--yes").returncode == 0
        assert (path / "series.arrows").is_file()
    finally:
        engine.communicate(b"\n", timeout=30)
    assert going(tmp_path) == ["a"]


def test_a_run_without_an_end_that_was_written_today_may_run_elsewhere(tmp_path: Path) -> None:
    """A disk that several machines share: only its files tell."""
    run(tmp_path / "a", ended=None, aged=False)
    run(tmp_path / "b", ended=None)
    found = {each.path.name: each.stays for each in find(tmp_path, BEFORE, NOW).old}
    assert found["a"].startswith("may be running elsewhere")
    assert found["b"] == ""


def test_links_are_never_followed(tmp_path: Path, prune) -> None:
    """To a run outside, to a folder of runs, within a run, as a manifest: what they point to stays, and is told of."""
    outside = run(tmp_path / "elsewhere" / "kept")
    (tmp_path / "elsewhere" / "file").write_text("kept")
    inside = run(tmp_path / "runs" / "a")
    (inside / "link").symlink_to(tmp_path / "elsewhere")
    (inside / "file").symlink_to(tmp_path / "elsewhere" / "file")
    (tmp_path / "runs" / "to-run").symlink_to(outside)
    (tmp_path / "runs" / "to-folder").symlink_to(tmp_path / "elsewhere")
    borrowed = tmp_path / "runs" / "borrowed"
    borrowed.mkdir()
    (borrowed / "manifest.json").symlink_to(outside / "manifest.json")
    assert going(tmp_path / "runs") == ["a"]
    assert any("to-run: a link to a run" in line for line in find(tmp_path / "runs", BEFORE, NOW).left_alone)
    assert prune(tmp_path, "runs", "--older-than", "90d", "--yes").returncode == 0
    assert not inside.exists()
    assert len(list(outside.iterdir())) == 3
    assert (tmp_path / "elsewhere" / "file").read_text() == "kept"
    assert (borrowed / "manifest.json").is_symlink()


def test_a_folder_that_became_a_link_is_not_removed(tmp_path: Path) -> None:
    """Between the list and the removal."""
    run(tmp_path / "runs" / "a")
    (old,) = find(tmp_path / "runs", BEFORE, NOW).old
    shutil.move(tmp_path / "runs" / "a", tmp_path / "moved")
    (tmp_path / "runs" / "a").symlink_to(tmp_path / "moved")
    with pytest.raises(OSError, match="is not what it was"):
        remove(old, tmp_path / "runs")
    assert len(list((tmp_path / "moved").iterdir())) == 3


@pytest.mark.parametrize(
    ("manifest", "finish"),
    [(b"", b""), (b"\x00\xff{", b"[]"), (b"[" * 3000, b"{"), (b'{"started_utc": 3}', b'{"ended_utc": "soon"}'),
     (b'{"started_utc": "0001-01-01"}', b'{"ended_utc": "9999-01-01T00:00:00+00:00"}'), (b"null", b"null")],
)  # fmt: skip
def test_garbage_is_dated_by_its_files(tmp_path: Path, manifest: bytes, finish: bytes) -> None:
    """Dates that mean nothing are none: the newest file counts, so that nothing of today goes."""
    for name, aged in (("old", True), ("new", False)):
        path = run(tmp_path / name, aged=False)
        (path / "manifest.json").write_bytes(manifest)
        (path / "finish.json").write_bytes(finish)
        for each in path.iterdir() if aged else ():
            os.utime(each, (OLD.timestamp(), OLD.timestamp()))
    assert going(tmp_path) == ["old"]


def test_what_is_half_removed_is_found_again_or_told_of(tmp_path: Path, prune) -> None:
    """The manifest goes last; parts without one are left alone, and said."""
    path = run(tmp_path / "runs" / "a")
    (path / "series.arrows").unlink()
    parts = run(tmp_path / "runs" / "b")
    (parts / "manifest.json").unlink()
    done = prune(tmp_path, "--older-than", "90d", "--yes")
    assert done.returncode == 0
    assert not path.exists()
    assert "left alone: runs/b: parts of a run, but no manifest.json" in done.stderr
    assert (parts / "series.arrows").is_file()


def test_the_manifest_goes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stops the removal, the next list has the run again."""
    path = run(tmp_path / "a")
    (path / "chaos").mkdir()
    (old,) = find(tmp_path, BEFORE, NOW).old

    def refuse(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(shutil, "rmtree", refuse)
    with pytest.raises(PermissionError):
        remove(old, tmp_path)
    monkeypatch.undo()
    assert going(tmp_path) == ["a"]
    remove(old, tmp_path)
    assert not path.exists()


def test_a_run_that_holds_one_that_stays_stays(tmp_path: Path, prune) -> None:
    """And goes with it once both are old; sizes are counted once."""
    outer = run(tmp_path / "a")
    inner = run(outer / "steps" / "b", ended=NEW)
    (found,) = find(tmp_path, BEFORE, NOW).old
    assert found.stays == "holds a run that stays, b"
    shutil.rmtree(inner)
    run(inner)
    found = find(tmp_path, BEFORE, NOW).old
    assert {each.path.name: each.size < 2000 for each in found} == {"a": True, "b": True}
    assert prune(tmp_path, ".", "--older-than", "90d", "--yes").returncode == 0
    assert not outer.exists()


def test_what_cannot_be_removed_is_said_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prune) -> None:
    """Exit code 7; the others are gone."""
    run(tmp_path / "runs" / "a")
    run(tmp_path / "runs" / "b")

    def refuse(old: pruning.OldRun, folder: Path) -> None:
        if old.path.name == "a":
            raise PermissionError(13, "Permission denied")
        remove(old, folder)

    monkeypatch.setattr(pruning, "remove", refuse)
    done = prune(tmp_path, "--older-than", "90d", "--yes")
    assert done.returncode == 7
    assert "runs/a: not removed: Permission denied" in done.stderr
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["a"]


def test_sizes_as_people_read_them() -> None:
    """Decimal units, one digit."""
    assert [size(each) for each in (0, 999, 1000, 12_400_000, 3 * 10**12)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "12.4 MB",
        "3000.0 GB",
    ]


@pytest.mark.parametrize("manifest", [b'{"manifest_version": 3, "name": "ext"}', b"<html>", b'{"format": "npm"}'])
def test_what_other_programs_call_a_manifest_is_left_alone(tmp_path: Path, prune, manifest: bytes) -> None:
    """A web application's folder, however old: told of, and there afterwards."""
    app = tmp_path / "app"
    app.mkdir()
    (app / "manifest.json").write_bytes(manifest)
    (app / "thesis.odt").write_bytes(b"x")
    for each in (*app.iterdir(), app):
        os.utime(each, (OLD.timestamp(), OLD.timestamp()))
    done = prune(tmp_path, ".", "--older-than", "90d", "--yes")
    assert "left alone: app: its manifest.json is not a run's" in done.stderr
    assert (app / "thesis.odt").is_file()


def test_a_run_that_holds_somebody_s_own_file_stays(tmp_path: Path, prune) -> None:
    """Named, with what to do; its reports and journals are its own."""
    kept, gone = run(tmp_path / "runs" / "kept"), run(tmp_path / "runs" / "gone")
    for path, name in ((kept, "mes-notes.odt"), (gone, "report.fr.html"), (gone, "chaos/01-sso-slow.json")):
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_text("x")
    done = prune(tmp_path, "--older-than", "90d", "--yes")
    assert "runs/kept  stays: holds mes-notes.odt, which no run writes: take it out first" in done.stdout
    assert (kept / "mes-notes.odt").is_file()
    assert not gone.exists()


def test_what_is_exported_and_reported_into_a_run_goes_with_it(tmp_path: Path, prune) -> None:
    """Every format of `export`, and every name that `report` and `brief` give."""
    path = records.record(
        tmp_path / "runs", records.pages(count=3), visits=[records.visit()], started_utc=OLD.isoformat()
    )  # fmt: skip
    (path / "finish.json").write_text(json.dumps({"end": "completed", "ended_utc": OLD.isoformat()}))
    export(read_run(path), path / "export", FORMATS)
    assert {each.suffix for each in (path / "export").rglob("*") if each.is_file()} == {".parquet", ".csv", ".hlog"}
    for document, kinds in (("report", report.FORMATS), ("brief", brief.FORMATS)):
        for kind in kinds:
            (path / f"{document}.fr.{kind.replace('junit', 'xml')}").write_text("x")
    done = prune(tmp_path, "--older-than", "90d", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not path.exists()


@pytest.mark.parametrize("name", ["notes.txt", "convention.pdf", "export/report.txt"])
def test_a_document_of_another_name_is_somebody_s_own(tmp_path: Path, name: str) -> None:
    """Reports and briefs are known by theirs."""
    path = run(tmp_path / "a")
    (path / name).parent.mkdir(exist_ok=True)
    (path / name).write_text("x")
    assert going(tmp_path) == []
