"""The session limit: changed while running, and re-read now and then, as real portals do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from entsandbox.settings import Settings
    from entsandbox.state import State

_NAME = "sessions"


class SessionLimit:
    """How many sign-ons there may be: as set at the start, or as last read."""

    def __init__(self, settings: Settings, state: State) -> None:
        self.now: float = settings.session_limit
        self.reread_seconds = settings.reread_seconds / settings.compression
        self._state = state
        self._read_at = state.clock()

    async def change(self, limit: int) -> None:
        """Set another limit; it is in force once it has been read."""
        await self._state.set_limit(_NAME, limit)

    async def keep_up(self) -> None:
        """Read the limit when it is time to."""
        if self._state.clock() - self._read_at >= self.reread_seconds:
            self._read_at = self._state.clock()
            self.now = (await self._state.limits()).get(_NAME, self.now)
