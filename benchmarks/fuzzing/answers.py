"""Readers of what servers send: answers, frames, cookies, pages, addresses."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from entsurge.client.failure import ClientError, Closed
from fuzzing.reader import REPOSITORY, Reader, plainly, told

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = REPOSITORY / "tests/fuzz/seeds/page.html"
HERE = "https://ent.test/a/b?c#d"
HEADS = (
    b"HTTP/1.1 100 C\r\n\r\n",
    b"Set-Cookie: a=b\r\n",
    b"1\r\na\r\n",
    b"1;a=b\r\na\r\n",
    b"0\r\nA: b\r\n",
    b"A: b\r\n",
    b" a\r\n",
    b"a",
    b"\r\n",
    b"0",
)
HTML = (
    b"<script ",
    b"<",
    b"<a ",
    b"<!--",
    b"<style>@import '",
    b'<img srcset="a 1x, ',
    b"<svg>",
    b"<form>",
    b"<input name=a>",
    b"<template>",
    b"<base href=",
    b"<picture><source>",
    b"a=",
    b"'",
    b"&amp",
    b'<div style="url(',
    b"</",
    b"<![CDATA[",
    b"<select><option>",
    b'url("',
    b"/*",
    b"@layer a;",
)
COOKIES = (
    b"a=b; Max-Age=1; Path=/; Secure; HttpOnly; SameSite=Lax",
    b"__Host-a=b; Secure; Path=/",
    b"a=b; Domain=.ent.test; Expires=Wed, 09 Jun 2027 10:18:14 GMT",
    b"=; Domain=; Path=",
    b'a="b;c"; Path=/a/b\nc=d\ne=f; Path=/',
)
CACHED = (
    b'Cache-Control: max-age=60, s-maxage="1", no-cache="a, b"\nETag: W/"a"\nVary: Accept, Cookie\nAge: 1',
    b"Expires: Wed, 09 Jun 2027 10:18:14 GMT\nDate: Wed, 09 Jun 2027 10:00:00 GMT\nLast-Modified: now",
    b'Cache-Control: no-store, private\nContent-Type: text/html; charset="utf-8"\nRetry-After: 120\nLocation: /a',
    b"Content-Encoding: gzip, br\nLocation: https://ent.test/\nLocation: //other.test/?a#b",
)
ADDRESSES = (
    b"https://ent.test:8443/a/../b/%2e/c?d=e%20f&g#h\n../x?y",
    b"http://[::1]:80/\n//h.test\\a",
    "https://éa.test/\nHTTP:é b".encode(),
    b"http://user:pass@192.0.2.1/\njavascript:1",
    b"http://a.b./\n?",
    b"app://callback\n#",
)
ACCEPTED = b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n"
DEFLATED = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"


def answer_of(head: bytes, body: bytes = b"") -> Any:
    """An answer with these lines of a head."""
    from entsurge.client.response import Headers, Response

    fields = [(name.strip(), value.strip()) for name, _, value in (line.partition(b":") for line in head.split(b"\n"))]
    return Response("GET", HERE, 200, Headers(fields), body)


def http1(data: bytes) -> None:
    """As it comes in pieces, and all that a visitor does with it."""
    from tests.client.test_fuzz import endure, taken_in

    from entsurge.client.cache import Cache
    from entsurge.client.cookies import CookieJar
    from entsurge.client.message import AnswerParser

    answer = AnswerParser()
    answer.begin("GET")
    try:
        taken_in(answer, data, random.Random(len(data)))
        endure("GET", answer.status, answer.fields, b"".join(answer.parts), CookieJar(), Cache())
    finally:
        answer.free()


def http2(data: bytes) -> None:
    """A whole conversation, one request in it."""
    from tests.client.told import Told

    from entsurge.client.dialing import Dialed
    from entsurge.client.http2 import Http2Connection
    from entsurge.client.http2_stream import Asked
    from entsurge.client.url import Origin

    fields = [(b":method", b"GET"), (b":authority", b"localhost"), (b":scheme", b"https"), (b":path", b"/")]
    step = max(1, random.Random(len(data)).choice((len(data), len(data) // 3, 50)))
    wire: Any = Told([data[at : at + step] for at in range(0, len(data), step)])
    connection = Http2Connection(Origin(secure=True, host="localhost", port=443), Dialed(wire))
    (stream,) = connection.ask([Asked(fields)], 2**62)
    connection.close()
    if stream.error is not None:
        raise stream.error
    assert stream.done  # noqa: S101  what fails here is what is looked for
    assert stream.status  # noqa: S101


class _Line:
    """A connection whose other side has said all that it will; the key that was asked with is answered."""

    def __init__(self, data: bytes) -> None:
        self.data, self.expired, self.wire = data, False, self

    def send(self, data: bytes) -> None:
        from wsproto.utilities import generate_accept_token

        key = next(
            (line[18:].strip() for line in data.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key:")), None
        )
        if key is not None:
            self.data = self.data.replace(b"{accept}", generate_accept_token(key))

    def receive(self) -> bytes:
        data, self.data = self.data[:65536], self.data[65536:]
        return data

    def guard(self, ends_ns: int) -> None: ...

    def close(self) -> None: ...


def websocket(data: bytes) -> None:
    """From the handshake to the end, with compression and without."""
    from entsurge.client.upgrade import Upgrade, upgrade

    for compressed in (True, False):
        line: Any = _Line(data)
        try:
            socket = upgrade(line, Upgrade(HERE, "ent.test", b"/", [], compressed=compressed), 2**62)
            while socket.receive(1000.0) is not None:
                pass
        except Closed:
            continue
        except ClientError:
            if not compressed:
                raise


def sockets() -> Iterator[bytes]:
    """What servers say on a WebSocket, compressed and not."""
    from wsproto.connection import Connection, ConnectionType
    from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage
    from wsproto.extensions import PerMessageDeflate

    said = (
        TextMessage("é" * 40),
        BytesMessage(b"a" * 300),
        Ping(b"1"),
        TextMessage("a", message_finished=False),
        TextMessage("b"),
        CloseConnection(1000, "bye"),
    )
    for more, extensions in ((b"", []), (DEFLATED, [PerMessageDeflate()])):
        side = Connection(ConnectionType.SERVER, extensions=extensions)
        if extensions:
            extensions[0]._enabled = True  # noqa: SLF001  as after a handshake
        yield ACCEPTED + more + b"\r\n" + b"".join(side.send(event) for event in said)
    yield b"HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nnon"
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nnon\r\n0\r\n\r\n"


def cookies(data: bytes) -> None:
    """Set-Cookie lines, and the line that is sent then."""
    from entsurge.client import url as urls
    from entsurge.client.cookies import CookieJar

    jar, address = CookieJar(), urls.split(HERE)
    jar.take(address, data.decode("latin-1").split("\n"))
    jar.line(address)


def cached(data: bytes) -> None:
    """Kept, asked for again, redirected."""
    from entsurge.client.cache import Cache
    from entsurge.client.edge_refusal import retry_after_seconds
    from entsurge.client.redirects import next_hop

    cache, answer = Cache(), answer_of(data, b"body")
    for status in (200, 304, 302):
        answer.status = status
        cache.take(HERE, answer)
        cache.fresh(HERE, {"accept": "a"})
        cache.conditions(HERE)
    retry_after_seconds(answer)
    cache.invalidate(answer)
    next_hop(answer)


def coded(data: bytes) -> None:
    """A coding, a type, a body."""
    from entsurge.client.charset import text_of
    from entsurge.client.content_coding import decoded

    coding, kind, body = (*data.split(b"\n", 2), b"", b"")[:3]
    text_of(decoded(body, coding.decode("latin-1"), HERE), kind.decode("latin-1"))


def bodies() -> Iterator[bytes]:
    """A page in each coding, in several charsets."""
    import gzip
    import zlib

    import brotli

    page = SEED.read_bytes()
    for coding, packed in (
        (b"gzip", gzip.compress),
        (b"deflate", zlib.compress),
        (b"br", brotli.compress),
        (b"", bytes),
    ):
        yield coding + b"\ntext/html; charset=iso-8859-15\n" + packed(page)
        yield coding + b"\ntext/html\n" + packed(page.decode().encode("utf-16"))
    yield b"gzip, br\napplication/json\n" + brotli.compress(gzip.compress(b"{}"))


def page(data: bytes) -> None:
    """The tokenizer of pages."""
    from entsurge.client.page_requests import page_requests

    page_requests(data.decode("utf-8", "replace"), HERE)


def tree(data: bytes) -> None:
    """Forms, what a selector finds, and the words of a refusal."""
    from entsurge.selectors import document, selector
    from entsurge.signon.forms import forms, login_form
    from entsurge.signon.refusal_patterns import Reading

    answer = answer_of(b"Content-Type: text/html", data)
    for each in forms(answer):
        each.filled({})
    login_form(answer)
    found = document(answer)
    if found is not None:
        selector("form input[name]")(found)
    _ = Reading(answer).words


def pictures(data: bytes) -> None:
    """What chooses a picture or a sheet."""
    from entsurge.client.image_sources import chosen, matches
    from entsurge.client.style_urls import imported, pictured

    text = data.decode("utf-8", "replace")
    chosen(text, text, "a", "100")
    matches(text)
    imported(text)
    pictured(text)


def addresses(data: bytes) -> None:
    """A base and a reference: resolved, joined, split."""
    from entsurge.client import url as urls
    from entsurge.client.page_urls import resolved
    from entsurge.client.referrer import page_headers

    base, _, reference = data.decode("utf-8", "surrogateescape").partition("\n")
    resolved(HERE, reference)
    resolved(HERE, base, "iso-8859-15")
    page_headers(HERE, "POST", HERE)
    urls.split(urls.joined(HERE, reference))
    urls.split(urls.joined(HERE, base))
    urls.split(base)


def rows() -> Iterator[bytes]:
    """The odd answers that have a row in the documentation."""
    from tests.client.rows import ROWS

    return (row.sends for row in ROWS)


def conversations() -> Iterator[bytes]:
    """HTTP/2 as servers speak it."""
    from tests.client.told import frames

    return (b"".join(each) for each in frames())


def pages() -> Iterator[bytes]:
    """One page of everything, and those of the sandbox."""
    yield SEED.read_bytes()
    for path in sorted((REPOSITORY / "src/entsandbox").rglob("*.html")):
        yield path.read_bytes()


SAID = (ClientError,)
OPEN = SimpleNamespace(
    addresses=(b"/", b"../", b"%", b"?", b"a.", b"\\", b"@", b":", b"#", b"[", "é".encode(), b" ", b"%41", b"http:"),
    heads=(
        b"a=b;",
        b"a",
        b"=",
        b";",
        b",",
        b'"',
        b"max-age=1,",
        b"Set-Cookie: a=b\n",
        b"\n",
        b" ",
        b'no-cache="',
        b"\\",
    ),
    bodies=(b"gzip, ", b"\x00", b"<meta ", b"<!--", b"charset=", b"\xff\xfe", b"a"),
    pictures=(
        b"a 1x, ",
        b"(",
        b"a,",
        b"calc(",
        b"url(",
        b"@import 'a';",
        b"/*",
        b"not ",
        b"and ",
        b"\\",
        b"@layer a;",
        b"a ",
        b'url("',
        b"min-width:",
    ),
)
ANSWERS = (
    Reader("HTTP/1.1 answers", 9000, "bytes", rows, plainly(http1), SAID, HEADS),
    Reader(
        "HTTP/2 frames",
        6000,
        "frames",
        conversations,
        plainly(http2),
        SAID,
        (
            b"\0\0\0\4\0\0\0\0\0",
            b"\0\0\0\0\0\0\0\0\1",
            b"\0\0\0\1\4\0\0\0\1",
            b"\0\0\0\x09\0\0\0\0\1",
            b"\0\0\x08\6\0\0\0\0\0" + bytes(8),
            b"\0\0\4\x08\0\0\0\0\0\0\0\0\1",
        ),
    ),
    Reader(
        "WebSocket",
        4000,
        "bytes",
        sockets,
        plainly(websocket),
        SAID,
        (b"\x01\x01a", b"\x00\x00", b"\x89\x00", b"\x81\x01a", b"A: b\r\n", b"\x8a\x00", b"\xc1\x01\x00"),
    ),
    Reader("cookies", 7000, "lines", told(*COOKIES), plainly(cookies), SAID, OPEN.heads),
    Reader("cache and redirects", 5000, "lines", told(*CACHED), plainly(cached), SAID, OPEN.heads),
    Reader("codings and charsets", 4000, "bytes", bodies, plainly(coded), SAID, OPEN.bodies),
    Reader("what a page asks for", 6000, "markup", pages, plainly(page), (), HTML),
    Reader("forms and words", 4000, "markup", pages, plainly(tree), SAID, HTML),
    Reader(
        "srcset and styles",
        4000,
        "lines",
        told(
            b"a 1x, b 2x",
            b"a 100w, b 200w",
            b"(min-width: 10em) 50vw, calc(1px + 2em)",
            b"@charset 'a'; @layer b; @import url('c'); /* d */",
            b"screen and (max-width: 40em), not print",
        ),
        plainly(pictures),
        (),
        OPEN.pictures,
    ),
    Reader("URLs", 7000, "lines", told(*ADDRESSES), plainly(addresses), SAID, OPEN.addresses),
)
