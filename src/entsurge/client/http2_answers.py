"""What comes on one HTTP/2 connection, put into its streams; or why a stream, or all new ones, come to their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.client.failure import ClientError, ConnectionLost, ProtocolBroken
from entsurge.client.http2_frames import ErrorCode, told

if TYPE_CHECKING:
    from entsurge.client.http2_sending import Sending
    from entsurge.client.http2_stream import Field, Stream


class Answers:
    """The framing's receiver; `went` says why no new stream can be opened, once the server has said goodbye."""

    __slots__ = ("_sending", "went")

    def __init__(self, sending: Sending) -> None:
        self._sending = sending
        self.went: ClientError | None = None

    def head(self, stream: Stream, fields: list[Field]) -> None:
        """The head of the final answer."""
        try:
            stream.take_head(fields)
        except ClientError as error:
            self._refuse(stream, error)

    def interim(self, stream: Stream) -> None:
        """An interim answer, which counts for nothing."""
        try:
            stream.take_interim()
        except ClientError as error:
            self._refuse(stream, error)

    def data(self, stream: Stream, data: bytes) -> None:
        """A piece of the body."""
        try:
            stream.take_data(data)
        except ClientError as error:
            self._refuse(stream, error)

    def ended(self, stream: Stream) -> None:
        """The answer is whole."""
        if stream.unsent is not None:  # answered before it had heard us out: it need not hear the rest
            self._sending.cancel(stream.number)
        stream.end(None if stream.status else ProtocolBroken("an answer without a status"))

    def was_reset(self, stream: Stream, code: int) -> None:
        """The server has had enough of this stream."""
        broken = ConnectionLost(f"the server reset the stream: {told(code)}")
        broken.unprocessed = code == ErrorCode.REFUSED_STREAM
        stream.end(broken)

    def goodbye(self, last: int, code: int, words: bytes) -> None:
        """Nothing new; what the server has not begun may be asked again elsewhere, the rest goes on."""
        said = f": {words[:80]!r}" if words else ""
        self.went = ConnectionLost(f"the server said goodbye: {told(code)}{said}")
        for stream in [each for number, each in self._sending.streams.items() if number > last]:
            del self._sending.streams[stream.number]
            stream.end(unprocessed(self.went))

    def _refuse(self, stream: Stream, why: ClientError) -> None:
        self._sending.cancel(stream.number)
        stream.end(why)


def unprocessed(why: ClientError) -> ConnectionLost:
    """The error of one more request that the server has not begun: each has its own, for each has its own trace."""
    broken = ConnectionLost(str(why))
    broken.unprocessed = True
    return broken
