"""A measure's HTTP calls: under the run's policy, a token to nobody else, and nothing left of what never arrived."""

import gzip
import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from chaos_subject import Subject, experiment, until
from tests.authority import Authority

from entsurge.chaos.call import NothingSent, bearer, call
from entsurge.chaos.policy import ACCESS
from entsurge.chaos.watch import StopCondition, target_metric
from entsurge.client.access import Access
from entsurge.errors import EntsurgeError


class Switch(BaseHTTPRequestHandler):
    """PUT and DELETE switch it; /away redirects, /forbidden and /odd refuse, /metrics wants the target's header."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.seen.append((self.command, self.path, self.headers.get("authorization")))
        if self.path == "/away":
            self._answer(302, b"", Location=self.server.away)
        elif self.path == "/forbidden":
            self._answer(403, b"{}")
        elif self.path == "/odd":
            self._answer(422, gzip.compress(b'{"error": "no such measure"}'), **{"Content-Encoding": "gzip"})
        else:
            self.server.on = self.command == "PUT"
            self._answer(200, b"{}")

    def do_GET(self) -> None:
        self.server.seen.append((self.command, self.path, self.headers.get("authorization")))
        self._answer(200 if self.headers.get("x-passe") == "sesame" else 403, b"busy 7\n")

    do_DELETE = do_PUT  # noqa: N815  http.server's name

    def _answer(self, status: int, body: bytes, **fields: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **fields}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def switch(context: ssl.SSLContext | None = None) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Switch)
    server.seen, server.on, server.away = [], False, ""
    server.handle_error = lambda *_: None
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.url = f"http{'s' if context else ''}://localhost:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


@pytest.fixture
def two() -> Iterator[tuple[ThreadingHTTPServer, ThreadingHTTPServer]]:
    """A target, and somebody else on loopback."""
    both = switch(), switch()
    yield both
    for server in both:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A private authority."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def secure(authority: Authority) -> Iterator[ThreadingHTTPServer]:
    """A target in TLS by the private authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made = authority.server()
    context.load_cert_chain(made.with_suffix(".chain"), made.with_suffix(".key"))
    server = switch(context)
    yield server
    server.shutdown()
    server.server_close()


def test_a_redirect_takes_the_token_nowhere_else(two, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other host gets the question that a browser would send, and no proxy of the environment hears anything."""
    target, other = two
    target.away = f"{other.url}/x"
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("OUR_TOKEN", "clef")
    call("PUT", f"{target.url}/away", b"{}", bearer("OUR_TOKEN"), Access())
    assert target.seen == [("PUT", "/away", "Bearer clef")]
    assert other.seen == [("PUT", "/x", None)]


def test_what_a_target_refuses_is_said(two) -> None:
    """A wrong token with its hint, an API's own words; and whether anything can have come of it."""
    target, _ = two
    with pytest.raises(NothingSent, match=r"answered 403 to PUT .*is the token right"):
        call("PUT", f"{target.url}/forbidden", b"{}", {"Authorization": "Bearer clef"}, Access())
    with pytest.raises(NothingSent, match=r"answered 403 to PUT .*no token was sent: is its variable set"):
        call("PUT", f"{target.url}/forbidden", b"{}", {}, Access())
    with pytest.raises(EntsurgeError, match=r"422 .*: no such measure") as caught:
        call("PUT", f"{target.url}/odd", b"{}", {}, Access())
    assert not isinstance(caught.value, NothingSent)
    target.away = "http://127.0.0.1:9/"
    with pytest.raises(EntsurgeError, match="refuses connections") as caught:
        call("PUT", f"{target.url}/away", b"{}", {}, Access())
    assert not isinstance(caught.value, NothingSent)


@pytest.mark.parametrize(
    "url", ["http://192.0.2.1/", "https://ent.example.fr/", "http://127.0.0.1:9/", "ftp://x/", "x"]
)
def test_what_never_left_is_known(url: str) -> None:
    """Outside the allow-list, nobody there, no address: nothing was sent."""
    with pytest.raises(NothingSent):
        call("PUT", url, b"{}", {}, Access(hosts=("ent.invalid",)))


def test_metrics_are_read_with_what_the_target_wants(two) -> None:
    """The target's own headers go with the question; without them there is no value."""
    target, _ = two
    condition = StopCondition(metric="busy", above=1)
    assert "answered 403" in target_metric(target.url, Access())(condition).said
    assert target_metric(target.url, Access(own_headers={"X-Passe": "sesame"}))(condition).value == 7


def file(folder: Path, url: str) -> Path:
    off = {"url": f"{url}/state", "method": "DELETE"}
    return experiment(
        folder / "call.json", "http-call", {"on": {"url": f"{url}/state", "method": "PUT", "body": {}}, "off": off}
    )


@pytest.mark.needs("openssl")
def test_over_a_private_authority_it_is_put_in_force_and_undone(authority, secure, tmp_path: Path) -> None:
    """By the run's policy; when all are dead, whoever recovers knows no run, and has the policy from the record."""
    policy = Access(hosts=("localhost",), certificates=str(authority.root), own_headers={"X": "sesame"})
    subject = Subject(tmp_path / "run", file(tmp_path, secure.url), **{ACCESS: policy.to_json()})
    try:
        subject.wait_applied()
        assert secure.on
        record = next((subject.state / "in-force").glob("*.json")).read_text()
        assert "sesame" not in record
        guardian, child = subject.guardian(), subject.child()
        guardian.send(9)
        subject.process.kill()
        child.send(9)
        subject.process.wait(10)
        subject.environment.pop(ACCESS)
        subject.recover()
        assert not secure.on
        assert not subject.in_force()
    finally:
        subject.close()


@pytest.mark.needs("openssl")
def test_what_never_reached_the_target_does_not_block_later_runs(secure, tmp_path: Path) -> None:
    """Without the authority the call is refused with the remedy; no record is left that nobody could undo."""
    policy = Access(hosts=("localhost",)).to_json()
    subject = Subject(tmp_path / "run", file(tmp_path, secure.url), **{ACCESS: policy})
    try:
        until(lambda: any("refused" in each for each in subject.said), 20)
        assert "`certificates`" in next(each["refused"] for each in subject.said if "refused" in each)
        until(lambda: subject.process.poll() is not None, 20)
        assert not subject.in_force()
        assert [each["state"] for each in subject.audit()] == ["applying", "refused"]
        assert json.loads(policy)["hosts"] == ["localhost"]
    finally:
        subject.close()


def test_probes_of_the_steady_state_trust_whom_the_target_file_trusts(
    secure: ThreadingHTTPServer, authority: Authority, tmp_path: Path
) -> None:
    """Chaos Toolkit's own HTTP probe, over TLS by a private authority; unknown, it is told what the probe met."""
    file = experiment(tmp_path / "probed.json", "command", {"on": ["true"], "off": ["true"]})
    provider = {"type": "http", "url": f"{secure.url}/", "timeout": 3}
    probe = {"type": "probe", "name": "portal", "tolerance": 403, "provider": provider}
    whole = json.loads(file.read_text()) | {"steady-state-hypothesis": {"title": "up", "probes": [probe]}}
    file.write_text(json.dumps(whole))
    for certificates, state in ((str(authority.root), "applied"), ("", "failed")):
        told = Access(hosts=("localhost",), certificates=certificates)
        subject = Subject(tmp_path / state, file, **{ACCESS: told.to_json()})
        try:
            until(lambda subject=subject: bool(subject.states()), what=state)
            assert subject.states()[0] == state, subject.said
        finally:
            subject.close()
    said = subject.said[0]["detail"]
    assert said.startswith("the steady state did not hold before: portal: expected 403, found failed to connect")
    assert "certificate verify failed" in said
