"""Whatever a server sends: a usable answer or a ClientError, soon, and of bounded size.

Twenty thousand answers, mutated by structure from odd ones with a fixed seed, are fed in arbitrary pieces, and then all
is done with each that a visitor does with an answer. `endure` is what any protocol's fuzz calls with what it made of
its bytes: (method, status, fields, body).
"""

from __future__ import annotations

import random
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from fuzzing.texts import cut, drop, flip, repeat
from tests.client.rows import ROWS

from entsurge import selectors
from entsurge.client import url as urls
from entsurge.client.budget import BODIES
from entsurge.client.cache import Cache
from entsurge.client.cookies import CookieJar
from entsurge.client.edge_refusal import MOST_RETRY_SECONDS, refused_by, retry_after_seconds
from entsurge.client.failure import ClientError
from entsurge.client.forgiving import LARGEST_HEAD
from entsurge.client.message import LARGEST_BODY, MOST_HEADERS, AnswerParser
from entsurge.client.redirects import next_hop
from entsurge.client.response import Headers, Response

if TYPE_CHECKING:
    from entsurge.client.message import AnswerParser as Parser

ROUNDS = 20_000
LONGEST_SECONDS = 1.0
MOST_COOKIES_BYTES = 300 * 4200
HERE = "https://ent.test/a/b#c"

NUMBERS = (b"0", b"-1", b"+1", b"1.5", b"0x10", b"\xb2", "٣".encode(), b"9" * 20, b"9" * 400, b"9" * 5000, b"1e9", b"")
WORDS = (
    b"Content-Length: ", b"Transfer-Encoding: chunked", b"Content-Encoding: gzip", b"Content-Encoding: gzip, br, gzip",
    b"Content-Type: text/html; charset=undefined", b"Content-Type: application/json; charset=utf-16",
    b"Content-Type: ", b"Connection: close", b"Retry-After: ", b"Age: ", b"ETag: \xff", b"Location: ",
    b"Cache-Control: max-age=", b"Cache-Control: s-maxage=1, max-age=\xb2, no-cache",
    b"Expires: ", b"Last-Modified: ", b"Date: ", b"Vary: *", b"Set-Cookie: a=b; Max-Age=", b"Set-Cookie: a=b; Expires=",
    b"Set-Cookie: =; Domain=; Path=", b"Set-Cookie: __Host-a=b; Secure; Path=/", b"Upgrade: websocket", b"Trailer: x",
)  # fmt: skip
VALUES = (
    *NUMBERS, b"Wed, 09 Jun 9999999999 10:18:14 GMT", b"Wed, 31 Feb 0000 99:99:99 GMT",
    b"Thu, 01 Jan 1970 00:00:00 GMT", b"http://[", b"http://a:99999999999/", b"//", b"///x\\y", b"http://\xc3\xa9.test/\xe9?\xff#\xfe",
    b"javascript:1",
    b"http://" + b"a." * 400, b"http://" + b"\xc3\xa9" * 300, b"/" + b"../" * 300, b"%" * 50, b"\x00", b"\x01\x7f\x80",
    b",;=\"'", b"\xed\xa0\x80", b"a" * 5000,
)  # fmt: skip
STARTS = (b"HTTP/1.1 302 Found", b"HTTP/1.1 429 Slow", b"HTTP/1.1 503 X", b"HTTP/1.1 304 Not", b"HTTP/1.1 103 E",
          b"HTTP/1.0 200 OK", b"HTTP/2 200", b"HTTP/1.1 \xb2\xb2\xb2", b"HTTP/1.1 " + b"9" * 60)  # fmt: skip
_NUMBER = re.compile(rb"[0-9]+")


def swap(data: bytes, dice: random.Random) -> bytes:
    lines = data.split(b"\r\n")
    one, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\r\n".join(lines)


def field(data: bytes, dice: random.Random) -> bytes:
    lines = data.split(b"\r\n")
    lines.insert(dice.randint(1, min(len(lines), 6)), dice.choice(WORDS) + dice.choice((b"", *VALUES)))
    return b"\r\n".join(lines)


def number(data: bytes, dice: random.Random) -> bytes:
    found = list(_NUMBER.finditer(data))
    if not found:
        return data
    match = dice.choice(found)
    return data[: match.start()] + dice.choice(NUMBERS) + data[match.end() :]


def insert(data: bytes, dice: random.Random) -> bytes:
    at = dice.randint(0, len(data))
    return data[:at] + dice.choice(VALUES) + data[at:]


def start(data: bytes, dice: random.Random) -> bytes:
    return dice.choice(STARTS) + b"\r\n" + data.partition(b"\r\n")[2]


def line_ends(data: bytes, dice: random.Random) -> bytes:
    return data.replace(b"\r\n", dice.choice((b"\n", b"\r", b"\n\r", b"\r\n\r\n", b"\r\n ")), dice.randint(1, 30))


def join(data: bytes, dice: random.Random) -> bytes:
    return cut(data, dice) + dice.choice(ROWS).sends


MUTATIONS = (flip, cut, drop, repeat, swap, field, field, number, number, insert, start, line_ends, join)


def mutated(dice: random.Random) -> bytes:
    """An odd answer, one to four times changed."""
    data = dice.choice(ROWS).sends
    for _ in range(dice.randint(1, 4)):
        data = dice.choice(MUTATIONS)(data, dice)
    return data


def taken_in(answer: Parser, data: bytes, dice: random.Random) -> bool:
    """Feed in pieces of any size; whether the answer is whole."""
    at = 0
    while at < len(data):
        size = dice.choice((1, 7, 100, len(data), len(data)))
        if answer.feed(memoryview(data)[at : at + size]):
            return True
        at += size
    answer.end()
    return True


def endure(
    method: str, status: int, fields: list[tuple[bytes, bytes]], body: bytes, jar: CookieJar, cache: Cache
) -> None:
    """All that a visitor does with an answer. What is no ClientError goes through."""
    headers = Headers(fields)
    answer = Response(method, HERE, status, headers, body, request_body=b"x", request_headers={"Authorization": "x"})
    address = urls.split(HERE)
    for each in dict(headers.items()):
        headers.get(each)
        headers.get_all(each)
    for reads in (
        lambda: answer.text,
        lambda: answer.charset,
        lambda: selectors.document(answer),
        lambda: refused_by(answer),
        lambda: next_hop(answer),
        lambda: urls.split(getattr(next_hop(answer), "url", HERE)),
    ):
        try:
            reads()
        except ClientError:
            continue
    assert 0 <= retry_after_seconds(answer) <= MOST_RETRY_SECONDS
    jar.take(address, headers.get_all("set-cookie"))
    assert len(jar.line(address)) <= MOST_COOKIES_BYTES
    kept = cache.take(HERE, answer)
    cache.conditions(HERE)
    cache.fresh(HERE)
    assert status in (kept.status, 304)


def test_no_answer_brings_another_exception() -> None:
    """Seeded; each answer is judged within a second, and holds no more than it may."""
    dice, answer = random.Random(14), AnswerParser()
    jar, cache, whole, longest = CookieJar(), Cache(), 0, 0.0
    for number_of in range(ROUNDS):
        data, method = mutated(dice), dice.choice(("GET", "GET", "POST", "HEAD"))
        started = time.process_time()
        answer.begin(method)
        try:
            whole += taken_in(answer, data, dice)
        except ClientError:
            answer = AnswerParser()
            continue
        assert len(answer.fields) <= MOST_HEADERS
        assert sum(len(name) + len(value) for name, value in answer.fields) <= LARGEST_HEAD
        assert answer.length == sum(map(len, answer.parts)) <= LARGEST_BODY
        endure(method, answer.status, answer.fields, b"".join(answer.parts), jar, cache)
        if not answer.keeps:
            answer = AnswerParser()
        if number_of % 100 == 0:
            jar, cache = CookieJar(), Cache()
        longest = max(longest, time.process_time() - started)
    assert longest < LONGEST_SECONDS
    assert ROUNDS / 10 < whole < ROUNDS, "the mutations break everything, or nothing"


def test_a_lease_does_not_outlive_its_fuzz() -> None:
    """Whatever broke, all that bodies held has been given back."""
    dice, before = random.Random(15), BODIES.held
    for _ in range(200):
        answer = AnswerParser()
        try:
            taken_in(answer, b"HTTP/1.1 200 OK\r\n\r\n" + bytes(100_000) + mutated(dice), dice)
        except ClientError:
            continue
        finally:
            answer.free()
            del answer
    assert BODIES.held == before
