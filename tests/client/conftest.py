"""A raw server that misbehaves as told, in gevent's own loop beside the client."""

from collections.abc import Callable, Iterator

import gevent
import pytest
from gevent.server import StreamServer

from entsurge.client.allow_list import AllowList
from entsurge.client.client import Client

Answer = Callable[[object, bytes, int], object]


class Raw:
    """Reads a request's head and lets `answer(socket, head, number)` do the rest; the last answer repeats."""

    def __init__(self, *answers: Answer | bytes, address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self.answers, self.heads, self.connections = answers, [], 0
        self.server = StreamServer(address, self.serve)
        self.server.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def serve(self, sock, _address) -> None:
        self.connections += 1
        while head := self.read(sock):
            self.heads.append(head)
            answer = self.answers[min(len(self.heads), len(self.answers)) - 1]
            if isinstance(answer, bytes):
                sock.sendall(answer)
            elif answer(sock, head, len(self.heads)) == "close":
                return

    @staticmethod
    def read(sock) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            try:
                piece = sock.recv(4096)
            except OSError:
                return b""
            if not piece:
                return b""
            data += piece
        return data


@pytest.fixture
def raw() -> Iterator[Callable[..., Raw]]:
    """Makes raw servers, and ends them."""
    made = []

    def make(*answers: Answer | bytes, address: tuple[str, int] = ("127.0.0.1", 0)) -> Raw:
        made.append(Raw(*answers, address=address))
        return made[-1]

    yield make
    for server in made:
        server.server.stop(timeout=0.1)


@pytest.fixture
def client() -> Iterator[Client]:
    """A client that may speak to loopback."""
    with gevent.Timeout(60):
        found = Client(allow=AllowList(), headers={"User-Agent": "test"})
        yield found
        found.close()


def ok(body: bytes = b"ok", *fields: bytes, status: bytes = b"200 OK") -> bytes:
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *fields]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
