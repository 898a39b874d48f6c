"""One exchange in HTTP/2 from the asking side, and those that one greenlet waits for together."""

from __future__ import annotations

from time import monotonic_ns
from typing import TYPE_CHECKING, NamedTuple, cast

from entsurge.client.budget import BODIES, FREE_BYTES
from entsurge.client.failure import ProtocolBroken, TooLarge
from entsurge.client.forgiving import MOST_INTERIM
from entsurge.client.http2_heads import read_head
from entsurge.client.message import LARGEST_BODY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gevent.event import Event

    from entsurge.client.budget import Lease
    from entsurge.client.failure import ClientError

Field = tuple[bytes, bytes]
MOST_PARTS = 1024  # of a body, each with the weight of an object: frames may hold a byte each


class Asked(NamedTuple):
    """One request: pseudo-header fields first, names in lower case; a body, or none."""

    fields: list[Field]
    body: bytes | None = None


class Stream:
    """One exchange; once `done`, `error` says why there is no answer, or `status`, `fields` and `parts` hold it.

    The framing keeps in it what it knows of the stream: `number`, the `window` that is left for our body, how much has
    been `received` since the server was last given more, and whether it `has_head`.
    """

    __slots__ = (
        "_interim", "_largest", "asked", "batch", "done_ns", "error", "fields", "first_byte_ns", "has_head", "lease",
        "length", "number", "parts", "received", "sent_ns", "status", "unsent", "window",
    )  # fmt: skip

    def __init__(self, asked: Asked, batch: Batch, largest: int = LARGEST_BODY) -> None:
        self.asked, self.batch, self._largest = asked, batch, largest
        self.number = self.status = self.length = self.window = self.received = self._interim = 0
        self.has_head = False
        self.sent_ns = self.first_byte_ns = self.done_ns = 0
        self.fields: list[Field] = []
        self.parts: list[bytes] = []
        self.error: ClientError | None = None
        self.lease: Lease | None = None
        self.unsent = memoryview(asked.body) if asked.body else None

    @property
    def done(self) -> bool:
        """Whether its end has come, good or bad."""
        return self.done_ns > 0

    def end(self, error: ClientError | None = None) -> None:
        """The end has come; the first one counts."""
        if not self.done_ns:
            self.done_ns, self.error, self.unsent = monotonic_ns(), error, None
            self.batch.ended()

    def taken_error(self) -> ClientError:
        """The error, to be raised: kept here too, it and the frames that it goes through would hold each other."""
        error, self.error = self.error, None
        return cast("ClientError", error)

    def take_interim(self) -> None:
        """One more interim answer (1xx). Raises ProtocolBroken when there are too many."""
        self._interim += 1
        if self._interim > MOST_INTERIM:
            raise ProtocolBroken(f"more than {MOST_INTERIM} interim answers")

    def take_head(self, fields: Sequence[Field]) -> None:
        """The head of the answer. Raises TooLarge, ProtocolBroken."""
        self.first_byte_ns = monotonic_ns()
        self.status, self.fields = read_head(fields)

    def take_data(self, data: bytes) -> None:
        """A piece of the body. Raises TooLarge, OwnLimit."""
        self.length += len(data)
        if self.length > self._largest:
            raise TooLarge(f"a body of more than {self._largest} bytes")
        self.parts.append(data)
        if len(self.parts) > MOST_PARTS:
            self.parts = [b"".join(self.parts)]
        if self.length > FREE_BYTES:
            self.lease = self.lease or BODIES.lease()
            self.lease.cover(self.length)


class Batch:
    """Exchanges that one greenlet waits for, with one deadline. The watchdog ends it."""

    __slots__ = ("_expire", "ends_ns", "late", "left", "slot", "wakes")

    def __init__(self, ends_ns: int, left: int, expire: Callable[[Batch], None]) -> None:
        self.ends_ns, self.slot, self.left, self.late = ends_ns, 0, left, False
        self.wakes: Event | None = None  # of a greenlet that waits while another one reads
        self._expire = expire

    def ended(self) -> None:
        """One of its exchanges has."""
        self.left -= 1
        if not self.left:
            self.wake()

    def wake(self) -> None:
        """Let whoever waits look again."""
        if self.wakes is not None:
            self.wakes.set()

    def expire(self) -> None:
        """The deadline has come."""
        self.late = True
        self._expire(self)
