"""What Chromium does with odd answers in HTTP/2: some are shown, some end their stream, none ends the connection."""

import struct

import gevent
import pytest
from gevent import ssl
from gevent.server import StreamServer
from tests.client import http2_server as h2s
from tests.client.test_http2 import browser, get, ok, pair, serve  # noqa: F401  fixtures

from entsurge.client.failure import ClientError, DeadlinePassed, ProtocolBroken

pytestmark = pytest.mark.needs("openssl")
STATUS = (b":status", b"200")
SHOWN = {
    "shorter than said": [STATUS, (b"content-length", b"20")],
    "longer than said": [STATUS, (b"content-length", b"2")],
    "no length": [STATUS, (b"content-length", b"abc")],
    "fields of a connection": [STATUS, (b"connection", b"keep-alive"), (b"keep-alive", b"timeout=5")],
    "an upgrade": [STATUS, (b"upgrade", b"h2c")],
    "a request's pseudo-header": [STATUS, (b":path", b"/")],
    "nothing to change": [(b":status", b"304"), (b"content-length", b"20")],
}
REFUSED = {
    "upper case": [STATUS, (b"X-Upper", b"1")],
    "no status": [(b"x-lower", b"1")],
    "two statuses": [STATUS, STATUS],
    "the status last": [(b"x-lower", b"1"), STATUS],
    "no name": [STATUS, (b"x a", b"1")],
    "a line end": [STATUS, (b"x-line", b"1\r\nx-other: 2")],
    "chunked": [STATUS, (b"transfer-encoding", b"chunked")],
}


def odd(fields):
    """Answers the third request with these fields, the others well."""

    def talk(conversation, stream, number):
        if number != 3:
            ok(conversation, stream, number)
            return
        head = conversation.side.encoder.encode([(*field, False) for field in fields])
        conversation.raw(
            h2s.frame(h2s.HEADERS, head, flags=h2s.END_HEADERS, stream=stream),
            h2s.frame(h2s.DATA, b"hello", flags=h2s.END_STREAM, stream=stream),
        )

    return talk


def three(serve, browser, fields):  # noqa: F811
    """The middle one of three answers that come on one connection, the others whole."""
    server, client = serve(odd(fields)), browser()
    get(client, server.url)
    one, found, other = client.fetch_many([f"{server.url}/{number}" for number in range(3)], deadline_seconds=5)
    assert (one.status, other.status) == (200, 200)
    assert (server.number, len(server.conversations)) == (4, 1)
    return found


@pytest.mark.parametrize("what", SHOWN)
def test_what_chromium_shows_is_shown(serve, browser, what) -> None:  # noqa: F811
    """Lengths that are wrong, fields that have no place: the frames say what the answer is."""
    assert three(serve, browser, SHOWN[what]).raw == b"hello"


@pytest.mark.parametrize("what", REFUSED)
def test_what_chromium_refuses_fails_alone(serve, browser, what) -> None:  # noqa: F811
    """A head that is none fails its own request, with a sentence."""
    assert isinstance(three(serve, browser, REFUSED[what]), ProtocolBroken)


class Windows:
    """Takes one upload, and says nothing of windows but what it is told to: a step, and how much comes before it."""

    def __init__(self, pair, *steps):  # noqa: F811
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair[1], pair[0])
        context.set_alpn_protocols(["h2"])
        self.steps, self.seen, self.got, self.buffer = list(steps), [], 0, b""
        self.server = StreamServer(("127.0.0.1", 0), self.serve, ssl_context=context)
        self.server.start()
        self.url = f"https://localhost:{self.server.server_port}"

    def serve(self, sock, _address):
        sock.sendall(h2s.frame(h2s.SETTINGS) + h2s.frame(h2s.WINDOW_UPDATE, struct.pack(">I", 1_000_000)))
        sock.sendall(h2s.frame(h2s.PING, b"12345678"))
        self.read(sock, 24)
        while True:
            head = self.read(sock, 9)
            size, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
            self.read(sock, size)
            self.got += size if kind == h2s.DATA else 0
            if kind == h2s.DATA and flags & h2s.END_STREAM:
                flags = h2s.END_HEADERS | h2s.END_STREAM
                sock.sendall(h2s.frame(h2s.HEADERS, b"\x88", flags=flags, stream=1))
                return
            if kind == h2s.PING:  # whatever the windows allow has come before this
                self.seen.append(self.got)
                sock.sendall(self.steps.pop(0) + h2s.frame(h2s.PING, b"12345678"))

    def read(self, sock, size):
        while len(self.buffer) < size:
            self.buffer += sock.recv(65536)
        found, self.buffer = self.buffer[:size], self.buffer[size:]
        return found


def test_an_upload_keeps_to_the_windows(pair, browser) -> None:  # noqa: F811
    """65,535 bytes where the server says nothing; none while it takes back more than is left; then the rest."""
    opened = h2s.frame(h2s.WINDOW_UPDATE, struct.pack(">I", 64_000), stream=1)
    windows = Windows(
        pair,
        b"",
        h2s.frame(h2s.SETTINGS, struct.pack(">HI", 4, 1000)) + opened,
        opened,
        *[b""] * 10,
    )
    try:
        with gevent.Timeout(30):
            answer = browser().request("POST", windows.url, body=b"x" * 80_000, deadline_seconds=10)
    finally:
        windows.server.stop(timeout=0.1)
    assert (answer.status, windows.got) == (200, 80_000)
    assert windows.seen[:3] == [65_535] * 3


def test_a_server_that_takes_no_streams_is_waited_for_until_the_deadline(serve, browser) -> None:  # noqa: F811
    """MAX_CONCURRENT_STREAMS of 0, for ever: late, not stuck; a stream more, and what waited for it is asked."""

    def talk(conversation, stream, number):
        if number == 1:
            conversation.raw(h2s.frame(h2s.SETTINGS, struct.pack(">HI", 3, 0)))
        ok(conversation, stream, number)

    server, client = serve(talk), browser()
    get(client, server.url)
    found = client.fetch_many([f"{server.url}/{number}" for number in range(3)], deadline_seconds=0.3)
    assert [type(each) for each in found] == [DeadlinePassed] * 3
    assert server.number == 1
    server.conversations[0].raw(h2s.frame(h2s.SETTINGS, struct.pack(">HI", 3, 1)))
    found = client.fetch_many([f"{server.url}/{number}" for number in range(3)], deadline_seconds=5)
    assert [getattr(each, "status", each) for each in found] == [200] * 3


def test_a_goodbye_may_come_in_two_steps(serve, browser) -> None:  # noqa: F811
    """First "no more", then which was the last: that one is read to its end, the other asked again elsewhere."""
    held = []

    def talk(conversation, stream, number):
        if number in (2, 3):
            held.append(stream)
        else:
            ok(conversation, stream, number)
        if number == 3:
            conversation.raw(h2s.goodbye(2**31 - 1), h2s.goodbye(held[0]))
            ok(conversation, held[0], number)

    server, client = serve(talk), browser()
    get(client, server.url)
    found = client.fetch_many([f"{server.url}/{number}" for number in range(2)], deadline_seconds=5)
    assert [getattr(each, "status", each) for each in found] == [200, 200]
    assert (server.number, len(server.conversations)) == (4, 2)


def test_trailers_and_a_late_reset_hurt_nobody(serve, browser) -> None:  # noqa: F811
    """An answer with trailers, and RST_STREAM(NO_ERROR) after it: whole, on the same connection."""

    def talk(conversation, stream, _number):
        conversation.side.send_headers(stream, [STATUS])
        conversation.side.send_data(stream, b"hello")
        conversation.side.send_headers(stream, [("x-trailer", "1")], end_stream=True)
        conversation.raw(h2s.reset(stream, 0))

    server, client = serve(talk), browser()
    for method, body in (("GET", None), ("POST", b"x"), ("GET", None)):
        assert client.request(method, server.url, body=body, deadline_seconds=5).text == "hello"
    assert len(server.conversations) == 1


def test_a_kept_redirect_is_not_asked_again(serve, browser) -> None:  # noqa: F811
    """Fresh redirects are followed from the cache; one that points two ways is a failure of its own."""

    def talk(conversation, stream, number):
        path = conversation.requests[-1][1][":path"]
        if path == "/page":
            ok(conversation, stream, number)
            return
        pointers = [("location", "/page"), *([("location", "/other")] if path == "/both" else [])]
        fields = [(b":status", b"301"), ("cache-control", "max-age=100"), *pointers]
        conversation.side.send_headers(stream, fields, end_stream=True)
        conversation.flush()

    server, client = serve(talk), browser()
    wanted = [f"{server.url}/{path}" for path in ("page", "one", "two", "both")]
    first = client.fetch_many(wanted, deadline_seconds=5)
    asked = [fields[":path"] for fields in (each for _, each in server.conversations[0].requests)]
    again = client.fetch_many(wanted, deadline_seconds=5)
    paths = [fields[":path"] for _, fields in server.conversations[0].requests][len(asked) :]
    for found in (first, again):
        assert [getattr(each, "status", 0) for each in found] == [200, 200, 200, 0]
        assert isinstance(found[3], ClientError)
    assert set(paths) <= {"/page"}
