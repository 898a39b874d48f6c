"""Figures that cannot be of people are said loudly, or refused."""

import gzip
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.calibration.dialects import Request, combined

from entsurge.calibration import rules as reading
from entsurge.calibration.access_log import AccessLog
from entsurge.calibration.lines import LogFiles
from entsurge.calibration.observed import Observed
from entsurge.calibration.visits import observe
from entsurge.errors import UsageError

MONDAY = 1_768_172_400  # 12 January 2026, 00:00 in Paris
HOUR = 3_600


def observed(tmp_path: Path, requests: Iterable[Request], *without: str, extra: str = "") -> Observed:
    (tmp_path / "log").write_text("\n".join(map(combined, requests)) + "\n" + extra)
    log = AccessLog(reading.load()[0], without=without)
    log.read(LogFiles([tmp_path / "log"]))
    return observe(log, [tmp_path / "log"])


def people(visits: int, *, hours: range = range(8, 20), pages: int = 4, **more: object) -> list[Request]:
    """Visits of as many people, spread over these hours of Monday."""
    every = len(hours) * HOUR // visits
    return [
        Request(
            MONDAY + hours.start * HOUR + visit * every + 60 * page,
            f"192.0.{2 + visit // 200}.{1 + visit % 200}",
            "/accueil",
        )
        if not more
        else Request(MONDAY + hours.start * HOUR + visit * every + 60 * page, path="/accueil", **more)  # type: ignore[arg-type]  # whoever is given
        for visit in range(visits)
        for page in range(pages)
    ]


def test_people_are_not_doubted(tmp_path: Path) -> None:
    """Three hundred visits of four pages by day."""
    assert observed(tmp_path, people(300)).doubts == []


@pytest.mark.parametrize(("address", "pages"), [("10.0.0.1", 12), ("192.0.2.1", 60), ("-", 12)])
def test_one_address_for_everybody_is_refused_with_the_remedy(tmp_path: Path, address: str, pages: int) -> None:
    """The proxy's address was logged, or none."""
    with pytest.raises(UsageError, match=f"{pages} page views came") as caught:
        observed(tmp_path, people(pages // 4, address=address))
    assert "X-Forwarded-For" in caught.value.hint


def test_one_address_with_users_is_no_fault(tmp_path: Path) -> None:
    """Behind a proxy users tell visitors apart, and few lines of one address are somebody at home."""
    named = [Request(of.second, "10.0.0.1", of.path, user=f"u{number // 4}") for number, of in enumerate(people(100))]
    assert observed(tmp_path, named).doubts == []
    assert observed(tmp_path, people(2, address="192.0.2.1")).doubts == []


def test_a_few_proxies_are_doubted(tmp_path: Path) -> None:
    """All pages from two addresses."""
    requests = [Request(of.second, f"10.0.0.{1 + number % 2}", of.path) for number, of in enumerate(people(100))]
    assert any("came from 2 addresses only: proxies?" in doubt for doubt in observed(tmp_path, requests).doubts)


def test_a_monitor_is_named_and_left_out_on_request(tmp_path: Path) -> None:
    """40 % of all pages from one address: named with what leaves it out; then the figures are the people's alone."""
    requests = people(90) + people(60, address="198.51.100.7")
    (doubt,) = observed(tmp_path, requests).doubts
    assert doubt.startswith("198.51.100.7 has 40% of all page views (240 of 600), with 1 browser: a monitor or a proxy")
    assert "--without 198.51.100.7" in doubt
    found = observed(tmp_path, requests, "198.51.100.7")
    assert found.doubts == []
    assert sum(found.pages.values()) == pytest.approx(360)
    assert "240 lines (40.0%): left out as asked (--without)" in found.unexplained


def test_a_user_with_too_large_a_share_is_named_too(tmp_path: Path) -> None:
    """An account that a probe uses, from wherever it comes; a share in one batch of many is not enough."""
    requests = people(90) + people(60, address="198.51.100.7", user="sonde")
    (doubt,) = observed(tmp_path, requests).doubts
    assert doubt.startswith("sonde has 40%")
    assert observed(tmp_path, requests, "sonde").doubts == []
    assert observed(tmp_path, people(300) + people(60, address="198.51.100.7", user="sonde")).doubts == []


def test_leaving_out_nobody_is_said(tmp_path: Path) -> None:
    """A name with a slip leaves the monitor in."""
    assert observed(tmp_path, people(300), "198.51.100.8").doubts == [
        "no line is of 198.51.100.8: nothing was left out"
    ]


@pytest.mark.parametrize(
    ("requests", "said"),
    [
        (people(30, pages=59), "59 page views a visit: monitors"),
        (people(300, pages=1), r"1\.00 page views a visit: one visitor taken for several"),
        (
            people(100, hours=range(24)),
            r"\d\.\d visits an hour from 00 to 06 h, .* robots, or the hours of another time zone",
        ),
    ],
)
def test_what_people_do_not_do_is_doubted(tmp_path: Path, requests: list[Request], said: str) -> None:
    """Pages per visit and the hours of the day."""
    assert any(re.search(said, doubt) for doubt in observed(tmp_path, requests).doubts)


def test_a_user_that_stands_for_many_is_doubted(tmp_path: Path) -> None:
    """Visits whose pages come from ever other addresses."""
    requests = [
        Request(of.second, f"192.0.2.{1 + number % 200}", of.path, user=f"class{number // 4}")
        for number, of in enumerate(people(50))
    ]
    assert (
        "4.0 addresses a visit: the user that the log names stands for several people"
        in observed(tmp_path, requests).doubts
    )


def test_lines_that_are_lost_are_doubted(tmp_path: Path) -> None:
    """A tenth of the lines in no known format."""
    doubts = observed(tmp_path, people(300), extra="what is this\n" * 130).doubts
    assert doubts == ["130 of 1,330 lines could not be parsed: their visits are missing"]


def test_nothing_tells_afterwards_whose_a_page_view_was(tmp_path: Path) -> None:
    """The numbers that stand for visitors are others in every reading, and no address is among what was kept."""
    kept = []
    for _ in range(2):
        (tmp_path / "log").write_text("\n".join(map(combined, people(10))))
        log = AccessLog(reading.load()[0])
        log.read(LogFiles([tmp_path / "log"]))
        kept.append(
            {each for row in log.database.execute("SELECT visitor, address FROM hits").fetchall() for each in row}
        )
        assert "192.0.2." not in repr(log.counts)
    assert len(kept[0]) == len(kept[1]) == 20
    assert not kept[0] & kept[1]


def test_pages_without_an_address_are_in_no_visit_and_nobody_to_leave_out(tmp_path: Path) -> None:
    """One line in eight bears no address: counted apart, said, never a visitor; `--without -` is refused."""
    everybody = people(80)
    requests = [
        Request(of.second, "-", of.path) if number % 4 == 1 and number < 160 else of
        for number, of in enumerate(everybody)
    ]
    found = observed(tmp_path, requests)
    assert found.visits_per_week == pytest.approx(80)
    assert sum(found.pages.values()) == pytest.approx(280)
    assert "40 pages bear no address and no user: in no visit" in found.unexplained
    (doubt,) = found.doubts
    assert doubt.startswith("12% of page views (40) tell no visitor")
    mostly = [*everybody, *people(60, address="-")]
    assert not any("--without" in each for each in observed(tmp_path, mostly).doubts)
    with pytest.raises(UsageError, match="names nobody"):
        observed(tmp_path, requests, "-")


def test_the_same_lines_in_two_files_are_said_loudly(tmp_path: Path) -> None:
    """A log and its packed copy, and a copy that goes on: both warn with the share; two servers' logs do not."""
    lines = list(map(combined, people(300)))
    files = {name: tmp_path / name for name in ("a.log", "b.log.gz", "c.log", "d.log")}
    files["a.log"].write_text("\n".join(lines[:900]))
    files["b.log.gz"].write_bytes(gzip.compress("\n".join(lines[:900]).encode()))
    files["c.log"].write_text("\n".join(lines[600:]))
    files["d.log"].write_text("\n".join(lines[900:]))

    def twice(*names: str) -> list[str]:
        log = AccessLog(reading.load()[0])
        log.read(LogFiles([files[name] for name in names]))
        found = observe(log, [files[name] for name in names])
        return [doubt for doubt in found.doubts if "count twice" in doubt]

    (doubt,) = twice("a.log", "b.log.gz")
    assert "b.log.gz has 100% of its lines in common with " in doubt
    assert len(twice("a.log", "c.log")) == 1
    assert len(twice("a.log", "a.log")) == 1
    assert twice("a.log", "d.log") == []


@pytest.mark.parametrize(("unknown", "warned"), [(10, False), (24, True), (100, True)])
def test_pages_that_no_rule_knows_are_doubted_from_five_percent_on(
    tmp_path: Path, unknown: int, *, warned: bool
) -> None:
    """Of 400 known pages and some unknown ones."""
    strange = [Request(of.second, of.address, "/tout-autre/chose") for of in people(100)[:unknown]]
    found = observed(tmp_path, [*people(100), *strange])
    assert any("no rule knows: they are missing" in doubt for doubt in found.doubts) == warned


@pytest.mark.parametrize(("offset", "read"), [("+1400", 1), ("-0930", 1), ("+9900", 0), ("+1500", 0), ("+0160", 0)])
@pytest.mark.parametrize("form", ["12/Jan/2026:10:00:00 {}", "2026-01-12T10:00:00{}"])
def test_an_offset_that_no_time_zone_has_is_unreadable(tmp_path: Path, form: str, offset: str, read: int) -> None:
    """Fourteen hours at most, minutes below sixty; formats are counted of lines that were read alone."""
    line = f'192.0.2.1 - anna [{form.format(offset)}] "GET /accueil HTTP/1.1" 200 5 "-" "Firefox"'
    (tmp_path / "log").write_text(line)
    log = AccessLog(reading.load()[0])
    log.read(LogFiles([tmp_path / "log"]))
    assert log.counts.kinds["page"] == read
    assert sum(log.counts.formats.values()) == len(log.counts.formats) == read
