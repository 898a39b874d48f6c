"""One connection in HTTP/2 (RFC 9113): many exchanges at once, each with its own deadline, its own end, its own fault.

No greenlet is kept behind a connection: whoever waits for an answer reads for all, and hands reading on when its own
answers are there. While nobody waits, the loop itself takes in what comes unasked (pings, settings, goodbyes).
"""

from __future__ import annotations

from time import monotonic_ns
from typing import TYPE_CHECKING

from gevent.event import Event

from entsurge.client.deadline import watchdog
from entsurge.client.failure import ClientError, ConnectionLost, DeadlinePassed, ProtocolBroken, TooLarge
from entsurge.client.forgiving import LARGEST_HEAD
from entsurge.client.http2_answers import Answers, unprocessed
from entsurge.client.http2_framing import Frames, HeadTooLarge
from entsurge.client.http2_sending import FramingBroken
from entsurge.client.http2_stream import Asked, Batch, Stream
from entsurge.client.message import LARGEST_BODY
from entsurge.client.tls_failure import lost
from entsurge.client.wire import Interrupted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.client.dialing import Dialed
    from entsurge.client.url import Origin

MOST_STREAMS = 100  # at once, even if the server takes more (RFC 9113, 6.5.2 recommends that it takes no fewer)


class Http2Connection:
    """A wire in HTTP/2; `open` while new requests can be made on it."""

    protocol = "2"

    def __init__(self, origin: Origin, dialed: Dialed, *, largest: int = LARGEST_BODY) -> None:
        self.origin, self.dialed, self.wire, self.largest = origin, dialed, dialed.wire, largest
        self._frames = Frames()
        self._answers = Answers(self._frames)
        self._streams = self._frames.streams  # the open ones
        self._queue: list[Stream] = []  # not opened yet: the server takes no more at once
        self._uploads: list[Stream] = []  # open, and not heard out: windows are waited for
        self._reader: Batch | None = None
        self._waiting: list[Batch] = []
        self._writing = self._dead = self._greeted = False
        self._watchdog = watchdog()

    @property
    def open(self) -> bool:
        """Whether new requests can be made on it."""
        return not self._dead and self._answers.went is None

    # -- asking ----------------------------------------------------------------------------------------------------

    def ask(self, asked: Sequence[Asked], ends_ns: int) -> list[Stream]:
        """Make these requests at once, and wait until each has come to its end, by this monotonic time.

        What goes wrong stands in the streams; only what ends the visitor itself is raised.
        """
        batch = Batch(ends_ns, len(asked), self._expired)
        streams = [Stream(each, batch, self.largest) for each in asked]
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
        self._push()

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
        """Take in what has come; the connection is lost when that is nothing, or no HTTP/2."""
        if not data:
            self._die(ConnectionLost("the server closed before the answer was whole"))
            return
        if not self._greeted and data.startswith(b"HTTP/1."):
            self._die(ProtocolBroken('the server answers in HTTP/1.1; say http = "1.1" in the target file'))
            return
        self._greeted = True
        try:
            self._frames.take(data, self._answers)
        except HeadTooLarge as error:
            self._die(TooLarge(f"a head of more than {LARGEST_HEAD} bytes: {error}"))
        except FramingBroken as error:
            self._die(ProtocolBroken(f"what came is not HTTP/2: {str(error)[:200]}"))

    # -- what goes -------------------------------------------------------------------------------------------------

    def _push(self) -> None:
        """Open streams while the server takes more, send what windows allow of bodies, and what the protocol asks."""
        if self._dead:
            self._drop_queue(ConnectionLost("the connection was lost"))
            return
        if self._queue:
            self._open_queued()
        if self._uploads:
            self._send_bodies()
        self._flush()

    def _open_queued(self) -> None:
        left = self._frames.numbers_left
        if not left and self._answers.went is None:
            self._answers.went = ConnectionLost("no stream numbers are left")
        if self._answers.went is not None:
            self._drop_queue(self._answers.went)
            return
        room = max(0, min(self._frames.most_streams, MOST_STREAMS, left) - len(self._streams))
        opening, self._queue = self._queue[:room], self._queue[room:]
        for stream in opening:
            self._frames.open(stream)
            if stream.unsent is not None:
                self._uploads.append(stream)
        now = monotonic_ns()
        for stream in opening:
            stream.sent_ns = now

    def _send_bodies(self) -> None:
        for stream in self._uploads:
            self._frames.send_body(stream)
        self._uploads = [each for each in self._uploads if each.unsent is not None]

    def _flush(self) -> None:
        """Send what is to be sent; whoever sends already takes it along."""
        if self._writing:
            return
        self._writing = True
        try:
            while data := self._frames.unsent():
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
            elif stream.number in self._streams:
                self._frames.cancel(stream.number)
            stream.end(why)

    def _give_up_late(self, batch: Batch) -> None:
        late = DeadlinePassed("no whole answer before the deadline")
        self._give_up([each for each in self._all() if each.batch is batch], late)

    def _drop_queue(self, why: ClientError) -> None:
        queue, self._queue = self._queue, []
        for stream in queue:
            stream.end(unprocessed(why))

    def _die(self, why: ClientError) -> None:
        """The connection is of no use any more: every stream fails with the reason."""
        self._dead = True
        self.wire.close()
        streams = list(self._streams.values())
        self._streams.clear()
        self._uploads.clear()
        for stream in streams:
            broken = type(why)(str(why), hint=why.hint)
            if isinstance(broken, ConnectionLost):
                broken.untouched = not stream.first_byte_ns
            stream.end(broken)
        self._drop_queue(why)

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
        if data is not None:
            self._take(data)
        if self.open:
            self._answer_at_once()
        else:
            self.close()

    def _answer_at_once(self) -> None:
        """Send what is to be sent without waiting for it; who does not read it is left."""
        answer = self._frames.unsent()
        try:
            if answer and not self.wire.send_at_once(answer):
                self.close()
        except OSError:
            self.close()

    def close(self) -> None:
        """Close; harmless when closed already."""
        if not self._dead:
            self._die(ConnectionLost("closed by the visitor"))
