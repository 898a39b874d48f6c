"""The client without gevent: the same policy, the same failures, one deadline for all of a request."""

import contextlib
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from tests.authority import Authority

from entsurge.client.access import Access
from entsurge.client.blocking import BlockingClient
from entsurge.client.failure import (
    ConnectionLost,
    ConnectRefused,
    DeadlinePassed,
    NameNotFound,
    NotAllowed,
    ProtocolBroken,
    TlsFailed,
    TooLarge,
    TooManyRedirects,
)

SOON = 20.0
Answer = bytes | Callable[[socket.socket], None]


class Served:
    """A server on threads of its own; each connection gets the next answer, the last one again and again."""

    def __init__(self, *answers: Answer, context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.answers, self.context, self.heads, self.number = answers, context, [], 0
        self.over = threading.Event()
        self.listening = socket.create_server((host, 0))
        self.port = self.listening.getsockname()[1]
        self.url = f"http{'s' if context else ''}://{host}:{self.port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(plain,), daemon=True).start()

    def _one(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError), plain:
            wire = self.context.wrap_socket(plain, server_side=True) if self.context else plain
            data = b""
            while b"\r\n\r\n" not in data:
                data += wire.recv(65536)
            self.heads.append(data)
            answer = self.answers[min(len(self.heads), len(self.answers)) - 1]
            wire.sendall(answer) if isinstance(answer, bytes) else answer(wire)
            wire.close()

    def close(self) -> None:
        self.over.set()
        self.listening.close()


@pytest.fixture
def served() -> Iterator[Callable[..., Served]]:
    """Makes servers, and ends them."""
    with contextlib.ExitStack() as stack:

        def make(*answers: Answer, **more: object) -> Served:
            made = Served(*answers, **more)
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A private authority."""
    return Authority(tmp_path_factory.mktemp("authority"))


def ok(body: bytes = b"ok", *fields: bytes, status: bytes = b"200 OK") -> bytes:
    return b"\r\n".join([b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *fields, b"", body])


def asked(client: BlockingClient, url: str, seconds: float = SOON, **more: object):
    return client.request("GET", url, deadline_seconds=seconds, **more)


def test_it_needs_no_gevent() -> None:
    """A process that asks by it has loaded neither gevent nor Locust."""
    script = (
        "import sys\nfrom entsurge.client.access import Access\nfrom entsurge.client.failure import ClientError\n"
        "try: Access().blocking().request('GET', 'http://127.0.0.1:9', deadline_seconds=5)\n"
        "except ClientError as error: print(error.reason, sorted({'gevent', 'locust'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["connect-refused", "[]"]


def test_what_is_sent_and_what_comes(served) -> None:
    """Host, run and agent, what the caller adds, the body with its length; status, fields and body of the answer."""
    server = served(ok(b"so", b"X-Thing: 1", status=b"201 Created"))
    client = Access(agent="entsurge/1", own_headers={"X-Passe": "a\r\nX-Evil: 1"}).of_run("soir").blocking()
    answer = client.request(
        "PUT", f"{server.url}/à?b=ç", headers={"accept": "text/plain"}, body=b"{}", deadline_seconds=SOON
    )
    assert (answer.status, answer.text, answer.headers.get("x-thing")) == (201, "so", "1")
    lines = server.heads[0].decode("latin-1").split("\r\n")
    assert lines[0] == "PUT /%C3%A0?b=%C3%A7 HTTP/1.1"
    assert {"User-Agent: entsurge/1", "X-Entsurge-Run: soir", "accept: text/plain", "Content-Length: 2",
            f"Host: 127.0.0.1:{server.port}", "Connection: close"} <= set(lines)  # fmt: skip
    assert not any(line.startswith(("Accept:", "X-Evil")) for line in lines)
    assert client.sent


def test_no_proxy_of_the_environment(served, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked of a target is told to nobody else."""
    server, proxy = served(ok()), served(ok(b"proxy"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    assert asked(Access().blocking(), server.url).text == "ok"
    assert proxy.heads == []


def test_only_where_the_policy_allows(served) -> None:
    """Neither another host, nor a name that leads elsewhere; loopback besides where that was asked for."""
    server = served(ok())
    with pytest.raises(NotAllowed, match="not among the target's hosts"):
        asked(Access(hosts=("ent.example.fr",)).blocking(), server.url)
    with pytest.raises(NotAllowed, match="outside the allow-list"):
        asked(Access(hosts=("127.0.0.1",), networks=("10.0.0.0/8",)).blocking(), server.url)
    with pytest.raises(NotAllowed, match="outside the allow-list"):
        asked(Access().blocking(), "http://192.0.2.1/")
    with pytest.raises(NotAllowed):
        asked(Access(hosts=("ent.example.fr",)).blocking(loopback=True), "http://192.0.2.1/")
    assert server.heads == []
    client = Access(hosts=("ent.example.fr",)).blocking(loopback=True)
    assert asked(client, server.url).status == 200


def test_nothing_was_sent_where_nobody_listens() -> None:
    """A refusal and a name without address are told apart, and from what may have reached somebody."""
    client = Access().blocking()
    with pytest.raises(ConnectRefused):
        asked(client, "http://127.0.0.1:9/")
    with pytest.raises(NameNotFound):
        asked(Access(hosts=("nowhere.invalid",)).blocking(), "http://nowhere.invalid/")
    assert not client.sent


@pytest.mark.parametrize("where", ["head", "body"])
def test_a_server_that_drips_is_ended_by_the_deadline(served, where: str) -> None:
    """A byte now and then keeps no request alive beyond its time."""

    def drip(wire: socket.socket) -> None:
        wire.sendall(b"HTTP/1.1 200 OK\r\n" if where == "head" else b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
        while not server.over.wait(0.02):
            wire.sendall(b"x")

    server = served(drip)
    began = time.monotonic()
    with pytest.raises(DeadlinePassed):
        asked(Access().blocking(), server.url, 0.4)
    assert 0.4 <= time.monotonic() - began < 10


def test_what_is_too_large_broken_or_cut_is_said(served) -> None:
    """Each by its own kind of failure."""
    client = Access().blocking()
    with pytest.raises(TooLarge):
        asked(client, served(ok(bytes(5000))).url, largest=4000)
    with pytest.raises(ProtocolBroken):
        asked(client, served(b"SSH-2.0-OpenSSH\r\n\r\n").url)
    with pytest.raises(ConnectionLost):
        asked(client, served(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort").url)
    with pytest.raises(ProtocolBroken):
        asked(client, "ftp://127.0.0.1/")
    chunked = served(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
    assert asked(client, chunked.url).text == "ok"
    assert asked(client, served(b"HTTP/1.0 200 OK\r\n\r\nuntil the end").url).text == "until the end"


def test_a_token_goes_to_no_other_origin(served) -> None:
    """A redirect is followed by the one policy: to another origin without what authorises; a loop ends."""
    other = served(ok(b"there"))
    here = served(ok(b"", b"Location: /again", status=b"307 T"), ok(b"", b"Location: %b/x" % other.url.encode(),
                                                                    status=b"302 F"))  # fmt: skip
    client = Access().blocking()
    first = client.request(
        "POST", here.url, headers={"Authorization": "Bearer clef"}, body=b"{}", deadline_seconds=SOON
    )
    assert client.follow(first, deadline_seconds=SOON).text == "there"
    assert [b"Authorization: Bearer clef" in head for head in here.heads] == [True, True]
    assert b"clef" not in other.heads[0]
    assert other.heads[0].startswith(b"GET /x ")
    circle = served(ok(b"", b"Location: /", status=b"302 F"))
    with pytest.raises(TooManyRedirects):
        client.follow(asked(client, circle.url), deadline_seconds=SOON)
    away = served(ok(b"", b"Location: http://192.0.2.1/", status=b"302 F"))
    with pytest.raises(NotAllowed):
        client.follow(asked(client, away.url), deadline_seconds=SOON)


@pytest.mark.needs("openssl")
def test_tls_by_the_target_s_authority(served, authority: Authority) -> None:
    """Verified by the authority given and by name; what the system does not trust is not spoken to."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made = authority.server()
    context.load_cert_chain(made.with_suffix(".chain"), made.with_suffix(".key"))
    server = served(ok(b"secret"), context=context)
    client = Access(certificates=str(authority.root)).blocking()
    assert asked(client, server.url).text == "secret"
    stranger = Access().blocking()
    with pytest.raises(TlsFailed) as caught:
        asked(stranger, server.url)
    assert "`certificates`" in caught.value.said
    assert not stranger.sent


@pytest.mark.needs("openssl")
def test_a_client_certificate_is_shown_and_its_lack_is_named(served, authority: Authority) -> None:
    """With it, the answer; without it, what TLS 1.3 tells only after the handshake is a failure of TLS all the same."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made, ours = authority.server(), authority.client()
    context.load_cert_chain(made.with_suffix(".chain"), made.with_suffix(".key"))
    context.load_verify_locations(authority.root)
    context.verify_mode = ssl.CERT_REQUIRED
    server = served(ok(b"for you"), context=context)
    shown = Access(
        certificates=str(authority.root), client_certificate=str(ours), client_key=str(ours.with_suffix(".key"))
    )
    assert asked(shown.blocking(), server.url).text == "for you"
    with pytest.raises(TlsFailed, match="asks for a client certificate"):
        asked(Access(certificates=str(authority.root)).blocking(), server.url)


def test_a_handshake_that_never_comes_ends_by_the_deadline() -> None:
    """A server that accepts and stays silent holds nobody."""
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(DeadlinePassed):
        asked(Access().blocking(), f"https://127.0.0.1:{silent.getsockname()[1]}", 0.3)


def test_it_comes_from_the_address_that_it_is_given(served) -> None:
    """The server sees the source; one of another family is left alone."""
    seen = []

    def look(wire: socket.socket) -> None:
        seen.append(wire.getpeername()[0])
        wire.sendall(ok())

    server = served(look)
    asked(Access(sources=("127.0.3.9",)).blocking(), server.url)
    asked(Access(sources=("::1",)).blocking(), server.url)
    assert seen == ["127.0.3.9", "127.0.0.1"]
