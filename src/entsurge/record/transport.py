"""Where a request's time goes, as a run keeps it: keys of kind `transport`, one a step, protocol and service."""

from __future__ import annotations

from typing import NamedTuple

KIND = "transport"
STEPS = ("queue", "name", "connect", "tls-full", "tls-resumed", "wait", "transfer")
PROTOCOLS = ("1.1", "2")
QUEUED_US = 1_000  # less than this before and between the other steps is our own work
Timing = tuple[int, int, int, int, int, int]  # µs: name, connect, TLS, wait, transfer, and the whole


class Step(NamedTuple):
    """What a key of kind `transport` is about: a step of STEPS, and the protocol that was spoken."""

    name: str
    protocol: str

    @property
    def page(self) -> str:
        """What stands in the key's `page`."""
        return f"{self.name} {self.protocol}"

    @classmethod
    def of(cls, page: str) -> Step:
        """The step that a key's `page` means."""
        name, _, protocol = page.partition(" ")
        return cls(name, protocol)
