"""A server whose connections do not all speak the same protocol: none is forgotten open."""

from contextlib import suppress

import gevent
import pytest
from gevent import ssl
from gevent.server import StreamServer
from tests.client import http2_server as h2s
from tests.client.test_http2 import browser, ok, pair, until  # noqa: F401  fixtures

pytestmark = pytest.mark.needs("openssl")


def test_several_connections_that_turn_out_http2_leave_one(pair, browser) -> None:  # noqa: F811
    """The first was HTTP/1.1, so six are dialled at once, all of which are HTTP/2: one stays open, and ends with us."""
    contexts = []
    for protocol in ("http/1.1", "h2"):
        contexts.append(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        contexts[-1].load_cert_chain(pair[1], pair[0])
        contexts[-1].set_alpn_protocols([protocol])
    made, ended = [], []

    def serve(sock, _address):
        made.append(sock)
        number = len(made)
        with suppress(OSError), contexts[number > 1].wrap_socket(sock, server_side=True) as secured:
            if number == 1:
                secured.recv(4096)
                secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            else:
                conversation = h2s.Conversation(secured)
                while (streams := conversation.read()) is not None:
                    for stream in streams:
                        ok(conversation, stream, 0)
        ended.append(sock)

    server = StreamServer(("127.0.0.1", 0), serve)
    server.start()
    url, client = f"https://localhost:{server.server_port}", browser()
    with gevent.Timeout(30):
        client.get(url, deadline_seconds=5)
        found = client.fetch_many([f"{url}/{number}" for number in range(6)], deadline_seconds=5)
        assert [each.status for each in found] == [200] * 6
        client.close()
        until(lambda: len(ended) == len(made) == 7)
    server.stop(timeout=0.1)
