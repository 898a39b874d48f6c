"""How a request can fail: one tree, each class with the short word that the records keep.

ClientError
├── NameNotFound        name-not-found
├── ConnectRefused      connect-refused
├── ConnectFailed       connect-failed
├── OwnLimit            own-limit            this machine has no port or descriptor left: the generator's fault
├── NotAllowed          not-allowed          the address is outside the allow-list
├── TlsFailed           tls
├── DeadlinePassed      timeout
├── ConnectionLost      reset                closed before the answer was whole
├── ProtocolBroken      protocol             what came is not HTTP, or not decodable
├── TooLarge            too-large
├── TooManyRedirects    too-many-redirects
├── UpgradeRefused      upgrade-refused      a page came where a WebSocket was asked for; it is in `response`
└── Closed              closed               the server closed the WebSocket; `code` and `words` say why
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, ClassVar

from entsurge.errors import EntsurgeError

if TYPE_CHECKING:
    from entsurge.client.response import Response


OWN_LIMITS = frozenset({errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM})
"""What the system says when an OwnLimit is reached."""


class ClientError(EntsurgeError):
    """A request that brought no usable answer; `reason` is a stable word for records."""

    reason: ClassVar[str] = "failed"

    @property
    def said(self) -> str:
        """What went wrong, and the remedy where one is known, in one sentence."""
        return f"{self}: {self.hint}" if self.hint else str(self)

    def to_keep(self) -> ClientError:
        """The same without its trace: the frames in it lead to whoever keeps it, and no circle may hold a visitor."""
        self.__traceback__ = self.__context__ = None
        return self


class NameNotFound(ClientError):  # named as the tree reads
    """The host has no address."""

    reason = "name-not-found"


class ConnectRefused(ClientError):
    """Nothing listens at the address."""

    reason = "connect-refused"


class ConnectFailed(ClientError):
    """The address cannot be reached."""

    reason = "connect-failed"


class OwnLimit(ClientError):
    """This machine has no port, descriptor or buffer left: not the target's fault, so the page is lost."""

    reason = "own-limit"


class NotAllowed(ClientError):
    """The allow-list does not hold this `host` or its address; nothing was sent."""

    reason = "not-allowed"
    host = ""
    hint = "name it in `hosts` of the target file if it belongs to the ENT"


class TlsFailed(ClientError):
    """The handshake failed or the certificate is not trusted."""

    reason = "tls"


class DeadlinePassed(ClientError):
    """The whole answer did not come before the deadline."""

    reason = "timeout"


class ConnectionLost(ClientError):
    """The peer closed the connection before the answer was whole.

    `unprocessed`: the server has said that it has not begun to work on the request, so that any may be made again.
    `untouched`: nothing of the answer had come, so that one that changes nothing may be.
    """

    reason = "reset"
    unprocessed = untouched = False


class ProtocolBroken(ClientError):
    """What came is not HTTP, or cannot be decoded; also an address no browser would open."""

    reason = "protocol"


class TooLarge(ClientError):
    """The head or the body passes its limit."""

    reason = "too-large"


class TooManyRedirects(ClientError):
    """The answer kept pointing elsewhere."""

    reason = "too-many-redirects"


class UpgradeRefused(ClientError):
    """The server answered in HTTP instead of opening a WebSocket; what it said is in `response`."""

    reason = "upgrade-refused"

    def __init__(self, message: str, response: Response) -> None:
        super().__init__(message)
        self.response = response


class Closed(ClientError):
    """The server closed the WebSocket by the closing handshake, with a code and perhaps some words."""

    reason = "closed"

    def __init__(self, code: int, words: str) -> None:
        super().__init__(f"closed by the server: {code} {words}".rstrip())
        self.code, self.words = code, words
