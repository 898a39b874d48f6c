"""Little's law finds what the books have lost, and nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.engine.crew_parts import row

from entsurge.analysis.validity import _little
from entsurge.engine.little import Little
from entsurge.engine.messages import PresenceTold
from entsurge.visit.presence import Presence, Span

WINDOW = Span(1_000_000, 3_000_000)
ENOUGH = 0.001  # a sound run, whatever the machine does meanwhile


def lived(case: str) -> dict[str, Any]:
    """`little` of a run of short visits in a process of its own."""
    script = Path(__file__).with_name("short_visits.py")
    done = subprocess.run(
        [sys.executable, "-P", str(script), case],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_a_worker_cuts_short_when_it_is_told_to_stop_is_its_own_fault() -> None:
    """Pages not asked for yet are lost by the generator, and named; at a run's end they are only unserved."""
    cut, present = lived("cut"), lived("present")
    assert cut["pages"] == {"planned": 200, "ok": 160, "lost": 40, "unserved": 0}
    assert cut["limits"] == {"a worker was told to stop while its visits went on": 40}
    assert present["pages"] == {"planned": 200, "ok": 160, "lost": 0, "unserved": 40}
    assert present["limits"] == {}


def judged(little: dict[str, Any] | None) -> bool | None:
    """Whether a run with these books is believed."""
    return _little(SimpleNamespace(finish={"little": little})).ok  # type: ignore[arg-type]


@pytest.mark.parametrize("case", ["sound", "retries", "present", "dead", "late"])
def test_a_sound_run_of_short_visits_agrees(case: str) -> None:
    """Visits of 3 to 30 ms in step, retried, cut off, on a process that dies or comes late: within 0.1 %."""
    little = lived(case)
    assert little["presence"] > 0.2
    assert little["residual"] <= ENOUGH, little
    assert judged(little) is True
    assert (little["retries"] > 100) is (case == "retries")


@pytest.mark.parametrize("case", ["departure", "rows"])
def test_a_departure_or_rows_that_are_lost_are_found(case: str) -> None:
    """One departure that is not noted (somebody stays for ever), or every tenth row dropped: condemned."""
    assert judged(lived(case)) is False


@pytest.mark.parametrize("lost", range(0, 60, 7))
def test_each_row_counts(lost: int) -> None:
    """Sixty visits of one length, one row of them dropped: condemned, whichever it is."""
    presence, book = Presence(WINDOW), Little(WINDOW)
    for number in range(60):
        presence.arrive("student", 1_000_000 + number * 20_000)
        presence.depart("student", 1_000_000 + number * 20_000 + 15_000)
        if number != lost:
            book.visits([row(number, 1_000_000 + number * 20_000, 1_000_000 + number * 20_000 + 15_000)])
    assert judged(book.judge([PresenceTold(presence.area_us(4_000_000), 0)])) is False


def test_only_the_window_counts_and_edges_are_cut() -> None:
    """Three stays: over the beginning, inside, over the end; what lies outside counts on neither side."""
    presence, book = Presence(WINDOW), Little(WINDOW)
    stays = [(0, 1_500_000), (1_600_000, 1_700_000), (2_900_000, 9_000_000)]
    for number, (start, end) in enumerate(stays):
        presence.arrive("parent", start)
        presence.depart("parent", end)
        book.visits([row(number, start, end)])
    book.visits([row(9, 0, 3_000_000, end="not-started"), row(10, 0, 3_000_000, end="worker-lost")])
    assert presence.area_us(10_000_000) == 500_000 + 100_000 + 100_000
    found = book.judge([PresenceTold(presence.area_us(10_000_000), 0)])
    assert found == {"presence": 0.35, "from_visits": 0.35, "residual": 0.0, "judged": True}


def test_nobody_came() -> None:
    """Without a visitor there is nothing to judge."""
    assert judged(Little(WINDOW).judge([])) is None


@pytest.mark.parametrize(("residual", "ok"), [(0.0, True), (0.02, None), (0.3, None)])
def test_an_older_run_is_not_condemned_by_its_sampled_gauge(residual: float, ok: bool | None) -> None:
    """Counted once a second, presence was off by up to a fifth in sound runs: it may confirm, never condemn."""
    assert judged({"gauge_mean": 1.0, "from_visits": 1.0, "residual": residual, "judged": True}) is ok


def test_an_older_run_without_it_is_not_judged() -> None:
    """A finish.json that says nothing of it."""
    assert judged(None) is None
