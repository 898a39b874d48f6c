"""Which measures a target can take is known before anything is touched: a real sandbox, a stub, and bad input."""

import contextlib
import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.typography import in_words

from entsurge.client.access import Access
from entsurge.commands.measures import command
from entsurge.commands.measures_offered import offered
from entsurge.commands.measures_trial import blocks_within
from entsurge.errors import UsageError

NOTHING = "http://127.0.0.1:9"


def measure(path: Path, fault: str, settings: dict[str, Any], **extension: Any) -> str:
    """A measure of one of our faults, as a file."""
    arguments = {"fault": fault, "settings": settings, "lease_seconds": 15, "seconds": 3600}
    provider = {"type": "python", "module": "entsurge.chaos.activity", "func": "hold", "arguments": arguments}
    block = {"name": "entsurge", "kind": "measure", "title": {"fr": "Essai", "en": "Trial"}, "lease_seconds": 15}
    whole = {
        "title": "trial", "description": "a trial", "rollbacks": [], "extensions": [block | extension],
        "method": [{"type": "action", "name": fault, "provider": provider}],
    }  # fmt: skip
    path.write_text(json.dumps(whole))
    return str(path)


class Admin(BaseHTTPRequestHandler):
    """An ENT whose administration knows two measures, for whoever has the token; it keeps what it was asked.

    What it answers is gzip, as a web server in front of it makes it.
    """

    asked: list[str] = []

    def answer(self) -> None:
        """To every method."""
        self.asked.append(f"{self.command} {self.path}")
        right = self.headers.get("Authorization") == "Bearer right"
        body = b"ent" if self.path == "/" else b'{"measures": [{"name": "static-home"}, {"name": "news-closed"}]}'
        body = gzip.compress(body)
        self.send_response(200 if right or self.path == "/" else 401)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if self.command != "HEAD" else b"")

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer  # noqa: N815  the library's names

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def admin() -> Iterator[str]:
    """The address of such an ENT."""
    Admin.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Admin)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_all_that_the_target_can_take_and_why_not_the_others(admin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of chaos/; the others are named with a reason in both languages; nothing was changed."""
    monkeypatch.setenv("ENTSURGE_ADMIN_TOKEN", "right")
    found = offered((), admin, Access())
    assert [one.id for one in found.measures] == ["news-closed", "static-home"]
    why = {each.experiment.id: each.why for each in found.left_out}
    assert in_words(why["messaging-off"]) == "the target has no measure messaging-off"
    assert in_words(why["messaging-off"], "fr") == "la cible n’a pas la mesure messaging-off"
    assert "somebody" in in_words(why["news-closed-by-hand"])
    assert set(Admin.asked) == {"GET /admin/measures"}


def test_a_wrong_token_is_refused_once_for_all(admin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line with the variable's name, whoever it concerns."""
    monkeypatch.setenv("ENTSURGE_ADMIN_TOKEN", "expired")
    with pytest.raises(UsageError, match=r"answers 401 \(its token is expected in ENTSURGE_ADMIN_TOKEN\)") as refused:
        offered((), admin, Access())
    assert len([line for line in str(refused.value).splitlines() if "401" in line]) == 1


@pytest.mark.parametrize(("fault", "settings", "said"), [
    ("http-call", {"on": {"url": f"{NOTHING}/on"}}, "settings.off"),
    ("http-call", {"on": {"url": f"{NOTHING}/on"}, "off": {"url": f"{NOTHING}/off"}}, f"HEAD {NOTHING}/: "),
    ("http-call", {"on": {"url": "http://192.0.2.1/"}, "off": {"url": "http://192.0.2.1/"}}, "192.0.2.1"),
    ("command", {"on": ["true"]}, "settings.off: missing"),
    ("target-measure", {"target": NOTHING, "measure": "static-home"}, f"{NOTHING}/admin/measures"),
    ("no-such-fault", {}, "no such fault"),
])  # fmt: skip
def test_a_measure_that_cannot_be_tried_is_refused(
    tmp_path: Path, fault: str, settings: dict[str, Any], said: str
) -> None:
    """Without an `off`, without an admin route, unknown: exit 2 with the reason."""
    with pytest.raises(UsageError, match=said.replace(".", r"\.")):
        offered((measure(tmp_path / "ours.json", fault, settings),), NOTHING, Access())


def test_what_is_no_measure_for_a_whole_run_is_refused(tmp_path: Path) -> None:
    """A fault, a time, the same one twice."""
    ours = measure(tmp_path / "ours.json", "command", {"on": ["true"], "off": ["true"]})
    for asked, said in ((("sso-slow",), "a fault"), ((f"{ours}@25%",), "whole of its runs"), ((ours, ours), "twice")):
        with pytest.raises(UsageError, match=said):
            offered(asked, NOTHING, Access())
    assert [one.id for one in offered((ours,), NOTHING, Access()).measures] == ["ours"]


def test_a_call_s_server_is_asked_and_its_routes_not_used(tmp_path: Path, admin: str) -> None:
    """HEAD /, which changes nothing; whatever it answers, somebody is there."""
    calls = {"on": {"url": f"{admin}/on"}, "off": {"url": f"{admin}/off"}}
    assert offered((measure(tmp_path / "ours.json", "http-call", calls),), admin, Access()).left_out == []
    assert set(Admin.asked) == {"HEAD /"}


@pytest.mark.parametrize(("token", "said"), [
    ("", "OUR_TOKEN is not set"),
    ("expired", r"check: the target answered 401 to GET .*/look \(is the token right\?\)"),
    ("right", ""),
])  # fmt: skip
def test_a_call_s_token_is_tried_before_the_first_run(
    tmp_path: Path, admin: str, monkeypatch: pytest.MonkeyPatch, token: str, said: str
) -> None:
    """Missing or expired: refused by the variable's name or the answer, and neither `on` nor `off` was sent."""
    monkeypatch.setenv("OUR_TOKEN", token)
    calls = {"on": {"url": f"{admin}/on"}, "off": {"url": f"{admin}/off"}, "check": {"url": f"{admin}/look"}}
    ours = measure(tmp_path / "ours.json", "http-call", calls | {"token_env": "OUR_TOKEN"})
    with pytest.raises(UsageError, match=said) if said else contextlib.nullcontext():
        offered((ours,), admin, Access())
    assert set(Admin.asked) <= {"GET /look"}


@pytest.mark.parametrize(("arguments", "code", "said"), [
    (["lockdown-2020", "--target", NOTHING], 6, "the target's first page"),
    (["lockdown-2020", "--target", "http://192.0.2.1/"], 2, "only loopback"),
    (["nonsense", "--target", NOTHING], 2, "nonsense: no such file"),
    (["crisis-fortnight", "--target", NOTHING], 2, "has days of its own"),
    (["lockdown-2020", "--target", NOTHING, "--pairs", "a+b", "--no-pairs"], 2, "one of the two"),
    (["lockdown-2020", "--target", NOTHING, "--lang", "de"], 2, "expected some of fr, en"),
])  # fmt: skip
def test_bad_input_is_said(arguments: list[str], code: int, said: str) -> None:
    """One message and the documented exit code."""
    done = CliRunner().invoke(command, arguments)
    error = done.exception
    assert error is not None
    assert said in f"{error}{done.output}"
    assert getattr(error, "exit_code", getattr(error, "code", None)) == code


@pytest.mark.parametrize(("more", "said"), [
    (["--measure", "static-home", "--budget", "0.5"], "allows no block"),
    (["--measure", "static-home", "--measure", "news-closed", "--pairs", "static-home+video-off"], "expected two of"),
    (["--measure", "video-off"], "no measure video-off"),
])  # fmt: skip
def test_what_a_target_s_measures_do_not_allow_is_said(
    admin: str, monkeypatch: pytest.MonkeyPatch, more: list[str], said: str
) -> None:
    """A budget too small, a pair that is not tried, a measure that the target has not: exit 2, nothing switched."""
    monkeypatch.setenv("ENTSURGE_ADMIN_TOKEN", "right")
    done = CliRunner().invoke(command, ["lockdown-2020", "--target", admin, *more])
    assert isinstance(done.exception, UsageError)
    assert said in str(done.exception)
    assert not [each for each in Admin.asked if each.split()[0] in ("PUT", "DELETE", "POST")]


def test_a_budget_takes_blocks_away() -> None:
    """None and two measures alone, 60 s each: four blocks in twelve minutes; with their pair's four arms, one."""
    assert blocks_within(2, (), 6, None, 60) == 6
    assert blocks_within(2, (), 6, 12, 60) == 4
    assert blocks_within(2, None, 6, 12, 60) == 1
