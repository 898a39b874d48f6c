"""What the asking side of HTTP/2 sends: heads, bodies within the server's windows, ends, answers; bytes, no wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jh2._hazmat import Encoder

from entsurge.client import http2_frames as h2
from entsurge.client.http2_frames import ErrorCode

if TYPE_CHECKING:
    from entsurge.client.http2_stream import Stream

MOST_UNSENT_ANSWERS = 10_000  # to pings and settings: who sends more of them without reading is left


class FramingBroken(Exception):
    """What came is not HTTP/2: the end of the connection."""

    def __init__(self, words: str, code: ErrorCode = ErrorCode.PROTOCOL_ERROR) -> None:
        super().__init__(f"{code.name}: {words}")
        self.code = code


class Sending:
    """The sending half of one connection, its greeting ready to be sent; `streams` are those that are open, by number.

    What the server has said of itself is kept here: how much it takes, in windows, frames and streams at once.
    """

    __slots__ = (
        "_answers", "_encoder", "_largest_frame", "_last", "_out", "_stream_window", "_table", "_window",
        "most_streams", "streams",
    )  # fmt: skip

    def __init__(self) -> None:
        self.streams: dict[int, Stream] = {}
        self.most_streams = h2.LARGEST_WINDOW  # at once: any number until the server says how many
        self._window = self._stream_window = h2.DEFAULT_WINDOW
        self._largest_frame = h2.LARGEST_FRAME
        self._encoder: Any = Encoder()
        self._table: tuple[int, int] | None = None  # smallest and last size the server has said since the last head
        self._out: list[bytes | memoryview] = [h2.GREETING]
        self._answers = 0
        self._last = -1  # the highest number of a stream

    @property
    def numbers_left(self) -> int:
        """How many streams can still be opened (RFC 9113, 5.1.1)."""
        return (h2.LARGEST_WINDOW - self._last) // 2

    def open(self, stream: Stream) -> None:
        """Give the stream its number, of which there must be one left, and send its head."""
        number = self._last + 2
        stream.number, stream.window, self._last = number, self._stream_window, number
        self.streams[number] = stream
        if self._table is not None:
            self._resize_table(*self._table)
        block = self._encoder.encode([(name, value, False) for name, value in stream.asked.fields])
        flags = h2.END_STREAM if stream.unsent is None else 0
        if len(block) <= self._largest_frame:
            self._out += (h2.HEAD.pack(len(block) << 8 | h2.HEADERS, flags | h2.END_HEADERS, number), block)
        else:
            self._open_in_pieces(number, flags, block)

    def _open_in_pieces(self, number: int, flags: int, block: bytes) -> None:
        size = self._largest_frame
        pieces = [block[at : at + size] for at in range(0, len(block), size)]
        self._out.append(h2.frame(h2.HEADERS, pieces[0], flags=flags, stream=number))
        self._out += [h2.frame(h2.CONTINUATION, each, stream=number) for each in pieces[1:-1]]
        self._out.append(h2.frame(h2.CONTINUATION, pieces[-1], flags=h2.END_HEADERS, stream=number))

    def _resize_table(self, smallest: int, last: int) -> None:
        """Say both sizes (RFC 7541, 4.2), and no other, which may be beyond what holds by now."""
        if smallest < last:
            self._encoder.header_table_size = smallest
        self._encoder.header_table_size = last
        self._table = None

    def send_body(self, stream: Stream) -> None:
        """Send what the windows allow of what is unsent; the end of the stream with the last of it."""
        body = stream.unsent
        while body is not None:
            room = min(self._window, stream.window, self._largest_frame)
            if room <= 0:
                break
            piece, last = body[:room], len(body) <= room
            self._out += (h2.HEAD.pack(len(piece) << 8 | h2.DATA, h2.END_STREAM if last else 0, stream.number), piece)
            self._window -= len(piece)
            stream.window -= len(piece)
            body = None if last else body[room:]
        stream.unsent = body

    def cancel(self, number: int, code: ErrorCode = ErrorCode.CANCEL) -> None:
        """End a stream; what still comes on it is passed over."""
        self.streams.pop(number, None)
        self._out.append(h2.reset(number, code))

    def unsent(self) -> bytes:
        """All that is to be sent; it is not kept."""
        if not self._out:
            return b""
        out, self._out, self._answers = self._out, [], 0
        return b"".join(out)

    # -- what the server has said of itself ------------------------------------------------------------------------

    def _answer(self, answer: bytes) -> None:
        self._answers += 1
        if self._answers > MOST_UNSENT_ANSWERS:
            raise FramingBroken("pings or settings without end", ErrorCode.ENHANCE_YOUR_CALM)
        self._out.append(answer)

    def _set(self, key: int, value: int) -> None:
        if key == h2.HEADER_TABLE_SIZE:
            size = min(value, h2.LARGEST_TABLE)
            self._table = (size if self._table is None else min(size, self._table[0]), size)
        elif key == h2.INITIAL_WINDOW_SIZE:
            self._move_windows(value)
        elif key == h2.MAX_CONCURRENT_STREAMS:
            self.most_streams = value
        elif key == h2.MAX_FRAME_SIZE:
            if not h2.LARGEST_FRAME <= value < 2**24:
                raise FramingBroken(f"frames of up to {value} bytes")
            self._largest_frame = value
        elif key in (h2.ENABLE_PUSH, h2.ENABLE_CONNECT_PROTOCOL) and value > 1:
            raise FramingBroken(f"setting {key} is {value}")

    def _move_windows(self, size: int) -> None:
        """The streams that are open have so much more of a window, or less: it may be less than nothing."""
        more, self._stream_window = size - self._stream_window, size
        if size > h2.LARGEST_WINDOW or any(each.window + more > h2.LARGEST_WINDOW for each in self.streams.values()):
            raise FramingBroken("a window beyond the largest", ErrorCode.FLOW_CONTROL_ERROR)
        for stream in self.streams.values():
            stream.window += more

    def _open_window(self, more: int) -> None:
        self._window += more
        if self._window > h2.LARGEST_WINDOW:
            raise FramingBroken("a window beyond the largest", ErrorCode.FLOW_CONTROL_ERROR)
