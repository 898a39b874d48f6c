"""Several greenlets on one HTTP/2 connection: whoever leaves, however it leaves, forgets nobody."""

import os
import socket

import gevent
import pytest
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


def test_an_interruption_that_comes_too_late_is_harmless(serve, browser, monkeypatch) -> None:  # noqa: F811
    """The deadline and the answer in one turn of the loop: by then nobody reads, and the loop itself watches."""
    held, went_wrong, hub = {}, [], gevent.get_hub()
    server, client = serve(hold(held)), browser()
    get(client, server.url)
    waiting = asking(client, server, held, "/a")["/a"]
    monkeypatch.setattr(hub, "print_exception", lambda *error: went_wrong.append(error))
    timer = hub.loop.timer(0)
    timer.start(http2(client).wire.interrupt)  # of what is due in one turn, timers come before what has arrived
    answer_at_once(held, "/a")
    assert waiting.get(timeout=5).status == 200
    gevent.sleep(0.01)
    timer.close()
    assert went_wrong == []
    del held["/a"]
    again = asking(client, server, held, "/a")["/a"]
    answer_at_once(held, "/a")
    assert again.get(timeout=5).status == 200


def unread(conversation):
    """Lets everything be sent, and reads none of it once the first request is there."""
    conversation.side.increment_flow_control_window(2**30)
    conversation.side.update_settings({4: 2**30})
    conversation.flush()
    read = conversation.read

    def once():
        if conversation.requests:
            gevent.sleep(30)
        return read()

    conversation.read = once


def test_a_deadline_that_comes_while_sending_is_one(serve, browser) -> None:  # noqa: F811
    """The server reads nothing: the upload ends at its deadline, and says so."""
    server, client = serve(ok, begin=unread), browser()
    get(client, server.url)
    with pytest.raises(DeadlinePassed):
        client.request("POST", server.url, body=b"x" * 12_000_000, deadline_seconds=0.5)


def test_who_is_late_while_another_sends_is_late(serve, browser) -> None:  # noqa: F811
    """A GET whose deadline comes while an upload is stuck: late itself; the upload, on the same wire, is lost."""
    server, client = serve(ok, begin=unread), browser()
    get(client, server.url)

    def asked(method, seconds, body=None):
        try:
            return client.request(method, server.url, body=body, deadline_seconds=seconds)
        except ClientError as error:
            return error

    upload = gevent.spawn(asked, "POST", 20, b"x" * 12_000_000)
    until(lambda: http2(client)._writing)
    assert isinstance(asked("GET", 0.3), DeadlinePassed)
    upload.join(timeout=5)
    assert isinstance(upload.value, ConnectionLost)


def test_what_closed_unnoticed_takes_no_post(serve, browser) -> None:  # noqa: F811
    """The server has closed, and the loop has had no turn to see it: a POST must not be lost for that."""
    server, client = serve(ok), browser()
    get(client, server.url)
    number = server.conversations[0].sock.fileno()
    with socket.socket(fileno=os.dup(number)) as theirs:
        theirs.shutdown(socket.SHUT_WR)
    assert client.request("POST", server.url, body=b"", deadline_seconds=5).status == 200
    assert (server.number, len(server.conversations)) == (2, 2)


def test_a_closed_client_asks_nothing_again(serve, browser) -> None:  # noqa: F811
    """Closed while somebody waits: that request fails, and no new connection is made for it."""
    held = {}
    server, client = serve(hold(held)), browser()
    get(client, server.url)
    waiting = asking(client, server, held, "/a")["/a"]
    client.close()
    waiting.join(timeout=5)
    assert isinstance(waiting.exception, ConnectionLost)
    assert len(server.conversations) == 1


def test_who_is_ended_says_so_at_once(serve, browser) -> None:  # noqa: F811
    """The only greenlet on a connection is killed: the server is told, so that it need not go on working."""
    held = {}
    server, client = serve(hold(held)), browser()
    get(client, server.url)
    asking(client, server, held, "/a")["/a"].kill()
    conversation, stream = held["/a"]
    until(lambda: conversation.side._stream_is_closed_by_reset(stream))


@pytest.mark.parametrize("first", ["/reads", "/waits"])
def test_room_that_somebody_leaves_is_taken(serve, browser, first) -> None:  # noqa: F811
    """No more than two streams at once: one of their greenlets is killed, and the third request is sent for that."""
    held = {}
    server, client = serve(hold(held), settings={3: 2}), browser()
    get(client, server.url)
    found = asking(client, server, held, "/reads", "/waits")
    queued = gevent.spawn(get, client, f"{server.url}/queued", 20)
    gevent.sleep(0.01)
    found[first].kill()
    until(lambda: "/queued" in held)
    answer_at_once(held, "/queued")
    assert queued.get(timeout=5).status == 200
