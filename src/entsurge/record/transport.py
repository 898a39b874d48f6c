"""Where a request's time goes, as a run keeps it: keys of kind `transport`, one a step, protocol and service."""

from __future__ import annotations

from typing import NamedTuple, Protocol

KIND = "transport"
STEPS = ("queue", "name", "connect", "tls-full", "tls-resumed", "wait", "transfer")
PROTOCOLS = ("1.1", "2")
QUEUED_US = 1_000  # less than this before and between the other steps is our own work


class Timing(Protocol):
    """A request's steps in µs, as the client measures them; name, connect, TLS are 0 over a kept connection."""

    @property
    def name_us(self) -> int:
        """Asking for the name's addresses."""
        ...

    @property
    def connect_us(self) -> int:
        """TCP's handshake."""
        ...

    @property
    def tls_us(self) -> int:
        """TLS's handshake; 0 without TLS."""
        ...

    @property
    def wait_us(self) -> int:
        """From sending until the first byte."""
        ...

    @property
    def transfer_us(self) -> int:
        """From the first byte to the last."""
        ...

    @property
    def total_us(self) -> int:
        """All of it."""
        ...


class Step(NamedTuple):
    """What a key of kind `transport` is about: a step of STEPS, and the protocol that was spoken."""

    name: str
    protocol: str

    @property
    def page(self) -> str:
        """What stands in the key's `page`; no protocol was spoken over a connection that came to nothing."""
        return f"{self.name} {self.protocol}".rstrip()

    @classmethod
    def of(cls, page: str) -> Step:
        """The step that a key's `page` means."""
        name, _, protocol = page.partition(" ")
        return cls(name, protocol)


def queue_us(timing: Timing) -> int:
    """What is in no other step: waiting for a connection that others use or make."""
    known = timing.name_us + timing.connect_us + timing.tls_us + timing.wait_us + timing.transfer_us
    return timing.total_us - known
