"""What a visit leaves is freed when it ends, without the collector, which would stall everybody: failures too."""

import gc
import socket
import struct
import weakref

import gevent
import pytest
from tests.client import http2_server as h2s
from tests.client.conftest import ok as ok1
from tests.client.test_http2 import ok, pair, serve  # noqa: F401  fixtures

from entsurge.client.allow_list import AllowList
from entsurge.client.client import Client
from entsurge.client.failure import ClientError
from entsurge.client.tls import Tls


def broken_by_reset(sock, *_):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
    return "close"


def half(sock, *_):
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf")
    return "close"


def never(*_):
    gevent.sleep(1)


def one(client, url):
    client.get(url, deadline_seconds=0.3)


def several(client, url):
    client.fetch_many([f"{url}/1", f"{url}/2"], deadline_seconds=0.3)


def killed(client, url):
    asking = gevent.spawn(client.get, url, deadline_seconds=5)
    gevent.sleep(0.05)
    asking.kill()


def parts(client):
    """Whatever of a client can be seen to be freed."""
    found = [client, client.exchanges]
    for pool in client.exchanges._pools.values():
        found += [pool, *pool._idle]
        found += [pool._http2, pool._http2._frames] if pool._http2 else []
    return found


def left_behind(url, ask, authority=None):
    """What is there of a client after a request that goes well, one that does not, and its closing."""
    client = Client(allow=AllowList(), tls=Tls(authority))
    client.get(url, deadline_seconds=5)
    freed = [weakref.ref(each) for each in parts(client)]
    try:
        ask(client, url)
    except ClientError:
        freed += [weakref.ref(each) for each in parts(client)]
    client.close()
    del client
    gevent.sleep(0.01)  # the wires are closed in the hub's next turn
    return [type(each()).__name__ for each in freed if each() is not None]


@pytest.fixture(autouse=True)
def _without_collector():
    gc.collect()
    gc.disable()
    with gevent.Timeout(60):
        yield
    gc.enable()


@pytest.mark.parametrize("ask", [one, several, killed])
@pytest.mark.parametrize("answer", [ok1(), half, broken_by_reset, b"\0\r\n\r\n", never])
def test_failures_of_http1_hold_nothing(raw, answer, ask) -> None:
    """Cut, reset, no HTTP, late, given up: client, pool and connection are gone."""
    server = raw(ok1(), answer)
    assert left_behind(server.url, ask) == []


def test_refused_connections_hold_nothing(raw) -> None:
    """Nobody listens at the address any more."""
    server = raw(lambda sock, *_: sock.sendall(ok1(b"", b"Connection: close")))

    def stopped(client, url):
        server.server.stop()
        one(client, url)

    assert left_behind(server.url, stopped) == []


ENDS = {
    "whole": None,
    "cut": lambda talk, stream: "close",
    "junk": lambda talk, stream: talk.raw(h2s.frame(h2s.PING, b"1")),
    "reset": lambda talk, stream: talk.raw(h2s.reset(stream, 2)),
    "refused": lambda talk, stream: talk.raw(h2s.reset(stream, h2s.REFUSED_STREAM)),
    "goodbye": lambda talk, stream: talk.raw(h2s.goodbye(0, 11)),
    "late": lambda talk, stream: None,
}


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("ask", [one, several, killed])
@pytest.mark.parametrize("end", ENDS)
def test_failures_of_http2_hold_nothing(serve, pair, end, ask) -> None:  # noqa: F811
    """However a stream or a connection ends: client, pool, connection and framing are gone."""

    def talk(conversation, stream, number):
        return ok(conversation, stream, number) if number == 1 or not ENDS[end] else ENDS[end](conversation, stream)

    server = serve(talk)
    assert left_behind(server.url, ask, str(pair[1])) == []
