"""The record: buckets, folds, redaction, and a run directory that refuses to overwrite another."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entsurge.client.response import Timing
from entsurge.errors import CannotRecord
from entsurge.record.histogram import HIGHEST_US, bucket, buckets, highest, upper_ends
from entsurge.record.parcel import Merger, Outbox
from entsurge.record.recorder import Recorder
from entsurge.record.redaction import redact, redact_text
from entsurge.record.schema import Key
from entsurge.record.writer import RunDirectory

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


REQUEST = Key("request", "student", "Lyon", "home", "open-home", "surge", "ok")


def steps(recorder: Recorder) -> dict[tuple[str, str], list[int]]:
    """What was recorded of the wire in this second: times by step and outcome."""
    fold = recorder.fold(0)
    return {(key.page, key.outcome): times.tolist() for key, times in fold.times_us.items() if key.kind == "transport"}


def test_wait_and_transfer_of_each_request_and_steps_of_each_connection(tmp_path: Path) -> None:
    """By protocol and outcome, whoever asked; TLS where there is TLS, of both kinds; queueing from 1 ms on."""
    recorder = Recorder(RunDirectory(tmp_path / "run"))
    recorder.connection(REQUEST, "1.1", "full", (1, 20, 3000))
    recorder.requests(REQUEST).add(REQUEST.outcome, "1.1", Timing(1, 20, 3000, 400, 50, 3480))
    others = recorder.requests(REQUEST._replace(persona="parent", group="Grenoble"))
    others.add("ok", "1.1", Timing(0, 0, 0, 300, 20, 2320))
    recorder.connection(REQUEST, "2", "resumed", (2, 21, 900))
    recorder.requests(REQUEST).add("failed", "2", Timing(2, 21, 900, 200, 10, 1140))
    recorder.connection(REQUEST, "1.1", "plain", (3, 22, 0))
    assert steps(recorder) == {
        ("wait 1.1", "ok"): [400, 300], ("transfer 1.1", "ok"): [50, 20], ("queue 1.1", "ok"): [2000],
        ("name 1.1", "ok"): [1, 3], ("connect 1.1", "ok"): [20, 22], ("tls-full 1.1", "ok"): [3000],
        ("wait 2", "failed"): [200], ("transfer 2", "failed"): [10],
        ("name 2", "ok"): [2], ("connect 2", "ok"): [21], ("tls-resumed 2", "ok"): [900],
    }  # fmt: skip
    recorder.directory.close()


def test_requests_of_a_page_are_counted_under_their_outcomes(tmp_path: Path) -> None:
    """One place for a key whatever its visitors; a request that nothing answered has a time and no steps."""
    recorder = Recorder(RunDirectory(tmp_path / "run"))
    page = recorder.requests(REQUEST)
    assert recorder.requests(Key(*REQUEST)) is page
    page.add("ok", "1.1", Timing(0, 0, 0, 300, 20, 320))
    page.add("failed", "2", Timing(0, 0, 0, 500, 30, 530))
    page.add("failed", "", Timing(total_us=9_000))
    page.forgave("ok", "two lengths", 320)
    fold = recorder.fold(0)
    times = {(key.kind, key.page, key.outcome): times.tolist() for key, times in fold.times_us.items()}
    assert times == {
        ("request", "open-home", "ok"): [320], ("request", "open-home", "failed"): [530, 9_000],
        ("forgiven", "two lengths", "ok"): [320],
        ("transport", "wait 1.1", "ok"): [300], ("transport", "transfer 1.1", "ok"): [20],
        ("transport", "wait 2", "failed"): [500], ("transport", "transfer 2", "failed"): [30],
    }  # fmt: skip
    recorder.directory.close()


def test_keys_of_the_wire_are_few(tmp_path: Path) -> None:
    """Ten thousand people's pages make no more keys than there are steps, services and phases."""
    recorder = Recorder(RunDirectory(tmp_path / "run"))
    for number in range(10_000):
        of = REQUEST._replace(persona=f"p{number % 4}", group=f"g{number}", page=f"/a/{number}")
        recorder.connection(of, "1.1", "full", (1, 2, 3))
        recorder.requests(of).add(of.outcome, "1.1", Timing(1, 2, 3, 4, 5, 15))
    assert sum(key["kind"] == "transport" for key in recorder.described) == 5
    recorder.directory.close()


def test_workers_parcels_hold_the_wire_too(tmp_path: Path) -> None:
    """What a worker sends is merged under the same keys, not one lost."""
    directory, outbox = RunDirectory(tmp_path / "run"), Outbox()
    recorder = Recorder(outbox)
    recorder.connection(REQUEST, "2", "full", (1, 2, 3))
    for number in range(100):
        recorder.requests(REQUEST).add(REQUEST.outcome, "2", Timing(0, 0, 0, 100 + number, 5, 105 + number))
    recorder.fold(0)
    fold = Merger(directory).take(1, 0, outbox.take(0))
    directory.close()
    counts = {key.page: count for key, count in fold.counts.items()}
    assert counts == {"open-home": 100, "wait 2": 100, "transfer 2": 100, "name 2": 1, "connect 2": 1, "tls-full 2": 1}


def test_what_keys_mean_is_written_whole_each_time_and_put_into_words_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that grows is read as the whole of it, whatever signs its names have; what was there costs no more."""
    directory, told = RunDirectory(tmp_path / "run"), []
    put = json.dumps

    def counted(value: object, **how: object) -> str:
        told.append(value)
        return put(value, **how)

    monkeypatch.setattr(json, "dumps", counted)
    keys = [{"kind": "page", "page": 'a "quoted" page', "group": "Île-de-France \udce9"}]
    directory.keys(keys)
    directory.keys(keys)
    keys.append({"kind": "request", "page": "", "group": ""})
    directory.keys(keys)
    directory.close()
    assert len(told) == 2
    found = json.loads((tmp_path / "run" / "keys.json").read_text("utf-8"))
    assert [each["page"] for each in found] == ['a "quoted" page', ""]
    assert found[1] == keys[1]
