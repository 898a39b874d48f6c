"""A clock that stands still while this process does not run: nobody else is accused of a pause of our own."""

from __future__ import annotations

import time

MOST_SECONDS = 0.5  # what may pass unread between two readings; the rest of a longer pause is ours


class Awake:
    """Seconds in which this process was awake. `seconds` must be read several times a second for it to go on.

    Stopped, swapped out or stalled for six seconds, it has gone on by half a second at most: what others said
    meanwhile still waits to be read.
    """

    def __init__(self) -> None:
        self._last, self._seconds = time.monotonic(), 0.0

    def seconds(self) -> float:
        """The time by this clock; never goes back."""
        now = time.monotonic()
        self._seconds += min(now - self._last, MOST_SECONDS)
        self._last = now
        return self._seconds
