"""Where a request's time went, against a server that says itself how long it let the client wait."""

import socket
import time
from types import SimpleNamespace

import gevent

from entsurge.client.client import Client, Exchange

HELD_SECONDS = 0.05
BODY = bytes(10 * 1024 * 1024)  # more than the system's buffers hold: to have sent it means that it is being read


def late(seen: SimpleNamespace):
    """An answer whose first byte and whose last byte are held back, and what the server saw of it."""

    def answer(sock: socket.socket, _head: bytes, _number: int) -> None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        asked = time.monotonic_ns()
        gevent.sleep(HELD_SECONDS)
        seen.first_us = (time.monotonic_ns() - asked) // 1000
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY[:-1])
        nearly = time.monotonic_ns()
        gevent.sleep(HELD_SECONDS)
        seen.last_us = (time.monotonic_ns() - nearly) // 1000
        sock.sendall(BODY[-1:])

    return answer


def test_wait_and_transfer_are_what_the_server_held_back(raw, client: Client) -> None:
    """Each at least what the server says that it held back, together no more than the whole; no TLS without TLS."""
    seen, heard = SimpleNamespace(), []
    client.exchanges.on_exchange = heard.append
    answer = client.get(raw(late(seen)).url, deadline_seconds=30)
    timing = answer.timing
    assert len(answer.raw) == len(BODY)
    assert timing.wait_us >= seen.first_us > 0
    assert timing.transfer_us >= seen.last_us > 0
    steps = (timing.name_us, timing.connect_us, timing.tls_us, timing.wait_us, timing.transfer_us)
    assert sum(steps) <= timing.total_us
    assert (timing.tls_us, [each.connection for each in heard]) == (0, ["plain"])


def test_a_kept_connection_costs_no_name_and_no_handshake(raw, client: Client) -> None:
    """The second request has neither; what was agreed on is told with the first one alone."""
    heard: list[Exchange] = []
    client.exchanges.on_exchange = heard.append
    server = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    first, second = (client.get(server.url, deadline_seconds=10) for _ in range(2))
    assert (second.timing[:3], [each.connection for each in heard]) == ((0, 0, 0), ["plain", ""])
    assert str(first.negotiated) == "HTTP/1.1"
    assert (first.negotiated.address, first.negotiated.tls) == ("127.0.0.1", None)
    assert second.negotiated is None
