"""A server that never stops talking holds up nobody but itself: each turn of the loop takes in a bounded piece."""

import resource
import subprocess
import sys
import textwrap

import gevent
import pytest
from tests.client import http2_server as h2s
from tests.client.test_http2 import browser, get, pair  # noqa: F401  fixtures

pytestmark = pytest.mark.needs("openssl")
FLOOD_BYTES = 600_000_000
SERVER = """
    import socket, ssl, sys
    key, made, protocol, answer, frames, size = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    context.set_alpn_protocols([protocol])
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    sock = context.wrap_socket(listening.accept()[0], server_side=True)
    while len(sock.recv(65536)) < 40:
        pass
    sock.sendall(bytes.fromhex(answer))
    flood, sent = bytes.fromhex(frames), 0
    flood *= 1 + 200_000 // len(flood)
    while sent < int(size):
        sock.sendall(flood)
        sent += len(flood)
"""
HEAD = h2s.frame(h2s.SETTINGS) + h2s.frame(h2s.HEADERS, b"\x88", flags=h2s.END_HEADERS | h2s.END_STREAM, stream=1)


@pytest.fixture
def flood(pair):  # noqa: F811
    """Begins a process that answers one request and then says the same for ever, or nearly."""
    made = []

    def make(protocol, answer, frames):
        given = [*map(str, pair), protocol, answer.hex(), frames.hex(), str(FLOOD_BYTES)]
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(SERVER), *given], stdout=subprocess.PIPE, text=True
        )
        made.append(process)
        return process, f"https://localhost:{int(process.stdout.readline())}"

    with gevent.Timeout(60):
        yield make
    for each in made:
        each.kill()
        each.wait()
        each.stdout.close()


@pytest.mark.parametrize(
    "frames", [h2s.frame(99, b"?" * 16_000), h2s.frame(2, b"\0\0\0\0\0", stream=3), h2s.frame(h2s.PING, b"12345678")]
)
def test_a_flood_while_nobody_waits_lets_the_loop_go_on(flood, browser, frames) -> None:  # noqa: F811
    """Unknown frames, priorities or pings without end: others get their turns, and nothing piles up."""
    process, url = flood("h2", HEAD, frames)
    client = browser()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert get(client, url).status == 200
    for _ in range(30):
        gevent.sleep(0.001)
    assert process.poll() is None
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
