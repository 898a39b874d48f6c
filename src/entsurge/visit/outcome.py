"""How a page or a visit ended, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.record.schema import OutcomeName
    from entsurge.visit.live_recorder import LiveSession


class Outcome(StrEnum):
    """Of a page or request. `slow` is no outcome: analysis derives it from the objectives."""

    OK = "ok"
    SHED = "shed"  # refused on purpose: a waiting room, a quota, a conservation measure
    FAILED = "failed"
    LOST = "lost"  # the generator's own fault

    @property
    def word(self) -> OutcomeName:
        """What the record calls it."""
        return self.value


@dataclass(slots=True)
class PageResult:
    """One page view, from its first request to the end of its last blocking one.

    `live` is what goes on behind the page from then on, for as long as the visitor stays on it. `instead` is the action
    that was opened where it is not the one asked for, and `lacked` what no page had shown that it needs.
    """

    outcome: Outcome
    reason: str = ""
    size: int = 0
    links: Mapping[str, str] = field(default_factory=dict)
    example: dict[str, Any] | None = None
    retry_after_seconds: float = 0.0  # what an edge that refused asks for
    live: LiveSession | None = None
    detail: str = ""  # more than a reason may say, which is counted by: the address, the remedy
    instead: str = ""
    lacked: str = ""

    @property
    def ok(self) -> bool:
        """Whether the page was answered as it should be."""
        return self.outcome is Outcome.OK
