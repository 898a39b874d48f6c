"""What is shown of lines and paths names nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.calibration.dialects import Request, combined

from entsurge.calibration import masking
from entsurge.calibration import rules as reading
from entsurge.calibration.access_log import AccessLog
from entsurge.calibration.lines import LogFiles

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("lea", "léa", "dupont", "DUPONT", "192.0.2", "2001:db8", "@")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('192.0.2.1 - lea.dupont [42/Jan/2026:10:00:00 +0100] "GET /x HTTP/1.1"',
         '… [42/Jan/2026:10:00:00 +0100] "GET /… HTTP/1.1"'),
        ("2001:db8::7 - lea dupont [x] GET", "… [x] GET"),
        ('{"t": "10:00", "user": "lea", "ip": ["192.0.2.1"], "n": 12', '{"t": …, "user": …, "ip": […], "n": …'),
        ('192.0.2.1 lea "GET /annuaire/lea.dupont"', '… … "GET /…"'),
        ("10:00:01 user=lea.dupont ip=192.0.2.1 mail lea@example.org", "10:00:01 user=… ip=… mail …"),
        ("2026/01/12 10:00:00 [error] client: 192.0.2.1, host: dupont.example.org",
         "2026/01/12 10:00:00 [error] client: …, host: …"),
        ("nonsense", "nonsense"),
    ],
)  # fmt: skip
def test_the_beginning_of_a_line_names_nobody(line: str, shown: str) -> None:
    """Addresses, users, paths and JSON's values are masked; what tells the format stays."""
    assert masking.beginning(line, 80) == shown
    assert not any(name in shown for name in NAMES)


def test_a_long_line_is_cut_after_it_is_masked() -> None:
    """A name that the cut would halve is masked whole."""
    shown = masking.beginning("x" * 70 + " lea.dupont@example.org " + "y" * 90, 80)
    assert shown == "x" * 70 + " … yyyyyyy…"


def test_paths_show_words_of_the_rules_and_of_many_visitors_alone(tmp_path: Path) -> None:
    """Names, encoded or not, are masked; a word that everybody asks for is shown where paths begin, a name is not."""
    paths = [("/annuaire/lea.dupont", 30), ("/annuaire/l%C3%A9a-dupont@example.org", 30), ("/annuaire/dupont", 40)]
    requests = [
        Request(1_768_204_800 + number, f"192.0.2.{number}", path) for path, many in paths for number in range(many)
    ]
    requests += [Request(1_768_204_900 + n, f"192.0.2.{n}", "/annuaire/liste.php") for n in range(30)]
    requests += [Request(1_768_205_000 + n, "192.0.2.1", "/etab/secret/Dupont/7") for n in range(3)]
    (tmp_path / "log").write_text("\n".join(map(combined, requests)))
    log = AccessLog(reading.load()[0])
    log.read(LogFiles([tmp_path / "log"]))
    assert log.counts.unknown_shapes == {"/annuaire/…": 100, "/annuaire/liste.php": 30, "/etab/…/…/…": 3}
