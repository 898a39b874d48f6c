"""What the live services are asked to be: places, bitrates, rates of messages, heartbeats."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from entsurge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGEST_MESSAGE = 256 * 1024  # bytes, as the server's protocol enforces it
LARGEST_TEXT = 16 * 1024  # of a message in JSON
_CHUNK_HEADER = 8
_EXPECTED = {"bool": "true or false", "int": "a whole number", "float": "a number"}
_MAY_BE_ZERO = frozenset({"video_upload_kbps", "chat_history"})


@dataclass(frozen=True)
class LiveLimits:
    """The limits of chat and video class; every impossible one is reported at once.

    `sockets` are open at once in this process, whatever the room. A video class sends `video_kbps` to each person
    in it and takes `video_upload_kbps` from each teacher, in a chunk every `chunk_milliseconds`: real kilobits of
    real time, whatever the compression. With `video_needs_teacher`, pupils wait until one has come.
    """

    sockets: int = 10_000
    chat_places: int = 60
    chat_messages_per_minute: float = 30
    chat_characters: int = 2_000
    chat_history: int = 50
    video_places: int = 40
    video_kbps: float = 300
    video_upload_kbps: float = 300
    video_needs_teacher: bool = False
    chunk_milliseconds: int = 250
    heartbeat_seconds: float = 15
    link_seconds: float = 300

    def __post_init__(self) -> None:
        faults = [fault for entry in fields(self) if (fault := self._fault(entry.name, str(entry.type)))]
        faults += [] if faults else self._chunk_faults()
        if faults:
            raise UsageError(f"no such sandbox: {'; '.join(faults)}", hint="docs/live-services.md explains each limit")

    def _fault(self, name: str, kind: str) -> str:
        value = getattr(self, name)
        if isinstance(value, bool) or kind == "bool":
            right = isinstance(value, bool) and kind == "bool"
            return "" if right else f"live {name} is {value!r}, expected {_EXPECTED[kind]}"
        number = isinstance(value, int) or (kind == "float" and isinstance(value, float) and math.isfinite(value))
        if not number:
            return f"live {name} is {value!r}, expected {_EXPECTED[kind]}"
        possible = value >= 0 if name in _MAY_BE_ZERO else value > 0
        return "" if possible else f"live {name} is {value}, not above 0"

    def _chunk_faults(self) -> list[str]:
        return [
            f"live {name} is {getattr(self, name)}: a chunk of more than {LARGEST_MESSAGE} bytes"
            for name in ("video_kbps", "video_upload_kbps")
            if self.chunk_bytes(getattr(self, name)) > LARGEST_MESSAGE
        ]

    def chunk_bytes(self, kbps: float) -> int:
        """How long a media chunk is at a bitrate, its number included."""
        return max(_CHUNK_HEADER, round(kbps * 1000 / 8 * self.chunk_seconds))

    @property
    def chunk_seconds(self) -> float:
        """How often media comes."""
        return self.chunk_milliseconds / 1000

    @classmethod
    def from_words(cls, words: Iterable[str]) -> LiveLimits:
        """The limits that a command line names, each as NAME=VALUE."""
        found = {}
        for word in words:
            name, _, value = word.partition("=")
            try:
                found[name] = json.loads(value)
            except ValueError:
                raise UsageError(f"--live {word}: expected NAME=VALUE", hint="such as video_kbps=500") from None
        return cls.of(found)

    @classmethod
    def of(cls, found: Any) -> LiveLimits:
        """The limits that an object of a settings file names; what it leaves out keeps its default."""
        known = {entry.name for entry in fields(cls)}
        if not isinstance(found, dict) or not known.issuperset(found):
            unknown = ", ".join(sorted(set(found) - known)) if isinstance(found, dict) else "not an object"
            raise UsageError(f"unknown live limits: {unknown}", hint=f"known: {', '.join(sorted(known))}")
        return cls(**found)
