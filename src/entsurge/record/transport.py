"""What a run keeps of the wire: where a request's time goes, and what was forgiven about its answer.

Keys of kind `transport` are one a step, protocol and service; those of kind `forgiven` have what a strict reader has
against an answer for their `page`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

KIND: Final = "transport"
FORGIVEN: Final = "forgiven"
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
