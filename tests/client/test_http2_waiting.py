"""Several greenlets on one HTTP/2 connection: whoever leaves, however it leaves, forgets nobody."""

import socket
import struct

import gevent
import pytest
from tests.client import http2_server as h2s
from tests.client.test_http2 import browser, get, ok, pair, serve, until  # noqa: F401  fixtures

from entsurge.client.failure import ClientError, ConnectionLost, DeadlinePassed

pytestmark = pytest.mark.needs("openssl")


def hold(held):
    """Answers the first request, holds the others."""

    def talk(conversation, stream, number):
        if number == 1:
            ok(conversation, stream, number)
        else:
            held[conversation.requests[-1][1][":path"]] = (conversation, stream)

    return talk


def http2(client):
    """The client's only HTTP/2 connection."""
    (pool,) = client.exchanges._pools.values()
    return pool._http2


def answer_at_once(held, *paths):
    """Answers of these requests in one piece."""
    for path in paths:
        conversation, stream = held[path]
        conversation.side.send_headers(stream, [(":status", "200")], end_stream=True)
    conversation.flush()


def asking(client, server, held, *paths):
    """A greenlet for each path, each one's request with the server before the next begins."""
    found = {}
    for path in paths:
        found[path] = gevent.spawn(get, client, f"{server.url}{path}", 20)
        until(lambda path=path: path in held)
    return found


def test_answers_that_come_together_forget_nobody(serve, browser) -> None:  # noqa: F811
    """The reader and the next to read are done by the same piece: the third is read for all the same."""
    held = {}
    server, client = serve(hold(held)), browser()
    get(client, server.url)
    found = asking(client, server, held, "/a", "/b", "/c")
    answer_at_once(held, "/a", "/b")
    gevent.joinall([found["/a"], found["/b"]], timeout=5)
    answer_at_once(held, "/c")
    found["/c"].join(timeout=2)
    assert [each.ready() for each in found.values()] == [True] * 3


def test_the_next_reader_may_be_ended_at_that_moment(serve, browser) -> None:  # noqa: F811
    """Ended in the turn in which reading is handed over to it: the one behind it reads."""
    held = {}
    server, client = serve(hold(held)), browser()
    get(client, server.url)
    found = asking(client, server, held, "/a", "/b", "/c")
    connection = http2(client)
    take = connection._take

    def ended_meanwhile(data):
        found["/b"].kill(block=False)
        take(data)

    connection._take = ended_meanwhile
    answer_at_once(held, "/a")
    gevent.joinall([found["/a"], found["/b"]], timeout=5)
    del connection._take
    answer_at_once(held, "/c")
    found["/c"].join(timeout=2)
    assert found["/c"].ready()
