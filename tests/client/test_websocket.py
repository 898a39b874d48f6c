"""The visitor's WebSocket against servers that keep the protocol, and against servers that do not."""

import contextlib
import gc
import importlib.util
import os
import re
import struct
import time
import weakref
from itertools import pairwise
from pathlib import Path

import gevent
import pytest
from gevent.server import StreamServer
from gevent.ssl import PROTOCOL_TLS_SERVER, SSLContext
from hypothesis import given, settings
from hypothesis import strategies as st
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Message, Ping, TextMessage
from wsproto.extensions import PerMessageDeflate
from wsproto.utilities import generate_accept_token

from entsurge.client import url as urls
from entsurge.client.allow_list import AllowList
from entsurge.client.client import Client
from entsurge.client.failure import (
    Closed,
    ConnectionLost,
    ConnectRefused,
    DeadlinePassed,
    NotAllowed,
    ProtocolBroken,
    TlsFailed,
    TooLarge,
    UpgradeRefused,
)
from entsurge.client.tls import Tls


def beside(name: str):
    """A file of this folder as a module."""
    spec = importlib.util.spec_from_file_location(f"client_{name}", Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ok, Raw, certificate = beside("conftest").ok, beside("conftest").Raw, beside("test_tls").certificate


def accepting(head: bytes, *more: bytes) -> bytes:
    """The answer that opens a WebSocket."""
    key = re.search(rb"(?i)sec-websocket-key: (\S+)", head)[1]
    lines = [b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade"]
    return b"\r\n".join([*lines, b"Sec-WebSocket-Accept: " + generate_accept_token(key), *more]) + b"\r\n\r\n"


def frames(*events, extensions=()) -> bytes:
    """What a server sends for these events."""
    side = Connection(ConnectionType.SERVER, list(extensions))
    return b"".join(bytes(side.send(event)) for event in events)


def sends(*pieces: bytes, then: str = "close"):
    """A server that opens and sends these bytes, then closes, or stays silent until the client goes."""

    def answer(sock, head, _number):
        sock.sendall(accepting(head))
        for piece in pieces:
            sock.sendall(piece)
        if then == "stay":
            while sock.recv(4096):
                pass
        return "close"

    return answer


def echo(sock, head, _number):
    """A server that repeats what it hears, answers pings and agrees to close; its own pieces are wsproto's."""
    sock.sendall(accepting(head))
    side = Connection(ConnectionType.SERVER)
    while data := sock.recv(65536):
        side.receive_data(data)
        for event in side.events():
            if isinstance(event, TextMessage | BytesMessage):
                sock.sendall(side.send(Message(data=event.data, message_finished=event.message_finished)))
            elif isinstance(event, Ping | CloseConnection):
                sock.sendall(side.send(event.response()))
                if isinstance(event, CloseConnection):
                    return "close"
    return "close"


def test_messages_go_there_and_back(raw, client) -> None:
    """Text and bytes of every length class come back whole; a ping is answered; both sides agree to close."""
    server = raw(echo)
    socket = client.websocket(server.url, deadline_seconds=5)
    for message in (
        "bonjour",
        "é" * 200,
        b"",
        os.urandom(125),
        os.urandom(126),
        os.urandom(65_535),
        os.urandom(70_000),
    ):
        socket.send(message, deadline_seconds=5)
        assert socket.receive(5) == message
    assert 0 < socket.ping(deadline_seconds=5) < 5
    socket.close()
    assert not socket.open
    with pytest.raises(Closed, match="1000"):
        socket.receive(1)


@pytest.mark.parametrize("scheme", ["http", "ws", "WS"])
def test_it_asks_as_a_browser_of_this_visitor_does(raw, client, scheme: str) -> None:
    """The visitor's cookies and headers go along, and cookies set while opening are kept."""

    def opens(sock, head, _number):
        sock.sendall(accepting(head, b"Set-Cookie: salle=7; Path=/"))
        return "close"

    server = raw(ok(b"", b"Set-Cookie: ENTSESSION=secret; Path=/"), opens)
    client.request("GET", server.url, deadline_seconds=5)
    where = server.url.replace("http", scheme) + "/direct?a=b"
    client.websocket(where, headers={"Origin": server.url}, deadline_seconds=5)
    head = server.heads[-1]
    assert head.startswith(b"GET /direct?a=b HTTP/1.1\r\n")
    for line in (b"Cookie: ENTSESSION=secret", b"User-Agent: test", b"Origin: " + server.url.encode(), b"Version: 13"):
        assert line in head
    assert client.cookies.header(urls.split(server.url)) == "ENTSESSION=secret; salle=7"


WHOLE = frames(
    Message(data="premier"), Message(data=b"\x00" * 300), Ping(payload=b"p"),
    Message(data="dé", message_finished=False), Message(data="but", message_finished=True),
    CloseConnection(code=1001, reason="fini"),
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(st.integers(1, len(WHOLE) - 1), max_size=12))
def test_frames_may_be_cut_anywhere(cuts: list[int]) -> None:
    """However the bytes are divided over packets, the same messages are read, and then the closing."""
    edges = sorted({0, *cuts, len(WHOLE)})

    def send(sock, head, _number):
        sock.sendall(accepting(head))
        for begin, end in pairwise(edges):
            sock.sendall(WHOLE[begin:end])
            gevent.sleep(0)
        sock.recv(4096)

    assert read_all(send) == ["premier", b"\x00" * 300, "début", (1001, "fini")]


def read_all(answer) -> list:
    server, client, found = Raw(answer), Client(allow=AllowList()), []
    try:
        socket = client.websocket(server.url, deadline_seconds=10)
        while True:
            found.append(socket.receive(10))
    except Closed as closed:
        return [*found, (closed.code, closed.words)]
    finally:
        client.close()
        server.server.stop(timeout=0.1)


def test_frames_may_be_cut_at_every_single_byte() -> None:
    """One byte a packet, the first of them in the packet of the opening answer."""

    def send(sock, head, _number):
        sock.sendall(accepting(head) + WHOLE[:1])
        for byte in WHOLE[1:]:
            sock.sendall(bytes([byte]))
            gevent.sleep(0)
        sock.recv(4096)

    assert read_all(send) == ["premier", b"\x00" * 300, "début", (1001, "fini")]


@settings(max_examples=60)
@given(st.binary(min_size=1, max_size=200))
def test_nonsense_ends_in_one_of_our_errors(noise: bytes) -> None:
    """Whatever a server sends after opening: messages, or a ClientError; never another exception, never a hang."""
    server, client = Raw(sends(noise)), Client(allow=AllowList())
    try:
        socket = client.websocket(server.url, deadline_seconds=10)
        with pytest.raises((Closed, ConnectionLost, ProtocolBroken)):
            _drain(socket)
        assert not socket.open
    finally:
        client.close()
        server.server.stop(timeout=0.1)


def _drain(socket) -> None:
    while socket.receive(10) is not None:
        pass


def test_a_dripping_server_cannot_defeat_a_receive(raw, client) -> None:
    """A byte now and then of one long message: nothing whole at the deadline, and the message is not lost."""
    message = frames(Message(data="x" * 60))

    def drip(sock, head, _number):
        sock.sendall(accepting(head))
        for byte in message:
            sock.sendall(bytes([byte]))
            gevent.sleep(0.04)
        sock.recv(10)

    socket = client.websocket(raw(drip).url, deadline_seconds=5)
    began = time.monotonic()
    assert socket.receive(0.2) is None
    assert time.monotonic() - began < 2  # the whole message takes more than 2.4 s
    assert socket.open
    assert socket.receive(30) == "x" * 60


def test_a_dripping_server_cannot_defeat_the_opening(raw, client) -> None:
    """Half an answer, byte by byte: connecting ends at its one total deadline."""

    def drip(sock, head, _number):
        for byte in accepting(head)[:-4]:
            sock.sendall(bytes([byte]))
            gevent.sleep(0.02)
        gevent.sleep(5)

    began = time.monotonic()
    with pytest.raises(DeadlinePassed):
        client.websocket(raw(drip).url, deadline_seconds=0.3)
    assert time.monotonic() - began < 3  # the answer would take 7 s


def test_a_server_that_does_not_read_cannot_hold_a_send(raw, client) -> None:
    """A message that nobody reads ends at its deadline and closes the socket: half a frame cannot be made good."""

    def deaf(sock, head, _number):
        sock.sendall(accepting(head))
        gevent.sleep(30)
        over.append(True)

    over: list[bool] = []
    socket = client.websocket(raw(deaf).url, deadline_seconds=5)
    with pytest.raises(DeadlinePassed):
        socket.send(bytes(20_000_000), deadline_seconds=0.3)
    assert not over
    assert not socket.open
    with pytest.raises(DeadlinePassed):
        socket.send("encore", deadline_seconds=1)


def test_silence_is_no_failure_of_a_receive_but_of_a_ping(raw, client) -> None:
    """Nothing to read is an answer, again and again; a ping without a pong is not."""
    socket = client.websocket(raw(sends(then="stay")).url, deadline_seconds=5)
    assert [socket.receive(0.02) for _ in range(3)] == [None, None, None]
    with pytest.raises(DeadlinePassed):
        socket.ping(deadline_seconds=0.1)
    assert not socket.open


WRONG_KEY = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: d3Jvbmcga2V5IHdyb25nIQ==\r\n\r\n"
)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", UpgradeRefused),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", UpgradeRefused),
        (b"HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n", UpgradeRefused),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", ProtocolBroken),
        (WRONG_KEY, ProtocolBroken),
        (b"this is not HTTP\r\n\r\n", ProtocolBroken),
        (b"HTTP/1.1 101 " + b"x" * 100_000, ProtocolBroken),
    ],
)
def test_an_answer_that_opens_nothing(raw, client, answer: bytes, failure) -> None:
    """A page, a refusal, no upgrade, a wrong key, no HTTP, an endless head: each is its own failure."""
    with pytest.raises(failure):
        client.websocket(raw(answer).url, deadline_seconds=5)


def test_a_refusal_is_kept_for_who_reads_signs(raw, client) -> None:
    """What a full ENT says instead of opening can be read: status, header, text."""
    server = raw(ok("Vous êtes très nombreux".encode(), b"Content-Type: text/html"))
    with pytest.raises(UpgradeRefused) as refused:
        client.websocket(server.url, deadline_seconds=5)
    answer = refused.value.response
    assert (answer.status, answer.text, answer.headers.get("content-type")) == (
        200, "Vous êtes très nombreux", "text/html",
    )  # fmt: skip


def test_an_answer_that_never_ends_is_cut(raw, client) -> None:
    """A refusal without end is read as far as its bound."""

    def endless(sock, _head, _number):
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                sock.sendall(b"x" * 10_000)

    with pytest.raises(UpgradeRefused) as refused:
        client.websocket(raw(endless).url, deadline_seconds=10)
    assert len(refused.value.response.body) == 65_536


def test_closed_before_answering(raw, client) -> None:
    """A server that closes at once, and one that is not there."""
    with pytest.raises(ConnectionLost):
        client.websocket(raw(lambda *_: "close").url, deadline_seconds=5)
    with pytest.raises(ConnectRefused):
        client.websocket("http://127.0.0.1:9", deadline_seconds=5)


MASKED = b"\x81\x82abcd" + bytes(a ^ b for a, b in zip(b"ok", b"abcd", strict=False))


@pytest.mark.parametrize(
    ("bytes_sent", "failure"),
    [
        (frames(Message(data="moitié"))[:4], ConnectionLost),
        (b"\x81\x7f" + struct.pack("!Q", 5_000_000) + b"x" * 200, ConnectionLost),
        (b"", ConnectionLost),
        (MASKED, ProtocolBroken),
        (b"\xf1\x02ok", ProtocolBroken),
        (b"\x83\x02ok", ProtocolBroken),
        (b"\x81\x02\xff\xfe", ProtocolBroken),
        (b"\x80\x02ok", ProtocolBroken),
        (b"\x89\x7e\x00\xff" + b"x" * 255, ProtocolBroken),
        (b"\x88\x01x", ProtocolBroken),
    ],
    ids=["half a frame", "a long one begun", "nothing", "masked", "reserved bits", "opcode", "no UTF-8", "continuation",
         "long ping", "short close"],
)  # fmt: skip
def test_half_frames_and_broken_ones(raw, client, bytes_sent: bytes, failure) -> None:
    """What is no whole message before the end, and what no server may send."""
    socket = client.websocket(raw(sends(bytes_sent)).url, deadline_seconds=5)
    with pytest.raises(failure):
        socket.receive(5)


def test_a_message_has_a_bound(raw, client) -> None:
    """Too long in one frame or in many: refused before it is held; the server is told why (1009)."""
    told = []

    def pours(sock, head, _number):
        sock.sendall(accepting(head))
        side = Connection(ConnectionType.SERVER)
        with contextlib.suppress(OSError):
            for _ in range(1000):
                sock.sendall(side.send(Message(data=b"x" * 1000, message_finished=False)))
        side.receive_data(sock.recv(4096))
        told.extend(event.code for event in side.events())

    socket = client.websocket(raw(pours).url, largest=10_000, deadline_seconds=5)
    with pytest.raises(TooLarge):
        socket.receive(5)
    with gevent.Timeout(5):
        while not told:
            gevent.sleep(0.01)
    assert told == [1009]


def test_messages_before_a_closing_are_read(raw, client) -> None:
    """What came in the same packet as the closing is not lost; then the closing is told, with code and words."""
    answer = sends(frames(Message(data="dernier"), CloseConnection(code=4003, reason="suspendue")))
    socket = client.websocket(raw(answer).url, deadline_seconds=5)
    assert socket.receive(5) == "dernier"
    with pytest.raises(Closed) as closed:
        socket.receive(5)
    assert (closed.value.code, closed.value.words) == (4003, "suspendue")


def test_pings_are_answered(raw, client) -> None:
    """A server's ping comes back as a pong with the same words, while the visitor waits for messages."""
    heard = []

    def pings(sock, head, _number):
        side = Connection(ConnectionType.SERVER)
        sock.sendall(accepting(head) + side.send(Ping(payload=b"la")))
        side.receive_data(sock.recv(4096))
        heard.extend(bytes(event.payload) for event in side.events())
        sock.sendall(side.send(Message(data="bien")))

    socket = client.websocket(raw(pings).url, deadline_seconds=5)
    assert socket.receive(5) == "bien"
    assert heard == [b"la"]


def test_compression_is_used_where_both_agree(raw, client) -> None:
    """permessage-deflate, offered on request only: the same message, fewer bytes on the wire."""

    def squeezes(sock, head, _number):
        offered = b"permessage-deflate" in head
        extension = PerMessageDeflate()
        more = []
        if offered:
            more.append(
                b"Sec-WebSocket-Extensions: permessage-deflate; " + extension.accept("permessage-deflate").encode()
            )
        sock.sendall(accepting(head, *more))
        gevent.sleep(0.05)
        sock.sendall(frames(Message(data="la " * 5000), extensions=[extension] * offered))
        sock.recv(4096)

    server = raw(squeezes)
    plain, squeezed = (client.websocket(server.url, compressed=each, deadline_seconds=5) for each in (False, True))
    assert plain.receive(5) == squeezed.receive(5) == "la " * 5000
    assert squeezed.bytes_received < 500
    assert plain.bytes_received > 15_000


def test_compression_that_nobody_offered_is_refused(raw, client) -> None:
    """A server that takes up an extension unasked breaks the protocol."""

    def presumes(sock, head, _number):
        sock.sendall(accepting(head, b"Sec-WebSocket-Extensions: permessage-deflate"))

    with pytest.raises(ProtocolBroken):
        client.websocket(raw(presumes).url, deadline_seconds=5)


def test_the_allow_list_holds_after_the_name_is_resolved(raw) -> None:
    """A name that leads elsewhere and an address outside are refused before a single packet."""
    server = raw(echo)
    port = server.server.server_port
    client = Client(allow=AllowList(networks=["192.0.2.0/24"]))
    for host in ("127.0.0.1", "localhost"):
        with pytest.raises(NotAllowed):
            client.websocket(f"ws://{host}:{port}/", deadline_seconds=5)
    named = Client(allow=AllowList(hosts=["ent.example"]))
    with pytest.raises(NotAllowed):
        named.websocket(server.url, deadline_seconds=5)
    assert server.connections == 0


@pytest.mark.needs("openssl")
def test_over_tls(client, tmp_path) -> None:
    """The same over TLS, certificate and name verified; an untrusted one is refused."""
    key, made = certificate(tmp_path, "localhost")
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)

    def serve(sock, _address):
        with contextlib.suppress(OSError):
            echo(sock, Raw.read(sock), 1)

    server = StreamServer(("127.0.0.1", 0), serve, ssl_context=context)
    server.start()
    trusting = Client(allow=AllowList(), tls=Tls(str(made), http="1.1"))
    try:
        socket = trusting.websocket(f"wss://localhost:{server.server_port}/", deadline_seconds=5)
        message = os.urandom(200_000)
        socket.send(message, deadline_seconds=5)
        assert socket.receive(5) == message
        socket.close()
        with pytest.raises(TlsFailed):
            client.websocket(f"wss://localhost:{server.server_port}/", deadline_seconds=5)
    finally:
        trusting.close()
        server.stop(timeout=0.1)


def test_an_interrupted_visitor_leaves_no_half_frame(raw, client) -> None:
    """Ended in the middle of a send, the socket is closed; ended while waiting, it can still say goodbye."""

    def deaf(sock, head, _number):
        sock.sendall(accepting(head))
        gevent.sleep(5)

    server = raw(deaf)
    socket = client.websocket(server.url, deadline_seconds=5)
    sender = gevent.spawn(socket.send, bytes(60_000_000), deadline_seconds=60)
    gevent.sleep(0.05)
    sender.kill()
    assert not socket.open
    waiting = client.websocket(server.url, deadline_seconds=5)
    reader = gevent.spawn(waiting.receive, 60)
    gevent.sleep(0.05)
    reader.kill()
    assert waiting.open


def test_nothing_is_left_after_closing(raw, client) -> None:
    """Descriptors are given back and objects freed without the collector, however the socket ended."""
    server = raw(echo, echo, sends(b"\x83\x02ok"), sends(frames(CloseConnection(code=1001))), sends(b"\x81"))
    client.websocket(server.url, deadline_seconds=5).close()
    before = len(list(Path("/proc/self/fd").iterdir()))
    freed = []
    gc.collect()
    gc.disable()
    try:
        for number in range(5):
            socket = client.websocket(server.url, deadline_seconds=5)
            freed += [weakref.ref(socket), weakref.ref(socket._connection), weakref.ref(socket._frames._proto)]
            if number:
                with contextlib.suppress(Closed, ConnectionLost, ProtocolBroken):
                    socket.receive(0.1)
            socket.close()
        del socket
        client.close()
        with gevent.Timeout(5):
            while len(list(Path("/proc/self/fd").iterdir())) > before:
                gevent.sleep(0.01)
        client._sockets.clear()
        assert [each() for each in freed] == [None] * len(freed)
    finally:
        gc.enable()


def test_closing_the_client_closes_its_sockets(raw, client) -> None:
    """A visit that ends leaves no socket open."""
    socket = client.websocket(raw(sends(then="stay")).url, deadline_seconds=5)
    client.close()
    assert not socket.open
    with pytest.raises(ConnectionLost):
        socket.receive(1)


def test_a_server_that_never_agrees_to_close_holds_nobody(raw, client) -> None:
    """Closing lasts no longer than its own deadline."""
    socket = client.websocket(raw(sends(then="stay")).url, deadline_seconds=5)
    began = time.monotonic()
    socket.close(deadline_seconds=0.2)
    assert time.monotonic() - began < 4  # the server stays for ever
    assert not socket.open
