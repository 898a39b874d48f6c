"""An HTTP/2 server that does what a test tells it, frame by frame, in gevent's own loop beside the client."""

import struct
from pathlib import Path

import gevent
from gevent import ssl
from gevent.server import StreamServer
from jh2.config import H2Configuration
from jh2.connection import H2Connection
from jh2.events import DataReceived, RequestReceived, StreamEnded

HEADERS, DATA, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 1, 0, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1
REFUSED_STREAM, CANCEL, HTTP_1_1_REQUIRED = 7, 8, 13


def frame(kind: int, payload: bytes = b"", *, flags: int = 0, stream: int = 0) -> bytes:
    """One frame as it is written."""
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def reset(stream: int, code: int) -> bytes:
    return frame(RST_STREAM, struct.pack(">I", code), stream=stream)


def goodbye(last: int, code: int = 0) -> bytes:
    return frame(GOAWAY, struct.pack(">II", last, code))


class Conversation:
    """The server's side of one connection."""

    def __init__(self, sock, settings=None):
        self.sock, self.requests, self.bodies, self.acks = sock, [], {}, 0
        self.side = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.side.initiate_connection()
        if settings:
            self.side.update_settings(settings)
        self.flush()

    def flush(self):
        data = self.side.data_to_send()
        if data:
            self.sock.sendall(data)

    def raw(self, *frames):
        self.flush()
        self.sock.sendall(b"".join(frames))

    def answer(self, stream, body=b"ok", *fields, status="200", end=True):
        self.side.send_headers(stream, [(":status", status), *fields])
        self.side.send_data(stream, body, end_stream=end)
        self.flush()

    def read(self):
        """The streams whose requests have become whole; None when the client has gone."""
        try:
            data = self.sock.recv(65536)
        except OSError:
            return None
        if not data:
            return None
        whole = []
        for event in self.side.receive_data(data):
            name = type(event).__name__
            if isinstance(event, RequestReceived):
                fields = {str(key): str(value) for key, value in event.headers}
                self.requests.append((event.stream_id, fields))
                self.bodies[event.stream_id] = b""
            elif isinstance(event, DataReceived):
                self.bodies[event.stream_id] += event.data
                self.side.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, StreamEnded):
                whole.append(event.stream_id)
            elif name == "PingAckReceived":
                self.acks += 1
        self.flush()
        return whole


class Http2Server:
    """`talk(conversation, stream, number)` is called for each whole request; number counts over all connections."""

    def __init__(self, key: Path, made: Path, talk, *, begin=None, alpn=("h2",), settings=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made, key)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        self.talk, self.begin, self.settings = talk, begin, settings
        self.conversations, self.number = [], 0
        self.server = StreamServer(("127.0.0.1", 0), self.serve, ssl_context=context)
        self.server.start()

    @property
    def url(self) -> str:
        return f"https://localhost:{self.server.server_port}"

    def serve(self, sock, _address):
        try:
            conversation = Conversation(sock, self.settings)
            self.conversations.append(conversation)
            if self.begin:
                self.begin(conversation)
            while (streams := conversation.read()) is not None:
                for stream in streams:
                    self.number += 1
                    if self.talk(conversation, stream, self.number) == "close":
                        sock.close()
                        return
        except (OSError, gevent.GreenletExit):
            return
