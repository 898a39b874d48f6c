"""The record: buckets, folds, redaction, and a run directory that refuses to overwrite another."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entsurge.errors import CannotRecord
from entsurge.record.histogram import HIGHEST_US, bucket, buckets, highest, upper_ends
from entsurge.record.recorder import Key, Recorder
from entsurge.record.redaction import redact, redact_text
from entsurge.record.run_directory import RunDirectory

KEY = Key("page", "student", "Lyon", "home", "open-home", "surge", "ok")


@given(st.integers(1, HIGHEST_US))
def test_a_bucket_is_within_a_thousandth_and_the_same_in_bulk(value: int) -> None:
    """Three significant digits: a bucket's highest value is at least the time and at most 0.1 % above it."""
    found = bucket(value)
    assert value <= highest(found) <= value * 1.001 + 1
    assert buckets(np.array([value]))[0] == found
    assert upper_ends(np.array([found]))[0] == highest(found)


@given(st.integers(-(10**12), 10**13))
def test_no_time_is_refused(value: int) -> None:
    """Out-of-range times are kept in the first or last bucket, never dropped."""
    assert bucket(1) <= bucket(value) <= bucket(HIGHEST_US)


def test_a_fold_keeps_every_page_once(tmp_path: Path) -> None:
    """Two timings of one page view: one count each under its own key, and nothing is kept for the next second."""
    directory = RunDirectory(tmp_path / "run")
    recorder = Recorder(directory)
    folds = []
    recorder.listeners.append(folds.append)
    for value in range(1, 1001):
        recorder.page(KEY, 2 * value, value)
    recorder.fold(0)
    recorder.fold(1)
    directory.close()
    assert [sum(fold.counts.values()) for fold in folds] == [1000, 0]
    assert sorted(folds[0].times_us[KEY].tolist()) == list(range(1, 1001))


def test_a_run_directory_is_never_written_over(tmp_path: Path) -> None:
    """A folder that holds a run already is refused, and so is a file in its place."""
    directory = RunDirectory(tmp_path / "run")
    directory.write_json("manifest.json", {})
    directory.close()
    with pytest.raises(CannotRecord, match="holds a run already"):
        RunDirectory(tmp_path / "run")
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotRecord):
        RunDirectory(tmp_path / "file")


@pytest.mark.parametrize(
    "secret",
    [
        "https://ent/cas/login?ticket=ST-42-abcdefghij&x=1",
        "password=hunter22secret",
        '{"access_token": "eyJabc.def"}',
        '<input type="hidden" name="execution" value="0123456789abcdef">',
        "marie.dupont@example.org",
        "TGT-99-qwertyuiop",
    ],
)
def test_secrets_are_taken_out(secret: str) -> None:
    """Tickets, passwords, tokens, hidden fields and addresses never reach an example."""
    found = redact_text(secret)
    assert "•••" in found
    for part in ("abcdefghij", "hunter22secret", "eyJabc", "0123456789abcdef", "dupont", "qwertyuiop"):
        assert part not in found


def test_secret_headers_are_hidden_whole() -> None:
    """Cookies and authorisation are hidden whatever they hold."""
    found = redact({"headers": {"Cookie": "a=b", "set-cookie": "TGC=1", "Accept": "x"}})
    assert found == {"headers": {"Cookie": "•••", "set-cookie": "•••", "Accept": "x"}}
