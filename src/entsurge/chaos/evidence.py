"""What a fault in force has touched: told as soon as there is any, and at its end, so that none is known too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsurge.errors import EntsurgeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.chaos.faults.fault import Fault

TOUCHED = "touched"


class Witness:
    """Asks one fault for its evidence and says it; `count` is what was told last, None where nobody can count."""

    def __init__(self, fault: Fault, say: Callable[..., None]) -> None:
        self.fault, self.say = fault, say
        self.count: int | None = None
        self.asks = False

    def begin(self) -> None:
        """It is in force."""
        self.asks = self.fault.evidence is not None

    def look(self) -> None:
        """While it is in force: the first time that there is any, say so."""
        if self.asks and not self.count and (found := self._found()):
            self._tell(found)

    def last(self) -> dict[str, Any]:
        """Before it ends: say how much there was, or why nobody knows; what the audit keeps of that."""
        if not self.asks:
            return {}
        self.asks = False
        try:
            self._tell(self.fault.touched())
        except (EntsurgeError, OSError) as error:
            self.say(TOUCHED, detail=f"nobody can say what: {error}")
            return {}
        return {"touched": self.count, "touched_what": self.fault.evidence}

    def _found(self) -> int:
        try:
            return self.fault.touched()
        except (EntsurgeError, OSError):  # said at the end, if it is so still
            return 0

    def _tell(self, count: int) -> None:
        self.count = count
        self.say(TOUCHED, detail=f"{count} {self.fault.evidence}", count=count)
