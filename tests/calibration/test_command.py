"""`entsurge calibrate` as its operator has it: files in, a profile out that can be planned, mistakes explained."""

import gzip
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.calibration.dialects import Request, combined

from entsurge.commands.calibrate import interruptible


def entsurge(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "entsurge", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=120, check=False)


def test_a_log_becomes_a_profile_that_can_be_planned(hits, tmp_path: Path) -> None:
    """Two servers' logs, one gzipped: figures, what is not in them, four files, and a plan."""
    lines = [hit.combined for hit in hits]
    (tmp_path / "a.log").write_text("\n".join(lines[::2]) + "\nnonsense\n")
    (tmp_path / "b.log.gz").write_bytes(gzip.compress("\n".join(lines[1::2]).encode()))
    done = entsurge(tmp_path, "calibrate", "a.log", "b.log.gz", "--out", "ours.toml")
    assert done.returncode == 0, done.stderr
    assert all(
        words in done.stdout for words in ("assets", "bots", "background requests", "in no format that is known")
    )
    assert "written: ours-shape.toml" in done.stdout
    planned = entsurge(tmp_path, "plan", "./ours.toml")
    assert planned.returncode == 0, planned.stderr
    again = entsurge(tmp_path, "calibrate", "a.log", "--out", "ours.toml")
    assert again.returncode == 2
    assert "--overwrite" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["calibrate", "missing.log"], "does not exist"),
        (["calibrate", "."], "is a directory"),
        (["calibrate", "noise"], "in no format that is known"),
        (["calibrate", "noise", "table.csv"], "different kinds"),
        (["calibrate", "noise", "--rules", "nothing"], "no such rules"),
        (["calibrate", "noise", "--timezone", "Mars/Olympus"], "no time zone"),
        (["calibrate", "table.csv", "--kind", "dnma", "--where", "lyon"], "COLUMN=VALUE"),
        (["calibrate", "table.csv", "--out", "ours.txt"], "ends in .toml"),
    ],
)
def test_mistakes_are_explained(tmp_path: Path, arguments: list[str], said: str) -> None:
    """Exit code 2, one message, no traceback."""
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 10)
    (tmp_path / "table.csv").write_text("jour,heure,connexions\nlundi,8,9\n")
    done = entsurge(tmp_path, *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_ends_it_in_order(hits, tmp_path: Path) -> None:
    """SIGINT while a large log is read: exit 130, no traceback, no file written."""
    block = "\n".join(hit.combined for hit in hits) + "\n"
    with (tmp_path / "large.log").open("w") as stream:
        for _ in range(10):
            stream.write(block)
    command = [sys.executable, "-m", "entsurge", "calibrate", "large.log", "--out", "ours.toml"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=-1, stderr=-1, text=True) as run:
        limit = time.monotonic() + 60
        while "large.log" not in opened(run.pid):
            assert time.monotonic() < limit
            assert run.poll() is None
            time.sleep(0.02)
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=60)
    assert run.returncode == 130, errors
    assert "Traceback" not in errors
    assert [path.name for path in tmp_path.iterdir()] == ["large.log"]


def test_an_interruption_that_a_library_swallows_still_counts() -> None:
    """Whoever catches KeyboardInterrupt on the way: the next check raises it again; the old handler comes back."""
    before = signal.getsignal(signal.SIGINT)
    with interruptible() as check:
        check()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            check()
    assert signal.getsignal(signal.SIGINT) is before


def opened(pid: int) -> set[str]:
    """The names of the files that a process has open."""
    found = set()
    for each in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            found.add(each.readlink().name)
        except OSError:
            continue
    return found


def test_what_cannot_be_people_is_said_loudly_and_named_on_the_screen_alone(tmp_path: Path) -> None:
    """A monitor with 40 % of the pages: a warning with its address, a comment without it; `--without` ends both."""
    people = [Request(1_768_204_800 + 60 * n, f"192.0.2.{n // 4}", "/etab/3/accueil") for n in range(4, 364)]
    monitor = [Request(1_768_204_800 + 90 * n, "198.51.100.7", "/etab/3/accueil") for n in range(240)]
    (tmp_path / "[b]a.log").write_text("\n".join(map(combined, people + monitor)))
    done = entsurge(tmp_path, "calibrate", "[b]a.log", "--out", "ours.toml")
    assert done.returncode == 0, done.stderr
    assert "WARNING: 198.51.100.7 has 40% of all page views" in done.stdout
    assert "[b]a.log: access logs from" in done.stdout
    assert "format of the lines: combined (600)" in done.stdout
    written = "".join(path.read_text("utf-8") for path in tmp_path.glob("ours*"))
    assert "# Doubtful: 1 warning given" in written
    assert "198.51.100" not in written
    done = entsurge(tmp_path, "calibrate", "[b]a.log", "--without", "198.51.100.7")
    assert "WARNING" not in done.stdout
    assert "left out as asked" in done.stdout


def test_a_folder_that_is_not_there_is_said_before_anything_is_read(tmp_path: Path) -> None:
    """`--out` into no folder: exit 2 with the remedy, no word of the disk."""
    (tmp_path / "a.log").write_text(combined(Request(1_768_204_800, "192.0.2.1", "/etab/3/accueil")))
    done = entsurge(tmp_path, "calibrate", "a.log", "--out", "nodir/a.toml")
    assert done.returncode == 2
    assert "there is no folder nodir" in done.stderr
    assert "disk" not in done.stderr


def test_a_truncated_gzip_is_a_warning(tmp_path: Path) -> None:
    """What is missing is said loudly."""
    lines = "\n".join(combined(Request(1_768_204_800 + n, f"192.0.2.{n % 200}", "/accueil")) for n in range(2_000))
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(lines.encode())[:-400])
    assert "WARNING: a.log.gz: truncated gzip" in entsurge(tmp_path, "calibrate", "a.log.gz").stdout
