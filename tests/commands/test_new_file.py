"""Files that hold people's names: new, whole, and their owner's alone."""

from pathlib import Path

import pytest

from entsurge.cli import main
from entsurge.commands.options import new_file
from entsurge.errors import CannotRecord, UsageError


def test_a_new_file_is_whole_or_not_there(tmp_path: Path) -> None:
    """Its name is there once it is whole; what broke off leaves nothing; nothing is written over."""
    path = tmp_path / "people.csv"
    with pytest.raises(ZeroDivisionError), new_file(path) as stream:
        stream.write(str(1 / path.exists()))
    assert list(tmp_path.iterdir()) == []
    with new_file(path) as stream:
        stream.write("whole")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("whole", 0o600)
    with pytest.raises(UsageError, match="is there already"), new_file(path):
        pass
    with pytest.raises(CannotRecord, match="No such file"), new_file(tmp_path / "none" / "a.csv"):
        pass
    assert list(tmp_path.iterdir()) == [path]


def test_people_are_not_written_over_others(tmp_path: Path) -> None:
    """`entsurge population --out` of a file that is there: exit 2, the file untouched."""
    path = tmp_path / "people.csv"
    path.write_text("kept")
    with pytest.raises(SystemExit) as ended:
        main(["population", "--schools", "1", "--out", str(path)])
    assert (ended.value.code, path.read_text()) == (2, "kept")
