"""Odd logs and exports, a file for each oddity: what each is read as, or why it is refused."""

from pathlib import Path

import pytest

from entsurge.audience import profile as profiles
from entsurge.calibration import exports
from entsurge.calibration import rules as reading
from entsurge.calibration.access_log import AccessLog
from entsurge.calibration.lines import LogFiles
from entsurge.calibration.visits import observe
from entsurge.calibration.writing import write
from entsurge.errors import UsageError

CASES = Path(__file__).parent / "cases"
COMBINED, JSON = "combined", "JSON lines"
FIRST, LAST = "combined, forwarded addresses first", "combined, forwarded addresses last"
MONDAY, OTHER = ("monday", 10), ("sunday", 2)

# name: visits of the mean week, page views of the log, lines not parsed, hour of the first visits, formats
READ = {
    "bom": (1, 20, 0, MONDAY, {COMBINED: 20}),
    "caddy": (1, 1, 0, MONDAY, {"Caddy (JSON)": 1}),
    "crlf": (10, 20, 0, MONDAY, {COMBINED: 20}),
    "day1": (1, 1, 0, ("thursday", 10), {COMBINED: 1}),
    "docker": (10, 20, 0, MONDAY, {COMBINED: 20}),
    "dst_autumn": (2, 3, 0, OTHER, {COMBINED: 3}),
    "dst_spring": (1, 2, 0, ("sunday", 1), {COMBINED: 2}),
    "dst_week_autumn": (168, 169, 0, ("monday", 0), {COMBINED: 169}),
    "dst_week_spring": (167, 167, 0, ("monday", 0), {COMBINED: 167}),
    "escaped_quote": (2, 2, 0, MONDAY, {COMBINED: 2}),
    "haproxy": (1, 1, 0, MONDAY, {"HAProxy": 1}),
    "ident_space": (1, 1, 0, MONDAY, {COMBINED: 1}),
    "iis": (1, 1, 0, MONDAY, {"W3C (IIS)": 1}),
    "inf": (1, 1, 1, MONDAY, {JSON: 1}),
    "ipv6": (1, 1, 0, MONDAY, {COMBINED: 1}),
    "jbom": (1, 1, 0, MONDAY, {JSON: 1}),
    "jfr": (1, 1, 0, MONDAY, {JSON: 1}),
    "json_addr_port": (1, 10, 0, MONDAY, {JSON: 10}),
    "json_ambig": (1, 2, 0, OTHER, {JSON: 2}),
    "json_ms": (1, 3, 0, MONDAY, {JSON: 3}),
    "json_naive_nginx": (1, 1, 0, MONDAY, {JSON: 1}),
    "json_ns": (1, 1, 0, MONDAY, {JSON: 1}),
    "json_time_first": (1, 1, 0, MONDAY, {"Traefik (JSON)": 1}),
    "json_us": (1, 1, 0, MONDAY, {JSON: 1}),
    "json_xff": (10, 10, 0, MONDAY, {JSON: 10}),
    "jspace": (1, 2, 0, MONDAY, {JSON: 2}),
    "jstatus": (1, 2, 0, MONDAY, {JSON: 2}),
    "mixed_ns": (10, 21, 0, MONDAY, {COMBINED: 20, JSON: 1}),
    "mixed_us": (10, 21, 0, MONDAY, {COMBINED: 20, JSON: 1}),
    "plain": (10, 20, 0, MONDAY, {COMBINED: 20}),
    "post_then_get": (1, 1, 0, MONDAY, {COMBINED: 1}),
    "proxy_xff_tail": (10, 20, 0, MONDAY, {LAST: 20}),
    "user_quote": (1, 1, 0, MONDAY, {COMBINED: 1}),
    "utf16": (1, 20, 0, MONDAY, {COMBINED: 20}),
    "vhost": (10, 20, 0, MONDAY, {"vhost_combined": 20}),
    "xff": (10, 20, 0, MONDAY, {FIRST: 20}),
    "y1970": (1, 1, 1, MONDAY, {COMBINED: 1}),
    "y2262": (1, 1, 1, MONDAY, {COMBINED: 1}),
    "y9999": (1, 1, 1, MONDAY, {COMBINED: 1}),
}  # fmt: skip
REFUSED = {
    "inf_only": "no date, or one that cannot be",
    "jdate": "2 lines of .* could not be parsed, the first is line 1: no date",
    "jlower": r"1 line \(100\.0%\): refused \(4xx\)",
    "now": "2 lines of .* could not be parsed, the first is line 1: no date",
}


def opened(name: str) -> tuple[AccessLog, Path]:
    path = CASES / "log" / f"{name}.log"
    log = AccessLog(reading.load()[0])
    log.read(LogFiles([path]))
    return log, path


@pytest.mark.parametrize("name", READ)
def test_an_odd_log_is_read_as_what_it_is(name: str) -> None:
    """Visits, page views, what could not be parsed, the local hour, the format."""
    visits, pages, unparsed, (day, hour), formats = READ[name]
    log, path = opened(name)
    found = observe(log, [path])
    assert found.visits_per_week == visits
    assert (log.counts.kinds["page"], log.counts.kinds["unparsed"]) == (pages, unparsed)
    assert found.busiest[:2] == (day, hour)
    assert dict(log.counts.formats) == formats


@pytest.mark.parametrize("name", REFUSED)
def test_a_log_without_an_answered_page_is_refused_with_the_reason(name: str) -> None:
    """No instant in any line, or no page that was answered."""
    log, path = opened(name)
    with pytest.raises(UsageError, match=REFUSED[name]):
        observe(log, [path])


def test_every_case_of_a_log_has_its_right_value() -> None:
    """A file that is added is judged."""
    assert {path.stem for path in (CASES / "log").iterdir()} == {*READ, *REFUSED}


def test_a_row_that_stands_twice_counts_once() -> None:
    """A school's week of 12 visits, exported twice, with the line of the second."""
    found = exports.dnma(CASES / "exports" / "dnma_dup.csv")
    assert found.visits_per_week == pytest.approx(12)
    assert found.unexplained == ["1 row given twice, the first in line 3: counted once"]


def test_french_dates_and_spaces_between_thousands(tmp_path: Path) -> None:
    """12/01/2026 is the week of 2026-01-12, whichever way it is asked for; 1 234 visits of five minutes."""
    for week in (None, "2026-01-12", "12/01/2026"):
        found = exports.dnma(CASES / "exports" / "dnma_frdate.csv", week=week)
        assert found.visits_per_week == pytest.approx(1_234)
        assert found.minutes_per_visit == pytest.approx(5)
        assert "week of 2026-01-12" in found.source
    write(found, tmp_path / "ours.toml")
    assert profiles.load(str(tmp_path / "ours.toml")).week.visits == 1_234


@pytest.mark.parametrize(
    ("name", "read", "said"),
    [
        ("dnma_headeronly", exports.dnma, "a header and no row"),
        ("hours_headeronly", exports.hours, "a header and no row"),
        ("dnma_novisits", exports.dnma, "no visits in the week of 2026-01-12"),
    ],
)
def test_an_export_without_figures_is_refused(name: str, read, said: str) -> None:
    """A header alone, or no visit at all."""
    path = CASES / "exports" / f"{name}.csv"
    assert exports.kind_of(path) == name.split("_", maxsplit=1)[0]
    with pytest.raises(UsageError, match=said):
        read(path)
