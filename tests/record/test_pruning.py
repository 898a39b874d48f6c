"""Rotation: runs found by manifest and dates, never through links, never one that is running; removed by rules."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.analysis import records
from tests.typography import plain

from entsurge.analysis.baseline import MOST_BASELINES
from entsurge.cli import main
from entsurge.commands import brief, report
from entsurge.commands.prune import size
from entsurge.record import pruning
from entsurge.record.export.writing import FORMATS, export
from entsurge.record.layout import runs_in
from entsurge.record.pruning import TRIES, LeftBehindError, Stored, find, remove
from entsurge.record.reading.documents import under_way
from entsurge.record.reading.run import read_run
from entsurge.record.rotation import Choice, Rules, baselines_of, choose

NOW = datetime.now(UTC)
BEFORE = NOW - timedelta(days=90)
OLD, NEW = NOW - timedelta(days=200), NOW - timedelta(days=3)


def run(
    path: Path, *, ended: datetime | str | None = OLD, started: datetime | str | None = OLD, aged: bool = True,
    profile: str = "week", end: str = "completed", size: int = 1000, verdict: str = "",
) -> Path:  # fmt: skip
    """A run directory as its dates alone make one; its files are old unless told otherwise."""
    path.mkdir(parents=True)
    began = started.isoformat() if isinstance(started, datetime) else started
    told = {"format": 1, "started_utc": began, "profile": profile, "scale": "1/86", "compression": 45}
    (path / "manifest.json").write_text(json.dumps(told))
    (path / "series.arrows").write_bytes(b"x" * size)
    if ended is not None:
        text = ended.isoformat() if isinstance(ended, datetime) else ended
        (path / "finish.json").write_text(json.dumps({"ended_utc": text, "end": end}))
    if verdict:
        (path / "verdict.json").write_text(json.dumps({"verdict": verdict}))
    if aged:
        for each in path.iterdir():
            os.utime(each, (OLD.timestamp(), OLD.timestamp()))
    return path


def search(path: Path, kind: str = "search", name: str = "search.jsonl") -> Path:
    """A search of two steps, an old one."""
    for number in (1, 2):
        run(path / "steps" / f"{number:02d}")
    (path / name).write_text(json.dumps({"format": 1, "kind": kind}) + "\n")
    os.utime(path / name, (OLD.timestamp(), OLD.timestamp()))
    return path


def chosen(folder: Path, rules: Rules | None = None) -> Choice:
    """What rules make of a folder; that of 90 days unless told otherwise."""
    return choose(find(folder, NOW).stored, rules or Rules(BEFORE))


def going(folder: Path, rules: Rules | None = None) -> list[str]:
    """What may be removed, below the folder."""
    return sorted(str(each.path.relative_to(folder)) for each, _ in chosen(folder, rules).going)


def why_they_stay(folder: Path) -> dict[str, str]:
    """What is old and stays all the same, by name."""
    return {each.path.name: each.stays for each in chosen(folder).held_back}


def days_ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


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
    assert "goes: too old" in listed.stdout
    assert "to go from runs: 2 (" in listed.stdout
    assert "to stay: 1 (" in listed.stdout
    assert "kB" in listed.stdout
    assert "--yes removes them" in listed.stderr
    assert len(list(tmp_path.rglob("manifest.json"))) == 3
    done = prune(tmp_path, "runs", "--older-than", "12w", "--yes")
    assert done.returncode == 0, done.stderr
    assert "freed: 2.4 kB; left in runs: 1 (1.2 kB)" in done.stdout
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")} == {
        "runs", "runs/notes.txt", "runs/b", "runs/b/manifest.json", "runs/b/finish.json", "runs/b/series.arrows",
    }  # fmt: skip
    again = prune(tmp_path, "--older-than", "90d", "--yes")
    assert again.returncode == 0
    assert "to go from runs: 0 (0 B)" in again.stdout
    assert "freed" not in again.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--older-than"), (["--keep", "0"], "--keep"), (["--total-size", "20"], "500MB or 20GB"),
        (["--total-size", "many GB", "--yes"], "500MB or 20GB"),
        (["runs", "--keep", "1", "--baseline", "none"], "no such folder"),
        (["--older-than", "0d"], "90d or 12w"), (["--older-than", "-1d"], "90d or 12w"),
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


@contextlib.contextmanager
def engine_of(path: Path) -> Iterator[None]:
    """A process that writes this run, as far as anybody can see; its file is an old one."""
    told = json.dumps({"out": str(path)})
    engine = subprocess.Popen([sys.executable, "-c", "input()", "-m", "entsurge.engine", told], stdin=subprocess.PIPE)
    try:
        (path / "engine.pid").write_text(str(engine.pid))
        os.utime(path / "engine.pid", (OLD.timestamp(), OLD.timestamp()))
        limit = time.monotonic() + 30
        while not under_way(path) and time.monotonic() < limit:
            time.sleep(0.01)
        assert under_way(path)
        yield
    finally:
        engine.communicate(b"\n", timeout=30)


def test_a_run_that_is_running_stays_whatever_its_age(tmp_path: Path, prune) -> None:
    """Its process is there: it stays, when the folder is listed and when it would have been removed."""
    path = run(tmp_path / "a", ended=None)
    ((old, _),) = chosen(tmp_path).going
    with engine_of(path):
        assert why_they_stay(tmp_path) == {"a": "is running"}
        with pytest.raises(OSError, match="is not what it was"):
            remove(old, tmp_path)
        assert prune(tmp_path, ".", "--older-than", "90d", "--yes").returncode == 0
        assert (path / "series.arrows").is_file()
    assert going(tmp_path) == ["a"]


@pytest.mark.parametrize("kept", ["search", "steps"])
def test_a_search_that_was_taken_up_again_stays(tmp_path: Path, kept: str) -> None:
    """Between listing and removal a step has begun, in the search or in a run that holds runs: nothing is moved."""
    path = search(tmp_path / "a") if kept == "search" else run(tmp_path / "a")
    ((old, _),) = chosen(tmp_path).going
    step = run(path / "steps" / "03", ended=None)
    with engine_of(step):
        with pytest.raises(OSError, match="is not what it was"):
            remove(old, tmp_path)
        assert (step / "manifest.json").is_file()


def test_what_somebody_has_put_into_a_run_since_stays(tmp_path: Path) -> None:
    """Between listing and removal."""
    path = run(tmp_path / "a")
    ((old, _),) = chosen(tmp_path).going
    (path / "notes.odt").write_text("ours")
    with pytest.raises(OSError, match="is not what it was"):
        remove(old, tmp_path)
    assert (path / "notes.odt").is_file()


def test_a_search_with_a_new_file_stays(tmp_path: Path) -> None:
    """Between listing and removal a line was written, by another machine perhaps: it goes on."""
    path = search(tmp_path / "a")
    ((old, _),) = chosen(tmp_path).going
    with (path / "search.jsonl").open("a") as journal:
        journal.write("{}\n")
    with pytest.raises(OSError, match="is not what it was"):
        remove(old, tmp_path)
    assert (path / "steps" / "01" / "manifest.json").is_file()


def test_a_run_without_an_end_that_was_written_today_may_run_elsewhere(tmp_path: Path) -> None:
    """A disk that several machines share: only its files tell."""
    run(tmp_path / "a", ended=None, aged=False)
    run(tmp_path / "b", ended=None)
    assert why_they_stay(tmp_path)["a"].startswith("may be running elsewhere")
    assert going(tmp_path) == ["b"]


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
    assert any("to-run: a link to a run" in line for line in find(tmp_path / "runs", NOW).left_alone)
    assert prune(tmp_path, "runs", "--older-than", "90d", "--yes").returncode == 0
    assert not inside.exists()
    assert len(list(outside.iterdir())) == 3
    assert (tmp_path / "elsewhere" / "file").read_text() == "kept"
    assert (borrowed / "manifest.json").is_symlink()


def test_a_folder_that_became_a_link_is_not_removed(tmp_path: Path) -> None:
    """Between the list and the removal."""
    run(tmp_path / "runs" / "a")
    (old,) = find(tmp_path / "runs", NOW).stored
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


def test_parts_of_a_run_are_told_of(tmp_path: Path, prune) -> None:
    """Without a manifest nobody knows what they are; a run that lacks other files goes as any."""
    path = run(tmp_path / "runs" / "a")
    (path / "series.arrows").unlink()
    parts = run(tmp_path / "runs" / "b")
    (parts / "manifest.json").unlink()
    done = prune(tmp_path, "--older-than", "90d", "--yes")
    assert done.returncode == 0
    assert not path.exists()
    assert "left alone: runs/b: parts of a run, but no manifest.json" in done.stderr
    assert (parts / "series.arrows").is_file()


KILLED = """
import os, shutil, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from entsurge.record import pruning

def cut_short(folder):
    next(Path(folder).rglob("series.arrows")).unlink()
    os.kill(os.getpid(), signal.SIGKILL)

shutil.rmtree = cut_short
folder = Path(sys.argv[1])
pruning.remove(pruning.find(folder, datetime.now(UTC)).stored[0], folder)
"""


def test_what_a_killed_removal_leaves_is_no_run_and_goes_next_time(tmp_path: Path, prune) -> None:
    """Killed between two files: nothing that reads runs sees it, what is beside it stays, the next removal has it."""
    run(tmp_path / "runs" / "a")
    run(tmp_path / "runs" / "b", ended=NEW)
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "runs")], timeout=60, check=False)
    assert done.returncode == -9
    assert [each.name for each in runs_in(tmp_path / "runs")] == ["b"]
    found = find(tmp_path / "runs", NOW)
    assert [each.path.name for each in found.stored] == ["b"]
    ((left, size),) = found.leftovers.items()
    assert (left / "a" / "manifest.json").is_file()
    assert 0 < size < 1000
    listed = prune(tmp_path, "--older-than", "90d")
    assert f"{left.relative_to(tmp_path)}: left by a removal that was cut short" in listed.stdout
    told = json.loads(prune(tmp_path, "--older-than", "90d", "--yes", "--json").stdout)
    assert told["freed_bytes"] == size
    assert [each.name for each in (tmp_path / "runs").iterdir()] == ["b"]


def test_what_cannot_be_moved_aside_stays_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is another file system's: it is as it was, and nothing lies beside it."""
    path = run(tmp_path / "a")
    (old,) = find(tmp_path, NOW).stored

    def refuse(self: Path, target: Path) -> None:
        raise OSError(18, "Invalid cross-device link", str(self), None, str(target))

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OSError, match="cross-device"):
        remove(old, tmp_path)
    assert len(list(path.iterdir())) == 3
    assert list(tmp_path.iterdir()) == [path]


def test_two_removals_at_once_do_not_trouble_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another has removed meanwhile is gone all the same."""
    run(tmp_path / "a")
    (old,) = find(tmp_path, NOW).stored
    tree = shutil.rmtree

    def twice(path: Path) -> None:
        tree(path)
        tree(path)

    monkeypatch.setattr(shutil, "rmtree", twice)
    remove(old, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_holds_one_that_stays_stays(tmp_path: Path, prune) -> None:
    """And goes with it once both are old; sizes are counted once."""
    outer = run(tmp_path / "a")
    inner = run(outer / "steps" / "b", ended=NEW)
    assert why_they_stay(tmp_path) == {"a": "holds a run that stays, b"}
    shutil.rmtree(inner)
    run(inner)
    found = chosen(tmp_path).going
    assert {each.path.name: each.size < 2000 for each, _ in found} == {"a": True, "b": True}
    assert prune(tmp_path, ".", "--older-than", "90d", "--yes").returncode == 0
    assert not outer.exists()


def test_what_cannot_be_removed_is_said_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prune) -> None:
    """Exit code 7; the others are gone."""
    run(tmp_path / "runs" / "a")
    run(tmp_path / "runs" / "b")

    def refuse(old: Stored, folder: Path) -> None:
        if old.path.name == "a":
            raise PermissionError(13, "Permission denied")
        remove(old, folder)

    monkeypatch.setattr(pruning, "remove", refuse)
    done = prune(tmp_path, "--older-than", "90d", "--yes")
    assert done.returncode == 7
    assert "runs/a: not removed: Permission denied" in done.stderr
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["a"]


def failing(name: str, error: OSError) -> Callable[[Path], None]:
    """rmtree that cannot remove what holds a folder of this name; all others it can."""
    tree = shutil.rmtree

    def refuse(path: Path) -> None:
        if (Path(path) / name).is_dir():
            raise error
        tree(path)

    return refuse


def test_what_is_moved_aside_and_not_removed_is_not_said_to_be_gone(tmp_path: Path, monkeypatch, prune) -> None:
    """Nothing was freed, and it lies elsewhere: that is said, with exit code 7, and the next removal has it."""
    run(tmp_path / "runs" / "a")
    run(tmp_path / "runs" / "b")
    with monkeypatch.context() as broken:
        broken.setattr(shutil, "rmtree", failing("a", OSError(5, "Input/output error")))
        done = prune(tmp_path, "--older-than", "90d", "--yes", "--json")
    told = json.loads(done.stdout)
    (left,) = (tmp_path / "runs").iterdir()
    where = str(left.relative_to(tmp_path))
    assert done.returncode == 7
    assert [(Path(each["path"]).name, each["removed"], each["leftover"]) for each in told["runs"]] == [
        ("a", False, where), ("b", True, None),
    ]  # fmt: skip
    assert told["freed_bytes"] == told["runs"][1]["bytes"]
    assert (told["left"], told["left_bytes"]) == (1, told["runs"][0]["bytes"])
    assert f"runs/a: moved to {where}, and not removed from there: Input/output error" in plain(done.stderr)
    with monkeypatch.context() as broken:
        broken.setattr(shutil, "rmtree", failing("a", PermissionError(13, "Permission denied")))
        done = prune(tmp_path, "--older-than", "90d", "--yes", "--json")
    assert (done.returncode, json.loads(done.stdout)["freed_bytes"]) == (7, 0)
    assert json.loads(done.stdout)["leftovers"][0]["removed"] is False
    assert f"{where}: not removed: Permission denied" in done.stderr
    assert prune(tmp_path, "--older-than", "90d", "--yes").returncode == 0
    assert list((tmp_path / "runs").iterdir()) == []


def test_sums_after_a_removal_that_failed_count_what_is_left(tmp_path: Path, monkeypatch, prune) -> None:
    """In text: freed what is gone, left what is not; in French too."""
    run(tmp_path / "runs" / "a")
    monkeypatch.setattr(shutil, "rmtree", failing("a", OSError(5, "Input/output error")))
    monkeypatch.setenv("ENTSURGE_LANG", "fr")
    done = prune(tmp_path, "--older-than", "90d", "--yes")
    assert done.returncode == 7
    assert "libéré : 0 o ; reste dans runs : 1 (1,2 ko)" in plain(done.stdout)
    assert "supprimé : runs/a" not in plain(done.stdout)
    assert "runs/a : déplacé vers runs/.entsurge-removing-" in plain(done.stderr)


def test_a_run_stays_where_one_within_it_could_not_be_removed(tmp_path: Path, monkeypatch, prune) -> None:
    """It would take that one with it."""
    outer = run(tmp_path / "runs" / "a")
    inner = run(outer / "steps" / "b")

    def refuse(old: Stored, folder: Path) -> None:
        if old.path.name == "b":
            raise PermissionError(13, "Permission denied")
        remove(old, folder)

    monkeypatch.setattr(pruning, "remove", refuse)
    done = prune(tmp_path, "--older-than", "90d", "--yes")
    assert done.returncode == 7
    assert "runs/a: not removed: holds a run that stays, b" in plain(done.stderr)
    assert (inner / "manifest.json").is_file()
    assert (outer / "manifest.json").is_file()


def test_a_removal_that_gets_nowhere_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that is listed and cannot be found, as a damaged disk may have one: tried a few times, then raised."""
    run(tmp_path / "a")
    (old,) = find(tmp_path, NOW).stored
    tried = []

    def missing(path: Path) -> None:
        tried.append(path)
        assert len(tried) < 100, "it would go on for ever"
        raise FileNotFoundError(2, "No such file or directory", str(path))

    monkeypatch.setattr(shutil, "rmtree", missing)
    with pytest.raises(OSError, match="No such file") as raised:
        remove(old, tmp_path)
    assert raised.type is LeftBehindError
    assert len(tried) == TRIES


def test_two_removals_that_meet_at_every_file_both_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many files another was first at: as long as it gets less, it is tried again."""
    path = run(tmp_path / "a")
    for number in range(30):
        (path / f"{number}.json").write_text("{}")
    (old,) = find(tmp_path, datetime.now(UTC) + timedelta(days=100)).stored

    def another(path: Path) -> None:
        files = [each for each in Path(path).rglob("*") if each.is_file()]
        if not files:
            tree(path)
            return
        files[0].unlink()
        raise FileNotFoundError(2, "No such file or directory", str(files[0]))

    tree = shutil.rmtree
    monkeypatch.setattr(shutil, "rmtree", another)
    remove(old, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_sizes_as_people_read_them() -> None:
    """Decimal units, one digit."""
    assert [size(each) for each in (0, 999, 1000, 12_400_000, 3 * 10**12)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "12.4 MB",
        "3.0 TB",
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


def test_number_counts_by_plan_and_broken_nights_apart(tmp_path: Path) -> None:
    """The two newest sound ones of each plan stay however many nights broke since, and two of those."""
    for day in range(1, 6):
        run(tmp_path / f"week-{day}", ended=days_ago(10 + day))
        run(tmp_path / f"broken-{day}", ended=days_ago(day), end="interrupted")
    run(tmp_path / "other", ended=OLD, profile="term-start")
    assert going(tmp_path, Rules(keep=2)) == [
        "broken-3", "broken-4", "broken-5", "week-3", "week-4", "week-5"
    ]  # fmt: skip


def test_a_run_that_is_not_to_be_believed_is_no_sound_one(tmp_path: Path) -> None:
    """As a gate leaves it out of its baselines: it ran to its end, and its verdict is INVALID."""
    run(tmp_path / "good", ended=days_ago(9))
    bad = run(tmp_path / "bad", ended=days_ago(2))
    (bad / "verdict.json").write_text('{"verdict": "INVALID"}')
    assert {each.path.name: each.sound for each in find(tmp_path, NOW).stored} == {"good": True, "bad": False}
    assert going(tmp_path, Rules(keep=1)) == []


def test_total_size_takes_the_oldest_until_it_is_kept(tmp_path: Path) -> None:
    """No more than it takes; what another rule has go already makes room."""
    for day in (40, 30, 20, 10):
        run(tmp_path / f"{day}", ended=days_ago(day), size=10_000)
    assert going(tmp_path, Rules(most_bytes=50_000)) == []
    assert going(tmp_path, Rules(most_bytes=25_000)) == ["30", "40"]
    rules = Rules(before=days_ago(35), most_bytes=25_000)
    assert [(each.path.name, rule) for each, rule in chosen(tmp_path, rules).going] == [("40", "age"), ("30", "size")]


def test_who_must_not_go_is_passed_over_and_said(tmp_path: Path, prune) -> None:
    """A younger one goes in place of what stays; where all stay, exit code 7 says that the disk is not bounded."""
    for day in (40, 30, 20):
        run(tmp_path / "runs" / f"{day}", ended=days_ago(day), size=10_000)
    (tmp_path / "runs" / "40" / "notes.odt").write_text("ours")
    done = prune(tmp_path, "--total-size", "25kB", "--yes")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"40", "20"}
    assert "stays: holds notes.odt" in done.stdout
    full = prune(tmp_path, "--total-size", "1kB", "--yes")
    assert full.returncode == 7
    assert "runs: 10.2 kB are left, more than --total-size 1.0 kB" in full.stderr


def test_baselines_stay_whatever_a_rule_says(tmp_path: Path, prune) -> None:
    """The last ten sound ones of those that are named; an eleventh, a broken one and one that is INVALID go."""
    for day in range(1, 12):
        ended = days_ago(200 + day)
        run(
            tmp_path / "runs" / "main" / f"{day:02d}", started=ended, ended=ended, verdict="PASS" if day % 2 else "FAIL"
        )
    run(tmp_path / "runs" / "main" / "invalid", ended=days_ago(200), verdict="INVALID")
    run(tmp_path / "runs" / "main" / "broken", ended=days_ago(200), end="interrupted")
    run(tmp_path / "runs" / "tonight")
    done = prune(tmp_path, "runs", "--older-than", "90d", "--keep", "1", "--yes", "--baseline", "runs/main")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "runs" / "main").iterdir()) == [f"{n:02d}" for n in range(1, 11)]
    assert not (tmp_path / "runs" / "tonight").exists()
    assert "stays: is a baseline" in done.stdout


def test_baselines_without_a_verdict_stay_beside_the_ten(tmp_path: Path, prune) -> None:
    """Nobody has judged them: a gate may believe them or not, and must find ten that it does all the same."""
    for day in range(1, 23):
        path = tmp_path / "runs" / "main" / f"{day:02d}"
        run(path, started=days_ago(200 + day), ended=days_ago(200 + day), verdict="PASS" if day > 11 else "")
    done = prune(tmp_path, "runs", "--older-than", "90d", "--yes", "--baseline", "runs/main")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "runs" / "main").iterdir()) == [f"{n:02d}" for n in range(1, 22)]


def test_the_last_ten_are_those_that_started_last(tmp_path: Path) -> None:
    """As a gate orders them: one that began first and took longest is the eleventh. How many is a gate's to say."""
    for number in range(11):
        ended = days_ago(200 + number if number else 150)
        run(tmp_path / f"{number:02d}", started=days_ago(300 - number), ended=ended, verdict="PASS")
    found = baselines_of(runs_in(tmp_path), find(tmp_path, NOW).stored, MOST_BASELINES)
    assert sorted(path.name for path in found) == [f"{number:02d}" for number in range(1, 11)]


@pytest.mark.parametrize("kind", ["search", "trial"])
def test_a_search_with_a_baseline_stays_whole(tmp_path: Path, prune, kind: str) -> None:
    """One of its steps is named, or the folder of them: without the others it would mean nothing."""
    search(tmp_path / "runs" / "named", kind)
    search(tmp_path / "runs" / "folder", kind)
    search(tmp_path / "runs" / "other", kind)
    named = ["runs/named/steps/02", "runs/folder/steps"]
    done = prune(tmp_path, "runs", "--older-than", "90d", "--yes", "--baseline", *named)
    assert done.returncode == 0, done.stderr
    assert "runs/named  stays: holds a baseline" in done.stdout
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["folder", "named"]
    assert len(list(tmp_path.rglob("manifest.json"))) == 4


def test_baselines_are_named_as_a_shell_names_them(tmp_path: Path, prune) -> None:
    """`--baseline a b` takes all that follows."""
    for name in "abc":
        run(tmp_path / "runs" / name)
    assert prune(tmp_path, "runs", "--older-than", "90d", "--yes", "--baseline", "runs/a", "runs/b").returncode == 0
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["a", "b"]


def test_a_folder_that_baseline_has_swallowed_is_asked_for(tmp_path: Path, prune, monkeypatch) -> None:
    """`--baseline a b` would take FOLDER too, and the default be pruned in its place: nothing is removed."""
    run(tmp_path / "runs" / "main" / "a")
    run(tmp_path / "runs" / "precious")
    run(tmp_path / "other" / "b")
    done = prune(tmp_path, "--older-than", "90d", "--baseline", "runs/main", "other", "--yes")
    assert done.returncode == 2, done.stdout
    assert "FOLDER is needed beside --baseline" in done.stderr
    assert "such as entsurge prune runs --older-than 90d --baseline runs/main" in done.stderr
    assert len(list(tmp_path.rglob("manifest.json"))) == 3
    monkeypatch.setenv("ENTSURGE_LANG", "fr")
    french = prune(tmp_path, "--older-than", "90d", "--baseline", "runs/main", "other", "--yes").stderr
    assert "il faut FOLDER" in french
    assert "par exemple entsurge prune runs" in french


def test_a_baseline_that_holds_no_run_is_refused(tmp_path: Path, prune) -> None:
    """It would protect nothing, and nobody would hear of it: a gate refuses it in the same words."""
    run(tmp_path / "runs" / "main" / "deeper" / "a")
    done = prune(tmp_path, "runs", "--older-than", "90d", "--baseline", "runs/main", "--yes")
    assert done.returncode == 2, done.stdout
    assert "runs/main: no run directory" in done.stderr
    assert (tmp_path / "runs" / "main" / "deeper" / "a" / "manifest.json").is_file()


@pytest.mark.parametrize("inside", [".", "steps", "steps/more"])
def test_a_search_is_not_taken_apart(tmp_path: Path, prune, inside: str) -> None:
    """FOLDER is a search, or lies in one: its steps would go one by one. Nothing is removed."""
    folder = search(tmp_path / "runs" / "search") / inside
    run(folder / "03" if inside == "steps/more" else folder / "more" / "03")
    done = prune(folder, ".", "--older-than", "90d", "--yes")
    assert done.returncode == 2, done.stdout
    assert "is a search, or a part of one" in done.stderr
    assert str(tmp_path / "runs" / "search") in done.stderr.replace("\n", "")
    assert len(list(tmp_path.rglob("manifest.json"))) == 3


@pytest.mark.parametrize(("kind", "name"), [("search", "search.jsonl"), ("trial", "measures.jsonl")])
def test_a_search_goes_as_a_whole_and_is_not_counted(tmp_path: Path, prune, kind: str, name: str) -> None:
    """Its steps mean nothing without each other; one with a file of today may go on."""
    search(tmp_path / "runs" / "old", kind, name)
    assert going(tmp_path / "runs", Rules(keep=1)) == []
    assert going(tmp_path / "runs") == ["old"]
    (tmp_path / "runs" / "old" / "steps" / "02" / "verdict.json").write_text("{}")
    assert why_they_stay(tmp_path / "runs") == {}, "by its newest file it is of today, and not old"
    assert chosen(tmp_path / "runs", Rules(most_bytes=1)).held_back[0].stays.startswith("may go on")
    later = datetime.now(UTC) + timedelta(days=100)
    (found,) = find(tmp_path / "runs", later).stored
    assert (found.search, found.stays) == (True, "")
    shutil.rmtree(tmp_path / "runs" / "old" / "steps" / "02")
    assert prune(tmp_path, "--older-than", "90d", "--yes").returncode == 0
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_journal_of_another_kind_makes_no_search(tmp_path: Path) -> None:
    """Somebody's own search.jsonl: the runs beside it are runs."""
    for name, text in (("a", "{}"), ("b", "\xff"), ("c", '["kind"]'), ("d", '{"kind": ["search"]}')):
        search(tmp_path / name)
        (tmp_path / name / "search.jsonl").write_bytes(text.encode("latin-1"))
    assert len(find(tmp_path, NOW).stored) == 8
    assert not any(each.search for each in find(tmp_path, NOW).stored)


def test_a_dry_run_removes_nothing_even_with_yes(tmp_path: Path, prune) -> None:
    """So that a line of a timetable can be tried by one word more; JSON says what would go, by which rule."""
    run(tmp_path / "runs" / "a")
    run(tmp_path / "runs" / "b", ended=NEW)
    done = prune(tmp_path, "--older-than", "90d", "--yes", "--dry-run", "--json")
    told = json.loads(done.stdout)
    assert [(each["path"], each["rule"], each["removed"]) for each in told["runs"]] == [("runs/a", "age", False)]
    assert (told["freed_bytes"], told["left"], told["leftovers"]) == (0, 1, [])
    assert "nothing was removed" in prune(tmp_path, "--older-than", "90d", "--yes", "--dry-run").stderr
    told = json.loads(prune(tmp_path, "--older-than", "90d", "--yes", "--json").stdout)
    assert told["freed_bytes"] == told["runs"][0]["bytes"] > 1000
    assert told["runs"][0]["removed"] is True


def test_rotation_is_said_in_french(tmp_path: Path, prune, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reasons, sums and what was freed."""
    monkeypatch.setenv("ENTSURGE_LANG", "fr")
    run(tmp_path / "runs" / "a")
    (run(tmp_path / "runs" / "b") / "notes.odt").write_text("x")
    done = prune(tmp_path, "--older-than", "90d", "--yes")
    told = plain(done.stdout)
    assert "à supprimer : trop ancien" in told
    assert "reste : contient notes.odt, qu’aucun tir n’écrit : l’enlever d’abord" in told
    assert "à supprimer de runs : 1 (" in told
    assert "libéré : 1,2 ko ; reste dans runs : 1 (1,2 ko)" in told


def test_days_of_a_campaign_that_goes_on_stay_together(tmp_path: Path) -> None:
    """The first days have ended, the third may be running: a budget needs them all; another folder's days may go."""
    for folder in ("now", "before"):
        for day in (1, 2, 3):
            run(tmp_path / folder / f"day-{day:02d}")
    (tmp_path / "now" / "day-03" / "finish.json").unlink()
    os.utime(tmp_path / "now" / "day-03" / "series.arrows")
    run(tmp_path / "now" / "other")
    assert going(tmp_path) == ["before/day-01", "before/day-02", "before/day-03", "now/other"]
    assert why_they_stay(tmp_path)["day-01"] == "is one of several days that are being run"
