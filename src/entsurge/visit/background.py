"""Requests that a page makes and does not wait for: they end with their answer, or when the visitor leaves the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gevent

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_SECONDS = 600.0  # a long poll outlives a page's deadline; this ends what would never end


class BackgroundRequests:
    """Those of one visitor, each in a greenlet of its own."""

    def __init__(self) -> None:
        self._running: list[Any] = []

    def start(self, ask: Callable[[], None]) -> None:
        """Begin with one; it gets the processor when the visitor next waits."""
        self._running = [each for each in self._running if not each.dead]
        self._running.append(gevent.spawn(ask))

    def close(self) -> None:
        """End all of them, wherever they are: what is under way is broken off, its connection closed."""
        running, self._running = self._running, []
        if running:
            gevent.killall(running)
