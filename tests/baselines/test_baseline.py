"""`entsurge baseline`: what is kept between pipelines comes back, and what cannot be kept is said in one sentence."""

import errno
import io
import json
import multiprocessing
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.analysis.records import pages, record

from entsurge.baselines import archive
from entsurge.baselines.folder import Folder
from entsurge.baselines.place import place
from entsurge.commands.baseline import command
from entsurge.errors import CannotRecord, UsageError

BEGAN = "2026-03-02T09:00:{second:02d}+00:00"


def run(folder: Path, *, second: int = 0, **manifest: object) -> Path:
    """A finished run of a few pages, which began in this second."""
    return record(folder, pages(count=3), **{"started_utc": BEGAN.format(second=second)} | manifest)


def called(*arguments: object) -> tuple[int, str, str]:
    """Exit code, stdout, stderr of `entsurge baseline`; a mistake's sentence for what is raised."""
    done = CliRunner().invoke(command, [str(each) for each in arguments])
    code = getattr(done.exception, "exit_code", done.exit_code)
    told = f"{done.exception}" if done.exception and not isinstance(done.exception, SystemExit) else ""
    return code, done.stdout, done.stderr + told


def test_what_was_pushed_is_pulled(tmp_path: Path) -> None:
    """The newest of them, each with what analysis reads of it; a report that lies beside a run is not carried about."""
    runs = [run(tmp_path / "new", second=second) for second in range(3)]
    (runs[0] / "report.fr.html").write_text("<p>", encoding="utf-8")
    code, told, _ = called("push", *runs, "--to", tmp_path / "kept")
    assert (code, len(told.splitlines())) == (0, 3)
    code, told, _ = called("pull", tmp_path / "main", "--from", tmp_path / "kept", "--last", "2")
    pulled = [Path(line) for line in told.splitlines()]
    assert (code, len(pulled)) == (0, 2)
    for ours, theirs in zip(runs[1:], pulled, strict=True):
        for name in ("manifest.json", "finish.json", "series.arrows", "keys.json"):
            assert (ours / name).read_bytes() == (theirs / name).read_bytes()
    again = called("pull", tmp_path / "main", "--from", tmp_path / "kept")
    assert len(again[1].splitlines()) == 3
    assert not (Path(again[1].splitlines()[0]) / "report.fr.html").exists()
    assert not list((tmp_path / "main").glob(".part-*"))


def test_the_same_run_is_kept_once_and_old_ones_are_let_go(tmp_path: Path) -> None:
    """However often it is pushed, and after it was judged; `--keep` leaves the newest."""
    first, second, third = (run(tmp_path / "new", second=second) for second in range(3))
    called("push", first, second, "--to", tmp_path / "kept")
    (first / "verdict.json").write_text("{}", encoding="utf-8")
    code, told, remarks = called("push", first, third, "--to", tmp_path / "kept", "--keep", "2", "--json")
    found = json.loads(told)
    assert (code, len(found["pushed"]), len(found["removed"]), found["baselines"]) == (0, 1, 1, 2)
    assert Folder(tmp_path / "kept").held().runs == (archive.name_of(second), archive.name_of(third))
    assert remarks == ""


def push(run: Path, kept: Path) -> None:
    place(str(kept)).put(archive.name_of(run), archive.pack(run))


def test_two_pushes_at_once_lose_neither(tmp_path: Path) -> None:
    """Each is a file of its own; half of one is never seen under its name."""
    runs = [run(tmp_path / "new", second=second) for second in range(6)]
    children = [
        multiprocessing.get_context("fork").Process(target=push, args=(each, tmp_path / "kept")) for each in runs
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0] * 6
    held = Folder(tmp_path / "kept").held()
    assert held.runs == tuple(archive.name_of(each) for each in runs)
    assert list((tmp_path / "kept").glob(".*")) == []


def test_a_place_without_baselines_is_said(tmp_path: Path) -> None:
    """Empty: 2, or 0 where the first pipeline allows it. Of something else: 2, by push too, and nothing is written."""
    (tmp_path / "empty").mkdir()
    for where in ("empty", "not-there"):
        code, _, told = called("pull", tmp_path / "main", "--from", tmp_path / where)
        assert (code, "no baseline yet" in told) == (2, True)
        assert called("pull", tmp_path / "main", "--from", tmp_path / where, "--allow-empty")[0] == 0
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "holiday.jpg").write_bytes(b"x")
    ours = run(tmp_path / "new")
    for arguments in (["pull", tmp_path / "main", "--from"], ["push", ours, "--to"]):
        code, _, told = called(*arguments, tmp_path / "foreign")
        assert (code, "holds no baseline, and other files: 1" in told) == (2, True)
    assert [each.name for each in (tmp_path / "foreign").iterdir()] == ["holiday.jpg"]
    assert not (tmp_path / "main").exists()
    code, told, _ = called("list", tmp_path / "foreign", "--json")
    assert (code, json.loads(told)["others"]) == (0, 1)


def test_what_is_no_finished_run_is_not_pushed(tmp_path: Path) -> None:
    """A folder that is none, a run that broke off, one whose manifest says nothing: 2, and none of the others goes."""
    good, broken, odd = (run(tmp_path / "new", second=second) for second in range(3))
    (broken / "finish.json").write_text('{"end": "interrupted"}', encoding="utf-8")
    (odd / "manifest.json").write_text("[]", encoding="utf-8")
    for wrong, told in ((tmp_path, "no run directory"), (broken, "did not run to its end"), (odd, "cannot be read")):
        code, _, said = called("push", good, wrong, "--to", tmp_path / "kept")
        assert (code, told in said) == (2, True), said
    assert not (tmp_path / "kept").exists()


def test_a_damaged_baseline_leaves_nothing_behind(tmp_path: Path) -> None:
    """Cut short, another run under its name, no archive: one sentence, and no half a run that a gate would take."""
    ours = run(tmp_path / "new")
    name, whole = archive.name_of(ours), archive.pack(ours)
    other = archive.pack(run(tmp_path / "other", second=9))
    for packed in (whole[: len(whole) // 2], b"", b"no archive", other):
        with pytest.raises(UsageError, match=r"run\.tar\.gz: (damaged|holds another run)"):
            archive.unpack(name, packed, tmp_path / "main")
        assert list((tmp_path / "main").glob("*")) == []


def test_a_flipped_byte_is_damage_or_changes_nothing(tmp_path: Path) -> None:
    """In the compressed stream too, whose decoder has an error of its own; the checksum finds what it lets pass."""
    ours = run(tmp_path / "new")
    name, whole = archive.name_of(ours), archive.pack(ours)
    told = []
    for at in range(0, len(whole), 7):
        packed = whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :]
        try:
            found = archive.unpack(name, packed, tmp_path / str(at))
        except UsageError as error:
            told.append(error.message)
            assert not (tmp_path / str(at)).exists()
        else:  # a date in the header, or the bits that fill a byte up
            assert archive.pack(found) == whole
    assert len(told) > len(whole) // 7 - 5
    assert all(": damaged: " in each for each in told)
    assert any("while decompressing" in each for each in told)


def test_an_archive_writes_only_the_files_of_a_run(tmp_path: Path) -> None:
    """No path out of the folder, no link, no file that a run has not."""
    ours = run(tmp_path / "new")
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w:gz") as tar:
        for each in ours.iterdir():
            tar.add(each, each.name)
        for name in ("../escaped", "/escaped", "other.sh"):
            member = tarfile.TarInfo(name)
            member.size = 1
            tar.addfile(member, io.BytesIO(b"x"))
        link = tarfile.TarInfo("gauges.jsonl")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    found = archive.unpack(archive.name_of(ours), plain.getvalue(), tmp_path / "main")
    assert {each.name for each in found.iterdir()} <= set(archive.KEPT)
    assert not any(each.is_symlink() for each in found.iterdir())
    assert not (tmp_path / "escaped").exists()


def test_a_place_that_cannot_be_written_is_7(tmp_path: Path) -> None:
    """A file where a folder should be."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    code, _, told = called("push", run(tmp_path / "new"), "--to", tmp_path / "file" / "kept")
    assert code == 7, told


@pytest.mark.parametrize("where", ["file", "file/main"])
def test_a_folder_that_cannot_be_made_is_7(tmp_path: Path, where: str) -> None:
    """`pull` into what is a file, or lies in one."""
    ours = run(tmp_path / "new")
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CannotRecord, match=r"File exists|Not a directory"):
        archive.unpack(archive.name_of(ours), archive.pack(ours), tmp_path / where)


def test_a_full_disk_is_7_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not the baseline that is damaged."""
    ours = run(tmp_path / "new")
    called("push", ours, "--to", tmp_path / "kept")

    def full(path: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    code, _, told = called("pull", tmp_path / "main", "--from", tmp_path / "kept")
    assert (code, "No space left on device" in told, "damaged" in told) == (7, True, False)
    assert list((tmp_path / "main").iterdir()) == []
