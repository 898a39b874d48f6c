"""The tally: exact to the buckets' three digits against numpy on raw samples, in bounded pieces, whatever the file."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entsurge.record.reading import tally as tallies
from entsurge.record.reading.series import Series
from entsurge.record.reading.stays import read_stays
from entsurge.record.reading.stream import pieces
from entsurge.record.reading.tally import Tally, tally
from entsurge.record.recorder import Recorder
from entsurge.record.schema import SERIES, Key
from entsurge.record.writer import RunDirectory

PERSONAS, SERVICES, OUTCOMES = ("student", "parent"), ("home", "marks", "sign-on"), ("ok", "shed", "failed")
Sample = tuple[int, str, str, str, int, int]  # second, persona, service, outcome, corrected µs, service µs
samples = st.lists(
    st.tuples(
        st.integers(0, 90), st.sampled_from(PERSONAS), st.sampled_from(SERVICES), st.sampled_from(OUTCOMES),
        st.integers(1, 3 * 10**9), st.integers(1, 3 * 10**9),
    ),
    max_size=80,
)  # fmt: skip


def recorded(path: Path, given: list[Sample]) -> tuple[Tally, list[str]]:
    """These samples through the record's own writer, read back."""
    directory = RunDirectory(path)
    recorder = Recorder(directory)
    for second in sorted({each[0] for each in given}):
        for of, persona, service, outcome, corrected_us, service_us in given:
            if of == second:
                recorder.page(Key("page", persona, "Lyon", service, "open", "surge", outcome), corrected_us, service_us)
        recorder.request(Key("request", "student", "Lyon", "home", "open", "surge", "ok"), 1000)
        recorder.fold(second)
    directory.close()
    notes: list[str] = []
    return tally(Series.of(path, notes), notes), notes


def rank(values: list[int], percentile: float) -> float:
    """The definition on raw samples: the value of rank int(p·n/100 + 0.5), at least 1; in seconds."""
    ordered = np.sort(np.array(values))
    return float(ordered[max(1, min(len(ordered), int(percentile * len(ordered) / 100 + 0.5))) - 1]) / 1e6


@settings(max_examples=20)
@given(samples, st.sampled_from([1, 50, 90, 95, 99, 99.9, 100]))
def test_quantiles_equal_those_of_raw_samples_to_three_digits(tmp_path_factory, given, percentile: float) -> None:
    """For every persona and service, and for every second: numpy on the samples, at most 0.1 % above."""
    found, notes = recorded(tmp_path_factory.mktemp("run") / "run", given)
    for persona in (*PERSONAS, "*"):
        for service in (*SERVICES, "*"):
            for place, timing in ((4, "corrected"), (5, "service")):
                raw = [each[place] for each in given if each[1] in (persona, *(PERSONAS * (persona == "*")))
                       and (service in ("*", each[2])) and each[3] == "ok"]  # fmt: skip
                value = found.times(timing=timing, persona=persona, service=service).quantile_seconds(percentile)
                assert (value is None) == (not raw)
                if raw:
                    assert rank(raw, percentile) <= value <= rank(raw, percentile) * 1.001 + 1e-6
    for second in {each[0] for each in given}:
        raw = [each[4] for each in given if each[0] == second and each[2] != "sign-on" and each[3] == "ok"]
        for place, each in enumerate(tallies.PERCENTILES):
            value = found.seconds.quantiles(place)[second]
            assert (value is None) == (not raw)
            assert value is None or rank(raw, each) <= value <= rank(raw, each) * 1.001 + 1e-6
    assert notes == ([] if given else notes)


@settings(max_examples=15)
@given(samples, st.floats(0.001, 5000))
def test_counts_are_those_of_the_samples(tmp_path_factory, given, bound: float) -> None:
    """Pages by outcome in total and by second (sign-on apart), and how many took longer than a bound."""
    found, _ = recorded(tmp_path_factory.mktemp("run") / "run", given)
    for outcome in OUTCOMES:
        mine = [each for each in given if each[3] == outcome]
        assert found.count()[outcome] == len(mine)
        by_second = found.seconds.outcomes[outcome]
        assert int(by_second.sum()) == sum(each[2] != "sign-on" for each in mine)
        for second in {each[0] for each in given}:
            expected = sum(each[0] == second and each[2] != "sign-on" for each in mine)
            assert by_second[second] == expected
    slow = [each for each in given if each[3] == "ok" and each[4] > bound * 1e6]
    just = [each for each in given if each[3] == "ok" and bound * 1e6 * 0.998 < each[4] <= bound * 1e6]
    assert len(slow) <= found.times(timing="corrected").over(bound) <= len(slow) + len(just)
    assert int(found.seconds.requests.sum()) == len({each[0] for each in given})


def test_small_pieces_say_the_same_as_large_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rows at a time or all at once."""
    given = [
        (n % 70, PERSONAS[n % 2], SERVICES[n % 3], OUTCOMES[n % 3], 1000 * (n + 1), 900 * (n + 1)) for n in range(500)
    ]
    whole, _ = recorded(tmp_path / "run", given)
    monkeypatch.setattr("entsurge.record.reading.series.Series.rows.__defaults__", (None, None, 3))
    small = tally(Series.of(tmp_path / "run", []), [])
    for outcome in OUTCOMES:
        ours, theirs = (each.times(timing="corrected", outcome=outcome).counts for each in (whole, small))
        assert (ours == theirs).all()
    assert whole.seconds.percentiles == small.seconds.percentiles


def test_rows_without_a_meaning_are_skipped_and_said(tmp_path: Path) -> None:
    """A key that keys.json does not know, a bucket and a second that cannot be: noted, the rest is read."""
    directory = RunDirectory(tmp_path / "run")
    recorder = Recorder(directory)
    recorder.page(Key("page", "student", "Lyon", "home", "open", "surge", "ok"), 1000, 900)
    recorder.fold(1)
    for row in ((2, 99, 5), (2, 0, 10**6), (10**7, 0, 5), (-1, 0, 5), (2, -3, 5)):
        second, key, bucket = (np.array([value], np.int32) for value in row)
        one = np.ones(1, np.int32)
        directory.series((second, one.astype(np.int16), one, key, bucket, one))
    directory.close()
    notes: list[str] = []
    found = tally(Series.of(tmp_path / "run", notes), notes)
    assert found.times(timing="corrected").total == 1
    assert any("5 rows" in note for note in notes)


def test_a_page_that_comes_too_late_for_its_second_is_counted_and_said(tmp_path: Path) -> None:
    """Its outcome and its histogram are kept; only the percentiles of that second miss it."""
    directory = RunDirectory(tmp_path / "run")
    recorder = Recorder(directory)
    key = Key("page", "student", "Lyon", "home", "open", "surge", "ok")
    for second in (1, tallies.LATE_SECONDS + 5, 1):
        recorder.page(key, 1000, 900)
        recorder.fold(second)
    directory.close()
    notes: list[str] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("entsurge.record.reading.series.Series.rows.__defaults__", (None, None, 1))
        found = tally(Series.of(tmp_path / "run", notes), notes)
    assert found.times(timing="corrected").total == 3
    assert found.seconds.outcomes["ok"][1] == 2
    assert any("too late" in note for note in notes)


def test_a_file_that_is_no_arrow_stream_is_said(tmp_path: Path) -> None:
    """Garbage, another table, or nothing: one note each, nothing raised."""
    (tmp_path / "a").write_bytes(b"\x00garbage" * 100)
    (tmp_path / "b").write_bytes(b"")
    notes: list[str] = []
    for name in ("a", "b", "c"):
        assert list(pieces(tmp_path / name, SERIES, ("second",), notes)) == []
    assert len(notes) == 3


def test_visits_are_summed_by_service_as_rows_say(tmp_path: Path) -> None:
    """Columns keep every visit; sums by phase, persona, sign-on and service equal a loop over the rows."""
    directory = RunDirectory(tmp_path / "run")
    rows = []
    for number in range(200):
        services = [
            {"service": name, "planned": 2, "ok": number % 3, "shed": 0, "failed": 2 - number % 3, "lost": 0}
            for name in ("home", "marks")[: number % 3]
        ]
        rows.append({
            "name": f"v{number}", "persona": PERSONAS[number % 2], "group": "Lyon", "school": f"s{number % 7}",
            "phase": ("warm-up", "surge")[number % 5 > 0], "due_us": number, "start_us": number, "end_us": number + 9,
            "planned": 4, "ok": 1, "shed": 0, "failed": 0, "lost": 0, "unserved": 3, "planned_gap_us": 5,
            "waiting_us": 1, "work_planned": number % 2 == 0, "work_served": False, "services": services,
            "sign_on": ("ok", "shed")[number % 4 == 0], "end": "completed",
        })  # fmt: skip
    directory.visits(rows[:50])
    directory.visits(rows[50:])
    directory.close()
    found = read_stays(tmp_path / "run" / "visits.arrows", [])
    assert len(found) == 200
    assert found.count_by("school") == {f"s{n}": sum(number % 7 == n for number in range(200)) for n in range(7)}
    for phase in ("warm-up", "surge"):
        for sign_on in ("ok", "shed"):
            mine = [row for row in rows if (row["phase"], row["sign_on"]) == (phase, sign_on)]
            expected = sum(part["ok"] for row in mine for part in row["services"] if part["service"] == "marks")
            assert found.pages(phase=phase, sign_on=sign_on, service="marks")["ok"] == expected
    assert math.isclose(found["work_planned"].mean(), 0.5)
