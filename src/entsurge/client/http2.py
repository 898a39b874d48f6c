"""One connection in HTTP/2 (RFC 9113): many exchanges at once, each with its own deadline, its own end, its own fault.

The framing is jh2's; wires, deadlines and addresses are ours. No greenlet is kept behind a connection: whoever waits
for an answer reads for all, and hands reading on when its own answers are there. While nobody waits, the loop itself
takes in what comes unasked (pings, settings, the server's goodbye).
"""

from __future__ import annotations

from time import monotonic_ns
from typing import TYPE_CHECKING, Any

from gevent.event import Event
from jh2.errors import ErrorCodes
from jh2.events import (
    ConnectionTerminated,
    DataReceived,
    InformationalResponseReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from jh2.exceptions import DenialOfServiceError, H2Error

from entsurge.client.budget import BODIES, FREE_BYTES
from entsurge.client.deadline import watchdog
from entsurge.client.failure import ClientError, ConnectionLost, DeadlinePassed, OwnLimit, ProtocolBroken, TooLarge
from entsurge.client.forgiving import LARGEST_HEAD, MOST_INTERIM
from entsurge.client.http2_frames import Frames, fault_of, told
from entsurge.client.http2_stream import Asked, Batch, Stream
from entsurge.client.message import LARGEST_BODY, MOST_HEADERS
from entsurge.client.tls_failure import lost
from entsurge.client.wire import Interrupted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.client.dialing import Dialed
    from entsurge.client.url import Origin

MOST_STREAMS = 100  # until the server says how many it takes (RFC 9113, 6.5.2 recommends no fewer)


class Http2Connection:
    """A wire in HTTP/2; `open` while new requests can be made on it."""

    protocol = "2"

    def __init__(self, origin: Origin, dialed: Dialed, *, largest: int = LARGEST_BODY) -> None:
        self.origin, self.dialed, self.wire, self.largest = origin, dialed, dialed.wire, largest
        self.open = True
        self._frames = Frames()
        self._streams: dict[int, Stream] = {}
        self._queue: list[Stream] = []  # not opened yet: the server takes no more at once
        self._reader: Batch | None = None
        self._waiting: list[Batch] = []
        self._writing = self._dead = self._greeted = False
        self._went: ClientError | None = None  # why no new stream can be opened
        self._watchdog = watchdog()

    # -- asking ----------------------------------------------------------------------------------------------------

    def ask(self, asked: Sequence[Asked], ends_ns: int) -> list[Stream]:
        """Make these requests at once, and wait until each has come to its end, by this monotonic time.

        What goes wrong stands in the streams; only what ends the visitor itself is raised.
        """
        batch = Batch(ends_ns, len(asked), self._expired)
        streams = [Stream(each, batch) for each in asked]
        self.wire.when_idle(None)
        try:
            self._queue += streams
            self._watchdog.watch(batch)
            self._push()
            self._until_done(batch)
        except BaseException:  # the visitor was ended in the middle
            self._give_up(streams, ConnectionLost("given up by the visitor"))
            if self._reader is not None:
                self.wire.interrupt()  # to send the end of these, and what had to wait for them
            raise
        finally:
            self._watchdog.forget(batch)
            self._settle()
        return streams

    def _until_done(self, batch: Batch) -> None:
        while batch.left:
            if batch.late:
                self._give_up_late(batch)
                self._push()
            elif self._reader is None:
                self._read_for(batch)
            else:
                self._wait(batch)
                if self._reader is None:  # it has gone, and may have left room for what had to wait
                    self._push()

    def _wait(self, batch: Batch) -> None:
        """Until another greenlet has read what ends this batch, or hands reading over."""
        batch.wakes = Event()
        self._waiting.append(batch)
        try:
            batch.wakes.wait()
        finally:
            self._waiting.remove(batch)
            batch.wakes = None

    def _read_for(self, batch: Batch) -> None:
        """Read for everybody until this batch is done or late; then let another one read."""
        self._reader = batch
        try:
            while batch.left and not batch.late:
                self._read()
        finally:
            self._reader = None
            self._hand_on()

    def _hand_on(self) -> None:
        """Let the next one read. Whoever leaves says so: who was told before may be leaving itself."""
        if self._reader is None and self._waiting:
            self._waiting[0].wake()

    def _read(self) -> None:
        try:
            data = self.wire.receive()
        except Interrupted:
            self._push()
            return
        except OSError as error:
            self._die(lost(self.origin.host, error))
            return
        self._take(bytes(data))

    def _expired(self, batch: Batch) -> None:
        """Called in the hub: wake whoever waits for the batch; what cannot even be written ends with the wire."""
        if self._writing:
            self._give_up_late(batch)
            self.wire.close()
        elif self._reader is batch:
            self.wire.interrupt()
        else:
            batch.wake()

    # -- what comes ------------------------------------------------------------------------------------------------

    def _take(self, data: bytes) -> None:
        """Take in what has come, and answer what the protocol asks."""
        if not data:
            self._die(ConnectionLost("the server closed before the answer was whole"))
            return
        if not self._greeted and data.startswith(b"HTTP/1."):
            self._die(ProtocolBroken('the server answers in HTTP/1.1; say http = "1.1" in the target file'))
            return
        self._greeted = True
        try:
            for event in self._frames.receive_data(data):
                self._on(event)
        except DenialOfServiceError as error:
            self._die(TooLarge(f"a head of more than {LARGEST_HEAD} bytes: {error}"))
        except (H2Error, ValueError, LookupError, TypeError, AssertionError) as error:
            self._die(ProtocolBroken(f"what came is not HTTP/2: {type(error).__name__}: {str(error)[:200]}"))
        else:
            self._push()

    def _on(self, event: Any) -> None:
        kind = type(event)
        if kind is DataReceived:
            self._data(event)
        elif kind is ResponseReceived:
            self._head(event)
        elif kind is StreamEnded:
            self._end(event.stream_id)
        elif kind is StreamReset:
            self._reset(event)
        elif kind is ConnectionTerminated:
            self._goodbye(event)
        elif kind is InformationalResponseReceived:
            stream = self._streams.get(event.stream_id)
            if stream is not None and not stream.interim():
                self._refuse(stream, ProtocolBroken(f"more than {MOST_INTERIM} interim answers"))

    def _head(self, event: Any) -> None:
        stream = self._streams.get(event.stream_id)
        if stream is None:
            return
        stream.first_byte_ns = monotonic_ns()
        fields = [(bytes(name), bytes(value)) for name, value in event.headers]
        if len(fields) > MOST_HEADERS:
            self._refuse(stream, TooLarge(f"more than {MOST_HEADERS} header fields"))
            return
        fault = fault_of(fields)
        if fault:
            self._refuse(stream, ProtocolBroken(fault))
            return
        stream.status = int(next(value for name, value in fields if name == b":status"))
        stream.fields = [field for field in fields if not field[0].startswith(b":")]

    def _data(self, event: Any) -> None:
        self._frames.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        stream = self._streams.get(event.stream_id)
        if stream is None:
            return
        stream.length += len(event.data)
        if stream.length > self.largest:
            self._refuse(stream, TooLarge(f"a body of more than {self.largest} bytes"))
        elif event.data:
            stream.parts.append(bytes(event.data))
            if stream.length > FREE_BYTES:
                self._cover(stream)

    def _cover(self, stream: Stream) -> None:
        stream.lease = stream.lease or BODIES.lease()
        try:
            stream.lease.cover(stream.length)
        except OwnLimit as error:
            self._refuse(stream, error)

    def _end(self, number: int) -> None:
        stream = self._streams.pop(number, None)
        if stream is not None:
            broken = None if stream.status else ProtocolBroken("an answer without a status")
            if stream.unsent is not None:  # answered before it had heard us out: it need not hear the rest
                self._cancel(number)
            stream.end(broken)

    def _reset(self, event: Any) -> None:
        stream = self._streams.pop(event.stream_id, None)
        if stream is None:
            return
        broken = ConnectionLost(f"the server reset the stream: {told(event.error_code)}")
        broken.unprocessed = event.error_code == ErrorCodes.REFUSED_STREAM
        stream.end(broken)

    def _goodbye(self, event: Any) -> None:
        """GOAWAY: nothing new; what the server has not begun may be asked again elsewhere, the rest goes on."""
        said = f": {bytes(event.additional_data)[:80]!r}" if event.additional_data else ""
        self._went = ConnectionLost(f"the server said goodbye: {told(event.error_code)}{said}")
        self.open = False
        for stream in [each for number, each in self._streams.items() if number > event.last_stream_id]:
            del self._streams[stream.number]
            stream.end(_unprocessed(self._went))
        self._drop_queue(self._went)

    # -- what goes -------------------------------------------------------------------------------------------------

    def _push(self) -> None:
        """Open streams while the server takes more, send what windows allow of bodies, and what the protocol asks."""
        if self._dead:
            self._drop_queue(ConnectionLost("the connection was lost"))
            return
        try:
            if self._queue:
                self._open_queued()
            for stream in [each for each in self._streams.values() if each.unsent is not None]:
                self._send_body(stream)
        except H2Error as error:
            self._die(ProtocolBroken(f"HTTP/2: {error}"))
            return
        self._flush()

    def _open_queued(self) -> None:
        if self._went is not None:
            self._drop_queue(self._went)
            return
        most = min(self._frames.remote_settings.max_concurrent_streams, MOST_STREAMS)
        while self._queue and len(self._streams) < most:
            stream = self._queue.pop(0)
            number = stream.number = self._frames.get_next_available_stream_id()
            self._streams[number] = stream
            self._frames.send_headers(number, stream.asked.fields, end_stream=stream.unsent is None)
            stream.sent_ns = monotonic_ns()

    def _send_body(self, stream: Stream) -> None:
        body, number = stream.unsent, stream.number
        while body is not None:
            room = min(self._frames.local_flow_control_window(number), self._frames.max_outbound_frame_size)
            if room <= 0 and len(body):
                break
            last = len(body) <= room
            self._frames.send_data(number, bytes(body[:room]), end_stream=last)
            body = None if last else body[room:]
        stream.unsent = body

    def _flush(self) -> None:
        """Send what is to be sent; whoever sends already takes it along."""
        if self._writing:
            return
        self._writing = True
        try:
            while data := self._frames.data_to_send():
                self.wire.send(data)
        except OSError as error:
            self._die(lost(self.origin.host, error))
        except BaseException:  # ended in the middle of a frame: nothing can follow it
            self._die(ConnectionLost("given up by the visitor"))
            raise
        finally:
            self._writing = False

    # -- ends ------------------------------------------------------------------------------------------------------

    def _all(self) -> list[Stream]:
        return [*self._streams.values(), *self._queue]

    def _give_up(self, streams: Sequence[Stream], why: ClientError) -> None:
        """End these streams here and there."""
        for stream in streams:
            if stream.done:
                continue
            if stream in self._queue:
                self._queue.remove(stream)
            elif self._streams.pop(stream.number, None) is not None:
                self._cancel(stream.number)
            stream.end(why)

    def _give_up_late(self, batch: Batch) -> None:
        late = DeadlinePassed("no whole answer before the deadline")
        self._give_up([each for each in self._all() if each.batch is batch], late)

    def _refuse(self, stream: Stream, why: ClientError) -> None:
        self._streams.pop(stream.number, None)
        self._cancel(stream.number)
        stream.end(why)

    def _cancel(self, number: int) -> None:
        if self._dead:
            return
        try:
            self._frames.reset_stream(number, ErrorCodes.CANCEL)
        except H2Error:  # it has ended meanwhile
            return

    def _drop_queue(self, why: ClientError) -> None:
        queue, self._queue = self._queue, []
        for stream in queue:
            stream.end(_unprocessed(why))

    def _die(self, why: ClientError) -> None:
        """The connection is of no use any more: every stream fails with the reason."""
        self.open, self._dead = False, True
        self.wire.close()
        streams, self._streams = self._streams, {}
        for stream in streams.values():
            broken = type(why)(str(why), hint=why.hint)
            if isinstance(broken, ConnectionLost):
                broken.untouched = not stream.first_byte_ns
            stream.end(broken)
        self._drop_queue(why)
        self._frames.free()

    @property
    def _idle(self) -> bool:
        """Whether it is alive and nobody has any business with it."""
        busy = self._streams or self._queue or self._reader or self._waiting or self._writing
        return not (self._dead or busy)

    def still_open(self) -> bool:
        """Whether it is open, after what has come unasked is taken in: the loop may have had no turn for it."""
        if self._idle:
            self._arrived()
        return self.open

    def _settle(self) -> None:
        """Nobody waits any more: let the loop take in what comes unasked, or close what has said goodbye."""
        self._hand_on()
        if not self._idle:
            return
        self._answer_at_once()
        if self.open:
            self.wire.when_idle(self._arrived)
        else:
            self.close()

    def _arrived(self) -> None:
        """Called in the hub while nobody waits: something has come unasked. What else has comes in another turn."""
        data = self.wire.arrived()
        if data:
            self._take_idle(data)
        if data == b"" or not self.open:
            self.close()

    def _take_idle(self, data: bytes) -> None:
        """As `_take`, without ever waiting."""
        try:
            for event in self._frames.receive_data(data):
                self._on(event)
        except (H2Error, ValueError, LookupError, TypeError, AssertionError):
            self.close()
        else:
            self._answer_at_once()

    def _answer_at_once(self) -> None:
        """Send what is to be sent without waiting for it; who does not read it is left."""
        answer = self._frames.data_to_send()
        try:
            if answer and not self.wire.send_at_once(answer):
                self.close()
        except OSError:
            self.close()

    def close(self) -> None:
        """Close; harmless when closed already."""
        if not self._dead:
            self._die(ConnectionLost("closed by the visitor"))


def _unprocessed(why: ClientError) -> ConnectionLost:
    """The error of one more request that the server has not begun: each has its own, for each has its own trace."""
    broken = ConnectionLost(str(why))
    broken.unprocessed = True
    return broken
