"""A run directory is followed while it grows: every row and line once, whatever the moment of the look."""

from pathlib import Path

import numpy as np
import pytest
from tests.live.runs import Growing

from entsurge.record.layout import EVENTS, GAUGES, KEYS, MANIFEST, SERIES_FILE
from entsurge.record.reading.following import Following


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A run of five seconds, all of it written."""
    run = Growing(tmp_path / "whole")
    for second in range(5):
        run.pages(second + 1)
        run.event("touched", count=second)
        run.pass_second()
    run.directory.close()
    return run.path


def grown(whole: Path, part: Path, name: str, size: int) -> None:
    (part / name).write_bytes((whole / name).read_bytes()[:size])


def test_a_look_in_mid_batch_takes_what_is_whole(whole: Path, tmp_path: Path) -> None:
    """The series are cut at every seventh byte in turn: nothing raises, and every row is seen once."""
    part = tmp_path / "part"
    part.mkdir()
    for name in (MANIFEST, KEYS):
        grown(whole, part, name, 1 << 20)
    following, seen = Following(part), []
    size = (whole / SERIES_FILE).stat().st_size
    for cut in (*range(0, size, 7), size):
        grown(whole, part, SERIES_FILE, cut)
        seen += following.look().rows
    per_second = np.bincount(np.concatenate([each.second for each in seen]),
                             np.concatenate([each.times for each in seen]))  # fmt: skip
    assert per_second.tolist() == [2, 4, 6, 8, 10]  # each page has a corrected time and a service time
    assert following.look().rows == []


@pytest.mark.parametrize(("name", "field"), [(GAUGES, "gauges"), (EVENTS, "events")])
def test_a_line_that_is_not_whole_waits(whole: Path, tmp_path: Path, name: str, field: str) -> None:
    """Lines cut anywhere are read once, and only when their end is there."""
    part = tmp_path / "part"
    part.mkdir()
    following, seen = Following(part), []
    size = (whole / name).stat().st_size
    for cut in (*range(0, size, 7), size):
        grown(whole, part, name, cut)
        seen += getattr(following.look(), field)
    assert len(seen) == 5


def test_a_line_that_means_nothing_is_left_out(whole: Path) -> None:
    """A damaged line, and one of another shape, do not keep the next from being read."""
    with (whole / GAUGES).open("a", encoding="utf-8") as stream:
        stream.write('{"t": \n[]\n{"t": 6}\n')
    assert [each["t"] for each in Following(whole).look().gauges] == [1, 2, 3, 4, 5, 6]


def test_what_is_not_there_yet_is_nothing(tmp_path: Path) -> None:
    """Before the run has begun there is no manifest, no news, no end."""
    following = Following(tmp_path / "later")
    news = following.look()
    assert (following.manifest(), following.finish(), following.verdict()) == (None, None, "")
    assert (news.rows, news.gauges, news.events) == ([], [], [])


def test_series_that_are_no_arrow_are_left_alone(whole: Path) -> None:
    """Damage at the file's head is no end of the page: the lines are still read."""
    (whole / SERIES_FILE).write_bytes(b"not arrow at all")
    news = Following(whole).look()
    assert news.rows == []
    assert len(news.gauges) == 5
