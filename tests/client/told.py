"""HTTP/2 as servers really speak it, frame by frame, and a wire from which it comes."""

import struct

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
