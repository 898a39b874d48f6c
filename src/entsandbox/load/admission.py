"""Who may come in: places, the persona's measures, and the waiting room in front of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from entsandbox.load.session_limit import SessionLimit
    from entsandbox.load.waiting_room import WaitingRoom
    from entsandbox.measures import Measures, Refusal
    from entsandbox.state import Sessions


class Admission:
    """Counts who is in, and says who may come in as well."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        limit: SessionLimit,
        measures: Measures,
        waiting_room: WaitingRoom,
        personas: Iterable[str],
        unlimited: bool,
    ) -> None:
        self.limit, self.waiting_room = limit, waiting_room
        self._sessions, self._measures = sessions, measures
        self._personas, self._unlimited = tuple(personas), unlimited

    @property
    def full(self) -> bool:
        """Whether newcomers are shown to the waiting room."""
        return not self._unlimited and len(self._sessions) >= self.limit.now

    @property
    def overfull(self) -> bool:
        """Whether more people are in than may be."""
        return not self._unlimited and len(self._sessions) > self.limit.now

    def refusal(self, persona: str) -> Refusal | None:
        """What a newcomer is told whom a measure keeps out; none when they may come in."""
        return self._measures.refusal(persona) or self._measures.no_place(persona, self.present(), self.limit.now)

    def present(self) -> dict[str, int]:
        """How many of each persona have a session."""
        return {name: self._sessions.present(name) for name in self._personas}
