"""The worked measures for entcore and Moodle: what is switched, and what comes back.

Entcore is the embedded ENT with its face; of Moodle there is a stub with its settings, which its command line changes.
"""

import http.client
import json
import re
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from worked_parts import WORKED, in_force, worked

from entsurge.errors import EntsurgeError

Stub = Callable[[str], str]
CLI = Path(__file__).parents[1] / "stubs" / "moodle_cli.py"


def ask(
    url: str,
    method: str = "GET",
    form: dict | None = None,
    cookie: str = "",
    headers: dict | None = None,
    **value: object,
) -> tuple:
    """Status, headers and body of one request, redirects not followed."""
    parts, headers, body = urlsplit(url), {"Cookie": cookie, **(headers or {})}, None
    if form is not None:
        body, headers["Content-Type"] = urlencode(form), "application/x-www-form-urlencoded"
    elif value:
        body, headers["Content-Type"] = json.dumps(value), "application/json"
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    try:
        connection.request(method, parts.path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, str]]:
    """The page's folder with two platforms' limits, and where entcore reads them."""
    folder = tmp_path / "limits"
    shutil.copytree(WORKED / "entcore", folder)
    (folder / "session" / "limit").write_text('{\n  "mon-ent": 40000,\n  "autre": 7\n}\n')
    for name, value in (("ENT_SESSION_LIMIT", str(folder)), ("ENT_SESSIONS", "1")):
        monkeypatch.setenv(name, value)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield folder / "session" / "limit", f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_entcore_reads_the_lower_limit_and_then_the_one_it_had(face: Callable, limits: tuple[Path, str]) -> None:
    """Past the limit the login answers 200 with the page for crowds; `off` puts the number back, others untouched."""
    file, uri = limits
    before, ent = file.read_text(), face("entcore")

    def crowded() -> bool:
        """Whether newcomers wait, once the limit has been read again: what entcore's auth module does is done here."""
        limit = json.loads(ask(f"{uri}/session/limit")[2])["mon-ent"]
        bearer = {"Authorization": f"Bearer {ent.token}"}
        assert ask(f"{ent.url}/admin/session-limit", "PUT", headers=bearer, limit=limit)[0] == 200
        until = time.monotonic() + 20
        while json.loads(ask(f"{ent.url}/admin/session-limit", headers=bearer)[2])["limit_now"] != limit:
            assert time.monotonic() < until
            time.sleep(0.05)
        status, _, page = ask(f"{ent.url}/auth/login")
        assert status == 200
        return "Trop de charge" in page

    for person in (ent.people.person("parent", 0), ent.people.person("student", 0)):
        given = {"email": person.login, "password": person.password, "callBack": ""}
        assert ask(f"{ent.url}/auth/login", "POST", given)[0] == 302
    assert not crowded()
    with in_force(worked("entcore", "session-limit")):
        assert json.loads(file.read_text()) == {"mon-ent": 1, "autre": 7}
        assert crowded()
    assert file.read_text() == before
    assert not crowded()
    assert [each.name for each in file.parent.iterdir()] == ["limit"]


def test_a_platform_without_a_limit_is_said(limits: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """And a limit that is no number; nothing is written then."""
    before = limits[0].read_text()
    for name, value, said in (("ENT_SESSIONS", "beaucoup", "no number"), ("ENT_PLATFORM", "nulle-part", "no limit of")):
        with monkeypatch.context() as changed:
            changed.setenv(name, value)
            with pytest.raises(EntsurgeError, match=said):
                worked("entcore", "session-limit").apply(2.0)
    assert limits[0].read_text() == before


def test_a_folder_that_is_not_there_is_said_before_anything_is_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a program that nobody has."""
    monkeypatch.setenv("ENT_SESSION_LIMIT", "/nowhere/limits")
    one = worked("entcore", "session-limit")
    assert one.lacks() == ["folder: /nowhere/limits: no such folder"]
    found = one.model_copy(update={"folder": "", "on": ["no-such-program-here"]}).lacks()
    assert found == ["no-such-program-here: no such command"]


class Moodle:
    """The stub of Moodle, and people with a session there."""

    def __init__(self, url: str) -> None:
        self.url = url

    def sign_on(self, name: str) -> str:
        """A session's cookie."""
        token = re.search('name="logintoken" value="([^"]+)"', ask(f"{self.url}/login/index.php")[2])[1]
        form = {"logintoken": token, "username": name, "password": "juste"}
        return ask(f"{self.url}/login/index.php", "POST", form)[1]["Set-Cookie"].partition(";")[0]

    def inside(self, cookie: str) -> bool:
        """Whether the session still is one."""
        return ask(f"{self.url}/my/", cookie=cookie)[0] == 200

    def setting(self, name: str) -> str | None:
        """As the stub has it."""
        return json.loads(ask(f"{self.url}/stub/config/{name}")[2])["value"]

    def later(self, seconds: int) -> None:
        """So much time passes."""
        assert ask(f"{self.url}/stub/later/{seconds}", "PUT")[0] == 200


@pytest.fixture
def moodle(stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Moodle:
    """The stub, its command line behind `php`, and a copy of the page's script."""
    one, php = Moodle(stub("moodle_settings")), tmp_path / "bin" / "php"
    php.parent.mkdir()
    php.write_text(f'#!/bin/sh\nexec {sys.executable} {CLI} "$@"\n')
    php.chmod(0o755)
    shutil.copytree(WORKED / "moodle", tmp_path / "measures")
    monkeypatch.setenv("PATH", f"{php.parent}:/usr/bin:/bin")
    for name, value in (("MOODLE_STUB", one.url), ("MOODLE", tmp_path), ("ENT_MOODLE_MEASURES", tmp_path / "measures")):
        monkeypatch.setenv(name, str(value))
    return one


def test_moodle_in_maintenance_answers_nothing_else(moodle: Moodle) -> None:
    """503 with Retry-After to whoever is inside too; all as before afterwards."""
    cookie = moodle.sign_on("prof.a")
    with in_force(worked("moodle", "maintenance")):
        status, headers, body = ask(f"{moodle.url}/my/", cookie=cookie)
        assert (status, headers["Retry-After"]) == (503, "300")
        assert "maintenance" in body
    assert moodle.inside(cookie)


def test_silence_ends_moodle_s_sessions_sooner(moodle: Moodle) -> None:
    """After twenty minutes instead of eight hours; then eight hours again."""
    cookie = moodle.sign_on("eleve.a")
    moodle.later(2000)
    assert moodle.inside(cookie)
    with in_force(worked("moodle", "short-sessions")):
        moodle.later(1199)
        assert moodle.inside(cookie)
        moodle.later(1200)
        assert not moodle.inside(cookie)
    assert moodle.setting("sessiontimeout") == "28800"


def test_an_account_has_one_session_and_a_setting_that_nobody_made_is_unmade(moodle: Moodle, tmp_path: Path) -> None:
    """The older one ends, another account's does not; afterwards there is no such setting, and nothing is kept."""
    with in_force(worked("moodle", "one-session-each")):
        other, older, newer = moodle.sign_on("parent.b"), moodle.sign_on("parent.a"), moodle.sign_on("parent.a")
        assert (moodle.inside(older), moodle.inside(newer), moodle.inside(other)) == (False, True, True)
    assert moodle.setting("limitconcurrentlogins") is None
    assert moodle.inside(moodle.sign_on("parent.a"))
    assert moodle.inside(newer)
    assert not list((tmp_path / "measures").glob("*.before"))


def test_what_config_php_fixes_is_refused(moodle: Moodle) -> None:
    """With Moodle's own reason."""
    one = worked("moodle", "short-sessions")
    fixed = [each.replace("sessiontimeout", "dbpass") for each in one.on]
    with pytest.raises(EntsurgeError, match="hard-set"):
        one.model_copy(update={"on": fixed}).apply(2.0)
    assert moodle.setting("sessiontimeout") == "28800"
