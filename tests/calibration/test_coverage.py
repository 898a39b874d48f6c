"""Which hours a log has seen, and that a part of an hour is never taken for more than it saw."""

import datetime as dt
import tracemalloc
from pathlib import Path

import pytest
from tests.calibration.dialects import PARIS, Request, combined

from entsurge.calibration import rules as reading
from entsurge.calibration.access_log import AccessLog
from entsurge.calibration.coverage import covered, judged, stretches
from entsurge.calibration.lines import LogFiles
from entsurge.calibration.observed import Observed
from entsurge.calibration.visits import observe


def second(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp())


def hours(first: str, last: str, zone: str = "Europe/Paris") -> dict[int, float]:
    """How much of each hour of the week lies between two instants of Paris."""
    found = covered([(second(first), second(last))], zone)
    return found.groupby("hour")["share"].sum().to_dict()


def observed(tmp_path: Path, *times: str) -> Observed:
    """The mean week of a log with a visit of its own at each of these local times."""
    visits = [Request(second(at), f"192.0.2.{1 + number}", "/etab/3/accueil") for number, at in enumerate(times)]
    (tmp_path / "log").write_text("\n".join(map(combined, visits)))
    log = AccessLog(reading.load()[0])
    log.read(LogFiles([tmp_path / "log"]))
    return observe(log, [tmp_path / "log"])


def test_days_of_23_and_25_hours() -> None:
    """In Paris the hour from 2 to 3 is missing on 29 March 2026 and comes twice on 25 October."""
    sunday, two = 6 * 24, 6 * 24 + 2
    spring, autumn = (hours(f"{day}T00:00", f"{day}T23:59:59") for day in ("2026-03-29", "2026-10-25"))
    assert (sum(spring.values()), spring.get(two), spring[sunday + 3]) == (23, None, 1)
    assert (sum(autumn.values()), autumn[two], autumn[sunday + 3]) == (25, 2, 1)
    assert sum(hours("2026-10-25T00:00", "2026-10-25T23:59:59", "UTC").values()) == 25


def test_an_hour_seen_in_part_counts_what_it_saw(tmp_path: Path) -> None:
    """A log that ends at 10:05 with two visits since 10: two visits in that hour, not twenty-four."""
    found = observed(tmp_path, "2026-01-12T08:00", "2026-01-12T09:10", "2026-01-12T09:20", "2026-01-12T09:30",
                     "2026-01-12T10:01", "2026-01-12T10:04")  # fmt: skip
    assert found.busiest == ("monday", 9, 3)
    assert found.visits["*"][10] == 2
    assert "observed in part only, visits given as counted: 1 hour of the week" in found.notes


def test_whole_hours_are_preferred_to_parts(tmp_path: Path) -> None:
    """Two Mondays from 8 to 9, one of them in part: the whole one is the mean, whatever the other began with."""
    whole = ["2026-01-12T08:00", "2026-01-12T08:59"]
    week = [f"2026-01-{day}T{hour:02d}:30" for day in range(13, 19) for hour in range(24)]
    parts = ["2026-01-19T00:10", "2026-01-19T08:01", "2026-01-19T08:02", "2026-01-19T08:03", "2026-01-19T08:04"]
    assert observed(tmp_path, *whole, *week, *parts).visits["*"][8] == 2


def test_a_log_of_a_clock_that_was_wrong_covers_no_years(tmp_path: Path) -> None:
    """A line of 2001 beside a week of 2026: the week's figures stand, and the gap is said."""
    times = [f"2026-01-{day}T{hour:02d}:30" for day in range(12, 19) for hour in range(24)]
    alone, beside = observed(tmp_path, *times), observed(tmp_path, "2001-01-01T03:00", *times)
    assert beside.visits_per_week == pytest.approx(alone.visits_per_week, rel=0.02)
    assert "1 gap of more than 3 days without a line: not observed" in beside.notes
    assert "2001-01-01" in beside.source


def test_memory_is_that_of_the_days_that_are_there() -> None:
    """First and last second a century apart, two days of lines: two days of hours."""
    day = 86_400
    logged = stretches({11_000: (11_000 * day, 11_001 * day - 1), 47_000: (47_000 * day, 47_001 * day - 1)})
    tracemalloc.start()
    found = covered(logged, "Europe/Paris")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == 48
    assert most < 5_000_000


def test_a_silent_weekend_was_observed_and_a_silent_week_was_not() -> None:
    """Up to three days without a line belong to the log."""
    day = 86_400
    days = {number: (number * day, number * day + 60) for number in (20_000, 20_004, 20_009)}
    assert stretches(days) == [(20_000 * day, 20_004 * day + 60), (20_009 * day, 20_009 * day + 60)]
    assert stretches({}) == []


def test_an_hour_without_any_whole_one_is_divided_by_what_was_seen() -> None:
    """One and a half hours of it in two parts divide by one and a half, half an hour by one."""
    parts = [
        (second("2026-01-12T08:00"), second("2026-01-12T08:44:59")),
        (second("2026-01-19T08:15"), second("2026-01-19T08:59:59")),
    ]
    assert set(judged(covered(parts, "Europe/Paris"))["weight"]) == {1.5}
    assert set(judged(covered(parts[:1], "Europe/Paris"))["weight"]) == {1}
