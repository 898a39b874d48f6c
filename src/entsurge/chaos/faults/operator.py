"""A measure that an operator takes by hand: told what to do, then asked to confirm it, at the begin and at the end."""

import time
from typing import Annotated, Any, ClassVar

from pydantic import Field

from entsurge.chaos import confirmation
from entsurge.chaos.faults.fault import Evidence, Fault, Lease
from entsurge.chaos.window import Window
from entsurge.errors import EntsurgeError


class Operator(Fault):
    """`please` says what to do, `then` what to do at the end; `entsurge chaos confirm` is the answer.

    Nobody confirms within `within_seconds`: the measure is not in force, and the run says so.
    """

    kind: ClassVar[str] = "operator"
    lease: ClassVar[Lease] = "guardian"
    evidence: ClassVar[Evidence | None] = None
    please: str
    then: str
    within_seconds: Annotated[float, Field(gt=0, le=3600)] = 300

    def prepare(self) -> dict[str, Any]:
        """What must be undone by hand."""
        return {"then": self.then}

    def apply(self, lease_seconds: float) -> None:
        """Ask, and wait for the answer."""
        del lease_seconds
        self._asked(self.please)

    def end(self, before: dict[str, Any]) -> None:
        """Ask for the way back, and wait for the answer."""
        del before
        self._asked(self.then)

    def undo(self, before: dict[str, Any]) -> None:
        """Ask for the way back; it stays on the list until it is confirmed."""
        self._asked(before.get("then", self.then), 1.0)

    def way_back(self, before: dict[str, Any]) -> str:
        """What is asked of the operator."""
        return str(before.get("then", self.then))

    def _asked(self, what: str, within_seconds: float | None = None) -> None:
        question = confirmation.ask(what)
        Window.here(1.0, 1.0).say("asks", detail=f"{what} (then: entsurge chaos confirm {question.id})")
        limit = time.monotonic() + (within_seconds or self.within_seconds)
        while time.monotonic() < limit:
            if question.confirmed():
                return
            time.sleep(0.1)
        raise EntsurgeError(f"nobody confirmed: {what}")
