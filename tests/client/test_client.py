"""The visitor's client against servers that misbehave in every way that servers do."""

import contextlib
import gc
import gzip
import importlib.util
import time
import weakref
import zlib
from itertools import pairwise
from pathlib import Path

import brotli
import gevent
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entsurge.client.allow_list import AllowList
from entsurge.client.client import Client
from entsurge.client.failure import (
    ConnectionLost,
    ConnectRefused,
    DeadlinePassed,
    NotAllowed,
    ProtocolBroken,
    TooLarge,
    TooManyRedirects,
)

_spec = importlib.util.spec_from_file_location("visit_conftest", Path(__file__).with_name("conftest.py"))
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
ok, Raw = _module.ok, _module.Raw


def test_a_connection_is_kept_and_used_again(raw, client) -> None:
    """Two requests, one connection; the second one says so."""
    server = raw(ok(b"one"), ok(b"two"))
    first, second = (client.request("GET", server.url, deadline_seconds=5) for _ in range(2))
    assert (first.text, second.text, server.connections) == ("one", "two", 1)
    assert (first.reused, second.reused) == (False, True)
    assert second.timing.connect_us == 0 < first.timing.total_us


def test_a_dripping_server_cannot_defeat_the_deadline(raw, client) -> None:
    """A byte now and then keeps no request alive past its one total deadline."""

    def drip(sock, _head, _number) -> str:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(400):
            sock.sendall(b".")
            gevent.sleep(0.02)
        return "close"

    started = time.monotonic()
    with pytest.raises(DeadlinePassed):
        client.request("GET", raw(drip).url, deadline_seconds=0.3)
    assert 0.3 <= time.monotonic() - started < 4


def test_a_silent_server_ends_by_the_deadline(raw, client) -> None:
    """A server that accepts and says nothing is a timeout, and the connection is not used again."""
    server = raw(lambda *_: gevent.sleep(5))
    with pytest.raises(DeadlinePassed):
        client.request("GET", server.url, deadline_seconds=0.2)


def test_a_stale_connection_is_replaced_once_for_get(raw, client) -> None:
    """The server closes a kept connection: a GET is asked again, once, on a new one."""

    def closes(sock, _head, _number) -> str:
        sock.sendall(ok(b"one"))
        return "close"

    server = raw(closes, ok(b"two"))
    assert client.request("GET", server.url, deadline_seconds=5).text == "one"
    assert client.request("GET", server.url, deadline_seconds=5).text == "two"
    assert server.connections == 2


def test_a_post_is_never_sent_twice(raw, client) -> None:
    """A POST on a stale connection fails: it may have been carried out."""
    server = raw(ok(b"one"), lambda *_: "close", ok(b"again"))
    client.request("GET", server.url, deadline_seconds=5)
    with pytest.raises(ConnectionLost):
        client.request("POST", server.url, body=b"x", deadline_seconds=5)
    assert len(server.heads) == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", ConnectionLost),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", ConnectionLost),
        (b"HTTP/1.1 200 OK\r\nConte", ConnectionLost),
        (b"", ConnectionLost),
        (b"SSH-2.0-OpenSSH_9.2\r\n", ProtocolBroken),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", ProtocolBroken),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", ProtocolBroken),
        (b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(400)) + b"\r\n", TooLarge),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 17_000_000, TooLarge),
    ],
)
def test_a_broken_answer_is_named(raw, client, answer: bytes, error: type[Exception]) -> None:
    """Cut off, no HTTP, too large: each its own error, no hang and no other exception."""

    def send(sock, _head, _number) -> str:
        with contextlib.suppress(OSError):
            sock.sendall(answer)
        return "close"

    with pytest.raises(error):
        client.request("GET", raw(send).url, deadline_seconds=10)


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nto the end", b"to the end"),
        (b"HTTP/1.0 200 OK\r\n\r\nold", b"old"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ok(b"after"), b"after"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + ok(b"third"), b"third"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n",
            b"abcde",
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (ok(gzip.compress(b"plain", mtime=0), b"Content-Encoding: gzip"), b"plain"),
        (ok(brotli.compress(b"plain"), b"Content-Encoding: br"), b"plain"),
        (ok(zlib.compress(b"plain"), b"Content-Encoding: deflate"), b"plain"),
        (ok(zlib.compress(b"plain")[2:-4], b"Content-Encoding: deflate"), b"plain"),
    ],
)
def test_every_kind_of_body_is_read(raw, client, answer: bytes, body: bytes) -> None:
    """Close-delimited, interim answers, chunked with trailers, empty, gzip, brotli, both deflates."""

    def send(sock, _head, _number) -> str:
        sock.sendall(answer)
        return "close"

    assert client.request("GET", raw(send).url, deadline_seconds=5).body == body


def test_head_has_no_body(raw, client) -> None:
    """A HEAD's Content-Length announces nothing to wait for."""
    answer = client.request("HEAD", raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n").url, deadline_seconds=3)
    assert (answer.status, answer.body) == (200, b"")


def test_a_body_that_cannot_be_decoded_fails_only_when_read(raw, client) -> None:
    """Decompression is lazy: the answer itself is there."""
    answer = client.request("GET", raw(ok(b"no gzip", b"Content-Encoding: gzip")).url, deadline_seconds=5)
    assert answer.status == 200
    with pytest.raises(ProtocolBroken):
        _ = answer.body


def test_redirects_are_followed_hop_by_hop(raw, client) -> None:
    """Each hop is seen, cookies set on the way are sent on, POST becomes GET after 302."""
    server = raw(
        ok(b"", b"Location: /two", b"Set-Cookie: a=1; Path=/", status=b"302 Found"),
        ok(b"", b"Location: three", status=b"303 See Other"),
        ok(b"there"),
    )
    hops = []
    first = client.request("POST", f"{server.url}/one", body=b"x", deadline_seconds=5)
    answer = client.follow(first, deadline_seconds=5, on_hop=lambda hop: hops.append(hop.status))
    assert (answer.text, hops) == ("there", [302, 303])
    assert server.heads[1].startswith(b"GET /two ")
    assert b"Cookie: a=1" in server.heads[1]


def test_a_redirect_out_of_the_allow_list_is_refused(raw, client) -> None:
    """The target cannot send the load elsewhere."""
    server = raw(ok(b"", b"Location: http://192.0.2.7/", status=b"302 Found"))
    with pytest.raises(NotAllowed):
        client.get(server.url, deadline_seconds=5)


def test_a_circle_of_redirects_ends(raw, client) -> None:
    """Ten hops, then an error."""
    with pytest.raises(TooManyRedirects):
        client.get(raw(ok(b"", b"Location: /", status=b"302 Found")).url, deadline_seconds=5)


def test_nothing_listens(client) -> None:
    """A refused connection says so."""
    with pytest.raises(ConnectRefused):
        client.request("GET", "http://127.0.0.1:9/", deadline_seconds=5)


@pytest.mark.parametrize("url", ["http://192.0.2.1/", "http://[2001:db8::1]/", "http://[::ffff:192.0.2.1]/"])
def test_addresses_outside_loopback_are_refused(client, url: str) -> None:
    """By default only loopback is connected to, however the address is written."""
    with pytest.raises(NotAllowed):
        client.request("GET", url, deadline_seconds=5)


@pytest.mark.parametrize("url", ["", "ftp://127.0.0.1/", "http://", "http://127.0.0.1:99999/", "http://a b/"])
def test_what_is_no_address_is_refused(client, url: str) -> None:
    """A broken link is a ClientError, never another exception."""
    with pytest.raises(ProtocolBroken):
        client.request("GET", url, deadline_seconds=5)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_goodbye_that_crossed_the_request_is_no_answer(raw, client, method: str) -> None:
    """408 on a connection kept from before: asked again on another one; on a new connection it is the answer."""

    def tired(sock, _head, _number) -> str:
        sock.sendall(ok(b"", b"Connection: close", status=b"408 Request Timeout"))
        return "close"

    server = raw(ok(), tired, ok(b"again"))
    assert client.request("GET", f"{server.url}/1", deadline_seconds=5).body == b"ok"
    assert client.request(method, f"{server.url}/2", deadline_seconds=5).body == b"again"
    assert server.connections == 2


def test_a_first_408_is_the_answer(raw, client) -> None:
    """A server that tires of a request on a connection made for it has answered it."""
    server = raw(ok(b"late", b"Connection: close", status=b"408 Request Timeout"))
    assert client.request("GET", server.url, deadline_seconds=5).status == 408


def test_assets_come_in_parallel_and_once(raw, client) -> None:
    """Six at once; what is fresh is not asked for again; what has changed is asked for by its ETag."""

    def asset(sock, head: bytes, _number) -> None:
        if b"If-None-Match" in head:
            sock.sendall(b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n')
        else:
            gevent.sleep(0.5)
            control = b"max-age=60" if b"fresh" in head else b"no-cache"
            sock.sendall(ok(b"x" * 100, b'ETag: "1"', b"Cache-Control: " + control))

    server = raw(asset)
    urls = [f"{server.url}/{kind}{number}" for kind in ("fresh", "stale") for number in range(3)]
    started = time.monotonic()
    assert [answer.size for answer in client.fetch_many(urls, deadline_seconds=5)] == [100] * 6
    assert time.monotonic() - started < 2.5  # one after the other they take three
    assert server.connections == 6
    assert [answer.body for answer in client.fetch_many(urls, deadline_seconds=5)] == [b"x" * 100] * 6
    assert len(server.heads) == 9


def test_a_failed_asset_stands_in_the_list(raw, client) -> None:
    """One that fails does not take the others with it."""
    found = client.fetch_many([raw(ok()).url, "http://127.0.0.1:9/"], deadline_seconds=5)
    assert found[0].status == 200
    assert isinstance(found[1], ConnectRefused)


def test_a_line_end_in_a_header_makes_no_second_header(raw, client) -> None:
    """Header injection by a value is impossible."""
    server = raw(ok())
    client.request("GET", server.url, headers={"X-Name": "a\r\nX-Evil: 1"}, deadline_seconds=5)
    assert b"\r\nX-Evil" not in server.heads[0]


WHOLE = (
    b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nSet-Cookie: a=b\r\n\r\n"
    b"5\r\nhello\r\n6\r\n world\r\n0\r\nX-T: 1\r\n\r\n"
)


@settings(max_examples=60)
@given(st.lists(st.integers(1, len(WHOLE) - 1), max_size=12))
def test_an_answer_may_be_cut_anywhere(cuts: list[int]) -> None:
    """However the bytes are divided over packets, the same answer is read."""
    edges = sorted({0, *cuts, len(WHOLE)})

    def send(sock, _head, _number) -> None:
        for begin, end in pairwise(edges):
            sock.sendall(WHOLE[begin:end])
            gevent.sleep(0)

    server, client = Raw(send), Client(allow=AllowList())
    try:
        answer = client.request("GET", server.url, deadline_seconds=10)
    finally:
        client.close()
        server.server.stop(timeout=0.1)
    assert (answer.status, answer.body, answer.headers.get("set-cookie")) == (200, b"hello world", "a=b")


class Listener:
    """Holds a client that tells it of every exchange, as a visitor does."""

    def __init__(self) -> None:
        self.client, self.seen = Client(allow=AllowList(), on_exchange=self.listen), 0

    def listen(self, _exchange: object) -> None:
        self.seen += 1


def test_a_closed_client_leaves_no_circle_behind(raw) -> None:
    """Visitor, client and connections are freed without the collector, which would stall everybody."""
    visitor = Listener()
    visitor.client.fetch_many([f"{raw(ok()).url}/{number}" for number in range(3)], deadline_seconds=5)
    freed = [weakref.ref(visitor), weakref.ref(visitor.client)]
    freed += [weakref.ref(each) for pool in visitor.client.exchanges._pools.values() for each in pool._idle]
    gc.disable()
    try:
        assert visitor.seen == 3
        visitor.client.close()
        del visitor
        assert len(freed) > 2
        assert [each() for each in freed] == [None] * len(freed)
    finally:
        gc.enable()


def test_what_varies_is_asked_for_again_when_it_would_differ(raw, client) -> None:
    """Vary on a cookie: kept as long as the cookie is the same, asked for again when it is another."""
    fresh = (b"Cache-Control: max-age=60", b"Vary: Cookie")
    server = raw(ok(b"one", *fresh), ok(b"", b"Set-Cookie: a=2"), ok(b"two", *fresh))
    url = f"{server.url}/style.css"
    assert [each.text for each in client.fetch_many([url], deadline_seconds=5)] == ["one"]
    assert client.fetch_many([url], deadline_seconds=5)[0].from_cache
    client.request("GET", f"{server.url}/door", deadline_seconds=5)
    assert [each.text for each in client.fetch_many([url], deadline_seconds=5)] == ["two"]


def test_what_was_changed_is_asked_for_again(raw, client) -> None:
    """A POST to an address makes what is kept of it stale (RFC 9111, 4.4); one that failed does not."""
    fresh = b"Cache-Control: max-age=60"
    server = raw(ok(b"one", fresh), ok(b"no", status=b"500 No"), ok(b"done"), ok(b"two", fresh))
    url = f"{server.url}/list"
    client.fetch_many([url], deadline_seconds=5)
    client.request("POST", url, body=b"", deadline_seconds=5)
    assert client.fetch_many([url], deadline_seconds=5)[0].from_cache
    client.request("POST", url, body=b"", deadline_seconds=5)
    assert [each.text for each in client.fetch_many([url], deadline_seconds=5)] == ["two"]


def test_a_get_comes_from_the_cache_while_it_is_fresh(raw, client) -> None:
    """A document opened by a link, and a redirect for good with what it leads to; what a POST changed is asked anew."""
    moved = b"HTTP/1.1 301 Moved\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
    kept = ok(b"kept", b"Cache-Control: max-age=60")
    server = raw(moved, kept, ok(b"done"), kept)
    for from_cache in (False, True):
        found = client.get(f"{server.url}/a", deadline_seconds=5)
        assert (found.url, found.body, found.from_cache) == (f"{server.url}/b", b"kept", from_cache)
        (found,) = client.fetch_many([f"{server.url}/a"], deadline_seconds=5)
        assert (found.body, found.from_cache) == (b"kept", True)
    assert len(server.heads) == 2
    client.request("POST", f"{server.url}/b", body=b"", deadline_seconds=5)
    assert not client.get(f"{server.url}/a", deadline_seconds=5).from_cache
    assert len(server.heads) == 4


def test_what_varies_on_the_cookie_is_asked_for_again_with_another(raw, client) -> None:
    """An answer that says so is used for the same cookie alone, and no condition goes along to another address."""
    lines = (b"Vary: Cookie, Accept", b"Cache-Control: max-age=60", b'ETag: "a"')
    away = b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
    server = raw(ok(b"one", *lines), ok(b"", b"Set-Cookie: s=1"), away, ok(b"two"))
    for _ in range(2):
        assert client.get(f"{server.url}/a", deadline_seconds=5).body == b"one"
    assert len(server.heads) == 1
    client.get(f"{server.url}/sign-on", deadline_seconds=5)
    assert client.get(f"{server.url}/a", deadline_seconds=5).body == b"two"
    assert b'If-None-Match: "a"' in server.heads[2]
    assert b"If-None-Match" not in server.heads[3]


def test_an_answer_before_the_body_was_read_counts(raw, client) -> None:
    """The server refuses an upload and hangs up without reading it: what it said is the answer, as in a browser."""

    def refuses(sock, _head, _number):
        sock.sendall(ok(b"too large", b"Connection: close", status=b"413 Content Too Large"))
        return "close"

    server = raw(refuses, ok())
    answer = client.request("POST", server.url, body=b"x" * 8_000_000, deadline_seconds=10)
    assert (answer.status, answer.text) == (413, "too large")
    assert client.request("GET", server.url, deadline_seconds=5).status == 200
    assert server.connections == 2
