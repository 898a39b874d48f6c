"""What was said in the chat rooms, for those who come later."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from typing import Any

_KEPT = 500


class History:
    """The last messages of each room."""

    def __init__(self) -> None:
        self._rooms: defaultdict[tuple[str, str], deque[dict[str, Any]]] = defaultdict(lambda: deque(maxlen=_KEPT))
        self._number = 0

    async def latest(self, uai: str, room: str, most: int) -> list[dict[str, Any]]:
        """The last messages of a room, oldest first."""
        kept = list(self._rooms[uai, room])
        return kept[max(0, len(kept) - most) :]

    async def add(self, uai: str, room: str, author: str, text: str) -> dict[str, Any]:
        """Keep a message; as it is told."""
        self._number += 1
        said = {"number": self._number, "who": author, "text": text, "at": round(time.time(), 3)}
        self._rooms[uai, room].append(said)
        return said
