"""The book adds up what processes say, keeps what the gone have said, and knows when nothing answers."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engine.crew_parts import book, pulse, row

from entsurge.engine.book import UNREACHABLE_SECONDS, Book, quantile
from entsurge.engine.messages import PresenceTold, Vitals


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Book]:
    """A book over an empty run directory."""
    found = book(tmp_path / "run")
    yield found
    found.directory.close()


def sums(of: Book) -> dict[str, int]:
    return {name: sum(counts.values()) for name, counts in of.counts().items()}


def test_counts_of_all_processes_are_added_and_the_gone_keep_theirs(made: Book) -> None:
    """Offered, started, lost: of each its last word, also of one that is lost; nobody is present there any more."""
    made.pulse(
        "a", pulse(0, offered={"student": 5}, started={"student": 4}, lost={"student": 1}, present={"student": 3})
    )
    made.pulse("b", pulse(0, offered={"student": 2}, started={"student": 2}, present={"student": 2}))
    made.pulse("b", pulse(1, offered={"student": 4}, started={"student": 4}, present={"student": 1}))
    made.lose("a")
    made.lose("nobody")
    made.second(1)
    assert sums(made) == {"offered": 9, "started": 8, "lost": 1}
    gauges = json.loads((made.directory.path / "gauges.jsonl").read_text().splitlines()[-1])
    assert gauges["visitors"]["student"] == 1
    assert (gauges["offered"], gauges["t"]) == (9, 2)


def test_retries_and_limits_are_added_over_all_processes(made: Book) -> None:
    """What the generator lacked and who came back, whoever said it and whether or not it is still there."""
    made.pulse(
        "a", pulse(retries={"due": {"student": 3}, "started": {"student": 2}}, limits={"x": 1}, signatures={"s": 2})
    )
    made.lose("a")
    made.pulse("b", pulse(retries={"due": {"student": 1}}, limits={"x": 2}, signatures={"s": 1}))
    made.unreported = 4
    totals = made.totals()
    assert {name: of["student"] for name, of in made.retries().items()} == {
        "due": 4,
        "started": 2,
        "given_up": 0,
        "lost": 0,
    }
    assert totals["limits"] == {"x": 3, "worker lost": 4}
    assert totals["signatures"] == {"s": 3}


def test_the_generators_health_is_the_busiest_process_and_every_lag(made: Book) -> None:
    """Processor of the busiest, descriptors of the fullest, lags and stalls of all."""
    made.pulse("a", pulse(lags_us=[1, 2, 3], health=Vitals(0.2, [10, 900], 7, 50)))
    made.pulse("b", pulse(lags_us=[100], health=Vitals(0.8, [10, 20], 9, 50)))
    totals = made.totals()
    assert (totals["cpu_share"], totals["processes"]) == (0.8, {"a": 0.2, "b": 0.8})
    assert totals["descriptors"] == {"most_open": 9, "allowed": 50}
    assert totals["start_lag_us"] == {"p50": 2, "p99": 100, "max": 100}
    assert totals["stall_us"]["max"] == 900


def test_little_is_made_of_the_last_word_of_each_process_and_all_rows(made: Book) -> None:
    """Areas grow with each word, so only the last counts; of a lost process too, with what was open there."""
    made.visits([row(0, 0, 2_000_000), row(1, 0, 9_000_000, end="worker-lost")])
    made.pulse("a", pulse(0, presence=PresenceTold(1_000_000, 1_000_000)))
    made.pulse("a", pulse(1, presence=PresenceTold(2_000_000, 0)))
    made.pulse("b", pulse(1, presence=PresenceTold(3_000_000, 3_000_000)))
    made.lose("b")
    assert made.totals()["little"] == {"presence": 0.5, "from_visits": 0.5, "residual": 0.0, "judged": True}


def test_nothing_has_answered_for_ten_seconds(made: Book) -> None:
    """Refused connections alone, ten seconds on end; one answer in between begins the count anew."""
    said = []
    for second in range(2 * UNREACHABLE_SECONDS):
        answers = 1 if second == 5 else 0
        made.pulse("a", pulse(second, unreachable=3, answers=answers))
        said.append(made.unreachable_since(second))
    assert said.index(True) == 6 + UNREACHABLE_SECONDS


def test_phases_are_told_once_each(made: Book) -> None:
    """A line when a phase begins, none while it lasts."""
    for second in range(15):
        made.second(second)
    lines = (made.directory.path / "events.jsonl").read_text().splitlines()
    assert [(json.loads(line)["id"], json.loads(line)["t"]) for line in lines] == [("surge", 0), ("drain", 10)]


@pytest.mark.parametrize(("share", "found"), [(0.0, 1), (0.5, 2), (0.51, 3), (0.99, 4), (1.0, 4)])
def test_a_quantile_is_the_smallest_value_that_enough_do_not_pass(share: float, found: int) -> None:
    """Of 1, 2, 3, 4."""
    assert quantile([3, 1, 4, 2], share) == found
    assert quantile([], share) == 0


def test_what_is_said_stays_on_one_line_elsewhere_than_on_a_terminal(
    made: Book, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address in a log is found whole, however long the sentence."""
    monkeypatch.setenv("COLUMNS", "40")
    made.progress.say("static: the target answered 404 to PUT https://ent.example.fr:8443/api/admin/static-home")
    assert capsys.readouterr().err.count("\n") == 1
