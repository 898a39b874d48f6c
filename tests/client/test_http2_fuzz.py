"""Ten thousand mutated conversations in HTTP/2: each ends as an answer or as a failure of our tree, never otherwise."""

import random
import struct

import pytest
from jh2.config import H2Configuration
from jh2.connection import H2Connection
from jh2.hpack import Encoder
from tests.client.http2_server import (
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PING,
    SETTINGS,
    WINDOW_UPDATE,
    frame,
    goodbye,
    reset,
)

from entsurge.client.dialing import Dialed
from entsurge.client.failure import ClientError
from entsurge.client.http2 import Http2Connection
from entsurge.client.http2_stream import Asked
from entsurge.client.url import Origin

CONVERSATIONS = 10_000
ORIGIN = Origin(secure=True, host="localhost", port=443)
FIELDS = [(b":method", b"GET"), (b":authority", b"localhost"), (b":scheme", b"https"), (b":path", b"/")]


class Told:
    """A wire from which a told conversation comes, in pieces."""

    def __init__(self, pieces):
        self.pieces, self.closed = pieces, False

    def send(self, data):
        if self.closed:
            raise OSError("closed")

    def receive(self):
        return self.pieces.pop(0) if self.pieces and not self.closed else b""

    def arrived(self):
        return self.receive() or None

    def send_at_once(self, data):
        return True

    def interrupt(self):
        return

    def when_idle(self, callback):
        return

    def close(self):
        self.closed = True


def frames() -> list[list[bytes]]:
    """Conversations as servers really hold them, frame by frame."""
    side = H2Connection(H2Configuration(client_side=False))
    side.initiate_connection()
    settings = side.data_to_send()
    encoder = Encoder()
    head = encoder.encode([(b":status", b"200", False), (b"content-type", b"text/html", False)])
    interim = Encoder().encode([(b":status", b"103", False), (b"link", b"</a>", False)])
    trailers = encoder.encode([(b"x-end", b"1", False)])
    whole = [
        frame(HEADERS, head, flags=END_HEADERS, stream=1),
        frame(DATA, b"x" * 100, stream=1), frame(DATA, b"y", flags=END_STREAM, stream=1),
    ]  # fmt: skip
    window, ack = frame(WINDOW_UPDATE, struct.pack(">I", 1000)), frame(SETTINGS, flags=1)
    return [
        [settings, ack, *whole],
        [settings, frame(HEADERS, interim, flags=END_HEADERS, stream=1), *whole],
        [settings, frame(HEADERS, head[:3], stream=1), frame(9, head[3:], flags=END_HEADERS, stream=1), *whole[1:]],
        [settings, *whole[:2], frame(HEADERS, trailers, flags=END_HEADERS | END_STREAM, stream=1)],
        [settings, frame(PING, b"12345678"), window, *whole[:2], goodbye(1), whole[2]],
        [settings, whole[0], reset(1, 7)],
        [settings, goodbye(0, 11)],
        [settings, frame(DATA, b"\x05" + b"z" * 20 + bytes(5), flags=8 | END_STREAM, stream=1)],
        [settings, frame(5, struct.pack(">I", 2) + head, flags=END_HEADERS, stream=1), *whole],
        [settings, frame(10, b"\x00\x00clear", stream=1), frame(200, b"unknown"), *whole],
        [settings, frame(SETTINGS, struct.pack(">HI", 4, 2**31 - 1) + struct.pack(">HI", 3, 0)), *whole],
    ]


def mutated(conversation: list[bytes], chance: random.Random) -> bytes:
    """The same with frames repeated, lost or exchanged, and bytes flipped, cut or blown up."""
    found = list(conversation)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(found))
        match chance.randrange(7):
            case 0:
                found.insert(at, chance.choice(conversation))
            case 1 if len(found) > 1:
                del found[at]
            case 2:
                other = chance.randrange(len(found))
                found[at], found[other] = found[other], found[at]
            case 3 if len(found[at]) >= 9:
                piece = bytearray(found[at])
                piece[chance.randrange(9)] = chance.randrange(256)  # length, type, flags or stream
                found[at] = bytes(piece)
            case 4 if found[at]:
                piece = bytearray(found[at])
                for _ in range(chance.randint(1, 3)):
                    piece[chance.randrange(len(piece))] ^= 1 << chance.randrange(8)
                found[at] = bytes(piece)
            case 5:
                found[at] = found[at][: chance.randrange(len(found[at]) + 1)]
            case _:
                found.insert(at, chance.randbytes(chance.randint(1, 40)))
    return b"".join(found)


def cut(data: bytes, chance: random.Random) -> list[bytes]:
    """In pieces, as a wire gives them."""
    pieces = []
    while data:
        size = chance.choice((1, 9, 50, len(data)))
        pieces.append(data[:size])
        data = data[size:]
    return pieces


@pytest.mark.parametrize("seed", range(4))
def test_no_conversation_ends_in_anything_but_an_answer_or_a_failure(seed) -> None:
    """A stream comes to its end with a status or a ClientError, whatever the server sends; and so does what follows."""
    chance, corpus, answers = random.Random(seed), frames(), 0
    for _ in range(CONVERSATIONS // 4):
        wire = Told(cut(mutated(chance.choice(corpus), chance), chance))
        connection = Http2Connection(ORIGIN, Dialed(wire))
        (stream,) = connection.ask([Asked(FIELDS)], 2**62)
        assert stream.done
        assert isinstance(stream.error, ClientError) or stream.status
        answers += stream.error is None
        if connection.open:
            connection._arrived()
        connection.close()
    assert 200 < answers < CONVERSATIONS // 4


def test_the_corpus_itself_is_understood() -> None:
    """Unchanged, each conversation ends as its server means it: nine answers' worth of them, two refusals."""
    outcomes = []
    for conversation in frames():
        connection = Http2Connection(ORIGIN, Dialed(Told([b"".join(conversation)])))
        (stream,) = connection.ask([Asked(FIELDS)], 2**62)
        outcomes.append(stream.status if stream.error is None else type(stream.error).__name__)
    assert outcomes == [200, 200, 200, 200, 200, "ConnectionLost", "ConnectionLost", "ProtocolBroken", "ProtocolBroken",
                        200, 200]  # fmt: skip
