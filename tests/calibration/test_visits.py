"""Page views to visits: the same figures at every call, and those of a plain loop, however many visitors there are."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entsurge.calibration import rules as reading
from entsurge.calibration.access_log import AccessLog
from entsurge.calibration.lines import LogFiles
from entsurge.calibration.visits import observe

if TYPE_CHECKING:
    from pathlib import Path

    from entsurge.calibration.observed import Observed

MONDAY = dt.datetime(2026, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=1)))
SILENCE = 1800
Page = tuple[str, str, int]  # user, address, seconds since Monday 00:00


def line(page: Page) -> str:
    user, address, second = page
    when = (MONDAY + dt.timedelta(seconds=second)).strftime("%d/%b/%Y:%H:%M:%S %z")
    return f'{address} - {user} [{when}] "GET /notes HTTP/1.1" 200 12 "-" "Firefox"'


def calibrated(path: Path, threads: int) -> tuple[Observed, AccessLog]:
    log = AccessLog(reading.load()[0])
    log.database.execute(f"SET threads = {threads}")
    log.read(LogFiles([path]))
    return observe(log, [path]), log


@pytest.mark.parametrize("visitors", [1_000, 5_000])
def test_a_visit_begins_with_its_earliest_page(tmp_path: Path, visitors: int) -> None:
    """Everybody sees a page at 9:57 and one at 10:02: every visit is of hour 09, none of the first ten minutes."""
    daily = visitors // 5
    pages = [
        (f"u{day}-{k}", "192.0.2.7", day * 86_400 + clock * 60)
        for day in range(5)
        for clock in (9 * 60 + 57, 10 * 60 + 2)
        for k in range(daily)
    ]
    (tmp_path / "log").write_text("\n".join(map(line, pages)), encoding="utf-8")
    found = [dataclasses.asdict(calibrated(tmp_path / "log", threads)[0]) for threads in (1, 1, 4, 4)]
    assert all(each == found[0] for each in found)
    assert found[0]["visits"] == {
        "*": [daily if hour % 24 == 9 and hour < 120 else 0 for hour in range(168)]
    }  # fmt: skip
    assert found[0]["bell_percent"] == 0
    assert found[0]["pages"]["*"] == pytest.approx(2 * visitors)
    assert found[0]["gap_quantiles"]["*"] == dict.fromkeys(("p10", "p25", "p50", "p75", "p90"), 300)


def random_pages(seed: int) -> list[Page]:
    """Some hundred visitors with some visits each, several addresses, many pages of equal seconds."""
    chance = random.Random(seed)
    pages = []
    for visitor in range(chance.randrange(200, 600)):
        second = chance.randrange(5 * 86_400)
        for _ in range(chance.randrange(1, 9)):
            pages.append((f"u{visitor}", f"192.0.2.{chance.randrange(1, 4)}", second))
            second += chance.choice((0, 0, 1, 40, 600, 1799, 1800, 1801, 7200))
    chance.shuffle(pages)
    return pages


def visits_of(pages: list[Page]) -> list[tuple[int, int, int, int]]:
    """Begin, pages, seconds and changes of address of every visit, by a plain loop over the lines in their order."""
    of_user: dict[str, list[Page]] = {}
    for page in pages:
        of_user.setdefault(page[0], []).append(page)
    found = []
    for seen in of_user.values():
        seen.sort(key=lambda page: page[2])
        visit = [seen[0]]
        for page in [*seen[1:], None]:
            if page is None or page[2] - visit[-1][2] > SILENCE:
                moves = sum(before[1] != after[1] for before, after in pairwise(visit))
                found.append((visit[0][2], len(visit), visit[-1][2] - visit[0][2], moves))
                visit = []
            if page is not None:
                visit.append(page)
    return sorted(found)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_visits_are_those_of_a_plain_loop(tmp_path: Path, seed: int) -> None:
    """Begin, pages, duration, addresses of every visit, and the hours they begin in, of shuffled logs."""
    pages = random_pages(seed)
    (tmp_path / "log").write_text("\n".join(map(line, pages)), encoding="utf-8")
    found, log = calibrated(tmp_path / "log", 1 + seed % 4)
    expected = visits_of(pages)
    rows = log.database.execute(
        "SELECT start - ?, count(*), coalesce(sum(gap), 0)::BIGINT, count(*) FILTER (moved) "
        "FROM views GROUP BY visitor, start ORDER BY ALL",
        [int(MONDAY.timestamp())],
    ).fetchall()
    assert rows == expected
    whole = sorted(begin // 3600 for begin, *_ in expected)
    hours = [whole.count(hour) for hour in range(168)]
    seen = {second // 3600 for _, _, second in pages}
    inner = set(range(min(seen) + 1, max(seen)))  # the first and the last hour were logged in part
    assert [found.visits["*"][hour] for hour in sorted(inner)] == [hours[hour] for hour in sorted(inner)]


def test_of_personas_told_equally_often_the_first_is_taken(tmp_path: Path) -> None:
    """One page tells a student, one a teacher, in either order: everybody is a student, at every call."""
    rule = {"field": "path", "persona": "teacher", "match": "notes/saisie"}, {
        "field": "path", "persona": "student", "match": "notes$",
    }  # fmt: skip
    portal = reading.load()[0]
    rules = portal.model_copy(update={"persona": [reading.PersonaRule.model_validate(each) for each in rule]})
    lines = []
    for k in range(300):
        both = [line((f"u{k}", "192.0.2.7", 36_000 + at)) for at in (0, 60)]
        both[k % 2] = both[k % 2].replace("/notes", "/notes/saisie")
        lines += both
    (tmp_path / "log").write_text("\n".join(lines), encoding="utf-8")
    log = AccessLog(rules)
    log.read(LogFiles([tmp_path / "log"]))
    found = observe(log, [tmp_path / "log"])
    assert {persona: sum(of) for persona, of in found.visits.items()} == {"student": 300}
    assert any(note.startswith("told to be of several personas, the most frequent taken: 300") for note in found.notes)
