"""The quick ways of the report's parts against slow and plain ones, and perturbations at the times that events tell."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.records import pages, record, run_of, visit

from entsurge.analysis.continuity import silences_us
from entsurge.analysis.percentiles import percentiles
from entsurge.analysis.perturbations import perturbations
from entsurge.analysis.recovery import recoveries
from entsurge.analysis.target import MOST_SERIES, target_series
from entsurge.analysis.timeline import timeline
from entsurge.findings.course import Point, TargetSeries
from entsurge.record.reading.run import read_run

FAULT = {"id": "slow", "kind": "fault", "title": {"fr": "lente", "en": "slow"}, "defers": [], "start_s": 40.0,
         "end_s": 60.0}  # fmt: skip
visits = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 50), st.integers(0, 20), st.integers(0, 2)), min_size=1, max_size=40,
    unique_by=lambda each: each[1],
)  # fmt: skip


@given(visits)
def test_silences_are_those_of_a_plain_loop(given) -> None:
    """Per school, by due time: the longest stretch of visits without a page, from first due time to last end."""
    found = silences_us(*(np.array(column) for column in zip(*((s, d, d + n, o) for s, d, n, o in given), strict=True)))
    for school in {each[0] for each in given}:
        longest, since = 0, None
        for _, due, length, ok in sorted((each for each in given if each[0] == school), key=lambda each: each[1]):
            if ok:
                since = None
                continue
            since = due if since is None else since
            longest = max(longest, due + length - since)
        assert found.get(school, 0) == longest


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 10**8), st.integers(0, 3 * 10**7), st.integers(1, 9)), max_size=20))
def test_offered_pages_are_spread_evenly_over_each_visit(tmp_path_factory, given) -> None:
    """Per second the share of each planned visit that falls into it, as a loop over visits and seconds says."""
    rows = [visit(due_us=due, start_us=due, end_us=due, planned_gap_us=gap, planned=n) for due, gap, n in given]
    found = timeline(run_of(tmp_path_factory.mktemp("offered"), pages(second=140), visits=rows)).offered_pages
    expected = [0.0] * len(found)
    for due, gap, planned in given:
        begin, length = due / 1e6, max(gap / 1e6, 1e-6)
        for second in range(int(begin), min(len(found), math.ceil(begin + length))):
            expected[second] += planned * max(0.0, min(second + 1, begin + length) - max(second, begin)) / length
    assert found == pytest.approx(expected, abs=0.01)


def test_perturbations_count_at_the_times_that_events_tell(tmp_path: Path) -> None:
    """Planned at 40 to 60, applied at 42 and ended at 55; one that nobody planned is a fault of its own name."""
    path = record(tmp_path, pages(), perturbations=[FAULT])
    told = [("slow", 42, "applied"), ("slow", 44, "applied"), ("slow", 55, "ended"), ("other", 70, "applied")]
    lines = [json.dumps({"t": t, "kind": "perturbation", "id": name, "state": state}) for name, t, state in told]
    (path / "events.jsonl").write_text("\n".join(lines) + "\n")
    found = {each.id: each for each in perturbations(read_run(path))}
    assert (found["slow"].start_s, found["slow"].end_s, found["slow"].kind) == (42, 55, "fault")
    assert (found["other"].start_s, found["other"].end_s, found["other"].kind) == (70, 140, "fault")


def test_degradation_and_recovery_in_seconds(tmp_path: Path) -> None:
    """Slow from second 43 to second 64 around a fault from 40 to 60: degraded after 3 s, recovered after 5 s."""
    rows = [each for second in range(12, 110)
            for each in pages(second=second, count=5, seconds=3.0 if 43 <= second < 65 else 0.3)]  # fmt: skip
    run = run_of(tmp_path, rows, perturbations=[FAULT])
    [found] = recoveries(run, run.tally.seconds)
    assert (found.disturbed, found.degrade_s, found.recover_s) == (True, 3.0, 5.0)


def test_a_measure_in_force_from_the_start_has_nothing_to_be_held_against(tmp_path: Path) -> None:
    """No calm before it: nothing is judged."""
    whole = FAULT | {"kind": "measure", "start_s": 0.0, "end_s": 100.0}
    run = run_of(tmp_path, pages(count=50), perturbations=[whole])
    assert recoveries(run, run.tally.seconds, kinds=("fault", "measure")) == []


def test_counters_are_shown_by_their_rise_and_constant_series_come_last(tmp_path: Path) -> None:
    """10 in 5 s is 2 a second; a counter that fell was started anew; at most so many series."""
    path = record(tmp_path, pages())
    rows = [
        {"t": t, "series": "asked_total", "value": value, "kind": "counter"} for t, value in ((0, 5), (5, 15), (6, 3))
    ]
    rows += [
        {"t": t, "series": f"still_{number}", "value": 1, "kind": "gauge"} for t in range(3) for number in range(20)
    ]
    rows += [{"t": 1}, {"series": "x", "t": "y", "value": 1}]
    (path / "target.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = target_series(read_run(path))
    assert found[0] == TargetSeries("asked_total", "counter", [Point(5, 2), Point(6, 3)])
    assert len(found) == MOST_SERIES


def test_percentiles_end_where_pages_end(tmp_path: Path) -> None:
    """A hundred pages have no 99.9th percentile; the curve rises; service time never lies above corrected latency."""
    rows = [each for number in range(100) for each in pages(seconds=0.1 + number / 100, service_seconds=0.1)]
    found = percentiles(run_of(tmp_path, rows))
    assert [row.percentile for row in found.table] == [50, 75, 90, 95, 99]
    curve = [point.corrected_s for point in found.curve]
    assert curve == sorted(curve)
    assert all(point.service_s <= point.corrected_s for point in found.curve)
    assert found.most_corrected_s == pytest.approx(1.09, rel=0.002)
