"""Answers from bytes: what is bounded, what ends a connection, what follows what."""

import time

import pytest

from entsurge.client.failure import ClientError, ConnectionLost, ProtocolBroken, TooLarge
from entsurge.client.forgiving import LARGEST_HEAD, MOST_INTERIM
from entsurge.client.message import MOST_HEADERS, AnswerParser

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ODD = b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n"  # LF alone: read by the forgiving reader
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def fed(data: bytes, *, step: int = 0, method: str = "GET") -> AnswerParser:
    answer = AnswerParser()
    answer.begin(method)
    for at in range(0, len(data), step or len(data) or 1):
        if answer.feed(data[at : at + (step or len(data))]):
            break
    return answer


def flood(answer: AnswerParser, piece: bytes) -> int:
    """How many bytes of endless pieces are taken in before they are refused as too large."""
    for sent in range(0, 4 * LARGEST_HEAD, len(piece)):
        try:
            answer.feed(piece)
        except TooLarge:
            return sent
    pytest.fail("nothing ended it")


@pytest.mark.parametrize("start", [CHUNKED + b"2\r\nok\r\n0\r\n", ODD + b"2\nok\n0\n"], ids=["strict", "forgiving"])
@pytest.mark.parametrize("piece", [b"X: 1\r\n", b"X: 1\r\n" * 5000, b"X" * 1000, b"X: " + b"1" * 4000 + b"\r\n"])
def test_trailers_are_bounded(start: bytes, piece: bytes) -> None:
    """In number, each by itself, and all together: a server cannot go on for ever behind a body."""
    assert flood(fed(start), piece) <= LARGEST_HEAD + len(piece)


@pytest.mark.parametrize("start", [CHUNKED, ODD], ids=["strict", "forgiving"])
@pytest.mark.parametrize("piece", [b"1;" + b"x" * 4000 + b"\r\na\r\n", b"1;" + b"x" * 4000, b"0" * 1000])
def test_chunk_extensions_are_bounded(start: bytes, piece: bytes) -> None:
    """What frames a body is no way to send without end."""
    assert flood(fed(start), piece) <= LARGEST_HEAD * 1.1 + 2 * len(piece)


def test_many_small_chunks_are_no_flood() -> None:
    """A body in chunks of one byte is a body."""
    for start in (CHUNKED, ODD):
        answer = fed(start + b"1\r\na\r\n" * 200_000 + b"0\r\n\r\n", step=60_000)
        assert (answer.done, answer.length) == (True, 200_000)


@pytest.mark.parametrize("piece", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\n\n"])
def test_interim_answers_are_bounded(piece: bytes) -> None:
    """A server that only ever says that it will answer soon is ended."""
    assert fed(piece * MOST_INTERIM + OK).status == 200
    with pytest.raises(ProtocolBroken, match="interim"):
        fed(piece * (MOST_INTERIM + 1))


@pytest.mark.parametrize("ends", [b"\r\n", b"\n"])
def test_heads_are_bounded(ends: bytes) -> None:
    """By bytes and by fields, whichever reader reads them, at once or byte by byte."""
    start = b"HTTP/1.1 200 OK" + ends
    for step in (0, 997):
        with pytest.raises(TooLarge):
            fed(start + b"X: 1" + ends + b"Y: " + b"1" * LARGEST_HEAD + ends + ends, step=step or 60_000)
        with pytest.raises(TooLarge):
            fed(start + (b"X: 1" + ends) * (MOST_HEADERS + 1) + ends, step=step)


@pytest.mark.parametrize("data", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\nX: ", CHUNKED + b"1;", ODD + b"1;"])
def test_a_drip_costs_no_more_than_its_bytes(data: bytes) -> None:
    """A quarter of a megabyte in pieces of 16 bytes: linear, or bounded so that it does not matter."""
    answer, started = fed(data), time.process_time()
    assert flood(answer, b"1234567890123456") <= LARGEST_HEAD
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("data", "method", "expected"),
    [
        (OK, "GET", (200, b"ok", True)),
        (OK + OK, "GET", (200, b"ok", False)),
        (OK + b"HTTP/1.1 500 X\r\nA: b\r\n\r\n", "GET", (200, b"ok", False)),
        (OK + b"\r\n\r\nrest", "GET", (200, b"ok", False)),
        (OK, "HEAD", (200, b"", False)),
        (b"HTTP/1.1 404 X\r\nTransfer-Encoding: chunked\r\n\r\n", "HEAD", (404, b"", False)),
        (b"HTTP/1.1 204 X\r\n\r\n", "POST", (204, b"", True)),
        (b"HTTP/1.1 204 X\r\nContent-Length: 2\r\n\r\nok", "GET", (204, b"", False)),
        (b"HTTP/1.1 304 X\r\nContent-Length: 2\r\n\r\n", "GET", (304, b"", True)),
        (b"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nLink: <a>\r\n\r\n" + OK, "POST", (200, b"ok", True)),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "GET", (200, b"ok", False)),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", "GET", (200, b"ok", False)),
        (OK.replace(b"\r\n", b"\n"), "GET", (200, b"ok", True)),
        (OK.replace(b"\r\n", b"\n"), "HEAD", (200, b"", False)),
        (OK.replace(b"\r\n", b"\n") + b"more", "GET", (200, b"ok", False)),
        (b"HTTP/1.1 000 X\r\nContent-Length: 2\r\n\r\nok", "GET", (0, b"ok", True)),
    ],
)
def test_whole_answers(data: bytes, method: str, expected: tuple[int, bytes, bool]) -> None:
    """Status, body, and whether the connection can be used again: not when more came than was asked for."""
    answer = fed(data, method=method)
    assert answer.done
    assert (answer.status, b"".join(answer.parts), answer.keeps) == expected


def test_a_connection_that_needs_forgiveness_is_kept() -> None:
    """The next answers on it are read the same way, so that a visitor makes no more connections than a browser."""
    answer = AnswerParser()
    for number in range(3):
        answer.begin("GET")
        assert answer.feed(b"HTTP/1.1 20%d OK\nContent-Length: 2\n\nok" % number)
        assert (answer.status, answer.keeps, answer.forgiven != "") == (200 + number, True, number == 0)
    answer.begin("GET")
    assert answer.feed(OK)


def test_what_was_forgiven_is_said() -> None:
    """In the strict parser's words; nothing of an answer that keeps to the standard."""
    assert fed(OK).forgiven == ""
    both = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    assert "Content-Length" in fed(both).forgiven


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nto the end", True),
        (b"HTTP/1.1 200 OK\n\nto the end", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nto the end", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf", False),
        (b"HTTP/1.1 200 OK\nContent-Length: 20\n\nhalf", False),
        (CHUNKED + b"5\r\nhel", False),
        (ODD + b"5\nhel", False),
        (b"HTTP/1.1 200 OK\r\nX", False),
        (b"HTTP/1.1 200 OK\nX", False),
        (b"HT", False),
        (b"", False),
    ],
)
def test_the_end_of_the_connection(data: bytes, *, whole: bool) -> None:
    """It ends a body only where nothing else would; also after the parser was freed, as a closed connection does."""
    for freed in (False, True):
        answer = fed(data)
        if freed:
            answer.free()
        if whole:
            answer.end()
        else:
            with pytest.raises(ConnectionLost):
                answer.end()


@pytest.mark.parametrize(
    "data",
    [b"SSH-2.0-OpenSSH_9.2\r\n", b"220 smtp.test ESMTP\r\n", b"\x15\x03\x01\x00\x02\x02\x16\r\n", b"<html>\n<body>"],
)
def test_what_is_no_http_is_refused_at_once(data: bytes) -> None:
    """No waiting for a head that will not come."""
    with pytest.raises(ProtocolBroken):
        fed(data)


def test_a_parser_is_freed_with_its_answer() -> None:
    """No circle is left that only the collector would find."""
    import gc
    import weakref

    class Seen(AnswerParser):
        __slots__ = ("__weakref__",)

    gc.disable()
    try:
        for data in (OK, OK.replace(b"\r\n", b"\n")):
            answer = Seen()
            answer.feed(data)
            gone = weakref.ref(answer)
            answer.free()
            del answer
            assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("number", [b"9" * 5000, b"-" + b"9" * 5000, b"0" * 5000, "²".encode("latin-1"), "٣".encode()])
def test_numbers_that_are_none(number: bytes) -> None:
    """A length, a chunk's size, a status of thousands of digits: never another exception than ours."""
    for data in (
        b"HTTP/1.1 200 OK\r\nContent-Length: %b\r\n\r\nok" % number,
        b"HTTP/1.1 200 OK\nContent-Length: %b\n\nok" % number,
        CHUNKED + number + b"\r\nok\r\n0\r\n\r\n",
        ODD + number + b"\nok\n0\n\n",
        b"HTTP/1.1 %b OK\r\n\r\nok" % number,
        b"HTTP/%b 200 OK\r\n\r\nok" % number,
    ):
        try:
            fed(data)
        except ClientError:
            continue
