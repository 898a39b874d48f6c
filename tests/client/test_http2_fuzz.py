"""Ten thousand mutated conversations in HTTP/2: each ends as an answer or as a failure of our tree, never otherwise."""

import random

import pytest
from tests.client.told import Told, frames

from entsurge.client.dialing import Dialed
from entsurge.client.failure import ClientError
from entsurge.client.http2 import Http2Connection
from entsurge.client.http2_stream import Asked
from entsurge.client.url import Origin

CONVERSATIONS = 10_000
ORIGIN = Origin(secure=True, host="localhost", port=443)
FIELDS = [(b":method", b"GET"), (b":authority", b"localhost"), (b":scheme", b"https"), (b":path", b"/")]


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
