"""What a visit comes with, by its device: the driver of that side of the ENT, headers, a screen, an older cache."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zlib import crc32

from entsurge.client.image_sources import DESK
from entsurge.client.public_files import PublicFiles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from entsurge.client.cache import Cache
    from entsurge.client.image_sources import Screen
    from entsurge.visit.driver import Driver


@dataclass(frozen=True)
class Equipment:
    """One device of a run. `kept_share` of its visits begin with the `files` that earlier ones have left."""

    driver: Driver
    headers: Mapping[str, str] = field(default_factory=dict)
    screen: Screen = DESK
    kept_share: float = 0.0
    files: PublicFiles = field(default_factory=PublicFiles)

    def cache(self, visit: str) -> Cache | None:
        """The cache that a visit begins with, by its name alone; None for an empty one."""
        if not self.kept_share:
            return None
        first = visit.partition("#")[0]
        return self.files.cache() if crc32(b"kept " + first.encode()) / 2**32 < self.kept_share else None

    def left(self, cache: Cache) -> None:
        """A visit has ended with this cache."""
        if self.kept_share:
            self.files.learn(cache)
