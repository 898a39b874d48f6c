"""Recordings whose oddity is in their name: what must stand in the draft, or the refusal."""

import json
import subprocess
import sys

import pytest
from tests.recorded.drafting import CASES, drafted, pages

from entsurge.errors import UsageError
from entsurge.recorded import har

HOME = ("home", {"url": "/accueil"})
SEND = {"url": "/messagerie/send", "method": "POST"}
API = {"url": "/messagerie/api", "method": "POST"}
UPLOAD = {"url": "/fichiers/upload", "method": "POST", "form": {"titre": "{sentence}"}, "upload": {"field": "f"}}
FILES = ("home", UPLOAD)
TOKEN = {"css": 'input[name="csrf_token"]', "attribute": "value"}
CSRF = [
    HOME,
    ("messages", {"url": "/messagerie/new", "extract": {"csrf_token": TOKEN}}),
    ("messages", {**SEND, "form": {"csrf_token": "{csrf_token}", "sujet": "{sentence}", "to": ["12", "34"]}}),
]
WRITTEN = [HOME, ("home", {**SEND, "form": {"sujet": "{sentence}", "corps": "{sentence}"}})]
INBOX = [HOME, ("messages", {"url": "/messagerie/"})]
SIGNED_ON = [HOME, ("messages", {"url": "/messagerie/"})]
JSON, VENDOR = {"Content-Type": "application/json"}, {"Content-Type": "application/vnd.api+json"}
BIG = '{{"id":12345678901234567890,"f":1.10,"e":1e400}}'

EXPECTED = {
    "b64_latin1": [HOME],
    "csrf_chrome": CSRF,
    "csrf_firefox": CSRF,
    "ctrl_chars": [HOME, ("home", {**SEND, "body": "MASKED"})],
    "double_page": INBOX,
    "fffe": [HOME, ("home", {**SEND, "body": "{sentence}"})],
    "form_repeat": [HOME, ("home", {**SEND, "form": {"to": ["1", "2", "3"], "sujet": "x"}})],
    "frac": [("home", {"url": "/a"}), INBOX[1]],
    "ipv6_host": [HOME],
    "json_big": [HOME, ("home", {**API, "headers": JSON, "body": BIG})],
    "json_charset_upper": [HOME, ("home", {**API, "json": []})],
    "json_vnd": [HOME, ("home", {**API, "headers": VENDOR, "body": '{{"parent": null, "n": "x"}}'})],
    "multipart_b64": [HOME, FILES],
    "multipart_params_charles": [HOME, FILES],
    "not_modified": INBOX,
    "params_decoded": WRITTEN,
    "params_encoded": WRITTEN,
    "path_odd": [
        HOME,
        ("messages", {"url": "/messagerie/a%2Fb/caf%C3%A9/%E9"}),
        ("messages", {"url": "/messagerie/with%20space/{{x}}"}),
    ],
    "port_hosts": [HOME, ("messages", {"url": "http://127.0.0.1:8100/messagerie/"})],
    "query_plus": [
        HOME,
        ("messages", {"url": "/messagerie/search?q=a%2Bb%26c&d=x+y&e=%E9t&f=100%25&g=%2Fp%3Fx%3D1"}),
    ],
    "redirect_location": INBOX,
    "sensitive_header": [HOME, ("home", {**API, "json": {"a": 1}})],
    "signon_chrome": SIGNED_ON,
    "signon_firefox": SIGNED_ON,
    "signon_textonly": SIGNED_ON,
    "status_str": INBOX,
    "userinfo": [HOME],
}
SECRETS = ("eleve@", "eleve%40", "p@ss", "p%40ss", "secretpw", "abcdef0123", "k-0123", "sid=abc", "a1B2", "union")
REFUSED = {"bigint": r"log\.x: a number of thousands of digits", "deep": r"log\.entries\S*: nested too deep"}


@pytest.mark.parametrize("name", EXPECTED)
def test_what_stands_in_the_draft(name: str) -> None:
    """The pages, request by request, as they were on the wire; nothing of what people wrote or who they are."""
    made, text = drafted(CASES / f"{name}.har")
    assert pages(made) == EXPECTED[name]
    for secret in SECRETS:
        assert secret not in text


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.startswith("signon")])
def test_the_sign_on(name: str) -> None:
    """It is recognised whoever wrote the recording, and proven by the link to sign off."""
    file = drafted(CASES / f"{name}.har")[0].file
    assert file["sign_on"] == {"method": "cas", "login_field": "username", "password_field": "password"}
    assert file["door"] == "/cas/login"
    assert file["signs"]["signed_on"] == [{"css": 'a[href*="logout"]'}]


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    """With the key, and exit 2."""
    with pytest.raises(UsageError, match=REFUSED[name]):
        har.read(CASES / f"{name}.har")


def test_every_case_has_its_value() -> None:
    """No file lies there unread."""
    assert {path.stem for path in CASES.glob("*.har")} == EXPECTED.keys() | REFUSED.keys()


def test_headers_that_are_left_out_are_said() -> None:
    """By their names alone."""
    notes = drafted(CASES / "sensitive_header.har")[0].notes
    assert any("x-api-key" in note for note in notes)


def test_the_command_on_what_is_odd(tmp_path) -> None:
    """A file whose name holds U+FFFE and a Latin-1 byte is refused in one line, with the remedy."""
    odd = tmp_path / "vis\ufffeite\udce9.har"
    odd.write_bytes((CASES / "deep.har").read_bytes())
    command = [sys.executable, "-m", "entsurge", "import-har", str(odd)]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert done.returncode == 2
    assert b"U+FFFE at character" in done.stderr
    assert b"give the file or folder a name in UTF-8" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_number_in_a_body_is_as_it_was(tmp_path) -> None:
    """The driver sends 1e400 and twenty digits as the browser did, and null."""
    from entsurge.drivers import pages_file
    from entsurge.drivers.call import Call

    (tmp_path / "d.toml").write_text(drafted(CASES / "json_big.har")[1], encoding="utf-8")
    request = pages_file.load(tmp_path / "d.toml").page[-1].request[0]
    filled = Call(request, first=True).filled({"base": "http://e"})
    assert filled.body == b'{"id":12345678901234567890,"f":1.10,"e":1e400}'
    assert filled.headers == JSON
    entries = json.loads((CASES / "json_big.har").read_text("utf-8"))["log"]["entries"]
    assert filled.body.decode() == entries[-1]["request"]["postData"]["text"]
