"""TLS: verified against certificate and name, or not at all."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import gevent
import gevent.socket
import gevent.subprocess
import pytest
from gevent import ssl
from gevent.server import StreamServer

from entsurge.client.allow_list import AllowList
from entsurge.client.client import Client
from entsurge.client.failure import DeadlinePassed, TlsFailed
from entsurge.client.tls import Tls

pytestmark = pytest.mark.needs("openssl")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret"


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    key, made = folder / f"{name}.key", folder / f"{name}.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(key), "-out", str(made), "-days", "2", "-subj", f"/CN={name}"]
    subprocess.run([*command, "-addext", f"subjectAltName=DNS:{name}"], check=True, capture_output=True, timeout=60)
    return key, made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where certificates are made."""
    return tmp_path_factory.mktemp("tls")


def serving(key: Path, made: Path, alpn: tuple[str, ...] = ()) -> StreamServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    if alpn:
        context.set_alpn_protocols(list(alpn))

    def answer(sock, _address) -> None:
        while sock.recv(4096):
            sock.sendall(ANSWER)

    server = StreamServer(("127.0.0.1", 0), answer, ssl_context=context)
    server.start()
    return server


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[tuple[str, Path]]:
    """A server for `localhost`: its URL and the certificate to trust."""
    key, made = certificate(folder, "localhost")
    running = serving(key, made)
    yield f"https://localhost:{running.server_port}", made
    running.stop(timeout=0.1)


def ask(url: str, tls: Tls | None, seconds: float = 10) -> str:
    client = Client(allow=AllowList(), tls=tls)
    try:
        return client.request("GET", url, deadline_seconds=seconds).text
    finally:
        client.close()


def test_a_trusted_certificate_is_accepted_and_timed(server) -> None:
    """The authority given: the answer is there, TLS has a time of its own."""
    url, made = server
    client = Client(allow=AllowList(), tls=Tls(str(made), http="1.1"))
    answer = client.request("GET", url, deadline_seconds=10)
    client.close()
    assert answer.text == "secret"
    assert answer.timing.tls_us > 0


def test_an_unknown_authority_is_refused(server) -> None:
    """What the system does not trust is not spoken to."""
    with pytest.raises(TlsFailed):
        ask(server[0], None)


def test_a_certificate_for_another_name_is_refused(folder: Path) -> None:
    """Trusted, but for somebody else."""
    key, made = certificate(folder, "elsewhere.test")
    running = serving(key, made)
    try:
        with pytest.raises(TlsFailed):
            ask(f"https://localhost:{running.server_port}", Tls(str(made), http="1.1"))
    finally:
        running.stop(timeout=0.1)


def test_a_handshake_that_never_comes_ends_by_the_deadline() -> None:
    """A server that accepts and stays silent cannot hold a visitor in TLS."""
    silent = StreamServer(("127.0.0.1", 0), lambda *_: gevent.sleep(5))
    silent.start()
    try:
        with pytest.raises(DeadlinePassed):
            ask(f"https://127.0.0.1:{silent.server_port}", None, seconds=0.3)
    finally:
        silent.stop(timeout=0.1)


class Relay:
    """Passes bytes on to a port, and counts what comes from the client."""

    def __init__(self, port: int) -> None:
        self.port, self.sent = port, 0
        self.server = StreamServer(("127.0.0.1", 0), self.serve)
        self.server.start()

    def serve(self, sock, _address) -> None:
        with gevent.socket.create_connection(("127.0.0.1", self.port)) as onward:
            back = gevent.spawn(self.passed, onward, sock)
            while data := sock.recv(65536):
                self.sent += len(data)
                onward.sendall(data)
            back.kill()

    def passed(self, one, other) -> None:
        while data := one.recv(65536):
            other.sendall(data)


def until(condition) -> None:
    with gevent.Timeout(10):
        while not condition():
            gevent.sleep(0.01)


def test_a_handshake_in_the_middle_is_answered(folder) -> None:
    """TLS 1.2: Apache begins one anew for a folder that wants a client certificate, and waits for our part of it."""
    key, made = certificate(folder, "localhost")
    command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-key", str(key), "-cert", str(made), "-tls1_2"]
    server = gevent.subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    client = Client(allow=AllowList(), tls=Tls(str(made), http="1.1"))
    try:
        with gevent.Timeout(30):
            accepting = next(line for line in server.stdout if line.startswith(b"ACCEPT"))
            relay = Relay(int(accepting.rpartition(b":")[2]))
            url = f"https://localhost:{relay.server.server_port}/"
            asking = gevent.spawn(client.request, "GET", url, deadline_seconds=20)
            next(line for line in server.stdout if line.startswith(b"GET "))
            before = relay.sent
            server.stdin.write(b"r\n")
            server.stdin.flush()
            until(lambda: relay.sent > before)
            server.stdin.write(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok\n")
            server.stdin.flush()
            assert asking.get(timeout=10).text == "ok"
            relay.server.stop(timeout=0.1)
    finally:
        client.close()
        server.kill()
        server.wait()
