"""Whoever looks at the page: a bounded queue each. Who stops reading is dropped; nobody waits for anybody."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

MOST_VIEWERS, MOST_WAITING = 64, 5


@dataclass(eq=False)
class Viewer:
    """One open stream of events: what waits to be sent; `dropped` once it was too much."""

    waiting: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))
    dropped: asyncio.Event = field(default_factory=asyncio.Event)


class Viewers:
    """All of them, and the last event, which a newcomer is told at once; `nobody` is set while there is none."""

    def __init__(self) -> None:
        self.present: set[Viewer] = set()
        self.last = ""
        self.nobody = asyncio.Event()
        self.nobody.set()

    def join(self) -> Viewer | None:
        """A new one; None where there are too many."""
        if len(self.present) >= MOST_VIEWERS:
            return None
        viewer = Viewer()
        if self.last:
            viewer.waiting.put_nowait(self.last)
        self.present.add(viewer)
        self.nobody.clear()
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """One has gone."""
        self.present.discard(viewer)
        if not self.present:
            self.nobody.set()

    def tell(self, event: str) -> None:
        """Tell everybody; drop whoever has not taken what was told before."""
        self.last = event
        for viewer in list(self.present):
            try:
                viewer.waiting.put_nowait(event)
            except asyncio.QueueFull:
                viewer.dropped.set()
                self.leave(viewer)

    def dismiss(self) -> None:
        """The page ends: drop whoever is still there."""
        for viewer in list(self.present):
            viewer.dropped.set()
            self.leave(viewer)
