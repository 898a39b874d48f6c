"""One connection in HTTP/1.1: one exchange after the other, each ended by its deadline whatever the server does."""

from __future__ import annotations

from time import monotonic_ns
from typing import TYPE_CHECKING

from entsurge.client.deadline import watchdog
from entsurge.client.failure import ClientError, ConnectionLost, DeadlinePassed
from entsurge.client.message import LARGEST_BODY, AnswerParser
from entsurge.client.tls_failure import lost

if TYPE_CHECKING:
    from entsurge.client.dialing import Dialed
    from entsurge.client.url import Origin

_NO_MORE = 0


class Http1Connection:
    """A wire with its parser; `open` while it can be used again. After an exchange `answer` holds what came."""

    protocol = "1.1"

    def __init__(self, origin: Origin, dialed: Dialed, *, largest: int = LARGEST_BODY) -> None:
        self.origin, self.dialed, self.wire = origin, dialed, dialed.wire
        self.answer = AnswerParser(largest=largest)
        self.ends_ns, self.slot = _NO_MORE, 0
        self.expired, self.open = False, True
        self.pool: list[Http1Connection] | None = None  # where it lies while nobody uses it
        self.sent_ns = self.first_byte_ns = 0
        self._watchdog = watchdog()

    # -- closing and resting ---------------------------------------------------------------------------------------

    def guard(self, ends_ns: int) -> None:
        """See to it that the connection ends at this monotonic time; 0 for never."""
        self.ends_ns = ends_ns
        if ends_ns:
            self._watchdog.watch(self)

    def rest(self, pool: list[Http1Connection], ends_ns: int) -> None:
        """Lie idle in a pool until this monotonic time (0: as long as it takes), without the last answer's weight."""
        self.answer.forget()
        self.guard(ends_ns)
        self.pool = pool
        pool.append(self)

    def expire(self) -> None:
        """The deadline has come: whoever waits on the wire is woken by its closing."""
        self.expired = True
        self.open = False
        self.wire.close()
        if self.pool is not None and self in self.pool:
            self.pool.remove(self)
            self.close()

    def close(self) -> None:
        """Close; harmless when closed already."""
        self.open = False
        self.answer.free()
        self.pool = None
        self.ends_ns = _NO_MORE
        if self.slot:
            self._watchdog.forget(self)
        self.wire.close()

    # -- one exchange ----------------------------------------------------------------------------------------------

    def exchange(self, method: str, request: bytes, ends_ns: int) -> None:
        """Send a request and take in its whole answer. Raises a ClientError and closes.

        ConnectionLost is `untouched` when nothing of the answer had come.
        """
        self.answer.begin(method)
        self.first_byte_ns = 0
        self.guard(ends_ns)
        self.sent_ns = monotonic_ns()
        try:
            self._through(request)
        except OSError as error:
            self.close()
            raise self._lost(error) from None
        except ConnectionLost as broken:
            broken.untouched = not self.first_byte_ns
            self.close()
            raise
        except BaseException:  # a ClientError; or the visitor was ended: what comes next belongs to nobody
            self.close()
            raise
        self.open = self.open and self.answer.keeps

    def _lost(self, error: OSError) -> ClientError:
        """What a failing wire means."""
        if self.expired:
            return DeadlinePassed("no whole answer before the deadline")
        broken = lost(self.origin.host, error)
        if isinstance(broken, ConnectionLost):
            broken.untouched = not self.first_byte_ns
        return broken

    def _through(self, request: bytes) -> None:
        wire, feed = self.wire, self.answer.feed
        try:
            wire.send(request)
        except ConnectionError:  # the server reads no more; what it said before it hung up counts, as in a browser
            self.open = False
        data = wire.receive()
        if data:
            self.first_byte_ns = monotonic_ns()
        while data:
            if feed(data):
                return
            data = wire.receive()
        self.close()
        self.answer.end()
