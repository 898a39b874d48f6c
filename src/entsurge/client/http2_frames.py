"""The frames of HTTP/2 as bytes (RFC 9113, 6), what their numbers mean, and what a browser's connection begins with."""

from __future__ import annotations

from enum import IntEnum
from struct import Struct
from typing import TYPE_CHECKING

from entsurge.client.forgiving import LARGEST_HEAD

if TYPE_CHECKING:
    from collections.abc import Iterable

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM = ACK = 0x1
END_HEADERS, PADDED, WITH_PRIORITY = 0x4, 0x8, 0x20
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = (
    range(1, 7)
)
ENABLE_CONNECT_PROTOCOL = 8  # RFC 8441

HEAD = Struct(">IBI")  # of every frame: length (24 bits) and type, flags, stream
HEAD_SIZE = HEAD.size
LARGEST_FRAME = 16_384  # until somebody says otherwise; we never do
LARGEST_WINDOW = 2**31 - 1
DEFAULT_WINDOW = 65_535
STREAM_WINDOW = 6 * 1024 * 1024  # what Chromium gives a stream, and a connection
CONNECTION_WINDOW = 15 * 1024 * 1024
LARGEST_TABLE = 65_536  # of header compression, ours and what we use of the server's; Chromium's too

_LONG = Struct(">I")
_SETTING = Struct(">HI")
_OURS = {
    HEADER_TABLE_SIZE: LARGEST_TABLE,
    ENABLE_PUSH: 0,
    INITIAL_WINDOW_SIZE: STREAM_WINDOW,
    MAX_HEADER_LIST_SIZE: LARGEST_HEAD,
}
_HINTS = {
    "HTTP_1_1_REQUIRED": '; say http = "1.1" in the target file',
    "ENHANCE_YOUR_CALM": "; the server takes this for too much",
}


class ErrorCode(IntEnum):
    """Why a stream or a connection ends (RFC 9113, 7)."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    SETTINGS_TIMEOUT = 4
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    CONNECT_ERROR = 10
    ENHANCE_YOUR_CALM = 11
    INADEQUATE_SECURITY = 12
    HTTP_1_1_REQUIRED = 13


def told(code: int) -> str:
    """The name of an error code of HTTP/2, and what can be done about it where something can."""
    name = ErrorCode(code).name if code in ErrorCode._value2member_map_ else f"error {code:#x}"
    return f"{name}{_HINTS.get(name, '')}"


def frame(kind: int, payload: bytes = b"", *, flags: int = 0, stream: int = 0) -> bytes:
    """One frame."""
    return HEAD.pack(len(payload) << 8 | kind, flags, stream) + payload


def reset(stream: int, code: int) -> bytes:
    """A stream ends at once."""
    return frame(RST_STREAM, _LONG.pack(code), stream=stream)


def window_update(stream: int, increment: int) -> bytes:
    """So much more may be sent on a stream, or on the connection (stream 0)."""
    return frame(WINDOW_UPDATE, _LONG.pack(increment), stream=stream)


def settings(values: dict[int, int]) -> bytes:
    """What holds for whoever reads this."""
    return frame(SETTINGS, b"".join(_SETTING.pack(*each) for each in values.items()))


def settings_of(payload: bytes) -> Iterable[tuple[int, int]]:
    """The settings in a payload whose length is a multiple of six."""
    return _SETTING.iter_unpack(payload)


SETTINGS_ACK = frame(SETTINGS, flags=ACK)
GREETING = b"".join(
    (
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        settings(_OURS),
        window_update(0, CONNECTION_WINDOW - DEFAULT_WINDOW),
    )
)
"""No pushes, and Chromium's windows."""
