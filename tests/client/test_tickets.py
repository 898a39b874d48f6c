"""TLS sessions of one visitor: resumed where they were given, and replaced once a server takes them no more."""

import gevent
import pytest
from gevent import ssl
from gevent.server import StreamServer
from tests.client.test_http2 import pair  # noqa: F401  fixture

from entsurge.client.allow_list import AllowList
from entsurge.client.client import Client
from entsurge.client.tls import Tls

pytestmark = pytest.mark.needs("openssl")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Server:
    """Answers each connection once, with the tickets of its present context."""

    def __init__(self, pair, newest):  # noqa: F811
        self.pair, self.newest = pair, newest
        self.forget()
        self.server = StreamServer(("127.0.0.1", 0), self.serve)
        self.server.start()
        self.url = f"https://localhost:{self.server.server_port}"

    def forget(self):
        """Let no ticket hold that was given until now."""
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.pair[1], self.pair[0])
        self.context.maximum_version = self.newest

    def serve(self, sock, _address):
        with self.context.wrap_socket(sock, server_side=True) as secured:
            secured.recv(4096)
            secured.sendall(ANSWER)


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def serve(request, pair):  # noqa: F811
    """Makes servers, and ends them."""
    made = []

    def make():
        made.append(Server(pair, request.param))
        return made[-1]

    with gevent.Timeout(60):
        yield make
    for each in made:
        each.server.stop(timeout=0.1)


@pytest.fixture
def visit(pair):  # noqa: F811
    """Asks for URLs as one visitor; says of each connection whether it was resumed."""
    heard = []
    client = Client(allow=AllowList(), tls=Tls(str(pair[1])), on_connection=lambda made: heard.append(made.resumed))

    def asked(*urls):
        heard.clear()
        for url in urls:
            client.request("GET", url, deadline_seconds=10)
        return list(heard)

    yield asked
    client.close()


def test_each_port_of_a_host_has_its_own_session(serve, visit) -> None:
    """Two servers of one host know nothing of each other's tickets: the second of each is resumed all the same."""
    one, other = serve(), serve()
    assert visit(one.url, other.url, one.url, other.url) == [False, False, True, True]


def test_a_session_that_holds_no_more_is_replaced(serve, visit) -> None:
    """A server whose tickets have expired costs one whole handshake, not one for each connection."""
    server = serve()
    assert visit(server.url, server.url) == [False, True]
    server.forget()
    assert visit(server.url, server.url) == [False, True]
