"""HTTP/2 as a browser speaks it: against nginx, nghttpd, and a server that misbehaves frame by frame."""

import contextlib
import gc
import os
import re
import shutil
import struct
import subprocess
import sys
import weakref
from collections import Counter
from pathlib import Path

import gevent
import pytest
from tests.client import http2_server as h2s
from tests.client.test_tls import certificate

from entsurge.client.allow_list import AllowList
from entsurge.client.client import Client
from entsurge.client.failure import ClientError, ConnectionLost, DeadlinePassed, ProtocolBroken, TlsFailed, TooLarge
from entsurge.client.tls import Tls

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import servers

pytestmark = pytest.mark.needs("openssl")


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A key and a certificate for localhost."""
    return certificate(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.fixture
def serve(pair):
    """Makes servers that do as they are told, and ends them."""
    made = []

    def make(talk, **options):
        made.append(h2s.Http2Server(*pair, talk, **options))
        return made[-1]

    with gevent.Timeout(60):
        yield make
    for each in made:
        each.server.stop(timeout=0.1)


@pytest.fixture
def browser(pair):
    """Makes clients that trust the certificate, and closes them."""
    made = []

    def make(http="auto"):
        made.append(Client(allow=AllowList(), headers={"User-Agent": "test"}, tls=Tls(str(pair[1]), http=http)))
        return made[-1]

    yield make
    for each in made:
        each.close()


def ok(talk, stream, _number):
    """Answers every request."""
    talk.answer(stream, f"answer {stream}".encode(), ("set-cookie", "seen=1; Path=/; Secure"))


def get(client, url, seconds=5.0, **more):
    return client.request("GET", url, deadline_seconds=seconds, **more)


def until(condition, seconds=5.0):
    """Wait for a condition, at most so long."""
    with gevent.Timeout(seconds):
        while not condition():
            gevent.sleep(0.005)


def test_requests_go_at_once_on_one_connection(serve, browser) -> None:
    """Twelve requests, one connection; heads in lower case with cookies, without what belongs to a connection."""
    server, client = serve(ok), browser()
    first = get(client, f"{server.url}/door?a=1")
    assert (first.status, first.text, first.headers.get("Set-Cookie")) == (200, "answer 1", "seen=1; Path=/; Secure")
    found = client.fetch_many([f"{server.url}/{number}" for number in range(12)], deadline_seconds=5)
    assert [each.status for each in found] == [200] * 12
    assert len(server.conversations) == 1
    _, fields = server.conversations[0].requests[-1]
    assert fields[":path"] == "/11"
    assert fields[":authority"] == server.url.removeprefix("https://")
    assert (fields["cookie"], fields["user-agent"]) == ("seen=1", "test")
    assert not {"host", "connection"} & fields.keys()


def test_exchanges_are_told_with_their_protocol_and_connection(serve, browser) -> None:
    """The first request pays for the handshake, the others for none; all of it within each one's total."""
    server, client, heard = serve(ok), browser(), []
    client.exchanges.on_exchange = heard.append
    get(client, server.url)
    client.fetch_many([f"{server.url}/{number}" for number in range(3)], deadline_seconds=5)
    assert [(each.protocol, each.connection) for each in heard] == [("2", "full"), *[("2", "")] * 3]
    timing = heard[0].timing
    assert timing.tls_us > 0
    assert timing.name_us + timing.connect_us + timing.tls_us + timing.wait_us + timing.transfer_us <= timing.total_us


def test_a_body_larger_than_every_window_arrives(serve, browser) -> None:
    """An upload waits for the server's windows; an answer of several windows is read to the end."""

    def talk(conversation, stream, _number):
        sent, body = conversation.bodies[stream], b"x" * 200_000
        conversation.side.send_headers(stream, [(":status", "200"), ("x-got", str(len(sent)))])
        while body:
            room = min(conversation.side.local_flow_control_window(stream), 16_384)
            conversation.side.send_data(stream, body[:room], end_stream=len(body) <= room)
            body = body[room:]
            conversation.flush()

    client = browser()
    answer = client.request("POST", serve(talk).url, body=b"y" * 300_000, deadline_seconds=20)
    assert (answer.headers.get("x-got"), len(answer.body)) == ("300000", 200_000)


def test_a_refused_stream_is_asked_again(serve, browser) -> None:
    """REFUSED_STREAM: nobody has worked on it, so that even a POST is made again."""

    def talk(conversation, stream, number):
        if number == 2:
            conversation.raw(h2s.reset(stream, h2s.REFUSED_STREAM))
        else:
            ok(conversation, stream, number)

    server, client = serve(talk), browser()
    get(client, server.url)
    assert client.request("POST", server.url, body=b"x", deadline_seconds=5).status == 200
    assert server.number == 3


def test_who_refuses_for_ever_is_believed(serve, browser) -> None:
    """A server that refuses again and again is asked three times, not for ever."""
    server = serve(lambda conversation, stream, _: conversation.raw(h2s.reset(stream, h2s.REFUSED_STREAM)))
    with pytest.raises(ConnectionLost, match="REFUSED_STREAM"):
        get(browser(), server.url)
    assert server.number == 3


def test_a_goodbye_below_our_stream_moves_it_to_a_new_connection(serve, browser) -> None:
    """GOAWAY with a lower last stream: processed by nobody, asked again elsewhere, a POST too."""

    def talk(conversation, stream, number):
        if number == 2:
            conversation.raw(h2s.goodbye(stream - 2))
        else:
            ok(conversation, stream, number)

    server, client = serve(talk), browser()
    get(client, server.url)
    assert client.request("POST", server.url, body=b"x", deadline_seconds=5).status == 200
    assert len(server.conversations) == 2


def test_what_was_begun_is_finished_after_a_goodbye(serve, browser) -> None:
    """GOAWAY that holds our streams: they end as they should, the next request goes over a new connection."""

    def talk(conversation, stream, number):
        if number == 1:
            conversation.side.send_headers(stream, [(":status", "200")])
            conversation.raw(
                h2s.goodbye(stream),
                h2s.frame(h2s.DATA, b"first", stream=stream),
                h2s.frame(h2s.DATA, b"last", flags=h2s.END_STREAM, stream=stream),
            )
        else:
            ok(conversation, stream, number)

    server, client = serve(talk), browser()
    assert get(client, server.url).text == "firstlast"
    assert get(client, server.url).status == 200
    assert len(server.conversations) == 2


@pytest.mark.parametrize("code", [h2s.CANCEL, 2, 99])
def test_a_reset_in_the_middle_fails_that_stream_alone(serve, browser, code) -> None:
    """One of three streams is reset: it fails with the code, the others are whole."""

    def talk(conversation, stream, number):
        if number == 3:
            conversation.side.send_headers(stream, [(":status", "200")])
            conversation.raw(h2s.frame(h2s.DATA, b"half", stream=stream), h2s.reset(stream, code))
        else:
            ok(conversation, stream, number)

    server, client = serve(talk), browser()
    get(client, server.url)
    found = client.fetch_many([f"{server.url}/{number}" for number in range(3)], deadline_seconds=5)
    failed = [each for each in found if isinstance(each, ClientError)]
    assert [type(each) for each in failed] == [ConnectionLost]
    assert "reset the stream" in str(failed[0])
    assert len(server.conversations) == 1


def test_a_dead_connection_fails_each_stream_with_its_reason(serve, browser) -> None:
    """The server closes in the middle of three answers: three failures, none of them a hang."""

    def talk(conversation, stream, number):
        if number == 1:
            ok(conversation, stream, number)
            return None
        conversation.side.send_headers(stream, [(":status", "200")])
        conversation.side.send_data(stream, b"half")
        conversation.flush()
        return "close" if number == 4 else None

    server, client = serve(talk), browser()
    get(client, server.url)
    found = client.fetch_many([f"{server.url}/{number}" for number in range(3)], deadline_seconds=5)
    assert [getattr(each, "reason", "") for each in found] == ["reset"] * 3


def test_a_kept_connection_that_has_ended_is_replaced(serve, browser) -> None:
    """Closed while idle: the loop has noticed, the next request goes over a new one, a POST too."""
    server, client = serve(lambda *given: ok(*given) or ("close" if given[2] == 1 else None)), browser()
    get(client, server.url)
    pool = next(iter(client.exchanges._pools.values()))
    until(lambda: not pool._http2.open)
    assert client.request("POST", server.url, body=b"", deadline_seconds=5).status == 200
    assert len(server.conversations) == 2


def test_each_stream_has_its_own_deadline(serve, browser) -> None:
    """One stream never answers and ends at its deadline; the connection goes on, the other visitor's half too."""

    def talk(conversation, stream, number):
        if conversation.requests[-1][1][":path"] != "/never":
            ok(conversation, stream, number)

    server, client = serve(talk), browser()
    get(client, server.url)

    def too_long():
        with pytest.raises(DeadlinePassed):
            get(client, f"{server.url}/never", 0.4)

    waiting = gevent.spawn(too_long)
    until(lambda: server.number == 2)
    assert [get(client, f"{server.url}/{number}").status for number in range(5)] == [200] * 5
    waiting.get(timeout=5)
    assert get(client, server.url).status == 200
    assert len(server.conversations) == 1


def test_whoever_reads_hands_reading_on(serve, browser) -> None:
    """The first to wait reads for all; when it is done, the next goes on, and nobody is forgotten."""
    held = []

    def talk(conversation, stream, number):
        held.append((conversation, stream))
        if len(held) == 7:
            for each, of in held:
                gevent.sleep(0)
                ok(each, of, number)

    server, client = serve(lambda *given: ok(*given) if given[2] == 1 else talk(*given)), browser()
    get(client, server.url)
    asking = [gevent.spawn(get, client, f"{server.url}/{number}") for number in range(7)]
    gevent.joinall(asking, timeout=10, raise_error=True)
    assert [each.value.status for each in asking] == [200] * 7
    assert len(server.conversations) == 1


def test_a_visitor_that_is_ended_cancels_its_streams(serve, browser) -> None:
    """A greenlet killed in the middle resets its own stream; others on the connection are served."""
    server, client = (
        serve(lambda *given: None if given[0].requests[-1][1][":path"] == "/never" else ok(*given)),
        browser(),
    )
    get(client, server.url)
    ended = gevent.spawn(get, client, f"{server.url}/never", 30)
    until(lambda: server.number == 2)
    ended.kill()
    assert get(client, server.url).status == 200
    assert len(server.conversations) == 1


def test_pings_and_settings_are_answered_while_nobody_waits(serve, browser) -> None:
    """A ping while the visitor reads a page: acknowledged by the loop, without a request."""
    server, client = serve(ok), browser()
    get(client, server.url)
    (talk,) = server.conversations
    talk.side.ping(b"12345678")
    talk.flush()
    until(lambda: talk.acks == 1)
    assert get(client, server.url).status == 200


def test_no_more_streams_than_the_server_takes(serve, browser) -> None:
    """MAX_CONCURRENT_STREAMS of two: eight requests, never more than two at once, all served."""
    most, open_now = [], set()

    def talk(conversation, stream, number):
        open_now.add(stream)
        most.append(len(open_now))
        gevent.sleep(0)
        open_now.discard(stream)
        ok(conversation, stream, number)

    server, client = serve(talk, settings={3: 2}), browser()
    get(client, server.url)
    found = client.fetch_many([f"{server.url}/{number}" for number in range(8)], deadline_seconds=10)
    assert [each.status for each in found] == [200] * 8
    asked = [stream for stream, _ in server.conversations[0].requests]
    assert len(asked) == 9
    assert max(most) <= 2


def test_an_upload_may_be_answered_before_it_is_heard_out(serve, browser) -> None:
    """413 while the body is still under way: the answer counts, the rest is not sent."""

    def begin(conversation):
        read = conversation.read

        def early():
            found = read()
            for stream, _ in conversation.requests:
                if stream not in seen:
                    seen.append(stream)
                    conversation.answer(stream, b"too large", status="413")
            return [] if found is not None else None

        conversation.read = early

    seen = []
    server, client = serve(ok, begin=begin), browser()
    answer = client.request("POST", server.url, body=b"x" * 3_000_000, deadline_seconds=10)
    assert (answer.status, answer.text) == (413, "too large")


@pytest.mark.parametrize(
    ("frames", "kind", "words"),
    [
        ([h2s.frame(99, b"?" * 17_000)], ProtocolBroken, "not HTTP/2"),
        ([h2s.frame(h2s.HEADERS, b"\xff" * 20, flags=h2s.END_HEADERS, stream=1)], ProtocolBroken, "not HTTP/2"),
        ([h2s.frame(h2s.DATA, b"x", stream=7)], ProtocolBroken, "not HTTP/2"),
        ([h2s.frame(h2s.WINDOW_UPDATE, struct.pack(">I", 0))], ProtocolBroken, "not HTTP/2"),
        ([h2s.frame(h2s.SETTINGS, b"123")], ProtocolBroken, "not HTTP/2"),
        ([h2s.frame(h2s.PING, b"1")], ProtocolBroken, "not HTTP/2"),
        ([h2s.reset(1, h2s.HTTP_1_1_REQUIRED)], ConnectionLost, 'http = "1.1"'),
        ([h2s.goodbye(0, 11)], ConnectionLost, "ENHANCE_YOUR_CALM"),
    ],
)  # fmt: skip
def test_a_server_that_misbehaves_is_a_failure_with_its_reason(serve, browser, frames, kind, words) -> None:
    """What is no HTTP/2 fails the request with a sentence, never with another exception."""
    server = serve(lambda conversation, *_: conversation.raw(*frames) or "close")
    with pytest.raises(kind, match=re.escape(words)):
        get(browser(), server.url)


def test_http1_on_a_port_that_promised_http2_is_named(pair, browser) -> None:
    """ALPN says h2, the answer is HTTP/1.1: the sentence says what to write in the target file."""
    from tests.client.test_tls import serving

    liar = serving(*pair, alpn=("h2",))
    try:
        with pytest.raises(ProtocolBroken, match=r'http = "1\.1"'):
            get(browser(), f"https://localhost:{liar.server_port}")
    finally:
        liar.stop(timeout=0.1)


def test_limits_hold(serve, browser) -> None:
    """Too many fields, too large a body, too many interim answers: that stream is refused."""

    def talk(conversation, stream, _number):
        path = conversation.requests[-1][1][":path"]
        if path == "/fields":
            conversation.answer(stream, b"", *((f"x-{number}", "1") for number in range(300)))
        elif path == "/interim":
            for _ in range(40):
                conversation.side.send_headers(stream, [(":status", "103")])
            conversation.answer(stream)
        else:
            conversation.side.send_headers(stream, [(":status", "200")])
            with contextlib.suppress(Exception):
                for _ in range(40):
                    conversation.side.send_data(stream, b"x" * 16_000)
                    conversation.flush()

    server, client = serve(talk), browser()
    for path, kind in (("/fields", TooLarge), ("/interim", ProtocolBroken)):
        with pytest.raises(kind):
            get(client, f"{server.url}{path}")
    next(iter(client.exchanges._pools.values()))._http2.largest = 100_000
    with pytest.raises(TooLarge):
        get(client, f"{server.url}/body")


def test_what_alpn_offers_is_spoken(serve, browser, pair) -> None:
    """Nothing offered: HTTP/1.1, unless only HTTP/2 will do, which is said; "1.1" never speaks HTTP/2."""
    from tests.client.test_tls import serving

    old = serving(*pair)
    url = f"https://localhost:{old.server_port}"
    try:
        assert get(browser(), url).text == "secret"
        assert get(browser("1.1"), url).text == "secret"
        with pytest.raises((ProtocolBroken, TlsFailed), match="does not offer HTTP/2"):
            get(browser("2"), url)
    finally:
        old.stop(timeout=0.1)
    assert get(browser("2"), serve(ok).url).status == 200


def test_a_closed_client_leaves_no_circle_behind(serve, browser) -> None:
    """Client, connection and streams are freed without the collector, which would stall everybody."""
    server, client = serve(ok), browser()
    get(client, server.url)
    client.fetch_many([f"{server.url}/{number}" for number in range(3)], deadline_seconds=5)
    freed = [weakref.ref(each._http2) for each in client.exchanges._pools.values()]
    gc.collect()
    gc.disable()
    try:
        client.close()
        client.exchanges._pools.clear()
        assert [each() for each in freed] == [None]
    finally:
        gc.enable()


@pytest.mark.needs("nginx", "taskset")
def test_nginx_says_goodbye_and_counts_as_we_do() -> None:
    """keepalive_requests of 20: 200 pages by nginx's own log, each asked once, over ten connections."""
    with servers.nginx(http2=True, log=True, keepalive_requests=20) as served, gevent.Timeout(60):
        client, heard = Client(allow=AllowList(), tls=Tls(str(served.authority))), []
        client.exchanges.on_exchange = heard.append
        for turn in range(20):
            urls = [f"{served.secure_url}/index.html?{turn}-{number}" for number in range(10)]
            found = client.fetch_many(urls, deadline_seconds=10)
            assert [each.status for each in found] == [200] * 10
        client.close()
        rows = served.log_rows(200)
    assert Counter(row.target for row in rows).most_common(1)[0][1] == 1
    assert {row.protocol for row in rows} == {"HTTP/2.0"}
    assert len({row.connection for row in rows}) == sum(each.connection != "" for each in heard) == 10
    assert {each.protocol for each in heard} == {"2"}


@pytest.mark.needs("nghttpd")
def test_nghttpd_serves_large_files_and_echoes_uploads(pair, tmp_path) -> None:
    """nghttp2's own server: 3 MB down through its windows, 300 kB up and back, eight at once."""
    (tmp_path / "big.bin").write_bytes(os.urandom(3_000_000))
    port = servers.free_port()
    process = subprocess.Popen(
        [shutil.which("nghttpd"), "--echo-upload", "-d", str(tmp_path), str(port), str(pair[0]), str(pair[1])],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        servers.listening(port)
        with gevent.Timeout(60):
            client = Client(allow=AllowList(), tls=Tls(str(pair[1]), http="2"))
            url = f"https://localhost:{port}"
            assert get(client, f"{url}/big.bin", 20).body == (tmp_path / "big.bin").read_bytes()
            sent = os.urandom(300_000)
            assert client.request("POST", f"{url}/echo", body=sent, deadline_seconds=20).body == sent
            found = client.fetch_many([f"{url}/big.bin?{number}" for number in range(8)], deadline_seconds=30)
            assert [len(each.body) for each in found] == [3_000_000] * 8
            assert get(client, f"{url}/none").status == 404
            client.close()
    finally:
        process.terminate()
        process.wait()
