"""Access logs to profiles: what was planned comes back; what cannot be explained is counted, never dropped."""

import datetime as dt
import gzip
from pathlib import Path

import pytest

from entsurge.audience import profile as profiles
from entsurge.audience.persona import PERSONAS
from entsurge.audience.shape import SERVICES
from entsurge.calibration import rules as reading
from entsurge.calibration.access_log import AccessLog
from entsurge.calibration.lines import LogFiles
from entsurge.calibration.observed import Observed
from entsurge.calibration.visits import observe
from entsurge.calibration.writing import write
from entsurge.errors import UsageError

GOOD = '192.0.2.1 - anna [12/Jan/2026:09:00:00 +0100] "GET /etab/3/accueil HTTP/1.1" 200 5 "-" "Firefox"'


def calibrated(*paths: Path, rules: reading.Rules | None = None) -> tuple[Observed, AccessLog]:
    log = AccessLog(rules or reading.load()[0])
    log.read(LogFiles(paths))
    return observe(log, paths), log


def read(*paths: Path) -> tuple[AccessLog, LogFiles]:
    log, files = AccessLog(reading.load()[0]), LogFiles(paths)
    log.read(files)
    return log, files


def test_a_known_plan_comes_back(plan, visits, hits, tmp_path: Path) -> None:
    """Plan → log of two servers, one gzipped → profile: visits within 1 %, pages 1 %, minutes 3 %, weights 1.5 points.

    A visit that follows another of the same account within half an hour is one visit in the log: hence the 1 %.
    """
    lines = [hit.combined for hit in hits]
    (tmp_path / "one.log").write_text("\n".join(lines[::2]) + "\n", encoding="utf-8")
    (tmp_path / "two.log.gz").write_bytes(gzip.compress("\n".join(lines[1::2]).encode()))
    found, log = calibrated(tmp_path / "one.log", tmp_path / "two.log.gz")
    write(found, tmp_path / "ours.toml")
    again = profiles.load(str(tmp_path / "ours.toml"))
    assert log.counts.lines == len(lines) == sum(log.counts.kinds.values())
    assert again.week.visits == pytest.approx(len(visits), rel=0.01)
    assert again.week.page_views == pytest.approx(sum(len(visit.pages) for visit in visits), rel=0.01)
    assert again.week.minutes_per_visit == pytest.approx(plan.week.minutes_per_visit, rel=0.03)
    for day in range(7):
        planned = sum(visit.due_us // 86_400_000_000 == day for visit in visits) / len(visits)
        ours = sum(float(again.shape.curve("student").share(day, hour)) for hour in range(24))
        assert ours == pytest.approx(planned, abs=0.015)
    for hour in range(6, 24):
        planned = sum(visit.due_us // 3_600_000_000 % 24 == hour for visit in visits) / len(visits)
        ours = sum(float(again.shape.curve("student").share(day, hour)) for day in range(7))
        assert ours == pytest.approx(planned, abs=0.015)


def test_personas_come_back_where_a_field_tells_them(plan, visits, hits, tmp_path: Path) -> None:
    """JSON lines with the user's profile: shares within half a point, each persona's page mix within 3 points."""
    (tmp_path / "log.json").write_text("\n".join(hit.json for hit in hits), encoding="utf-8")
    found, _ = calibrated(tmp_path / "log.json")
    write(found, tmp_path / "ours.toml")
    again = profiles.load(str(tmp_path / "ours.toml"))
    for persona in PERSONAS:
        share = sum(visit.persona == persona for visit in visits) / len(visits)
        assert float(again.mixes.visit_share(persona)) == pytest.approx(share, abs=0.005)
        pages = [page.service for visit in visits if visit.persona == persona for page in visit.pages]
        for service in SERVICES:
            planned = pages.count(service) / len(pages)
            assert float(again.mixes.mix(persona).page_share(service)) == pytest.approx(planned, abs=0.03)
    assert found.gap_seconds["student"] == pytest.approx(
        60 * plan.week.minutes_per_visit / plan.week.pages_per_visit, rel=0.05
    )


def test_a_bell_is_found_and_written(tmp_path: Path) -> None:
    """1,000 arrivals an hour, two fifths of them in ten minutes: 40 %, and a bell that a plan takes."""
    lines = []
    for hour in range(8, 12):
        for k in range(1_000):
            second = k * 600 // 400 if k < 400 else 600 + (k - 400) * 3000 // 600
            when = f"12/Jan/2026:{hour:02d}:{second // 60:02d}:{second % 60:02d} +0100"
            lines.append(f'192.0.2.1 - u{hour}-{k} [{when}] "GET /etab/3/accueil HTTP/1.1" 200 5 "-" "Firefox"')
    (tmp_path / "log").write_text("\n".join(lines))
    found, _ = calibrated(tmp_path / "log")
    write(found, tmp_path / "ours.toml")
    assert found.bell_percent == pytest.approx(40, abs=0.2)
    bell = profiles.load(str(tmp_path / "ours.toml")).bell
    assert bell is not None
    assert float(bell.percent.value) == pytest.approx(40, abs=0.2)


@pytest.mark.parametrize(
    ("second", "visits"),
    [(1799, 1), (1800, 1), (1801, 2)],
)
def test_thirty_minutes_of_silence_end_a_visit(tmp_path: Path, second: int, visits: int) -> None:
    """Up to 1,800 seconds are one visit, more are two."""
    at = dt.datetime(2026, 1, 12, 9, tzinfo=dt.UTC)
    later = (at + dt.timedelta(seconds=second)).strftime("%d/%b/%Y:%H:%M:%S +0000")
    (tmp_path / "log").write_text(GOOD.replace("09:00:00 +0100", "09:00:00 +0000") + "\n" +
                                  GOOD.replace("12/Jan/2026:09:00:00 +0100", later))  # fmt: skip
    log, _ = read(tmp_path / "log")
    observe(log, [tmp_path / "log"])
    assert log.database.execute("SELECT count(*) FROM views WHERE gap IS NULL").fetchall() == [(visits,)]


def test_a_visit_is_counted_in_its_local_hour(tmp_path: Path) -> None:
    """07:30 UTC is 08:30 in Paris in winter and 09:30 in summer; offsets of the log's own do not matter."""
    winter, summer = "12/Jan/2026:07:30:00 +0000", "13/Jul/2026:02:30:00 -0500"
    (tmp_path / "log").write_text("\n".join(GOOD.replace("12/Jan/2026:09:00:00 +0100", at) for at in (winter, summer)))
    found, _ = calibrated(tmp_path / "log")
    monday = found.visits["*"][:24]
    assert [hour for hour, visits in enumerate(monday) if visits] == [8, 9]


def test_mixed_formats_and_garbage_are_told_apart(tmp_path: Path) -> None:
    """Each line that is no page view has a kind, each that cannot be parsed a reason and a first line number."""
    lines = [
        GOOD, '{"time": 1768204800, "path": "/etab/3/notes", "user": "berta"}', "", "nonsense", '{"time": 17',
        GOOD.replace("12/Jan/2026", "42/Jan/2026"), GOOD.replace("GET /etab/3/accueil HTTP/1.1", "-"),
        GOOD.replace("/etab/3/accueil", "/etab/3/inconnu/123"), GOOD.replace('"Firefox"', '"Googlebot/2.1"'),
        GOOD.replace("/etab/3/accueil", "/x.css?v=1"), GOOD.replace(" 200 ", " 503 "), GOOD.replace(" 200 ", " 302 "),
        GOOD.replace("GET", "POST"), GOOD.replace('"Firefox"', r'"Fire \"fox\""'),
        GOOD.replace(' "-" "Firefox"', ""), '{"time": 1768204800}',
    ]  # fmt: skip
    (tmp_path / "log").write_bytes("\n".join(lines).encode() + b"\n\xff\xfe\x00 binary\n")
    log, _ = read(tmp_path / "log")
    kinds = {"page": 4, "unparsed": 6, "unknown": 1, "bot": 1, "asset": 1, "failed": 1, "redirect": 1, "form": 1}
    assert dict(log.counts.kinds) == kinds
    file = str(tmp_path / "log")
    assert {place: example.number for place, example in log.counts.examples.items()} == {
        (file, "format"): 4, (file, "json"): 5, (file, "date"): 6, (file, "request"): 7, (file, "binary"): 17,
    }  # fmt: skip
    assert log.counts.unknown_shapes == {"/etab/…/…/…": 1}
    told = "\n".join(observe(log, [tmp_path / "log"]).unexplained)
    assert "the first is line 4: in no format that is known: nonsense" in told
    assert "/etab/…/…/… (1)" in told


def test_a_truncated_gzip_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """The lines before the damage count; the damage is noted with the file."""
    import random

    noise = random.Random(1)
    lines = [GOOD.replace("anna", f"u{noise.getrandbits(64)}") for _ in range(20_000)]
    whole = gzip.compress("\n".join(lines).encode())
    (tmp_path / "cut.gz").write_bytes(whole[: len(whole) // 2])
    log, files = read(tmp_path / "cut.gz")
    assert 1_000 < log.counts.kinds["page"] < 20_000
    assert "truncated gzip" in files.notes[0]


@pytest.mark.parametrize("content", [b"", b"\n\n", bytes(range(256)) * 50, b"\x1f\x8b\x08garbage", b"{" * 200_000])
def test_files_without_a_page_view_are_refused_with_the_reason(tmp_path: Path, content: bytes) -> None:
    """Empty, binary, a gzip that is none, one endless line: exit code 2, never a traceback."""
    (tmp_path / "log").write_bytes(content)
    with pytest.raises(UsageError, match=r"no page view found|in no format that is known"):
        calibrated(tmp_path / "log")


def test_rules_are_checked_with_every_fault(tmp_path: Path) -> None:
    """A bad expression, an unknown service and a zone that is none: all said at once."""
    text = (reading.load()[1]).read_text(encoding="utf-8")
    text = text.replace('timezone = "Europe/Paris"', 'timezone = "Europe/Lyon"').replace(
        'service = "marks"', 'service = "points"'
    )
    (tmp_path / "r.toml").write_text(text.replace("assets = '", "assets = '(?=x)", 1), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        reading.load(str(tmp_path / "r.toml"))
    assert all(part in str(caught.value) for part in ("timezone", "service.3.service", "look-around"))


def test_page_views_without_a_user_are_said_where_users_alone_count(tmp_path: Path) -> None:
    """`visitor = "user"`: the nameless are left out with their number; a log of nothing else is refused."""
    rules = reading.load()[0].model_copy(update={"visitor": "user"})
    (tmp_path / "log").write_text(GOOD + "\n" + GOOD.replace("anna", "-"))
    found, _ = calibrated(tmp_path / "log", rules=rules)
    assert "without a user: 1 page view, and the rules count users alone" in found.unexplained
    (tmp_path / "log").write_text(GOOD.replace("anna", "-"))
    with pytest.raises(UsageError, match="without a user"):
        calibrated(tmp_path / "log", rules=rules)


def test_visitors_are_told_apart_by_user_else_by_address_and_browser(tmp_path: Path) -> None:
    """Without a user two addresses or two browsers are two visitors; a user is one wherever and however they come."""
    nobody = GOOD.replace("anna", "-")
    lines = [
        GOOD, GOOD.replace("192.0.2.1", "192.0.2.9"), GOOD.replace('"Firefox"', r'"Fire \"fox\""'),
        GOOD.replace("anna", "anna marie"), '{"time": 1768204800, "path": "/etab/3/notes", "user": "anna"}',
        nobody, nobody.replace("192.0.2.1", "192.0.2.9"), nobody.replace("Firefox", "Safari"), nobody,
    ]  # fmt: skip
    (tmp_path / "log").write_text("\n".join(lines))
    log, _ = read(tmp_path / "log")
    assert log.counts.kinds["page"] == len(lines)
    assert log.database.execute("SELECT count(DISTINCT visitor) FROM hits").fetchall() == [(2 + 3,)]
