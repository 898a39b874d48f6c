"""Products whose pages are told by their query: rules may ask for it."""

from pathlib import Path

import pytest
from tests.calibration.dialects import Request, combined

from entsurge.audience.shape import SERVICES
from entsurge.calibration import rules as reading
from entsurge.calibration.access_log import AccessLog
from entsurge.calibration.lines import LogFiles
from entsurge.errors import UsageError

RULES = r"""
[[service]]
service = "files"
path = '^/doku\.php$'
query = '(?:^|&)do=media(?:&|$)'
[[service]]
service = "news"
path = '^/index\.php$'
query = '(?:^|&)title=Actualit'
[[service]]
service = "homework"
path = '^/mod/view\.php$'
query = '(?:^|&)id=12(?:&|$)'
[[service]]
service = "home"
path = '^/(?:doku|index)\.php$'
[[persona]]
persona = "teacher"
field = "query"
match = '(?:^|&)role=prof'
"""


def rules(tmp_path: Path, more: str = RULES) -> reading.Rules:
    """The shipped rules with others instead of their services."""
    shipped = reading.load()[1].read_text(encoding="utf-8")
    (tmp_path / "ours.toml").write_text(shipped[: shipped.index("\n[[service]]")] + more, encoding="utf-8")
    return reading.load(str(tmp_path / "ours.toml"))[0]


def test_a_query_tells_the_service_and_the_persona(tmp_path: Path) -> None:
    """DokuWiki's do, MediaWiki's title, Moodle's id; a query that no rule knows is shown by its shape."""
    asked = {
        ("/doku.php", "id=start&do=media&role=prof"): "files", ("/index.php", "title=Actualit%C3%A9s"): "news",
        ("/mod/view.php", "id=12"): "homework", ("/mod/view.php", "id=123"): None, ("/doku.php", "id=start"): "home",
        ("/doku.php", ""): "home", ("/doku.php", "redo=media"): "home",
    }  # fmt: skip
    lines = [combined(Request(1_768_208_400, f"192.0.2.{n}", path, query)) for n, (path, query) in enumerate(asked, 1)]
    (tmp_path / "log").write_text("\n".join(lines) + "\n")
    log = AccessLog(rules(tmp_path))
    log.read(LogFiles([tmp_path / "log"]))
    told = log.database.execute("SELECT service FROM told ORDER BY number").fetchall()
    assert [SERVICES[service] if service is not None else None for (service,) in told] == list(asked.values())
    assert log.counts.unknown_shapes == {"/mod/view.php?id=…": 1}
    assert log.database.execute("SELECT count(*) FROM hits WHERE persona > 0").fetchall() == [(1,)]


@pytest.mark.parametrize("expression", ["(?=x)", r"(a)\1", "(?<!x)y", "a{2000}", "x++", "(", "(?P<n>x)(?P=n)"])
def test_what_re2_does_not_take_is_refused_beforehand(tmp_path: Path, expression: str) -> None:
    """In the rules' file with its key, not in the middle of a log."""
    with pytest.raises(UsageError, match=r"service\.0\.query"):
        rules(tmp_path, f"[[service]]\nservice = 'home'\npath = '^/'\nquery = '{expression}'\n")


@pytest.mark.parametrize("number", ["9" * 5_000, "1e308", "inf", "[" * 3_000])
def test_numbers_beyond_measure_are_refused_in_rules(tmp_path: Path, number: str) -> None:
    """A 5,000-digit integer, an infinity, 3,000 arrays: one message each."""
    shipped = reading.load()[1].read_text(encoding="utf-8")
    text = shipped.replace("silence_minutes = 30", f"silence_minutes = {number}")
    (tmp_path / "ours.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"silence_minutes|not TOML"):
        reading.load(str(tmp_path / "ours.toml"))


def test_older_rules_and_shorter_ones_are_understood(tmp_path: Path) -> None:
    """All names of JSON fields, a few, or none."""
    for fields in ("", '[json_fields]\npath = ["chemin"]\n', '[json_fields]\ntime = ["quand"]\nuser = ["qui"]\n'):
        assert rules(tmp_path, fields + RULES).asks_queries
