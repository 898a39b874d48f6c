"""What goes on behind a page that is open: a chat, a video class.

The visitor's own greenlet lives it, for the page's gap. So nothing of a visit runs beside it: a visitor in a room costs
one socket more than a visitor who reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from entsurge.record.schema import Key
from entsurge.visit.outcome import Outcome

if TYPE_CHECKING:
    from entsurge.plan.arrivals import VisitPlan
    from entsurge.record.schema import Attempt
    from entsurge.visit.run_context import RunContext


class LiveSession(Protocol):
    """A stay in a room that a page has opened."""

    def until(self, due_us: int) -> None:
        """Live it until this µs of run time, or until it breaks, and leave. What breaks is recorded, never raised."""
        ...


class LiveRecorder:
    """Records what a visitor lives through in a room as requests of its service; what fails, as examples too."""

    def __init__(self, context: RunContext, plan: VisitPlan, service: str, where: str) -> None:
        self._context, self._plan, self._service = context, plan, service
        self.attempt: Attempt = "first"
        self._where = where.partition("?")[0]  # the signature is nobody's business

    def now_us(self) -> int:
        """µs of run time."""
        return self._context.now_us()

    def note(self, name: str, microseconds: int, outcome: Outcome = Outcome.OK, reason: str = "") -> None:
        """One request came to this outcome after so long."""
        plan, context = self._plan, self._context
        now = context.now_us()
        phase = context.phase_at(now, plan.phase)
        key = Key(
            "request", plan.persona, plan.group, self._service, name, phase, outcome.word, attempt=self.attempt,
            device=plan.device,
        )  # fmt: skip
        context.record.request(key, max(0, microseconds))
        if outcome is Outcome.OK:
            return
        row = {"outcome": str(outcome), "persona": plan.persona, "service": self._service, "page": name}
        example = {"request": {"url": self._where}, "response": None, "traceback": None}
        context.record.failure(now / 1e6, f"{self._service} {name} {reason}", {**row, **example})
