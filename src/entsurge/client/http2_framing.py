"""HTTP/2's framing from the asking side (RFC 9113): bytes in, calls to the connection out. No wire, no clock, no loop.

Header compression is jh2's compiled one; the rest is here, for a state machine in Python with an object for each frame,
stream and event costs more than all else that an exchange needs (ADR 11).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from jh2._hazmat import Decoder, HPACKError, OversizedHeaderListError

from entsurge.client import http2_frames as h2
from entsurge.client.forgiving import LARGEST_HEAD
from entsurge.client.http2_frames import ErrorCode
from entsurge.client.http2_heads import is_interim
from entsurge.client.http2_sending import FramingBroken, Sending

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.client.http2_stream import Field, Stream

MOST_CONTINUATIONS = 64
_PRIORITY_SIZE = 5


class HeadTooLarge(FramingBroken):
    """A head of more than LARGEST_HEAD bytes, as they are compressed or as they are counted (RFC 9113, 6.5.2)."""


class Receiver(Protocol):
    """Whoever is called with what came. Nothing of it may wait."""

    def head(self, stream: Stream, fields: list[Field]) -> None:
        """The head of the final answer, as it came: `read_head` says what is wrong with it."""

    def interim(self, stream: Stream) -> None:
        """An interim answer."""

    def data(self, stream: Stream, data: bytes) -> None:
        """A piece of the body."""

    def ended(self, stream: Stream) -> None:
        """The answer is whole; the stream is open no more."""

    def was_reset(self, stream: Stream, code: int) -> None:
        """The stream is open no more, and the answer not whole."""

    def goodbye(self, last: int, code: int, words: bytes) -> None:
        """The server takes no new streams, and has worked on none above `last`."""


class Frames(Sending):
    """The framing of one connection.

    Frames on streams that have ended are passed over, as in Chromium: what is under way when one is cancelled comes all
    the same. It holds no receiver, so that no circle keeps a connection.
    """

    __slots__ = ("__weakref__", "_block", "_block_flags", "_block_of", "_block_size", "_decoder", "_received", "_rest")

    def __init__(self) -> None:
        super().__init__()
        self._decoder: Any = Decoder(LARGEST_HEAD)
        self._decoder.max_allowed_table_size = h2.LARGEST_TABLE
        self._rest = b""  # of what came: the beginning of a frame
        self._block: list[bytes] = []  # of a head that goes on in another frame, and whose it is
        self._block_of = self._block_flags = self._block_size = 0
        self._received = 0  # of bodies, since the server was last given more of the connection's window

    def take(self, data: bytes, to: Receiver) -> None:
        """Take in what came, cut anywhere, and call `to` with it. Raises FramingBroken: then nothing can follow.

        What was whole before the fault has been handed on.
        """
        if self._rest:
            data = self._rest + data
        at, end, unpack, handlers = 0, len(data), h2.HEAD.unpack_from, self._HANDLERS
        while end - at >= h2.HEAD_SIZE:
            word, flags, number = unpack(data, at)
            kind, size, at = word & 0xFF, word >> 8, at + h2.HEAD_SIZE
            if size > h2.LARGEST_FRAME:
                raise FramingBroken(f"a frame of {size} bytes", ErrorCode.FRAME_SIZE_ERROR)
            if at + size > end:
                at -= h2.HEAD_SIZE
                break
            number &= h2.LARGEST_WINDOW  # the highest bit is reserved
            if self._block_of and (kind != h2.CONTINUATION or number != self._block_of):
                raise FramingBroken("another frame in the middle of a head")
            if kind < len(handlers):  # frames of unknown types are passed over
                handlers[kind](self, to, flags, number, data[at : at + size])
            at += size
        self._rest = data[at:]

    # -- answers ---------------------------------------------------------------------------------------------------

    def _data(self, to: Receiver, flags: int, number: int, payload: bytes) -> None:
        size = len(payload)
        if flags & h2.PADDED:
            payload = _unpadded(payload)
        self._received += size
        if self._received >= h2.CONNECTION_WINDOW // 2:
            self._out.append(h2.window_update(0, self._received))
            self._received = 0
        stream = self.streams.get(number)
        if stream is None:
            self._must_have_been_open(number)
            return
        if not stream.has_head:
            raise FramingBroken("a body before its head")
        stream.received += size
        if stream.received >= h2.STREAM_WINDOW // 2 and not flags & h2.END_STREAM:
            self._out.append(h2.window_update(number, stream.received))
            stream.received = 0
        if payload:
            to.data(stream, payload)
        if flags & h2.END_STREAM:
            self._end(to, number)

    def _end(self, to: Receiver, number: int) -> None:
        stream = self.streams.pop(number, None)
        if stream is not None:  # else it has just been refused for what it held
            to.ended(stream)

    def _must_have_been_open(self, number: int) -> None:
        if not number & 1 or number > self._last:
            raise FramingBroken(f"a frame on stream {number}, which nobody has opened")

    def _headers(self, to: Receiver, flags: int, number: int, payload: bytes) -> None:
        if flags & h2.PADDED:
            payload = _unpadded(payload)
        if flags & h2.WITH_PRIORITY:
            if len(payload) < _PRIORITY_SIZE:
                raise FramingBroken("a head cut short", ErrorCode.FRAME_SIZE_ERROR)
            payload = payload[_PRIORITY_SIZE:]
        if number not in self.streams:
            self._must_have_been_open(number)
        if flags & h2.END_HEADERS:
            self._head(to, flags, number, payload)
        else:
            self._block, self._block_of, self._block_flags, self._block_size = [payload], number, flags, len(payload)

    def _continuation(self, to: Receiver, flags: int, number: int, payload: bytes) -> None:
        if not self._block_of:
            raise FramingBroken("a continuation of nothing")
        self._block.append(payload)
        self._block_size += len(payload)
        if self._block_size > LARGEST_HEAD:
            raise HeadTooLarge(f"{self._block_size} bytes, compressed", ErrorCode.ENHANCE_YOUR_CALM)
        if len(self._block) > MOST_CONTINUATIONS:
            raise FramingBroken(f"a head in more than {MOST_CONTINUATIONS} frames", ErrorCode.ENHANCE_YOUR_CALM)
        if flags & h2.END_HEADERS:
            block, self._block, self._block_of = b"".join(self._block), [], 0
            self._head(to, self._block_flags, number, block)

    def _head(self, to: Receiver, flags: int, number: int, block: bytes) -> None:
        fields = self._decoded(block)  # whoever it is for: the next ones build on it
        stream, ends = self.streams.get(number), flags & h2.END_STREAM
        if stream is None:
            return
        if is_interim(fields):
            if ends or stream.has_head:
                raise FramingBroken("an interim answer that ends the stream, or comes after the final one")
            to.interim(stream)
        elif not stream.has_head:
            stream.has_head = True
            to.head(stream, fields)
        elif not ends:
            raise FramingBroken("trailers that do not end the stream")
        if ends:
            self._end(to, number)

    def _decoded(self, block: bytes) -> list[Field]:
        try:
            return [(name, value) for name, value, _ in self._decoder.decode(block, True)]
        except OversizedHeaderListError as error:
            raise HeadTooLarge(str(error), ErrorCode.ENHANCE_YOUR_CALM) from error
        except HPACKError as error:
            raise FramingBroken(str(error), ErrorCode.COMPRESSION_ERROR) from error
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # of Rust, at literals that are cut short: no Exception
                raise
            raise FramingBroken("a head cut short", ErrorCode.COMPRESSION_ERROR) from error

    def _rst_stream(self, to: Receiver, _flags: int, number: int, payload: bytes) -> None:
        if not number:
            raise FramingBroken("a reset of no stream")
        _must_be(4, payload)
        stream = self.streams.pop(number, None)
        if stream is not None:
            to.was_reset(stream, int.from_bytes(payload, "big"))

    def _push_promise(self, _to: Receiver, _flags: int, _number: int, _payload: bytes) -> None:
        raise FramingBroken("a push, which we do not take")

    # -- the connection itself -------------------------------------------------------------------------------------

    def _priority(self, _to: Receiver, _flags: int, number: int, payload: bytes) -> None:
        """Passed over (RFC 9113, 5.3.2)."""
        if not number:
            raise FramingBroken("a priority of no stream")
        _must_be(_PRIORITY_SIZE, payload)

    def _settings(self, _to: Receiver, flags: int, number: int, payload: bytes) -> None:
        _must_be_of_the_connection(number)
        _must_be(0 if flags & h2.ACK else len(payload) // 6 * 6, payload)
        if flags & h2.ACK:
            return
        for key, value in h2.settings_of(payload):
            self._set(key, value)
        self._answer(h2.SETTINGS_ACK)

    def _ping(self, _to: Receiver, flags: int, number: int, payload: bytes) -> None:
        _must_be_of_the_connection(number)
        _must_be(8, payload)
        if not flags & h2.ACK:
            self._answer(h2.frame(h2.PING, payload, flags=h2.ACK))

    def _goaway(self, to: Receiver, _flags: int, number: int, payload: bytes) -> None:
        _must_be_of_the_connection(number)
        _must_be(max(8, len(payload)), payload)
        last, code = int.from_bytes(payload[:4], "big") & h2.LARGEST_WINDOW, int.from_bytes(payload[4:8], "big")
        to.goodbye(last, code, payload[8:])

    def _window_update(self, to: Receiver, _flags: int, number: int, payload: bytes) -> None:
        _must_be(4, payload)
        more = int.from_bytes(payload, "big") & h2.LARGEST_WINDOW
        if not more:
            raise FramingBroken("a window update of nothing")
        if not number:
            self._open_window(more)
            return
        stream = self.streams.get(number)
        if stream is None:
            self._must_have_been_open(number)
            return
        stream.window += more
        if stream.window > h2.LARGEST_WINDOW:  # the end of this stream alone (RFC 9113, 6.9.1)
            self.cancel(number, ErrorCode.FLOW_CONTROL_ERROR)
            to.was_reset(stream, ErrorCode.FLOW_CONTROL_ERROR)

    _HANDLERS: ClassVar[tuple[Callable[[Frames, Receiver, int, int, bytes], None], ...]] = (
        _data, _headers, _priority, _rst_stream, _settings, _push_promise, _ping, _goaway, _window_update,
        _continuation,
    )  # fmt: skip
    """By type: functions rather than bound methods, which would hold the framing in a circle."""


def _must_be(size: int, payload: bytes) -> None:
    if len(payload) != size:
        raise FramingBroken(f"a payload of {len(payload)} bytes", ErrorCode.FRAME_SIZE_ERROR)


def _must_be_of_the_connection(number: int) -> None:
    if number:
        raise FramingBroken(f"a frame of the connection, on stream {number}")


def _unpadded(payload: bytes) -> bytes:
    ends = len(payload) - payload[0] if payload else 0
    if ends < 1:
        raise FramingBroken("more padding than frame")
    return payload[1:ends]
