"""What the master knows of one worker: its clock, when it was heard, which of its reports have come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.engine.messages import Report

CLOCK_ROUNDS = 7


@dataclass
class Member:
    """One worker. `offset` is its monotonic clock minus the master's, in seconds.

    `heard` is in the seconds in which the master was awake. `gone` says why it was refused or given up; `leaving`, that
    it was told to stop and has said so.
    """

    identity: str
    name: str
    number: int
    pid: int = 0
    offset: float = 0.0
    uncertainty: float = float("inf")
    rounds: int = 0
    joined: bool = False
    gone: str = ""
    leaving: bool = False
    heard: float = 0.0
    next_sequence: int = 0
    ahead: dict[int, Report] = field(default_factory=dict)
    reports: int | None = None
    repeated: int = 0

    def timed(self, sent: float, there: float, now: float) -> bool:
        """Take in one question of the clock; the quickest answer counts. Whether to ask again."""
        half = (now - sent) / 2
        if half < self.uncertainty:
            self.uncertainty, self.offset = half, there - (sent + half)
        self.rounds += 1
        return self.rounds < CLOCK_ROUNDS

    def in_order(self, report: Report) -> Iterator[Report]:
        """The reports that can be taken in now: each once, in their order, however they came."""
        sequence = report.sequence
        if sequence < self.next_sequence or sequence in self.ahead:
            self.repeated += 1
            return
        self.ahead[sequence] = report
        while self.next_sequence in self.ahead:
            yield self.ahead.pop(self.next_sequence)
            self.next_sequence += 1

    @property
    def complete(self) -> bool:
        """Whether it has ended and every report that it sent has been taken in."""
        return self.reports is not None and self.next_sequence >= self.reports
