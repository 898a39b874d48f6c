"""Master and workers behind one secret: ZeroMQ's CURVE, encrypted, both sides proven, without a word in the clear.

Locust's channel is open: whoever reaches its port may join a run, or be handed one. The master's key pair is made of
the secret (scrypt), so that whoever knows the secret knows the public half that CURVE asks for before the first
message, and nobody else does. A stranger gets no answer; he is counted.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import gevent
import zmq.green as zmq
from locust.rpc import zmqrpc
from zmq.utils import z85
from zmq.utils.monitor import parse_monitor_message

from entsurge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

TRIES = 3  # a handshake may break with the link once; a secret is wrong every time
STRANGE = (zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL, zmq.EVENT_HANDSHAKE_FAILED_AUTH)
REFUSED = (*STRANGE, zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL)


@dataclass
class Seal:
    """What a secret does to Locust's sockets in this process.

    `strangers`: connections that tried another; one that hangs up first, as a port scan does, is none.
    `on_refusal` is called in a worker that is not let in: with True where the other side speaks otherwise (only one has
    a secret), with False, once, where it hangs up again and again (another secret, or a tunnel with nobody at its end).
    `known`: the other side has been met. Without a secret nothing is sealed; a worker still notices a master that is.
    """

    secret: str = field(repr=False)
    on_refusal: Callable[[bool], object] = field(default=bool)
    on_stranger: Callable[[], object] = field(default=object)
    strangers: int = 0
    known: bool = False
    _failed: int = field(default=0, repr=False)

    def install(self) -> None:
        """From now on Locust's runners of this process speak through it, also when they make their sockets anew."""
        seal = self

        class Server(zmqrpc.Server):
            def __init__(self, host: str, port: int) -> None:
                _in_socket(self, zmq.ROUTER, host, seal.serve)
                try:
                    if port:
                        self.socket.bind(f"tcp://{host}:{port}")
                    self.port = port or self.socket.bind_to_random_port(f"tcp://{host}")
                except zmq.ZMQError as error:
                    raise UsageError(str(error)) from None

        class Client(zmqrpc.Client):
            def __init__(self, host: str, port: int, identity: str) -> None:
                _in_socket(self, zmq.DEALER, host, seal.join)
                self.socket.setsockopt(zmq.IDENTITY, identity.encode())
                self.socket.connect(f"tcp://{host}:{port}")

        vars(zmqrpc).update(Server=Server, Client=Client)

    def serve(self, socket: zmq.Socket[Any]) -> None:
        """Let only those in who know the secret."""
        if self.secret:
            public, own = self._pair()
            socket.curve_server, socket.curve_publickey, socket.curve_secretkey = True, public, own
        gevent.spawn(self._watch, socket.get_monitor_socket(), self._at_master)

    def join(self, socket: zmq.Socket[Any]) -> None:
        """Speak only to a master that knows the secret."""
        if self.secret:
            socket.curve_serverkey, _ = self._pair()
            socket.curve_publickey, socket.curve_secretkey = zmq.curve_keypair()
        gevent.spawn(self._watch, socket.get_monitor_socket(), self._at_worker)

    def _pair(self) -> tuple[bytes, bytes]:
        raw = hashlib.scrypt(self.secret.encode(), salt=b"entsurge workers", n=2**14, r=8, p=1, dklen=32)
        own = z85.encode(raw)
        return zmq.curve_public(own), own

    @staticmethod
    def _watch(monitor: zmq.Socket[Any], hear: Callable[[int], None]) -> None:
        while True:
            try:
                event = int(parse_monitor_message(monitor.recv_multipart())["event"])
            except zmq.ZMQError:  # the socket is gone
                return
            if event == zmq.EVENT_MONITOR_STOPPED:
                return
            hear(event)

    def _at_master(self, event: int) -> None:
        if event in STRANGE:
            self.strangers += 1
            self.on_stranger()

    def _at_worker(self, event: int) -> None:
        self.known |= event == zmq.EVENT_HANDSHAKE_SUCCEEDED
        if event not in REFUSED or self.known:
            return
        self._failed += 1
        if event in STRANGE or self._failed == TRIES:
            self.on_refusal(event in STRANGE)


def _in_socket(made: Any, kind: int, host: str, dress: Callable[[zmq.Socket[Any]], None]) -> None:
    """A socket of Locust's, dressed before it listens or connects."""
    zmqrpc.BaseSocket.__init__(made, kind, made.ipv4_only(host, 0))  # type: ignore[no-untyped-call]
    dress(made.socket)
